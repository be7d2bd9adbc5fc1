"""Tables that MultiQC picks up as custom content: a site's own MultiQC, or that of `--multiqc`.

Each begins with its description as YAML in comment lines (MultiQC, "Custom content"), of which JSON
is a part.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deepregfinder.classes import class_named
from deepregfinder.counting.store import RecordCounts
from deepregfinder.report.collect import Run
from deepregfinder.report.summary import summary_rows
from deepregfinder.storage.atomic import written_whole

_SHARE = {"max": 1, "min": 0, "format": "{:,.3f}"}
_NUMBER = {"format": "{:,.0f}"}


@dataclass(frozen=True)
class Column:
    """A column of a table: its heading, what it says, and how MultiQC shows it."""

    title: str
    description: str
    shown: Mapping[str, Any]


LIBRARIES = {
    "library_size": Column(
        "Library size", "Usable reads or fragments on the chromosomes of the run", _NUMBER
    ),
    "elsewhere": Column("Elsewhere", "Fraction of usable reads on other sequences", _SHARE),
    "duplicates": Column("Duplicates", "Fraction of reads at the position of another read", _SHARE),
    "fragment_length": Column("Fragment", "Fragment length in bp", _NUMBER),
    "nsc": Column("NSC", "Normalised strand cross-correlation", {"format": "{:,.2f}"}),
    "in_promoters": Column("In promoters", "Fraction of reads in labelled promoters", _SHARE),
    "in_enhancers": Column("In enhancers", "Fraction of reads in labelled enhancers", _SHARE),
    "tss_enrichment": Column(
        "TSS enrichment", "Counts at TSSs over those 2 kb away (ATAC, DNase)", {"format": "{:,.1f}"}
    ),
    "in_sites": Column("In sites", "Fraction of reads in accessible sites (ATAC, DNase)", _SHARE),
}
ACCURACY = {
    "n_calls": Column("Calls", "Calls on the whole genome", _NUMBER),
    "validation_rate": Column("Validated", "Fraction of calls with a marker nearby", _SHARE),
    "average_precision": Column("AP", "Average precision, labelled test windows", _SHARE),
    "calls_average_precision": Column("AP of calls", "Average precision, calls", _SHARE),
    "calls_precision": Column("Precision", "Precision of calls on the test chromosomes", _SHARE),
    "calls_recall": Column("Recall", "Recall of calls on the test chromosomes", _SHARE),
}


def write_multiqc(folder: Path, run: Run) -> None:
    """Write the tables that the run has something for into `folder`; sorted as the run is."""
    if run.libraries:
        seen = {fate for one in run.libraries for fate, number in one.fates.items() if number}
        fates = [fate for fate in RecordCounts.FATES if fate in seen]
        rows = [(one.id, *(one.fates[fate] for fate in fates)) for one in run.libraries]
        head = {
            **_head("records", "records of each BAM file", "Records by outcome."),
            "plot_type": "bargraph",
        }
        _write(folder / "deepregfinder_records_mqc.tsv", head, ("Sample", *fates), rows)
    if run.qualities:
        rows = [(one.id, *(getattr(one, name) for name in LIBRARIES)) for one in run.qualities]
        head = _head("libraries", "quality of libraries", "See signal/libraries.tsv.", LIBRARIES)
        _write(folder / "deepregfinder_libraries_mqc.tsv", head, ("Sample", *LIBRARIES), rows)
    if accuracy := list(summary_rows(run)):
        rows = [
            (
                f"{row.sample} {row.model} {class_named(row.class_).label}",
                *(getattr(row, name) for name in ACCURACY),
            )
            for row in accuracy
        ]
        head = _head("accuracy", "calls and accuracy", "See evaluation/summary.tsv.", ACCURACY)
        _write(folder / "deepregfinder_accuracy_mqc.tsv", head, ("Sample", *ACCURACY), rows)


def _head(
    name: str, title: str, description: str, columns: Mapping[str, Column] | None = None
) -> dict[str, Any]:
    id_ = f"deepregfinder_{name}"
    head: dict[str, Any] = {
        "id": id_,
        "section_name": f"DeepRegFinder-NF: {title}",
        "description": description,
        "plot_type": "table",
        "pconfig": {"id": f"{id_}_plot", "title": f"DeepRegFinder-NF: {title}"},
    }
    if columns:
        head["headers"] = {
            name: {"title": one.title, "description": one.description, **one.shown}
            for name, one in columns.items()
        }
    return head


def _write(
    path: Path,
    head: Mapping[str, Any],
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
) -> None:
    """Unknown values are empty cells, as MultiQC expects."""
    lines = [f"# {key}: {json.dumps(value)}" for key, value in head.items()]
    for row in (columns, *rows):
        lines.append("\t".join("" if cell is None else str(cell) for cell in row))
    with written_whole(path) as part:
        part.write_text("\n".join(lines) + "\n")
