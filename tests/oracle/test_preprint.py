"""PREPRINT compared with integrals, scikit-learn, and data simulated from its model."""

from dataclasses import replace

import numpy as np
import pytest
from samples.small_models import GEOMETRY, MARKS, labelled_windows
from scipy.integrate import quad
from scipy.special import gammaln
from scipy.stats import gamma, poisson
from sklearn.kernel_approximation import Nystroem
from sklearn.svm import SVC, LinearSVC

from deepregfinder.errors import InputError
from deepregfinder.models import preprint
from deepregfinder.models.preprint import (
    PreprintModel,
    check_preprint,
    decision_values,
    fit_exact,
    fit_landmarks,
    fit_scale,
    fit_windows,
    log_marginal,
    mean_profiles,
    score_preprint,
)
from deepregfinder.models.protocol import ChromosomeSignal, Size, TrainingGenome

BINS, DEPTHS = 12, np.array([2_000_000, 500_000])
SHAPE = np.array([[5.0, 3.0, 2.0, 6.0, 3.0], [8.0, 4.0, 2.0, 3.0, 5.0]])
MEAN = np.array([[0.4, 0.8, 0.7, 1.2, 0.5], [0.3, 0.4, 0.9, 0.5, 0.7]])


def profiles(n_classes):
    """(marks, classes, bins): flat for the background, a bump of another place for each class."""
    at = np.arange(BINS)
    bumps = [np.exp(-((at - 2.2 * k) ** 2) / 6) + 0.1 for k in range(1, n_classes)]
    q = np.stack([np.ones(BINS), *bumps])
    return np.stack([q / q.mean(axis=1, keepdims=True)] * 2)


