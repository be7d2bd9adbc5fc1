"""Random files of pairs as different aligners and filters write them, and their true fragments.

The truth comes from the drawn fragments, and for mates without the other one from a few lines of
Python on the fields of the record.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deepregfinder.counting.rules import CountRules

# How TLEN is written. "old": mates of equal start are both negative (bowtie2 before 2.3.5, hisat2
# 2.1.0); "positive": both mates; "zero": nowhere; "clipped": with soft-clipped bases (bowtie2
# --local); "ends": from 5' end to 5' end (bwa mem).
CONVENTIONS = ("new", "old", "positive", "zero", "clipped", "ends")

# What happened to the file afterwards.
FILTERS = ("none", "some mates", "first only", "second only")
ORDERS = ("coordinate", "name", "none")

# Names of the mates: of one name, and with endings that some programs leave.
ENDINGS = (("", ""), ("/1", "/2"), (".1", ".2"), ("_1", "_2"))


@dataclass(frozen=True)
class Mate:
    """A record of a pair; start and end are those of its aligned bases, 0-based and half-open."""

    fragment: int
    chrom: str
    start: int
    end: int
    cigar: str
    reverse: bool
    first: bool
    mapq: int
    duplicate: bool
    hits: int
    clipped: tuple[int, int] = (0, 0)
    mate_start: int = -1
    tlen: int = 0

    def line(self, name: str, more: int = 0) -> str:
        """A SAM line. more : further bits of the flag"""
        flag = 0x1 | 0x2 | (0x10 if self.reverse else 0x20) | (0x40 if self.first else 0x80)
        flag |= 0x400 * self.duplicate | more
        place = f"{self.chrom}\t{self.start + 1}\t{self.mapq}\t{self.cigar}"
        tags = f"\tNH:i:{self.hits}" if self.hits else ""
        return f"{name}\t{flag}\t{place}\t=\t{self.mate_start + 1}\t{self.tlen}\t*\t*{tags}"


@dataclass
class PairedFile:
    """SAM lines, and the mates that they hold.

    lines : of all records, in the order of the file
    mates : records of fragments
    extra : secondary and supplementary records among the lines; improper : records of other pairs
    """

    lines: list[str]
    mates: list[Mate]
    extra: int = 0
    improper: int = 0


@dataclass
class Truth:
    """What has to be counted: fragments in each bin (chrom, bin), and numbers by their fate."""

    bins: dict[tuple[str, int], int]
    fates: dict[str, int]
    lone: tuple[int, int]


def random_pairs(
    rng: random.Random,
    sizes: Mapping[str, int],
    n_fragments: int,
    convention: str = "new",
    filtered: str = "none",
    order: str = "coordinate",
    endings: tuple[str, str] = ("", ""),
    extra: bool = False,
    stale: int = 0,
) -> PairedFile:
    """Draw a file.

    extra : with secondary and supplementary records of the pairs, and with improper pairs
    stale : the statements of the mates' positions are off by up to this many bp
    """
    records: list[tuple[tuple[str, int], int, str]] = []
    mates: list[Mate] = []
    n_extra = n_improper = 0
    for number in range(n_fragments):
        pair = _pair(rng, number, sizes, convention, stale)
        for mate in pair:
            if filtered == "some mates" and rng.random() < 0.2:
                continue
            if filtered in ("first only", "second only") and mate.first != (filtered[0] == "f"):
                continue
            name = f"read:{number // 7}:{number}{endings[not mate.first]}"
            mates.append(mate)
            records.append(((mate.chrom, mate.start), number, mate.line(name)))
            if extra and rng.random() < 0.3:
                elsewhere = rng.choice([0x100, 0x800, 0x900])
                records.append(((mate.chrom, mate.start), number, mate.line(name, elsewhere)))
                n_extra += 1
            if extra and rng.random() < 0.1:
                other = mate.line(f"improper:{number}").split("\t")
                other[1] = str(int(other[1]) & ~0x2)
                records.append(((mate.chrom, mate.start), number, "\t".join(other)))
                n_improper += 1
    if order == "coordinate":
        chroms = list(sizes)
        records.sort(key=lambda record: (chroms.index(record[0][0]), record[0][1]))
    elif order == "none":
        rng.shuffle(records)
    return PairedFile([line for _, _, line in records], mates, n_extra, n_improper)


def _pair(
    rng: random.Random, number: int, sizes: Mapping[str, int], convention: str, stale: int
) -> list[Mate]:
    chrom = rng.choice(list(sizes))
    length = min(rng.choice([rng.randint(20, 90), rng.randint(90, 600)]), sizes[chrom] // 2)
    start = rng.randint(0, sizes[chrom] - length)
    duplicate = rng.random() < 0.1
    mates = []
    first_is_forward = rng.random() < 0.5
    trimmed = rng.random() < 0.8  # else the mates of short fragments reach beyond each other
    for reverse in (False, True):
        bases = rng.randint(30, 100)
        if trimmed or length >= bases:
            bases = min(bases, length)
        left = max(start + length - bases, 0) if reverse else start
        right = start + length if reverse else min(start + bases, sizes[chrom])
        span, clip = right - left, (0, 0)
        cigar = f"{span}M"
        if span > 25 and rng.random() < 0.3:
            clip = rng.choice([(rng.randint(1, 9), 0), (0, rng.randint(1, 9))])
            cigar = "".join(
                f"{n}{kind}"
                for n, kind in ((clip[0], "S"), (span - sum(clip), "M"), (clip[1], "S"))
                if n
            )
            left, right = left + clip[0], right - clip[1]
        elif span > 20 and rng.random() < 0.3:
            cigar = rng.choice([f"8M2D{span - 10}M", f"8M3I{span - 8}M", f"5M4N{span - 9}M"])
        mates.append(
            Mate(
                *(number, chrom, left, right, cigar, reverse, first_is_forward != reverse),
                mapq=rng.choice([0, 10, 30, 60, 255]),
                duplicate=duplicate and rng.random() < 0.7,
                hits=rng.choice([0, 0, 0, 1, 1, 2]),
                clipped=clip,
            )
        )
    return _with_mates(rng, mates, convention, stale)


def _with_mates(
    rng: random.Random, mates: Sequence[Mate], convention: str, stale: int
) -> list[Mate]:
    """The mates with the position of the other one, and TLEN as the aligner writes it."""
    written = []
    for mate, other in zip(mates, reversed(mates), strict=True):
        size = max(mate.end, other.end) - min(mate.start, other.start)
        if convention == "clipped":
            low = min(one.start - one.clipped[0] for one in mates)
            size = max(one.end + one.clipped[1] for one in mates) - low
        if convention == "ends":
            size = abs(mates[1].end - mates[0].start)
        negative = mate.start > other.start or (mate.start == other.start and not mate.first)
        if convention == "old":
            negative = mate.start >= other.start
        sign = {"positive": 1, "zero": 0}.get(convention, -1 if negative else 1)
        moved = rng.randint(-stale, stale)
        fields = {**mate.__dict__, "mate_start": max(other.start + moved, 0), "tlen": sign * size}
        written.append(Mate(**fields))
    return written


def truth(file: PairedFile, rules: CountRules, bin_size: int) -> Truth:
    """Fragments by their names: what has to be counted with --paired_end fragments."""
    by_fragment: dict[int, list[Mate]] = {}
    for mate in file.mates:
        by_fragment.setdefault(mate.fragment, []).append(mate)
    found = Truth({}, dict.fromkeys(("usable", "mapq", "duplicate", "multimapping"), 0), (0, 0))
    lone = [0, 0]
    for mates in by_fragment.values():
        start, end = min(mate.start for mate in mates), max(mate.end for mate in mates)
        if len(mates) == 1:
            (mate,) = mates
            lone[not mate.first] += 1
            start = min(mate.start, mate.mate_start)
            end = max(mate.end, mate.mate_start + mate.end - mate.start)
            if mate.tlen:
                end = start + abs(mate.tlen)
        if max(mate.mapq for mate in mates) < rules.min_mapq:
            fate = "mapq"
        elif rules.duplicates == "drop" and any(mate.duplicate for mate in mates):
            fate = "duplicate"
        elif any(mate.hits > 1 for mate in mates):
            fate = "multimapping"
        else:
            fate = "usable"
            place = (mates[0].chrom, (start + end) // 2 // bin_size)
            found.bins[place] = found.bins.get(place, 0) + 1
        found.fates[fate] += 1
    found.lone = (lone[0], lone[1])
    return found
