"""What labels are made of: the truth that a model learns and is measured by.

Enhancers come from a list (peaks of enhancer factors, or a registry) or from a rule (accessible
sites with H3K27ac). The other lists are peaks that the user gives, or sites that are called from
the reads of the run (`sites`). Tensors and bundles record it, and the report and the model card say
what it means.
"""

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

    sites : the intervals that enhancers are chosen from; words : what enhancers are, in a sentence
    limits : what that means for their accuracy
    """

    sites: str
    words: str
    limits: str


_ELSEWHERE = "An enhancer of the list need not be active in this sample."

ENHANCER_LABELS: Mapping[str, EnhancerLabels] = {
    FACTORS: EnhancerLabels(
        "enhancer-TF peaks",
        "peaks of enhancer-bound factors (p300, CBP, ...)",
        "Lists of p300 and CBP sites are incomplete. A call without a labelled element may be a "
        "real enhancer, so precision at natural prevalence is underestimated.",
    ),
    H3K27AC: EnhancerLabels(
        "accessible sites",
        "distal accessible sites with H3K27ac",
        "Enhancer labels are made from H3K27ac, not from p300. For a model that sees H3K27ac, "
        "accuracy is optimistic: it finds again what the rule has found. Enhancers without H3K27ac "
        "count as background.",
    ),
    "ccre": EnhancerLabels(
        "cCREs",
        "enhancer-like elements of the ENCODE registry (cCREs)",
        "Enhancer labels are cCREs, not p300 sites. The registry is made from accessibility and "
        f"H3K27ac of many cell types. {_ELSEWHERE}",
    ),
    "fantom5": EnhancerLabels(
        "FANTOM5 enhancers",
        "transcribed enhancers of FANTOM5",
        "Enhancer labels are FANTOM5 enhancers, not p300 sites. They are transcribed in one of "
        f"many cell types; enhancers without transcripts are missing. {_ELSEWHERE}",
    ),
    "vista": EnhancerLabels(
        "VISTA enhancers",
        "enhancers of the VISTA browser",
        "Enhancer labels are VISTA enhancers, not p300 sites. They are active in a tissue of mouse "
        f"embryos, and most enhancers were never tested. {_ELSEWHERE}",
    ),
}
"""By name; functions/sheets.nf and nextflow_schema.json have the same names."""

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
    intervals : how many there are, before any rule
    """

    list_: str
    source: str
    mark: str | None
    intervals: int

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
        if not (one.mark is None or isinstance(one.mark, str)) or type(one.intervals) is not int:
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
