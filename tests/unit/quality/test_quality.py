"""Quality of libraries: planted faults are found, and good libraries raise no warning."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pysam
import pytest
from samples.alignment_samples import MAIN, bam_of, random_bam
from samples.paired_reads import random_pairs
from samples.small_bams import write_bam

from deepregfinder.counting import read_ends
from deepregfinder.counting.counter import count_reads
from deepregfinder.counting.native import count_native
from deepregfinder.counting.read_ends import EndSampler, ReadEnds
from deepregfinder.counting.rules import BinCounts, BinGrid, CountRules, ReadTally
from deepregfinder.counting.store import (
    Counts,
    Library,
    RecordCounts,
    open_counts,
    write_counts,
    write_summary,
)
from deepregfinder.errors import InputError
from deepregfinder.quality.cross_correlation import (
    LONGEST,
    STEP,
    Quality,
    cross_correlation,
    quality_of,
    write_quality,
)
from deepregfinder.quality.doubts import find_doubts, find_record_doubts
from deepregfinder.quality.libraries import Libraries, measure_libraries
from deepregfinder.quality.tables import FileQuality, read_qualities
from deepregfinder.storage.tables import read_rows

SIZES = {"chr1": 2_000_000, "chr2": 1_000_000}
RULES = CountRules(0, "keep", "reads", "overlap", 0, 0)
REVERSE, SECONDARY, DUPLICATE = 0x10, 0x100, 0x400


def sample_ends(
    path: Path,
    sizes: Mapping[str, int] = SIZES,
    counter: Literal["native", "featurecounts"] = "native",
) -> ReadEnds:
    """Read ends sampled while a file is counted."""
    sampler = EndSampler(sizes, RULES.min_mapq)
    count_reads(path, counter, RULES, BinGrid(sizes, 100), None, 1, sampler)
    return sampler.ends()


def looked_up(path: Path, chrom: str, most: int | None) -> list[tuple[int, bool, int]]:
    """The same ends by pysam: position, strand, and fragment length."""
    ends = []
    with pysam.AlignmentFile(str(path), check_sq=False) as reads:
        for read in reads.fetch(until_eof=True):
            other = read.is_unmapped or read.is_secondary or read.is_supplementary or read.is_read2
            if read.reference_name == chrom and not other and len(ends) != most:
                end = (read.reference_end or read.reference_start + 1) - 1
                place = end if read.is_reverse else read.reference_start
                length = abs(read.template_length) if read.is_proper_pair else 0
                ends.append((place, read.is_reverse, length))
    return ends


@pytest.mark.parametrize("counter", ["native", "featurecounts"])
@pytest.mark.parametrize(("in_order", "most"), [(False, 10), (True, 10), (True, 10_000)])
def test_the_sample_is_that_of_pysam(
    counter: Literal["native", "featurecounts"],
    in_order: bool,
    most: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(read_ends, "READS", most)
    bam = random_bam(tmp_path / "a.bam", 3, 4000, share_paired=0.3)
    if in_order:
        pysam.sort("-o", "sorted.bam", str(bam))
        bam = tmp_path / "sorted.bam"
    ends = sample_ends(bam, MAIN, counter)
    wanted = looked_up(bam, ends.chrom, most if in_order else None)
    assert len(wanted) == 10 if in_order and most == 10 else len(wanted) > 100
    for strand, places in ((False, ends.forward), (True, ends.reverse)):
        assert places.tolist() == sorted(at for at, reverse, _ in wanted if reverse == strand)
    assert ends.fragments.tolist() == [length for _, _, length in wanted if length]
    assert ends.copies == len(wanted) - len(set(wanted))


def fragments(rng: np.random.Generator, length: int, n_peaks: int = 60) -> list[tuple]:
    """Single reads of 36 bp from either end of fragments, in sharp peaks and in a wide domain."""
    peaks = rng.integers(10_000, SIZES["chr1"] - 10_000, n_peaks)
    middles = rng.normal(np.repeat(peaks, 60), 25).astype(int)
    domain = rng.integers(500_000, 1_000_000, 10_000)
    reads = []
    for middle in [*middles.tolist(), *domain.tolist()]:
        start = middle - length // 2
        forward = rng.random() < 0.5
        place = start if forward else start + length - 36
        reads.append(("chr1", place, "36M", 0 if forward else REVERSE))
    return sorted(reads, key=lambda read: read[1])


@pytest.mark.parametrize("length", [150, 260])
def test_the_length_of_fragments_is_found(tmp_path: Path, length: int) -> None:
    reads = fragments(np.random.default_rng(1), length)
    ends = sample_ends(write_bam(tmp_path / "a.bam", SIZES, reads))
    quality = quality_of(ends)
    assert ends.chrom == "chr1"
    assert quality.fragment_length == pytest.approx(length, abs=10)
    assert quality.nsc
    assert quality.nsc > 1.5


def test_a_cram_file_tells_the_same_without_its_reference(tmp_path: Path) -> None:
    reads = fragments(np.random.default_rng(1), 150)
    bam, cram = write_bam(tmp_path / "a.bam", SIZES, reads), tmp_path / "a.cram"
    options = ("-C", "--output-fmt-option", "no_ref=1", "-o", str(cram))
    pysam.view(*options, str(bam), catch_stdout=False)
    assert quality_of(sample_ends(cram)) == quality_of(sample_ends(bam))


def test_reads_without_peaks_have_no_fragment_length(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    places = np.sort(rng.integers(0, SIZES["chr1"] - 100, 6000))
    reads = [("chr1", int(at), "36M", REVERSE * int(rng.random() < 0.5)) for at in places]
    quality = quality_of(sample_ends(write_bam(tmp_path / "a.bam", SIZES, reads)))
    assert quality.fragment_length is None
    assert quality.nsc is None
    assert quality.duplicates is not None


def test_pairs_of_strands_are_those_of_brute_force() -> None:
    rng = np.random.default_rng(3)
    forward, reverse = (np.sort(rng.integers(0, 3000, 200)) for _ in range(2))
    pairs, correlation = cross_correlation(forward, reverse)
    ends = set(reverse.tolist())
    wanted = [
        sum(at + shift in ends for at in set(forward.tolist()))
        for shift in range(0, LONGEST + 1, STEP)
    ]
    assert pairs.tolist() == wanted
    low, span = min(forward[0], reverse[0]), max(forward[-1], reverse[-1])
    first, second = (
        np.isin(np.arange(low, span + 1), strand).astype(float) for strand in (forward, reverse)
    )
    assert correlation[0] == pytest.approx(np.corrcoef(first, second)[0, 1])


def test_duplicates_are_reads_at_the_place_of_another(tmp_path: Path) -> None:
    once = [("chr1", 1000 + 50 * n, "36M") for n in range(100)]
    again = [("chr1", 1000, "36M", DUPLICATE)] * 20 + [("chr1", 1000, "36M", REVERSE)]
    ignored = [("chr1", 1000, "36M", SECONDARY), ("chr2", 5, "36M")]
    bam = write_bam(tmp_path / "a.bam", SIZES, [*once, *again, *ignored])
    ends = sample_ends(bam)
    assert (ends.number, ends.copies, ends.marked) == (121, 20, 20)
    assert quality_of(ends).duplicates == pytest.approx(20 / 121)


def test_a_handful_of_reads_tells_nothing(tmp_path: Path) -> None:
    bam = write_bam(tmp_path / "a.bam", SIZES, [("chr1", 5, "36M")])
    assert quality_of(sample_ends(bam)) == Quality()
    bam = write_bam(tmp_path / "b.bam", SIZES, [("chr2", 5, "36M")])
    assert quality_of(sample_ends(bam)) == Quality()


def test_a_table_of_quality_is_read_as_it_was_written(tmp_path: Path) -> None:
    reads = fragments(np.random.default_rng(1), 150)
    ends = sample_ends(write_bam(tmp_path / "a.bam", SIZES, reads))
    written = Quality(0.25, 0.5, 151, None)
    write_quality(tmp_path / "a.tsv", Library("A.x.1", "A", "x", "1"), ends, written)
    row = FileQuality(
        "A.x.1", "A", "x", "1", ends.chrom, ends.number, ends.read_length, *vars(written).values()
    )
    assert read_qualities([tmp_path / "a.tsv"]) == {"A.x.1": row}
    (tmp_path / "b.tsv").write_text("id\tsample\na\tb\n")
    with pytest.raises(InputError, match=r"b\.tsv: there is no column mark, replicate"):
        read_qualities([tmp_path / "b.tsv"])


def counts_of(path: Path, library: Library, rates: np.ndarray, depth: int, seed: int) -> Counts:
    """Poisson counts of given rates along both chromosomes, `depth` reads in total."""
    grid = BinGrid(SIZES, 1000)
    drawn = np.random.default_rng(seed).poisson(rates / rates.sum() * depth).astype(np.uint32)
    total = int(drawn.sum())
    tally = ReadTally(
        **dict.fromkeys(("unmapped", "mapq", "duplicate", "multimapping", "secondary"), 0),
        **{"improper_pair": 0, "second_mates": 0, "paired_end": False},
        **{"total": total, "usable": total, "library_size": total, "assigned": total},
    )
    write_counts(path, library, BinCounts(grid, drawn, tally), RULES, None)
    return open_counts(path)


MARKS = ("one", "two", "three", "four")


def panel(folder: Path, swap: bool = False, dead: bool = False, mixed: bool = False) -> Libraries:
    """Two samples of four marks, one with two replicates, and a control.

    swap : mark `two` of both samples is exchanged; dead : mark `three` of A has the rates of the
    control; mixed : the second replicate of A is of mark `four`
    """
    rng = np.random.default_rng(5)
    n_bins = BinGrid(SIZES, 1000).n_bins
    base = 1 + 0.3 * np.repeat(rng.random(n_bins // 100), 100)
    rates = {}
    for sample in "AB":
        common = np.repeat(rng.random(n_bins // 10) ** 6 * 8, 10)
        for mark in MARKS:
            own = np.repeat(rng.random(n_bins // 10) ** 6 * 8, 10)
            rates[sample, mark] = base * (0.5 + common + own)
    if swap:
        rates["A", "two"], rates["B", "two"] = rates["B", "two"], rates["A", "two"]
    if dead:
        rates["A", "three"] = base
    libraries = [(sample, mark, "1", rates[sample, mark]) for sample, mark in rates]
    libraries.append(("A", "one", "2", rates["A", "four" if mixed else "one"]))
    libraries.append(("control", "input", "1", base))
    opened = [
        counts_of(
            folder / f"{sample}.{mark}.{replicate}.zip",
            Library(f"{sample}.{mark}.{replicate}", sample, mark, replicate),
            rate, 400_000, seed,
        )
        for seed, (sample, mark, replicate, rate) in enumerate(libraries)
    ]  # fmt: skip
    return measure_libraries(opened, {})


def kinds(libraries: Libraries) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.kind, one.ids) for one in find_doubts(libraries, {})]


def test_of_libraries_that_are_fine_nothing_is_said(tmp_path: Path) -> None:
    assert kinds(panel(tmp_path)) == []


def test_a_swapped_sample_is_found_from_both_sides(tmp_path: Path) -> None:
    assert kinds(panel(tmp_path, swap=True)) == [("swap", ("A.two.1",)), ("swap", ("B.two.1",))]


def test_a_mark_that_is_an_input_is_found(tmp_path: Path) -> None:
    doubts = kinds(panel(tmp_path, dead=True))
    assert ("input", ("A.three.1", "control.input.1")) in doubts


def test_replicates_of_different_marks_are_found(tmp_path: Path) -> None:
    doubts = find_doubts(panel(tmp_path, mixed=True), {})
    (one,) = (doubt for doubt in doubts if doubt.kind == "replicates")
    assert one.ids == ("A.one.1", "A.one.2")
    assert "correlates better with A.four.1" in one.text


def test_many_duplicates_are_told_with_their_share(tmp_path: Path) -> None:
    libraries = panel(tmp_path)
    shares = {"A.one.1": 0.625, "A.two.1": 0.5, "B.one.1": None}
    (one,) = find_doubts(libraries, shares)
    assert (one.kind, one.ids) == ("duplicates", ("A.one.1",))
    assert "62%" in one.text


def test_reads_elsewhere_are_told_with_their_share(tmp_path: Path) -> None:
    """More than a tenth of a library, or 5 points more in one sample than in another."""
    libraries = panel(tmp_path)
    ids = [one.id for one in libraries.identities]

    def told(**shares: float) -> dict[str, str]:
        share = np.array([shares.get(name.replace(".", "_"), 0.0) for name in ids])
        changed = replace(libraries, usable=np.round(libraries.sizes / (1 - share)))
        return {doubt.kind: doubt.text for doubt in find_doubts(changed, {})}

    assert told() == told(A_one_1=0.09, B_one_1=0.09) == {}
    assert told(A_one_1=0.101).keys() == {"elsewhere"}  # of one of five libraries of A
    assert "60% of A.one.1 lie on sequences" in told(A_one_1=0.6)["elsewhere"]
    assert told(control_input_1=0.2).keys() == {"elsewhere"}
    every = dict.fromkeys([name.replace(".", "_") for name in ids if name.startswith("B")], 0.06)
    assert told(**every).keys() == {"uneven"}
    assert "6% of the usable reads of B, but 0% of those of A" in told(**every)["uneven"]
    many = dict.fromkeys([name.replace(".", "_") for name in ids], 0.3)
    assert told(**many).keys() == {"elsewhere"}
    assert "and 5 more" in told(**many)["elsewhere"]


def test_noise_of_counting_does_not_count_as_difference(tmp_path: Path) -> None:
    """A shallow and a deep library of the same rates correlate fully without counting noise."""
    n_bins = BinGrid(SIZES, 1000).n_bins
    rates = np.repeat(np.random.default_rng(6).random(n_bins // 10) + 0.1, 10)
    opened = [
        counts_of(tmp_path / f"{n}.zip", Library(f"A.x.{n}", "A", "x", str(n)), rates, depth, n)
        for n, depth in enumerate((6_000, 600_000))
    ]
    libraries = measure_libraries(opened, {})
    assert libraries.correlation[0, 1] < 0.95
    assert libraries.corrected[0, 1] == pytest.approx(1, abs=0.06)
    assert libraries.strength[0] == pytest.approx(libraries.strength[1], rel=0.15)


def test_shares_of_reads_in_windows_are_counted_bin_by_bin(tmp_path: Path) -> None:
    n_bins = BinGrid(SIZES, 1000).n_bins
    rates = np.ones(n_bins)
    rates[:20] = 50
    one = counts_of(tmp_path / "a.zip", Library("A.x.1", "A", "x", "1"), rates, 100_000, 1)
    columns = ("chrom", "start", "end", "class", "state", "split")
    windows = [
        ("chr1", 0, 10_000, "active_promoter", "active", "train"),
        ("chr1", 5_000, 20_000, "active_promoter", "active", "train"),
        ("chr2", 0, 10_000, "enhancer", ".", "train"),
        ("chr2", 20_000, 30_000, "background", ".", "train"),
    ]
    libraries = measure_libraries([one], {"A": pd.DataFrame(windows, columns=columns)})
    values = one.load("chr1")
    total = values.sum() + one.load("chr2").sum()
    assert libraries.inside["promoter"][0] == pytest.approx(values[:20].sum() / total)
    assert libraries.fold["promoter"][0] == pytest.approx(values[:20].sum() / total / (20 / n_bins))
    assert libraries.fold["enhancer"][0] < 1
    bare = measure_libraries([one], {})
    assert np.isnan(bare.inside["promoter"][0])


def test_counts_of_different_bins_are_refused(tmp_path: Path) -> None:
    one = counts_of(tmp_path / "a.zip", Library("a", "A", "x", "1"), np.ones(3000), 1000, 1)
    other = replace(one, attributes={**one.attributes, "bin_size": 50, "id": "b"})
    with pytest.raises(InputError, match="of b and a are of different bins"):
        measure_libraries([one, other], {})


def test_libraries_are_in_the_order_of_their_names(tmp_path: Path) -> None:
    names: Sequence[str] = [one.id for one in panel(tmp_path).identities]
    assert list(names) == sorted(names)


def record_doubts(folder: Path, lines: list[str], rules: CountRules) -> list[str]:
    """Warnings about the records of one file."""
    counts = count_native(bam_of(folder / "a.bam", lines), rules, BinGrid(MAIN, 100), 1)
    write_summary(folder / "a.tsv", Library("A.x.1", "A", "x", "1"), "native", counts)
    rows = read_rows(folder / "a.tsv", RecordCounts)
    return [doubt.text for doubt in find_record_doubts(rows, rules.secondary)]


@pytest.mark.parametrize(
    ("filtered", "endings", "said"),
    [
        ("none", ("", ""), None),
        ("none", ("/1", "/2"), None),
        ("none", (":a", ":b"), "200 of 200 fragments of A.x.1 have only one mate in the file (100 "
                               "first and 100 second mates)"),
        ("first only", ("", ""), "100 of 100 fragments of A.x.1 have only one mate in the file (100"
                                 " first and 0 second mates)"),
        ("second only", ("", ""), "(0 first and 100 second mates): mates were removed"),
    ],
)  # fmt: skip
def test_mates_without_the_other_one_are_named_with_their_numbers(
    filtered: str, endings: tuple[str, str], said: str | None, tmp_path: Path
) -> None:
    file = random_pairs(random.Random(2), MAIN, 100, filtered=filtered, endings=endings)
    rules = replace(RULES, paired_end="fragments")
    texts = record_doubts(tmp_path, file.lines, rules)
    assert [said in text for text in texts] == ([True] if said else [])
    assert record_doubts(tmp_path, file.lines, RULES) == []


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("keep", "each is counted, so that a read counts several times"),
        ("drop", "they are not counted, but the primary records of the same reads are"),
        ("drop_reads", None),
    ],
)
@pytest.mark.parametrize(("tags", "told"), [("", True), ("\tNH:i:1", True), ("\tNH:i:3", False)])
def test_secondary_records_without_nh_are_named(
    rule: Literal["keep", "drop", "drop_reads"],
    said: str | None,
    tags: str,
    told: bool,
    tmp_path: Path,
) -> None:
    lines = [
        f"r{k // 2}\t{256 * (k % 2)}\tchr1\t{10 * k + 1}\t255\t36M\t*\t0\t0\t*\t*{tags}"
        for k in range(40)
    ]
    lines.append("unique\t0\tchr1\t5000\t30\t36M\t*\t0\t0\t*\t*")
    texts = record_doubts(tmp_path, lines, replace(RULES, secondary=rule))
    assert [f"20 of 41 records of A.x.1 are secondary ones without an NH tag: {said}" in text
            for text in texts] == [True] * (told and said is not None)  # fmt: skip
