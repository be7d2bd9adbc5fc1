"""Reads that count at their 5' ends, and fragments with a limit for their length."""

import dataclasses
import random

import numpy as np
import pysam
import pytest
from samples.alignment_samples import MAIN, SIZES, bam_of, random_bam
from samples.paired_reads import random_pairs
from samples.text_reads import random_reads, write_fragments, write_pairs, write_tag_align

from deepregfinder.counting.counter import count_reads
from deepregfinder.counting.rules import BinGrid, CountRules
from deepregfinder.errors import InputError

ENDS = CountRules(0, "keep", "reads", "five_prime", 0, 4, "drop")
GRID = BinGrid(MAIN, 100)


def counted(path, rules, grid=GRID):
    return count_reads(path, "native", rules, grid, None, threads=2)


def ends_of(path, rules, grid):
    """Counts of 5' ends, record by record, and numbers of usable and of excluded records."""
    bins = {chrom: [0] * -(-size // grid.bin_size) for chrom, size in grid.chrom_sizes.items()}
    usable = improper = long = 0
    with pysam.AlignmentFile(str(path), check_sq=False) as records:
        for read in records.fetch(until_eof=True):
            if read.is_unmapped or read.is_secondary or read.is_supplementary:
                continue
            if read.mapping_quality < rules.min_mapq:
                continue
            if rules.duplicates == "drop" and read.is_duplicate:
                continue
            if read.has_tag("NH") and read.get_tag("NH") > 1:
                continue
            if rules.max_fragment and read.is_paired:
                together = read.reference_id == read.next_reference_id
                if not (read.is_proper_pair and together and not read.mate_is_unmapped):
                    improper += 1
                    continue
                apart = abs(read.next_reference_start - read.reference_start)
                length = abs(read.template_length) or apart + (read.reference_length or 0)
                if length > rules.max_fragment:
                    long += 1
                    continue
            usable += 1
            if read.reference_name not in bins or read.reference_start < 0:
                continue
            size = grid.chrom_sizes[read.reference_name]
            end = max(read.reference_end or 0, read.reference_start + 1)
            base = read.reference_start + rules.shift
            if read.is_reverse:
                base = end - 1 - rules.shift
            bins[read.reference_name][min(max(base, 0), size - 1) // grid.bin_size] += 1
    return bins, (usable, improper, long)


@pytest.mark.parametrize("seed", range(20))
def test_random_reads_count_at_their_5_prime_ends(seed, tmp_path):
    rng = random.Random(seed)
    bam = random_bam(tmp_path / "a.bam", seed, 700, share_paired=rng.choice([0, 0.5, 1]))
    rules = dataclasses.replace(
        ENDS,
        min_mapq=rng.choice([0, 10]),
        duplicates=rng.choice(["keep", "drop"]),
        shift=rng.choice([0, 4, -3, 150, -1000]),
        max_fragment=rng.choice([0, 0, 200]),
    )
    grid = BinGrid(MAIN, rng.choice([50, 99, 100]))
    counts = counted(bam, rules, grid)
    bins, numbers = ends_of(bam, rules, grid)
    assert {chrom: part.tolist() for chrom, part in grid.chromosomes(counts.values)} == bins
    tally = counts.tally
    assert (tally.usable, tally.improper_pair, tally.long_fragment) == numbers
    reasons = tally.unmapped + tally.mapq + tally.duplicate + tally.multimapping + tally.secondary
    assert tally.total == tally.usable + reasons + tally.improper_pair + tally.long_fragment


@pytest.mark.parametrize("limit", [0, 120, 250])
@pytest.mark.parametrize("seed", range(5))
def test_long_fragments_are_left_out_whatever_the_format(seed, limit, tmp_path):
    fragments = random_reads(seed, 300, SIZES, longest=600)
    kept = [one for one in fragments if not limit or one.end - one.start <= limit]
    bam = write_pairs(tmp_path / "a.bam", fragments, SIZES)
    text = write_fragments(tmp_path / "fragments.tsv.gz", fragments)
    expected = write_fragments(tmp_path / "kept.fragments.tsv", kept)
    for paired_end, each in (("fragments", 1), ("reads", 2)):
        rules = dataclasses.replace(ENDS, shift=0, paired_end=paired_end, max_fragment=limit)
        right = counted(expected, dataclasses.replace(rules, max_fragment=0))
        for path in (bam, text):
            found = counted(path, rules)
            np.testing.assert_array_equal(found.values, right.values)
            assert found.tally.usable == right.tally.usable == each * len(kept)
            assert found.tally.long_fragment == each * (len(fragments) - len(kept))


@pytest.mark.parametrize("paired_end", ["fragments", "reads"])
def test_a_limit_that_leaves_no_fragment_is_told(paired_end, tmp_path):
    fragments = [one for one in random_reads(1, 300, MAIN, longest=600) if one.end - one.start > 50]
    rules = dataclasses.replace(ENDS, paired_end=paired_end, max_fragment=50)
    for path in (
        write_pairs(tmp_path / "a.bam", fragments, SIZES),
        write_fragments(tmp_path / "fragments.tsv", fragments),
    ):
        with pytest.raises(InputError, match=r"of fragments above 50 bp \(--max_fragment\)"):
            counted(path, rules)


def test_both_ends_of_a_fragment_count(tmp_path):
    """Programs that make such files have corrected the ends for the cut of the transposase."""
    fragments = random_reads(3, 200, MAIN, longest=600)
    bins = {chrom: np.zeros(-(-size // 100), int) for chrom, size in MAIN.items()}
    for one in fragments:
        bins[one.chrom][one.start // 100] += 1
        bins[one.chrom][(one.end - 1) // 100] += 1
    counts = counted(write_fragments(tmp_path / "a.fragments.tsv", fragments), ENDS)
    for chrom, part in GRID.chromosomes(counts.values):
        np.testing.assert_array_equal(part, bins[chrom])
    assert (counts.tally.total, counts.tally.library_size) == (400, 400)


def test_reads_as_text_count_at_their_5_prime_ends(tmp_path):
    reads = random_reads(4, 300, MAIN)
    rules = dataclasses.replace(ENDS, shift=4)
    counts = counted(write_tag_align(tmp_path / "a.tagAlign", reads), rules)
    bins = {chrom: [0] * -(-size // 100) for chrom, size in MAIN.items()}
    for read in reads:
        base = read.start + 4 if read.strand == "+" else read.end - 5
        bins[read.chrom][min(max(base, 0), MAIN[read.chrom] - 1) // 100] += 1
    assert {chrom: part.tolist() for chrom, part in GRID.chromosomes(counts.values)} == bins


def test_the_length_of_a_fragment_without_tlen_is_that_of_its_mates(tmp_path):
    """As if both mates were of one length; with all of a pair, the fragment is known."""
    for paired_end in ("reads", "fragments"):
        rules = dataclasses.replace(ENDS, paired_end=paired_end, max_fragment=200)
        lines = [
            line
            for name, apart in (("a", 164), ("b", 165))
            for line in (
                f"{name}\t99\tchr10\t1001\t60\t36M\t=\t{1001 + apart}\t0\t*\t*",
                f"{name}\t147\tchr10\t{1001 + apart}\t60\t36M\t=\t1001\t0\t*\t*",
            )
        ]
        counts = counted(bam_of(tmp_path / "a.bam", lines), rules)
        each = 2 if paired_end == "reads" else 1
        assert (counts.tally.usable, counts.tally.long_fragment) == (each, each)


def test_files_of_pairs_of_all_conventions_keep_their_short_fragments(tmp_path):
    file = random_pairs(random.Random(5), SIZES, 300)
    bam = bam_of(tmp_path / "a.bam", file.lines)
    rules = dataclasses.replace(ENDS, paired_end="fragments")
    whole = counted(bam, rules, BinGrid(SIZES, 100)).tally
    part = counted(bam, dataclasses.replace(rules, max_fragment=150), BinGrid(SIZES, 100)).tally
    assert 0 < part.usable < whole.usable
    assert part.usable + part.long_fragment == whole.usable
