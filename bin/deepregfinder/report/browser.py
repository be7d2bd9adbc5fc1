"""A place on the genome with the signal of all marks, as a genome browser draws it."""

from collections.abc import Sequence

from markupsafe import Markup

from deepregfinder.report.charts import class_colour
from deepregfinder.report.examples import HEIGHT, Example, Examples, Interval
from deepregfinder.report.formats import label
from deepregfinder.report.svg import line, picture, rectangle, tag

_NAME, _WIDTH, _ROW, _BAND = 74, 250, 18, 13

KINDS = {
    "best": ("Best calls", "The calls with the highest scores on the whole genome."),
    "missed": (
        "Missed elements",
        "Labelled elements of the test chromosomes that match no call of their class; those with "
        "the strongest signal.",
    ),
    "false": (
        "Unlabelled calls",
        "Calls on the test chromosomes that match no labelled element of their class; those with "
        "the highest scores. They are false positives, or elements missing from the lists.",
    ),
}


def draw_example(examples: Examples, example: Example) -> Markup:
    """The tracks of one place: calls and labelled elements on top, then the marks."""
    bands = [("calls", example.calls)]
    if examples.labelled:
        bands.append(("labels", example.elements))
    marks: list[Markup] = []
    for number, (name, intervals) in enumerate(bands):
        y = number * _BAND
        marks.append(tag("text", name, x=_NAME - 6, y=y + 9, class_="end"))
        marks += [_interval(example, one, y) for one in intervals]
    top = len(bands) * _BAND + 4
    height = top + _ROW * len(examples.marks)
    middle = _x(example, (example.low + example.high) / 2)
    marks.append(line(middle, 0, middle, height, class_="grid"))
    for number, (mark, heights) in enumerate(zip(examples.marks, example.profiles, strict=True)):
        floor = top + _ROW * (number + 1) - 2
        title = tag("title", f"{mark}: full height {examples.scales[number]:g} RPM")
        outline = _outline(heights, floor)
        marks.append(tag("text", mark, x=_NAME - 6, y=floor - 3, class_="end"))
        marks.append(tag("path", title, d=outline, class_="track"))
        marks.append(line(_NAME, floor, _NAME + _WIDTH, floor, class_="grid"))
    words = (
        f"{examples.sample} {examples.model}, {label(example.class_)} at {where(example)}: signal "
        f"of {len(examples.marks)} marks, {len(example.calls)} calls in view"
    )
    return picture(words, _NAME + _WIDTH + 4, height, marks, "browser")


def where(example: Example) -> str:
    """The place for readers, 1-based: chr1:1,001-2,000."""
    return f"{example.chrom}:{example.start + 1:,}-{example.end:,}"


def of_kind(examples: Examples, kind: str) -> list[Example]:
    """The places of one kind, in their order."""
    return [place for place in examples.places if place.kind == kind]


def _x(example: Example, position: float) -> float:
    share = (position - example.low) / (example.high - example.low)
    return _NAME + _WIDTH * min(max(share, 0.0), 1.0)


def _interval(example: Example, one: Interval, y: float) -> Markup:
    left, right = _x(example, one.start), _x(example, one.end)
    title = tag("title", f"{label(one.class_)}, {one.start + 1:,}-{one.end:,}")
    style = f"fill:{class_colour(one.class_)}"
    return rectangle(left, y + 2, max(right - left, 1.5), _BAND - 5, title, style=style)


def _outline(heights: Sequence[int], floor: float) -> str:
    """Steps as a path; runs of one height are one piece."""
    step, scale = _WIDTH / len(heights), (_ROW - 4) / HEIGHT
    pieces, last = [f"M{_NAME} {floor:g}"], None
    for number, height in enumerate(heights):
        if height != last:
            pieces.append(f"H{_NAME + step * number:g}V{floor - scale * height:.1f}")
            last = height
    return "".join(pieces) + f"H{_NAME + _WIDTH:g}V{floor:g}z"
