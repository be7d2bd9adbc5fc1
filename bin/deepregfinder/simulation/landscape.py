"""Expected number of reads along a chromosome, relative to average background, every STEP bp."""

from dataclasses import dataclass

import numpy as np

from deepregfinder.simulation.cells import Cell, Genome, random_numbers
from deepregfinder.simulation.valued_intervals import Intervals, Track, free_stretches, on

STEP = 50
REPEAT_BLOCK = 1000

_COPY_NUMBERS, _COPY_SHARES = (1, 2, 3, 4), (0.07, 0.73, 0.15, 0.05)
_REPEAT_SHARE = 0.04
_MARGIN = 2000
_OPEN_FOLD = 15


@dataclass(frozen=True)
class Ground:
    """Properties of one chromosome that affect all libraries of a sample.

    level : float32, shape (steps,): copy number x slow drift x pile-ups; 0 where no read maps
    nucleosomes : float32, shape (steps,): below 1 in nucleosome-free sites, above 1 beside them
    openness : float32, shape (steps,): from 0 to 1 in open sites
    repeats : bool, shape (blocks of REPEAT_BLOCK bp,): repeats, whose reads are often multi-mapping
    """

    length: int
    level: np.ndarray
    nucleosomes: np.ndarray
    openness: np.ndarray
    repeats: np.ndarray


