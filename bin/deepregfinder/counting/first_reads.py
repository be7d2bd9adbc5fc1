"""Preview of the first reads of a file: whether the counting rules can be applied to them."""

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pysam

from deepregfinder.counting.file_format import alignment_format, open_alignments
from deepregfinder.counting.rules import CountRules
from deepregfinder.counting.text_format import TextFormat
from deepregfinder.errors import InputError

READS_EXAMINED = 10_000

FRAGMENTS_HAVE_NO_READS = (
    "holds fragments, whose reads are not known: --paired_end reads cannot count them. Use "
    "--paired_end fragments, which counts each at its midpoint, or --count_at five_prime, which "
    "counts both ends."
)

_IN_READ = (pysam.CMATCH, pysam.CEQUAL, pysam.CDIFF, pysam.CINS, pysam.CSOFT_CLIP)


@dataclass(frozen=True)
class ReadPreview:
    """Properties of a file, from its header and its first 10,000 mapped records.

    chrom_sizes : length in bp of every reference in the header
    paired_end : whether any of the records is of a pair
    second_mates_only : all of them are second mates of pairs
    in_order : whether the records are sorted by coordinate, according to the header
    median_length : median read length (matched, inserted and soft-clipped bases); 0 without reads
    text_format : that of a file of reads as text; None for BAM and CRAM files
    holds_reads : False for a file of coverage
    """

    chrom_sizes: dict[str, int]
    paired_end: bool
    second_mates_only: bool
    in_order: bool
    median_length: float
    text_format: TextFormat | None = None
    holds_reads: bool = True


def preview_reads(path: Path) -> ReadPreview:
    """Preview a BAM or CRAM file; raises InputError if it is truncated or cannot be read."""
    try:
        alignment_format(path)
    except InputError as error:
        raise InputError(f"{path} {error}") from None
    lengths, paired_end, second_only = [], False, True
    try:
        with open_alignments(path) as alignments:
            in_order = alignments.header.to_dict().get("HD", {}).get("SO") == "coordinate"
            sizes = dict(zip(alignments.references, alignments.lengths, strict=True))
            for read in _first_mapped(alignments):
                pieces = read.cigartuples or ()
                lengths.append(sum(n for operation, n in pieces if operation in _IN_READ))
                paired_end |= read.is_paired
                second_only &= read.is_read2
    except (OSError, ValueError):
        raise InputError(
            f"{path} is damaged: its header or first reads cannot be read. Copy it again."
        ) from None
    median = statistics.median(lengths) if lengths else 0
    return ReadPreview(sizes, paired_end, second_only, in_order, median)


def _first_mapped(alignments: pysam.AlignmentFile) -> Iterator[pysam.AlignedSegment]:
    left = READS_EXAMINED
    for read in alignments.fetch(until_eof=True):
        if not read.is_unmapped:
            yield read
            left -= 1
        if not left:
            return


def require_countable(path: Path, preview: ReadPreview, rules: CountRules, bin_size: int) -> None:
    """Raise InputError if reads are so long that no bin can hold half of one.

    Extension does not matter: it adds bases to overlap with, but the required overlap is half of
    the read itself.
    """
    if preview.text_format == "fragments" and not rules.takes_fragments_files:
        raise InputError(f"{path} {FRAGMENTS_HAVE_NO_READS}")
    fragments = preview.paired_end and rules.paired_end == "fragments"
    if rules.count_at == "overlap" and not fragments and preview.median_length > 2 * bin_size:
        raise InputError(
            f"{path}: the median read has {preview.median_length:,.0f} bases, more than two bins "
            f"of {bin_size} bp, so that no bin can hold half of it: most reads would not be "
            "counted. Use --count_at midpoint, or a larger --bin_size."
        )
