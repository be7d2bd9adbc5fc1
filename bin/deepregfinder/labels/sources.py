"""What labels are made of: the truth that a model learns and is measured by.

Enhancers come from a list (peaks of enhancer factors, or a registry) or from a rule (accessible
sites with H3K27ac). The other lists are peaks that the user gives, or sites that are called from
the reads of the run (`sites`). Tensors and bundles record it, and the report and the model card say
what it means.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from deepregfinder.errors import InputError
from deepregfinder.quality.label_doubts import plain_mark
from deepregfinder.storage.tables import read_rows, write_rows

H3K27AC = "h3k27ac"
FACTORS = "factors"


@dataclass(frozen=True)
class EnhancerLabels:
    """A value of --enhancer_labels.

    sites : the intervals that enhancers are chosen from; words : what enhancers are
    methods : the same in a methods paragraph; `{slop}` stands for --enhancer_slop
    limits : what that means for accuracy on these labels
    """

    sites: str
    words: str
    methods: str
    limits: str


_MARK = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,79}")
_FILE = Path(__file__).with_name("enhancer_labels.json")

ENHANCER_LABELS: Mapping[str, EnhancerLabels] = {
    name: EnhancerLabels(**entry) for name, entry in json.loads(_FILE.read_text("utf-8")).items()
}
"""By name; functions/truth.nf reads the file as well."""

COLUMNS: Mapping[str, str] = {
    "enhancers": "Enhancers",
    "dhs": "Accessible sites",
    "h3k27ac": "H3K27ac",
    "promoter_marks": "H3K4me3",
}
"""Columns of the label sheet that have a source, in words."""


@dataclass(frozen=True)
class LabelSource:
    """A row of `<sample>.sources.tsv`: where intervals that define labels come from.

    list_ : one of COLUMNS
    source : of enhancers, a name of ENHANCER_LABELS; of the others, `peaks` (given), `reads`
        (called from those of the run) or `none`
    mark : the mark of these reads; None for any other source
    intervals : how many there are, before any rule; None for enhancers by rule
    """

    list_: str
    source: str
    mark: str | None
    intervals: int | None

    @property
    def words(self) -> str:
        """The source in words."""
        if self.list_ == "enhancers":
            return ENHANCER_LABELS[self.source].words
        said = {"peaks": "peaks of the label sheet", "none": "not available"}
        return said.get(self.source, f"called from the reads of {self.mark}")


def write_sources(path: Path, sources: Sequence[LabelSource]) -> None:
    """Write one row per column of the label sheet."""
    write_rows(path, LabelSource, sources)


def read_sources(path: Path) -> tuple[LabelSource, ...]:
    """Read what `write_sources` wrote; raises InputError for any other file."""
    try:
        return sources_from_json([asdict(row) for row in read_rows(path, LabelSource)])
    except ValueError as error:
        raise InputError(f"{path} is not a table of label sources: {error}.") from None


def sources_to_json(sources: Sequence[LabelSource]) -> list[dict[str, Any]]:
    """For tensors and model.json."""
    return [asdict(row) for row in sources]


def sources_from_json(content: object) -> tuple[LabelSource, ...]:
    """The inverse; raises ValueError for anything else, as a bundle may come from elsewhere."""
    if not isinstance(content, list):
        raise ValueError("expected a list of sources")
    rows = []
    for row in content:
        if not isinstance(row, dict) or set(row) != set(LabelSource.__dataclass_fields__):
            raise ValueError("expected list_, source, mark and intervals")
        one = LabelSource(**row)
        known = ENHANCER_LABELS if one.list_ == "enhancers" else ("peaks", "reads", "none")
        if one.list_ not in COLUMNS or one.source not in known:
            raise ValueError(f"{one.list_!r} has no source {one.source!r}")
        plain = one.mark is None or (isinstance(one.mark, str) and _MARK.fullmatch(one.mark))
        if not plain or not (one.intervals is None or type(one.intervals) is int):
            raise ValueError("a mark or a number is not valid")
        rows.append(one)
    return tuple(rows)


def enhancer_labels(sources: Sequence[LabelSource]) -> str:
    """The name of ENHANCER_LABELS; `factors` if nothing is recorded, as in older bundles."""
    return next((one.source for one in sources if one.list_ == "enhancers"), FACTORS)


def seen_marks(sources: Sequence[LabelSource], marks: Sequence[str]) -> tuple[str, ...]:
    """Those of a model's marks that its labels are made of: by H3K27ac, or by called sites."""
    made_of = {plain_mark(one.mark) for one in sources if one.mark}
    if enhancer_labels(sources) == H3K27AC:
        made_of.add(H3K27AC)
    return tuple(mark for mark in marks if plain_mark(mark) in made_of)
