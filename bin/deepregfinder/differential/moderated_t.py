"""Tests of counts between two groups of replicates, for many regions.

The method is that of limma-trend: logarithms of normalised counts, and a t statistic whose variance
is moderated towards the typical variance of regions with a similar number of reads. Formulas:
Anders and Huber (2010) for size factors; Smyth (2004) for the moderated t and its prior; Law et al.
(2014) for a prior that depends on the mean; Simes (1986) for the combination of several p.
"""

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special, stats

PRIOR_COUNT = 2.0
_FEWEST_FOR_FACTORS = 50
_FEWEST_FOR_TREND = 100
_SMALLEST_VARIANCE = 1e-5  # of the median: places whose replicates happen to be equal


def size_factors(counts: np.ndarray, library_sizes: np.ndarray) -> np.ndarray:
    """Divisors of the counts of each library; their geometric mean is 1.

    Median over places of the ratio to the geometric mean over libraries (Anders and Huber 2010,
    eq. 5), of regions with reads in all libraries. With fewer than 50 of them, library sizes.

    Parameters
    ----------
    counts : shape (places, libraries)
    library_sizes : usable reads on main chromosomes, above zero, shape (libraries,)
    """
    everywhere = counts[(counts > 0).all(axis=1)]
    if len(everywhere) < _FEWEST_FOR_FACTORS:
        logs = np.log(library_sizes)
    else:
        each = np.log(everywhere)
        logs = np.median(each - each.mean(axis=1, keepdims=True), axis=0)
    factors: np.ndarray = np.exp(logs - logs.mean())
    return factors


def log_counts(counts: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """log2(count / factor + 2), shape (places, libraries): log-CPM up to a constant.

    The prior count, as in edgeR's `cpm(log=TRUE)`, shrinks the ratio of small counts.
    """
    log_cpm: np.ndarray = np.log2(counts / factors + PRIOR_COUNT)
    return log_cpm


@dataclass(frozen=True)
class Prior:
    """Prior of the variance of a region, before its replicates are used.

    df : degrees of freedom of the prior; inf if the variances of regions differ only by chance, 0
        if no prior can be estimated
    variance : shape (places,)
    """

    df: float
    variance: np.ndarray


def fit_prior(variance: np.ndarray, df: int, mean: np.ndarray) -> Prior:
    """The prior of residual variances (Smyth 2004, section 6.2), with a trend over the mean.

    If s^2 ~ s0^2 F(d, d0), then e = log s^2 - digamma(d/2) + log(d/2) has the mean
    log s0^2 - digamma(d0/2) + log(d0/2) and the variance trigamma(d/2) + trigamma(d0/2). The
    trend is a cubic polynomial in the rank of the mean; with fewer than 100 regions it is constant.

    Parameters
    ----------
    variance : residual variances s^2, shape (places,), of `df` degrees of freedom d each
    mean : mean log counts, shape (places,)
    """
    n = len(variance)
    if n < 3 or not (variance > 0).any():
        return Prior(0.0, np.zeros(n))
    floored = np.maximum(variance, _SMALLEST_VARIANCE * np.median(variance[variance > 0]))
    e = np.log(floored) - special.digamma(df / 2) + np.log(df / 2)
    degree = 3 if n >= _FEWEST_FOR_TREND else 0
    rank = 2 * stats.rankdata(mean) / (n + 1) - 1
    trend = np.polynomial.legendre.legval(
        rank, np.polynomial.legendre.legfit(rank, e, degree)
    ) * np.ones(n)
    excess = ((e - trend) ** 2).sum() / (n - degree - 1) - special.polygamma(1, df / 2)
    if excess <= 0:
        return Prior(np.inf, np.exp(trend))
    prior_df = 2 * trigamma_inverse(excess)
    return Prior(prior_df, np.exp(trend + special.digamma(prior_df / 2) - np.log(prior_df / 2)))


def trigamma_inverse(value: float) -> float:
    """The y > 0 of trigamma(y) = value."""
    if value < 1e-7:
        return 1 / value
    # max(1 / y, 1 / y^2) < trigamma(y) < 1 / y + 1 / y^2 for all y > 0
    low, high = max(1 / value, value**-0.5), (1 + np.sqrt(1 + 4 * value)) / (2 * value)
    return float(optimize.brentq(lambda y: special.polygamma(1, y) - value, low, high))


@dataclass(frozen=True)
class Moderated:
    """Moderated t tests. difference, p : float64, shape (places,); prior_df : see `Prior`"""

    difference: np.ndarray
    p: np.ndarray
    prior_df: float


def moderated_t(a: np.ndarray, b: np.ndarray) -> Moderated:
    """Test whether means differ (b minus a), two-sided (Smyth 2004, section 4).

    With residual variance s^2 of d = n_a + n_b - 2 degrees of freedom and the prior (d0, s0^2):

        s~^2 = (d0 s0^2 + d s^2) / (d0 + d)     t = (mean_b - mean_a) / (s~ sqrt(1/n_a + 1/n_b))

    Under the null hypothesis, t has a t distribution with d0 + d degrees of freedom, which as in
    limma is at most the residual degrees of freedom of all regions together.

    Parameters
    ----------
    a, b : log counts, shapes (places, n_a) and (places, n_b); n_a, n_b at least 2
    """
    n_a, n_b = a.shape[1], b.shape[1]
    df = n_a + n_b - 2
    means = a.mean(axis=1), b.mean(axis=1)
    squares = sum(
        ((group - mean[:, np.newaxis]) ** 2).sum(axis=1)
        for group, mean in zip((a, b), means, strict=True)
    )
    variance = squares / df
    prior = fit_prior(variance, df, np.hstack([a, b]).mean(axis=1))
    if np.isinf(prior.df):
        moderated = prior.variance
    else:
        moderated = (prior.df * prior.variance + df * variance) / (prior.df + df)
    difference = means[1] - means[0]
    error = np.sqrt(moderated * (1 / n_a + 1 / n_b))
    # Without any variance there is no test: t is 0 and p is 1.
    t = np.divide(difference, error, out=np.zeros(len(error)), where=error > 0)
    total = min(prior.df + df, df * max(len(a), 1))
    return Moderated(difference, 2 * stats.t.sf(np.abs(t), total), prior.df)


def simes(p: np.ndarray) -> np.ndarray:
    """Combined p of each row: min over k of m p_(k) / k, with p_(1) <= ... <= p_(m) (Simes 1986).

    It is exact for independent tests and conservative for positively dependent ones, such as marks
    of one region. Unlike in a Cauchy combination, a single p of 1 has little effect.

    Parameters
    ----------
    p : shape (places, tests)
    """
    m = p.shape[1]
    combined: np.ndarray = (np.sort(p, axis=1) * m / np.arange(1, m + 1)).min(axis=1)
    return combined