def simulated(n, n_classes, seed):
    """Counts (marks, n, bins) of the model: Gamma scale x profile, Poisson; and the classes."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, n_classes, n)
    shape = SHAPE[:, y]
    scale = rng.gamma(shape, MEAN[:, y] / shape)
    return rng.poisson(scale[:, :, None] * profiles(n_classes)[:, y]), y


def as_rpm(counts):
    """RPM of windows (n, marks, bins)."""
    return (counts * (1e6 / DEPTHS)[:, None, None]).transpose(1, 0, 2).astype(np.float32)


def as_chromosome(counts, depths=DEPTHS):
    """A chromosome of consecutive windows, and their starts."""
    rpm = as_rpm(counts).transpose(1, 0, 2).reshape(2, -1)
    starts = np.arange(counts.shape[1]) * BINS
    return ChromosomeSignal("chr1", rpm.shape[1] * 100, rpm, depths, 100), starts


@pytest.fixture(scope="module")
def fitted():
    counts, y = simulated(500, 3, seed=0)
    return fit_windows(as_rpm(counts), y, 3, DEPTHS, seed=0)


@pytest.mark.parametrize(("s", "r"), [(0.3, 0.2), (2.0, 1.5), (40.0, 9.0)])
def test_the_marginal_likelihood_is_the_integral_over_the_scale(s, r):
    rng = np.random.default_rng(1)
    q = profiles(3)[0, 2:]
    for mean in (0.0, 0.3, 3.0):
        counts = rng.poisson(mean * q)
        likelihood = log_marginal(counts.astype(float), q, np.array([s]), np.array([r]))[0, 0]
        peak = (s + counts.sum()) / (r + BINS)

        def joint(a, k=counts[0], at=peak):
            return np.exp(
                poisson.logpmf(k, a * q[0]).sum()
                + gamma.logpdf(a, s, scale=1 / r)
                - poisson.logpmf(k, at * q[0]).sum()
            )

        # The end at 0 may be infinite, though integrable: substitute a = u^4.
        area, _ = quad(lambda u: joint(u**4) * 4 * u**3, 0, (20 * peak + 60 / r) ** 0.25, limit=500)
        expected = np.log(area) + poisson.logpmf(counts[0], peak * q[0]).sum()
        assert likelihood == pytest.approx(expected, abs=1e-6)


def test_likelihoods_of_all_windows_of_one_bin_sum_to_1():
    counts = np.arange(400.0)[:, None]
    p = np.exp(log_marginal(counts, np.ones((1, 1)), np.array([2.0]), np.array([0.3])))
    assert p.sum() == pytest.approx(1, abs=1e-9)


def test_profiles_and_priors_of_simulated_data_are_recovered():
    counts, y = simulated(9000, 3, seed=2)
    for mark in range(2):
        np.testing.assert_allclose(
            mean_profiles(counts[mark], y, 3), profiles(3)[mark], rtol=0.08, atol=0.02
        )
        for k in range(3):
            shape, rate = fit_scale(counts[mark][y == k].sum(axis=1), BINS)
            assert shape == pytest.approx(SHAPE[mark, k], rel=0.15)
            assert shape / rate == pytest.approx(MEAN[mark, k], rel=0.05)


def test_no_other_prior_makes_the_windows_likelier():
    counts, y = simulated(600, 3, seed=3)
    windows = counts[1][y == 2].astype(float)
    q = mean_profiles(counts[1], y, 3)[2:]
    shape, rate = fit_scale(windows.sum(axis=1), BINS)

    def likelihood(s, r):
        return log_marginal(windows, q, np.array([s]), np.array([r])).sum()

    best = likelihood(shape, rate)
    for up, right in ((0.98, 1), (1.02, 1), (1, 0.98), (1, 1.02), (1.02, 1.02), (0.98, 0.98)):
        assert likelihood(shape * up, rate * right) < best


def test_windows_without_reads_and_windows_all_alike_have_a_prior():
    for totals in (np.zeros(20), np.full(20, 7.0)):
        shape, rate = fit_scale(totals, BINS)
        assert 0 < shape < 1e5
        assert 0 < rate < 1e9


def features(n=300, n_classes=3, seed=4):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % n_classes
    return rng.normal(size=(n, 6)) + 0.7 * np.eye(6)[y], y


@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_the_exact_machine_decides_as_that_of_scikit_learn(n_classes):
    x, y = features(n_classes=n_classes)
    svc = SVC(C=2, gamma=0.1, class_weight="balanced", decision_function_shape="ovo").fit(x, y)
    expected = svc.decision_function(x[:50] * 1.1).reshape(50, -1)
    decisions = decision_values(fit_exact(x, y, 2, 0.1, 0), 0.1, x[:50] * 1.1)
    np.testing.assert_allclose(decisions, expected, atol=2e-4)


@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_the_machine_on_landmarks_decides_as_that_of_scikit_learn(monkeypatch, n_classes):
    monkeypatch.setattr(preprint, "N_LANDMARKS", 40)
    x, y = features(n_classes=n_classes)
    kernel = Nystroem(gamma=0.1, n_components=40, random_state=7).fit(x)
    svc = LinearSVC(C=2, class_weight="balanced", dual=False, random_state=7)
    expected = svc.fit(kernel.transform(x), y).decision_function(kernel.transform(x[:50] * 1.1))
    machine = fit_landmarks(x, y, 2, 0.1, 7)
    assert machine.support.shape == (40, 6)
    decisions = decision_values(machine, 0.1, x[:50] * 1.1)
    np.testing.assert_allclose(decisions, expected.reshape(50, -1), atol=5e-3)


@pytest.mark.parametrize(
    ("n_classes", "most_support"), [(2, 0), (2, 10_000), (3, 0), (3, 10_000), (5, 10_000)]
)
def test_classes_of_its_own_model_are_separated(monkeypatch, n_classes, most_support):
    monkeypatch.setattr(preprint, "MOST_SUPPORT", most_support)
    monkeypatch.setattr(preprint, "N_LANDMARKS", 100)
    monkeypatch.setattr(preprint, "COSTS", (0.1, 1.0))
    counts, y = simulated(200 * n_classes, n_classes, seed=5)
    arrays = fit_windows(as_rpm(counts), y, n_classes, DEPTHS, seed=0)
    check_preprint(arrays, 2, BINS, n_classes)
    assert (len(arrays["support"]) == 100) == (most_support == 0)
    counts, y = simulated(600, n_classes, seed=6)
    p = score_preprint(arrays, *as_chromosome(counts), BINS)
    assert p.dtype == np.float32
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-5)
    # The Bayes rule, which knows all parameters, is optimal; ours is close.
    truth = sum(
        log_marginal(counts[m], profiles(n_classes)[m], SHAPE[m, :n_classes],
                     (SHAPE / MEAN)[m, :n_classes])
        for m in range(2)
    )  # fmt: skip
    assert (p.argmax(axis=1) == y).mean() > (truth.argmax(axis=1) == y).mean() - 0.05


def test_probabilities_mean_what_they_say(fitted):
    counts, y = simulated(3000, 3, seed=7)
    p = score_preprint(fitted, *as_chromosome(counts), BINS)
    for k in range(3):
        part = (p[:, k] > 0.3) & (p[:, k] < 0.7)
        assert part.sum() > 50
        assert (y[part] == k).mean() == pytest.approx(p[part, k].mean(), abs=0.1)


def test_another_depth_is_taken_into_account(fitted):
    counts, y = simulated(1500, 3, seed=8)
    thin = np.random.default_rng(0).binomial(counts, 0.5)
    chromosome, starts = as_chromosome(thin)
    half = replace(chromosome, rpm=chromosome.rpm * 2, depths=DEPTHS // 2)
    aware = score_preprint(fitted, half, starts, BINS)
    # As if the missing reads were missing from the cell.
    unaware = score_preprint(fitted, chromosome, starts, BINS)
    losses = [-np.log(p[np.arange(1500), y]).mean() for p in (aware, unaware)]
    assert losses[0] < losses[1] - 0.05
    shares = [p.mean(axis=0) for p in (aware, unaware)]
    truth = np.bincount(y) / 1500
    assert np.abs(shares[0] - truth).max() < np.abs(shares[1] - truth).max() / 2


@pytest.mark.parametrize("block", [1, 7, 64])
@pytest.mark.parametrize("threads", [1, 3])
def test_batches_and_threads_change_nothing(monkeypatch, fitted, block, threads):
    counts, _ = simulated(70, 3, seed=9)
    chromosome, starts = as_chromosome(counts)
    starts = np.append(starts + 0, [5, 11, 3])
    whole = score_preprint(fitted, chromosome, starts, BINS)
    monkeypatch.setattr(preprint, "_BLOCK", block)
    scores = score_preprint(fitted, chromosome, starts, BINS, threads)
    np.testing.assert_allclose(scores, whole, atol=1e-5)
    assert score_preprint(fitted, chromosome, starts[:0], BINS).shape == (0, 3)


def test_only_training_windows_are_learnt_from():
    tensors = labelled_windows(200)
    rng = np.random.default_rng(3)
    others = tensors.split > 0
    x, y = tensors.x.copy(), tensors.y.copy()
    x[others] = rng.gamma(2, 40, x[others].shape)
    y[others] = rng.permutation(y[others])

    def load(chrom):
        assert chrom == "chr1"
        depths = np.full(len(MARKS), 1_000_000)
        return ChromosomeSignal(chrom, 800, np.zeros((len(MARKS), 8), np.float32), depths, 100)

    honest, from_spoilt = (
        PreprintModel().fit_arrays(TrainingGenome(each, load=load), 1, threads)
        for each, threads in ((tensors, 1), (replace(tensors, x=x, y=y), 2))
    )
    PreprintModel().check(honest, Size(len(MARKS), GEOMETRY.window_bins, 3))
    assert honest.keys() == from_spoilt.keys()
    assert all(honest[name].tobytes() == from_spoilt[name].tobytes() for name in honest)


def test_a_class_without_enough_windows_is_named():
    tensors = labelled_windows(200)
    y = tensors.y.copy()
    y[np.flatnonzero((tensors.split == 0) & (y == 2))[2:]] = 0

    def load(chrom):
        return as_chromosome(np.ones((2, 9, BINS)))[0]

    genome = TrainingGenome(replace(tensors, y=y), load=load)
    with pytest.raises(InputError, match="K562 has fewer of promoter: train on more"):
        PreprintModel().fit_arrays(genome, 1, 1)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda a: a.pop("support"), "support"),
        (lambda a: a.pop("rate"), "rate is missing"),
        (lambda a: a.update(more=np.ones(1)), "more is not part"),
        (lambda a: a.update(weights=a["weights"][1:]), "support has another shape"),
        (lambda a: a.update(weights=a["weights"][0]), "no matrix"),
        (lambda a: a.update(intercept=a["intercept"][1:]), "intercept has another"),
        (lambda a: a.update(profile=a["profile"].astype(np.float32)), "profile has another"),
        (lambda a: a["profile"].__setitem__((0, 0, 0), 0), "profile is not above 0"),
        (lambda a: a["gamma"].__setitem__(0, -1), "gamma is not above 0"),
        (lambda a: a["depths"].__setitem__(0, 0), "depths is not above 0"),
        (lambda a: a["slope"].__setitem__((0, 0), np.nan), "slope holds"),
    ],
)
def test_damaged_arrays_are_refused(fitted, damage, words):
    arrays = {name: array.copy() for name, array in fitted.items()}
    check_preprint(arrays, 2, BINS, 3)
    damage(arrays)
    with pytest.raises(ValueError, match=words):
        check_preprint(arrays, 2, BINS, 3)


def test_arrays_for_other_windows_are_refused(fitted):
    for size in ((3, BINS, 3), (2, BINS + 1, 3), (2, BINS, 2)):
        with pytest.raises(ValueError, match="another shape"):
            check_preprint(fitted, *size)


def test_the_formula_written_out():
    counts, q = np.array([[2.0, 0, 1]]), np.array([[0.5, 1.0, 1.5]])
    s, r = 1.7, 0.6
    expected = 2 * np.log(0.5) + np.log(1.5) - np.log(2)
    expected += s * np.log(r) - gammaln(s) + gammaln(s + 3) - (s + 3) * np.log(r + 3)
    assert log_marginal(counts, q, np.array([s]), np.array([r]))[0, 0] == pytest.approx(expected)
