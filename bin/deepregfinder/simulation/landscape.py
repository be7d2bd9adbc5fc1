"""Expected number of reads along a chromosome, relative to average background, every STEP bp."""

from dataclasses import dataclass

import numpy as np

from deepregfinder.simulation.cells import Cell, Genome, random_numbers
from deepregfinder.simulation.fields import smooth_field, tails
from deepregfinder.simulation.valued_intervals import Intervals, Track, free_stretches, on

STEP = 50
REPEAT_BLOCK = 1000

_COPY_NUMBERS, _COPY_SHARES = (1, 2, 3, 4), (0.07, 0.73, 0.15, 0.05)
_REPEAT_SHARE = 0.04
_UNASSEMBLED = 2_000_000
_MARGIN = 2000
_OPEN_FOLD = 15

# Slow drift of all libraries: spacing of its knots in bp, and their standard deviation.
_DRIFT = ((200_000, 0.06), (20_000, 0.06))

# Mappability. A field: correlation lengths in bp, and standard deviation of its logarithm. Repeats
# in which few reads map: number per Mb, median width in bp, standard deviation of log width, share
# in which none do; they keep _MAPPABLE_SITE bp away from open sites.
_FIELD_LENGTHS, _FIELD_SPREAD = (100, 1800), 0.22
_UNIQUE_PER_MB, _UNIQUE_WIDTH, _UNIQUE_SPREAD, _UNIQUE_NONE = 330, 280, 0.9, 0.13
_MAPPABLE_SITE = 500

# Open chromatin is easily sheared: reads of any library beside strong open sites, and bp to 1/e.
_LOOSE, _LOOSE_REACH = 0.8, 800

# The least strength of an open site relative to the median: lists have sites with a signal of 0.
_LEAST_STRENGTH = 0.05

# Active chromatin: bp over which open sites are counted, and how many per Mb are half active.
_ACTIVE_WINDOW, _ACTIVE_BLOCK, _ACTIVE_SITES = 100_000, 5000, 30

# Correlation length in bp of the texture that marks have in common.
FAST_LENGTH = 300


@dataclass(frozen=True)
class OpenSites:
    """The open sites of one chromosome.

    step : int64, shape (sites,)
    strength : float64, shape (sites,), relative to the median of the cell type
    heights : float64, shape (2, sites): Gaussian numbers for the left and the right side, on which
        the signals of all marks depend
    """

    step: np.ndarray
    strength: np.ndarray
    heights: np.ndarray


NO_SITES = OpenSites(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros((2, 0)))


@dataclass(frozen=True)
class Ground:
    """Properties of one chromosome that affect all libraries of a sample.

    level : float32, shape (steps,): copy number x drift x mappability x pile-ups; 0 where no read
        maps
    nucleosomes : float32, shape (steps,): below 1 in nucleosome-free sites, above 1 beside them
    loose : float32, shape (steps,): from 1 upwards in open chromatin
    active : float32, shape (steps,): from 0 to 1, by the number of open sites nearby
    common : float32, shape (steps,): a Gaussian field, on which the texture of all marks depends
    repeats : bool, shape (blocks of REPEAT_BLOCK bp,): repeats, whose reads are often multi-mapping
    """

    length: int
    level: np.ndarray
    nucleosomes: np.ndarray
    loose: np.ndarray
    active: np.ndarray
    common: np.ndarray
    repeats: np.ndarray
    sites: OpenSites


