"""All plots of a comparison of models, from the tables of their evaluations."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from deepregfinder.evaluation.bootstrap_replicates import Replicates
from deepregfinder.evaluation.compare_models import by_chromosome
from deepregfinder.evaluation.curve_plots import read_confusion
from deepregfinder.evaluation.external.annotations import points_on_test_windows
from deepregfinder.evaluation.plots_of_all_models import (
    draw_bars,
    draw_calls,
    draw_confusions,
    draw_curves,
    draw_spread,
)
from deepregfinder.evaluation.tables import AnnotationScore, ComparedFigure, PrecisionRecall
from deepregfinder.prediction.marker_validation import ValidationRate
from deepregfinder.storage.tables import read_rows

_SPREADS = {"test": "Test windows", "natural": "Whole test chromosomes"}


def draw_comparison(
    prefix: str,
    folders: Mapping[str, Path],
    models: Sequence[Replicates],
    comparison: Sequence[ComparedFigure],
    annotations: Sequence[AnnotationScore],
) -> None:
    """Draw <prefix>_pr, _bars, _confusion, _chromosomes and, if it was measured, _natural_pr.

    folders : model -> folder of its evaluation, in the order of `models`
    comparison : the table of the comparison, whose numbers the plots show
    annotations : shown as points
    """
    classes, names = models[0].classes, list(folders)
    curves = _curves(folders, "pr_curve.tsv")
    points = points_on_test_windows(annotations)
    draw_curves(_plot(prefix, "pr"), curves, comparison, classes, "test", points)
    if natural := _curves(folders, "natural_pr_curve.tsv"):
        draw_curves(_plot(prefix, "natural_pr"), natural, comparison, classes, "natural")
    draw_bars(_plot(prefix, "bars"), comparison, names, classes, "test")
    matrices = {
        model: read_confusion(path, classes)
        for model, path in _existing(folders, "confusion_matrix.tsv")
    }
    draw_confusions(_plot(prefix, "confusion"), matrices, classes)
    spreads = {
        title: spread
        for setting, title in _SPREADS.items()
        if (spread := by_chromosome(models, setting))
    }
    draw_spread(_plot(prefix, "chromosomes"), spreads, names, classes[1:])


def draw_validation(prefix: str, tables: Sequence[Path], classes: Sequence[str]) -> None:
    """Draw <prefix>_calls.

    tables : files <sample>.<model>.validation.tsv; classes : background first
    """
    rates = {path.name.split(".")[1]: read_rows(path, ValidationRate) for path in tables}
    draw_calls(_plot(prefix, "calls"), rates, classes[1:])


def _plot(prefix: str, name: str) -> Path:
    return Path(f"{prefix}_{name}.png")


def _existing(folders: Mapping[str, Path], name: str) -> Iterator[tuple[str, Path]]:
    """Each model that has a file of that name, and the file."""
    for model, folder in folders.items():
        if (folder / name).exists():
            yield model, folder / name


def _curves(folders: Mapping[str, Path], name: str) -> dict[str, tuple[PrecisionRecall, ...]]:
    return {model: read_rows(path, PrecisionRecall) for model, path in _existing(folders, name)}
