"""Plots of an evaluation, each with the numbers it shows beside it as a table.

Every function writes <name>.png, <name>.svg and <name>.tsv.
"""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from deepregfinder.classes import class_named
from deepregfinder.errors import InputError
from deepregfinder.evaluation.metrics import (
    Ranking,
    Tallies,
    precision_recall_curve,
    reliability,
    roc_curve,
)
from deepregfinder.figure import PALE, figure_of, shaded
from deepregfinder.storage.atomic import written_whole
from deepregfinder.storage.tables import write_table

BEFORE, AFTER = "#999999", "#0072b2"
TRAINING, VALIDATION = "#999999", "#d55e00"


def draw_precision_recall(
    folder: Path, name: str, classes: Sequence[str], tallies: Tallies, areas: np.ndarray, title: str
) -> None:
    """Precision against recall of each class but background.

    areas : average precisions, shape (classes,). Table: class, threshold, precision, recall.
    """
    rows: list[Sequence[object]] = [("class", "threshold", "precision", "recall")]
    with figure_of(folder / f"{name}.png", 4.6, 4.7) as (axes,):
        for index, class_name in enumerate(classes[1:], 1):
            ranking = tallies.rankings[index]
            curve = precision_recall_curve(ranking)
            rows += [(class_name, *point) for point in curve.tolist()]
            if len(curve):
                label = f"{class_named(class_name).label} (AP {areas[index]:.3f})"
                colour = class_named(class_name).hex_colour
                axes.plot(curve[:, 2], curve[:, 1], color=colour, label=label)
                axes.axhline(_share(ranking), color=colour, lw=0.8, ls=":")
        _unit_square(axes, "Recall", "Precision", title)
        _legend(axes, "dotted: share of windows of the class")
    write_table(folder / f"{name}.tsv", rows)


def draw_roc(
    folder: Path, name: str, classes: Sequence[str], tallies: Tallies, areas: np.ndarray, title: str
) -> None:
    """True against false positive rate of each class, one against the rest.

    areas : AUROCs, shape (classes,). Table: class, threshold, false_positive_rate,
        true_positive_rate.
    """
    rows: list[Sequence[object]] = [
        ("class", "threshold", "false_positive_rate", "true_positive_rate")
    ]
    with figure_of(folder / f"{name}.png", 4.6, 4.7) as (axes,):
        axes.plot([0, 1], [0, 1], color=PALE, lw=0.8, ls=":")
        for index, class_name in enumerate(classes):
            curve = roc_curve(tallies.rankings[index])
            rows += [(class_name, *point) for point in curve.tolist()]
            if len(curve):
                label = f"{class_named(class_name).label} (AUROC {areas[index]:.3f})"
                colour = class_named(class_name).hex_colour
                axes.plot(curve[:, 1], curve[:, 2], color=colour, label=label)
        _unit_square(axes, "False positive rate", "True positive rate", title)
        _legend(axes)
    write_table(folder / f"{name}.tsv", rows)


def draw_confusion(
    folder: Path, name: str, classes: Sequence[str], confusion: np.ndarray, title: str
) -> None:
    """Confusion matrix: shade is the share of the true class, numbers are windows.

    confusion : int, shape (classes, classes); rows are the truth. Table: truth, then a column of
        windows for each predicted class.
    """
    labels = [class_named(class_name).label.replace(" ", "\n") for class_name in classes]
    share = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    size = 2.6 + 0.62 * len(classes)
    with figure_of(folder / f"{name}.png", size, size) as (axes,):
        cells = zip(share.ravel(), confusion.ravel(), strict=True)
        shaded(axes, share, [f"{value:.0%}\n{number:,}" for value, number in cells], labels)
        axes.set(xlabel="Predicted", ylabel="Labelled")
        axes.set_title(title)
    rows = [(class_name, *row) for class_name, row in zip(classes, confusion.tolist(), strict=True)]
    write_table(folder / f"{name}.tsv", [("truth", *classes), *rows])


