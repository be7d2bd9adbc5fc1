from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deepregfinder.classes import class_names
from deepregfinder.errors import InputError
from deepregfinder.prediction.calling import (
    Calls,
    TssZone,
    call_genome,
    find_runs,
    read_calls,
    write_calls,
)

STEP, WINDOW = 200, 2000
THREE, FIVE = class_names(3), class_names(5)
E, P = 1, 2


def track(n: int, *windows: tuple[int, int, float], n_classes: int = 3) -> np.ndarray:
    """Probabilities of n windows that are background but for (window, class, probability)."""
    p = np.zeros((n, n_classes), np.float32)
    p[:, 0] = 1
    for place, class_index, value in windows:
        p[place] = (1 - value) / (n_classes - 1)
        p[place, class_index] = value
    return p.T


def call(
    p: np.ndarray,
    classes: tuple[str, ...] = THREE,
    threshold: float | tuple[float, ...] = 0.5,
    tss: list[int] | None = None,
    tss_distance: int = 2000,
) -> list[tuple[int, int, int, float]]:
    """(start, end, class, score) of the calls on chr1."""
    zone = None
    if tss is not None:
        sites = pd.DataFrame({"chrom": "chr1", "start": tss, "end": [t + 1 for t in tss]})
        zone = TssZone(sites, tss_distance)
    runs = {"chr1": find_runs(p, STEP, WINDOW, threshold)}
    calls = call_genome(runs, classes, STEP, zone)["chr1"]
    rows = zip(calls.start, calls.end, calls.class_index, calls.score, strict=True)
    return [(int(s), int(e), int(c), round(float(v), 3)) for s, e, c, v in rows]


def test_neighbours_of_one_class_become_one_call_with_the_best_probability() -> None:
    assert call(track(50, (5, E, 0.6), (6, E, 0.9), (7, E, 0.7))) == [(1000, 3400, E, 0.9)]


def test_windows_that_overlap_or_touch_are_merged_over_background_between() -> None:
    assert call(track(50, (5, E, 0.6), (15, E, 0.7))) == [(1000, 5000, E, 0.7)]
    assert call(track(50, (5, E, 0.6), (16, E, 0.7))) == [
        (1000, 3000, E, 0.6),
        (3200, 5200, E, 0.7),
    ]


def test_background_and_windows_below_the_threshold_are_not_called() -> None:
    assert call(track(50, (5, E, 0.55)), threshold=0.6) == []
    assert call(track(50)) == []


def test_a_probability_equal_to_the_threshold_is_called() -> None:
    assert call(track(50, (5, E, 0.6)), threshold=0.6) == [(1000, 3000, E, 0.6)]


def test_a_class_that_reaches_its_threshold_is_called_though_background_is_more_probable() -> None:
    p = track(50)
    p[:, 5], p[:, 30] = (0.7, 0.2, 0.1), (0.9, 0.05, 0.05)
    assert call(p, threshold=0.15) == [(1000, 3000, E, 0.2)]
    # The class that is highest above its own threshold, not the most probable one.
    p[:, 5] = 0.5, 0.2, 0.3
    assert call(p, threshold=(0.1, 0.25)) == [(1000, 3000, E, 0.2)]
    assert call(p, threshold=(0.1, 0.1)) == [(1000, 3000, P, 0.3)]


@pytest.mark.parametrize("classes", [class_names(2), THREE, FIVE])
def test_enhancer_calls_near_a_tss_are_removed_in_every_mode(classes: tuple[str, ...]) -> None:
    for index in range(1, len(classes)):
        p = track(100, (50, index, 0.9), n_classes=len(classes))  # 10,000-12,000
        removed = classes[index].endswith("enhancer")
        for tss, near in ((14_000 - 1, True), (14_000, False), (8_000, True), (7_999, False)):
            assert call(p, classes, tss=[tss]) == (
                [] if near and removed else [(10_000, 12_000, index, 0.9)]
            ), (classes[index], tss)


def test_an_enhancer_near_a_tss_does_not_displace_a_promoter() -> None:
    p = track(100, (50, E, 0.95), (53, P, 0.7))
    assert call(p, tss=[11_500]) == [(10_600, 12_600, P, 0.7)]
    assert call(p) == [(10_000, 12_000, E, 0.95)]


def test_a_weaker_call_is_trimmed_where_its_summit_is_free() -> None:
    # Enhancer 10,000-12,000; promoter windows 11,400-14,400, the best around 13,400.
    p = track(100, (50, E, 0.9), (57, P, 0.6), (62, P, 0.8))
    assert call(p) == [(10_000, 12_000, E, 0.9), (12_000, 14_400, P, 0.8)]


def test_a_weaker_call_is_dropped_where_its_summit_is_taken() -> None:
    p = track(100, (50, E, 0.9), (53, P, 0.8))
    assert call(p) == [(10_000, 12_000, E, 0.9)]


