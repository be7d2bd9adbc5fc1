"""Tests between groups of replicates: uniform where nothing differs, powerful where it does."""

import numpy as np
import pytest
from scipy import special, stats

from deepregfinder.differential.moderated_t import (
    fit_prior,
    log_counts,
    moderated_t,
    simes,
    size_factors,
    trigamma_inverse,
)

DEPTHS = np.array([1.0, 0.6, 1.5, 0.8])


def simulated(rng, n=2000, changed=0, fold=4.0, dispersion=0.05):
    """Negative binomial counts of two replicates and two: (places, 4), and their library sizes.

    The first `changed` places differ `fold`-fold, every other one up and down.
    """
    mean = rng.lognormal(4.5, 0.8, n)[:, np.newaxis] * DEPTHS
    effect = np.where(np.arange(changed) % 2, fold, 1 / fold)
    mean[:changed, 2:] *= effect[:, np.newaxis]
    # Replicates of some places vary more than those of others.
    size = 1 / (dispersion * 4 / rng.chisquare(4, n))[:, np.newaxis]
    return rng.negative_binomial(size, size / (size + mean)), 1e6 * DEPTHS


def compared(counts, sizes):
    logs = log_counts(counts, size_factors(counts, sizes))
    return moderated_t(logs[:, :2], logs[:, 2:])


def test_without_a_difference_p_is_uniform():
    result = compared(*simulated(np.random.default_rng(1)))
    assert stats.kstest(result.p, "uniform").pvalue > 0.01
    for level in (0.05, 0.01):
        expected = level * len(result.p)
        assert abs((result.p < level).sum() - expected) < 4 * np.sqrt(expected)


def test_the_false_discovery_rate_is_kept_and_planted_differences_are_found():
    rng = np.random.default_rng(2)
    shares, power, mistakes = [], [], 0
    for _ in range(20):
        significant = stats.false_discovery_control(compared(*simulated(rng, 1000, 200)).p) <= 0.1
        shares.append(significant[200:].sum() / max(significant.sum(), 1))
        power.append(significant[:200].mean())
        nothing = stats.false_discovery_control(compared(*simulated(rng, 1000)).p) <= 0.1
        mistakes += nothing.any()
    assert np.mean(shares) < 0.12
    assert np.mean(power) > 0.6
    assert mistakes <= 7, "of 20 data sets without a difference, about 2 should give any"


@pytest.mark.parametrize("shallow", [[1], [0], [1, 2]])
def test_a_replicate_of_few_reads_makes_no_false_differences(shallow):
    """Of 2,000 places, one replicate (or one of either sample) has 25 reads."""
    rng = np.random.default_rng(5)
    mistakes = 0
    for _ in range(20):
        counts, sizes = simulated(rng)
        for one in shallow:
            share = 25 / counts[:, one].sum()
            counts[:, one] = rng.binomial(counts[:, one], share)
            sizes = np.where(np.arange(4) == one, 25 * sizes[one] / sizes.sum(), sizes)
        mistakes += (stats.false_discovery_control(compared(counts, sizes).p) <= 0.1).sum()
    assert mistakes < 20 * 2000 * 0.001


def test_moderated_t_equals_a_slow_implementation():
    rng = np.random.default_rng(3)
    a, b = rng.normal(5, 1, (40, 2)), rng.normal(5, 1, (40, 3))
    result = moderated_t(a, b)
    pooled = [(x.var() * 2 + y.var() * 3) / 3 for x, y in zip(a, b, strict=True)]
    prior = fit_prior(np.array(pooled), 3, np.hstack([a, b]).mean(axis=1))
    for row, (x, y) in enumerate(zip(a, b, strict=True)):
        if np.isinf(prior.df):
            variance = prior.variance[row]
        else:
            variance = (prior.df * prior.variance[row] + 3 * pooled[row]) / (prior.df + 3)
        t = (y.mean() - x.mean()) / np.sqrt(variance * (1 / 2 + 1 / 3))
        p = 2 * stats.t.sf(abs(t), min(prior.df + 3, 120))
        np.testing.assert_allclose(result.p[row], p, rtol=1e-10)


def test_without_a_prior_it_is_the_t_test_of_student():
    """Two places are too few to learn from."""
    rng = np.random.default_rng(4)
    a, b = rng.normal(0, 1, (2, 3)), rng.normal(1, 1, (2, 4))
    result = moderated_t(a, b)
    assert result.prior_df == 0
    np.testing.assert_allclose(result.p, stats.ttest_ind(a, b, axis=1).pvalue, rtol=1e-10)


@pytest.mark.parametrize(("true_df", "df"), [(4, 2), (10, 3), (6, 6)])
def test_the_prior_of_simulated_variances_is_recovered(true_df, df):
    """s^2 ~ sigma^2 chi^2_d / d, sigma^2 ~ d0 s0^2 / chi^2_d0, s0^2 falling with the mean."""
    rng = np.random.default_rng(true_df)
    mean = np.sort(rng.uniform(2, 10, 20_000))
    true = 0.5 * np.exp(-0.5 * stats.rankdata(mean) / len(mean))
    sigma = true_df * true / rng.chisquare(true_df, len(mean))
    prior = fit_prior(sigma * rng.chisquare(df, len(mean)) / df, df, mean)
    assert prior.df == pytest.approx(true_df, rel=0.15)
    np.testing.assert_allclose(prior.variance, true, rtol=0.12)


def test_variances_that_differ_by_chance_alone_give_an_infinite_prior():
    rng = np.random.default_rng(5)
    prior = fit_prior(np.full(500, 0.3), 2, rng.normal(size=500))
    assert prior.df == np.inf


@pytest.mark.parametrize("y", [1e-3, 0.3, 1.0, 7.0, 1e4])
def test_trigamma_inverse(y):
    assert trigamma_inverse(float(special.polygamma(1, y))) == pytest.approx(y, rel=1e-6)


def test_size_factors_see_the_places_that_do_not_change():
    rng = np.random.default_rng(6)
    counts, sizes = simulated(rng, 3000, 300, fold=20.0)
    factors = size_factors(counts, sizes)
    np.testing.assert_allclose(factors, DEPTHS / stats.gmean(DEPTHS), rtol=0.05)
    few = size_factors(counts[:20], np.array([1.0, 2, 4, 8]))
    np.testing.assert_allclose(few, np.array([1.0, 2, 4, 8]) / 2**1.5)


def test_places_without_any_read_are_no_evidence():
    counts, sizes = simulated(np.random.default_rng(7), 200)
    counts[:10] = 0
    result = compared(counts, sizes)
    assert np.isfinite(result.p).all()
    assert not compared(np.zeros((60, 4)), sizes).difference.any()
    assert (compared(np.zeros((60, 4)), np.ones(4)).p == 1).all()


def test_simes_is_uniform_for_independent_tests_and_safe_for_equal_ones():
    rng = np.random.default_rng(8)
    assert stats.kstest(simes(rng.random((4000, 5))), "uniform").pvalue > 0.01
    one = rng.random(100)
    np.testing.assert_allclose(simes(np.repeat(one[:, np.newaxis], 3, axis=1)), one)
    np.testing.assert_allclose(simes(np.array([[1e-8, 1.0, 1.0]])), [3e-8])
    latent = rng.normal(size=(4000, 1)) + 0.5 * rng.normal(size=(4000, 4))
    dependent = 2 * stats.norm.sf(np.abs(latent) / np.sqrt(1.25))
    assert (simes(dependent) < 0.05).mean() < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 4000)
