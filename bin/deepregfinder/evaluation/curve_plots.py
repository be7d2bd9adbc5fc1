"""Plots of an evaluation, each with a table of the plotted numbers.

Every function writes <name>.png, <name>.svg and <name>.tsv.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from deepregfinder.classes import class_named
from deepregfinder.evaluation.metrics import (
    N_BINS,
    Ranking,
    Tallies,
    precision_recall_curve,
    ratio,
    reliability,
    roc_curve,
)
from deepregfinder.evaluation.tables import (
    ClassReliability,
    PrecisionRecall,
    RatesAtThreshold,
    Reliability,
)
from deepregfinder.figure import PALE, figure_of, shaded
from deepregfinder.models.protocol import EpochRecord
from deepregfinder.storage.tables import read_rows, write_rows, write_table

BEFORE, AFTER = "#999999", "#0072b2"
TRAINING, VALIDATION = "#999999", "#d55e00"


def draw_precision_recall(
    folder: Path, name: str, classes: Sequence[str], tallies: Tallies, areas: np.ndarray, title: str
) -> None:
    """Precision against recall of each class except background.

    areas : average precisions, shape (classes,)
    """
    rows: list[PrecisionRecall] = []
    with figure_of(folder / f"{name}.png", 4.6, 4.7) as (axes,):
        for index, class_name in enumerate(classes[1:], 1):
            ranking = tallies.rankings[index]
            curve = precision_recall_curve(ranking)
            rows += [PrecisionRecall(class_name, *point) for point in curve.tolist()]
            if len(curve):
                label = f"{class_named(class_name).label} (AP {areas[index]:.3f})"
                colour = class_named(class_name).hex_colour
                axes.plot(curve[:, 2], curve[:, 1], color=colour, label=label)
                axes.axhline(_share(ranking), color=colour, lw=0.8, ls=":")
        _unit_square(axes, "Recall", "Precision", title)
        _legend(axes, "dotted: share of windows of the class")
    write_rows(folder / f"{name}.tsv", PrecisionRecall, rows)


def draw_roc(
    folder: Path, name: str, classes: Sequence[str], tallies: Tallies, areas: np.ndarray, title: str
) -> None:
    """True against false positive rate of each class, one against the rest.

    areas : AUROCs, shape (classes,)
    """
    rows: list[RatesAtThreshold] = []
    with figure_of(folder / f"{name}.png", 4.6, 4.7) as (axes,):
        axes.plot([0, 1], [0, 1], color=PALE, lw=0.8, ls=":")
        for index, class_name in enumerate(classes):
            curve = roc_curve(tallies.rankings[index])
            rows += [RatesAtThreshold(class_name, *point) for point in curve.tolist()]
            if len(curve):
                label = f"{class_named(class_name).label} (AUROC {areas[index]:.3f})"
                colour = class_named(class_name).hex_colour
                axes.plot(curve[:, 1], curve[:, 2], color=colour, label=label)
        _unit_square(axes, "False positive rate", "True positive rate", title)
        _legend(axes)
    write_rows(folder / f"{name}.tsv", RatesAtThreshold, rows)


def draw_confusion(
    folder: Path, name: str, classes: Sequence[str], confusion: np.ndarray, title: str
) -> None:
    """Confusion matrix: shade is the fraction of the true class, numbers are windows.

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


def read_confusion(path: Path, classes: Sequence[str]) -> np.ndarray:
    """Read a table of `draw_confusion`: int64, shape (classes, classes); rows are the truth."""
    table = pd.read_csv(path, sep="\t", index_col="truth")
    return table.loc[list(classes), list(classes)].to_numpy(np.int64)


def draw_calibration(
    folder: Path, name: str, before: Tallies, after: Tallies, errors: Sequence[float], title: str
) -> None:
    """Reliability diagram before and after temperature scaling.

    errors : expected calibration errors before and after
    """
    rows: list[Reliability] = []
    with figure_of(folder / f"{name}.png", 4.6, 4.7) as (axes,):
        axes.plot([0, 1], [0, 1], color=PALE, lw=0.8, ls=":")
        stages = (("before", before, BEFORE), ("after", after, AFTER))
        for (stage, tallies, colour), error in zip(stages, errors, strict=True):
            bins = reliability(tallies)
            rows += [
                Reliability(stage, low, high, int(windows), confidence, accuracy)
                for low, high, windows, confidence, accuracy in bins.tolist()
            ]
            seen = bins[bins[:, 2] > 0]
            axes.plot(
                seen[:, 3], seen[:, 4], color=colour, marker="o", ms=3.5,
                label=f"{stage} temperature scaling (ECE {error:.3f})",
            )  # fmt: skip
        _unit_square(axes, "Highest probability (mean of the bin)", "Share correct", title)
        _legend(axes)
    write_rows(folder / f"{name}.tsv", Reliability, rows)


