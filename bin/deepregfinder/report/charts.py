"""Small charts as SVG that lies in the page.

Colours are custom properties of the style sheet (`--c-enhancer`), so that they suit light, dark and
paper. Every chart says in words what it shows, for those who do not see it.
"""

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from deepregfinder.classes import class_named
from deepregfinder.prediction.marker_validation import CallCount
from deepregfinder.report.accuracy import Figure
from deepregfinder.report.evidence import Point
from deepregfinder.report.svg import line, picture, rectangle, tag

_UNIT = 190  # px from 0 to 1
_PAD = 6
_VALUE = 40  # px for a number behind the plot
_NARROWEST_WITH_NUMBER = 30  # px of a column that a number of four digits fits on


def class_colour(name: str) -> str:
    """The colour of a class as the style sheet names it."""
    return f"var(--c-{class_named(name).name})"


def share_bar(
    parts: Mapping[str, tuple[int, str]], width: int = 180, whole: int | None = None
) -> Markup:
    """A bar that is divided into shares.

    parts : label -> (number, CSS colour)
    whole : what the full width stands for; without it, the sum of the parts
    """
    height, total = 12, sum(number for number, _ in parts.values())
    marks, left = [], 0.0
    for label, (number, colour) in parts.items():
        if number:
            wide = width * number / (whole or total)
            title = tag("title", f"{label}: {number:,} ({number / total:.1%})")
            marks.append(rectangle(left, 0, wide, height, title, style=f"fill:{colour}"))
            left += wide
    said = ", ".join(f"{label} {number:,}" for label, (number, _) in parts.items() if number)
    return picture(said or "nothing", width, height, marks, "bar")


def rate_bar(rate: float | None, colour: str) -> Markup:
    """A bar that is filled from 0 to `rate` (0 to 1)."""
    if rate is None:
        return Markup("")
    width, height = 110, 10
    filled = width * min(max(rate, 0.0), 1.0)
    marks = [
        rectangle(0, 0, width, height, class_="track"),
        rectangle(0, 0, filled, height, style=f"fill:{colour}"),
    ]
    return picture(f"{rate:.1%}", width, height, marks, "bar")


