"""Distances of test windows from open chromatin, TSSs and peaks of factors.

By its rules, labelled background is far from all of these, so a test set of labelled windows is
easier than the genome. The background at natural prevalence shows the difference. `natural` are
adjacent windows along the test chromosomes that are background by labels/ground_truth.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from deepregfinder.classes import class_named
from deepregfinder.figure import figure_of
from deepregfinder.genome.bedtools import distances
from deepregfinder.labels.ground_truth import label_windows, labelled_elements
from deepregfinder.labels.tensors import Tensors
from deepregfinder.storage.tables import write_rows

LABELLED, NATURAL = "labelled", "natural"
MARKERS = {
    "dhs": "open chromatin (DHS)",
    "tss": "a transcription start site",
    "factor": "an enhancer factor or other TF",
}
_LIMITS = (0, 2_000, 10_000, 100_000)
_FURTHEST = 1_000_000


@dataclass(frozen=True)
class WindowDistances:
    """A row of `<sample>.test_windows.tsv`: distances of windows of a class to a marker.

    windows : labelled or natural; n : number of windows
    lower_quartile, median, upper_quartile : distances in bp; None where so many windows have no
        marker on their chromosome
    """

    windows: str
    class_: str
    marker: str
    n: int
    touching: int
    within_2kb: int
    within_10kb: int
    within_100kb: int
    lower_quartile: int | None
    median: int | None
    upper_quartile: int | None


@dataclass(frozen=True)
class ClassDistances:
    """Distances (bp) of the windows of one class to the nearest of one kind of marker.

    windows : LABELLED or NATURAL
    distance : float64, shape (n,); infinite if the chromosome has none
    """

    windows: str
    class_: str
    marker: str
    distance: np.ndarray


def natural_background(tensors: Tensors) -> pd.DataFrame:
    """Adjacent windows along the test chromosomes that are background: chrom, start, end.

    tensors : labelled windows, divided by chromosome
    """
    width = tensors.geometry.window
    chroms = tensors.split_plan.chromosomes.select(tensors.chroms, "test")
    tables = []
    for chrom, by_class in labelled_elements(tensors, chroms).items():
        start = np.arange(tensors.chrom_sizes[chrom] // width, dtype=np.int64) * width
        truth, _ = label_windows(start + width // 2, by_class)
        start = start[truth == 0]
        tables.append(pd.DataFrame({"chrom": chrom, "start": start, "end": start + width}))
    return pd.concat(tables, ignore_index=True)


def describe(tensors: Tensors, markers: Mapping[str, pd.DataFrame]) -> list[ClassDistances]:
    """Distances of the test windows of each class, and of all background of the test chromosomes.

    markers : name of MARKERS -> intervals
    """
    rows = tensors.select("test")
    start = tensors.start[rows]
    test = pd.DataFrame(
        {
            "chrom": np.array(tensors.chroms)[tensors.chrom[rows]],
            "start": start,
            "end": start + tensors.geometry.window,
        }
    )
    sets = [
        (LABELLED, name, test[tensors.y[rows] == index])
        for index, name in enumerate(tensors.classes)
    ]
    if tensors.split_plan.mode == "chromosome":
        sets.append((NATURAL, tensors.classes[0], natural_background(tensors)))
    return [
        ClassDistances(kind, name, marker, distances(windows, places))
        for marker, places in markers.items()
        for kind, name, windows in sets
    ]


def write_distances(path: Path, measured: Sequence[ClassDistances]) -> None:
    """Write one row per set of windows, class and marker: number, and quartiles in bp."""
    rows = []
    for one in measured:
        touching, *within = (int((one.distance <= limit).sum()) for limit in _LIMITS)
        # "lower" gives an observed distance: interpolation with infinity gives no number.
        quartiles = np.quantile(one.distance, (0.25, 0.5, 0.75), method="lower")
        known = (int(value) if np.isfinite(value) else None for value in quartiles)
        what = (one.windows, one.class_, one.marker)
        rows.append(WindowDistances(*what, len(one.distance), touching, *within, *known))
    write_rows(path, WindowDistances, rows)


def draw_distances(path: Path, measured: Sequence[ClassDistances], sample: str) -> None:
    """Fraction of windows up to a distance from a marker, one panel per marker."""
    markers = list(dict.fromkeys(one.marker for one in measured))
    with figure_of(path, 4.2 * len(markers), 3.9, len(markers)) as panels:
        for axes, marker in zip(panels, markers, strict=True):
            for one in measured:
                if one.marker != marker:
                    continue
                shown = np.sort(one.distance[np.isfinite(one.distance)])
                share = np.arange(1, len(shown) + 1) / len(one.distance)
                # Extend the curve to the edge; if all distances are 0, it would lie on the axis.
                share = np.append(share, len(shown) / len(one.distance))
                shown = np.append(shown, _FURTHEST)
                class_ = class_named(one.class_)
                natural = one.windows == NATURAL
                axes.step(
                    shown, share, where="post", color=class_.hex_colour,
                    ls="--" if natural else "-",
                    label=f"{class_.label}{', every window' if natural else ''}",
                )  # fmt: skip
            axes.set_xscale("symlog", linthresh=100)
            axes.set(xlim=(0, _FURTHEST), ylim=(0, 1.02))
            axes.set(xlabel=f"bp to {MARKERS[marker]}", ylabel="Share of test windows")
            axes.set_title(sample if axes is panels[0] else "")
        panels[0].legend(loc="upper left")
