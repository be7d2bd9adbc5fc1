"""Natural prevalence compared with loops over windows, elements and calls."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples.small_evaluation import SIZES, STEP, bundle, elements, write_scan
from sklearn.metrics import average_precision_score, roc_auc_score

from deepregfinder.evaluation.metrics import Blocks, measure
from deepregfinder.evaluation.natural_prevalence import (
    credit,
    measure_calls,
    tally_calls,
    tally_genome,
)
from deepregfinder.labels.ground_truth import label_windows, labelled_elements
from deepregfinder.labels.tensors import Tensors
from deepregfinder.prediction.calling import Calls, call_genome, find_runs
from deepregfinder.prediction.probabilities import open_probabilities

CHROMS = ("chr3", "chr4")


def side(centre: int, points: list[int]) -> int:
    distance = min((abs(centre - point) for point in points), default=10**9)
    return 1 if distance <= 500 else 0 if distance > 2000 else -1


@settings(max_examples=100, deadline=None)
@given(
    enhancers=st.lists(st.integers(0, 12_000), max_size=5),
    promoters=st.lists(st.integers(0, 12_000), max_size=5),
    unlabelled=st.lists(st.integers(0, 12_000), max_size=2),
)
def test_labels_of_windows_equal_those_found_element_by_element(
    enhancers: list[int], promoters: list[int], unlabelled: list[int]
) -> None:
    centres = np.arange(0, 12_000, 100)
    points = (unlabelled, enhancers, promoters)
    truth, membership = label_windows(centres, [np.array(sorted(p), np.int64) for p in points])
    for i, centre in enumerate(centres.tolist()):
        unclear = any(abs(centre - point) <= 2000 for point in unlabelled)
        for index in (1, 2):
            wanted = side(centre, list(points[index]))
            assert membership[index, i] == (-1 if unclear and wanted == 0 else wanted)
        both = side(centre, enhancers + promoters)
        if unclear and both == 0:
            both = -1
        assert membership[0, i] == {1: 0, 0: 1, -1: -1}[both]
        near_e = min((abs(centre - p) for p in enhancers), default=10**9)
        near_p = min((abs(centre - p) for p in promoters), default=10**9)
        wanted = {0: 0, -1: -1, 1: 1 if near_e <= near_p else 2}[both]
        assert truth[i] == wanted


def test_figures_equal_those_of_scikit_learn_on_all_windows(tmp_path: Path) -> None:
    windows, made = elements(), bundle(n_members=2)
    write_scan(tmp_path / "p.zip", windows, made, CHROMS)
    scan = open_probabilities([tmp_path / "p.zip"])
    by_chrom = labelled_elements(windows, CHROMS)
    blocks = Blocks.over({chrom: SIZES[chrom] for chrom in CHROMS})
    whole, members = tally_genome(scan, by_chrom, blocks, with_members=True)
    measures = measure(whole)
    p = np.concatenate([scan.load(chrom) for chrom in CHROMS], axis=1).astype(np.float64)
    each = np.concatenate([scan.load_members(chrom) for chrom in CHROMS], axis=2)
    for index in range(3):
        sides = []
        for number, chrom in enumerate(windows.chroms):
            if chrom not in CHROMS:
                continue
            points = [
                int(midpoint)
                for midpoint, c, y in zip(windows.midpoints, windows.chrom, windows.y, strict=True)
                if c == number and y > 0 and index in (0, y)
            ]
            centres = np.arange(scan.load(chrom).shape[1]) * STEP + 400
            distance = np.abs(centres[:, None] - points).min(axis=1)
            inside, outside = (1, 0) if index else (0, 1)
            sides.append(np.where(distance <= 500, inside, np.where(distance > 2000, outside, -1)))
        label = np.concatenate(sides)
        kept = label >= 0
        wanted = average_precision_score(label[kept], p[index, kept])
        assert measures.per_class["average_precision"][0, index] == pytest.approx(wanted, rel=1e-9)
        wanted = roc_auc_score(label[kept], p[index, kept])
        assert measures.per_class["auroc"][0, index] == pytest.approx(wanted, rel=1e-9)
        predicted = p.argmax(axis=0) == index
        right, chosen = (predicted & (label == 1)).sum(), (predicted & kept).sum()
        assert measures.per_class["precision"][0, index] == pytest.approx(right / chosen)
        assert measures.per_class["recall"][0, index] == pytest.approx(right / (label == 1).sum())
        for member, tallies in enumerate(members):
            wanted = average_precision_score(label[kept], each[member, index, kept])
            alone = measure(tallies).per_class["average_precision"][0, index]
            assert alone == pytest.approx(wanted, rel=1e-9)


def with_unlabelled(windows: Tensors, n: int) -> Tensors:
    """Candidates without a label at random places of the test chromosomes."""
    rng = np.random.default_rng(5)
    chrom = rng.integers(2, 4, n)
    place = rng.integers(0, [SIZES[windows.chroms[number]] for number in chrom.tolist()])
    return replace(windows, unlabelled=np.column_stack([chrom, place]).astype(np.int64))


def call_figures_by_looping(
    calls: dict[str, Calls], by_chrom: dict[str, list[np.ndarray]], index: int
) -> tuple[float, float]:
    rows = []
    for chrom, of_chrom in calls.items():
        for i in range(len(of_chrom)):
            if of_chrom.class_index[i] == index:
                rows.append(
                    (-float(of_chrom.score[i]), chrom, int(of_chrom.start[i]), int(of_chrom.end[i]))
                )
    rows.sort()
    credited: set[tuple[str, int]] = set()
    right = n_judged = 0
    for _, chrom, start, end in rows:
        new = {
            (chrom, number)
            for number, point in enumerate(by_chrom[chrom][index].tolist())
            if start - 500 <= point <= end - 1 + 500
        } - credited
        credited |= new
        right += bool(new)
        unclear = any(start - 500 <= p <= end - 1 + 500 for p in by_chrom[chrom][0].tolist())
        n_judged += bool(new) or not unclear
    n_elements = sum(len(by_class[index]) for by_class in by_chrom.values())
    return right / n_judged, len(credited) / n_elements


@pytest.mark.parametrize("threshold", [0.3, 0.4])
@pytest.mark.parametrize("n_unlabelled", [0, 40])
def test_figures_of_calls_equal_those_found_call_by_call(
    tmp_path: Path, threshold: float, n_unlabelled: int
) -> None:
    windows, made = with_unlabelled(elements(), n_unlabelled), bundle()
    # Elements of one class close to each other: two in one call, and one between two calls.
    windows.start[windows.chrom == 2] -= windows.start[windows.chrom == 2] % 30_000 // 12
    write_scan(tmp_path / "p.zip", windows, made, CHROMS)
    scan = open_probabilities([tmp_path / "p.zip"])
    by_chrom = labelled_elements(windows, CHROMS)
    runs = {chrom: find_runs(scan.load(chrom), STEP, 800, threshold) for chrom in CHROMS}
    calls = call_genome(runs, made.classes, STEP)
    blocks = Blocks.over({chrom: SIZES[chrom] for chrom in CHROMS})
    tallies = tally_calls(calls, by_chrom, 3, blocks)
    measures = measure_calls(tallies)
    for index in (1, 2):
        precision, recall = call_figures_by_looping(calls, by_chrom, index)
        assert 0 < precision < 1
        assert 0 < recall <= 1
        assert measures["precision"][0, index] == pytest.approx(precision)
        assert measures["recall"][0, index] == pytest.approx(recall)


def test_an_element_is_credited_once_and_a_second_call_at_it_is_wrong() -> None:
    calls = Calls(
        start=np.array([1000, 2400, 9000]),
        end=np.array([2000, 3000, 12_000]),
        class_index=np.array([1, 1, 1]),
        score=np.array([0.7, 0.9, 0.8], np.float32),
        summit=np.array([1500, 2700, 10_000]),
    )
    # One element between the first two calls, two inside the third, one without a call.
    points = np.array([2200, 9500, 11_500, 40_000])
    tallies = tally_calls(
        {"chr1": calls}, {"chr1": [np.empty(0), points]}, 2, Blocks.over({"chr1": 50_000})
    )
    measures = measure_calls(tallies)
    assert tallies.right.sum() == 2
    assert tallies.wrong.sum() == 1
    assert measures["recall"][0, 1] == 3 / 4
    assert measures["precision"][0, 1] == 2 / 3


def test_a_class_without_calls_has_no_precision_and_no_recall() -> None:
    tallies = tally_calls(
        {}, {"chr1": [np.empty(0), np.array([500])]}, 2, Blocks.over({"chr1": 50_000})
    )
    measures = measure_calls(tallies)
    assert np.isnan(measures["precision"][0, 1])
    assert measures["recall"][0, 1] == 0


def test_an_element_between_two_calls_is_credited_to_the_better_or_else_the_left() -> None:
    start, end = np.array([1000, 2400]), np.array([2000, 3000])
    for scores, owner in (((0.7, 0.9), 1), ((0.9, 0.7), 0), ((0.8, 0.8), 0)):
        assert credit(start, end, np.array(scores), np.array([2200])).tolist() == [owner]
    assert credit(start, end, np.array([0.7, 0.9]), np.array([499, 3500])).tolist() == [-1, -1]
    assert credit(start, end, np.array([0.7, 0.9]), np.array([500, 3499])).tolist() == [0, 1]