def ground_of(cell: Cell, genome: Genome, chrom: str, seed: int) -> Ground:
    """The ground of a chromosome; drift and dead zones depend on seed, sample and chromosome."""
    length = genome.chrom_sizes[chrom]
    steps = -(-length // STEP)
    rng = random_numbers(seed, "ground", cell.name, chrom)
    level = copy_number(length, rng) * drift(steps, rng)
    pileups = on(genome.pileups, chrom)
    level *= step_values(pileups, length, otherwise=1)
    dead = dead_zones(_enriched_tracks(cell, genome), chrom, length, rng)
    gaps = on(genome.unassembled, chrom)
    for start, end in (*dead, *zip(gaps.start, gaps.end, strict=True)):
        level[-(-start // STEP) : end // STEP] = 0
    nucleosomes, openness = open_site_profiles(on(cell.open_sites, chrom), steps)
    # Repeats belong to the genome, not to the cell type.
    repeats = random_numbers(seed, "repeats", chrom).random(-(-length // REPEAT_BLOCK))
    return Ground(length, level, nucleosomes, openness, repeats < _REPEAT_SHARE)


def mark_rate(track: Track, chrom: str, ground: Ground, efficiency: float) -> np.ndarray:
    """Rate of a histone mark: float32, shape (steps,).

    Inside an interval of fold f the rate is 1 + (f - 1) x efficiency times that of the background;
    overlapping intervals have the highest of their folds.
    """
    fold = step_values(on(track, chrom), ground.length, otherwise=1)
    enrichment = (fold - 1) * np.float32(efficiency) + 1
    rate: np.ndarray = enrichment * ground.level * ground.nucleosomes
    return rate


def control_rate(ground: Ground) -> np.ndarray:
    """Rate of an input control: background, slightly higher in open chromatin (it shears well)."""
    return ground.level * (1 + np.float32(0.4) * ground.openness)


def accessibility_rate(sites: Track, chrom: str, ground: Ground, efficiency: float) -> np.ndarray:
    """Rate of cuts of open chromatin (DNase-seq, ATAC-seq): float32, shape (steps,).

    An open site of median strength has _OPEN_FOLD times the rate of the background; nucleosomes
    have no effect.
    """
    open_sites = on(sites, chrom)
    if not len(open_sites):
        return ground.level.copy()
    strength = step_values(open_sites, ground.length, otherwise=0) / np.float32(
        np.median(open_sites.value)
    )
    return ground.level * (1 + np.float32((_OPEN_FOLD - 1) * efficiency) * strength)


def nascent_rate(track: Track, chrom: str, ground: Ground) -> np.ndarray:
    """Rate of nascent RNA of one strand: transcription over a low background."""
    excess = step_values(on(track, chrom), ground.length, otherwise=0)
    rate: np.ndarray = (1 + excess) * ground.level
    return rate


def step_values(intervals: Intervals, length: int, otherwise: float) -> np.ndarray:
    """The highest value over each step: float32, shape (steps,); `otherwise` outside intervals.

    Borders are rounded to the nearest step; an interval covers at least one.
    """
    values = np.full(-(-length // STEP), otherwise, dtype=np.float32)
    kept = intervals.within(length)
    # Of several assignments to one step the last one remains, so the highest values come last.
    order = np.argsort(kept.value, kind="stable")
    first = np.minimum((kept.start[order] + STEP // 2) // STEP, len(values) - 1)
    last = np.minimum(np.maximum((kept.end[order] + STEP // 2) // STEP, first + 1), len(values))
    widths = last - first
    ends = np.cumsum(widths)
    places = np.arange(ends[-1] if len(ends) else 0) + np.repeat(first - (ends - widths), widths)
    values[places] = np.repeat(kept.value[order], widths)
    return values


def copy_number(length: int, rng: np.random.Generator) -> np.ndarray:
    """Copy number relative to two: float32, shape (steps,), constant over long segments."""
    steps = -(-length // STEP)
    mean_segment = min(20_000_000, length / 6)
    ends = np.cumsum(rng.exponential(mean_segment, size=int(length / mean_segment * 4) + 8))
    copies = rng.choice(_COPY_NUMBERS, p=_COPY_SHARES, size=len(ends) + 1)
    segment = np.searchsorted(ends, np.arange(steps) * STEP)
    return (copies[segment] / 2).astype(np.float32)


def drift(steps: int, rng: np.random.Generator) -> np.ndarray:
    """Slow drift around 1 (composition, replication): float32, shape (steps,)."""
    total = np.zeros(steps)
    for spacing, spread in ((200_000, 0.15), (20_000, 0.12)):
        knots = rng.normal(0, spread, size=steps * STEP // spacing + 2)
        total += np.interp(np.arange(steps) * (STEP / spacing), np.arange(len(knots)), knots)
    return np.exp(total).astype(np.float32)


def dead_zones(
    tracks: list[Track], chrom: str, length: int, rng: np.random.Generator
) -> list[tuple[int, int]]:
    """Unmappable regions outside all intervals: (start, end) in bp.

    Stretches of 500 kb or more without a peak are treated as unassembled; a third of the shorter
    ones have an unmappable region of up to 6 kb.
    """
    start, end = free_stretches(tracks, chrom, length)
    start, end = start + _MARGIN, end - _MARGIN
    widths = end - start
    wide = widths >= 500_000
    chosen = ~wide & (widths > 1500) & (rng.random(len(widths)) < 1 / 3)
    size = np.minimum(rng.uniform(1000, 6000, size=len(widths)), widths)
    shift = rng.random(len(widths)) * (widths - size)
    zones = [(int(a), int(b)) for a, b in zip(start[wide], end[wide], strict=True)]
    first = (start + shift).astype(np.int64)
    zones += [(int(a), int(a + s)) for a, s in zip(first[chosen], size[chosen], strict=True)]
    return sorted(zones)


def open_site_profiles(sites: Intervals, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Nucleosomes and openness around open sites: two float32 arrays of shape (steps,).

    A site of median strength loses half of its nucleosomes over some 200 bp (the dip in single
    reads, which are half a fragment away, is shallower), and the nucleosomes beside it are well
    positioned: up to a quarter more at 270 bp.
    """
    nucleosomes = np.ones(steps, dtype=np.float32)
    openness = np.zeros(steps, dtype=np.float32)
    if not len(sites):
        return nucleosomes, openness
    centre = sites.midpoint
    strength = sites.value / (sites.value + np.median(sites.value))
    for offset in range(-10, 11):
        place = centre // STEP + offset
        inside = (place >= 0) & (place < steps)
        distance = np.abs(place * STEP + STEP / 2 - centre)
        gap = np.exp(-((distance / 120) ** 2))
        flank = 0.5 * np.exp(-(((distance - 270) / 90) ** 2))
        factor = (1 - strength * gap) * (1 + strength * flank)
        np.multiply.at(nucleosomes, place[inside], factor[inside].astype(np.float32))
        np.maximum.at(openness, place[inside], (strength * gap)[inside].astype(np.float32))
    return nucleosomes, openness


def _enriched_tracks(cell: Cell, genome: Genome) -> list[Track]:
    return [*cell.marks.values(), cell.open_sites, cell.plus, cell.minus, genome.pileups]
