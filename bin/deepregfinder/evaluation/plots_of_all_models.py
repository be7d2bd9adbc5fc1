"""Plots over all models of a sample: curves, bars with intervals, confusion matrices, spreads."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from deepregfinder.classes import class_named
from deepregfinder.evaluation.tables import ComparedFigure, PrecisionRecall
from deepregfinder.figure import figure_of, new_figure, shaded
from deepregfinder.prediction.marker_validation import ValidationRate
from deepregfinder.storage.tables import ABSENT

Points = Mapping[str, Mapping[str, tuple[float, float]]]
"""Name -> class -> recall and precision of something that has no ranking."""

_BARS = {"precision": "Precision", "recall": "Recall", "f1": "F1", "average_precision": "AP"}
_DASHES = ("-", "--")
# Colours of models, colour-blind safe (Paul Tol, "muted") and different from those of classes.
_MODELS = (
    *("#117733", "#AA4499", "#999933", "#CC6677", "#44AA99", "#882255", "#332288", "#DDCC77"),
    "#88CCEE",
)


def colours(models: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Colour and dash of each model; beyond nine models, colours repeat with another dash."""
    return {
        model: (_MODELS[number % len(_MODELS)], _DASHES[number // len(_MODELS) % 2])
        for number, model in enumerate(models)
    }


def draw_curves(
    path: Path,
    curves: Mapping[str, Sequence[PrecisionRecall]],
    comparison: Sequence[ComparedFigure],
    classes: Sequence[str],
    setting: str,
    points: Points | None = None,
) -> None:
    """Precision-recall curves of all models, one panel per class except background.

    curves : model -> rows of pr_curve.tsv or natural_pr_curve.tsv, as `setting` is test or natural
    comparison : rows of comparison.tsv, for average precisions and their intervals in the legends
    points : shown as markers, with their names in the legend
    """
    style = colours(list(curves))
    elements = classes[1:]
    entries = len(curves) + len(points or {})
    with figure_of(path, 4.4 * len(elements), 4.1 + 0.19 * entries, len(elements)) as panels:
        for axes, name in zip(panels, elements, strict=True):
            for model, rows in curves.items():
                here = [row for row in rows if row.class_ == name]
                colour, dash = style[model]
                axes.plot(
                    [row.recall for row in here],
                    [row.precision for row in here],
                    color=colour, ls=dash, lw=1.4,
                    label=f"{model}  {_with_interval(comparison, setting, model, name)}",
                )  # fmt: skip
            for number, (point, by_class) in enumerate((points or {}).items()):
                if name in by_class:
                    marker = "os^Dv*"[number % 6]
                    axes.plot(*by_class[name], marker, color="#333333", ms=6, label=point)
            axes.set(xlim=(0, 1.01), ylim=(0, 1.02), xlabel="Recall", ylabel="Precision")
            axes.set_title(class_named(name).label)
            axes.legend(
                loc="upper left", bbox_to_anchor=(0, -0.14), title="AP (95 % interval)",
                alignment="left",
            )  # fmt: skip


def _with_interval(
    comparison: Sequence[ComparedFigure], setting: str, model: str, name: str
) -> str:
    for row in comparison:
        if (row.setting, row.model, row.class_, row.figure) == (
            *(setting, model, name), "average_precision",
        ):  # fmt: skip
            text = ABSENT if np.isnan(row.value) else f"{row.value:.3f}"
            if not np.isnan(row.low):
                text += f" ({row.low:.2f}-{row.high:.2f})"
            return text
    return ""


def draw_bars(
    path: Path,
    comparison: Sequence[ComparedFigure],
    models: Sequence[str],
    classes: Sequence[str],
    setting: str,
) -> None:
    """Precision, recall, F1 and AP of every model, with intervals; one panel per class."""
    style, elements = colours(models), classes[1:]
    by_place = {
        (row.model, row.class_, row.figure): (row.value, row.low, row.high)
        for row in comparison
        if row.setting == setting
    }
    width = 0.84 / len(models)
    breadth = max(4.4, 1.2 + 0.4 * len(models)) * len(elements)
    with figure_of(path, breadth, 3.4 + 0.19 * -(-len(models) // 3), len(elements)) as panels:
        for axes, name in zip(panels, elements, strict=True):
            for number, model in enumerate(models):
                colour, dash = style[model]
                unknown = (np.nan, np.nan, np.nan)
                value, low, high = np.array(
                    [by_place.get((model, name, figure), unknown) for figure in _BARS]
                ).T
                at = np.arange(len(_BARS)) + (number - (len(models) - 1) / 2) * width
                axes.bar(
                    at, np.nan_to_num(value), width * 0.92, color=colour, label=model,
                    hatch="///" if dash == "--" else None, edgecolor="white", lw=0,
                )  # fmt: skip
                axes.vlines(at, low, high, color="#333333", lw=0.9)
            axes.set_xticks(range(len(_BARS)), list(_BARS.values()))
            axes.set_ylim(0, 1)
            axes.grid(axis="x", visible=False)
            axes.set_title(class_named(name).label)
        panels[0].legend(loc="upper left", bbox_to_anchor=(0, -0.1), ncols=3)


def draw_spread(
    path: Path,
    panels: Mapping[str, Mapping[tuple[str, str], tuple[float, Sequence[float]]]],
    models: Sequence[str],
    classes: Sequence[str],
) -> None:
    """Average precisions as bars, and those of single folds or chromosomes as dots.

    panels : title -> model and class -> height of the bar, and dots
    classes : without background
    """
    style, width = colours(models), 0.8 / len(models)
    breadth = 1.2 + (1.4 + 0.5 * len(models) * len(classes)) * len(panels)
    with figure_of(path, breadth, 3.6, len(panels)) as drawn:
        for axes, (title, bars) in zip(drawn, panels.items(), strict=True):
            for number, (model, (colour, _)) in enumerate(style.items()):
                for place, name in enumerate(classes):
                    height, dots = bars.get((model, name), (np.nan, ()))
                    at = place + (number - (len(models) - 1) / 2) * width
                    axes.bar(
                        at, np.nan_to_num(height), width * 0.9, color=colour, alpha=0.45, lw=0,
                        label=model if place == 0 else None,
                    )  # fmt: skip
                    beside = np.linspace(-0.25, 0.25, len(dots)) * width
                    axes.plot(at + beside, dots, "o", ms=3.5, color=colour)
            axes.set_xticks(range(len(classes)), [class_named(name).label for name in classes])
            axes.set(ylim=(0, 1), ylabel="AP", title=title)
            axes.grid(axis="x", visible=False)
        drawn[0].legend(loc="upper left", bbox_to_anchor=(0, -0.1), ncols=4)


def draw_confusions(path: Path, matrices: Mapping[str, np.ndarray], classes: Sequence[str]) -> None:
    """The confusion matrix of every model, side by side; shade is the fraction of the row.

    matrices : model -> windows, int64, shape (classes, classes); rows are the truth
    """
    columns = min(4, len(matrices))
    rows = -(-len(matrices) // columns)
    labels = [class_named(name).label.replace(" ", "\n") for name in classes]
    size = 1.2 + 0.62 * len(classes)
    with new_figure(path, size * columns, (size + 0.2) * rows) as figure:
        drawn = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes, (model, windows) in zip(drawn, matrices.items(), strict=False):
            share = windows / np.maximum(windows.sum(axis=1, keepdims=True), 1)
            shaded(axes, share, [f"{value:.0%}" for value in share.ravel()], labels)
            axes.tick_params(labelsize=6)
            axes.set_title(model)
        for axes in drawn[len(matrices) :]:
            axes.remove()
        figure.supxlabel("Predicted", fontsize=9)
        figure.supylabel("Labelled", fontsize=9)


def draw_calls(
    path: Path, tables: Mapping[str, Sequence[ValidationRate]], classes: Sequence[str]
) -> None:
    """Number of calls of every model, and the fraction that a marker validates.

    tables : model -> rows of validation.tsv; classes : without background
    """
    style, width = colours(list(tables)), 0.84 / len(tables)
    breadth = max(4.4, 1.2 + 0.3 * len(tables) * len(classes)) * 2
    with figure_of(path, breadth, 3.6 + 0.19 * -(-len(tables) // 3), 2) as panels:
        for axes, column in zip(panels, ("calls", "rate"), strict=True):
            for number, (model, table) in enumerate(tables.items()):
                colour, dash = style[model]
                values = {row.class_: getattr(row, column) for row in table}
                at = np.arange(len(classes)) + (number - (len(tables) - 1) / 2) * width
                axes.bar(
                    at, [_known(values.get(name)) for name in classes], width * 0.92,
                    color=colour, label=model, hatch="///" if dash == "--" else None,
                    edgecolor="white", lw=0,
                )  # fmt: skip
            axes.set_xticks(range(len(classes)), [class_named(name).label for name in classes])
            axes.grid(axis="x", visible=False)
        panels[0].set_title("Calls")
        panels[1].set(title="Validation rate", ylim=(0, 1))
        panels[0].legend(loc="upper left", bbox_to_anchor=(0, -0.1), ncols=3)


def _known(value: float | None) -> float:
    return np.nan if value is None else float(value)
