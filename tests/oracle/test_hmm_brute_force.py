"""Hidden Markov models compared with all paths of states, scipy, hmmlearn and simulated data."""

from itertools import product
from time import process_time

import numpy as np
import pytest
from hmmlearn.base import BaseHMM
from scipy.stats import norm, poisson

from deepregfinder.genome.intervals import read_intervals
from deepregfinder.models.hmm import chromhmm, ehmm
from deepregfinder.models.hmm import forward_backward as hmm
from deepregfinder.models.hmm.forward_backward import (
    Chain,
    Emissions,
    forward_backward,
    relative_emissions,
)
from deepregfinder.models.hmm.gaussian_emissions import log_normal


def random_chain(n_states, rng, stay=0.0):
    transition = rng.dirichlet(np.ones(n_states), n_states) * (1 - stay) + stay * np.eye(n_states)
    return Chain(rng.dirichlet(np.ones(n_states)), transition)


def posteriors(chain, log_table, rows):
    """Expectation and posteriors (places, states)."""
    table, shift = relative_emissions(log_table)
    probabilities = np.full((len(rows), len(chain.start)), np.nan)

    def keep(part, posterior):
        probabilities[part] = posterior

    given = forward_backward(
        chain, len(rows), lambda part: Emissions(table, shift, rows[part]), keep
    )
    return given, probabilities


def all_paths(chain, table, rows):
    """Likelihood, posteriors and expected transitions, summed over every path of states."""
    n, n_states = len(rows), len(chain.start)
    likelihood, at, moves = 0.0, np.zeros((n, n_states)), np.zeros((n_states, n_states))
    for path in product(range(n_states), repeat=n):
        p = chain.start[path[0]] * table[rows[0], path[0]]
        for t in range(1, n):
            p *= chain.transition[path[t - 1], path[t]] * table[rows[t], path[t]]
        likelihood += p
        for t in range(n):
            at[t, path[t]] += p
        for t in range(1, n):
            moves[path[t - 1], path[t]] += p
    return likelihood, at / likelihood, moves / likelihood


@pytest.mark.parametrize("block", [1, 2, 3, 8192])
@pytest.mark.parametrize("length", [1, 2, 7])
def test_forward_backward_sums_over_all_paths(monkeypatch, block, length):
    monkeypatch.setattr(hmm, "BLOCK", block)
    rng = np.random.default_rng(length)
    chain = random_chain(3, rng)
    chain.transition[0] = [0, 0.5, 0.5]
    table = rng.uniform(1e-4, 1, (5, 3))
    rows = rng.integers(0, 5, length)
    given, probabilities = posteriors(chain, np.log(table), rows)
    likelihood, at, moves = all_paths(chain, table, rows)
    assert given.log_likelihood == pytest.approx(np.log(likelihood), abs=1e-10)
    np.testing.assert_allclose(probabilities, at, atol=1e-12)
    np.testing.assert_allclose(given.first, at[0], atol=1e-12)
    np.testing.assert_allclose(given.transitions, moves, atol=1e-12)


def test_long_sequences_of_improbable_observations_stay_finite():
    chain = Chain(np.array([1.0, 0.0]), np.eye(2))
    log_table = np.array([[-5000.0, 0.0], [0.0, -5000.0]])
    rows = np.arange(20_000) % 2 * (np.arange(20_000) > 10_000)
    given, probabilities = posteriors(chain, log_table, rows)
    assert np.isfinite(given.log_likelihood)
    np.testing.assert_allclose(probabilities, np.tile([1, 0], (len(rows), 1)), atol=1e-12)


def simulate_states(chain, length, rng):
    states = np.empty(length, int)
    states[0] = rng.choice(len(chain.start), p=chain.start)
    for t in range(1, length):
        states[t] = rng.choice(len(chain.start), p=chain.transition[states[t - 1]])
    return states


def bernoulli_chromosomes(rng, n_states=3, n_marks=6, lengths=(6000, 4000)):
    """A model, and bins simulated from it: bool (marks, places) for each chromosome."""
    emission = np.full((n_states, n_marks), 0.05)
    for state in range(1, n_states):
        emission[state, 2 * state - 2 : 2 * state + 1] = [0.8, 0.6, 0.4]
    model = chromhmm.BernoulliModel(random_chain(n_states, rng, stay=0.9), emission)
    chromosomes = []
    for length in lengths:
        states = simulate_states(model.chain, length, rng)
        chromosomes.append(rng.random((n_marks, length)) < emission[states].T)
    return model, chromosomes


