"""Random difficult alignments, and their counts by brute force."""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pysam

from deepregfinder.counting.rules import CountRules

# chr1 is longer than 131,072 bp, the width of the index buckets of featureCounts.
SIZES = {"chr1": 300_050, "chr2": 1_234, "chr10": 5_000, "chrX": 990, "chrM": 700, "GL1.1": 4_000}
MAIN = {chrom: SIZES[chrom] for chrom in ("chr1", "chr2", "chr10", "chrX")}


def random_cigar(rng: random.Random) -> str:
    """Matches with indels, splices, padding and clips; sometimes more sections than are counted."""
    if rng.random() < 0.35:
        return f"{rng.randint(1, 100)}M"
    n_pieces = rng.choice([1, 2, 3, 4, 5, rng.randint(6, 14)])
    longest = 150 // n_pieces
    pieces = []
    for k in range(n_pieces):
        pieces.append(f"{rng.randint(1, longest)}{rng.choice('MMMM=X')}")
        if k < n_pieces - 1:
            gaps = [f"{rng.randint(1, 30)}{rng.choice('IDDIN')}", "3P", f"{rng.randint(1, 900)}N"]
            pieces.append(rng.choice([gaps[0], gaps[0], gaps[0], gaps[1], gaps[2], "2I3D"]))
    if rng.random() < 0.05:
        pieces.insert(0, f"{rng.randint(1, 20)}{rng.choice('ID')}")
    if rng.random() < 0.05:
        pieces.append(f"{rng.randint(1, 20)}{rng.choice('ID')}")
    before = [f"{rng.randint(1, 30)}H"] * (rng.random() < 0.2)
    before += [f"{rng.randint(1, 60)}S"] * (rng.random() < 0.4)
    after = [f"{rng.randint(1, 60)}S"] * (rng.random() < 0.4)
    after += [f"{rng.randint(1, 30)}H"] * (rng.random() < 0.2)
    return "".join([*before, *pieces, *after])


def random_record(
    rng: random.Random, number: int, paired: bool, sizes: Mapping[str, int] = SIZES
) -> str:
    """A SAM line with any flags, qualities and tags, often near the ends of a chromosome."""
    chrom = rng.choice(list(sizes))
    size = sizes[chrom]
    where = rng.random()
    if where < 0.3:
        position = rng.randint(1, min(size, 150))
    elif where < 0.6:
        position = max(1, size - rng.randint(0, 150))
    elif where < 0.7 and size > 262_144:
        position = rng.choice([131_072, 262_144]) + rng.randint(-80, 80)
    else:
        position = rng.randint(1, min(size, 4_000))
    chances = [(0x4, 0.05), (0x10, 0.5), (0x100, 0.1), (0x200, 0.1), (0x400, 0.15), (0x800, 0.1)]
    mate = "*\t0\t0"
    flag = 0
    if paired:
        chances += [(0x2, 0.6), (0x8, 0.1), (0x20, 0.5)]
        flag = 0x1 | rng.choice([0x40, 0x80])
        other = rng.choice(["=", "=", list(sizes)[-1]])
        mate = f"{other}\t{rng.randint(1, 900)}\t{rng.randint(-400, 400)}"
    flag += sum(bit for bit, chance in chances if rng.random() < chance)
    cigar = random_cigar(rng) if rng.random() < 0.99 else "*"
    n_bases = sum(int(n) for n, kind in re.findall(r"(\d+)([MIDNSHP=X])", cigar) if kind in "MIS=X")
    bases = "A" * n_bases if n_bases and rng.random() < 0.9 else "*"
    hits = rng.choice([0, 1, 1, 1, 2, 5, 127, 128, 200, 255, 300, 40_000, 70_000])
    tags = [
        tag
        for tag in ("XA:Z:NHi2", "BC:B:s,1,-2,3", "XF:f:2.5", "XC:A:N", f"NH:i:{hits}", "NM:i:2")
        if rng.random() < 0.4
    ]
    quality = rng.choice([0, 1, 10, 30, 60, 255])
    fields = [f"r{number}", flag, chrom, position, quality, cigar, mate, bases, "*", *tags]
    return "\t".join(map(str, fields))


def random_bam(
    path: Path,
    seed: int,
    n_records: int,
    share_paired: float = 0.0,
    sizes: Mapping[str, int] = SIZES,
) -> Path:
    """Write a BAM file of random records, unsorted."""
    rng = random.Random(seed)
    lines = [random_record(rng, k, rng.random() < share_paired, sizes) for k in range(n_records)]
    return bam_of(path, lines, sizes)