def draw_class_calibration(
    folder: Path,
    name: str,
    classes: Sequence[str],
    bins: np.ndarray,
    errors: np.ndarray,
    title: str,
) -> None:
    """Reliability diagram of each class except background, at natural prevalence.

    bins : windows, sum of probabilities and windows of the class: (classes - 1, N_BINS, 3)
    errors : class-wise calibration errors, (classes,)
    """
    rows: list[ClassReliability] = []
    edges = np.arange(N_BINS + 1) / N_BINS
    with figure_of(folder / f"{name}.png", 4.6, 4.7) as (axes,):
        axes.plot([0, 1], [0, 1], color=PALE, lw=0.8, ls=":")
        for class_name, of_class, error in zip(classes[1:], bins, errors[1:], strict=True):
            windows = of_class[:, 0]
            means = ratio(of_class[:, 1:], windows[:, None])
            rows += [
                ClassReliability(class_name, low, high, int(n), *(pair if n else (None, None)))
                for low, high, n, pair in zip(
                    edges[:-1].tolist(), edges[1:].tolist(), windows, means.tolist(), strict=True
                )
            ]
            seen = means[windows > 0]
            if len(seen):
                axes.plot(
                    seen[:, 0], seen[:, 1], color=class_named(class_name).hex_colour, marker="o",
                    ms=3.5, label=f"{class_named(class_name).label} (ECE {error:.3f})",
                )  # fmt: skip
        _unit_square(axes, "Probability (mean of the bin)", "Share of windows of the class", title)
        _legend(axes)
    write_rows(folder / f"{name}.tsv", ClassReliability, rows)


def draw_learning_curve(folder: Path, name: str, table: Path, title: str, unit: str) -> None:
    """Losses and validation mAP over the epochs, one line per seed; the table is copied.

    unit : what the table's epochs are: "epoch", or "tree" for a forest
    table : learning_curve.tsv of a bundle. Raises InputError if it is another table.
    """
    records = read_rows(table, EpochRecord)
    seeds = dict.fromkeys(one.seed for one in records)
    curves = {seed: [one for one in records if one.seed == seed] for seed in seeds}
    with figure_of(folder / f"{name}.png", 7.4, 3.2, panels=2) as (losses, scores):
        for curve in curves.values():
            epochs = np.array([one.epoch for one in curve], float)
            reached = np.array([one.validation_map for one in curve])
            losses.plot(epochs, [one.train_loss for one in curve], color=TRAINING, lw=1.2)
            losses.plot(epochs, [one.validation_loss for one in curve], color=VALIDATION, lw=1.2)
            scores.plot(epochs, reached, color=VALIDATION, lw=1.2)
            best = int(np.argmax(reached)) if unit == "epoch" else -1
            scores.plot(epochs[best], reached[best], "o", ms=4, color=VALIDATION)
        losses.plot([], [], color=TRAINING, label="training")
        losses.plot([], [], color=VALIDATION, label="validation")
        losses.set(xlabel=f"{unit.capitalize()}s", ylabel="Loss")
        losses.set_title(title)
        losses.legend(loc="upper right")
        dots = f"{len(curves)} seeds, dots" if len(curves) > 1 else "dot"
        kept = "epoch kept" if unit == "epoch" else "all trees"
        scores.set(xlabel=f"{unit.capitalize()}s", ylabel="Validation mAP")
        scores.set_title(f"{dots}: {kept}", fontweight="normal")
        for axes in (losses, scores):
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    write_rows(folder / f"{name}.tsv", EpochRecord, records)


def _share(ranking: Ranking) -> float:
    positive, negative = int(ranking.positive.sum()), int(ranking.negative.sum())
    return positive / max(positive + negative, 1)


def _unit_square(axes: Axes, x: str, y: str, title: str) -> None:
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), xlabel=x, ylabel=y)
    axes.set_title(title)


def _legend(axes: Axes, note: str | None = None) -> None:
    """Legend below the plot, where it hides no curve."""
    if axes.get_legend_handles_labels()[0]:
        options: Any = {"loc": "outside lower center", "title": note, "title_fontsize": 8}
        figure: Any = axes.get_figure()
        figure.legend(**options)