def closest_order(estimate, truth):
    """The nearest estimated row of each true row."""
    return ((truth[:, None] - estimate[None]) ** 2).sum(axis=2).argmin(axis=1)


def test_chromhmm_recovers_its_own_parameters():
    truth, chromosomes = bernoulli_chromosomes(np.random.default_rng(0), lengths=(15_000, 10_000))
    patterns = chromhmm.distinct_rows(chromosomes)
    learnt = chromhmm.learn(chromhmm.information_start(patterns, 3), patterns, threads=1)
    order = closest_order(learnt.emission, truth.emission)
    assert sorted(order) == [0, 1, 2]
    np.testing.assert_allclose(learnt.emission[order], truth.emission, atol=0.03)
    np.testing.assert_allclose(
        learnt.chain.transition[np.ix_(order, order)], truth.chain.transition, atol=0.03
    )


def test_the_likelihood_of_chromhmm_never_falls():
    _, chromosomes = bernoulli_chromosomes(np.random.default_rng(1), lengths=(800, 500))
    patterns = chromhmm.distinct_rows(chromosomes)
    model = chromhmm.information_start(patterns, 6)
    reached = []
    for _ in range(40):
        model, value = chromhmm.baum_welch(model, patterns, threads=2)
        reached.append(value)
    assert (np.diff(reached) > -1e-7).all()
    assert reached[-1] > reached[0] + 10


class BernoulliHMM(BaseHMM):
    """hmmlearn's Baum-Welch with a product of Bernoulli emissions."""

    def _compute_log_likelihood(self, x):
        return x @ np.log(self.p).T + (1 - x) @ np.log1p(-self.p).T

    def _get_n_fit_scalars_per_param(self):
        return {"s": self.n_components - 1, "t": self.n_components * (self.n_components - 1)}

    def _initialize_sufficient_statistics(self):
        stats = super()._initialize_sufficient_statistics()
        stats["size"] = np.zeros(self.n_components)
        stats["present"] = np.zeros_like(self.p)
        return stats

    def _accumulate_sufficient_statistics(
        self, stats, x, log_probability, posterior, forward, backward
    ):
        super()._accumulate_sufficient_statistics(
            stats, x, log_probability, posterior, forward, backward
        )
        stats["size"] += posterior.sum(axis=0)
        stats["present"] += posterior.T @ x

    def _do_mstep(self, stats):
        super()._do_mstep(stats)
        self.p = np.clip(stats["present"] / stats["size"][:, None], 1e-6, 1 - 1e-6)


def by_hmmlearn(start, chromosomes, rounds):
    """Log-likelihood before each round of hmmlearn's EM from the given start."""
    model = BernoulliHMM(
        n_components=len(start.chain.start), params="st", init_params="", n_iter=rounds, tol=-np.inf
    )
    model.startprob_, model.transmat_ = start.chain.start, start.chain.transition
    model.p = start.emission
    model.n_features = start.emission.shape[1]
    x = np.concatenate(chromosomes, axis=1).T.astype(float)
    model.fit(x, [one.shape[1] for one in chromosomes])
    return np.array(model.monitor_.history)


def by_us(start, patterns, rounds):
    reached = []
    for _ in range(rounds):
        start, value = chromhmm.baum_welch(start, patterns, threads=1)
        reached.append(value)
    return np.array(reached)


def test_rounds_of_chromhmm_are_those_of_hmmlearn():
    _, chromosomes = bernoulli_chromosomes(np.random.default_rng(2), lengths=(500, 400))
    patterns = chromhmm.distinct_rows(chromosomes)
    start = chromhmm.information_start(patterns, 4)
    np.testing.assert_allclose(
        by_us(start, patterns, 10), by_hmmlearn(start, chromosomes, 10), rtol=1e-9
    )