def interval_plot(of_calls: Figure, of_windows: Figure, class_name: str) -> Markup:
    """Two figures from 0 to 1 with their intervals: a filled dot for calls, a ring for windows."""
    height, colour = 34, class_colour(class_name)
    marks = [
        line(_x(at), 2, _x(at), height - 2, class_="grid") for at in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    said = []
    for figure, y, kind, label in (
        (of_calls, 11, "dot", "calls"),
        (of_windows, 23, "ring", "test windows"),
    ):
        if figure.value is None:
            continue
        text = f"{label} {figure.value:.3f}"
        if figure.low is not None and figure.high is not None:
            text += f" ({figure.low:.3f} to {figure.high:.3f})"
            whisker = {"class_": "whisker", "style": f"stroke:{colour}"}
            marks.append(line(_x(figure.low), y, _x(figure.high), y, **whisker))
        place = {"cx": _x(figure.value), "cy": y, "r": 4.5}
        marks.append(
            tag("circle", tag("title", text), **place, class_=kind, style=f"--colour:{colour}")
        )
        behind = {"x": _x(1) + _PAD + _VALUE, "y": y + 4, "class_": "value"}
        marks.append(tag("text", f"{figure.value:.2f}", **behind))
        said.append(text)
    words = "average precision: " + (", ".join(said) or "not known")
    return picture(words, _UNIT + 2 * _PAD + _VALUE, height, marks, "dots")


def _x(value: float) -> float:
    return _PAD + _UNIT * value


def scatter(points: Sequence[Point], across: str, up: str) -> Markup:
    """Points of two figures from 0 to 1, with intervals both ways; squares are of others."""
    side, edge, height = 240, 34, 282

    def x(value: float) -> float:
        return edge + side * value

    def y(value: float) -> float:
        return 8 + side * (1 - value)

    marks, said = [], []
    for at in (0.0, 0.25, 0.5, 0.75, 1.0):
        marks += [
            line(x(at), y(0), x(at), y(1), class_="grid"),
            line(x(0), y(at), x(1), y(at), class_="grid"),
            tag("text", f"{at:g}", x=x(at), y=y(0) + 15, class_="tick"),
            tag("text", f"{at:g}", x=x(0) - 18, y=y(at) + 4, class_="tick"),
        ]
    marks.append(tag("text", across, x=x(0.5), y=height - 6, class_="tick"))
    marks.append(tag("text", up, x=x(0), y=y(1) + 12, class_="tick start"))
    for point in points:
        if point.x.value is None or point.y.value is None:
            continue
        colour = "var(--warm-line)" if point.other else "var(--accent)"
        whisker = {"class_": "whisker", "style": f"stroke:{colour}"}
        here = x(point.x.value), y(point.y.value)
        if point.x.low is not None and point.x.high is not None:
            marks.append(line(x(point.x.low), here[1], x(point.x.high), here[1], **whisker))
        if point.y.low is not None and point.y.high is not None:
            marks.append(line(here[0], y(point.y.low), here[0], y(point.y.high), **whisker))
        text = f"{point.name}: {across} {point.x.value:.3f}, {up} {point.y.value:.3f}"
        marks.append(
            rectangle(here[0] - 4, here[1] - 4, 8, 8, tag("title", text), style=f"fill:{colour}")
            if point.other
            else tag(
                "circle", tag("title", text), cx=here[0], cy=here[1], r=4.5,
                style=f"fill:{colour}",
            )
        )  # fmt: skip
        at_left = here[0] > x(0.6)
        side_class = "value end" if at_left else "value start"
        place = {"x": here[0] + (-8 if at_left else 8), "y": here[1] - 6, "class_": side_class}
        marks.append(tag("text", point.name, **place))
        said.append(text)
    words = "; ".join(said) or "no data"
    return picture(words, edge + side + 14, height, marks, "scatter")


def heat_map(names: Sequence[str], values: Mapping[tuple[str, str], float | None]) -> Markup:
    """Numbers from -1 to 1 of all pairs as shades, below the diagonal.

    values : pair -> number; None and pairs that lack are left empty
    """
    cell, edge, top = (16 if len(names) <= 40 else 10), 120, 60
    size = cell * len(names)
    marks: list[Markup] = []
    said: list[float] = []
    for row, one in enumerate(names):
        marks.append(tag("text", one, x=edge - 6, y=top + cell * (row + 0.75), class_="end"))
        for column, other in enumerate(names[:row]):
            value = values.get((other, one), values.get((one, other)))
            if value is None:
                continue
            colour = "var(--low)" if value < 0 else "var(--high)"
            mixed = f"fill:color-mix(in oklab,{colour} {abs(value):.0%},var(--card))"
            place = (edge + cell * column, top + cell * row, cell - 1, cell - 1)
            title = tag("title", f"{one} and {other}: {value:.2f}")
            marks.append(rectangle(*place, title, style=mixed))
            said.append(value)
        x, y = edge + cell * (row + 0.4), top + cell * (row + 0.75)
        marks.append(
            tag("text", one, x=x, y=y, class_="start", transform=f"rotate(-35 {x:.0f} {y:.0f})")
        )
    words = (
        f"correlations of {len(names)} libraries, from {min(said):.2f} to {max(said):.2f}"
        if said
        else "no correlations"
    )
    return picture(words, edge + size + 90, top + size + 10, marks, "heat")


def calls_by_chromosome(calls: Sequence[CallCount], class_name: str) -> Markup:
    """Columns of the calls of a class on each chromosome.

    calls : those of all classes; the highest column of any class fills the height, so that charts
        of the same result compare
    """
    chroms = list(dict.fromkeys(row.chrom for row in calls))
    number = {row.chrom: row.calls for row in calls if row.class_ == class_name}
    highest = max([1, *(row.calls for row in calls)])
    step = min(64.0, 880 / max(1, len(chroms)))
    panel, head, width = 96, 18, round(step * len(chroms))
    floor = panel + head
    marks = []
    for place, chrom in enumerate(chroms):
        there, centre = number.get(chrom, 0), step * (place + 0.5)
        tall = panel * there / highest
        column = (centre - 0.38 * step, floor - tall, 0.76 * step, tall)
        title = tag("title", f"{chrom}: {there:,}")
        marks.append(rectangle(*column, title, style=f"fill:{class_colour(class_name)}"))
        if step >= _NARROWEST_WITH_NUMBER:
            marks.append(tag("text", f"{there:,}", x=centre, y=floor - tall - 5, class_="value"))
        marks.append(tag("text", chrom.removeprefix("chr"), x=centre, y=floor + 16))
    marks.append(line(0, floor, width, floor, class_="axis"))
    numbers = ", ".join(f"{chrom} {number.get(chrom, 0):,}" for chrom in chroms)
    words = f"{class_named(class_name).label} calls by chromosome: {numbers}"
    return picture(words, width, floor + 24, marks, "columns")
