"""Sites of a mark, called from the reads of the run where the user gives no peaks.

For each bin, the reads in the WIDTH bp around it (an odd number of bins, at least one) are compared
with those expected there: the larger of the mean of the training chromosomes and the mean of the
SURROUNDINGS bp around the bin, which accounts for copy number. A bin is enriched with at least FOLD
times as many and a Poisson probability below TAIL of so many or more. Adjacent enriched bins are a
site. The thresholds are fixed, and nothing is fitted: of the validation and test chromosomes, only
their own reads are used, and only for their own sites.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from deepregfinder.errors import InputError
from deepregfinder.signal.store import Signal, mark_depths
from deepregfinder.storage.atomic import written_whole

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


def called_sites(signal: Signal, mark: str, training: Sequence[str]) -> pd.DataFrame:
    """The sites of a mark on all chromosomes, by the rule above.

    training : the chromosomes whose mean is expected everywhere

    Returns a table of `read_intervals` (kind "peaks"); signal is the fold over the expected number.
    Raises InputError where the sample lacks the mark, or no site is found.
    """
    if mark not in signal.marks:
        raise InputError(
            f"Sample {signal.sample} has no reads of {mark} to call sites from; it has "
            f"{', '.join(signal.marks)}."
        )
    row = signal.marks.index(mark)
    depth = int(mark_depths(signal)[row])

    def reads(chrom: str) -> np.ndarray:
        counts: np.ndarray = np.rint(signal.load(chrom)[row].astype(np.float64) * depth / 1e6)
        return counts

    mean = mean_reads(reads, training)
    tables = []
    for chrom, length in signal.chrom_sizes.items():
        sites = chromosome_sites(reads(chrom), mean, signal.bin_size)
        tables.append(_table(chrom, length, sites, signal.bin_size))
    table = pd.concat(tables, ignore_index=True)
    if table.empty:
        raise InputError(
            f"No site of {mark} is called from the reads of {signal.sample}: nowhere are there "
            f"{FOLD:g} times as many reads as expected. Check the BAM file and its depth, or give "
            "peaks in the label sheet."
        )
    return table


def mean_reads(reads: Callable[[str], np.ndarray], chroms: Sequence[str]) -> float:
    """Mean number of reads in a bin of these chromosomes."""
    total = bins = 0.0
    for chrom in chroms:
        counts = reads(chrom)
        total += float(counts.sum())
        bins += len(counts)
    return total / max(bins, 1)


def chromosome_sites(reads: np.ndarray, mean: float, bin_size: int) -> ChromosomeSites:
    """The sites of one chromosome. reads : (bins,); mean : of a bin of the training chromosomes"""
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


def _table(chrom: str, length: int, sites: ChromosomeSites, bin_size: int) -> pd.DataFrame:
    middle = sites.summit * bin_size + bin_size // 2
    return pd.DataFrame(
        {
            "chrom": chrom,
            "start": sites.first * bin_size,
            "end": np.minimum((sites.last + 1) * bin_size, length),
            "signal": sites.fold,
            "summit": np.minimum(middle, length - 1),
        }
    )


def write_sites(path: Path, sites: pd.DataFrame, mark: str) -> None:
    """Write a narrowPeak file, without p and q values (-1)."""
    score = np.clip(sites["signal"] * 100, 0, 1000).round().astype(int)
    columns: Mapping[str, object] = {
        "chrom": sites["chrom"],
        "start": sites["start"],
        "end": sites["end"],
        "name": [f"{mark}_{number}" for number in range(1, len(sites) + 1)],
        "score": score,
        "strand": ".",
        "signal": sites["signal"].map("{:.3f}".format),
        "p": -1,
        "q": -1,
        "summit": sites["summit"] - sites["start"],
    }
    with written_whole(path) as part:
        pd.DataFrame(columns).to_csv(part, sep="\t", header=False, index=False, lineterminator="\n")
