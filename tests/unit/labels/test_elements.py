"""Promoters and enhancers, rule by rule."""

import logging
from dataclasses import replace

import pandas as pd
import pytest
from samples.region_samples import GEOMETRY, evidence, peaks, points, rules

from deepregfinder.errors import InputError
from deepregfinder.genome.grid import Geometry
from deepregfinder.labels.background import free_windows
from deepregfinder.labels.elements import enhancers, merge_peaks, promoters
from deepregfinder.labels.rules import Evidence, Sieve

SIZES = {"chr1": 1_000_000}


def starts(sieve: Sieve) -> list[int]:
    return sieve.intervals["start"].tolist()


def account(sieve: Sieve) -> dict[str, int]:
    return {drop.rule.split(" (")[0]: drop.dropped for drop in sieve.drops[1:]}


def test_promoter_windows_are_snapped_around_the_midpoint_of_merged_tss() -> None:
    lists = evidence(tss=points("chr1", 10_000, 10_350), dhs=peaks(("chr1", 10_900, 11_000)))
    assert promoters(lists, rules(), GEOMETRY, SIZES).intervals.to_numpy().tolist() == [
        ["chr1", 9_200, 11_200]
    ]


def test_a_promoter_needs_a_dhs_near_the_midpoint() -> None:
    lists = evidence(
        tss=points("chr1", 10_000, 20_000),
        dhs=peaks(("chr1", 11_000, 11_150), ("chr1", 21_001, 21_150)),
    )
    sieve = promoters(lists, rules(), GEOMETRY, SIZES)
    assert starts(sieve) == [9_000]
    assert account(sieve)["no DHS within --promoter_slop 1000"] == 1


def test_enhancer_distances_are_taken_from_the_edges_of_the_peak() -> None:
    open_sites = peaks(("chr1", 0, 900_000))
    peak = peaks(("chr1", 50_000, 50_400))
    for tss, left in ((47_999, 1), (48_000, 0), (52_399, 0), (52_400, 1)):
        lists = evidence(tss=points("chr1", tss), dhs=open_sites, enhancers=peak)
        assert len(starts(enhancers(lists, rules(), GEOMETRY, SIZES))) == left, tss


def test_a_tss_without_dhs_also_keeps_enhancers_away() -> None:
    lists = evidence(
        tss=points("chr1", 49_000),
        dhs=peaks(("chr1", 50_500, 50_600)),
        enhancers=peaks(("chr1", 50_000, 50_400)),
    )
    assert starts(promoters(lists, rules(promoter_slop=100), GEOMETRY, SIZES)) == []
    assert starts(enhancers(lists, rules(), GEOMETRY, SIZES)) == []


def test_weak_promoter_marks_are_ignored_only_below_the_minimum() -> None:
    lists = evidence(
        dhs=peaks(("chr1", 0, 900_000)),
        enhancers=peaks(("chr1", 50_000, 50_400), ("chr1", 70_000, 70_400)),
        promoter_marks={"k4": peaks(("chr1", 50_000, 51_000, 6.9), ("chr1", 70_000, 71_000, 7.0))},
    )
    assert starts(enhancers(lists, rules(), GEOMETRY, SIZES)) == []
    strict = enhancers(lists, rules(promoter_marks_min_signal=7), GEOMETRY, SIZES)
    assert starts(strict) == [49_200]


def test_a_minimum_signal_needs_a_signal_column_and_names_the_file() -> None:
    lists = evidence(
        enhancers=peaks(("chr1", 50_000, 50_400)),
        promoter_marks={
            "k4.bed": peaks(("chr1", 1, 10)),
            "k4.broadPeak": peaks(("chr1", 1, 9, 2.0)),
        },
    )
    with pytest.raises(InputError, match=r"k4\.bed has no signal column") as error:
        enhancers(lists, rules(promoter_marks_min_signal=7), GEOMETRY, SIZES)
    assert "broadPeak has" not in str(error.value)


