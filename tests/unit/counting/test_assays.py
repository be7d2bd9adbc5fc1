"""Rules of assays: one table for the sheet, the scripts and Nextflow, and what they do."""

import json
import re
from dataclasses import asdict, fields
from typing import get_args, get_type_hints

import click
import pytest

from deepregfinder.counting.assays import ASSAYS, CHIP, RowRules, different_assays
from deepregfinder.counting.rules import CountRules
from deepregfinder.errors import InputError
from deepregfinder.options.row_rules import row_options
from deepregfinder.report.methods_text import rule_in_words

RUN = CountRules(5, "keep", "fragments", "midpoint", 150, 10, "drop_reads", 500)


def test_sheet_and_scripts_know_the_same_assays(repository):
    schema = json.loads((repository / "assets/schema_input.json").read_text())
    pattern = schema["items"]["properties"]["assay"]["pattern"]
    assert re.fullmatch(r"\^\((.*)\)\$", pattern)[1].split("|") == list(ASSAYS)

    @click.command()
    @row_options
    def command(row): ...

    assert command.params[0].type.choices == tuple(ASSAYS)


def test_rules_of_assays_are_whole_and_possible():
    """All but secondary, which belongs to the aligner: those of the run do not shine through."""
    hints = get_type_hints(CountRules)
    for name, assay in ASSAYS.items():
        if name == CHIP:
            assert assay.rules == {}
            continue
        assert {*assay.rules} == {rule.name for rule in fields(CountRules)} - {"secondary"}
        for rule, value in assay.rules.items():
            assert isinstance(value, int) if hints[rule] is int else value in get_args(hints[rule])


def test_a_row_is_counted_by_its_own_rules_then_its_assay_then_the_run():
    assert RowRules().applied_to(RUN) == RUN
    row = RowRules.parse("atac", ["shift=0", "duplicates=keep"])
    expected = {**asdict(RUN), **ASSAYS["atac"].rules, "shift": 0, "duplicates": "keep"}
    assert asdict(row.applied_to(RUN)) == expected
    assert RowRules.parse("chip", ["extend=0", "shift=-5"]).own == {"extend": 0, "shift": -5}


@pytest.mark.parametrize("text", ["extend", "extend=", "extend=x", "count_at=end", "bins=5"])
def test_other_rules_are_refused(text):
    with pytest.raises(InputError, match="expected NAME=VALUE of a counting rule"):
        RowRules.parse("chip", [text])


def test_marks_of_different_assays_are_named():
    one, other = {"assays": {"ATAC": "atac", "H3K4me1": "cuttag"}}, {"assays": {"ATAC": "atac"}}
    assert different_assays(one, other) == ["H3K4me1 (cuttag, chip)"]
    assert different_assays(other, one) == ["H3K4me1 (chip, cuttag)"]
    assert different_assays(one, one) == different_assays({}, {}) == []


def test_every_rule_has_words():
    for rule, hint in get_type_hints(CountRules).items():
        for value in (5,) if hint is int else get_args(hint):
            assert rule_in_words(rule, value), (rule, value)
    assert rule_in_words("shift", 4) == "a shift of 4 bp"
