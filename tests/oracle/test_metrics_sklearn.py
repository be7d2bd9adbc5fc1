"""Metrics compared with scikit-learn, on windows instead of tallies."""

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from deepregfinder.evaluation.metrics import (
    Tallies,
    join,
    measure,
    one_hot_membership,
    precision_recall_curve,
    reliability,
    roc_curve,
    tally,
)
from deepregfinder.labels.ground_truth import LEFT_OUT

N_CLASSES = 3


def windows(n: int, seed: int, ties: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities (classes, n), truth and block (7 blocks) of windows that are partly right."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(N_CLASSES, n, p=[0.6, 0.3, 0.1])
    logits = rng.normal(size=(N_CLASSES, n)) + 1.5 * (np.arange(N_CLASSES)[:, None] == truth)
    p = np.exp(logits) / np.exp(logits).sum(axis=0)
    if ties:
        p = np.round(p, 1) + 1e-3
        p /= p.sum(axis=0)
    return p, truth, rng.integers(0, 7, n)


def tallied(p: np.ndarray, truth: np.ndarray, block: np.ndarray, **more: bool) -> Tallies:
    return tally(p, truth, one_hot_membership(truth, N_CLASSES), block, 7, **more)


def expected(p: np.ndarray, truth: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    predicted = p.argmax(axis=0)
    precision, recall, f1, _ = sklearn_metrics.precision_recall_fscore_support(
        truth, predicted, labels=range(N_CLASSES), zero_division=np.nan
    )
    one_against_rest = [(truth == k, p[k]) for k in range(N_CLASSES)]
    areas = np.array([sklearn_metrics.average_precision_score(*pair) for pair in one_against_rest])
    per_class = {
        "precision": precision,
        "recall": recall,
        "f1": f1,
        "average_precision": areas,
        "auroc": np.array([sklearn_metrics.roc_auc_score(*pair) for pair in one_against_rest]),
    }
    one_hot = np.eye(N_CLASSES)[truth].T
    confidence, right = p.max(axis=0), predicted == truth
    ece = 0.0
    for low in np.arange(15) / 15:
        inside = (confidence > low) & (confidence <= low + 1 / 15)
        if inside.any():
            ece += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    overall = {
        "map": areas[1:].mean(),
        "accuracy": right.mean(),
        "ece": ece,
        "brier": ((p - one_hot) ** 2).sum(axis=0).mean(),
    }
    return per_class, overall


@pytest.mark.parametrize("ties", [False, True])
def test_figures_equal_those_of_scikit_learn(ties: bool) -> None:
    p, truth, block = windows(2000, seed=1, ties=ties)
    measures = measure(tallied(p, truth, block))
    per_class, overall = expected(p, truth)
    for name, values in per_class.items():
        np.testing.assert_allclose(measures.per_class[name][0], values, rtol=1e-12, err_msg=name)
    for name, value in overall.items():
        np.testing.assert_allclose(measures.overall[name][0], value, rtol=1e-9, err_msg=name)


def test_confusion_rows_are_the_truth() -> None:
    p, truth, block = windows(500, seed=2)
    confusion = tallied(p, truth, block).confusion.sum(axis=0)
    wanted = sklearn_metrics.confusion_matrix(truth, p.argmax(axis=0), labels=range(N_CLASSES))
    np.testing.assert_array_equal(confusion, wanted)


def test_weighting_blocks_is_repeating_their_windows() -> None:
    p, truth, block = windows(1500, seed=3, ties=True)
    weights = np.random.default_rng(4).integers(0, 3, (30, 7))
    measures = measure(tallied(p, truth, block), weights)
    for row, weight in enumerate(weights):
        if not weight.any():
            continue
        again = np.repeat(np.arange(len(truth)), weight[block])
        per_class, overall = expected(p[:, again], truth[again])
        for name, values in per_class.items():
            np.testing.assert_allclose(measures.per_class[name][row], values, rtol=1e-9)
        for name, value in overall.items():
            np.testing.assert_allclose(measures.overall[name][row], value, rtol=1e-9)


def test_joined_tallies_of_quantised_probabilities_equal_those_of_all_windows() -> None:
    p, truth, block = windows(3000, seed=5)
    p = (np.rint(p * 65535).astype(np.uint16)).astype(np.float32) / np.float32(65535)
    half = len(truth) // 2
    parts = [
        tallied(p[:, part], truth[part], block[part], quantised=True)
        for part in (slice(half), slice(half, None))
    ]
    per_class, overall = expected(p.astype(np.float64), truth)
    measures = measure(join(parts))
    for name, values in per_class.items():
        np.testing.assert_allclose(measures.per_class[name][0], values, rtol=1e-9)
    np.testing.assert_allclose(measures.overall["map"][0], overall["map"], rtol=1e-9)
    np.testing.assert_allclose(measures.overall["brier"][0], overall["brier"], rtol=1e-6)


def test_windows_left_out_of_a_class_do_not_count_for_it() -> None:
    p, truth, block = windows(800, seed=6)
    membership = one_hot_membership(truth, N_CLASSES)
    membership[1, ::3] = LEFT_OUT
    measures = measure(tally(p, truth, membership, block, 7))
    kept = membership[1] != LEFT_OUT
    wanted = sklearn_metrics.average_precision_score(truth[kept] == 1, p[1, kept])
    assert measures.per_class["average_precision"][0, 1] == pytest.approx(wanted)
    predicted = p.argmax(axis=0)[kept] == 1
    precision = sklearn_metrics.precision_score(truth[kept] == 1, predicted)
    assert measures.per_class["precision"][0, 1] == pytest.approx(precision)
    assert measures.overall["accuracy"][0] == pytest.approx((p.argmax(axis=0) == truth).mean())


def test_curves_lie_on_those_of_scikit_learn() -> None:
    p, truth, block = windows(5000, seed=7)
    ranking = tallied(p, truth, block).rankings[1]
    precision, recall, _ = sklearn_metrics.precision_recall_curve(truth == 1, p[1])
    curve = precision_recall_curve(ranking, n_points=200)
    assert 100 < len(curve) <= 202
    known = set(zip(recall.round(9), precision.round(9), strict=True))
    assert {(r, q) for _, q, r in curve.round(9).tolist()} <= known
    assert curve[-1, 2] == 1
    roc = roc_curve(ranking, n_points=200)
    false_positive, true_positive, _ = sklearn_metrics.roc_curve(
        truth == 1, p[1], drop_intermediate=False
    )
    known = set(zip(false_positive.round(9), true_positive.round(9), strict=True))
    assert {(x, y) for _, x, y in roc.round(9).tolist()} <= known
    assert roc[0].tolist() == [np.inf, 0, 0]
    assert roc[-1, 1:].tolist() == [1, 1]
    area = np.trapezoid(roc[:, 2], roc[:, 1])
    assert area == pytest.approx(sklearn_metrics.roc_auc_score(truth == 1, p[1]), abs=2e-3)


def test_reliability_bins_hold_every_window_once() -> None:
    p, truth, block = windows(1000, seed=8)
    bins = reliability(tallied(p, truth, block))
    assert bins[:, 2].sum() == 1000
    assert np.isnan(bins[:4, 3]).all()  # the highest of three probabilities is at least 1/3
    right = np.nansum(bins[:, 2] * bins[:, 4])
    assert right == pytest.approx((p.argmax(axis=0) == truth).sum())
