"""Splits do not overlap, have the expected shares, and depend only on the seed."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples.region_samples import AT_RANDOM, BY_CHROMOSOME

from deepregfinder.errors import InputError
from deepregfinder.genome.splits import (
    SPLITS,
    ChromosomeSplit,
    SplitChoice,
    SplitPlan,
    chromosome_list,
    overlap_groups,
    parse_chromosome_list,
    quotas,
    random_splits,
)

WIDTH = 2000

windows = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 400), st.integers(0, 2)), min_size=1, max_size=60
)


def columns(rows: list[tuple[int, int, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Columns chrom, start and class from (chrom, bin, class) rows."""
    chrom, place, kind = (np.array(column) for column in zip(*rows, strict=True))
    return chrom, place * 100, kind


@given(windows, st.integers(0, 1000))
def test_overlapping_windows_never_straddle_two_splits(
    rows: list[tuple[int, int, int]], seed: int
) -> None:
    chrom, start, kind = columns(rows)
    split = random_splits(kind, overlap_groups(chrom, start, WIDTH), seed)
    for one, other in combinations(range(len(rows)), 2):
        if chrom[one] == chrom[other] and abs(start[one] - start[other]) < WIDTH:
            assert split[one] == split[other]


@given(windows)
def test_groups_are_no_larger_than_overlaps_make_them(rows: list[tuple[int, int, int]]) -> None:
    chrom, start, _ = columns(rows)
    groups = overlap_groups(chrom, start, WIDTH)
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        assert len(set(chrom[members])) == 1
        assert (np.diff(np.sort(start[members])) < WIDTH).all()


def test_windows_end_to_end_may_part() -> None:
    groups = overlap_groups(np.array([0, 0, 0, 1]), np.array([0, 2000, 3999, 3999]), WIDTH)
    assert groups.tolist() == [0, 1, 1, 2]


@given(st.lists(st.integers(0, 4), min_size=1, max_size=300), st.integers(0, 1000))
def test_classes_are_divided_60_20_20_exactly_where_nothing_overlaps(
    kinds: list[int], seed: int
) -> None:
    kind = np.array(kinds)
    split = random_splits(kind, np.arange(len(kinds)), seed)
    for one in range(5):
        n = (kind == one).sum()
        sizes = np.bincount(split[kind == one], minlength=3)
        assert sizes[1] == sizes[2] == round(n / 5)
        assert sizes.sum() == n


@given(windows, st.integers(0, 1000))
def test_a_class_is_off_its_share_by_no_more_than_two_groups(
    rows: list[tuple[int, int, int]], seed: int
) -> None:
    chrom, start, _ = columns(rows)
    groups = overlap_groups(chrom, start, WIDTH)
    sizes = np.bincount(random_splits(np.zeros(len(rows), int), groups, seed), minlength=3)
    held_out = round(len(rows) / 5)
    off = np.abs(sizes - [len(rows) - 2 * held_out, held_out, held_out])
    largest = np.bincount(groups).max()
    assert off.max() <= (2 * largest if largest > 1 else 0)


def test_a_seed_gives_a_split_and_another_seed_another() -> None:
    kind, groups = np.zeros(100, int), np.arange(100)
    assert np.array_equal(random_splits(kind, groups, 1), random_splits(kind, groups, 1))
    assert not np.array_equal(random_splits(kind, groups, 1), random_splits(kind, groups, 2))


def test_no_windows_have_no_splits() -> None:
    nothing = np.empty(0, int)
    assert len(random_splits(nothing, overlap_groups(nothing, nothing, WIDTH), 1)) == 0


def test_a_plan_by_chromosome_knows_the_split_of_each() -> None:
    assert [BY_CHROMOSOME.of(c) for c in ("chr1", "8", "chrX", "chrM")] == [
        *("train", "validation", "test"),
        None,
    ]
    assert BY_CHROMOSOME.training_chroms(["chr8", "chr7", "chr1"]) == ["chr7", "chr1"]


def test_a_random_plan_has_training_windows_everywhere() -> None:
    assert AT_RANDOM.of("chr17") == "."
    assert AT_RANDOM.training_chroms(["chr17", "chr1"]) == ["chr17", "chr1"]


def test_a_plan_survives_json() -> None:
    assert SplitPlan.from_dict(BY_CHROMOSOME.to_dict()) == BY_CHROMOSOME
    assert BY_CHROMOSOME.to_dict()["test_chroms"] == ["17", "18", "19", "20", "21", "22", "X", "Y"]


def test_a_chromosome_in_two_splits_is_refused() -> None:
    with pytest.raises(InputError, match="--train_chroms and --test_chroms"):
        SplitPlan.parse("chromosome", "1-7", "8", "7")


@pytest.mark.parametrize(
    ("n", "expected"), [(30, [10, 10, 10]), (31, [11, 10, 10]), (2, [1, 1, 0])]
)
def test_quotas_add_up(n: int, expected: list[int]) -> None:
    assert list(quotas(n).values()) == expected


