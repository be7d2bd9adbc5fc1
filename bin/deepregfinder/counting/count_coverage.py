"""Count bigWig files of coverage: the reads of a bin are its share of the coverage."""

import logging
from pathlib import Path

import numpy as np

from deepregfinder.counting.coverage_file import CoverageFile
from deepregfinder.counting.coverage_reads import examine, number_of_reads
from deepregfinder.counting.first_reads import ReadPreview
from deepregfinder.counting.rules import BinCounts, BinGrid, ReadTally
from deepregfinder.errors import InputError

_log = logging.getLogger(__name__)


def preview_coverage(path: Path) -> ReadPreview:
    """Preview of a bigWig file; InputError if its header cannot be read."""
    try:
        sizes = dict(CoverageFile(path).chrom_sizes)
    except InputError as error:
        raise InputError(f"{path} {error}") from None
    return ReadPreview(sizes, False, False, False, 0, holds_reads=False)


def count_coverage(path: Path, reads: int | None, grid: BinGrid) -> BinCounts:
    """Count a bigWig file of coverage.

    The area (value x bp) of a bin, divided by that of the file, is its share of the reads. Numbers
    are rounded cumulatively along the genome: the sum of the bins is that of the shares, rounded
    once, and a read that overlaps no other one counts at about its midpoint. No counting rule
    applies: single reads, their mapping qualities and their duplicates are not known.

    Parameters
    ----------
    path : the file
    reads : number of reads that it was made of, on all sequences; None to estimate it
    grid : the bins

    Raises
    ------
    InputError
        The file is damaged, does not hold coverage, or does not say how many reads it was made of.
    """
    try:
        file = CoverageFile(path)
        facts = examine(file)
        number = number_of_reads(facts, reads)
        values = _counts(file, number / facts.area, grid)
    except InputError as error:
        raise InputError(f"{path} {error}") from None
    how = "estimated" if reads is None else "given"
    _log.info("%s: coverage of %s reads (%s); no counting rule applies", path, f"{number:,}", how)
    counted = int(values.sum(dtype=np.int64))
    nothing = dict.fromkeys(
        ("unmapped", "mapq", "duplicate", "multimapping", "secondary", "improper_pair"), 0
    )
    tally = ReadTally(
        total=number,
        **nothing,
        second_mates=0,
        usable=number,
        library_size=counted,
        assigned=counted,
        paired_end=False,
    )
    return BinCounts(grid, values, tally)


def _counts(file: CoverageFile, reads_of_area: float, grid: BinGrid) -> np.ndarray:
    """Reads of all bins: uint32, shape (grid.n_bins,)."""
    counts = np.zeros(grid.n_bins, np.uint32)
    reached = 0.0
    for chrom, part in grid.chromosomes(counts):
        totals = reached + np.cumsum(_areas(file, chrom, len(part), grid.bin_size) * reads_of_area)
        part[:] = np.diff(np.rint(totals), prepend=np.rint(reached))
        reached = float(totals[-1])
    return counts


def _areas(file: CoverageFile, chrom: str, n_bins: int, bin_size: int) -> np.ndarray:
    """Area of each bin of a chromosome: float64, shape (n_bins,); value x bp."""
    areas = np.zeros(n_bins)
    for runs in file.runs(chrom):
        if not len(runs):
            continue
        first, end = int(runs.starts[0]) // bin_size, -(-int(runs.ends[-1]) // bin_size)
        places = np.column_stack([runs.starts, runs.ends]).ravel()
        totals = np.repeat(np.cumsum(runs.areas), 2)
        totals[::2] -= runs.areas
        edges = np.arange(first, end + 1) * bin_size
        areas[first:end] += np.diff(np.interp(edges, places, totals))
    return areas
