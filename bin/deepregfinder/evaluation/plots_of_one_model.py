"""All plots of one evaluation."""

from pathlib import Path

from deepregfinder.evaluation.curve_plots import (
    draw_calibration,
    draw_class_calibration,
    draw_confusion,
    draw_learning_curve,
    draw_precision_recall,
    draw_roc,
)
from deepregfinder.evaluation.evaluate import Evaluation


def draw_evaluation(folder: Path, evaluation: Evaluation, learning_curve: Path) -> None:
    """Draw all plots of an evaluation.

    learning_curve : table of the bundle; not drawn if the bundle has none
    """
    classes, test = evaluation.bundle.classes, evaluation.test
    name = f"{evaluation.sample}, {evaluation.model}"
    areas = test.figures.per_class
    draw_precision_recall(
        folder, "pr_curve", classes, test.tallies, areas["average_precision"][0],
        f"{name}: test windows",
    )  # fmt: skip
    draw_roc(folder, "roc_curve", classes, test.tallies, areas["auroc"][0], f"{name}: test windows")
    confusion = test.tallies.confusion.sum(axis=0)
    draw_confusion(folder, "confusion_matrix", classes, confusion, f"{name}: test windows")
    draw_calibration(
        folder, "calibration", evaluation.uncalibrated.tallies, test.tallies,
        [stage.figures.overall["ece"][0] for stage in (evaluation.uncalibrated, test)],
        f"{name}: test windows",
    )  # fmt: skip
    if learning_curve.is_file():
        unit = "tree" if evaluation.bundle.facts.progress == "tree" else "epoch"
        draw_learning_curve(folder, "learning_curve", learning_curve, name, unit)
    if evaluation.natural is not None:
        natural = evaluation.natural
        draw_precision_recall(
            folder, "natural_pr_curve", classes, natural.tallies,
            natural.figures.per_class["average_precision"][0],
            f"{name}: all of the test chromosomes",
        )  # fmt: skip
    if evaluation.class_calibration is not None:
        calibration = evaluation.class_calibration
        draw_class_calibration(
            folder, "natural_calibration", classes, calibration.bins.sum(axis=0),
            calibration.errors[0], f"{name}: all of the test chromosomes",
        )  # fmt: skip
