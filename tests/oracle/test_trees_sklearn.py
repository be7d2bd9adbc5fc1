"""Trees as arrays compared with the predictions of scikit-learn; features of boosting by hand."""

from functools import cache
from math import fsum

import numpy as np
import pytest
from samples.small_models import grow_fewer_trees
from threadpoolctl import threadpool_limits

from deepregfinder.models.forests import trees

MARKS, BINS = 3, 9


@pytest.fixture(autouse=True)
def fewer_trees_in_one_thread(monkeypatch):
    grow_fewer_trees(monkeypatch, forest=100, boosting=70)
    with threadpool_limits(1, user_api="openmp"):
        yield


def windows(n, n_classes, learnable, seed=0):
    """Some values are equal, as those of counts are; all classes occur, the last ones rarely."""
    rng = np.random.default_rng(seed)
    y = np.minimum(rng.geometric(0.5, n) - 1, n_classes - 1)
    x = rng.normal(size=(n, MARKS, BINS)).astype(np.float32)
    x[: n // 2] = np.round(x[: n // 2] * 4) / 4
    if learnable:
        x[:, 0, 3:6] += y[:, None]
    return x, y


def by_hand(x):
    """All values, then means, maxima and contrasts: of 9 bins the middle 3 are the centre."""
    rows = []
    for window in x.astype(float):
        rows.append(window.ravel().tolist())
        rows[-1] += [fsum(mark) / 9 for mark in window]
        rows[-1] += [max(mark) for mark in window]
        for mark in window:
            rows[-1].append(fsum(mark[3:6]) / 3 - fsum([*mark[:3], *mark[6:]]) / 6)
    return np.array(rows, np.float32)


@cache
def trained(name, n_classes, learnable):
    """Arrays, scikit-learn's model, and new windows with the features that it sees."""
    x, y = windows(500, n_classes, learnable)
    new, _ = windows(700, n_classes, learnable, seed=1)
    arrays = trees.fit_trees(name, x, y, n_classes, seed=3, threads=1)
    if name == "gbm":
        return arrays, trees.gradient_boosting(3).fit(by_hand(x), y), new, by_hand(new)
    flat = new.reshape(len(new), -1)
    return arrays, trees.random_forest(3, 1).fit(x.reshape(len(x), -1), y), new, flat


@pytest.mark.parametrize("learnable", [False, True])
@pytest.mark.parametrize("n_classes", [2, 3, 5])
@pytest.mark.parametrize("name", trees.TREE_NAMES)
def test_probabilities_are_those_of_scikit_learn(name, n_classes, learnable):
    arrays, model, new, features = trained(name, n_classes, learnable)
    trees.check_trees(name, arrays, MARKS, BINS, n_classes)
    probabilities = trees.evaluate_trees(name, arrays, new)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities, model.predict_proba(features), rtol=0, atol=1e-6)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_stages_of_boosting_are_those_of_scikit_learn(n_classes):
    arrays, model, new, features = trained("gbm", n_classes, True)
    expected = list(model.staged_predict_proba(features))
    stages = list(trees.staged_probabilities("gbm", arrays, new))
    assert [rounds for rounds, _ in stages] == list(range(7, 71, 7))
    for rounds, probabilities in stages:
        np.testing.assert_allclose(probabilities, expected[rounds - 1], rtol=0, atol=1e-6)


def test_stages_of_a_forest_are_means_over_its_first_trees():
    arrays, model, new, features = trained("rf", 3, True)
    stages = list(trees.staged_probabilities("rf", arrays, new))
    assert [n_trees for n_trees, _ in stages] == list(range(10, 101, 10))
    for n_trees, probabilities in stages:
        expected = np.mean([t.predict_proba(features) for t in model.estimators_[:n_trees]], axis=0)
        np.testing.assert_allclose(probabilities, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", trees.TREE_NAMES)
def test_windows_exactly_at_a_threshold_go_where_scikit_learn_sends_them(name):
    x = np.repeat(np.float32([0.1, 0.2, 0.3, 0.7]), 50)[:, None, None] * np.ones((1, 1, 4), "f4")
    y = np.repeat([0, 1, 0, 1], 50)
    arrays = trees.fit_trees(name, x, y, 2, seed=1, threads=1)
    at = np.unique(arrays["threshold"][arrays["feature"] >= 0])
    near = np.concatenate([at, np.nextafter(at, np.float32(-9)), np.nextafter(at, np.float32(9))])
    new = near[:, None, None] * np.ones((1, 1, 4), np.float32)
    if name == "rf":
        model, features = trees.random_forest(1, 1).fit(x[:, 0], y), new[:, 0]
    else:
        model = trees.gradient_boosting(1).fit(trees._bins_and_summaries(x), y)
        features = trees._bins_and_summaries(new)
    probabilities = trees.evaluate_trees(name, arrays, new)
    np.testing.assert_allclose(probabilities, model.predict_proba(features), rtol=0, atol=1e-6)
