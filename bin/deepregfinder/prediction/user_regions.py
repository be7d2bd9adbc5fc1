"""Probabilities of a model for regions of any width that a user gives, and their classes.

A window has the class that it has in calling: windows are scored as in a scan of the genome and
rounded as in its file, and the cut-offs are those of the calls (`cutoffs`). Only what calls do to
each other is not repeated: removal near TSSs and resolution of conflicts.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from deepregfinder.genome.grid import Geometry
from deepregfinder.prediction.calling import called_classes
from deepregfinder.prediction.cutoffs import Cutoffs
from deepregfinder.prediction.probabilities import as_stored
from deepregfinder.prediction.sample_signal import SignalReader
from deepregfinder.prediction.scan import ScanOptions, check_step
from deepregfinder.signal.store import Signal
from deepregfinder.storage.atomic import written_whole

if TYPE_CHECKING:  # scorers import torch, which calling and evaluation do not need
    from deepregfinder.prediction.scorers import BundleScorer

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RegionScores:
    """Scores of regions, in the order of the regions.

    probabilities : float64 (regions, classes), the highest ones of the region's windows; NaN for
        regions without a window (unknown chromosome, or one shorter than a window)
    best : int64 (regions,), the class of the called window with the highest probability;
        background only if no window is called; -1 without a window
    """

    probabilities: np.ndarray
    best: np.ndarray


def region_windows(start: int, end: int, length: int, step: int, geometry: Geometry) -> np.ndarray:
    """Starts (bp, on the bin grid) of the windows that score the region [start, end).

    A region up to the width of a window has one window around its midpoint. A wider one is covered
    by windows from its start on, `step` bp apart, and a last window at its end. Windows are shifted
    into the chromosome of `length` bp. The result is empty if the chromosome is shorter than a
    window or ends before the region.
    """
    last_start = (length - geometry.window) // geometry.bin_size * geometry.bin_size
    if last_start < 0 or start >= length:
        return np.empty(0, np.int64)
    end = min(end, length)
    if end - start <= geometry.window:
        starts = np.array([geometry.window_start((start + end) // 2)])
    else:
        first = start // geometry.bin_size * geometry.bin_size
        last = -(-(end - geometry.window) // geometry.bin_size) * geometry.bin_size
        starts = np.append(np.arange(first, last, step), last)
    return np.unique(np.clip(starts, 0, last_start)).astype(np.int64)


def score_regions_with(
    scorer: "BundleScorer",
    regions: pd.DataFrame,
    signal: Signal,
    scanning: ScanOptions,
    cutoffs: Cutoffs | None = None,
) -> RegionScores:
    """Score every region with a trained model on the signal of a sample.

    cutoffs : those of the calls; None for the thresholds of the model

    Raises InputError if the sample does not fit the model, or the step does not fit its bins.
    """
    from deepregfinder.prediction.scorers import probabilities_at

    bundle = scorer.bundle
    check_step(scanning.step, bundle.bin_size)
    reader = SignalReader(bundle, signal, scanning.quantile_map)

    def score(chrom: str, starts: np.ndarray) -> np.ndarray:
        return as_stored(probabilities_at(scorer, reader.load(chrom), starts))

    cutoffs = cutoffs or Cutoffs.everywhere(bundle.thresholds)
    return best_windows(regions, signal.chrom_sizes, cutoffs, scanning.step, bundle.geometry, score)


def best_windows(
    regions: pd.DataFrame,
    chrom_sizes: Mapping[str, int],
    cutoffs: Cutoffs,
    step: int,
    geometry: Geometry,
    score: Callable[[str, np.ndarray], np.ndarray],
) -> RegionScores:
    """Score every region by the windows that cover it.

    Parameters
    ----------
    regions : frame with chrom, start, end (intervals.read_intervals)
    step : between the windows of a region wider than a window, in bp
    score : takes a chromosome and starts of windows (in bins), and returns calibrated probabilities
        (windows, classes)
    """
    probabilities = np.full((len(regions), 1 + len(cutoffs.anywhere)), np.nan)
    best = np.full(len(regions), -1)
    for chrom, rows in regions.groupby("chrom", sort=False).indices.items():
        length = chrom_sizes.get(str(chrom))
        if length is None:
            log.warning(
                "%s is not in the signal: %d regions on it are not scored.", chrom, len(rows)
            )
            continue
        spans = regions.iloc[rows][["start", "end"]].to_numpy()
        windows = [
            region_windows(start, end, length, step, geometry) for start, end in spans.tolist()
        ]
        outside = sum(len(starts) == 0 for starts in windows)
        if outside:
            log.warning(
                "%s: %d regions are outside it, or it is shorter than a window.", chrom, outside
            )
        owner = np.repeat(rows, [len(starts) for starts in windows])
        starts, which = np.unique(np.concatenate(windows), return_inverse=True)
        if len(starts) == 0:
            continue
        scored = score(str(chrom), starts // geometry.bin_size)[which]
        lowest = cutoffs.of_windows(str(chrom), starts[which] + geometry.window // 2)
        _keep_best(probabilities, best, owner, scored, lowest)
    return RegionScores(probabilities, best)


def _keep_best(
    probabilities: np.ndarray,
    best: np.ndarray,
    owner: np.ndarray,
    scored: np.ndarray,
    thresholds: np.ndarray,
) -> None:
    """Enter scores of windows (windows, classes) into the rows of their regions, `owner`.

    thresholds : of the windows, float32 (classes - 1, windows)
    """
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    regions = owner[first]
    probabilities[regions] = np.maximum.reduceat(scored, first, axis=0)
    class_index, height = called_classes(scored.T, thresholds)
    # The first called window with the highest probability in each region, which comes first.
    order = np.lexsort((-height, class_index == 0, owner))
    best[regions] = class_index[order[first]]


def write_scores(
    path: Path, regions: pd.DataFrame, scores: RegionScores, classes: Sequence[str]
) -> None:
    """Write chrom, start, end, name, class, its probability, and a column for each class.

    A region without a score has `.` in these.
    """
    with written_whole(path) as part, part.open("w") as file:

        def write(*cells: object) -> None:
            # Not with csv, which would put names that contain quotes into more of them.
            file.write("\t".join(map(str, cells)) + "\n")

        write("chrom", "start", "end", "name", "class", "probability", *classes)
        names = regions["name"].replace("", ".")
        columns = (regions["chrom"], regions["start"], regions["end"], names)
        for place, p, k in zip(
            zip(*columns, strict=True), scores.probabilities, scores.best, strict=True
        ):
            if k < 0:
                write(*place, ".", ".", *("." for _ in classes))
            else:
                values = [f"{value:.4f}" for value in p]
                write(*place, classes[k], values[k], *values)
