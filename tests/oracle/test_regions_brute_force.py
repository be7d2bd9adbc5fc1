"""Regions compared with an implementation that compares all pairs of intervals."""

from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from samples.region_samples import peaks, rules

from deepregfinder.genome.grid import Geometry
from deepregfinder.genome.splits import SplitPlan, quotas
from deepregfinder.labels.background import free_windows
from deepregfinder.labels.candidates import UNLABELLED, define_candidates
from deepregfinder.labels.elements import enhancers, promoters
from deepregfinder.labels.rules import Evidence, RegionRules

GEOMETRY = Geometry(10, 8)
SIZES = {"chr1": 4000, "chr9": 2345, "chrX": 3001, "chr7": 77}
PLAN = SplitPlan.parse("chromosome", "1-7", "9", "X")
OFTEN = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])

Interval = tuple[str, int, int]


def rows(table: pd.DataFrame) -> list[Interval]:
    return list(zip(table["chrom"], table["start"].tolist(), table["end"].tolist(), strict=True))


def within(one: Interval, other: Interval, distance: int) -> bool:
    """Whether the positions of any two bases differ by at most the distance."""
    if one[0] != other[0]:
        return False
    (_, start, end), (_, other_start, other_end) = one, other
    return other_start - (end - 1) <= distance and start - (other_end - 1) <= distance


def near_any(one: Interval, others: list[Interval], distance: int) -> bool:
    return any(within(one, other, distance) for other in others)


def joined(intervals: list[Interval], distance: int) -> list[list[int]]:
    """Groups of indices connected by gaps of at most `distance` bases."""
    groups = {index: {index} for index in range(len(intervals))}
    for i, j in combinations(range(len(intervals)), 2):
        (chrom, start, end), (other_chrom, other_start, other_end) = intervals[i], intervals[j]
        if chrom == other_chrom and max(start, other_start) - min(end, other_end) <= distance:
            together = groups[i] | groups[j]
            for member in together:
                groups[member] = together
    return [sorted(group) for group in {frozenset(group) for group in groups.values()}]


def hull(intervals: list[Interval]) -> Interval:
    return (intervals[0][0], min(s for _, s, _ in intervals), max(e for _, _, e in intervals))


def window(chrom: str, middle: int) -> Interval | None:
    start = min(range(-50, 4_100, 10), key=lambda edge: (abs(edge + 40 - middle), -edge))
    return (chrom, start, start + 80) if start >= 0 and start + 80 <= SIZES[chrom] else None


def merged(intervals: list[Interval], distance: int) -> list[Interval]:
    return [hull([intervals[i] for i in group]) for group in joined(intervals, distance)]


def on_main(table: pd.DataFrame) -> list[Interval]:
    return [row for row in rows(table) if row[0] in SIZES]


def brute_promoters(lists: Evidence, rule: RegionRules) -> set[Interval | None]:
    assert lists.dhs is not None
    windows = set()
    for chrom, start, end in merged(on_main(lists.tss), rule.tss_merge):
        middle = (start + end) // 2
        if near_any((chrom, middle, middle + 1), rows(lists.dhs), rule.promoter_slop):
            windows.add(window(chrom, middle))
    return windows - {None}


def brute_enhancers(lists: Evidence, rule: RegionRules) -> set[Interval | None]:
    return brute_enhancers_by_marks(lists, rule, near_marks=False)


def brute_unlabelled(lists: Evidence, rule: RegionRules) -> set[Interval | None]:
    return brute_enhancers_by_marks(lists, rule, near_marks=True)