def test_a_stronger_call_between_two_of_another_class_keeps_both_at_its_sides() -> None:
    p = track(100, (40, E, 0.7), (46, P, 0.9), (52, E, 0.6))
    # Enhancers 8,000-10,000 and 10,400-12,400, promoter 9,200-11,200.
    assert call(p) == [(8000, 9200, E, 0.7), (9200, 11_200, P, 0.9), (11_200, 12_400, E, 0.6)]


def test_calls_of_one_class_merge_when_the_call_between_them_is_dropped() -> None:
    p = track(100, (40, E, 0.9), (43, P, 0.6), (46, E, 0.8))
    assert call(p) == [(8000, 11_200, E, 0.9)]


def test_a_dropped_call_displaces_nothing() -> None:
    # The strongest (enhancer) takes the summit of the promoter, which would have taken the other's.
    p = track(100, (50, 2, 0.9), (54, 4, 0.8), (58, 1, 0.7), n_classes=5)
    # 10,000-12,000 | 10,800-12,800 (summit 11,800: taken) | 11,600-13,600 (summit 12,600: free)
    assert call(p, FIVE) == [(10_000, 12_000, 2, 0.9), (12_000, 13_600, 1, 0.7)]


def test_equal_scores_go_to_the_call_further_left() -> None:
    assert call(track(100, (50, E, 0.8), (53, P, 0.8))) == [(10_000, 12_000, E, 0.8)]
    assert call(track(100, (50, P, 0.8), (53, E, 0.8))) == [(10_000, 12_000, P, 0.8)]


def test_what_is_left_shorter_than_a_step_is_dropped() -> None:
    # Steps of 1,500 and windows of 2,000: 500 bp are left of the weaker call, its summit is free.
    p = np.array([[0, 0.3], [0.9, 0.1], [0.1, 0.6]], np.float32)
    runs = {"chr1": find_runs(p, 1500, 2000, 0.5)}
    assert len(call_genome(runs, THREE, 1500)["chr1"]) == 2  # 1,500 bp are left
    p = np.array([[0.9, 0.1], [0, 0], [0.1, 0.9]], np.float32)
    runs = Calls(
        np.array([0, 900]), np.array([2000, 2900]), np.array([1, 2]),
        np.array([0.9, 0.6], np.float32), np.array([1000, 2100]),
    )  # fmt: skip
    assert len(call_genome({"chr1": runs}, THREE, 1000)["chr1"]) == 1


def test_the_summit_is_the_middle_of_the_first_best_window() -> None:
    runs = find_runs(track(50, (5, E, 0.6), (6, E, 0.9), (7, E, 0.9)), STEP, WINDOW, 0.5)
    assert runs.summit.tolist() == [6 * STEP + WINDOW // 2]


def test_calls_are_written_as_sorted_bed9_with_one_colour_a_class(tmp_path: Path) -> None:
    runs = {
        name: find_runs(track(60, (9, E, 0.5004), (30, P, 0.9996)), STEP, WINDOW, 0.5)
        for name in ("chr2", "chr10", "chr1")
    }
    write_calls(tmp_path / "calls.bed", call_genome(runs, THREE, STEP), THREE, STEP)
    rows = [line.split("\t") for line in (tmp_path / "calls.bed").read_text().splitlines()]
    assert [row[0] for row in rows] == ["chr1", "chr1", "chr10", "chr10", "chr2", "chr2"]
    assert rows[0] == [
        "chr1", "1800", "3800", "enhancer", "500", ".", "2700", "2900", "230,159,0",
    ]  # fmt: skip
    assert rows[1][3:5] == ["promoter", "1000"]


def test_written_calls_are_read_back(tmp_path: Path) -> None:
    runs = {"chr1": find_runs(track(60, (9, E, 0.75), (30, P, 0.9)), STEP, WINDOW, 0.5)}
    calls = call_genome(runs, THREE, STEP)
    write_calls(tmp_path / "calls.bed", calls, THREE, STEP)
    stored = read_calls(tmp_path / "calls.bed", THREE)["chr1"]
    for name in ("start", "end", "class_index", "summit"):
        np.testing.assert_array_equal(getattr(stored, name), getattr(calls["chr1"], name))
    np.testing.assert_allclose(stored.score, [0.75, 0.9])


def test_no_call_gives_an_empty_file(tmp_path: Path) -> None:
    runs = {"chr1": find_runs(track(60), STEP, WINDOW, 0.5)}
    tss = pd.DataFrame({"chrom": ["chr1"], "start": [5], "end": [6]})
    write_calls(
        tmp_path / "calls.bed", call_genome(runs, THREE, STEP, TssZone(tss, 2000)), THREE, STEP
    )
    assert (tmp_path / "calls.bed").read_bytes() == b""
    assert read_calls(tmp_path / "calls.bed", THREE) == {}


def test_a_file_that_holds_no_calls_is_refused_by_line(tmp_path: Path) -> None:
    (tmp_path / "calls.bed").write_text("chr1\t0\t100\tsilencer\t1\t.\t0\t100\t0,0,0\n")
    with pytest.raises(InputError, match=r"line 1.*silencer"):
        read_calls(tmp_path / "calls.bed", THREE)
