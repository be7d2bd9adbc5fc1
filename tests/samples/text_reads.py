"""Reads and fragments as BAM, tagAlign and fragments files, and their counts by plain loops."""

import gzip
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pysam

from deepregfinder.counting.rules import CountRules


@dataclass(frozen=True)
class Read:
    """A read without gaps; with a fragment, the first mate of a proper pair of that length."""

    chrom: str
    start: int
    end: int
    strand: str = "+"
    mapq: int = 60


def random_reads(seed: int, n: int, sizes: Mapping[str, int], longest: int = 120) -> list[Read]:
    """Reads anywhere, often near the ends of chromosomes and with the 5' end of another one."""
    rng = random.Random(seed)
    made: list[Read] = []
    for _ in range(n):
        chrom = rng.choice(list(sizes))
        length = rng.randint(1, min(longest, sizes[chrom]))
        latest = sizes[chrom] - length
        where = rng.choice((rng.randint(0, latest), min(latest, rng.randint(0, 150)), latest))
        read = Read(chrom, where, where + length, rng.choice("+-"), rng.choice((0, 5, 30, 60)))
        made.append(rng.choice(made) if made and rng.random() < 0.2 else read)
    return made


def write_text(path: Path, lines: Iterable[str]) -> Path:
    """Write lines; gzipped if the name ends in .gz."""
    text = "".join(f"{line}\n" for line in lines).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def write_tag_align(path: Path, reads: Sequence[Read], scores: bool = True) -> Path:
    """Write reads as `bedtools bamtobed` does or, without scores, as ENCODE does."""
    return write_text(
        path,
        (
            f"{r.chrom}\t{r.start}\t{r.end}\tN\t{r.mapq if scores else 1000}\t{r.strand}"
            for r in reads
        ),
    )


def write_bam_of(path: Path, reads: Sequence[Read], sizes: Mapping[str, int]) -> Path:
    """Write single reads in the order given, with a flag (0x400) at later copies of a 5' end.

    A read with a mapping quality below 10 marks no other one.
    """
    header = pysam.AlignmentHeader.from_dict(
        {"SQ": [{"SN": name, "LN": length} for name, length in sizes.items()]}
    )
    taken: set[tuple[str, int, str]] = set()
    with pysam.AlignmentFile(str(path), "wb", header=header) as bam:
        for number, read in enumerate(reads):
            record = pysam.AlignedSegment(header)
            record.query_name, record.reference_name = f"r{number}", read.chrom
            record.reference_start, record.mapping_quality = read.start, read.mapq
            record.cigarstring = f"{read.end - read.start}M"
            record.is_reverse = read.strand == "-"
            place = (read.chrom, read.end if record.is_reverse else read.start, read.strand)
            record.is_duplicate = place in taken
            if read.mapq >= 10:
                taken.add(place)
            bam.write(record)
    return path


def write_pairs(path: Path, fragments: Sequence[Read], sizes: Mapping[str, int]) -> Path:
    """Write each fragment as a proper pair of reads of up to 30 bp."""
    header = pysam.AlignmentHeader.from_references(list(sizes), list(sizes.values()))
    with pysam.AlignmentFile(str(path), "wb", header=header) as bam:
        for number, fragment in enumerate(fragments):
            length = fragment.end - fragment.start
            read = min(30, length)
            starts = (fragment.start, fragment.end - read)
            for mate, (start, other) in enumerate((starts, starts[::-1])):
                record = pysam.AlignedSegment(header)
                record.query_name, record.reference_name = f"r{number}", fragment.chrom
                record.reference_start, record.next_reference_start = start, other
                record.next_reference_name, record.mapping_quality = fragment.chrom, 60
                record.flag = 0x1 | 0x2 | ((0x40, 0x20) if not mate else (0x80, 0x10))[0]
                record.flag |= 0x10 if mate else 0x20
                record.template_length = -length if mate else length
                record.cigarstring = f"{read}M"
                bam.write(record)
    return path


def write_fragments(path: Path, fragments: Sequence[Read], barcodes: Sequence[str] = ()) -> Path:
    """Write a fragments file as Cell Ranger does; the barcodes are given in turn."""
    barcodes = barcodes or ("AAAC-1",)
    rows = (
        f"{one.chrom}\t{one.start}\t{one.end}\t{barcodes[k % len(barcodes)]}\t{1 + k % 3}"
        for k, one in enumerate(fragments)
    )
    return write_text(path, ["# id=sample", "# primary_contig=chr1", *rows])


def bins_of_reads(
    reads: Sequence[Read], rules: CountRules, sizes: Mapping[str, int], bin_size: int
) -> dict[str, list[int]]:
    """Counts of single reads, base by base."""
    counts = {chrom: [0] * -(-size // bin_size) for chrom, size in sizes.items()}
    taken: set[tuple[str, int, str]] = set()
    for read in reads:
        if read.mapq < rules.min_mapq:
            continue
        place = (read.chrom, read.end - 1 if read.strand == "-" else read.start, read.strand)
        if rules.duplicates == "drop" and place in taken:
            continue
        taken.add(place)
        if read.chrom not in sizes:
            continue
        start, end = _moved(read, rules, sizes[read.chrom])
        if rules.count_at == "midpoint":
            counts[read.chrom][(start + end) // 2 // bin_size] += 1
            continue
        half = (read.end - read.start + 1) // 2
        overlap: dict[int, int] = {}
        for base in range(start, end):
            overlap[base // bin_size] = overlap.get(base // bin_size, 0) + 1
        for index, n in overlap.items():
            counts[read.chrom][index] += n >= half
    return counts


def _moved(read: Read, rules: CountRules, size: int) -> tuple[int, int]:
    """Start and end after shift and extension."""
    shift = -rules.shift if read.strand == "-" else rules.shift
    shift = max(shift, -read.start) if shift < 0 else min(shift, size - read.end)
    start, end = read.start + shift, read.end + shift
    if read.strand == "-":
        return max(start - rules.extend, 0), end
    return start, min(end + rules.extend, size)


def bins_of_fragments(
    fragments: Sequence[Read], sizes: Mapping[str, int], bin_size: int
) -> dict[str, list[int]]:
    """Counts of fragments at their midpoints."""
    counts = {chrom: [0] * -(-size // bin_size) for chrom, size in sizes.items()}
    for one in fragments:
        if one.chrom in sizes:
            counts[one.chrom][(one.start + one.end) // 2 // bin_size] += 1
    return counts
