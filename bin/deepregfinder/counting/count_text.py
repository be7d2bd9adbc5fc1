"""Count tagAlign and fragments files by the rules of BAM files."""

import logging
import statistics
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from deepregfinder.counting import lines
from deepregfinder.counting.barcodes import BarcodeList
from deepregfinder.counting.first_reads import READS_EXAMINED, ReadPreview
from deepregfinder.counting.read_ends import EndSampler
from deepregfinder.counting.record_counter import Extras, RecordCounter
from deepregfinder.counting.rules import BinCounts, BinGrid, CountAt, CountRules
from deepregfinder.counting.text_format import TextFormat
from deepregfinder.counting.text_reads import TextReads
from deepregfinder.errors import InputError
from deepregfinder.progress import Progress

_log = logging.getLogger(__name__)


def preview_text(path: Path, kind: TextFormat, chrom_sizes: Mapping[str, int]) -> ReadPreview:
    """Preview of a file of reads as text on a genome; InputError if it cannot be read."""
    lengths: list[int] = []
    try:
        for rows in TextReads(path, kind).batches(threads=1):
            lengths += (rows[: READS_EXAMINED - len(lengths), lines.CIGAR] >> 4).tolist()
            if len(lengths) == READS_EXAMINED:
                break
    except InputError as error:
        raise InputError(f"{path} {error}") from None
    median = statistics.median(lengths) if lengths else 0
    return ReadPreview(
        dict(chrom_sizes), kind == "fragments", False, False, median, text_format=kind
    )


def count_text(
    path: Path,
    preview: ReadPreview,
    rules: CountRules,
    grid: BinGrid,
    barcodes: BarcodeList | None,
    threads: int,
    sampler: EndSampler | None = None,
) -> BinCounts:
    """Count a tagAlign or fragments file, sorted or not.

    A read of tagAlign counts like a record of BAM without gaps. With `duplicates` "drop", it is one
    if an earlier read with a sufficient mapping quality has its chromosome, strand and 5' end: two
    bits for each position of the genome are in memory. A fragment counts at its midpoint, whatever
    the rules for single reads, or with "reads" and "five_prime" at both ends, which have been
    corrected for the cut of the transposase: `shift` is not applied.

    Parameters
    ----------
    path : the file
    preview : of the file
    rules, grid : what is counted, and in which bins
    barcodes : those of the fragments that count; None for all
    threads : blocks of a bgzip file that are decompressed in parallel
    sampler : collects read ends

    Raises
    ------
    InputError
        The file is damaged, has faulty lines, or has no read.
    """
    reads = _reads_of(path, preview, rules, grid, barcodes, has_mapq=True)
    counts = _counted(path, reads, rules, grid, threads, sampler)
    if preview.text_format == "tagAlign" and rules.min_mapq and not reads.has_scores:
        _log.info("%s: all scores are 0, and are not taken as mapping qualities", path)
        if sampler is not None:
            sampler.begin(preview)
        reads = _reads_of(path, preview, rules, grid, barcodes, has_mapq=False)
        counts = _counted(path, reads, rules, grid, threads, sampler)
    return counts


def _reads_of(
    path: Path,
    preview: ReadPreview,
    rules: CountRules,
    grid: BinGrid,
    barcodes: BarcodeList | None,
    has_mapq: bool,
) -> TextReads:
    assert preview.text_format is not None
    drops = rules.duplicates == "drop" and preview.text_format == "tagAlign"
    copies_from = rules.min_mapq if drops else None
    ends = preview.text_format == "fragments" and rules.paired_end == "reads"
    return TextReads(
        path, preview.text_format, barcodes, grid.chrom_sizes, copies_from, has_mapq, ends
    )


def _counted(
    path: Path,
    reads: TextReads,
    rules: CountRules,
    grid: BinGrid,
    threads: int,
    sampler: EndSampler | None,
) -> BinCounts:
    if reads.kind == "fragments":
        # Records are whole fragments, single reads that count at their midpoint, or their ends.
        place: CountAt = "midpoint" if rules.paired_end == "fragments" else "five_prime"
        rules = replace(rules, paired_end="reads", count_at=place, extend=0, shift=0)
    extras = Extras(sampler)
    counter = RecordCounter(path, grid.chrom_sizes, rules, grid, extras)
    progress = Progress(_log, str(path), "reads", path.stat().st_size)
    try:
        for rows in reads.batches(threads, lambda done: progress.reach(done, counter.n_records)):
            counter.count(rows.reshape(-1).view("uint8"), 0)
        reads.require_sound()
    except InputError as error:
        raise InputError.of([f"{path} {problem}" for problem in error.problems]) from None
    return counter.counts()
