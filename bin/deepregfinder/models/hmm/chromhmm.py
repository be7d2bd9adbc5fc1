"""ChromHMM: states of chromatin learnt without labels, and named by the labels afterwards.

Method: Ernst and Kellis, "Discovery and characterization of chromatin states for systematic
annotation of the human genome", Nature Biotechnology 2010, 28:817-825 (the model); "ChromHMM:
automating chromatin-state discovery and characterization", Nature Methods 2012, 9:215-216 (its
start); "Chromatin-state discovery and genome annotation with ChromHMM", Nature Protocols 2017,
12:2478-2492 (its defaults). Written from the description of the method, not from its program.

Binarisation: bins of 200 bp; where --bin_size does not divide 200, of its next multiple; larger
    bins stay as they are. A mark is present in a bin with at least t reads, t the smallest number
    with P(X >= t) < 1e-4 for X Poisson with the mean of the training chromosomes. No further rule:
    that of a fold over the mean is 0 by default. Counts are RPM times the depth of the sample, to
    the nearest whole number, so a control counts where the signal was made with `--control
    subtract`. For another sample the mean follows its depth; no other chromosome is looked at.
Model: in state k mark m is present with probability p_km, independently of all others,
    P(v | k) = prod_m p_km^v_m (1 - p_km)^(1 - v_m)                                (2010, Methods)
    and states follow each other along the chromosome as a Markov chain. 12 states.
Start: by information (2012). Places are described by the marks present there and in the bin before
    too. All begin in one set; each step divides one set by the presence of one mark, the pair which
    raises the mutual information of the sets of neighbouring places most, until there is a set for
    each state. Frequencies in the sets, 2 % smoothed, are the first parameters. The criterion is
    our reading of the description; where bins are too much alike for 12 sets, there are fewer.
Training: Baum-Welch on the training chromosomes of the sample, at most 200 rounds, until a round
    adds less than 1e-7 of the log-likelihood. p_km stays within 1e-6 of 0 and 1.
Classes: q_k, the share of state k in a window, is the mean of its posterior over the central 1 kb.
    Over the training windows of class c its mean, Laplace smoothed, is P(k | c); a state is named
    after the class in which it is enriched most, P(k | c) over its share of the training
    chromosomes. Then P(c | k) = P(k | c) / sum_c' P(k | c'), classes weighing equally as in
    the training of all other models, and the probability of a class is sum_k q_k P(c | k).

Arrays of a model of K states (all float64)
-------------------------------------------
mean_rpm : (marks,), reads per million in a bin of `bin_size`, mean over the training chromosomes
start : (K,); transition : (K, K); emission : (K, marks)
share : (K,), of the training chromosomes
enrichment : (K, classes), fold over `share`
class_probability : (K, classes), P(c | k)
"""

import logging
import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numba import njit
from scipy.stats import poisson

from deepregfinder.models.chromosome_model import ChromosomeModel
from deepregfinder.models.hmm.forward_backward import (
    Chain,
    Emissions,
    Expectation,
    central_bins,
    check_arrays,
    check_chain,
    forward_backward,
    relative_emissions,
    updated_chain,
)
from deepregfinder.models.protocol import Arrays, ChromosomeSignal, Size, TrainingGenome

N_STATES = 12
BIN = 200
TAIL = 1e-4

_SMOOTHING = 0.02
_MOST_ROUNDS = 200
_LEAST_GAIN = 1e-7
_EDGE = 1e-6

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Patterns:
    """Binary bins of several chromosomes, as numbers of their distinct rows.

    distinct : uint8 (patterns, marks), 1 where a mark is present
    codes : for each chromosome int64 (bins,), the pattern of each bin
    """

    distinct: np.ndarray
    codes: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class BernoulliModel:
    """chain : of the states; emission : float64 (states, marks), probability of presence."""

    chain: Chain
    emission: np.ndarray


