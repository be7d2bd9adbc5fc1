"""summary.tsv: the figures of a run that people compare, one row for a sample, model and class."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deepregfinder.report.collect import Result, Run
from deepregfinder.storage.tables import Shortest, write_rows


@dataclass(frozen=True)
class SummaryRow:
    """A row of summary.tsv; None where a figure is not available.

    Figures without prefix are of the labelled test windows, those with natural_ of every window of
    the test chromosomes, those with calls_ of the calls there.
    """

    sample: str
    model: str
    class_: str
    n_test: int | None = None
    precision: Shortest | None = None
    recall: Shortest | None = None
    f1: Shortest | None = None
    average_precision: Shortest | None = None
    auroc: Shortest | None = None
    natural_average_precision: Shortest | None = None
    natural_precision: Shortest | None = None
    natural_recall: Shortest | None = None
    calls_average_precision: Shortest | None = None
    calls_precision: Shortest | None = None
    calls_recall: Shortest | None = None
    n_calls: int | None = None
    validation_rate: Shortest | None = None
    seeds: int | None = None
    average_precision_mean: Shortest | None = None
    average_precision_sd: Shortest | None = None


def summary_rows(run: Run) -> Iterator[SummaryRow]:
    """Rows of the table, sorted by sample and model."""
    for result in run.results:
        for name in result.classes:
            yield SummaryRow(
                result.sample, result.model, name, seeds=result.n_seeds, **_figures(result, name)
            )


def _figures(result: Result, name: str) -> dict[str, Any]:
    """The columns that there are for a class."""
    columns: dict[str, Any] = {}
    if validated := result.validated(name):
        columns |= {"n_calls": validated.calls, "validation_rate": validated.rate}
    if metrics := result.metrics:
        columns["n_test"] = metrics["n_test"][name]
        for metric in ("precision", "recall", "f1", "average_precision", "auroc"):
            columns[metric] = metrics["per_class"][name][metric]
        for statistic in ("mean", "sd"):
            figures: Mapping[str, Any] = metrics["seeds"][statistic] or {}
            of_class = figures.get("per_class", {}).get(name, {})
            columns[f"average_precision_{statistic}"] = of_class.get("average_precision")
        if natural := metrics["natural"]:
            for metric in ("average_precision", "precision", "recall"):
                columns[f"natural_{metric}"] = natural["per_class"][name][metric]
    if calls := result.natural_calls:
        for metric in ("average_precision", "precision", "recall"):
            columns[f"calls_{metric}"] = calls["per_class"][name][metric]
    return columns


def write_summary(path: Path, run: Run) -> None:
    """Write summary.tsv: one row per sample, model and class."""
    write_rows(path, SummaryRow, summary_rows(run))
