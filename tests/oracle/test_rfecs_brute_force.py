"""RFECS compared with closed forms, scikit-learn, and a slow tree builder in plain numpy."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from deepregfinder.models.forests.rfecs import (
    bootstrap_windows,
    evaluate_rfecs,
    fit_rfecs,
    grow_tree,
    staged_probabilities,
)


def windows(n, n_classes, n_marks=5, n_bins=6, seed=0):
    """Each class adds a specific profile to the marks; variances differ between bins."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % n_classes)
    profiles = rng.normal(size=(n_classes, n_marks, n_bins))
    noise = rng.normal(size=(n, n_marks, n_bins)) * rng.uniform(0.5, 3, (n_marks, n_bins))
    return (profiles[y] + noise).astype(np.float32), y


def direction(one, rest):
    """Mean difference over pooled variance with the ridge, from its definition; unit length."""
    residuals = np.concatenate([one - one.mean(axis=0), rest - rest.mean(axis=0)])
    variance = (residuals**2).sum(axis=0)
    w = (one.mean(axis=0) - rest.mean(axis=0)) / (variance + 0.01 * variance.mean())
    return w / np.linalg.norm(w)


def root_direction(x, y, n_classes=2):
    tree = grow_tree(x, y, np.arange(len(y)), n_classes, np.random.default_rng(0))
    return tree["weights"][0]


def test_a_node_projects_on_the_closed_form():
    x, y = windows(200, 2, n_marks=1, n_bins=20)
    profiles = x[:, 0].astype(float)
    expected = direction(profiles[y == 1], profiles[y == 0])
    np.testing.assert_allclose(root_direction(x, y), expected, rtol=1e-5, atol=1e-7)


def test_the_direction_survives_a_large_offset():
    x, y = windows(200, 2, n_marks=1)
    profiles = (x + np.float32(1_000_000)).astype(np.float32)
    expected = direction(*(profiles[y == label, 0].astype(float) - 1_000_000 for label in (1, 0)))
    np.testing.assert_allclose(root_direction(profiles, y), expected, rtol=1e-5, atol=1e-7)


def test_the_direction_is_that_of_lda_where_bins_are_independent():
    """scikit-learn pools the full covariance; of many windows its off-diagonal vanishes."""
    x, y = windows(50_000, 2, n_marks=1)
    lda = LinearDiscriminantAnalysis(solver="lsqr").fit(x[:, 0].astype(float), y)
    expected = lda.coef_[0] / np.linalg.norm(lda.coef_[0])
    assert root_direction(x, y) @ expected > 0.999


def test_on_a_diagonal_covariance_it_is_the_direction_of_lda_with_the_ridge():
    """Windows at mean +- step in one bin each: the covariance within classes is diagonal."""
    rng = np.random.default_rng(4)
    step = rng.uniform(0.5, 3, 6)
    moves = np.concatenate([np.diag(step), -np.diag(step)])
    x = np.concatenate([moves, moves + rng.normal(size=6) * 20])
    y = np.repeat([0, 1], len(moves))
    lda = LinearDiscriminantAnalysis(solver="lsqr").fit(x, y).coef_[0]
    expected = lda * step**2 / (step**2 + 0.01 * (step**2).mean())
    expected /= np.linalg.norm(expected)
    np.testing.assert_allclose(
        root_direction(x[:, None].astype(np.float32), y), expected, rtol=1e-5
    )


def gini(labels):
    shares = [Fraction(int((labels == k).sum()), len(labels)) for k in set(labels.tolist())]
    return 1 - sum(share**2 for share in shares)


def project(profiles, w):
    """float64 sum of float32 products, bin by bin, rounded to float32."""
    total = np.zeros(len(profiles))
    for b in range(len(w)):
        total += profiles[:, b].astype(float) * float(w[b])
    return total.astype(np.float32)