def bam_of(path: Path, lines: list[str], sizes: Mapping[str, int] = SIZES) -> Path:
    """Write SAM lines, without a header, as a BAM file."""
    text = path.with_suffix(".sam")
    header = "".join(f"@SQ\tSN:{chrom}\tLN:{size}\n" for chrom, size in sizes.items())
    text.write_text(header + "".join(f"{line}\n" for line in lines))
    with (
        pysam.AlignmentFile(str(text), check_sq=False) as records,
        pysam.AlignmentFile(str(path), "wb", template=records) as bam,
    ):
        for record in records:
            bam.write(record)
    return path


@dataclass
class BruteForceCounts:
    """Counts of each chromosome, and the numbers of usable, assigned and all records.

    library_size : usable records on main chromosomes
    """

    bins: dict[str, list[int]]
    usable: int = 0
    library_size: int = 0
    assigned: int = 0
    total: int = 0


def brute_force(path: Path, rules: CountRules, bin_size: int) -> BruteForceCounts:
    """Count single reads and mates, base by base, with sets of positions (1-based)."""
    counts = BruteForceCounts({chrom: [0] * -(-size // bin_size) for chrom, size in MAIN.items()})
    with pysam.AlignmentFile(str(path), check_sq=False) as records:
        for record in records.fetch(until_eof=True):
            counts.total += 1
            if record.is_unmapped or record.mapping_quality < rules.min_mapq:
                continue
            if rules.secondary == "drop" and (record.is_secondary or record.is_supplementary):
                continue
            if rules.duplicates == "drop" and record.is_duplicate:
                continue
            if record.has_tag("NH") and record.get_tag("NH") > 1:
                continue
            counts.usable += 1
            if record.reference_name not in MAIN:
                continue
            counts.library_size += 1
            if not record.cigartuples:
                continue
            hit = _bins_hit(record, rules, MAIN[record.reference_name], bin_size)
            counts.assigned += bool(hit)
            for index in hit:
                counts.bins[record.reference_name][index] += 1
    return counts


def _bins_hit(
    record: pysam.AlignedSegment, rules: CountRules, size: int, bin_size: int
) -> list[int]:
    stretches, length = _stretches(record)
    if not stretches:
        return []
    downstream = -1 if record.is_reverse else 1
    step = 1 if rules.shift * downstream > 0 else -1
    moved = step * abs(rules.shift)
    if moved < 0 and stretches[0][0] + moved < 1:
        moved = 1 - stretches[0][0]
    if moved > 0 and stretches[-1][1] + moved > size + 1:
        moved = size + 1 - stretches[-1][1]
    stretches = [[start + moved, end + moved] for start, end in stretches]
    if rules.extend and record.is_reverse:
        stretches[0][0] -= min(rules.extend, record.reference_start)
    elif rules.extend:
        stretches[-1][1] = min(stretches[-1][1] + rules.extend, size + 1)
    bases = {base for start, end in stretches if start >= 0 for base in range(start, end)}
    in_bin: dict[int, int] = {}
    for base in bases:
        if 1 <= base <= size:
            in_bin[(base - 1) // bin_size] = in_bin.get((base - 1) // bin_size, 0) + 1
    return [index for index, n in in_bin.items() if 2 * n >= length]


def _stretches(record: pysam.AlignedSegment) -> tuple[list[list[int]], int]:
    """Matched stretches (1-based start, end), at most 10, and the length of the read.

    Each stretch contributes to the length: its bases, an insertion that ends it, clipped bases.
    """
    place = record.reference_start + 1
    stretches, shares = [[place, place]], [0]
    begun, clipped_behind = False, 0
    for kind, n in record.cigartuples or ():
        if kind in (pysam.CMATCH, pysam.CEQUAL, pysam.CDIFF):
            place += n
            stretches[-1][1] = place
            shares[-1] += n
            begun = True
        elif kind == pysam.CSOFT_CLIP and begun:
            clipped_behind = n
        elif kind == pysam.CSOFT_CLIP:
            shares[-1] += min(n, place)
            begun = True
        elif kind in (pysam.CINS, pysam.CDEL, pysam.CREF_SKIP):
            if kind == pysam.CINS:
                shares[-1] += n
                begun = True
            else:
                place += n
            stretches.append([place, place])
            shares.append(0)
    if stretches[-1][0] == stretches[-1][1]:
        stretches.pop()
        shares.pop()
    else:
        shares[-1] += clipped_behind
    return stretches[:10], sum(shares[:10])