def draw_calibration(
    folder: Path, name: str, before: Tallies, after: Tallies, errors: Sequence[float], title: str
) -> None:
    """Reliability diagram before and after temperature scaling.

    errors : expected calibration errors before and after. Table: temperature_scaling (before,
        after), low, high, windows, confidence, accuracy of each bin.
    """
    rows: list[Sequence[object]] = [
        ("temperature_scaling", "low", "high", "windows", "confidence", "accuracy")
    ]
    with figure_of(folder / f"{name}.png", 4.6, 4.7) as (axes,):
        axes.plot([0, 1], [0, 1], color=PALE, lw=0.8, ls=":")
        stages = (("before", before, BEFORE), ("after", after, AFTER))
        for (stage, tallies, colour), error in zip(stages, errors, strict=True):
            bins = reliability(tallies)
            rows += [
                (stage, low, high, int(windows), confidence, accuracy)
                for low, high, windows, confidence, accuracy in bins.tolist()
            ]
            seen = bins[bins[:, 2] > 0]
            axes.plot(
                seen[:, 3], seen[:, 4], color=colour, marker="o", ms=3.5,
                label=f"{stage} temperature scaling (ECE {error:.3f})",
            )  # fmt: skip
        _unit_square(axes, "Highest probability (mean of the bin)", "Share correct", title)
        _legend(axes)
    write_table(folder / f"{name}.tsv", rows)


def draw_learning_curve(folder: Path, name: str, table: Path, title: str, unit: str) -> None:
    """Losses and validation mAP over the epochs, a line for each seed; the table is copied.

    unit : what the table's epochs are: "epoch", or "tree" for a forest
    table : learning_curve.tsv of a bundle. Raises InputError where it is something else.
    """
    text = Path(table).read_text()
    curves = _read_learning_curve(text, table)
    with figure_of(folder / f"{name}.png", 7.4, 3.2, panels=2) as (losses, scores):
        for curve in curves.values():
            losses.plot(curve["epoch"], curve["train_loss"], color=TRAINING, lw=1.2)
            losses.plot(curve["epoch"], curve["validation_loss"], color=VALIDATION, lw=1.2)
            scores.plot(curve["epoch"], curve["validation_map"], color=VALIDATION, lw=1.2)
            best = int(np.argmax(curve["validation_map"])) if unit == "epoch" else -1
            scores.plot(
                curve["epoch"][best], curve["validation_map"][best], "o", ms=4, color=VALIDATION
            )
        losses.plot([], [], color=TRAINING, label="training")
        losses.plot([], [], color=VALIDATION, label="validation")
        losses.set(xlabel=f"{unit.capitalize()}s", ylabel="Loss")
        losses.set_title(title)
        losses.legend(loc="upper right")
        seeds = f"{len(curves)} seeds, dots" if len(curves) > 1 else "dot"
        kept = "epoch kept" if unit == "epoch" else "all trees"
        scores.set(xlabel=f"{unit.capitalize()}s", ylabel="Validation mAP")
        scores.set_title(f"{seeds}: {kept}", fontweight="normal")
        for axes in (losses, scores):
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    with written_whole(folder / f"{name}.tsv") as part:
        part.write_text(text)


def _read_learning_curve(text: str, path: Path) -> Mapping[str, Mapping[str, np.ndarray]]:
    curves: dict[str, dict[str, list[float]]] = {}
    columns = ("epoch", "train_loss", "validation_loss", "validation_map")
    try:
        for row in csv.DictReader(text.splitlines(), delimiter="\t"):
            curve = curves.setdefault(row["seed"], {column: [] for column in columns})
            for column in columns:
                curve[column].append(float(row[column]))
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} is no learning curve of a bundle ({error}).") from None
    return {
        seed: {column: np.array(values) for column, values in curve.items()}
        for seed, curve in curves.items()
    }


def _share(ranking: Ranking) -> float:
    positive, negative = int(ranking.positive.sum()), int(ranking.negative.sum())
    return positive / max(positive + negative, 1)


def _unit_square(axes: Axes, x: str, y: str, title: str) -> None:
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), xlabel=x, ylabel=y)
    axes.set_title(title)


def _legend(axes: Axes, note: str | None = None) -> None:
    """Below the plot, where it hides no curve."""
    if axes.get_legend_handles_labels()[0]:
        options: Any = {"loc": "outside lower center", "title": note, "title_fontsize": 8}
        figure: Any = axes.get_figure()
        figure.legend(**options)
