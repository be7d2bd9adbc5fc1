"""Tables of a run as objects: a dataclass names the columns, its annotations say how to read them.

"." in a table means "cannot be told", which is None here.
"""

import dataclasses
import typing
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from deepregfinder.errors import InputError


@dataclass(frozen=True)
class InputFile:
    """A row of inputs.tsv."""

    id: str
    sample: str
    mark: str
    replicate: str
    role: str
    file: str
    reads: int
    mapped: int
    main_chrom_reads: int
    paired_end: bool
    median_read_length: int
    index: str
    simulated: bool


@dataclass(frozen=True)
class Library:
    """A row of `<id>.counts.tsv`: what became of the records of a file."""

    id: str
    sample: str
    mark: str
    replicate: str
    counter: str
    total_records: int
    usable: int
    assigned: int
    assigned_fraction: float | None
    excluded_unmapped: int
    excluded_mapq: int
    excluded_duplicate: int
    excluded_multimapping: int
    excluded_secondary: int
    excluded_improper_pair: int
    second_mates: int

    # What became of a record, in words, and the columns that tell.
    FATES: ClassVar[dict[str, str]] = {
        "usable": "usable",
        "second mate of a fragment": "second_mates",
        "unmapped": "excluded_unmapped",
        "low mapping quality": "excluded_mapq",
        "duplicate": "excluded_duplicate",
        "maps to several places": "excluded_multimapping",
        "secondary": "excluded_secondary",
        "no proper pair": "excluded_improper_pair",
    }

    @property
    def fates(self) -> dict[str, int]:
        """Records by what became of them; they sum to `total_records`."""
        return {fate: getattr(self, column) for fate, column in self.FATES.items()}


@dataclass(frozen=True)
class LibraryQuality:
    """A row of libraries.tsv."""

    id: str
    sample: str
    mark: str
    replicate: str
    role: str
    library_size: int
    duplicates: float | None
    fragment_length: int | None
    nsc: float | None
    strength: float | None
    in_promoters: float | None
    fold_promoters: float | None
    in_enhancers: float | None
    fold_enhancers: float | None


@dataclass(frozen=True)
class Doubt:
    """A row of doubts.tsv."""

    kind: str
    ids: str
    text: str


@dataclass(frozen=True)
class Correlation:
    """A row of correlation.tsv."""

    id_a: str
    id_b: str
    correlation: float | None


@dataclass(frozen=True)
class Channel:
    """A row of `<sample>.signal.tsv`."""

    sample: str
    mark: str
    role: str
    replicates: int
    library_sizes: str
    mean_rpm: float | None
    max_rpm: float | None
    nonzero_fraction: float | None


@dataclass(frozen=True)
class Drop:
    """A row of `<sample>.dropped.tsv`."""

    element: str
    rule: str
    dropped: int
    left: int


@dataclass(frozen=True)
class Cluster:
    """A row of `<sample>.states.tsv`."""

    element: str
    reads: str
    windows: int
    poised: int
    active: int
    disagree: int | None
    poised_mean: float | None
    active_mean: float | None
    boundary: float | None


@dataclass(frozen=True)
class Selected:
    """A row of `<sample>.regions.tsv`: the labelled windows of a class."""

    class_: str
    candidates: int
    dropped_min_nonzero: int
    not_needed: int
    train: int
    validation: int
    test: int


@dataclass(frozen=True)
class Surrounding:
    """A row of `<sample>.test_windows.tsv`: distances of windows of a class to a kind of marker."""

    windows: str
    class_: str
    marker: str
    n: int
    touching: int
    within_2kb: int
    within_10kb: int
    within_100kb: int
    lower_quartile: int | None
    median: int | None
    upper_quartile: int | None


@dataclass(frozen=True)
class Validation:
    """A row of `<sample>.<model>.validation.tsv`."""

    class_: str
    calls: int
    validated: int | None
    rate: float | None
    marker: str


@dataclass(frozen=True)
class SeedValidation:
    """A row of `<sample>.<model>.seeds.tsv`."""

    seed: int
    class_: str
    calls: int
    validated: int | None
    rate: float | None


@dataclass(frozen=True)
class CallCount:
    """A row of `<sample>.<model>.calls.tsv`."""

    chrom: str
    class_: str
    calls: int
    bp: int


@dataclass(frozen=True)
class Transition:
    """A row of `<a>_vs_<b>.<model>.transitions.tsv`: elements of one class here, another there."""

    class_a: str
    class_b: str
    elements: int
    differential: int
    untested: int
    weak: int
    unchanged: int


@dataclass(frozen=True)
class ComparedMark:
    """A row of `<a>_vs_<b>.<model>.marks.tsv`."""

    mark: str
    replicates_a: int
    replicates_b: int
    tested: bool


@dataclass(frozen=True)
class AnnotationScore:
    """A row of `<sample>.annotations.tsv`."""

    setting: str
    annotation: str
    class_: str
    calls: int
    right: int
    labelled: int
    found: int
    precision: float | None
    precision_low: float | None
    precision_high: float | None
    recall: float | None
    recall_low: float | None
    recall_high: float | None
    f1: float | None
    f1_low: float | None
    f1_high: float | None


@dataclass(frozen=True)
class Crispr:
    """A row of `<sample>.<model>.crispr.tsv`."""

    scope: str
    class_: str
    elements: int
    not_lifted: int
    not_predicted: int
    regulated: int
    called_regulated: int
    negatives: int
    called_negatives: int
    recall: float | None
    recall_low: float | None
    recall_high: float | None
    negative_rate: float | None
    negative_rate_low: float | None
    negative_rate_high: float | None
    precision: float | None
    precision_low: float | None
    precision_high: float | None
    average_precision: float | None
    average_precision_low: float | None
    average_precision_high: float | None


@dataclass(frozen=True)
class Version:
    """A row of versions.tsv."""

    process: str
    tool: str
    version: str


Row = TypeVar("Row")


def read_rows(path: Path, kind: type[Row]) -> tuple[Row, ...]:
    """Read a table into objects of `kind`.

    Columns are found by their name (the field `class_` is the column `class`), so that a table may
    have more of them. Raises InputError for a column that lacks and a value that does not fit.
    """
    try:
        lines = Path(path).read_text().splitlines()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}).") from None
    header = lines[0].split("\t") if lines else []
    hints = typing.get_type_hints(kind)
    readers = {
        field.name.rstrip("_"): (field.name, _reader(hints[field.name]))
        for field in dataclasses.fields(kind)  # type: ignore[arg-type]
    }
    if lacking := [column for column in readers if column not in header]:
        raise InputError(f"{path}: there is no column {', '.join(lacking)}.")
    rows = []
    for number, line in enumerate(lines[1:], 2):
        cells = dict(zip(header, line.split("\t"), strict=False))
        try:
            values = {name: read(cells[column]) for column, (name, read) in readers.items()}
        except (KeyError, ValueError):
            raise InputError(f"{path}, line {number}: {line!r} is no row of this table.") from None
        rows.append(kind(**values))
    return tuple(rows)


def _reader(annotation: Any) -> Callable[[str], Any]:
    """A function that reads the text of a cell as the type of a field."""
    options = typing.get_args(annotation)
    kind = options[0] if options else annotation
    read: Callable[[str], Any] = {bool: {"true": True, "false": False}.__getitem__}.get(kind, kind)
    if type(None) in options:
        return lambda text: None if text == "." else read(text)
    return read
