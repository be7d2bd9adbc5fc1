"""How much of the background of the test chromosomes is open chromatin.

Lists of enhancer factors are incomplete, so that open chromatin without a label is background
(labels/ground_truth.py), whatever it is. A call there counts as false.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from deepregfinder.labels.elements import midpoints
from deepregfinder.labels.ground_truth import (
    POSITIVE_WITHIN,
    distance_to_nearest,
    label_windows,
    labelled_elements,
)
from deepregfinder.labels.tensors import Tensors
from deepregfinder.storage.tables import write_rows


@dataclass(frozen=True)
class OpenBackground:
    """The row of `<sample>.open_background.tsv`; None is unknown.

    windows : windows of the test chromosomes, one per bin, whose true class is background; None
        with a random split
    at_dhs : those whose centre lies within POSITIVE_WITHIN bp of the midpoint of a DHS
    dhs : DHSs whose midpoint lies on a test chromosome; background_dhs : those where it is
        background, that is neither near a labelled element nor excluded
    """

    windows: int | None = None
    at_dhs: int | None = None
    at_dhs_share: float | None = None
    dhs: int | None = None
    background_dhs: int | None = None
    background_dhs_share: float | None = None


def open_background(tensors: Tensors, dhs: pd.DataFrame | None) -> OpenBackground:
    """Count background windows at DHSs, and DHSs that count as background.

    dhs : peaks of open chromatin (chrom, start, end); None if the sample has no list
    """
    if tensors.split_plan.mode == "random":
        return OpenBackground()
    chroms = tensors.split_plan.chromosomes.select(tensors.chroms, "test")
    geometry = tensors.geometry
    windows = at_dhs = sites = background_sites = 0
    for chrom, by_class in labelled_elements(tensors, chroms).items():
        end = tensors.chrom_sizes[chrom] - geometry.window + 1
        centres = np.arange(0, end, geometry.bin_size, dtype=np.int64) + geometry.window // 2
        background = centres[label_windows(centres, by_class)[0] == 0]
        windows += len(background)
        if dhs is not None:
            points = np.sort(midpoints(dhs[dhs["chrom"] == chrom]))
            at_dhs += int((distance_to_nearest(points, background) <= POSITIVE_WITHIN).sum())
            sites += len(points)
            background_sites += int((label_windows(points, by_class)[0] == 0).sum())
    if dhs is None:
        return OpenBackground(windows)
    return OpenBackground(
        windows, at_dhs, _share(at_dhs, windows),
        sites, background_sites, _share(background_sites, sites),
    )  # fmt: skip


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def write_open_background(path: Path, row: OpenBackground) -> None:
    """Write a table with one row."""
    write_rows(path, OpenBackground, [row])
