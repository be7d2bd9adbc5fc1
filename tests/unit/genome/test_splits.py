"""Splits do not overlap, have the expected shares, and depend only on the seed."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples.region_samples import AT_RANDOM, BY_CHROMOSOME

from deepregfinder.errors import InputError
from deepregfinder.genome.splits import SplitPlan, overlap_groups, quotas, random_splits

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