@pytest.mark.real_data
def test_on_a_real_chromosome_the_likelihood_is_that_of_hmmlearn(shared_data):
    """Peaks of GM12878 on chr22, 200 bp bins."""
    lists = sorted((shared_data / "encode_hg19" / "GM12878").glob("*Histone*.broadPeak.gz"))
    present = np.zeros((len(lists), 51_304_566 // 200 + 1), bool)
    for row, path in enumerate(lists):
        peaks = read_intervals(path)
        for start, end in peaks.loc[peaks["chrom"] == "chr22", ["start", "end"]].to_numpy():
            present[row, start // 200 : (end - 1) // 200 + 1] = True
    assert len(lists) == 11
    patterns = chromhmm.distinct_rows([present])
    start = chromhmm.information_start(patterns, 12)
    by_us(start, patterns, 1)  # compiles
    begun = process_time()
    ours = by_us(start, patterns, 4)
    between = process_time()
    theirs = by_hmmlearn(start, [present], 4)
    ended = process_time()
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)
    assert ours[-1] > ours[0]
    print(
        f"A round takes hmmlearn {(ended - between) / 4:.2f} s, us {(between - begun) / 4:.3f} s: "
        f"{(ended - between) / (between - begun):.0f} times as long."
    )


def test_a_mark_is_present_from_the_poisson_threshold_on():
    mean = np.array([0.0, 1e-6, 0.01, 0.3, 0.58, 2.5, 40.0])
    for lam, t in zip(mean, chromhmm.presence_threshold(mean), strict=True):
        assert t >= 1
        assert poisson.sf(t - 1, lam) < 1e-4
        assert t == 1 or poisson.sf(t - 2, lam) >= 1e-4


def log_normal_bins(chain, mean, sd, length, rng):
    states = simulate_states(chain, length, rng)
    return rng.normal(mean[states], sd[states]).astype(np.float32)


def test_the_background_of_ehmm_recovers_its_own_parameters_and_its_likelihood_never_falls():
    rng = np.random.default_rng(3)
    truth = random_chain(3, rng, stay=0.8)
    mean = np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 3.0]])
    sd = np.array([[0.5, 0.5], [0.6, 0.5], [0.5, 0.8]])
    sequences = [log_normal_bins(truth, mean, sd, 4000, rng) for _ in range(3)]
    least = np.full(2, 0.01)
    chain, estimate, spread = (
        random_chain(3, rng),
        mean + rng.normal(size=(3, 2)) / 2,
        np.ones((3, 2)),
    )
    reached = []
    for _ in range(40):
        chain, estimate, spread, value = ehmm.background_round(
            chain, estimate, spread, least, sequences, threads=1
        )
        reached.append(value)
    assert (np.diff(reached) > -1e-6).all()
    np.testing.assert_allclose(estimate, mean, atol=0.06)
    np.testing.assert_allclose(spread, sd, atol=0.06)
    np.testing.assert_allclose(chain.transition, truth.transition, atol=0.04)


def test_a_foreground_is_recovered_from_elements_of_both_directions():
    rng = np.random.default_rng(4)
    mean = np.array([[2.0, 0.2], [0.5, 2.5], [1.0, 0.2]])
    cores = []
    for _ in range(400):
        lengths = [rng.integers(3, 6), rng.integers(2, 5)]
        states = np.repeat([0, 1, 2], [*lengths, 13 - sum(lengths)])
        values = rng.normal(mean[states], 0.3)
        cores.append(values[::-1] if rng.random() < 0.5 else values)
    x = np.array(cores, np.float32)
    aligned = ehmm.aligned_cores(x, accessibility=1, width=9)
    assert (aligned[:, 4, 1] > 1.5).mean() > 0.95
    estimate, sd, stay = ehmm.learn_foreground(x, np.full(2, 0.01))
    np.testing.assert_allclose(estimate, mean, atol=0.05)
    np.testing.assert_allclose(sd, 0.3, atol=0.05)
    np.testing.assert_allclose(stay, 1 - 1 / np.array([4, 3, 6]), atol=0.05)


def test_densities_of_ehmm_are_those_of_scipy():
    rng = np.random.default_rng(5)
    values = rng.normal(size=(50, 4)).astype(np.float32)
    mean, sd = rng.normal(size=(3, 4)), rng.uniform(0.5, 2, (3, 4))
    table, shift, rows = log_normal(values, mean, sd, np.array([0, 1, 2, 0]))(slice(10, 30))
    expected = norm.logpdf(values[10:30, None], mean, sd).sum(axis=2)
    np.testing.assert_allclose(np.log(table) + shift[:, None], expected[:, [0, 1, 2, 0]], rtol=1e-9)
    assert rows.tolist() == list(range(20))