@pytest.mark.parametrize(("n_marked", "warned"), [(5, False), (6, True)])
def test_h3k4me3_that_drops_most_enhancers_is_named_in_a_warning(
    n_marked: int, warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    sites = peaks(*(("chr1", 50_000 * n, 50_000 * n + 400) for n in range(1, 11)))
    lists = evidence(
        dhs=peaks(("chr1", 0, 900_000)),
        enhancers=sites,
        promoter_marks={"k4": sites.iloc[:n_marked].assign(signal=3.0)},
    )
    with caplog.at_level(logging.WARNING):
        enhancers(lists, rules(), GEOMETRY, SIZES)
    assert ("--promoter_marks_min_signal" in caplog.text) == warned


def test_wide_peaks_are_dropped_when_asked() -> None:
    lists = evidence(
        dhs=peaks(("chr1", 0, 900_000)),
        enhancers=peaks(("chr1", 50_000, 53_000), ("chr1", 70_000, 73_001)),
    )
    assert len(starts(enhancers(lists, rules(), GEOMETRY, SIZES))) == 2
    narrow = enhancers(lists, rules(max_tf_peak_width=3000), GEOMETRY, SIZES)
    assert starts(narrow) == [50_500]


def test_windows_must_lie_whole_inside_the_chromosome() -> None:
    dhs = peaks(("chr1", 0, 10_000))
    lists = evidence(tss=points("chr1", 949, 4_000, 9_049), dhs=dhs)
    sieve = promoters(lists, rules(), GEOMETRY, {"chr1": 10_050})
    assert starts(sieve) == [3_000, 8_000]
    assert account(sieve)["window reaches over the end of the chromosome"] == 1


def test_a_window_over_the_far_end_is_dropped() -> None:
    lists = evidence(tss=points("chr1", 9_100), dhs=peaks(("chr1", 0, 10_000)))
    assert starts(promoters(lists, rules(), GEOMETRY, {"chr1": 10_099})) == []
    assert starts(promoters(lists, rules(), GEOMETRY, {"chr1": 10_100})) == [8_100]


def test_peaks_that_give_the_same_window_count_once() -> None:
    lists = evidence(
        dhs=peaks(("chr1", 0, 900_000)),
        enhancers=peaks(("chr1", 50_160, 50_190), ("chr1", 50_200, 50_240)),
    )
    sieve = enhancers(lists, rules(), GEOMETRY, SIZES)
    assert starts(sieve) == [49_200]
    assert account(sieve)["same window as another"] == 1


def test_windows_are_centred_within_half_a_bin() -> None:
    sites = range(20_000, 20_200)
    for bins in (20, 21):
        geometry = Geometry(100, bins)
        off = [geometry.window_start(site) + geometry.window // 2 - site for site in sites]
        assert set(off) == set(range(-49, 51)), bins


def test_other_chromosomes_are_dropped_and_counted() -> None:
    lists = evidence(
        dhs=peaks(("chr1", 0, 900_000)),
        enhancers=peaks(("chrM", 5_000, 5_400), ("chr1", 50_000, 50_400)),
    )
    assert account(enhancers(lists, rules(), GEOMETRY, SIZES))["not on a main chromosome"] == 1


def pooled(*lists: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([one.assign(list=n) for n, one in enumerate(lists)], ignore_index=True)


def test_peaks_of_one_list_are_merged_if_they_overlap_or_touch() -> None:
    called = peaks(("chr1", 100, 456), ("chr1", 300, 656), ("chr1", 656, 700), ("chr1", 701, 900))
    merged = merge_peaks(pooled(called))
    assert merged[["start", "end"]].to_numpy().tolist() == [[100, 700], [701, 900]]


def test_peaks_of_different_lists_are_merged() -> None:
    merged = merge_peaks(
        pooled(peaks(("chr1", 100, 456), ("chr1", 300, 656)), peaks(("chr1", 600, 900)))
    )
    assert merged[["start", "end"]].to_numpy().tolist() == [[100, 900]]


def test_a_merged_peak_takes_the_summit_of_the_first_list_that_has_one() -> None:
    broad = peaks(("chr1", 0, 5_000, 90.0, -1))
    narrow = peaks(("chr1", 100, 400, 5.0, 250), ("chr1", 900, 1_200, 8.0, 1_050))
    other = peaks(("chr1", 2_000, 2_300, 70.0, 2_100))
    assert merge_peaks(pooled(broad, narrow, other))["summit"].tolist() == [1_050]


def test_center_summit_uses_summits_and_falls_back_to_midpoints() -> None:
    lists = evidence(
        dhs=peaks(("chr1", 0, 900_000)),
        enhancers=peaks(("chr1", 50_000, 54_000, 1.0, 50_300), ("chr1", 70_000, 74_000)),
    )
    sieve = enhancers(lists, rules(center="summit"), GEOMETRY, SIZES)
    assert starts(sieve) == [49_300, 71_000]


def test_center_summit_without_any_summit_is_refused() -> None:
    lists = evidence(dhs=peaks(("chr1", 0, 900_000)), enhancers=peaks(("chr1", 50_000, 54_000)))
    with pytest.raises(InputError, match=r"p300\.narrowPeak has a summit"):
        enhancers(lists, rules(center="summit"), GEOMETRY, SIZES)


def test_center_dhs_takes_the_strongest_site_inside_the_peak() -> None:
    lists = evidence(
        dhs=peaks(
            ("chr1", 50_100, 50_200, 5.0),
            ("chr1", 53_000, 53_200, 9.0),
            ("chr1", 54_000, 54_200, 99.0),
            ("chr1", 74_500, 74_700, 9.0),
        ),
        enhancers=peaks(("chr1", 50_000, 54_000), ("chr1", 70_000, 74_000)),
    )
    sieve = enhancers(lists, rules(center="dhs"), GEOMETRY, SIZES)
    assert starts(sieve) == [52_100, 71_000]


def test_center_dhs_without_signal_takes_the_most_central_site() -> None:
    lists = evidence(
        dhs=peaks(("chr1", 50_100, 50_200), ("chr1", 52_500, 52_600)),
        enhancers=peaks(("chr1", 50_000, 54_000)),
    )
    assert starts(enhancers(lists, rules(center="dhs"), GEOMETRY, SIZES)) == [51_600]


def active(dhs: pd.DataFrame | None, h3k27ac: pd.DataFrame, **more: pd.DataFrame) -> Evidence:
    """Evidence without a list of enhancers."""
    return replace(evidence(), dhs=dhs, enhancers={}, h3k27ac={"ac.bed": h3k27ac}, **more)


BY_ACTIVITY = {"enhancer_labels": "h3k27ac"}


def test_accessible_sites_with_h3k27ac_are_enhancers() -> None:
    """Within the slop of H3K27ac, and away from TSSs and from H3K4me3."""
    lists = active(
        peaks(*(("chr1", at, at + 200) for at in (10_000, 30_000, 50_000, 70_000, 90_000))),
        peaks(("chr1", 11_199, 12_000), ("chr1", 31_200, 32_000), ("chr1", 50_000, 95_000)),
        tss=points("chr1", 72_000),
        promoter_marks={"k4.bed": peaks(("chr1", 91_000, 91_500))},
    )
    sieve = enhancers(lists, rules(**BY_ACTIVITY), GEOMETRY, SIZES)
    assert starts(sieve) == [9_100, 49_100]
    assert sieve.drops[0].rule == "accessible sites given"
    dropped = account(sieve)
    assert dropped["no H3K27ac peak within --enhancer_slop 1000"] == 1
    assert dropped["a TSS within --tss_distance 2000"] == 1
    assert dropped["an H3K4me3 peak within --promoter_marks_distance 1000"] == 1
    assert sieve.unlabelled["start"].tolist() == [90_000]


def test_without_accessible_sites_peaks_of_both_marks_take_their_place() -> None:
    lists = active(
        None,
        peaks(("chr1", 10_000, 10_400), ("chr1", 10_400, 10_800), ("chr1", 50_000, 50_400)),
        tss=points("chr1", 51_000, 80_000),
        promoter_marks={"k4.bed": peaks(("chr1", 51_900, 52_500))},
    )
    assert starts(enhancers(lists, rules(**BY_ACTIVITY), GEOMETRY, SIZES)) == [9_400]
    sieve = promoters(lists, rules(), GEOMETRY, SIZES)
    assert starts(sieve) == [50_000]
    assert account(sieve)["no H3K4me3 peak within --promoter_slop 1000"] == 1
    free, drops = free_windows(lists, rules(), GEOMETRY, SIZES)
    near = {drop.rule.partition(" peak within")[0] for drop in drops}
    assert {"an H3K27ac", "an H3K4me3"} <= near
    assert not free["start"].isin([8_000, 10_000, 12_000, 50_000, 52_000, 54_000]).any()


def test_with_accessible_sites_h3k27ac_alone_may_be_background() -> None:
    """As with p300: background is away from accessible sites, whatever mark it has."""
    lists = active(peaks(("chr1", 90_000, 90_200)), peaks(("chr1", 10_000, 10_400)))
    free, _ = free_windows(lists, rules(), GEOMETRY, SIZES)
    assert free["start"].isin([10_000]).any()


def test_a_registry_is_chosen_from_like_factors() -> None:
    lists = evidence(
        dhs=peaks(("chr1", 50_500, 50_600)),
        enhancers=peaks(("chr1", 50_000, 50_400), ("chr1", 70_000, 70_400)),
    )
    sieve = enhancers(lists, rules(enhancer_labels="ccre"), GEOMETRY, SIZES)
    assert starts(sieve) == starts(enhancers(lists, rules(), GEOMETRY, SIZES)) == [49_200]
    assert sieve.drops[0].rule == "cCREs given"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("factors", "--enhancer_labels factors needs at least one list of enhancers"),
        ("h3k27ac", "--enhancer_labels h3k27ac needs at least one list of H3K27ac peaks"),
    ],
)
def test_lists_that_a_kind_needs_are_asked_for(kind: str, words: str) -> None:
    lists = replace(evidence(), enhancers={})
    with pytest.raises(InputError, match=words):
        enhancers(lists, rules(enhancer_labels=kind), GEOMETRY, SIZES)