def brute_enhancers_by_marks(
    lists: Evidence, rule: RegionRules, near_marks: bool
) -> set[Interval | None]:
    """Windows of TF peaks that are away from promoter marks, or of those that are near."""
    assert lists.dhs is not None
    pooled = [
        row
        for table in lists.enhancers.values()
        for row in on_main(table)
        if rule.max_tf_peak_width is None or row[2] - row[1] <= rule.max_tf_peak_width
    ]
    sites = merged(pooled, 0)
    marks = [
        row
        for table in lists.promoter_marks.values()
        for row, signal in zip(rows(table), table["signal"], strict=True)
        if signal >= rule.promoter_marks_min_signal
    ]
    tss = merged(on_main(lists.tss), rule.tss_merge)
    return {
        window(site[0], (site[1] + site[2]) // 2)
        for site in sites
        if near_any(site, rows(lists.dhs), rule.enhancer_slop)
        and not near_any(site, tss, rule.tss_distance)
        and near_any(site, marks, rule.promoter_marks_distance) == near_marks
    } - {None}


def brute_free_windows(lists: Evidence, rule: RegionRules) -> list[Interval]:
    assert lists.dhs is not None
    far_from = merged(on_main(lists.tss), rule.tss_merge) + rows(lists.dhs)
    for tables in (lists.enhancers, lists.tfbs):
        far_from += [row for table in tables.values() for row in rows(table)]
    clear_of = [
        row for table in (lists.blacklist, lists.gaps) if table is not None for row in rows(table)
    ]
    tiles = [
        (chrom, start, start + 80)
        for chrom, length in SIZES.items()
        for start in range(0, length - 79, 80)
    ]
    return [
        tile
        for tile in tiles
        if not near_any(tile, far_from, rule.background_distance)
        and not near_any(tile, clear_of, 0)
    ]


@st.composite
def interval_lists(draw: st.DrawFn, widest: int, most: int) -> pd.DataFrame:
    """Up to `most` intervals from a seed, because hypothesis alone draws too few."""
    n = draw(st.integers(0, most))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    chrom = rng.choice([*SIZES, "chrUn"], n, p=[0.5, 0.2, 0.2, 0.05, 0.05])
    start, width = rng.integers(0, 3990, n), rng.integers(1, widest + 1, n)
    signal = rng.integers(0, 20, n).astype(float)
    return peaks(
        *zip(chrom.tolist(), start.tolist(), (start + width).tolist(), signal, strict=True)
    )


file_names = st.sampled_from([("p300",), ("p300", "cbp"), ("p300", "cbp", "gata1")])


@st.composite
def cases(draw: st.DrawFn) -> tuple[Evidence, RegionRules]:
    few = interval_lists(widest=60, most=10)
    lists = Evidence(
        tss=draw(interval_lists(widest=2, most=20)),
        dhs=draw(interval_lists(widest=40, most=60)),
        enhancers={name: draw(interval_lists(80, 40)) for name in draw(file_names)},
        promoter_marks={"h3k4me3": draw(few)},
        tfbs={"ctcf": draw(few)},
        blacklist=draw(st.none() | few),
        gaps=draw(st.none() | few),
    )
    distances: dict[str, Any] = {
        name: draw(st.integers(0, 120))
        for name in (
            *("tss_merge", "promoter_slop", "enhancer_slop", "tss_distance"),
            *("promoter_marks_distance", "promoter_marks_min_signal", "background_distance"),
        )
    }
    distances["promoter_marks_min_signal"] %= 20
    widest = draw(st.none() | st.integers(20, 80))
    return lists, rules(**distances, max_tf_peak_width=widest, n_background=30)


@OFTEN
@given(cases())
def test_promoters_are_those_of_brute_force(case: tuple[Evidence, RegionRules]) -> None:
    windows = promoters(*case, GEOMETRY, SIZES).intervals
    assert sorted(rows(windows)) == sorted(brute_promoters(*case))


@OFTEN
@given(cases())
def test_enhancers_are_those_of_brute_force(case: tuple[Evidence, RegionRules]) -> None:
    windows = enhancers(*case, GEOMETRY, SIZES).intervals
    assert sorted(rows(windows)) == sorted(brute_enhancers(*case))


@OFTEN
@given(cases())
def test_free_windows_are_those_of_brute_force(case: tuple[Evidence, RegionRules]) -> None:
    windows, drops = free_windows(*case, GEOMETRY, SIZES)
    assert rows(windows) == brute_free_windows(*case)
    assert drops[-1].left == len(windows)


@settings(OFTEN, max_examples=10)
@given(cases(), st.integers(0, 1000))
def test_candidates_put_brute_force_windows_in_their_splits(
    case: tuple[Evidence, RegionRules], seed: int
) -> None:
    lists, rule = case
    candidates = define_candidates(lists, rule, GEOMETRY, SIZES, PLAN, seed)
    split_of = {"chr1": "train", "chr7": "train", "chr9": "validation", "chrX": "test"}
    unlabelled = candidates.windows["class"] == UNLABELLED
    assert set(rows(candidates.windows[unlabelled])) == brute_unlabelled(lists, rule)
    windows = candidates.windows[~unlabelled]
    assert windows["split"].tolist() == [split_of[chrom] for chrom in windows["chrom"]]

    free = brute_free_windows(lists, rule)
    drawn = windows[windows["class"] == "background"]
    assert len(set(rows(drawn))) == len(drawn)
    assert set(rows(drawn)) <= set(free)
    for split, wanted in quotas(rule.n_background).items():
        there = sum(split_of[chrom] == split for chrom, _, _ in free)
        assert (drawn["split"] == split).sum() == min(there, 2 * wanted)

    for element in ("promoter", "enhancer", "background"):
        account = [drop for drop in candidates.drops if drop.element == element]
        for before, after in pairwise(account):
            assert after.left == before.left - after.dropped
        assert account[-1].left == (windows["class"] == element).sum()
