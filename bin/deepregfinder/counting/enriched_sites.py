"""Enriched bins of a library, and the sites that they form.

For each bin, the reads in the WIDTH bp around it (an odd number of bins, at least one) are compared
with those expected there: the larger of the mean of chosen chromosomes and the mean of the
SURROUNDINGS bp around the bin, which accounts for copy number. A bin is enriched with at least FOLD
times as many and a Poisson probability below TAIL of so many or more. Adjacent enriched bins are a
site.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

WIDTH = 300
SURROUNDINGS = 100_000
FOLD = 3.0
TAIL = 1e-4


@dataclass(frozen=True)
class ChromosomeSites:
    """Sites of one chromosome, from left to right; int64 in bins but for fold.

    first, last : the enriched bins of a site, both included
    summit : the bin with most reads around it, the middle one of equal ones
    fold : reads around the summit over the expected ones
    """

    first: np.ndarray
    last: np.ndarray
    summit: np.ndarray
    fold: np.ndarray


def mean_reads(reads: Callable[[str], np.ndarray], chroms: Sequence[str]) -> float:
    """Mean number of reads in a bin of these chromosomes."""
    total = bins = 0.0
    for chrom in chroms:
        counts = reads(chrom)
        total += float(counts.sum())
        bins += len(counts)
    return total / max(bins, 1)


def chromosome_sites(reads: np.ndarray, mean: float, bin_size: int) -> ChromosomeSites:
    """The sites of one chromosome. reads : (bins,); mean : of a bin of chosen chromosomes"""
    from scipy.stats import poisson  # slow to load, and the report imports the constants above

    n_bins = len(reads)
    width = _odd(WIDTH / bin_size)
    around = width * _mean_around(reads, width)
    expected = width * np.maximum(_mean_around(reads, _odd(SURROUNDINGS / bin_size)), mean)
    likely = np.flatnonzero((around >= FOLD * expected) & (around > 0.5))
    tail = poisson.sf(np.rint(around[likely]) - 1, expected[likely])
    enriched = np.zeros(n_bins + 2, np.int8)
    enriched[likely[tail < TAIL] + 1] = 1
    change = np.diff(enriched)
    first, last = np.flatnonzero(change == 1), np.flatnonzero(change == -1) - 1
    summit = np.empty(len(first), np.int64)
    for site, (start, end) in enumerate(zip(first, last + 1, strict=True)):
        part = around[start:end]
        best = np.flatnonzero(part > part.max() - 0.5)
        summit[site] = start + best[len(best) // 2]
    return ChromosomeSites(first, last, summit, around[summit] / expected[summit])


def _odd(bins: float) -> int:
    """The odd number nearest to a number of bins, at least 1."""
    return max(2 * round((bins - 1) / 2) + 1, 1)


def _mean_around(values: np.ndarray, width: int) -> np.ndarray:
    """Mean of the `width` bins around each bin; beyond the ends there are none."""
    up_to = np.concatenate([[0], np.cumsum(values)])
    bins = np.arange(len(values))
    first = np.maximum(bins - width // 2, 0)
    after = np.minimum(bins + width // 2 + 1, len(values))
    mean: np.ndarray = (up_to[after] - up_to[first]) / (after - first)
    return mean
