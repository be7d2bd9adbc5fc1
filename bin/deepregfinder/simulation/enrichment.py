"""Rate of a histone mark along a chromosome: its listed peaks, and what is between them.

A peak list gives the mean fold enrichment of every peak, relative to the average of the genome.
Inside a peak, this mean is distributed over the open sites in the peak, on a plateau; between
peaks, there is a background, and weak enrichment that no list contains.
"""

from dataclasses import dataclass

import numpy as np

from deepregfinder.simulation.cells import Cell
from deepregfinder.simulation.fields import smooth_field, tails
from deepregfinder.simulation.landscape import FAST_LENGTH, STEP, Ground, step_range, step_values
from deepregfinder.simulation.shapes import EXCLUDED_BY, Shape, shape_of
from deepregfinder.simulation.valued_intervals import EMPTY, Intervals, Track

# Heights of the signal on either side of a site: standard deviation of their logarithm, and the
# share of its variance that all marks have in common.
_HEIGHT_SPREAD, _HEIGHT_SHARED = 0.5, 0.5

# The share of the fast part in the variance of the texture.
_FAST_SHARE = 0.6

# Peak callers end a peak where enrichment falls to a threshold: towards its ends a peak has
# _EDGE_SHARE of its height, over _EDGE_LENGTH bp, and beside it there is _BORDER, over
# _BORDER_LENGTH bp.
_EDGE_SHARE, _EDGE_LENGTH = 0.3, 1200
_BORDER, _BORDER_LENGTH = 0.7, 500

# A hollow: its half width in bp, and the strength (relative to the median) with half its depth.
_HOLLOW_WIDTH, _HOLLOW_STRENGTH = 600, 3

# The share of the signal outside peaks that is lost in peaks of a mark that excludes it.
_EXCLUSION = 0.35

_LEAST_BACKGROUND = 0.15


@dataclass(frozen=True)
class Mark:
    """What determines the rate of a mark in a cell type.

    background : fold enrichment between peaks, from `background_fold`
    excluding : peaks of a mark that excludes it
    """

    peaks: Track
    shape: Shape
    background: float = 1.0
    excluding: Track | None = None


def mark_of(name: str, cell: Cell) -> Mark:
    """A mark of a cell type, by its name; a mark without peaks has none."""
    return Mark(
        cell.marks.get(name, {}),
        shape_of(name),
        cell.background.get(name, 1.0),
        cell.marks.get(EXCLUDED_BY.get(name, "")),
    )


def background_fold(mass: float, covered: float, length: float) -> float:
    """The fold enrichment between peaks, with an average of 1 over the genome.

    mass : sum over peaks of fold x width; covered : sum of widths; length : of the genome, in bp
    """
    return max(_LEAST_BACKGROUND, (length - mass) / max(length - covered, 1))


def mark_rate(
    mark: Mark, chrom: str, ground: Ground, efficiency: float, rng: np.random.Generator
) -> np.ndarray:
    """Rate of a mark: float32, shape (steps,), in units of the average of the genome.

    The mean over a peak of fold f is b + (f - b) x efficiency before the ground is applied, where
    b is the background. Where peaks overlap, the highest fold counts.

    rng : of the mark in its cell type; replicates have the same
    """
    peaks = mark.peaks.get(chrom, EMPTY).within(ground.length)
    texture = _texture(mark.shape, ground, rng)
    sites = _beside_sites(mark.shape, ground, rng)
    rate = _between_peaks(mark, peaks, ground, sites, texture)
    if mark.excluding is not None:
        others = step_values(mark.excluding.get(chrom, EMPTY), ground.length, otherwise=0)
        rate *= 1 - np.float32(_EXCLUSION) * (others > 0)
    if len(peaks):
        weight = (np.float32(mark.shape.plateau) + sites) * np.exp(
            np.float32(mark.shape.texture) * texture
        )
        if mark.shape.hollow:
            weight *= 1 - np.float32(mark.shape.hollow) * _hollows(ground)
        _fill_peaks(rate, weight * ground.nucleosomes, peaks, mark.background, efficiency)
    rate *= ground.level
    return rate


