"""What the page shows of annotations made by others, and of experiments: points of two figures."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from deepregfinder.evaluation.tables import AnnotationScore, CrisprFigures
from deepregfinder.report.accuracy import Figure
from deepregfinder.report.collect import Result, Run

SETTINGS = {
    "test_centre": "labelled test windows, central 500 bp",
    "test_any_base": "labelled test windows, any base",
    "calls": "calls on the test chromosomes",
}
SCOPES = {"all": "all predicted chromosomes", "test": "chromosomes not used for training"}


@dataclass(frozen=True)
class Point:
    """Two figures of something with a name; `other` says that it is not a model of this run."""

    name: str
    x: Figure
    y: Figure
    other: bool = False


def figure(row: AnnotationScore | CrisprFigures, name: str) -> Figure:
    """A figure of a row with its interval."""
    return Figure(*(getattr(row, name + end) for end in ("", "_low", "_high")))


def precision_and_recall(run: Run, sample: str, class_name: str) -> list[Point]:
    """Models of a sample and annotations on its test windows: recall across, precision up.

    Annotations are scored by the central 500 bp of windows.
    """
    points = []
    for result in run.evaluated:
        if result.sample == sample and result.metrics and class_name in result.classes:
            across, up = (
                _of_windows(result.metrics, class_name, of) for of in ("recall", "precision")
            )
            points.append(Point(result.model, across, up))
    for row in run.annotations.get(sample, ()):
        if (row.setting, row.class_) == ("test_centre", class_name):
            across, up = figure(row, "recall"), figure(row, "precision")
            points.append(Point(row.annotation, across, up, other=True))
    return points


def recall_of_regulated(results: Sequence[Result], scope: str) -> list[Point]:
    """Models: calls among tested negatives across, recall of regulated elements up."""
    return [
        Point(result.model, figure(row, "negative_rate"), figure(row, "recall"))
        for result in results
        for row in result.crispr
        if (row.scope, row.class_) == (scope, "any")
    ]


def experiments(run: Run) -> Iterator[tuple[str, list[Result]]]:
    """Samples with an experiment, and their results."""
    for sample in dict.fromkeys(result.sample for result in run.with_experiment):
        yield sample, [result for result in run.with_experiment if result.sample == sample]


def _of_windows(metrics: Any, class_name: str, name: str) -> Figure:
    intervals = (metrics["intervals"] or {}).get("per_class", {}).get(class_name, {})
    low, high = intervals.get(name) or (None, None)
    return Figure(metrics["per_class"][class_name][name], low, high)
