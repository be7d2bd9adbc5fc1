"""Copies of a library are found, however they were made; other libraries are not taken for copies.

The right share is that of read names, which the rule does not see.
"""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pysam
import pytest

from deepregfinder.counting import read_ends
from deepregfinder.counting.counter import count_reads
from deepregfinder.counting.read_ends import EndSampler, ReadEnds
from deepregfinder.counting.rules import BinGrid, CountRules
from deepregfinder.counting.store import Library
from deepregfinder.errors import InputError
from deepregfinder.quality.shared_reads import (
    SampledEnds,
    open_ends,
    same_reads,
    shared_fraction,
    write_ends,
)

SIZES = {"chr1": 3_000_000, "chr2": 1_000_000}
READ = 36
RULES = CountRules(0, "keep", "fragments", "overlap", 0, 0)


def library(path: Path, seed: int, number: int = 6000, paired: bool = False) -> Path:
    """Half of the reads lie in 60 narrow peaks, which all libraries have in common."""
    rng = np.random.default_rng(seed)
    peaks = np.random.default_rng(0).integers(5_000, SIZES["chr1"] - 5_000, 60)
    places = np.concatenate(
        [
            rng.normal(rng.choice(peaks, number // 2), 60).astype(int),
            rng.integers(1_000, SIZES["chr1"] - 1_000, number // 2),
        ]
    )
    header = {
        "HD": {"VN": "1.6", "SO": "coordinate"},
        "SQ": [{"SN": name, "LN": length} for name, length in SIZES.items()],
    }
    head = pysam.AlignmentHeader.from_dict(header)
    reads = []
    for n, place in enumerate(np.sort(places).tolist()):
        backward = bool(rng.random() < 0.5)
        read = pysam.AlignedSegment(head)
        read.query_name = f"run{seed}.{n}"
        read.query_sequence = "ACGT" * (READ // 4)
        read.query_qualities = pysam.qualitystring_to_array("I" * READ)
        read.reference_id, read.reference_start = 0, place
        read.cigarstring, read.mapping_quality = f"{READ}M", int(rng.choice([3, 42]))
        read.flag = 16 * backward
        reads.append(read)
        if paired:
            mate = pysam.AlignedSegment.fromstring(read.to_string(), head)
            mate.reference_start = place + 120
            read.flag, mate.flag = (0x53, 0xA3) if backward else (0x63, 0x93)
            for one, other, length in ((read, mate, 120 + READ), (mate, read, -120 - READ)):
                one.next_reference_id, one.next_reference_start = 0, other.reference_start
                one.template_length = length
            reads.append(mate)
    reads.sort(key=lambda one: one.reference_start)
    with pysam.AlignmentFile(str(path), "wb", header=header) as out:
        for read in reads:
            out.write(read)
    return path


def ends_of(path: Path, name: str, sample: str = "A", mark: str = "x") -> SampledEnds:
    """What the counting step writes of a file, and the quality step reads."""
    sampler = EndSampler(SIZES, RULES.min_mapq)
    count_reads(path, "native", RULES, BinGrid(SIZES, 100), None, 1, sampler)
    kept = path.with_name(f"{name}.ends.zip")
    write_ends(kept, Library(name, sample, mark, name), sampler.ends())
    return open_ends(kept)


def names(path: Path) -> set[str]:
    with pysam.AlignmentFile(str(path), check_sq=False) as reads:
        return {f"{read.query_name}" for read in reads.fetch(until_eof=True)}


def samtools(command: str, *words: object) -> None:
    getattr(pysam, command)(*map(str, words), catch_stdout=False)


def changed(
    source: Path, target: Path, change: Callable[[int, pysam.AlignedSegment], bool]
) -> None:
    """Copy the reads for which `change` is true after it was applied, in random order."""
    with pysam.AlignmentFile(str(source)) as reads:
        kept = [read for n, read in enumerate(reads.fetch(until_eof=True)) if change(n, read)]
        header = reads.header.to_dict() | {"HD": {"VN": "1.6", "SO": "unsorted"}}
    order = np.random.default_rng(3).permutation(len(kept))
    with pysam.AlignmentFile(str(target), "wb", header=header) as out:
        for n in order:
            out.write(kept[n])


def rename(n: int, read: pysam.AlignedSegment) -> bool:
    read.query_name = f"other.{n}"
    read.set_tag("RG", "2")
    return True


def requalify(_n: int, read: pysam.AlignedSegment) -> bool:
    read.mapping_quality = 60
    read.flag |= 0x400
    return True


def trim(_n: int, read: pysam.AlignedSegment) -> bool:
    """Ten bases less at the 3' end."""
    read.query_sequence = str(read.query_sequence)[:26]
    read.cigarstring = "26M"
    read.reference_start += 10 * read.is_reverse
    return True


def merge(source: Path, target: Path) -> None:
    other = library(target.with_suffix(".other.bam"), 77)
    samtools("merge", "-f", target, source, other)


def reorder_header(source: Path, target: Path) -> None:
    """The same reads with chr2 before chr1."""
    with pysam.AlignmentFile(str(source)) as reads:
        header = reads.header.to_dict()
        header["SQ"] = header["SQ"][::-1]
        with pysam.AlignmentFile(str(target), "wb", header=header) as out:
            for read in reads.fetch(until_eof=True):
                read.reference_id = 1
                if read.is_paired:
                    read.next_reference_id = 1
                out.write(read)


COPIES: dict[str, Callable[[Path, Path], object]] = {
    "byte for byte": lambda one, two: two.write_bytes(one.read_bytes()),
    "recompressed": lambda one, two: samtools(
        *("view", "-b", "--output-fmt-option", "level=1", "-o", two, one)
    ),
    "another header and read group": lambda one, two: samtools(
        *("addreplacerg", "-r", "@RG\tID:2\tSM:B", "-O", "BAM", "-o", two, one)
    ),
    "CRAM": lambda one, two: samtools(
        *("view", "-C", "--output-fmt-option", "no_ref=1", "-o", two, one)
    ),
    "sorted by name": lambda one, two: samtools("sort", "-n", "-o", two, one),
    "other names, other order": lambda one, two: changed(one, two, rename),
    "other mapping qualities and flags": lambda one, two: changed(one, two, requalify),
    "trimmed": lambda one, two: changed(one, two, trim),
    "a tenth of the reads": lambda one, two: samtools("view", "-b", "-s", 5.1, "-o", two, one),
    "mapping quality of 10": lambda one, two: samtools("view", "-b", "-q", 10, "-o", two, one),
    "one strand": lambda one, two: samtools("view", "-b", "-F", 16, "-o", two, one),
    "merged with another": merge,
    "other order of chromosomes": reorder_header,
}


APART = ("trimmed", "one strand")
"""Changes that take pairs apart."""


@pytest.mark.parametrize(
    ("how", "paired"),
    [(how, pair) for how in COPIES for pair in (False, True)[: 2 - (how in APART)]],
)
def test_copies_are_found_however_they_were_made(tmp_path: Path, how: str, paired: bool) -> None:
    first = library(tmp_path / "a.bam", 1, paired=paired)
    second = tmp_path / ("b.cram" if how == "CRAM" else "b.bam")
    COPIES[how](first, second)
    copy = ends_of(second, "b", "B", "y")
    share = shared_fraction(ends_of(first, "a"), copy)
    assert share is not None
    assert share > 0.95
    (doubt,) = same_reads([copy, ends_of(library(tmp_path / "c.bam", 2), "c"), ends_of(first, "a")])
    assert (doubt.kind, doubt.ids) == ("copies", ("a", "b"))
    assert doubt.text.startswith(f"{share:.0%} of the reads of a and b are the same")


@pytest.mark.parametrize("number", [300, 6_000, 120_000])
def test_other_reads_of_the_same_peaks_are_no_copies(tmp_path: Path, number: int) -> None:
    samples = [ends_of(library(tmp_path / f"{n}.bam", n, number), str(n)) for n in (1, 2, 3)]
    assert list(same_reads(samples)) == []
    for other in samples[1:]:
        assert abs(shared_fraction(samples[0], other) or 0) < 0.05


@pytest.mark.parametrize("part", [0.2, 0.7])
def test_the_share_is_that_of_the_names(tmp_path: Path, part: float) -> None:
    """A part of the reads of one library beside those of another one."""
    one, other = library(tmp_path / "a.bam", 1), library(tmp_path / "b.bam", 2)
    kept, rest, mixed = (tmp_path / name for name in ("kept.bam", "rest.bam", "mixed.bam"))
    samtools("view", "-b", "-s", 9 + part, "-o", kept, one)
    samtools("view", "-b", "-s", 9 + 1 - part, "-o", rest, other)
    samtools("merge", mixed, kept, rest)
    wanted = len(names(one) & names(mixed)) / min(len(names(one)), len(names(mixed)))
    assert shared_fraction(ends_of(one, "a"), ends_of(mixed, "m")) == pytest.approx(
        wanted, abs=0.03
    )
    assert bool(list(same_reads([ends_of(one, "a"), ends_of(mixed, "m")]))) == (part > 0.5)


def test_deep_files_are_compared_where_both_were_sampled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sample of a sorted file ends early; that of its thinned or unsorted copy ends elsewhere."""
    for module in (read_ends, __import__("deepregfinder.quality.shared_reads", fromlist=["x"])):
        monkeypatch.setattr(module, "READS", 1000)
    deep = library(tmp_path / "a.bam", 1, 20_000)
    thinned, unsorted = tmp_path / "b.bam", tmp_path / "c.bam"
    samtools("view", "-b", "-s", 3.2, "-o", thinned, deep)
    changed(deep, unsorted, rename)
    first = ends_of(deep, "a")
    assert sum(map(len, first.strands)) <= 1000
    for path in (thinned, unsorted):
        share = shared_fraction(first, ends_of(path, path.stem))
        assert share is not None
        assert share > 0.95


def test_controls_may_share_reads_and_tiny_files_tell_nothing(tmp_path: Path) -> None:
    path = library(tmp_path / "a.bam", 1)
    controls = [ends_of(path, name, "control") for name in ("control.a", "control.b")]
    assert list(same_reads(controls)) == []
    (doubt,) = same_reads([controls[0], ends_of(path, "A.x.1")])
    assert doubt.ids == ("A.x.1", "control.a")
    tiny = library(tmp_path / "b.bam", 2, 25)
    assert shared_fraction(ends_of(tiny, "b"), ends_of(tiny, "c")) is None
    empty = SampledEnds(Library("e", "A", "x", "1"), "chr1", (np.zeros(0, np.int32),) * 2)
    assert shared_fraction(empty, ends_of(path, "a")) is None


def test_a_file_of_ends_is_refused_if_it_is_something_else(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_text("nothing")
    with pytest.raises(InputError, match=r"x\.zip cannot be read as a file of ends"):
        open_ends(tmp_path / "x.zip")


def real_ends(shared_data: Path) -> Iterator[list[SampledEnds]]:
    """Groups of independent real libraries of the same places."""
    group = []
    for mark in ("H3K27ac", "H3K4me3"):
        path = shared_data / f"reads_hg19_chr21/{mark}.bed.gz"
        rows = [line.split() for line in gzip.decompress(path.read_bytes()).decode().splitlines()]
        forward = np.array([int(row[1]) for row in rows if row[5] == "+"])
        reverse = np.array([int(row[2]) - 1 for row in rows if row[5] == "-"])
        group.append(SampledEnds(Library(mark, "A", mark, "1"), "chr21", _unique(forward, reverse)))
    yield group
    for folder, chrom in (("reads_hg19_chr1", "chr1"), ("groseq_hg19", "chr7")):
        yield [
            SampledEnds(
                Library(path.stem, "A", path.stem, "1"), chrom, _unique(*_strands(path, chrom))
            )
            for path in sorted((shared_data / folder).glob("*.bam"))
        ]


def _strands(path: Path, chrom: str) -> tuple[np.ndarray, np.ndarray]:
    strands: tuple[list[int], list[int]] = ([], [])
    with pysam.AlignmentFile(str(path), check_sq=False) as reads:
        for read in reads.fetch(until_eof=True):
            if read.reference_name == chrom:
                end = (read.reference_end or 1) - 1
                strands[read.is_reverse].append(end if read.is_reverse else read.reference_start)
    return np.array(strands[0]), np.array(strands[1])


def _unique(forward: np.ndarray, reverse: np.ndarray) -> tuple[np.ndarray, ...]:
    return np.unique(forward).astype(np.int32), np.unique(reverse).astype(np.int32)


@pytest.mark.real_data
def test_independent_real_libraries_are_no_copies_and_their_parts_are(shared_data: Path) -> None:
    """ChIP-seq of H3K27ac, H3K4me3, H3K36me3 and input; GRO-seq at two times."""
    rng = np.random.default_rng(4)
    for group in real_ends(shared_data):
        assert len(group) > 1
        assert list(same_reads(group)) == []
        thinned = [ends[rng.random(len(ends)) < 0.05] for ends in group[0].strands]
        part = SampledEnds(Library("part", "B", "x", "1"), group[0].chrom, tuple(thinned))
        (doubt,) = same_reads([*group, part])
        assert set(doubt.ids) == {group[0].library.id, "part"}


def test_a_sample_of_ends_is_kept_as_it_was_taken(tmp_path: Path) -> None:
    ends = ReadEnds("chr1", 36, np.array([5, 5, 9]), np.array([2, 7]), np.zeros(0), 1, 0)
    write_ends(tmp_path / "a.zip", Library("a", "A", "x", "1"), ends)
    kept = open_ends(tmp_path / "a.zip")
    assert [part.tolist() for part in kept.strands] == [[5, 9], [2, 7]]
    assert (kept.library, kept.chrom) == (Library("a", "A", "x", "1"), "chr1")
