#!/usr/bin/env python3
"""Draw a locus of the demo as a genome browser shows it: `make pictures`.

Calls, probabilities and signal of both cell types come from the results folder, TSSs and simulated
elements from the simulated panel. The locus lies on a test chromosome. It has elements that are
active in one cell type only, missed elements, and an enhancer that is called a promoter.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import pybigtools
from markupsafe import Markup

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bin"))
from deepregfinder.classes import ENHANCER, PROMOTER, ElementClass, class_named
from deepregfinder.report.svg import line, rectangle, tag
from deepregfinder.storage.atomic import written_whole

SAMPLES = ("A", "B")
MODEL = "drf"
CLASSES = (ENHANCER, PROMOTER)
MARKS = ("H3K27ac", "H3K4me1", "H3K4me3")
# Names of the simulated elements that are present (`deepregfinder.simulation`), and their class.
PRESENT = {
    "active_enhancer": ENHANCER,
    "poised_enhancer": ENHANCER,
    "active_tss": PROMOTER,
    "poised_tss": PROMOTER,
}

WIDTH, LEFT, RIGHT = 960, 158, 24  # pixels
HEAD, GAP, BETWEEN, FOOT = 96, 7, 22, 14
CALLS, PROBABILITY, SIGNAL, ELEMENTS = 16, 36, 36, 14  # heights of the rows
ROWS = (CALLS, PROBABILITY, *(SIGNAL for _ in MARKS), ELEMENTS)
CARD = 24 + sum(ROWS) + GAP * (len(ROWS) - 1)  # height of all rows of a sample
TICK = 10_000  # bp
PROBABILITY_STEP, SIGNAL_STEP = 200, 300  # bp

STYLE = """
svg { color-scheme: light dark; }
text { fill: #566273; font-size: 12.5px; }
text { font-family: system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; }
.name { fill: #16202c; font-size: 17px; font-weight: 650; }
.small { font-size: 11px; }
.paper { fill: #f7f8fa; }
.card { fill: #ffffff; stroke: #d5dae1; }
.axis { stroke: #c3cad3; }
.gene { stroke: #566273; stroke-width: 1.4; fill: none; }
.tip { fill: #566273; }
.signal { fill: #6b7685; }
.enhancer { fill: ENHANCER; }
.promoter { fill: PROMOTER; }
.enhancer.missed { fill: none; stroke: ENHANCER; stroke-width: 1.6; }
.promoter.missed { fill: none; stroke: PROMOTER; stroke-width: 1.6; }
.band { opacity: .1; }
.area { opacity: .75; }
@media (prefers-color-scheme: dark) {
  text { fill: #a9b4c1; }
  .name { fill: #eef2f6; }
  .paper { fill: #12171e; }
  .card { fill: #1b222b; stroke: #36404c; }
  .axis { stroke: #46515d; }
  .gene { stroke: #a9b4c1; }
  .tip { fill: #a9b4c1; }
  .signal { fill: #9aa6b5; }
  .promoter { fill: #3d9bd8; }
  .promoter.missed { stroke: #3d9bd8; }
  .band { opacity: .16; }
}
"""


@dataclass(frozen=True)
class Locus:
    """A stretch of a chromosome; start and end are 0-based and half-open."""

    chrom: str
    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.chrom}:{self.start + 1:,}-{self.end:,}"

    def x(self, position: float) -> float:
        """The pixel of a position; a position outside is drawn at the edge."""
        inside = min(max(position, self.start), self.end)
        return LEFT + (inside - self.start) / (self.end - self.start) * (WIDTH - LEFT - RIGHT)

    def intervals(self, bed: Path) -> Iterator[tuple[int, int, list[str]]]:
        """Start, end and all fields of each interval of a BED file that overlaps the locus."""
        for text in bed.read_text().splitlines():
            fields = text.split("\t")
            start, end = int(fields[1]), int(fields[2])
            if fields[0] == self.chrom and start < self.end and end > self.start:
                yield start, end, fields

    def means(self, bigwig: Path, step: int) -> np.ndarray[Any, Any]:
        """Means of a bigWig file over steps of `step` bp."""
        values = pybigtools.open(str(bigwig)).values(self.chrom, self.start, self.end, fillna=0)
        means: np.ndarray[Any, Any] = np.asarray(values).reshape(-1, step).mean(axis=1)
        return means


LOCUS = Locus("chr17", 5_175_000, 5_265_000)


@dataclass(frozen=True)
class Call:
    start: int
    end: int
    kind: ElementClass


@dataclass(frozen=True)
class Element:
    """A simulated element. called : a call of its class covers it"""

    position: int
    kind: ElementClass
    called: bool


@dataclass(frozen=True)
class View:
    """What is drawn of a sample: probabilities by class, signal by mark (RPM)."""

    sample: str
    calls: Sequence[Call]
    probabilities: Mapping[ElementClass, np.ndarray[Any, Any]]
    signal: Mapping[str, np.ndarray[Any, Any]]
    elements: Sequence[Element]


def read_view(results: Path, panel: Path, sample: str, locus: Locus) -> View:
    calls_of = f"{results}/calls/{sample}/{sample}.{MODEL}"
    calls = [
        Call(start, end, class_named(fields[3]))
        for start, end, fields in locus.intervals(Path(f"{calls_of}.bed"))
    ]
    probabilities = {
        kind: locus.means(Path(f"{calls_of}.{kind.name}.bw"), PROBABILITY_STEP) for kind in CLASSES
    }
    signal = {
        mark: locus.means(results / f"signal/{sample}/{mark}.bw", SIGNAL_STEP) for mark in MARKS
    }
    elements = []
    for position, _end, fields in locus.intervals(panel / f"peaks/{sample}.truth.bed"):
        if kind := PRESENT.get(fields[3]):
            called = any(c.kind is kind and c.start <= position < c.end for c in calls)
            elements.append(Element(position, kind, called))
    return View(sample, calls, probabilities, signal, elements)


def label(text: str, y: float, limits: str = "") -> Markup:
    """The name of a row, and the limits of its axis."""
    small = [tag("tspan", f" {limits}", class_="small", dx=4)] if limits else []
    return tag("text", text, *small, x=LEFT - 12, y=y, text_anchor="end")


def ruler(locus: Locus) -> Iterator[Markup]:
    yield label(f"{locus.chrom}, kb", 53)
    yield line(LEFT, 62, WIDTH - RIGHT, 62, class_="axis")
    for position in range(-(-locus.start // TICK) * TICK, locus.end, TICK):
        x = locus.x(position)
        yield line(x, 58, x, 62, class_="axis")
        yield tag("text", f"{position // 1000:,}", x=x, y=53, class_="small", text_anchor="middle")


def tss_arrows(locus: Locus, tss: Path) -> Iterator[Markup]:
    """A bent arrow for each TSS, in the direction of transcription."""
    yield label("TSS list", 84)
    for position, _end, fields in locus.intervals(tss):
        x, side = locus.x(position), 1 if fields[5] == "+" else -1
        tip = x + side * 9
        yield tag("path", d=f"M{x:.1f} 88V77H{tip:.1f}", class_="gene")
        yield tag("path", d=f"M{tip:.1f} 73.5V80.5L{tip + side * 6:.1f} 77z", class_="tip")


def legend() -> Iterator[Markup]:
    for place, kind in enumerate(CLASSES):
        x = WIDTH - RIGHT - 92 * (len(CLASSES) - place)
        yield rectangle(x, 17, 12, 12, class_=kind.name, rx=2)
        yield tag("text", kind.label, x=x + 18, y=27.5)


def area(heights: np.ndarray[Any, Any], base: float, kind: str) -> Markup:
    """The area below steps of equal width; heights in pixels."""
    width = (WIDTH - LEFT - RIGHT) / len(heights)
    steps, level = [f"M{LEFT} {base:.1f}"], 0.0
    for number, height in enumerate(np.round(heights, 1)):
        if height != level:
            steps += [f"H{LEFT + number * width:.1f}", f"V{base - height:.1f}"]
            level = height
    return tag("path", d="".join([*steps, f"H{WIDTH - RIGHT}V{base:.1f}z"]), class_=kind)


def axis(y: float, height: float, name: str, limits: str) -> Iterator[Markup]:
    yield line(LEFT, y + height, WIDTH - RIGHT, y + height, class_="axis")
    yield label(name, y + height - 9, limits)


def rows(view: View, locus: Locus, top: float, maxima: Mapping[str, float]) -> Iterator[Markup]:
    """All rows of a sample. maxima : the largest value on the axis of each mark"""
    yield rectangle(12, top, WIDTH - 24, CARD, class_="card", rx=10)
    yield tag("text", view.sample, x=30, y=top + 27, class_="name")
    y = top + 12
    yield label(f"calls ({MODEL})", y + 12)
    for call in view.calls:
        x, kind = locus.x(call.start), call.kind.name
        width = locus.x(call.end) - x
        yield rectangle(x, y, width, CARD - 24 - ELEMENTS - GAP, class_=f"{kind} band")
        yield rectangle(x, y, width, CALLS, class_=kind, rx=3)
    y += CALLS + GAP
    for member, probability in view.probabilities.items():
        yield area(probability * PROBABILITY, y + PROBABILITY, f"{member.name} area")
    yield from axis(y, PROBABILITY, "probability", "0–1")
    y += PROBABILITY + GAP
    for mark, signal in view.signal.items():
        yield area(signal / maxima[mark] * SIGNAL, y + SIGNAL, "signal")
        yield from axis(y, SIGNAL, mark, f"0–{maxima[mark]:.0f}")
        y += SIGNAL + GAP
    yield label("simulated element", y + 11)
    for element in view.elements:
        path = f"M{locus.x(element.position):.1f} {y + 1:.1f}l6 6-6 6-6-6z"
        yield tag(
            "path", d=path, class_=f"{element.kind.name}{'' if element.called else ' missed'}"
        )


def drawing_of(views: Sequence[View], locus: Locus, tss: Path) -> Markup:
    maxima = {mark: max(1.0, *(view.signal[mark].max() for view in views)) for mark in MARKS}
    height = HEAD + len(views) * (CARD + BETWEEN) - BETWEEN + FOOT
    style = STYLE.replace("ENHANCER", ENHANCER.hex_colour).replace("PROMOTER", PROMOTER.hex_colour)
    drawn = [
        tag("title", f"Calls, probabilities and signal at {locus} of the demo"),
        tag("style", Markup(style)),
        rectangle(0, 0, WIDTH, height, class_="paper", rx=14),
        tag("text", str(locus), x=30, y=28, class_="name"),
        *legend(),
        *ruler(locus),
        *tss_arrows(locus, tss),
    ]
    for number, view in enumerate(views):
        drawn += rows(view, locus, HEAD + number * (CARD + BETWEEN), maxima)
    box = {"viewBox": f"0 0 {WIDTH} {height}", "width": WIDTH, "height": height}
    return tag("svg", *drawn, xmlns="http://www.w3.org/2000/svg", role="img", **box)


@click.command(help=__doc__)
@click.argument("results", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("panel", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("drawing", type=click.Path(dir_okay=False, path_type=Path))
def main(results: Path, panel: Path, drawing: Path) -> None:
    views = [read_view(results, panel, sample, LOCUS) for sample in SAMPLES]
    with written_whole(drawing) as part:
        part.write_text(f"{drawing_of(views, LOCUS, panel / 'tss.bed')}\n")


if __name__ == "__main__":
    main()