def ground_of(cell: Cell, genome: Genome, chrom: str, seed: int) -> Ground:
    """The ground of a chromosome, which depends on seed, sample and chromosome."""
    length = genome.chrom_sizes[chrom]
    steps = -(-length // STEP)
    rng = random_numbers(seed, "ground", cell.name, chrom)
    level = drift(steps, rng)
    if genome.copy_numbers:
        level *= copy_number(length, rng)
    # Mappability and repeats belong to the genome, not to the cell type.
    open_sites = on(cell.open_sites, chrom)
    level *= mappability(length, open_sites, random_numbers(seed, "mappability", chrom))
    level *= step_values(on(genome.pileups, chrom), length, otherwise=1)
    gaps = on(genome.unassembled, chrom)
    enriched = [*cell.marks.values(), cell.open_sites, cell.plus, cell.minus]
    dead = dead_zones(enriched, chrom, length)
    for start, end in (*dead, *zip(gaps.start, gaps.end, strict=True)):
        level[-(-start // STEP) : end // STEP] = 0
    repeats = random_numbers(seed, "repeats", chrom).random(-(-length // REPEAT_BLOCK))
    rng = random_numbers(seed, "sites", cell.name, chrom)
    sites = OpenSites(
        np.clip(open_sites.midpoint // STEP, 0, steps - 1),
        np.maximum(open_sites.value / median_strength(cell.open_sites), _LEAST_STRENGTH),
        rng.standard_normal((2, len(open_sites))),
    )
    return Ground(
        length,
        level,
        nucleosome_profile(sites, steps),
        loose_chromatin(sites, steps),
        active_chromatin(sites, steps),
        smooth_field(steps, STEP, FAST_LENGTH, rng),
        repeats < _REPEAT_SHARE,
        sites,
    )


def median_strength(open_sites: Track) -> float:
    """Median strength of the open sites of a cell type; 1 if there are none, or they have none."""
    values = [np.zeros(0), *(sites.value for sites in open_sites.values())]
    known = np.concatenate(values)
    known = known[known > 0]
    return float(np.median(known)) if len(known) else 1.0


def control_rate(ground: Ground) -> np.ndarray:
    """Rate of an input control: background, higher in open chromatin (it shears well)."""
    rate: np.ndarray = ground.level * ground.loose
    return rate


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
    first, last = step_range(kept.start[order], kept.end[order], len(values))
    widths = last - first
    ends = np.cumsum(widths)
    places = np.arange(ends[-1] if len(ends) else 0) + np.repeat(first - (ends - widths), widths)
    values[places] = np.repeat(kept.value[order], widths)
    return values


def step_range(start: np.ndarray, end: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """First step of each interval, and the one after its last: borders at the nearest step."""
    first = np.minimum((start + STEP // 2) // STEP, steps - 1)
    return first, np.minimum(np.maximum((end + STEP // 2) // STEP, first + 1), steps)


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
    for spacing, spread in _DRIFT:
        knots = rng.normal(0, spread, size=steps * STEP // spacing + 2)
        total += np.interp(np.arange(steps) * (STEP / spacing), np.arange(len(knots)), knots)
    return np.exp(total).astype(np.float32)


def mappability(length: int, open_sites: Intervals, rng: np.random.Generator) -> np.ndarray:
    """Share of reads that map, relative to a typical place: float32, shape (steps,).

    In real input and in all marks, read counts outside peaks vary in the same way, by a third of
    their mean beyond Poisson, with a tail of low counts.
    """
    steps = -(-length // STEP)
    spread = np.float32(_FIELD_SPREAD / np.sqrt(len(_FIELD_LENGTHS)))
    field = sum(
        (spread * smooth_field(steps, STEP, scale, rng) for scale in _FIELD_LENGTHS),
        start=np.zeros(steps, dtype=np.float32),
    )
    level: np.ndarray = np.exp(field - np.float32(_FIELD_SPREAD**2 / 2))
    number = int(rng.poisson(length / 1e6 * _UNIQUE_PER_MB))
    start = rng.random(number) * length
    end = start + _UNIQUE_WIDTH * np.exp(_UNIQUE_SPREAD * rng.standard_normal(number))
    share = np.maximum(rng.uniform(-_UNIQUE_NONE / (1 - _UNIQUE_NONE), 1, size=number), 0)
    places = np.sort(open_sites.midpoint)
    near = np.searchsorted(places, start - _MAPPABLE_SITE) != np.searchsorted(
        places, end + _MAPPABLE_SITE
    )
    first, last = (np.rint(border[~near] / STEP).astype(int) for border in (start, end))
    for a, b, part in zip(first, last, share[~near].astype(np.float32), strict=True):
        level[a:b] *= part
    return level


def dead_zones(tracks: list[Track], chrom: str, length: int) -> list[tuple[int, int]]:
    """Stretches of 2 Mb or more without any interval, (start, end): unassembled, or deleted."""
    start, end = free_stretches(tracks, chrom, length)
    start, end = start + _MARGIN, end - _MARGIN
    wide = end - start >= _UNASSEMBLED
    return [(int(a), int(b)) for a, b in zip(start[wide], end[wide], strict=True)]


def nucleosome_profile(sites: OpenSites, steps: int) -> np.ndarray:
    """Nucleosomes around open sites: float32, shape (steps,).

    A site of median strength loses half of its nucleosomes over some 200 bp (the dip in single
    reads, which are half a fragment away, is shallower), and the nucleosomes beside it are well
    positioned: up to a quarter more at 270 bp.
    """
    nucleosomes = np.ones(steps, dtype=np.float32)
    strength = sites.strength / (sites.strength + 1)
    for offset in range(-10, 11):
        place = sites.step + offset
        inside = (place >= 0) & (place < steps)
        distance = abs(offset * STEP)
        gap = np.exp(-((distance / 120) ** 2))
        flank = 0.5 * np.exp(-(((distance - 270) / 90) ** 2))
        factor = (1 - strength * gap) * (1 + strength * flank)
        np.multiply.at(nucleosomes, place[inside], factor[inside].astype(np.float32))
    return nucleosomes


def loose_chromatin(sites: OpenSites, steps: int) -> np.ndarray:
    """Chance of a fragment relative to closed chromatin: float32, shape (steps,)."""
    weight = sites.strength / (sites.strength + 2)
    at_sites = np.bincount(sites.step, weights=weight, minlength=steps).astype(np.float32)
    near = tails((at_sites, at_sites), STEP, _LOOSE_REACH) - at_sites
    loose: np.ndarray = 1 + np.float32(_LOOSE) * (1 - np.exp(-near))
    return loose


def active_chromatin(sites: OpenSites, steps: int) -> np.ndarray:
    """Density d of open sites nearby, as d / (d + _ACTIVE_SITES): float32, shape (steps,)."""
    block = _ACTIVE_BLOCK // STEP
    number = np.bincount(sites.step // block, minlength=-(-steps // block))
    summed = np.concatenate([[0], np.cumsum(number)])
    half = _ACTIVE_WINDOW // _ACTIVE_BLOCK // 2
    middle = np.arange(len(number))
    first, last = np.maximum(middle - half, 0), np.minimum(middle + half + 1, len(number))
    per_mb = (summed[last] - summed[first]) / (last - first) * (1e6 / _ACTIVE_BLOCK)
    share = (per_mb / (per_mb + _ACTIVE_SITES)).astype(np.float32)
    blocks = (np.arange(steps, dtype=np.float32) + 0.5) / block - 0.5
    active: np.ndarray = np.interp(blocks, middle, share).astype(np.float32)
    return active