def fit_chromhmm(training: TrainingGenome, seed: int, threads: int) -> dict[str, np.ndarray]:
    """Learn states on the training chromosomes and name them by their labelled windows.

    The result does not depend on `seed`. Returns the arrays listed in the docstring of the module.
    """
    tensors = training.tensors
    chroms = training.chroms("train")
    bin_size, window_bins = tensors.bin_size, tensors.window_bins
    totals, n_bins = np.zeros(len(tensors.marks)), 0
    for chrom in chroms:
        signal = training.load(chrom)
        totals += signal.rpm.sum(axis=1, dtype=np.float64)
        n_bins += signal.rpm.shape[1]
    mean_rpm = totals / n_bins
    log.info("chromhmm: bins of %d bp", bins_per_place(bin_size) * bin_size)
    patterns = distinct_rows([binarise(training.load(chrom), mean_rpm) for chrom in chroms])
    model = learn(information_start(patterns, N_STATES), patterns, threads)
    posteriors = decode(model, patterns, np.eye(len(model.chain.start)), threads)
    share = np.sum([one.sum(axis=0, dtype=np.float64) for one in posteriors], axis=0)
    share /= sum(map(len, posteriors))

    rows = tensors.select("train")
    n_classes = len(tensors.classes)
    weights = np.zeros((n_classes, len(share)))
    for chrom, posterior in zip(chroms, posteriors, strict=True):
        here = rows[tensors.chrom[rows] == tensors.chroms.index(chrom)]
        window_means = _window_means(
            posterior, tensors.start[here] // bin_size, *central_bins(window_bins, bin_size),
            bins_per_place(bin_size),
        )  # fmt: skip
        for label in range(n_classes):
            weights[label] += window_means[tensors.y[here] == label].sum(axis=0)
    in_class = (weights + 1) / (weights + 1).sum(axis=1, keepdims=True)
    return {
        "mean_rpm": mean_rpm,
        "start": model.chain.start,
        "transition": model.chain.transition,
        "emission": model.emission,
        "share": share,
        "enrichment": np.ascontiguousarray((in_class / np.maximum(share, _EDGE)).T),
        "class_probability": np.ascontiguousarray((in_class / in_class.sum(axis=0)).T),
    }


