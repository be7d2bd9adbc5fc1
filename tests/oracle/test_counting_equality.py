"""Both counters compared with each other, with brute force, and on real reads."""

import gzip
import random
from pathlib import Path

import numpy as np
import pytest
from samples.alignment_samples import MAIN, bam_of, brute_force, random_bam

from deepregfinder.counting.counter import count_reads
from deepregfinder.counting.rules import BinGrid, CountRules
from deepregfinder.counting.store import Library, write_counts
from deepregfinder.genome.grid import read_chrom_sizes

LIBRARY = Library("K562_H3K27ac_1", "K562", "H3K27ac", "1")


def count_both(bam: Path, rules: CountRules, grid: BinGrid, folder: Path):
    """Count with both counters, require the same bytes and the same tally, return the counts."""
    files, counts = [], []
    for counter in ("native", "featurecounts"):
        counts.append(count_reads(bam, counter, rules, grid, None, threads=2))
        files.append(folder / f"{counter}.zip")
        write_counts(files[-1], LIBRARY, counts[-1], rules, blacklist=None)
    np.testing.assert_array_equal(counts[0].values, counts[1].values)
    assert counts[0].tally == counts[1].tally
    assert files[0].read_bytes() == files[1].read_bytes()
    return counts[0]


@pytest.fixture(autouse=True)
def _in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("seed", range(30))
def test_random_reads_count_as_featurecounts_and_brute_force_count_them(seed, tmp_path):
    rng = random.Random(seed)
    bam = random_bam(tmp_path / "reads.bam", seed, 700, share_paired=rng.choice([0, 0, 0.5, 1]))
    rules = CountRules(
        min_mapq=rng.choice([0, 0, 10, 31]),
        duplicates=rng.choice(["keep", "drop"]),
        paired_end="reads",
        count_at="overlap",
        extend=rng.choice([0, 0, 10, 100, 250, 1000]),
        shift=rng.choice([0, 0, 7, 50, 150, 1000, -1, -30, -170]),
        secondary=rng.choice(["keep", "drop"]),
    )
    grid = BinGrid(MAIN, rng.choice([50, 99, 100, 100, 200]))

    counts = count_both(bam, rules, grid, tmp_path)

    expected = brute_force(bam, rules, grid.bin_size)
    for chrom, values in grid.chromosomes(counts.values):
        np.testing.assert_array_equal(values, expected.bins[chrom], err_msg=chrom)
    assert counts.tally.usable == expected.usable
    assert counts.tally.library_size == expected.library_size
    assert counts.tally.assigned == expected.assigned
    assert counts.tally.total == expected.total
    assert counts.tally.assigned > 0


def test_reads_clipped_at_the_start_of_a_chromosome_count_alike(tmp_path):
    lines = [
        f"r\t0\tchr10\t{place}\t60\t{clipped}S{matched}M\t*\t0\t0\t*\t*"
        for place in range(1, 9)
        for clipped in range(1, 12)
        for matched in range(1, 12)
    ]
    bam = bam_of(tmp_path / "reads.bam", lines)
    rules = CountRules(0, "keep", "reads", "overlap", 0, 0)
    counts = count_both(bam, rules, BinGrid(MAIN, 100), tmp_path)
    assert counts.tally.assigned == brute_force(bam, rules, 100).assigned < len(lines)


def test_bins_wider_and_narrower_than_any_read_agree(tmp_path):
    bam = random_bam(tmp_path / "reads.bam", 99, 2_000)
    for bin_size in (1_000, 10_000):
        rules = CountRules(0, "keep", "fragments", "overlap", 0, 0)
        count_both(bam, rules, BinGrid(MAIN, bin_size), tmp_path)


REAL_RULES = {
    "defaults": CountRules(0, "keep", "reads", "overlap", 0, 0),
    "filters": CountRules(20, "drop", "reads", "overlap", 0, 0),
    "extended": CountRules(0, "drop", "reads", "overlap", 164, 0),
    "shifted": CountRules(0, "keep", "reads", "overlap", 0, 75),
    "both": CountRules(1, "keep", "reads", "overlap", 100, -40),
}


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("file", "n_reads", "name"),
    [
        ("S0mR1.bam", 210_615, "defaults"),
        ("S0mR1.bam", 210_615, "both"),
        ("S40mR1.bam", 327_638, "defaults"),
    ],
)
def test_real_groseq_reads_count_alike(file, n_reads, name, shared_data, tmp_path):
    grid = BinGrid({"chr7": 159_138_663}, 200)
    counts = count_both(shared_data / "groseq_hg19" / file, REAL_RULES[name], grid, tmp_path)
    assert counts.tally.total == n_reads


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("mark", "n_reads", "paired"), [("H3K27ac", 253_765, False), ("H3K4me3", 510_133, True)]
)
def test_real_histone_reads_count_alike(mark, n_reads, paired, shared_data, tmp_path):
    sizes = read_chrom_sizes(shared_data / "annotation_hg19" / "hg19.chrom.sizes")
    chr21 = {"chr21": sizes["chr21"]}
    bed = shared_data / "reads_hg19_chr21" / f"{mark}.bed.gz"
    bam = bam_of(tmp_path / "reads.bam", sam_of_bed(bed, paired), chr21)
    for rules in REAL_RULES.values():
        counts = count_both(bam, rules, BinGrid(chr21, 100), tmp_path)
        assert counts.tally.total == n_reads


def sam_of_bed(bed: Path, paired: bool) -> list[str]:
    """Real positions and strands of reads with simulated qualities, duplicates and pairs."""
    rng = random.Random(1)
    lines = []
    with gzip.open(bed, "rt") as intervals:
        for interval in intervals:
            chrom, start, end, _, _, strand = interval.split()
            flag = 0x10 * (strand == "-") + 0x400 * (rng.random() < 0.1) + 0x41 * paired
            where = f"{chrom}\t{int(start) + 1}\t{rng.choice((0, 5, 30, 60))}"
            lines.append(f"r\t{flag}\t{where}\t{int(end) - int(start)}M\t*\t0\t0\t*\t*")
    return lines
