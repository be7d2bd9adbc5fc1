import dataclasses
import random
import re
import subprocess
import sys

import numpy as np
import pytest
from samples.alignment_samples import MAIN, bam_of

from deepregfinder.counting.counter import count_reads
from deepregfinder.counting.rules import BinGrid, CountRules
from deepregfinder.errors import InputError

RULES = CountRules(0, "keep", "fragments", "overlap", 0, 0)
GRID = BinGrid(MAIN, 100)
COUNTERS = ("native", "featurecounts")


@pytest.fixture(autouse=True)
def _in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def reads(n: int, cigar: str = "36M", flag: int = 0, chrom: str = "chr1") -> list[str]:
    rng = random.Random(n)
    return [
        f"r{k}\t{flag}\t{chrom}\t{rng.randint(1, 500)}\t30\t{cigar}\t*\t0\t0\t*\t*"
        for k in range(n)
    ]


@pytest.mark.parametrize("counter", COUNTERS)
def test_reads_of_which_no_bin_holds_half_are_refused(counter, tmp_path):
    bam = bam_of(tmp_path / "a.bam", [*reads(20, "201M"), *reads(10, "36M")])
    with pytest.raises(InputError, match=r"201 bases, more than two bins of 100 bp.*midpoint"):
        count_reads(bam, counter, RULES, GRID, None, threads=1)
    # Clipped bases are part of the read length, extension is not.
    bam = bam_of(tmp_path / "b.bam", reads(20, "1S200M"))
    with pytest.raises(InputError, match="201 bases"):
        count_reads(bam, counter, RULES, GRID, None, threads=1)
    bam = bam_of(tmp_path / "c.bam", reads(20, "200M"))
    extended = dataclasses.replace(RULES, extend=100)
    assert count_reads(bam, counter, extended, GRID, None, threads=1).values.any()


def test_long_reads_count_at_their_midpoint(tmp_path):
    bam = bam_of(tmp_path / "a.bam", reads(20, "5000M"))
    rules = dataclasses.replace(RULES, count_at="midpoint")
    assert count_reads(bam, "native", rules, GRID, None, threads=1).values.sum() == 20


def test_long_mates_are_refused_only_where_mates_are_counted(tmp_path):
    mates = [
        f"r{k // 2}\t{flag}\tchr1\t{at}\t30\t250M\t=\t{mate}\t{tlen}\t*\t*"
        for k in range(20)
        for flag, at, mate, tlen in [(147, 600, 550, -300) if k % 2 else (99, 550, 600, 300)]
    ]
    bam = bam_of(tmp_path / "a.bam", mates)
    assert count_reads(bam, "native", RULES, GRID, None, threads=1).tally.usable == 10
    with pytest.raises(InputError, match="250 bases"):
        count_reads(bam, "native", dataclasses.replace(RULES, paired_end="reads"), GRID, None, 1)


@pytest.mark.parametrize("counter", COUNTERS)
def test_bins_that_touch_a_blacklisted_interval_are_zero(counter, tmp_path):
    bam = bam_of(tmp_path / "a.bam", reads(400))
    blacklist = tmp_path / "blacklist.bed"
    blacklist.write_text("track name=x\nchr1\t199\t201\nchr1\t600\t9999999\nchrUn\t0\t5\n")
    whole = count_reads(bam, counter, RULES, GRID, None, threads=1)
    masked = count_reads(bam, counter, RULES, GRID, blacklist, threads=1)
    assert whole.values[:6].all()
    expected = whole.values.copy()
    expected[[1, 2]] = 0
    expected[6 : GRID.first_bin["chr2"]] = 0
    np.testing.assert_array_equal(masked.values, expected)
    assert masked.tally == whole.tally


@pytest.mark.parametrize("counter", COUNTERS)
def test_nothing_usable_is_an_error_with_the_reasons(counter, tmp_path):
    tagged = [f"{line}\tNH:i:3" for line in reads(7)]
    bam = bam_of(tmp_path / "a.bam", [*reads(5, flag=4), *reads(6, flag=1024), *tagged])
    rules = dataclasses.replace(RULES, duplicates="drop")
    reasons = re.escape(
        "none of its 18 records can be counted: 5 are unmapped; 6 are marked as duplicates; "
        "7 are multi-mapping (NH)."
    )
    with pytest.raises(InputError, match=reasons):
        count_reads(bam, counter, rules, GRID, None, threads=1)


def test_pairs_that_no_aligner_marked_as_proper_are_an_error(tmp_path):
    bam = bam_of(tmp_path / "a.bam", reads(10, flag=65))
    with pytest.raises(InputError, match=r"10 are not in a proper pair .--paired_end reads counts"):
        count_reads(bam, "native", RULES, GRID, None, threads=1)


@pytest.mark.parametrize("counter", COUNTERS)
def test_reads_on_no_main_chromosome_are_an_error(counter, tmp_path):
    bam = bam_of(tmp_path / "a.bam", reads(10, chrom="chrM"))
    with pytest.raises(InputError, match="10 reads are usable, but none is in a bin"):
        count_reads(bam, counter, RULES, GRID, None, threads=1)


@pytest.mark.parametrize("counter", COUNTERS)
def test_a_file_of_another_genome_is_refused(counter, tmp_path):
    bam = bam_of(tmp_path / "a.bam", reads(10))
    for sizes, sentence in (
        ({"chr1": 300_051, "chr2": 1_233}, r"2 problems(.|\n)*chr1 has 300,050 bp, but 300,051"),
        ({"1": 300_050}, r"the run uses 1\. One names chromosomes like chr1, the other like 1"),
        ({"I": 300_050}, r"none of the chromosomes .* the run uses I\.$"),
    ):
        with pytest.raises(InputError, match=sentence):
            count_reads(bam, counter, RULES, BinGrid(sizes, 100), None, threads=1)


@pytest.mark.parametrize("counter", COUNTERS)
def test_a_chromosome_that_the_file_lacks_is_empty_and_said_so(counter, tmp_path, caplog):
    caplog.set_level("INFO")
    bam = bam_of(tmp_path / "a.bam", reads(10))
    grid = BinGrid({**MAIN, "chrY": 5_000}, 100)
    counts = count_reads(bam, counter, RULES, grid, None, threads=1)
    assert not grid.of_chromosome(counts.values, "chrY").any()
    assert "has no chrY: their counts are zero" in caplog.text


@pytest.mark.parametrize("counter", COUNTERS)
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"@HD\tVN:1.6\n", "is a SAM file"),
        (None, "cannot be read"),
        ("cut", "is cut short"),
        ("changed", "is damaged"),
    ],
)
def test_a_broken_file_is_refused_by_both(counter, content, sentence, tmp_path):
    path = tmp_path / "broken.bam"
    if isinstance(content, str):
        whole = bam_of(tmp_path / "a.bam", reads(20_000)).read_bytes()
        half = len(whole) // 2
        changed = whole[:half] + bytes([whole[half] ^ 255]) + whole[half + 1 :]
        content = whole[:half] if content == "cut" else changed
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=rf"broken\.bam {sentence}"):
        count_reads(path, counter, RULES, GRID, None, threads=1)


def test_counting_loads_neither_scipy_nor_zarr(repository):
    code = (
        "import sys, deepregfinder.counting.counter\n"
        "loaded = {'scipy.linalg', 'zarr', 'pandas'} & set(sys.modules)\n"
        "import scipy.linalg.cython_blas\n"
        "sys.exit(str(loaded) if loaded else 0)"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=repository / "bin", check=False)
    assert run.returncode == 0
