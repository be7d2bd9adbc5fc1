"""Count one file with the chosen counter, and refuse files without usable reads."""

import logging
from pathlib import Path
from typing import Literal

import numpy as np

from deepregfinder.counting.barcodes import read_barcodes
from deepregfinder.counting.count_text import count_text, preview_text
from deepregfinder.counting.coverage_format import is_coverage
from deepregfinder.counting.featurecounts import count_featurecounts
from deepregfinder.counting.first_reads import ReadPreview, preview_reads, require_countable
from deepregfinder.counting.native import count_native
from deepregfinder.counting.read_ends import EndSampler
from deepregfinder.counting.rules import BinCounts, BinGrid, CountRules, ReadTally
from deepregfinder.counting.text_format import text_format
from deepregfinder.errors import InputError

Counter = Literal["native", "featurecounts"]

_MULTIMAPPING = ("multi-mapping (NH)", "multi-mapping (NH, or a secondary record)")

_IMPROPER = (
    "not in a proper pair (--paired_end reads counts them)",
    "not in a proper pair, so that the length of the fragment is not known (--max_fragment)",
)

_log = logging.getLogger(__name__)


def count_reads(
    path: Path,
    counter: Counter,
    rules: CountRules,
    grid: BinGrid,
    blacklist: Path | None,
    threads: int,
    sampler: EndSampler | None = None,
    barcodes: Path | None = None,
    reads: int | None = None,
) -> BinCounts:
    """Count the reads of a BAM, CRAM, tagAlign, fragments or bigWig file in the bins of the grid.

    Parameters
    ----------
    path : the file
    counter : the program that counts
    rules, grid : what is counted, and in which bins
    blacklist : BED file; bins that overlap one of its intervals are set to zero
    threads : number of threads
    sampler : collects read ends from the records
    barcodes : list of the barcodes of a fragments file that count; None for all
    reads : number of reads that a bigWig file was made of; None to estimate it

    Raises
    ------
    InputError
        The file cannot be read, does not fit the grid, cannot be counted by these rules, or has no
        usable read.
    """
    if threads < 1:
        raise InputError(f"--threads {threads}: at least 1 is needed.")
    kind = text_format(path.name)
    if barcodes is not None and kind != "fragments":
        raise InputError(f"{path} is not a fragments file, so that --barcodes has no meaning.")
    coverage = is_coverage(path.name)
    if reads is not None and not coverage:
        raise InputError(f"{path} is not a bigWig file, so that --reads has no meaning.")
    listed = None if barcodes is None else read_barcodes(barcodes)
    preview = _preview(path, grid)
    grid.require_fit(path, preview.chrom_sizes)
    require_countable(path, preview, rules, grid.bin_size)
    if sampler is not None:
        sampler.begin(preview)
    if coverage:
        counts = _count_coverage(path, counter, reads, grid)
    elif counter == "featurecounts":
        counts = count_featurecounts(path, preview, rules, grid, threads, sampler)
    elif kind:
        counts = count_text(path, preview, rules, grid, listed, threads, sampler)
    else:
        counts = count_native(path, rules, grid, threads, sampler)
    _require_counts(path, rules, counts.tally)
    if blacklist is not None:
        _mask(counts, blacklist)
    return counts


def _preview(path: Path, grid: BinGrid) -> ReadPreview:
    if is_coverage(path.name):
        from deepregfinder.counting.count_coverage import preview_coverage

        return preview_coverage(path)
    kind = text_format(path.name)
    return preview_text(path, kind, grid.chrom_sizes) if kind else preview_reads(path)


def _count_coverage(path: Path, counter: Counter, reads: int | None, grid: BinGrid) -> BinCounts:
    from deepregfinder.counting.count_coverage import count_coverage

    if counter == "featurecounts":
        raise InputError(
            f"{path} is a bigWig file, which featureCounts cannot read. Use --counter native."
        )
    return count_coverage(path, reads, grid)


def _require_counts(path: Path, rules: CountRules, tally: ReadTally) -> None:
    """Raise InputError, with the reasons, if no read is usable or none is in a bin."""
    _log.info(
        "%s: %s of %s records usable, %s in bins",
        *(path, f"{tally.usable:,}", f"{tally.total:,}", f"{tally.assigned:,}"),
    )
    if tally.assigned:
        return
    if tally.usable:
        raise InputError(
            f"{path}: {tally.usable:,} reads are usable, but none is in a bin of the chromosomes "
            "to be counted. Check --chromosomes and the genome of the file."
        )
    reasons = {
        "unmapped": tally.unmapped,
        f"below mapping quality {rules.min_mapq}": tally.mapq,
        "marked as duplicates": tally.duplicate,
        _MULTIMAPPING[rules.secondary == "drop_reads"]: tally.multimapping,
        "secondary or supplementary": tally.secondary,
        _IMPROPER[rules.max_fragment > 0]: tally.improper_pair,
        f"of fragments above {rules.max_fragment} bp (--max_fragment)": tally.long_fragment,
    }
    excluded = "; ".join(f"{number:,} are {what}" for what, number in reasons.items() if number)
    raise InputError(
        f"{path}: none of its {tally.total:,} records can be counted"
        + (f": {excluded}." if excluded else ".")
    )


def _mask(counts: BinCounts, blacklist: Path) -> None:
    """Set bins that overlap an interval to zero; intervals on other chromosomes are ignored."""
    from deepregfinder.genome.intervals import read_intervals

    bin_size = counts.grid.bin_size
    for chrom, group in read_intervals(blacklist).groupby("chrom"):
        if chrom not in counts.grid.chrom_sizes:
            continue
        part = counts.grid.of_chromosome(counts.values, str(chrom))
        starts = group["start"].to_numpy() // bin_size
        ends = -(-group["end"].to_numpy() // bin_size)
        for first, end in zip(starts, ends, strict=True):
            part[first:end] = 0
    _log.info("%s: %s bins remain above zero", blacklist, f"{np.count_nonzero(counts.values):,}")
