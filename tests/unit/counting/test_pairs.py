"""A fragment is counted once, whatever program wrote its pair or removed a part of it."""

import dataclasses
import itertools
import random

import numpy as np
import pysam
import pytest
from fuzz.paired_files import unequal_pairs, unlike
from samples.alignment_samples import MAIN, SIZES, bam_of
from samples.paired_reads import CONVENTIONS, ENDINGS, FILTERS, ORDERS, random_pairs, truth

from deepregfinder.counting import mates, native, stretches
from deepregfinder.counting.counter import count_reads
from deepregfinder.counting.native import count_native
from deepregfinder.counting.read_ends import EndSampler
from deepregfinder.counting.rules import BinGrid, CountRules
from deepregfinder.errors import InputError
from deepregfinder.quality.cross_correlation import quality_of

FRAGMENTS = CountRules(0, "keep", "fragments", "overlap", 0, 0)
GRID = BinGrid(SIZES, 100)


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("filtered", FILTERS)
def test_fragments_are_those_of_the_names(convention, filtered, tmp_path):
    for seed, (order, endings) in enumerate(itertools.product(ORDERS, ENDINGS)):
        rng = random.Random(seed)
        file = random_pairs(
            rng, SIZES, 200, convention, filtered, order, endings, True, 5 * (seed % 2)
        )
        bam = bam_of(tmp_path / "reads.bam", file.lines)
        rules = dataclasses.replace(FRAGMENTS, min_mapq=10 * (seed % 3), duplicates="drop")
        assert unlike(count_native(bam, rules, GRID, 1), truth(file, rules, 100), file) == ""


def test_random_files_of_pairs_count_as_featurecounts_and_the_truth(tmp_path):
    assert [fault for seed in range(3) for fault in unequal_pairs(seed, 25, tmp_path)] == []


def mate(name: str, flag: int, start: int, other: int, tlen: int, cigar: str = "36M") -> str:
    place = f"chr10\t{start + 1}\t60\t{cigar}\t=\t{other + 1}\t{tlen}"
    return f"{name}\t{flag}\t{place}\t*\t*"


@pytest.mark.parametrize("signs", [(1, -1), (-1, -1), (1, 1), (0, 0), (-1, 1)])
@pytest.mark.parametrize("flags", [(99, 147), (163, 83), (67, 131), (3, 3), (195, 195)])
def test_mates_of_equal_start_are_one_fragment_with_any_sign_of_tlen(signs, flags, tmp_path):
    lines = [
        mate("a", flag, 1_000, 1_000, 36 * sign) for flag, sign in zip(flags, signs, strict=True)
    ]
    counts = count_native(bam_of(tmp_path / "reads.bam", lines), FRAGMENTS, GRID, threads=1)
    tally = counts.tally
    assert (tally.usable, tally.assigned, tally.second_mates, tally.improper_pair) == (1, 1, 1, 0)
    assert counts.grid.of_chromosome(counts.values, "chr10")[10] == 1


def test_a_fragment_extends_from_its_first_to_its_last_aligned_base(tmp_path):
    """As TLEN of the SAM specification: clipped bases are not part of it."""
    pairs = {
        (1_000, "30S36M", 1_300, "36M30S"): 1_000 + 336 // 2,
        (2_000, "36M", 1_980, "36M"): 1_980 + 56 // 2,  # the mates reach beyond each other
        (3_000, "10M100N26M", 3_100, "36M"): 3_000 + 136 // 2,
    }
    for (start, cigar, other, other_cigar), middle in pairs.items():
        lines = [
            mate("a", 99, start, other, 999, cigar),
            mate("a", 147, other, start, -999, other_cigar),
        ]
        counts = count_native(bam_of(tmp_path / "a.bam", lines), FRAGMENTS, GRID, threads=1)
        assert np.flatnonzero(counts.grid.of_chromosome(counts.values, "chr10")) == middle // 100


def test_reads_without_a_name_are_joined_by_their_positions(tmp_path):
    file = random_pairs(random.Random(4), {"chr1": 300_000}, 300)
    lines = ["*\t" + line.partition("\t")[2] for line in file.lines]
    counts = count_native(bam_of(tmp_path / "a.bam", lines), FRAGMENTS, GRID, threads=1)
    assert counts.tally.second_mates == 300
    assert unlike(counts, truth(file, FRAGMENTS, 100), file) == ""


def test_a_file_merged_with_itself_has_twice_the_fragments(tmp_path):
    file = random_pairs(random.Random(5), SIZES, 200)
    once = count_native(bam_of(tmp_path / "a.bam", file.lines), FRAGMENTS, GRID, threads=1)
    doubled = [line for line in file.lines for _ in range(2)]
    twice = count_native(bam_of(tmp_path / "b.bam", doubled), FRAGMENTS, GRID, threads=1)
    np.testing.assert_array_equal(twice.values, 2 * once.values)
    assert twice.tally.usable == 2 * once.tally.usable


