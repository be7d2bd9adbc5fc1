"""Scores of sites tested in experiments, against brute force and scikit-learn."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

TOOLS = Path(__file__).parents[3] / "tools/accuracy"


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    yield importlib.import_module("functional")
    sys.modules.pop("functional", None)


def test_a_peak_list_scores_by_its_highest_peak_within_500_bp(tool, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(1)
    position, start = rng.integers(0, 100_000, 300), rng.integers(0, 100_000, 100)
    chroms = rng.choice(["chr1", "chr2"], 300), rng.choice(["chr1", "chr3"], 100)
    end, signal = start + rng.integers(1, 2000, 100), rng.random(100)
    sites = pd.DataFrame({"chrom": chroms[0], "start": position, "end": position + 1})
    peaks = pd.DataFrame({"chrom": chroms[1], "start": start, "end": end, "signal": signal})
    expected = [
        max(signal[(chroms[1] == chrom) & (start <= at + 500) & (end > at - 500)], default=0)
        for chrom, at in zip(chroms[0], position, strict=True)
    ]
    assert np.array_equal(tool.peak_scores(sites, peaks), expected)
    assert 0 < np.count_nonzero(expected) < 300


def test_areas_are_those_of_scikit_learn(tool):
    rng = np.random.default_rng(1)
    scores, activating = np.round(rng.random((2, 200)), 1), rng.random(200) < 0.3
    block, weights = np.arange(200) // 50, np.array([[1, 1, 1, 1], [0, 2, 1, 1]])
    areas = tool.areas(scores, activating, block, weights)
    for weight, row in zip(weights, areas, strict=True):
        for score, area in zip(scores, row, strict=True):
            expected = roc_auc_score(activating, score, sample_weight=weight[block])
            assert area == pytest.approx(expected)
