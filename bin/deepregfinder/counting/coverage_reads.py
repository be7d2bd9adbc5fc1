"""How many reads a file of coverage holds: the step of one read, and the length of a read.

The coverage of one library is a multiple of a step, whatever it was scaled by: of 1 where reads
were counted, of 1e6 / reads in reads per million. A read that overlaps no other one is a run of one
step with nothing on either side. The number of reads is the area (value x bp) of the whole file,
divided by the step and by the mean length of such lone runs. Where values are given for bins, lone
runs are whole bins, as each read counts in all bins that it touches, and the area grows by the same
factor.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from deepregfinder.counting.coverage_file import CoverageFile, Runs
from deepregfinder.errors import InputError

MULTIPLES = 30
"""Values up to so many steps are examined: the float32 of more of them can be off by much."""
TOLERANCE = 0.02
"""Largest distance from a whole number of steps, in steps."""
AGREEING = 0.99
"""Share of the runs that must be whole numbers of steps."""
EXAMINED = 0.1
"""Share of the runs that must be up to MULTIPLES steps."""
COMMON = 0.001
"""A value is common if so large a share of the runs has it."""
CANDIDATES = 3
FEWEST_LONE = 100
"""Fewer lone runs give no length."""
FARTHEST = 10
"""Ratio between a given and an estimated number of reads beyond which one of them is wrong."""

_VALUES_OF_A_PIECE = 20_000
_MOST_LONE = 4_000_000
_FEWEST_PAIRS = 30
_FEWEST_RUNS = 10


@dataclass(frozen=True)
class CoverageFacts:
    """What a file of coverage says of its reads.

    areas : area (value x bp) of each chromosome
    step : the value of one read; None if there is none
    read_length : mean length of a lone read in bp, in whole bins where values are given for bins;
        None without a step, or with fewer than FEWEST_LONE lone reads
    """

    areas: dict[str, float]
    step: float | None
    read_length: float | None

    @property
    def area(self) -> float:
        return sum(self.areas.values())

    @property
    def reads(self) -> int | None:
        """The estimated number of reads; None where it cannot be estimated."""
        if self.step is None or self.read_length is None:
            return None
        return max(round(self.area / self.step / self.read_length), 1)


def examine(file: CoverageFile) -> CoverageFacts:
    """Read a file to its end. Raises InputError if it is damaged, or does not hold coverage."""
    areas: dict[str, float] = {}
    values: list[np.ndarray] = []
    lone: list[np.ndarray] = []
    n_lone = 0
    for chrom in file.chrom_sizes:
        areas[chrom] = 0.0
        for runs in file.runs(chrom):
            areas[chrom] += float(runs.areas.sum())
            values.append(runs.values[:: max(len(runs) // _VALUES_OF_A_PIECE, 1)])
            if n_lone < _MOST_LONE:
                lone.append(_lone_runs(runs))
                n_lone += len(lone[-1])
    file.require_whole()
    step = find_step(np.concatenate([np.empty(0), *values]))
    return CoverageFacts(areas, step, None if step is None else _lone_length(lone, step))


def find_step(values: np.ndarray) -> float | None:
    """The step of which the values of runs are multiples; None if there is none.

    values : float64, shape (runs,), above 0
    """
    if not len(values):
        return None
    distinct, numbers = np.unique(values, return_counts=True)
    for smallest in distinct[numbers >= COMMON * len(values)][:CANDIDATES]:
        if (step := _confirmed(distinct, numbers, float(smallest))) is not None:
            return step
    return None


def _confirmed(distinct: np.ndarray, numbers: np.ndarray, smallest: float) -> float | None:
    """The step that has a smallest multiple, by least squares; None if it is not one."""
    small = distinct <= (MULTIPLES + 0.5) * smallest
    values, weights = distinct[small], numbers[small]
    multiples = np.rint(values / smallest)
    step = float((weights * multiples * values).sum() / (weights * multiples**2).sum())
    agree = (np.abs(values / step - multiples) <= TOLERANCE) & (multiples > 0)
    of_multiple = np.bincount(multiples[agree].astype(int), weights[agree], MULTIPLES + 1)
    sound = (
        weights.sum() >= EXAMINED * numbers.sum()
        and weights[agree].sum() >= AGREEING * weights.sum()
        and of_multiple[2] > 0
        and not _has_gaps(of_multiple, max(COMMON * float(weights.sum()), _FEWEST_RUNS))
        and not _is_rounding(step)
    )
    return step if sound else None


def _has_gaps(of_multiple: np.ndarray, common: float) -> bool:
    """Whether a multiple is missing between common ones: values were rounded to a coarser step."""
    inner = of_multiple[2:-1]
    return bool(((inner == 0) & (of_multiple[3:] >= common)).any())


def _is_rounding(step: float) -> bool:
    """Whether a step is 0.1, 0.01, ...: that of decimals, not of reads."""
    power = np.log10(step)
    return bool(power < -0.5 and abs(power - round(power)) < 1e-6)


def _lone_runs(runs: Runs) -> np.ndarray:
    """Runs with nothing on either side; float64, shape (lone, 4).

    Columns: value, length, distance to the next start, and 1 if the next run is lone as well. The
    first and last run of a piece are not known to be lone.
    """
    gaps = runs.starts[1:] - runs.ends[:-1]
    lone = np.flatnonzero((gaps[:-1] > 0) & (gaps[1:] > 0)) + 1
    lengths = runs.ends[lone] - runs.starts[lone]
    neighbours = np.append(np.diff(lone) == 1, np.zeros(min(len(lone), 1), bool))
    return np.column_stack([runs.values[lone], lengths, lengths + gaps[lone], neighbours])


def _lone_length(pieces: Iterable[np.ndarray], step: float) -> float | None:
    """The mean length of lone reads: that of lone runs, as far as each is one read.

    Among reads of different length, short ones are more often lone. This is not so where the next
    read starts after more than the length of almost any: only such runs count, if there are enough.

    Two reads that touch are one run. Their number is that of two lone runs with the smallest
    possible gap between them, times its ratio to that of runs with the second smallest.
    """
    values, lengths, next_start, neighbours = np.concatenate([np.empty((0, 4)), *pieces]).T
    single = np.abs(values / step - 1) <= TOLERANCE
    if single.sum() < FEWEST_LONE:
        return None
    far = 1.5 * np.quantile(lengths[single], 0.99)
    if (single & (next_start >= far)).sum() < FEWEST_LONE:
        far = 0
    bin_size = int(np.gcd.reduce(next_start[single].astype(np.int64)))
    pairs = np.flatnonzero((neighbours[:-1] > 0) & single[:-1] & single[1:])
    gaps = next_start[pairs] - lengths[pairs]
    reach = next_start[pairs] + next_start[pairs + 1] - gaps
    near, second = (((gaps == n * bin_size) & (reach >= far)).sum() for n in (1, 2))
    touching = near * (min(max(near / second, 1), 2) if second >= _FEWEST_PAIRS else 1)
    chosen = single & (next_start >= far)
    return float(lengths[chosen].sum() / (chosen.sum() + touching))


def number_of_reads(facts: CoverageFacts, given: int | None) -> int:
    """The number of reads of a file: the given one or, without it, the estimated one.

    Raises InputError, without its subject, if neither is there, or both are far apart.
    """
    if not facts.area:
        raise InputError("has no coverage: nothing can be counted. Check the step that made it.")
    if given is None and facts.reads is None:
        why = (
            "its values are not whole multiples of the value of one read"
            if facts.step is None
            else "too few of its reads overlap no other one to measure their length"
        )
        raise InputError(
            f"does not say how many reads it was made of: {why}. Give their number in the column "
            "reads of the samplesheet (values are then taken as proportional to coverage), or give "
            "unsmoothed coverage, or the reads."
        )
    if given is None or facts.reads is None:
        return given or facts.reads or 0
    if not 1 / FARTHEST <= given / facts.reads <= FARTHEST:
        raise InputError(
            f"was made of about {facts.reads:,} reads, by its coverage, but the column reads says "
            f"{given:,}. Give the number of mapped reads, not of millions, or leave the cell empty."
        )
    return given


def split_reads(number: int, areas: Mapping[str, float]) -> dict[str, int]:
    """A number of reads split by area; whole numbers with the same sum."""
    reached = np.cumsum([0.0, *areas.values()])
    parts = np.diff(np.rint(number * (reached / max(reached[-1], np.finfo(float).tiny))))
    return dict(zip(areas, parts.astype(int).tolist(), strict=True))