def test_names_that_two_lanes_share_stay_apart(tmp_path):
    """Names are numbers in each lane: equal ones belong to fragments of different places."""
    lanes = [random_pairs(random.Random(seed), SIZES, 150) for seed in (1, 2)]
    lines = [line for lane in lanes for line in lane.lines]
    counts = count_native(bam_of(tmp_path / "a.bam", lines), FRAGMENTS, GRID, threads=1)
    assert counts.tally.lone_first + counts.tally.lone_second == 0
    found = [truth(lane, FRAGMENTS, 100) for lane in lanes]
    assert counts.tally.usable == sum(one.fates["usable"] for one in found)


def test_mates_of_one_name_that_cannot_be_joined_are_refused(tmp_path):
    lines = [mate("same", 99, 1_000, 1_100, 136)] * 9_000
    with pytest.raises(
        InputError, match=r"many reads have the name of record 8,\d+, so that mates"
    ):
        count_native(bam_of(tmp_path / "a.bam", lines), FRAGMENTS, GRID, threads=1)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("filtered", FILTERS)
def test_pairs_across_stretches_and_full_tables_are_found(filtered, order, tmp_path, monkeypatch):
    monkeypatch.setattr(stretches, "SMALLEST", 2_000)
    sizes = {"chr1": 60_000, "chr2": 3_000}
    grid = BinGrid(sizes, 100)
    divided = []
    count = native._count_side_by_side

    def watched(*given):
        counts = count(*given)
        divided.append(len(given[4]))
        return counts

    monkeypatch.setattr(native, "_count_side_by_side", watched)
    file = random_pairs(random.Random(7), sizes, 6_000, filtered=filtered, order=order)
    bam = bam_of(tmp_path / "reads.bam", file.lines, sizes)
    expected = truth(file, FRAGMENTS, 100)
    tallies = []
    for rows, threads in itertools.product((4, 64, 1 << 12), (1, 2, 7)):
        monkeypatch.setattr(mates, "_FEWEST_ROWS", rows)
        counts = count_native(bam, FRAGMENTS, grid, threads)
        assert unlike(counts, expected, file) == "", (rows, threads)
        tallies.append(counts.tally)
    assert len(set(tallies)) == 1
    assert divided or order == "none"


def test_a_sorted_file_needs_room_for_few_mates(tmp_path, monkeypatch):
    file = random_pairs(random.Random(8), {"chr1": 300_000}, 20_000, filtered="first only")
    largest = []
    make_room = mates.WaitingMates.make_room

    def watched(self):
        make_room(self)
        largest.append(len(self.table))

    monkeypatch.setattr(mates, "_FEWEST_ROWS", 16)
    monkeypatch.setattr(mates.WaitingMates, "make_room", watched)
    bam = bam_of(tmp_path / "reads.bam", file.lines)
    assert unlike(count_native(bam, FRAGMENTS, GRID, 1), truth(file, FRAGMENTS, 100), file) == ""
    assert max(largest) <= 2_048


def test_a_file_that_is_sorted_only_at_first_is_counted_as_if_it_never_were(tmp_path, monkeypatch):
    monkeypatch.setattr(mates, "_FEWEST_ROWS", 4)
    parts = [random_pairs(random.Random(seed), {"chr1": 300_000}, 300) for seed in (1, 2)]
    firsts = [line for line in parts[0].lines if int(line.split("\t")[1]) & 64]
    seconds = [line for line in parts[0].lines if int(line.split("\t")[1]) & 128]
    bam = bam_of(tmp_path / "reads.bam", [*firsts, *seconds])
    counts = count_native(bam, FRAGMENTS, GRID, threads=1)
    assert unlike(counts, truth(parts[0], FRAGMENTS, 100), parts[0]) == ""


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("filtered", ["none", "first only", "second only"])
def test_the_fragment_length_is_found_in_any_file_of_pairs(convention, filtered, tmp_path):
    lines, lengths = [], random.Random(3)
    for k in range(300):
        start, size = 10 * k, lengths.randint(36, 250)
        sign = {"positive": (1, 1), "zero": (0, 0)}.get(convention, (1, -1))
        if convention == "old" and size == 36:
            sign = (-1, -1)
        far = start + size - 36
        lines.append(mate(f"r{k}", 99, start, far, sign[0] * size))
        lines.append(mate(f"r{k}", 147, far, start, sign[1] * size))
    if filtered != "none":
        lines = lines[filtered == "second only" :: 2]
    bam = bam_of(tmp_path / "a.bam", lines)
    sampler = EndSampler({"chr10": MAIN["chr10"]}, 0)
    count_reads(bam, "native", FRAGMENTS, BinGrid(MAIN, 100), None, 1, sampler)
    quality = quality_of(sampler.ends())
    assert quality.fragment_length is not None
    assert abs(quality.fragment_length - 143) < 15


def test_a_cram_file_without_tlen_counts_like_the_bam_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for seed, filtered in enumerate(FILTERS):
        file = random_pairs(random.Random(seed), SIZES, 300, "zero", filtered)
        bam = bam_of(tmp_path / "reads.bam", file.lines)
        options = ["--output-fmt-option", "no_ref"]
        pysam.view("-C", *options, "-o", "reads.cram", str(bam), catch_stdout=False)
        counts = count_native(tmp_path / "reads.cram", FRAGMENTS, GRID, threads=1)
        assert unlike(counts, truth(file, FRAGMENTS, 100), file) == ""
