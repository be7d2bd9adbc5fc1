"""summary.tsv: the figures of a run that people compare, one row for a sample, model and class."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from deepregfinder.report.collect import Result, Run
from deepregfinder.storage.atomic import written_whole

COLUMNS = (
    *("sample", "model", "class", "n_test", "precision", "recall", "f1", "average_precision"),
    *("auroc", "natural_average_precision", "natural_precision", "natural_recall"),
    *("calls_average_precision", "calls_precision", "calls_recall", "n_calls"),
    *("validation_rate", "seeds"),
    *("average_precision_mean", "average_precision_sd"),
)


def summary_rows(run: Run) -> Iterator[dict[str, Any]]:
    """Rows of the table, by column; None where a figure cannot be told.

    Columns that begin with natural_ are of every window of the test chromosomes, those with calls_
    of the calls there.
    """
    for result in run.results:
        for name in result.classes:
            yield dict.fromkeys(COLUMNS) | _row(result, name)


def _row(result: Result, name: str) -> dict[str, Any]:
    row: dict[str, Any] = {
        "sample": result.sample,
        "model": result.model,
        "class": name,
        "seeds": result.n_seeds,
    }
    if validated := result.validated(name):
        row |= {"n_calls": validated.calls, "validation_rate": validated.rate}
    if metrics := result.metrics:
        row |= {"n_test": metrics["n_test"][name], **metrics["per_class"][name]}
        for statistic in ("mean", "sd"):
            figures: Mapping[str, Any] = metrics["seeds"][statistic] or {}
            of_class = figures.get("per_class", {}).get(name, {})
            row[f"average_precision_{statistic}"] = of_class.get("average_precision")
        if natural := metrics["natural"]:
            for metric in ("average_precision", "precision", "recall"):
                row[f"natural_{metric}"] = natural["per_class"][name][metric]
    if calls := result.natural_calls:
        figures = calls["per_class"][name]
        for metric in ("average_precision", "precision", "recall"):
            row[f"calls_{metric}"] = figures[metric]
    return row


def write_summary(path: Path, run: Run) -> None:
    """Write the table, sorted by sample and model; "." for what cannot be told."""
    with written_whole(path) as part, part.open("w") as table:
        print(*COLUMNS, sep="\t", file=table)
        for row in summary_rows(run):
            print(*("." if row[c] is None else row[c] for c in COLUMNS), sep="\t", file=table)