def _texture(shape: Shape, ground: Ground, rng: np.random.Generator) -> np.ndarray:
    """A Gaussian field of variance 1, in part common to marks, with a fast and a slow half."""
    steps = len(ground.level)
    fast: np.ndarray = np.float32(np.sqrt(1 - shape.shared)) * smooth_field(
        steps, STEP, FAST_LENGTH, rng
    )
    fast += np.float32(np.sqrt(shape.shared)) * ground.common
    fast *= np.float32(np.sqrt(_FAST_SHARE))
    fast += np.float32(np.sqrt(1 - _FAST_SHARE)) * smooth_field(steps, STEP, shape.length, rng)
    return fast


def _beside_sites(shape: Shape, ground: Ground, rng: np.random.Generator) -> np.ndarray:
    """Signal beside open sites, none in their middle and decaying away: float32, shape (steps,)."""
    sites = ground.sites
    own = rng.standard_normal(sites.heights.shape)
    heights = np.sqrt(_HEIGHT_SHARED) * sites.heights + np.sqrt(1 - _HEIGHT_SHARED) * own
    # The exponential of a Gaussian has a mean of exp(variance / 2).
    heights = np.exp(_HEIGHT_SPREAD * heights - _HEIGHT_SPREAD**2 / 2)
    heights *= sites.strength**shape.strength
    steps = len(ground.level)
    left, right = (
        np.bincount(np.clip(sites.step + away, 0, steps - 1), weights=side, minlength=steps)
        for away, side in zip((-1, 1), heights, strict=True)
    )
    return tails((left, right), STEP, shape.reach)


def _hollows(ground: Ground) -> np.ndarray:
    """From 0 to 1 at strong open sites: float32, shape (steps,)."""
    hollows = np.zeros(len(ground.level), dtype=np.float32)
    strength = ground.sites.strength**2
    depth = strength / (strength + _HOLLOW_STRENGTH**2)
    strong = depth > 0.1
    for offset in range(-2 * _HOLLOW_WIDTH // STEP, 2 * _HOLLOW_WIDTH // STEP + 1):
        step = ground.sites.step[strong] + offset
        inside = (step >= 0) & (step < len(hollows))
        part = depth[strong] * np.exp(-((offset * STEP / _HOLLOW_WIDTH) ** 2))
        np.maximum.at(hollows, step[inside], part[inside].astype(np.float32))
    return hollows


def _between_peaks(
    mark: Mark, peaks: Intervals, ground: Ground, sites: np.ndarray, texture: np.ndarray
) -> np.ndarray:
    """Background and unlisted enrichment: float32, shape (steps,)."""
    shape = mark.shape
    rate: np.ndarray = np.float32(shape.weak) * sites * ground.nucleosomes
    rate += np.float32(shape.active) * ground.active
    if len(peaks):
        rate += np.float32(_BORDER) * _borders(peaks, len(rate))
    rate *= np.exp(np.float32(shape.patchy) * texture - np.float32(shape.patchy**2 / 2))
    rate += np.float32(mark.background)
    rate *= ground.loose
    return rate


def _borders(peaks: Intervals, steps: int) -> np.ndarray:
    """From 1 beside the ends of peaks to 0 away from them: float32, shape (steps,)."""
    first, last = step_range(peaks.start, peaks.end, steps)
    left, right = (np.zeros(steps, dtype=np.float32) for _ in range(2))
    left[np.maximum(first - 1, 0)] = 1
    right[np.minimum(last, steps - 1)] = 1
    borders: np.ndarray = np.minimum(tails((left, right), STEP, _BORDER_LENGTH), 1)
    return borders


def _fill_peaks(
    rate: np.ndarray, weight: np.ndarray, peaks: Intervals, background: float, efficiency: float
) -> None:
    """Set the rate inside of peaks; in proportion to `weight`, with the mean of every peak."""
    first, last = step_range(peaks.start, peaks.end, len(rate))
    width = last - first
    ends = np.cumsum(width)
    within = np.arange(ends[-1]) - np.repeat(ends - width, width)
    step = np.repeat(first, width) + within
    from_end = np.minimum(within, np.repeat(width, width) - 1 - within) * STEP
    part = weight[step] * (1 - (1 - _EDGE_SHARE) * np.exp(-from_end / _EDGE_LENGTH))
    total = np.add.reduceat(part, ends - width)
    excess = np.maximum(peaks.value - background, 0) * efficiency * width / total
    # Of several assignments to one step the last one remains, so the highest folds come last.
    order = np.argsort(np.repeat(peaks.value, width), kind="stable")
    rate[step[order]] = (background + np.repeat(excess, width) * part)[order]
