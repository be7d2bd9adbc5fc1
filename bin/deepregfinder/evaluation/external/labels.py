"""Labels of external annotations and the classes that a mapping gives them."""

import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pandas as pd

from deepregfinder.errors import InputError
from deepregfinder.genome.intervals import read_intervals
from deepregfinder.storage.text import unquoted

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Meaning:
    """A pattern of labels, in which * matches any text, and the class of such labels."""

    pattern: str
    class_name: str

    def fits(self, label: str) -> bool:
        """Whether the whole label, with or without its quotes, matches the pattern."""
        pattern = ".*".join(map(re.escape, self.pattern.split("*")))
        return any(re.fullmatch(pattern, text) for text in (label, unquoted(label)))


def parse_mapping(text: str, classes: Sequence[str]) -> list[Meaning]:
    """Read `label=class;label=class`. Raises InputError for other text, or an unknown class."""
    pairs = []
    for pair in filter(None, map(str.strip, text.split(";"))):
        pattern, _, name = (side.strip() for side in pair.rpartition("="))
        if not pattern or name not in classes:
            raise InputError(
                f"--mapping {pair}: expected label=class, with a class of {', '.join(classes)}."
            )
        pairs.append(Meaning(pattern, name))
    return pairs


def read_annotation(path: Path, mapping: Sequence[Meaning], classes: Sequence[str]) -> pd.DataFrame:
    """Intervals of a BED file, with labels as names (genome/intervals.py).

    Labels are column 4. If the mapping gives no label there an element class, they are the next
    column, up to column 15, in which it does: 6 in SCREEN's lists of cCREs, 10 in those of UCSC.
    """
    elements = [pair for pair in mapping if pair.class_name != classes[0]]
    annotation = read_intervals(path)
    for column in range(4, 16):
        intervals = annotation if column == 4 else read_intervals(path, name_column=column)
        labels = intervals["name"].unique()
        if any(pair.fits(label) for pair in elements for label in labels):
            if column > 4:
                log.warning("%s: labels are read from column %d, not 4", path.name, column)
            return intervals
    return annotation


def meanings(
    labels: Iterable[str], mapping: Sequence[Meaning], classes: Sequence[str]
) -> dict[str, str]:
    """Class of each label: by the first pattern that it matches, background if it matches none."""
    return {
        label: next((pair.class_name for pair in mapping if pair.fits(label)), classes[0])
        for label in labels
    }


def no_element(
    labels: Iterable[str], mapping: Sequence[Meaning], classes: Sequence[str], source: str
) -> str | None:
    """The sentence that no label is mapped to an element class; None if one is."""
    known = meanings(labels, mapping, classes)
    if set(known.values()) - {classes[0]}:
        return None
    return (
        f"{source}: no label is mapped to an element class; examples of its labels are "
        f"{', '.join(islice(known, 5))}. Correct the mapping."
    )
