"""A glance at the first reads of a file: can they be counted in the way that is asked for?"""

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pysam

from deepregfinder.counting.file_format import alignment_format, open_alignments
from deepregfinder.counting.rules import CountRules
from deepregfinder.errors import InputError

READS_EXAMINED = 10_000

_IN_READ = (pysam.CMATCH, pysam.CEQUAL, pysam.CDIFF, pysam.CINS, pysam.CSOFT_CLIP)


@dataclass(frozen=True)
class Glance:
    """What the header and the first 10,000 mapped records show.

    chrom_sizes : length in bp of every reference in the header
    paired_end : whether reads of pairs are among them
    in_order : whether the header says that records are in order of coordinate
    median_length : median length of their reads (matched, inserted and soft-clipped bases);
        0 if there is none
    """

    chrom_sizes: dict[str, int]
    paired_end: bool
    in_order: bool
    median_length: float


def glance_at(path: Path) -> Glance:
    """Look at both ends of a BAM or CRAM file; InputError if it cannot be read, or has no end."""
    try:
        alignment_format(path)
    except InputError as error:
        raise InputError(f"{path} {error}") from None
    lengths, paired_end = [], False
    try:
        with open_alignments(path) as alignments:
            in_order = alignments.header.to_dict().get("HD", {}).get("SO") == "coordinate"
            sizes = dict(zip(alignments.references, alignments.lengths, strict=True))
            for read in _first_mapped(alignments):
                pieces = read.cigartuples or ()
                lengths.append(sum(n for operation, n in pieces if operation in _IN_READ))
                paired_end |= read.is_paired
    except (OSError, ValueError):
        raise InputError(
            f"{path} is damaged: its header or its first reads cannot be unpacked. Copy it again."
        ) from None
    median = statistics.median(lengths) if lengths else 0
    return Glance(sizes, paired_end, in_order, median)


def _first_mapped(alignments: pysam.AlignmentFile) -> Iterator[pysam.AlignedSegment]:
    left = READS_EXAMINED
    for read in alignments.fetch(until_eof=True):
        if not read.is_unmapped:
            yield read
            left -= 1
        if not left:
            return


def require_countable(path: Path, seen: Glance, rules: CountRules, bin_size: int) -> None:
    """Raise InputError if reads are so long that no bin can ever hold half of one.

    Extension does not matter here: it adds bases that may lie in a bin, but the half is that of
    the read itself.
    """
    fragments = seen.paired_end and rules.paired_end == "fragments"
    if rules.count_at == "overlap" and not fragments and seen.median_length > 2 * bin_size:
        raise InputError(
            f"{path}: the median read has {seen.median_length:,.0f} bases, more than two bins of "
            f"{bin_size} bp, so that no bin ever holds half of it: most reads would not be "
            "counted. Use --count_at midpoint, or a larger --bin_size."
        )
