"""The plots of an evaluation as SVG that answers a pointer and the arrow keys.

Each line carries its values (`data-x`, `data-y`, `data-note`), which templates/report.js shows
where the pointer is; without a script the plots stand as they are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from markupsafe import Markup

from deepregfinder.evaluation.tables import (
    ClassReliability,
    PrecisionRecall,
    RatesAtThreshold,
    Reliability,
)
from deepregfinder.models.protocol import EpochRecord
from deepregfinder.report.charts import class_colour
from deepregfinder.report.collect import Result
from deepregfinder.report.formats import label
from deepregfinder.report.svg import line, picture, rectangle, tag

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _MARGIN = 340, 300, 46, 40, 10
_MOST_POINTS = 160
_TICKS = 4
Point = TypeVar("Point")


@dataclass(frozen=True)
class Curve:
    """A line of a plot.

    x, y : float, shape (points,)
    notes : further text on each point, or empty
    dashed : for one that is there to compare with; marked : whether its points are drawn
    best : the point with a dot, if any
    """

    name: str
    colour: str
    x: Sequence[float]
    y: Sequence[float]
    notes: Sequence[str] = ()
    dashed: bool = False
    marked: bool = False
    best: int | None = None


@dataclass(frozen=True)
class Axis:
    """What an axis is of, and where it begins and ends. whole : ticks only at whole numbers"""

    name: str
    low: float = 0.0
    high: float = 1.0
    whole: bool = False

    @property
    def ticks(self) -> list[float]:
        places = np.linspace(self.low, self.high, _TICKS + 1)
        ticks: list[float] = np.unique(places.round() if self.whole else places).tolist()
        return ticks

    def place(self, value: float) -> float:
        """0 at the low end, 1 at the high end."""
        return (value - self.low) / ((self.high - self.low) or 1.0)


def plot(
    title: str,
    curves: Sequence[Curve],
    across: Axis,
    up: Axis,
    levels: Sequence[tuple[float, str]] = (),
    diagonal: bool = False,
) -> Markup:
    """Lines over two axes.

    levels : heights of dotted lines, with their colours; diagonal : a dotted one from corner to
        corner. Nothing is drawn where there is no curve.
    """
    if not curves:
        return Markup("")
    side = _WIDTH - _LEFT - _MARGIN, _HEIGHT - _BOTTOM - _MARGIN

    def at(x: float, y: float) -> tuple[float, float]:
        return _LEFT + side[0] * across.place(x), _MARGIN + side[1] * (1 - up.place(y))

    marks = list(_grid(across, up, at))
    ends = (at(across.low, up.low), at(across.high, up.high))
    if diagonal:
        marks.append(line(*ends[0], *ends[1], class_="level"))
    for height, colour in levels:
        here = at(across.low, height)[1]
        marks.append(line(ends[0][0], here, ends[1][0], here, class_="level", stroke=colour))
    for curve in curves:
        places = [at(x, y) for x, y in zip(curve.x, curve.y, strict=True)]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        values = {
            f"data_{name}": " ".join(f"{value:.4g}" for value in column)
            for name, column in (("x", curve.x), ("y", curve.y))
        }
        notes = {"data_note": "|".join(curve.notes)} if curve.notes else {}
        kind = "curve dashed" if curve.dashed else "curve"
        style = f"stroke:{curve.colour}"
        marks.append(
            tag(
                "polyline", points=points, class_=kind, style=style,
                data_name=curve.name, **values, **notes,
            )
        )  # fmt: skip
        shown = range(len(places)) if curve.marked else [] if curve.best is None else [curve.best]
        for number in shown:
            x, y = places[number]
            marks.append(tag("circle", cx=x, cy=y, r=3, style=f"fill:{curve.colour}"))
    axes = {"data_across": across.name, "data_up": up.name, "tabindex": 0}
    return picture(title, _WIDTH, _HEIGHT, marks, "plot", **axes)


def _grid(
    across: Axis, up: Axis, at: Callable[[float, float], tuple[float, float]]
) -> Sequence[Markup]:
    (left, floor), (right, top) = at(across.low, up.low), at(across.high, up.high)
    marks = [rectangle(left, top, right - left, floor - top, class_="frame")]
    for x in across.ticks:
        px, _ = at(x, up.low)
        marks.append(line(px, floor, px, top, class_="grid"))
        marks.append(tag("text", f"{x:.3g}", x=px, y=floor + 15, class_="tick"))
    for y in up.ticks:
        _, py = at(across.low, y)
        marks.append(line(left, py, right, py, class_="grid"))
        marks.append(tag("text", f"{y:.3g}", x=left - 6, y=py + 4, class_="tick end"))
    middle = (top + floor) / 2
    turned = f"rotate(-90 12 {middle:.0f})"
    marks += [
        tag("text", across.name, x=(left + right) / 2, y=_HEIGHT - 6, class_="axis"),
        tag("text", up.name, x=12, y=middle, class_="axis", transform=turned),
    ]
    return marks


def plots_of(result: Result) -> dict[str, Markup]:
    """The plots of an evaluation, by the names of the files with the same content."""
    if not result.evaluated:
        return {}
    key, points = result.key, result.evaluated.points
    drawn = {
        "pr_curve": _precision_recall(key, points.pr_curve, "test windows"),
        "natural_pr_curve": _precision_recall(key, points.natural_pr_curve, "test chromosomes"),
        "roc_curve": _roc(key, points.roc_curve),
        "calibration": _calibration(key, points.calibration),
        "natural_calibration": _class_calibration(key, points.natural_calibration),
        "learning_curve": _learning_curve(key, points.learning_curve),
    }
    return {name: chart for name, chart in drawn.items() if chart}


def _precision_recall(key: str, rows: Sequence[PrecisionRecall], where: str) -> Markup:
    curves, levels = [], []
    for class_name in dict.fromkeys(row.class_ for row in rows):
        own = [row for row in rows if row.class_ == class_name]
        # Where all windows are taken, precision is the share of the class: what guessing gives.
        levels.append((own[-1].precision, class_colour(class_name)))
        own = _thinned(own)
        curves.append(
            Curve(
                label(class_name), class_colour(class_name),
                [row.recall for row in own], [row.precision for row in own],
                [f"threshold {row.threshold:.3f}" for row in own],
            )
        )  # fmt: skip
    title = f"Precision against recall of {key}, {where}"
    return plot(title, curves, Axis("recall"), Axis("precision"), levels)


def _roc(key: str, rows: Sequence[RatesAtThreshold]) -> Markup:
    curves = []
    for class_name in dict.fromkeys(row.class_ for row in rows):
        own = _thinned([row for row in rows if row.class_ == class_name])
        curves.append(
            Curve(
                label(class_name), class_colour(class_name),
                [row.false_positive_rate for row in own], [row.true_positive_rate for row in own],
                [f"threshold {row.threshold:.3f}" for row in own],
            )
        )  # fmt: skip
    axes = Axis("false positive rate"), Axis("true positive rate")
    return plot(f"True against false positive rate of {key}", curves, *axes, diagonal=True)


def _calibration(key: str, rows: Sequence[Reliability]) -> Markup:
    curves = []
    for stage, colour in (("before", "var(--bar)"), ("after", "var(--accent)")):
        own = [
            (row.confidence, row.accuracy, f"{row.windows:,} windows")
            for row in rows
            if row.temperature_scaling == stage
            and row.confidence is not None
            and row.accuracy is not None
        ]
        if own:
            x, y, notes = zip(*own, strict=True)
            name = f"{stage} temperature scaling"
            curves.append(Curve(name, colour, x, y, notes, dashed=stage == "before", marked=True))
    title = f"Calibration of {key}, before and after temperature scaling"
    return plot(title, curves, Axis("highest probability"), Axis("fraction correct"), diagonal=True)


def _class_calibration(key: str, rows: Sequence[ClassReliability]) -> Markup:
    curves = []
    for class_name in dict.fromkeys(row.class_ for row in rows):
        own = [
            (row.probability, row.share, f"{row.windows:,} windows")
            for row in rows
            if row.class_ == class_name and row.probability is not None and row.share is not None
        ]
        if own:
            x, y, notes = zip(*own, strict=True)
            colour = class_colour(class_name)
            curves.append(Curve(label(class_name), colour, x, y, notes, marked=True))
    axes = Axis("probability at natural prevalence"), Axis("fraction of the class")
    return plot(f"Calibration of each class of {key}", curves, *axes, diagonal=True)


def _learning_curve(key: str, rows: Sequence[EpochRecord]) -> Markup:
    seeds = list(dict.fromkeys(row.seed for row in rows))
    curves = []
    for seed in seeds:
        own = [row for row in rows if row.seed == seed]
        scores = [row.validation_map for row in own]
        of_seed = f" of seed {seed}" if len(seeds) > 1 else ""
        curves.append(
            Curve(
                f"validation mAP{of_seed}", "var(--accent)", [row.epoch for row in own], scores,
                [f"loss {row.train_loss:.3f} / {row.validation_loss:.3f}" for row in own],
                best=int(np.argmax(scores)),
            )
        )  # fmt: skip
    epochs = [row.epoch for row in rows] or [0]
    across = Axis("epoch", min(epochs), max(max(epochs), min(epochs) + 1), whole=True)
    return plot(f"Validation mAP of {key} by epoch", curves, across, Axis("validation mAP"))


def _thinned(rows: list[Point]) -> list[Point]:
    """At most about `_MOST_POINTS` rows, both ends among them."""
    if len(rows) <= _MOST_POINTS:
        return rows
    kept = np.unique(np.linspace(0, len(rows) - 1, _MOST_POINTS).round().astype(int))
    return [rows[at] for at in kept]
