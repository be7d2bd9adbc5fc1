"""Small BAM files for tests of inputs, written with pysam."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pysam


def record(
    header: pysam.AlignmentHeader, chrom: str | None, start: int, cigar: str = "36M", flag: int = 0
) -> pysam.AlignedSegment:
    read = pysam.AlignedSegment(header)
    read.query_name = f"r{start}"
    read.flag = flag if chrom is not None else flag | 4
    read.reference_name = chrom
    read.reference_start = start
    read.mapping_quality = 60
    read.cigarstring = cigar if chrom is not None else None
    return read


def write_bam(
    path: Path,
    sizes: Mapping[str, int],
    reads: Sequence[tuple] = (),
    index: bool = False,
) -> Path:
    """Write reads, tuples of (chrom, start[, cigar[, flag]]), in the order given."""
    header = pysam.AlignmentHeader.from_references(list(sizes), list(sizes.values()))
    with pysam.AlignmentFile(str(path), "wb", header=header) as bam:
        for read in reads:
            bam.write(record(header, *read))
    if index:
        pysam.index(str(path))
    return path
