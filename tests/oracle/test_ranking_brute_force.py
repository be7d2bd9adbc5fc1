"""Candidate calls and their ranking compared with loops over windows, candidates and elements."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples.small_evaluation import SIZES, STEP, bundle, elements, write_scan
from sklearn.metrics import average_precision_score

from deepregfinder.evaluation.metrics import Blocks, bootstrap_weights
from deepregfinder.evaluation.ranking import (
    RankedCalls,
    false_calls_at_recall,
    find_candidates,
    rank_calls,
    ranked_average_precision,
)
from deepregfinder.labels.ground_truth import labelled_elements
from deepregfinder.models.natural import LEVELS
from deepregfinder.prediction.calling import TssZone
from deepregfinder.prediction.probabilities import open_probabilities

CHROMS = ("chr3", "chr4")
BLOCKS = Blocks.over({chrom: SIZES[chrom] for chrom in CHROMS})


@settings(max_examples=150, deadline=None)
@given(scores=st.lists(st.integers(0, 5), min_size=1, max_size=40), window=st.integers(1, 9))
def test_candidates_equal_those_taken_one_by_one(scores: list[int], window: int) -> None:
    track = np.array(scores, np.float32) / np.float32(LEVELS - 1)
    candidates = find_candidates(np.stack([1 - track, track]), step=2, window=window)
    taken: list[int] = []
    for place in sorted(range(len(scores)), key=lambda i: (-scores[i], i)):
        beside = scores[max(0, place - 1) : place + 2]
        clear = all(abs(place - other) * 2 >= window for other in taken)
        if scores[place] > 0 and scores[place] == max(beside) and clear:
            taken.append(place)
    assert candidates.start.tolist() == sorted(2 * place for place in taken)
    assert (candidates.end - candidates.start == window).all()


def by_looping(
    rows: list[tuple[int, str, int, int]],
    points: dict[str, list[int]],
    unlabelled: dict[str, list[int]],
) -> list[tuple[int, int]]:
    """Level and newly found elements of candidates (level, chrom, start, end), best first."""
    credited: set[tuple[str, int]] = set()
    steps = []
    for level, chrom, start, end in sorted(rows):
        new = {(chrom, point) for point in points[chrom] if start - 500 <= point < end + 500}
        unclear = any(start - 500 <= place < end + 500 for place in unlabelled[chrom])
        if new - credited or not unclear:
            steps.append((level, len(new - credited)))
        credited |= new
    return steps


@pytest.mark.parametrize("with_tss", [False, True])
def test_average_precision_equals_that_found_candidate_by_candidate(
    tmp_path: Path, with_tss: bool
) -> None:
    windows, made = elements(), bundle()
    windows.start[windows.chrom == 2] -= windows.start[windows.chrom == 2] % 30_000 // 12
    write_scan(tmp_path / "p.zip", windows, made, CHROMS)
    scan = open_probabilities([tmp_path / "p.zip"])
    by_chrom = labelled_elements(windows, CHROMS)
    unlabelled = {chrom: [30_000, 200_000, 350_000] for chrom in CHROMS}
    for chrom, places in unlabelled.items():
        by_chrom[chrom][0] = np.array(places)
    tss = pd.DataFrame({"chrom": "chr3", "start": [50_000, 410_000], "end": [50_001, 410_001]})
    ranked = rank_calls(scan, by_chrom, BLOCKS, TssZone(tss, 20_000) if with_tss else None)
    ones = np.ones((1, len(BLOCKS)))
    for index in (1, 2):
        rows = []
        for chrom in CHROMS:
            candidates = find_candidates(scan.load(chrom), STEP, 800)
            candidates = candidates.take(candidates.class_index == index)
            for start, end, score in zip(
                candidates.start, candidates.end, candidates.score, strict=True
            ):
                near = any(start - 20_000 <= site < end + 20_000 for site in tss["start"])
                if not (with_tss and index == 1 and chrom == "chr3" and near):
                    rows.append((-round(float(score) * 65_535), chrom, int(start), int(end)))
        points = {chrom: by_chrom[chrom][index].tolist() for chrom in CHROMS}
        n_elements = sum(map(len, points.values()))
        steps = by_looping(rows, points, unlabelled)
        area, drawn, right, found_before = 0.0, 0, 0, 0
        wanted_recall, false_calls = 0.85, None
        for level in sorted({level for level, _ in steps}):
            tied = [new for at, new in steps if at == level]
            drawn, right = drawn + len(tied), right + sum(new > 0 for new in tied)
            area += sum(tied) / n_elements * right / drawn
            found_before += sum(tied)
            if false_calls is None and found_before >= wanted_recall * n_elements:
                false_calls = drawn - right
        of_class = ranked[index - 1]
        assert 0.2 < area < 1
        assert len(of_class.level) == len(steps) < len(rows)
        assert ranked_average_precision(of_class, ones)[0] == pytest.approx(area)
        if false_calls is not None:
            wanted = np.array([wanted_recall])
            assert false_calls_at_recall(of_class, ones, wanted)[0] == false_calls


def test_where_each_candidate_has_one_element_it_is_scikit_learns() -> None:
    rng = np.random.default_rng(0)
    level = np.sort(rng.integers(0, 40, 300))
    right, block = rng.random(300) < 0.3, rng.integers(0, 12, 300)
    ranked = RankedCalls(level, right, block, level[right], block[right])
    weights = bootstrap_weights(12, 60, 1)
    areas = ranked_average_precision(ranked, weights)
    for weight, area in zip(weights, areas, strict=True):
        wanted = average_precision_score(right, -level, sample_weight=weight[block])
        assert area == pytest.approx(wanted)


def test_a_scale_that_keeps_the_order_changes_nothing() -> None:
    rng = np.random.default_rng(0)
    levels = rng.integers(1, 200, 500)
    for squeezed in (levels, levels**2):
        track = squeezed.astype(np.float32) / np.float32(LEVELS - 1)
        candidates = find_candidates(np.stack([1 - track, track]), 100, 2000)
        if squeezed is levels:
            start = candidates.start
    assert candidates.start.tolist() == start.tolist()


def test_a_recall_that_is_never_reached_has_no_false_calls() -> None:
    ranked = RankedCalls(
        level=np.array([3, 5, 9]),
        right=np.array([False, True, False]),
        block=np.zeros(3, np.int64),
        element_level=np.array([5, LEVELS]),
        element_block=np.zeros(2, np.int64),
    )
    ones = np.ones((1, 1))
    assert false_calls_at_recall(ranked, ones, np.array([0.5]))[0] == 1
    assert np.isnan(false_calls_at_recall(ranked, ones, np.array([0.6]))[0])
