"""bigWig files of coverage: numbers of reads are those that made them, counts are their shares."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from samples.coverage_files import (
    binned_coverage,
    coverage_of,
    random_library,
    write_coverage,
)
from samples.text_reads import Read, random_reads, write_bam_of

from deepregfinder.counting import coverage_file
from deepregfinder.counting.counter import count_reads
from deepregfinder.counting.coverage_file import CoverageFile
from deepregfinder.counting.coverage_format import is_coverage
from deepregfinder.counting.coverage_reads import examine, find_step, split_reads
from deepregfinder.counting.read_ends import EndSampler
from deepregfinder.counting.rules import BinGrid, CountRules
from deepregfinder.counting.store import Library
from deepregfinder.errors import InputError
from deepregfinder.quality.cross_correlation import Quality, quality_of
from deepregfinder.quality.shared_reads import open_ends, same_reads, write_ends

SIZES = {"chr1": 4_000_000, "chr2": 2_000_050}
NUMBERS = {"chr1": 16_000, "chr2": 7_000}
"""As dense as 12 million reads of a human genome."""
N = sum(NUMBERS.values())
GRID = BinGrid(SIZES, 100)
RULES = CountRules(0, "keep", "fragments", "midpoint", 0, 0)


def counted(path, reads=None, grid=GRID):
    return count_reads(path, "native", RULES, grid, None, 1, reads=reads)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.bw", True), ("a.bigWig", True), ("a.bigwig", True), ("a.bb", False), ("a.bw.bed", False)],
)
def test_the_name_of_a_file_says_that_it_is_coverage(name, expected):
    assert is_coverage(name) == expected


@pytest.fixture(scope="module", params=[36, 200, (220, 60)], ids=["reads", "extended", "pairs"])
def library(request):
    return random_library(1, NUMBERS, SIZES, request.param)


# bin size, scale, significant digits, largest relative error of the number of reads
FORMS = {
    "coverage": (1, 1, None, 0.01),
    "reads per million": (1, 1e6 / N, None, 0.01),
    "reads per million, six digits": (1, 1e6 / N, 6, 0.01),
    "coverage of 1x": (1, 6e6 / N / 200, 6, 0.01),
    "bins of 10 bp": (10, 1, None, 0.02),
    "bins of 50 bp, RPKM": (50, 1e9 / N / 50, 6, 0.05),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_number_of_reads_is_estimated(form, library, tmp_path):
    bin_size, scale, digits, error = FORMS[form]
    made = binned_coverage(library, SIZES, bin_size)
    facts = examine(CoverageFile(write_coverage(tmp_path / "a.bw", made, scale, digits)))
    assert facts.step == pytest.approx(scale, rel=1e-5)
    assert facts.reads == pytest.approx(N, rel=error)


@pytest.mark.parametrize("zeros", [False, True])
def test_counts_are_nearly_those_of_a_bam_file(library, zeros, tmp_path):
    bam = counted(write_bam_of(tmp_path / "a.bam", library, SIZES))
    track = write_coverage(tmp_path / "a.bw", coverage_of(library, SIZES), zeros=zeros)
    coverage = counted(track, reads=N)
    assert coverage.values.sum() == coverage.tally.library_size == bam.tally.library_size == N
    both = np.stack([bam.values, coverage.values]).astype(float)
    assert np.corrcoef(both)[0, 1] > 0.8
    ends = np.cumsum(both, axis=1)
    # Reads of one length do not drift: up to any bin, there are as many as in the BAM file, but for
    # those that overlap it. A longer fragment has a larger share.
    same_length = len({read.end - read.start for read in library}) == 1
    assert np.abs(ends[0] - ends[1]).max() < (25 if same_length else 150)


def test_reads_that_overlap_no_other_one_count_at_their_midpoint(tmp_path):
    reads = [Read("chr1", at, at + 37) for at in range(11, 3_900_000, 1_517)]
    bam = counted(write_bam_of(tmp_path / "a.bam", reads, SIZES))
    coverage = counted(write_coverage(tmp_path / "a.bw", coverage_of(reads, SIZES)), len(reads))
    assert coverage.values.tolist() == bam.values.tolist()


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(1, 60),
    number=st.integers(1, 500),
    scale=st.sampled_from([1, 0.37, 12.5]),
    piece=st.sampled_from([3, 10, coverage_file.PIECE]),
)
def test_counts_are_the_shares_of_bins_rounded_once(
    seed, n, number, scale, piece, tmp_path_factory
):
    sizes = {"chr1": 3_050, "chr2": 990, "chrM": 700}
    reads = random_reads(seed, n, sizes)
    made = coverage_of(reads, sizes)
    path = write_coverage(tmp_path_factory.mktemp("bw") / "a.bw", made, scale)
    main = BinGrid({"chr2": 990, "chr1": 3_050}, 100)
    share = number / sum(int(values.sum()) for values in made.values())
    sums = [
        int(made[chrom][at : at + 100].sum())
        for chrom in ("chr2", "chr1")
        for at in range(0, sizes[chrom], 100)
    ]
    exact = np.cumsum(sums) * share
    assume(exact[-1] > 0.6)  # a file without a counted read is refused
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coverage_file, "PIECE", piece)
        counts = counted(path, number, main)
    assert np.abs(np.cumsum(counts.values) - exact).max() <= 0.5 + 1e-6
    assert counts.tally.usable == number
    assert counts.tally.library_size == counts.values.sum()


def noisy(values):
    return values * np.random.default_rng(0).uniform(0.9, 1.1, len(values))


NO_STEP = {
    "fold change": lambda c: (c + 1) / (np.convolve(c, np.ones(1_000) / 1_000, mode="same") + 1),
    "p-value": lambda c: -np.log10(np.exp(-0.7 * c - 0.3 * np.sqrt(c + 1) + 0.3)),
    "smoothed": lambda c: np.convolve(c, np.ones(150) / 150, mode="same").round(9),
    "two decimals": lambda c: (c * 0.0487).round(2),
    "whole numbers of 1.22": lambda c: (c * 1.22).round(),
    "noise": noisy,
    "one value": lambda c: (c > 0) * 1.0,
    "only twos": lambda c: (c > 1) * 2.0,
}


@pytest.mark.parametrize("form", NO_STEP)
def test_without_single_reads_the_number_has_to_be_given(form, tmp_path):
    reads = random_library(2, {"chr1": 1_800}, {"chr1": 300_000}, 200)
    coverage = coverage_of(reads, {"chr1": 300_000})
    made = {chrom: NO_STEP[form](values) for chrom, values in coverage.items()}
    path = write_coverage(tmp_path / "a.bw", made)
    grid = BinGrid({"chr1": 300_000}, 100)
    assert examine(CoverageFile(path)).reads is None
    with pytest.raises(InputError, match="does not say how many reads it was made of"):
        counted(path, grid=grid)
    counts = counted(path, 1_800, grid)
    assert counts.values.sum() == counts.tally.usable == 1_800


def test_a_step_is_not_that_of_decimals():
    assert find_step(np.repeat([0.01, 0.02, 0.03, 0.04], 50)) is None
    assert find_step(np.repeat([1.0, 2, 3, 4], 50)) == 1
    assert find_step(np.empty(0)) is None


def test_reads_are_split_without_loss():
    assert split_reads(10, {"a": 1.0, "b": 1.0, "c": 1.0}) == {"a": 3, "b": 4, "c": 3}
    assert sum(split_reads(1_000_003, dict(zip("abcdefg", (1, 9, 0, 5, 3, 7, 2), strict=True))
                           ).values()) == 1_000_003  # fmt: skip


def test_nothing_is_known_of_single_reads(library, tmp_path):
    """Empty measures and no read ends, with which the comparison of libraries copes."""
    path = write_coverage(tmp_path / "a.bw", coverage_of(library, SIZES))
    sampled = []
    for name in "ab":
        sampler = EndSampler(SIZES, 0)
        count_reads(path, "native", RULES, GRID, None, 1, sampler, reads=N)
        ends = sampler.ends()
        assert (ends.number, ends.read_length, ends.copies, ends.marked) == (0, None, None, None)
        assert quality_of(ends) == Quality()
        write_ends(tmp_path / f"{name}.zip", Library(name, "A", name, "1"), ends)
        sampled.append(open_ends(tmp_path / f"{name}.zip"))
    assert list(same_reads(sampled)) == []


def test_what_pybigtools_prints_is_not_seen(tmp_path, capfd):
    path = write_coverage(tmp_path / "a.bw", coverage_of(random_reads(1, 90, SIZES), SIZES))
    content = bytearray(path.read_bytes())
    data = int.from_bytes(content[16:24], "little")
    content[data + 12 : data + 40] = bytes(28)
    path.write_bytes(content)
    with pytest.raises(InputError, match="is damaged or cut short"):
        counted(path)
    assert capfd.readouterr().err == ""
