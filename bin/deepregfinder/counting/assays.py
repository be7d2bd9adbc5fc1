"""Assays of the samplesheet: counting rules that replace those of the run for a row."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

from deepregfinder.counting.rules import CountRules
from deepregfinder.errors import InputError

CHIP = "chip"
"""The assay whose rules are those of the run."""


@dataclass(frozen=True)
class Assay:
    """An entry of assays.json, which Nextflow reads as well.

    words : its name in texts
    needs_control : whether `--control subtract` and `channel` refuse a row without a control
    rules : counting rules that replace those of the run
    """

    words: str
    needs_control: bool
    rules: Mapping[str, Any]


ASSAYS: Mapping[str, Assay] = {
    name: Assay(**entry)
    for name, entry in json.loads(Path(__file__).with_name("assays.json").read_text()).items()
}


@dataclass(frozen=True)
class RowRules:
    """What a row of the samplesheet says of its counting.

    assay : a name of ASSAYS
    own : rules of the row itself, which replace those of its assay
    """

    assay: str = CHIP
    own: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, assay: str, texts: Sequence[str]) -> "RowRules":
        """From the assay and NAME=VALUE of each own rule. InputError for other text."""
        return cls(assay, dict(map(_parsed, texts)))

    @property
    def values(self) -> dict[str, Any]:
        """All rules that replace those of the run."""
        return {**ASSAYS[self.assay].rules, **self.own}

    def applied_to(self, rules: CountRules) -> CountRules:
        """The rules by which the row is counted in a run of these rules."""
        return replace(rules, **self.values)


def _parsed(text: str) -> tuple[str, Any]:
    """Name and value of a rule: a whole number, or one of its words."""
    name, _, value = text.partition("=")
    kind = get_type_hints(CountRules).get(name)
    if kind is int and value.removeprefix("-").isdecimal():
        return name, int(value)
    if value in get_args(kind):
        return name, value
    raise InputError(f"--rule {text!r}: expected NAME=VALUE of a counting rule.")


def assays_of(counting: Mapping[str, Any]) -> dict[str, str]:
    """Assay of each mark whose rules are not those of the run, as signal and bundles record it."""
    return dict(counting.get("assays", {}))


def different_assays(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Marks that two recorded sets of rules assign to different assays, in words.

    one, other : `counting` of a signal or a bundle
    """
    of_one, of_other = assays_of(one), assays_of(other)
    return [
        f"{mark} ({of_one.get(mark, CHIP)}, {of_other.get(mark, CHIP)})"
        for mark in sorted({*of_one, *of_other})
        if of_one.get(mark, CHIP) != of_other.get(mark, CHIP)
    ]
