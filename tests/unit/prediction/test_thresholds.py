"""Calls, --threshold and classes of regions agree, for every model of the catalogue."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples.any_model import shorten_training, train, windows_for
from samples.small_models import write_random_signal

from deepregfinder.models.bundle import Bundle
from deepregfinder.models.catalogue import MODEL_NAMES, facts
from deepregfinder.prediction.call_scan import call_scan
from deepregfinder.prediction.calling import call_thresholds
from deepregfinder.prediction.cutoffs import Cutoffs
from deepregfinder.prediction.probabilities import Probabilities, open_probabilities
from deepregfinder.prediction.scan import ScanOptions, scan_genome
from deepregfinder.prediction.scorers import load_scorer
from deepregfinder.prediction.user_regions import RegionScores, score_regions_with
from deepregfinder.signal.store import Signal, open_signal

STEP = 200
SCANNING = ScanOptions(STEP, False)
SIZES = {"chr1": 60_050, "chr2": 20_000, "chr3": 12_345, "chr4": 700}
SHARE = 0.1
"""Of the windows, the share that reaches the threshold of a class."""


class World:
    """A trained model, a sample, its scan, and thresholds as of a model at natural prevalence."""

    def __init__(self, folder: Path, model: str) -> None:
        made = train(folder, windows_for(model), model)
        write_random_signal(folder / "signal.zip", made.marks, SIZES, sample="GM12878", scale=3)
        self.signal: Signal = open_signal(folder / "signal.zip")
        made = replace(made, chrom_sizes=SIZES)
        tracks = np.concatenate(list(self._scan(folder / "first.zip", made).values()), axis=1)
        thresholds = np.quantile(tracks[1:], 1 - SHARE, axis=1).clip(1e-4, 1 - 1e-4)
        self.bundle: Bundle = replace(made, thresholds=tuple(map(float, thresholds)))
        self.tracks = self._scan(folder / "scan.zip", self.bundle)
        self.scan: Probabilities = open_probabilities([folder / "scan.zip"])

    def _scan(self, path: Path, bundle: Bundle) -> dict[str, np.ndarray]:
        scan_genome(path, load_scorer(bundle), self.signal, tuple(SIZES), SCANNING)
        scan = open_probabilities([path])
        return {chrom: scan.load(chrom) for chrom in scan.chroms}

    def regions(self, table: pd.DataFrame, cutoffs: Cutoffs) -> RegionScores:
        scorer = load_scorer(self.bundle)
        return score_regions_with(scorer, table, self.signal, SCANNING, cutoffs)

    def cutoffs(self, threshold: float | None) -> Cutoffs:
        return Cutoffs.everywhere(call_thresholds(self.bundle.thresholds, threshold))

    def lower_at_tsss(self) -> Cutoffs:
        """A quarter of the thresholds at TSSs, which lie 4 kb apart."""
        own = self.bundle.thresholds
        sites = {chrom[3:]: np.arange(2_000, size, 4_000) for chrom, size in SIZES.items()}
        return Cutoffs(own, tuple(one / 4 for one in own), sites)


@pytest.fixture(scope="module", params=MODEL_NAMES)
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        shorten_training(monkeypatch)
        yield World(tmp_path_factory.mktemp("world"), str(request.param))


def reaches(p: float, own: float, threshold: float) -> bool:
    """Whether the odds of p are t / (1 - t) times those of `own`, in fractions."""
    p_, own_, t = (Fraction(float(value)) for value in (p, own, threshold))
    return p_ * (1 - own_) * (1 - t) >= t * own_ * (1 - p_)


def called_by_looping(world: World, threshold: float) -> set[tuple[str, int]]:
    """Windows in which any element class reaches its threshold."""
    return {
        (chrom, int(place))
        for chrom, track in world.tracks.items()
        for place in range(track.shape[1])
        for p, own in zip(track[1:, place], world.bundle.thresholds, strict=True)
        if reaches(p, own, threshold)
    }


def every_window(world: World) -> pd.DataFrame:
    width = world.scan.window
    rows = [
        (chrom, place * STEP, place * STEP + width, "")
        for chrom, track in world.tracks.items()
        for place in range(track.shape[1])
    ]
    return pd.DataFrame(rows, columns=["chrom", "start", "end", "name"])


def test_regions_on_summits_have_the_class_of_the_call(world: World) -> None:
    background_wins = 0
    known = world.lower_at_tsss()
    all_cutoffs = {threshold: world.cutoffs(threshold) for threshold in (None, 0.5, 0.3, 0.7)}
    for threshold, cutoffs in (all_cutoffs | {"at TSSs": known}).items():
        called = call_scan(world.scan, "model", cutoffs, None, False).calls
        rows, classes, scores = [], [], []
        for chrom, calls in called.items():
            for summit, index, score in zip(
                calls.summit.tolist(), calls.class_index.tolist(), calls.score, strict=True
            ):
                for reach in (1, STEP // 2, world.scan.window // 2):
                    rows.append((chrom, summit - reach, summit + reach, ""))
                    classes.append(index)
                    scores.append(score)
                window = (summit - world.scan.window // 2) // STEP
                background_wins += int(world.tracks[chrom][:, window].argmax() == 0)
        found = world.regions(
            pd.DataFrame(rows, columns=["chrom", "start", "end", "name"]), cutoffs
        )
        np.testing.assert_array_equal(found.best, classes)
        own = found.probabilities[np.arange(len(classes)), classes]
        np.testing.assert_array_equal(own.astype(np.float32), scores)
        assert threshold == 0.7 or classes
    if facts(world.bundle.model).calibrated == "natural":
        assert background_wins, "the case that went wrong"


def test_each_window_is_called_alike_in_a_scan_and_as_a_region(world: World) -> None:
    windows = every_window(world)
    for threshold in (0.5, 0.35, 0.8):
        called = called_by_looping(world, threshold)
        found = world.regions(windows, world.cutoffs(threshold)).best
        places = zip(windows["chrom"], (windows["start"] // STEP).tolist(), strict=True)
        assert {place for place, index in zip(places, found, strict=True) if index > 0} == called


def test_a_window_at_a_known_tss_is_called_from_the_cutoff_there(world: World) -> None:
    cutoffs = world.lower_at_tsss()
    found = world.regions(every_window(world), cutoffs).best
    expected, only_there = [], 0
    for track in world.tracks.values():
        for place in range(track.shape[1]):
            centre = place * STEP + world.scan.window // 2
            at_tss = min(abs(centre - site) for site in range(2_000, 70_000, 4_000)) <= 500
            lowest = cutoffs.at_tss if at_tss else cutoffs.anywhere
            reached = [
                bool(p >= np.float32(own)) for p, own in zip(track[1:, place], lowest, strict=True)
            ]
            expected.append(any(reached))
            only_there += any(reached) and bool((track[1:, place] < cutoffs.anywhere).all())
    assert (found > 0).tolist() == expected
    assert only_there


def test_a_threshold_of_a_half_is_that_of_every_model_and_higher_ones_add_nothing(
    world: World,
) -> None:
    def called(threshold: float | None) -> list[tuple[Any, ...]]:
        calls = call_scan(world.scan, "model", world.cutoffs(threshold), None, False).calls
        return [
            (chrom, *row)
            for chrom, of_chrom in calls.items()
            for row in zip(*(column.tolist() for column in vars(of_chrom).values()), strict=True)
        ]

    assert called(0.5) == called(None) != []
    inside = {t: called_by_looping(world, t) for t in (0.1, 0.5, 0.6, 0.9, 1)}
    assert all(more >= fewer for more, fewer in pairwise(inside.values()))
    assert len(inside[0.1]) > len(inside[0.5]) > 0
    for threshold in (0.1, 0.6, 0.9):
        centre = world.scan.window // 2
        summits = {(chrom, (summit - centre) // STEP) for chrom, *_, summit in called(threshold)}
        assert summits <= inside[threshold]


probability = st.floats(0.001, 0.999)


@given(probability, probability)
def test_a_threshold_multiplies_the_odds_of_that_of_the_model(own: float, given_: float) -> None:
    (moved,) = call_thresholds((own,), given_)
    odds = [p / (1 - p) for p in (moved, own, given_)]
    assert odds[0] == pytest.approx(odds[1] * odds[2], rel=1e-5)


@given(probability)
def test_a_half_is_the_neutral_threshold_and_the_usual_one_of_a_model(p: float) -> None:
    assert call_thresholds((p,), None) == (p,)
    assert call_thresholds((p,), 0.5)[0] == pytest.approx(p, abs=1e-12)
    assert call_thresholds((0.5,), p)[0] == pytest.approx(p, abs=1e-12)
    assert call_thresholds((0.0, p, 1.0), 0) == (0, 0, 0)
    assert call_thresholds((0.0, p, 1.0), 1) == (1, 1, 1)
