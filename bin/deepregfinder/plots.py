"""Plots, most of an evaluation, each with the numbers it shows beside it as a table.

Every function writes <name>.png, <name>.svg and <name>.tsv. Pictures carry neither a date nor the
version of the program, so that the same numbers give the same bytes. Text in SVG files is text,
which a drawing program can edit.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from deepregfinder.atomic import written_whole
from deepregfinder.classes import class_named
from deepregfinder.errors import InputError
from deepregfinder.metrics import Ranking, Tallies, precision_recall_curve, reliability, roc_curve

DPI = 150
INK, PALE = "#333333", "#bbbbbb"
BEFORE, AFTER = "#999999", "#0072b2"
TRAINING, VALIDATION = "#999999", "#d55e00"

_STYLE: Any = {
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "figure.constrained_layout.use": True,
    "svg.fonttype": "none",
    "svg.hashsalt": "deepregfinder",
}
_NO_METADATA: Any = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
}


@contextmanager
def new_figure(path: Path, width: float, height: float) -> Iterator[Figure]:
    """A figure in the style of all plots, in inches; saved to `path` (PNG) in the end, and as SVG
    beside it."""
    with plt.rc_context(_STYLE):
        figure = plt.figure(figsize=(width, height))
        try:
            yield figure
            for kind, metadata in _NO_METADATA.items():
                with written_whole(Path(path).with_suffix(kind)) as part:
                    figure.savefig(part, dpi=DPI, metadata=metadata)
                    if kind == ".svg":
                        part.write_text(_with_steady_names(part.read_text()))
        finally:
            plt.close(figure)


def _with_steady_names(drawing: str) -> str:
    """Clip paths named in their order: matplotlib names some after addresses in memory."""
    names = dict.fromkeys(re.findall(r'<clipPath id="(p[0-9a-f]{10})"', drawing))
    for number, name in enumerate(names, 1):
        drawing = drawing.replace(name, f"clip{number}")
    return drawing


@contextmanager
def figure_of(path: Path, width: float, height: float, panels: int = 1) -> Iterator[list[Axes]]:
    """Axes to draw on, side by side; saved to `path` in the end, as new_figure does."""
    with new_figure(path, width, height) as figure:
        yield list(figure.subplots(1, panels, squeeze=False)[0])


def write_table(path: Path, rows: Sequence[Sequence[object]]) -> None:
    """Write rows, the header first, with tabs; numbers with six decimals, "." for none."""

    def text(value: object) -> str:
        if isinstance(value, float | np.floating):
            return f"{value:.6f}" if np.isfinite(value) else ("inf" if value > 0 else ".")
        return str(value)

    with written_whole(path) as part:
        part.write_text("".join("\t".join(map(text, row)) + "\n" for row in rows))


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


def shaded(
    axes: Axes,
    share: np.ndarray,
    texts: Sequence[str],
    labels: Sequence[str],
    down: Sequence[str] | None = None,
) -> None:
    """A matrix of shares from 0 to 1 as shades, with a text in each cell, row by row.

    labels : of the columns; down : of the rows, where they are not the same
    """
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for ((row, column), value), text in zip(np.ndenumerate(share), texts, strict=True):
        axes.text(
            column, row, text, ha="center", va="center",
            fontsize=8, color="white" if value > 0.55 else INK,
        )  # fmt: skip
    axes.set_xticks(range(len(labels)), labels)
    rows = labels if down is None else down
    axes.set_yticks(range(len(rows)), rows)
    axes.grid(visible=False)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)


def draw_transitions(
    path: Path, classes: Sequence[str], matrix: np.ndarray, samples: tuple[str, str]
) -> None:
    """Class in the first sample against class in the second: shade is the share of the row.

    classes : names, `none` first; matrix : int, shape (classes, classes), elements
    """
    labels = [name.replace("_", "\n") for name in classes]
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    size = 2.6 + 0.62 * len(classes)
    with figure_of(path, size, size) as (axes,):
        shaded(axes, share, [f"{number:,}" for number in matrix.ravel()], labels)
        axes.set(xlabel=f"In {samples[1]}", ylabel=f"In {samples[0]}")
        axes.set_title("Elements by class")


def draw_correlation(path: Path, names: Sequence[str], correlation: np.ndarray) -> None:
    """Correlations of libraries as shades, -1 blue to 1 red; NaN is left white.

    correlation : float, shape (libraries, libraries)
    """
    size = 2.4 + 0.19 * len(names)
    with figure_of(path, size + 0.8, size) as (axes,):
        shades = axes.imshow(correlation, cmap="RdBu_r", vmin=-1, vmax=1)
        axes.set_xticks(range(len(names)), names, rotation=90, fontsize=7)
        axes.set_yticks(range(len(names)), names, fontsize=7)
        axes.grid(visible=False)
        axes.set_title("Correlation of libraries")
        figure: Any = axes.get_figure()
        figure.colorbar(shades, ax=axes, shrink=0.6, label="Pearson correlation")


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