def best_split(x, y, marks):
    """The split of least impurity over marks, classes against the rest and thresholds."""
    best = None
    for m in marks:
        profiles = x[:, m]
        classes = sorted(set(y.tolist()))
        for k in classes[1:] if len(classes) == 2 else classes:
            inside = y == k
            w = direction(profiles[inside].astype(float), profiles[~inside].astype(float))
            w = w.astype(np.float32)
            projections = project(profiles, w)
            values = np.unique(projections)
            for low, high in pairwise(values):
                left = projections <= low
                impurity = Fraction(int(left.sum()), len(y)) * gini(y[left])
                impurity += Fraction(int((~left).sum()), len(y)) * gini(y[~left])
                if impurity < (gini(y) if best is None else best[0]):
                    best = (impurity, m, w, (low, high), left)
    return best


def brute_force_tree(x, y, n_classes, n_candidates, rng):
    """Nodes level by level: (windows, split or None, number of the left child)."""
    nodes = [[np.arange(len(y)), None, -1]]
    for node in nodes:
        members = node[0]
        if len(members) < 10 or len(set(y[members].tolist())) == 1:
            continue
        order = rng.permutation(x.shape[1])
        for more in range(n_candidates, x.shape[1] + 1):
            split = best_split(x[members], y[members], order[:more])
            if split:
                node[1:] = [split, len(nodes)]
                nodes += [[members[split[4]], None, -1], [members[~split[4]], None, -1]]
                break
    return nodes


@pytest.mark.parametrize(
    ("n_classes", "n_marks", "n_candidates", "seed"),
    [(2, 3, 2, 0), (2, 5, 2, 1), (3, 4, 2, 2), (3, 9, 3, 3), (5, 12, 3, 4), (5, 6, 2, 5)],
)
def test_the_tree_is_that_of_brute_force(n_classes, n_marks, n_candidates, seed):
    x, y = windows(80, n_classes, n_marks=n_marks, seed=seed)
    x[:, 0] = 1  # a mark without signal, which cannot split
    x[:, 1] = x[:, 1] > 1  # few distinct profiles, shared by windows of several classes
    x[:, -1, :2] = 0  # bins without variance
    drawn = bootstrap_windows(y, n_classes, np.random.default_rng(seed))
    tree = grow_tree(x, y, drawn, n_classes, np.random.default_rng(seed))
    with np.errstate(invalid="ignore"):  # the constant mark: 0 / 0, no projection, no split
        nodes = brute_force_tree(
            x[drawn], y[drawn], n_classes, n_candidates, np.random.default_rng(seed)
        )
    assert len(tree["mark"]) == len(nodes) > 5
    for i, (members, split, child) in enumerate(nodes):
        shares = np.bincount(y[drawn][members], minlength=n_classes) / len(members)
        np.testing.assert_allclose(tree["probabilities"][i], shares, rtol=1e-6)
        assert tree["left"][i] == child
        if split is None:
            assert tree["mark"][i] == tree["right"][i] == -1
            assert not tree["weights"][i].any()
            continue
        _, mark, w, (low, high), _ = split
        assert tree["mark"][i] == mark
        assert tree["right"][i] == child + 1
        np.testing.assert_allclose(tree["weights"][i], w, rtol=1e-5, atol=1e-6)
        slack = 1e-5 * max(abs(low), abs(high))
        assert low - slack <= tree["threshold"][i] < high + slack


@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_probabilities_are_the_mean_over_trees_of_the_leaf_a_window_falls_into(n_classes):
    x, y = windows(300, n_classes, seed=6)
    forest = fit_rfecs(x, y, n_classes, seed=1, threads=2, n_trees=12)
    expected = np.zeros((12, len(x), n_classes))
    for tree, root in enumerate(forest["tree_offsets"][:-1]):
        for i, window in enumerate(x):
            node = root
            while forest["mark"][node] >= 0:
                at = project(window[None, forest["mark"][node]], forest["weights"][node])[0]
                side = "left" if at <= forest["threshold"][node] else "right"
                node = forest[side][node]
            expected[tree, i] = forest["probabilities"][node]
    np.testing.assert_allclose(evaluate_rfecs(forest, x), expected.mean(axis=0), atol=1e-6)
    for n_trees, probabilities in staged_probabilities(forest, x):
        np.testing.assert_allclose(probabilities, expected[:n_trees].mean(axis=0), atol=1e-6)
