"""Rows of the tables of a comparison between two samples, a and b."""

from dataclasses import dataclass

from deepregfinder.storage.tables import Decimals4, Digits4


@dataclass(frozen=True)
class Transition:
    """A row of `<a>_vs_<b>.<model>.transitions.tsv`: elements by class in a and b, and status."""

    class_a: str
    class_b: str
    elements: int
    differential: int
    untested: int
    weak: int
    unchanged: int


@dataclass(frozen=True)
class ComparedMark:
    """A row of `<a>_vs_<b>.<model>.marks.tsv`: a MarkChange without its elements."""

    mark: str
    replicates_a: int
    replicates_b: int
    tested: bool
    prior_df: Digits4 | None
    size_factors: tuple[Decimals4, ...]