def score_chromhmm(
    arrays: Mapping[str, np.ndarray], signal: ChromosomeSignal, starts: np.ndarray, window_bins: int
) -> np.ndarray:
    """Probabilities of windows that begin at the given bins: float32 (n, classes).

    arrays : of `fit_chromhmm`, or accepted by `check_chromhmm`
    """
    model = BernoulliModel(Chain(arrays["start"], arrays["transition"]), arrays["emission"])
    patterns = distinct_rows([binarise(signal, arrays["mean_rpm"])])
    (classes,) = decode(model, patterns, arrays["class_probability"], threads=1)
    central = central_bins(window_bins, signal.bin_size)
    window_means = _window_means(classes, starts, *central, bins_per_place(signal.bin_size))
    shares: np.ndarray = (window_means / window_means.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares


def check_chromhmm(
    arrays: Mapping[str, np.ndarray], n_marks: int, window_bins: int, n_classes: int
) -> None:
    """Raise ValueError, with a sentence that says why, unless the arrays are such a model."""
    n_states = np.size(arrays.get("start", ()))
    if n_states == 0:
        raise ValueError("the array start is missing or empty")
    check_arrays(
        arrays,
        {
            "mean_rpm": (n_marks,),
            "start": (n_states,),
            "transition": (n_states, n_states),
            "emission": (n_states, n_marks),
            "share": (n_states,),
            "enrichment": (n_states, n_classes),
            "class_probability": (n_states, n_classes),
        },
    )
    check_chain(arrays["start"], arrays["transition"])
    if (arrays["emission"] <= 0).any() or (arrays["emission"] >= 1).any():
        raise ValueError("a value of emission is not between 0 and 1")
    if any((arrays[name] < 0).any() for name in ("mean_rpm", "share", "enrichment")):
        raise ValueError("mean_rpm, share or enrichment is negative")
    given = arrays["class_probability"]
    if (given < 0).any() or (np.abs(given.sum(axis=1) - 1) > 1e-6).any():
        raise ValueError("probabilities in class_probability do not sum to 1")


def state_table(
    arrays: Mapping[str, np.ndarray], marks: Sequence[str], classes: Sequence[str]
) -> pd.DataFrame:
    """What each state is: a row for each, the most frequent first.

    Columns: state (from 1), class (named automatically), share (of the training chromosomes), the
    probability of each mark, and `fold_CLASS`, the enrichment in training windows of each class.
    """
    enrichment = arrays["enrichment"]
    named = [classes[index] for index in enrichment.argmax(axis=1)]
    table = pd.DataFrame({"class": named, "share": arrays["share"]})
    for column, mark in enumerate(marks):
        table[mark] = arrays["emission"][:, column]
    for column, name in enumerate(classes):
        table[f"fold_{name}"] = enrichment[:, column]
    table = table.sort_values("share", ascending=False, kind="stable", ignore_index=True)
    table.insert(0, "state", np.arange(1, len(table) + 1))
    return table


def bins_per_place(bin_size: int) -> int:
    """Bins of the signal that make one bin of the model, of 200 bp or the next multiple."""
    return max(-(-BIN // bin_size), 1)


def presence_threshold(mean: np.ndarray) -> np.ndarray:
    """Smallest count t >= 1 with P(X >= t) < TAIL, for X Poisson with each mean: float64."""
    threshold: np.ndarray = np.maximum(poisson.isf(TAIL, mean) + 1, 1)
    return threshold


def binarise(signal: ChromosomeSignal, mean_rpm: np.ndarray) -> np.ndarray:
    """Which marks are present in each bin of the model: bool (marks, places).

    mean_rpm : (marks,), reads per million that are expected in a bin of the signal
    """
    merged = bins_per_place(signal.bin_size)
    n_marks, n_bins = signal.rpm.shape
    places = -(-n_bins // merged)
    present = np.empty((n_marks, places), bool)
    per_read = signal.depths / 1e6
    threshold = presence_threshold(mean_rpm * per_read * merged)
    for mark in range(n_marks):
        reads = np.zeros(places * merged)
        reads[:n_bins] = signal.rpm[mark] * per_read[mark]
        present[mark] = np.rint(reads.reshape(places, merged).sum(axis=1)) >= threshold[mark]
    return present


def distinct_rows(chromosomes: Sequence[np.ndarray]) -> Patterns:
    """The distinct rows of binary bins, given as bool (marks, places) for each chromosome."""
    joined = np.concatenate(chromosomes, axis=1)
    codes = np.zeros(joined.shape[1], np.int64)
    for number, row in enumerate(joined, 1):
        codes = 2 * codes + row
        if number % 30 == 0:
            codes = np.unique(codes, return_inverse=True)[1]
    _, first, codes = np.unique(codes, return_index=True, return_inverse=True)
    ends = np.cumsum([one.shape[1] for one in chromosomes])
    return Patterns(joined[:, first].T.astype(np.uint8), tuple(np.split(codes, ends[:-1])))


def information_start(patterns: Patterns, n_states: int) -> BernoulliModel:
    """First parameters by ChromHMM's information method (see the head of this module)."""
    distinct = patterns.distinct.astype(bool)
    both = [(distinct[codes[:-1]] & distinct[codes[1:]]).T for codes in patterns.codes]
    lasting = distinct_rows(both)
    n_lasting = len(lasting.distinct)
    pairs, times = np.unique(
        np.concatenate([codes[:-1] * n_lasting + codes[1:] for codes in lasting.codes]),
        return_counts=True,
    )
    before, after = np.divmod(pairs, n_lasting)
    label = np.zeros(n_lasting, np.int64)
    n_sets = 1
    while n_sets < n_states:
        best, best_label = 0.0, None
        for old in range(n_sets):
            for mark in range(distinct.shape[1]):
                moved = (label == old) & (lasting.distinct[:, mark] == 1)
                if not moved.any() or (moved == (label == old)).all():
                    continue
                trial = np.where(moved, n_sets, label)
                joint = _joint(trial, before, after, times, n_sets + 1)
                if (gain := _mutual_information(joint)) > best:
                    best, best_label = gain, trial
        if best_label is None:
            break
        label, n_sets = best_label, n_sets + 1

    transitions = _joint(label, before, after, times, n_sets)
    present = np.zeros((n_sets, distinct.shape[1]))
    size = np.zeros(n_sets)
    for codes, kept in zip(patterns.codes, lasting.codes, strict=True):
        seen = np.bincount(
            label[kept] * len(distinct) + codes[1:], minlength=n_sets * len(distinct)
        ).reshape(n_sets, -1)
        present += seen @ distinct
        size += seen.sum(axis=1)
    return BernoulliModel(
        Chain(_smooth(size / size.sum(), n_sets), _smooth(_shares(transitions), n_sets)),
        _smooth(present / np.maximum(size, 1)[:, None], 2),
    )


def learn(
    model: BernoulliModel, patterns: Patterns, threads: int, most_rounds: int = _MOST_ROUNDS
) -> BernoulliModel:
    """Baum-Welch, until the log-likelihood hardly changes."""
    reached, gain, rounds = -math.inf, math.inf, 0
    while rounds < most_rounds and gain >= _LEAST_GAIN * abs(reached):
        model, now = baum_welch(model, patterns, threads)
        reached, gain, rounds = now, now - reached, rounds + 1
    log.info("chromhmm: log-likelihood %.1f after %d rounds", reached, rounds)
    return model


def baum_welch(
    model: BernoulliModel, patterns: Patterns, threads: int
) -> tuple[BernoulliModel, float]:
    """One round: the model that follows, and the log-likelihood of the present one."""
    table, shift = relative_emissions(_log_emission(model, patterns))
    n_states = len(model.chain.start)

    def expect(codes: np.ndarray) -> tuple[Expectation, np.ndarray]:
        weights = np.zeros((len(patterns.distinct), n_states))
        expectations = forward_backward(
            model.chain,
            len(codes),
            lambda part: Emissions(table, shift, codes[part]),
            lambda part, posterior: _add_rows(weights, codes[part], posterior),
        )
        return expectations, weights

    with ThreadPoolExecutor(threads) as pool:
        results = list(pool.map(expect, patterns.codes))
    expectations = [one for one, _ in results]
    weights = np.sum([one for _, one in results], axis=0)
    size = weights.sum(axis=0)[:, None]
    present = np.einsum("pk,pm->km", weights, patterns.distinct.astype(np.float64))
    emission = np.divide(present, size, out=model.emission.copy(), where=size > 0)
    return (
        BernoulliModel(
            updated_chain(model.chain, expectations), np.clip(emission, _EDGE, 1 - _EDGE)
        ),
        sum(one.log_likelihood for one in expectations),
    )


def decode(
    model: BernoulliModel, patterns: Patterns, projection: np.ndarray, threads: int
) -> list[np.ndarray]:
    """Posteriors of each chromosome times a matrix (states, columns): float32 (places, columns)."""
    table, shift = relative_emissions(_log_emission(model, patterns))

    def one(codes: np.ndarray) -> np.ndarray:
        projected = np.empty((len(codes), projection.shape[1]), np.float32)

        def keep(part: slice, posterior: np.ndarray) -> None:
            projected[part] = np.einsum("tk,kc->tc", posterior, projection)

        forward_backward(
            model.chain, len(codes), lambda part: Emissions(table, shift, codes[part]), keep
        )
        return projected

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, patterns.codes))


def _log_emission(model: BernoulliModel, patterns: Patterns) -> np.ndarray:
    """log P(pattern | state): float64 (patterns, states)."""
    present = patterns.distinct.astype(np.float64)
    yes, no = np.log(model.emission), np.log1p(-model.emission)
    log_emission: np.ndarray = np.einsum("pm,km->pk", present, yes - no) + no.sum(axis=1)
    return log_emission


def _joint(
    label: np.ndarray, before: np.ndarray, after: np.ndarray, times: np.ndarray, n: int
) -> np.ndarray:
    """How often set a is followed by set b: float64 (n, n)."""
    return np.bincount(label[before] * n + label[after], times, n * n).reshape(n, n)


def _mutual_information(joint: np.ndarray) -> float:
    share = joint / joint.sum()
    alone = share.sum(axis=1, keepdims=True) * share.sum(axis=0)
    seen = share > 0
    return float((share[seen] * np.log(share[seen] / alone[seen])).sum())


def _shares(counts: np.ndarray) -> np.ndarray:
    """Rows divided by their sums; an empty one becomes uniform."""
    total = counts.sum(axis=1, keepdims=True)
    uniform = np.full(counts.shape, 1 / counts.shape[1])
    shares: np.ndarray = np.divide(counts, total, out=uniform, where=total > 0)
    return shares


def _smooth(probability: np.ndarray, n_outcomes: int) -> np.ndarray:
    return (1 - _SMOOTHING) * probability + _SMOOTHING / n_outcomes


@njit(cache=True, nogil=True)
def _add_rows(weights, codes, posterior):  # type: ignore[no-untyped-def]
    for t in range(len(codes)):
        for k in range(weights.shape[1]):
            weights[codes[t], k] += posterior[t, k]


@njit(cache=True, nogil=True)
def _window_means(values, starts, first, n, merged):  # type: ignore[no-untyped-def]
    """Mean over bins start + first to start + first + n - 1: float64 (windows, columns).

    values : (places, columns), each place `merged` bins wide
    """
    means = np.zeros((len(starts), values.shape[1]))
    for i in range(len(starts)):
        for b in range(starts[i] + first, starts[i] + first + n):
            for c in range(values.shape[1]):
                means[i, c] += values[b // merged, c]
        means[i] /= n
    return means


class ChromHmmModel(ChromosomeModel):
    """`chromhmm` as a model of the registry."""

    name = "chromhmm"

    @property
    def parameters(self) -> Mapping[str, Any]:
        return {
            "states": N_STATES,
            "bin_bp": BIN,
            "presence_p_value": TAIL,
            "smoothing_of_start": _SMOOTHING,
            "most_rounds": _MOST_ROUNDS,
            "least_gain": _LEAST_GAIN,
        }

    def fit_arrays(self, training: TrainingGenome, seed: int, threads: int) -> Arrays:
        return fit_chromhmm(training, seed, threads)

    def check(self, arrays: Arrays, size: Size) -> None:
        check_chromhmm(arrays, size.n_marks, size.window_bins, size.n_classes)

    def score(
        self,
        arrays: Arrays,
        signal: ChromosomeSignal,
        starts: np.ndarray,
        window_bins: int,
        threads: int,
    ) -> np.ndarray:
        return score_chromhmm(arrays, signal, starts, window_bins)