def numbered(lengths: str, others: dict[str, float]) -> dict[str, float]:
    """Chromosomes 1, 2, ... with these lengths, and others."""
    return {str(at): float(mb) for at, mb in enumerate(lengths.split(), 1)} | others


# Lengths in Mb of the main chromosomes of assemblies, and the splits that they should have.
HUMAN = numbered(
    "249 242 198 190 182 171 159 145 138 134 135 133 114 107 102 90 83 80 59 64 47 51",
    {"X": 156, "Y": 57},
)
MOUSE = numbered(
    "195 182 160 157 152 150 145 129 125 131 122 120 120 125 104 98 95 91 61", {"X": 171, "Y": 92}
)
FLY = {"2L": 23.5, "2R": 25.3, "3L": 28.1, "3R": 32.1, "4": 1.3, "X": 23.5, "Y": 3.7}
WORM = {"I": 15.1, "II": 15.3, "III": 13.8, "IV": 17.5, "V": 20.9, "X": 17.7}
YEAST = dict.fromkeys(
    (*("I", "II", "III", "IV", "V", "VI", "VII", "VIII"), *("IX", "X", "XI", "XII")), 1
)
ZEBRAFISH = numbered("50 " * 25, {})
CHICKEN = numbered("30 " * 33, {"W": 7, "Z": 82})


@pytest.mark.parametrize(
    ("sizes", "train", "validation", "test"),
    [
        (HUMAN, "1-7", "8-16", "17-22,X,Y"),
        (MOUSE, "1-7", "8-15", "16-19,X,Y"),
        (FLY, "4,2L,2R", "3L", "3R,X,Y"),
        (WORM, "I,II,III", "IV", "V,X"),
        (ZEBRAFISH, "1-12", "13-22", "23-25"),
        (CHICKEN, "1-16", "17-29", "30-33,W,Z"),
        (dict.fromkeys("123", 5), "1", "2", "3"),
    ],
    ids=["human", "mouse", "fly", "worm", "zebrafish", "chicken", "three"],
)
@pytest.mark.parametrize("prefix", ["", "chr"])
def test_any_genome_is_split_by_length(sizes, train, validation, test, prefix):
    named = {f"{prefix}{name}": round(mb * 1e6) for name, mb in reversed(sizes.items())}
    plan = SplitChoice.parse("chromosome", None, None, None).plan(named)
    assert plan == SplitPlan.parse("chromosome", train, validation, test)


def test_x_is_the_tenth_chromosome_where_numbers_are_roman():
    split = SplitChoice.parse("chromosome", None, None, None).plan(YEAST).chromosomes
    assert "X" not in split.test
    assert sum(map(len, (split.train, split.validation, split.test))) == len(YEAST)


@pytest.mark.parametrize(
    ("given", "completed"),
    [
        ((None, None, "17-19,X,Y"), ("1-8", "9-16", "17-19,X,Y")),
        (("5", None, None), ("5", "1-13", "14-19,X,Y")),
        (("1-7", "8-16", None), ("1-7", "8-16", "17-19,X,Y")),
        (("1-7", None, "19"), ("1-7", "8-18", "19")),
        (("1", "2", "3"), ("1", "2", "3")),
    ],
)
def test_lists_that_are_given_stay_and_the_others_share_the_rest(given, completed):
    split = SplitChoice.parse("chromosome", *given).plan(MOUSE).chromosomes
    expected = [set(parse_chromosome_list(text)) for text in completed]
    if given[0] == "5":
        expected[1] -= {"5"}
    assert [set(getattr(split, name)) for name in SPLITS] == expected


@given(st.lists(st.integers(1, 300), min_size=1, max_size=60))
def test_every_chromosome_has_one_split_and_each_split_its_share(lengths):
    sizes = {f"chr{number}": bp for number, bp in enumerate(lengths, 1)}
    split = SplitChoice.parse("chromosome", None, None, None).plan(sizes).chromosomes
    parts = [split.select(sizes, name) for name in SPLITS]
    if len(lengths) < len(SPLITS):
        assert parts == [[], [], []]
        return
    assert [chrom for part in parts for chrom in part] == list(sizes)
    assert min(map(len, parts)) >= (2 if len(lengths) >= 6 else 1)


def test_too_few_autosomes_leave_the_splits_empty():
    split = SplitChoice.parse("chromosome", None, None, None).plan({"1": 9, "2": 9, "X": 9})
    assert split.chromosomes == ChromosomeSplit(frozenset(), frozenset(), frozenset("X"))


@given(st.sets(st.sampled_from([*map(str, range(1, 30)), "X", "2L", "MT"])))
def test_a_list_of_chromosomes_is_read_as_it_was_written(names):
    assert parse_chromosome_list(chromosome_list(names)) == names
