"""eHMM: enhancers and promoters as a nucleosome, accessible DNA and a nucleosome, in this order.

Method: Zehnder, Benner and Vingron, "Predicting enhancers in mammalian genomes using supervised
hidden Markov models", BMC Bioinformatics 2019, 20:157. Written from the description of the method,
not from its program. What is decided here, without a claim that the original does the same, is
marked by (*).

Signal: bins as they are; x_m = log(RPM + 1) of mark m (*).
Emission: log-normal. In state s the marks are independent and x_m is normal,
    log b_s(x) = sum_m -(x_m - mean_sm)^2 / (2 sd_sm^2) - log(sd_sm sqrt(2 pi)).
    sd_sm is at least the standard deviation of mark m over the whole background (*): bins without
    a read are all alike, and would otherwise be a state of their own.
Foreground: for each class but background the chain N1 -> A -> N2, where each state may last.
    Elements have no direction: the mirrored chain N2 -> A -> N1, with the same emissions and
    durations, begins as often. It is learnt from the 1.5 kb (*) of each training window around its
    peak of accessibility: the highest mean of three bins of the accessibility track, as far from
    the ends of the window as the 1.5 kb need. At first A is that peak, N1 the flank with more
    signal of all marks together, N2 the other one (*). 20 rounds of Baum-Welch, in which every
    stretch has to begin in the first and to end in the last state of either chain, refine them.
Background: 8 states (*), from any of which any other may follow, learnt without labels: Baum-Welch
    of 30 rounds, from seeded k-means, on evenly spaced stretches of the training chromosomes, out
    of which the training windows of elements are cut.
Together: in each background bin an element of a class begins with a probability that is its
    prevalence: its training windows over the bins of the training chromosomes. From the last state
    of an element the chain returns to the background states in their average proportions.
Score: forward-backward decodes the whole chromosome. The probability of a class for a window is the
    posterior of its foreground at that bin of the central 1 kb where that of all foregrounds
    together is highest; the rest is the posterior of the background there.

Arrays of a model of B background states and E element classes (all float64)
----------------------------------------------------------------------------
mean, sd : (B + 3 E, marks), of the background states, then of N1, A and N2 of each class
start : (B + 6 E,); transition : (B + 6 E, B + 6 E); states are those of the background, then for
    each class N1, A, N2 and, mirrored, N2, A, N1
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
from numba import njit
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from deepregfinder.errors import InputError
from deepregfinder.models.calibration import combine_members, fit_bias
from deepregfinder.models.catalogue import accessibility_row
from deepregfinder.models.chromosome_model import ChromosomeModel
from deepregfinder.models.hmm.forward_backward import (
    Chain,
    Emissions,
    EmissionsOf,
    Expectation,
    central_bins,
    check_arrays,
    check_chain,
    forward_backward,
    updated_chain,
)
from deepregfinder.models.hmm.gaussian_emissions import Moments, log_normal
from deepregfinder.models.protocol import (
    Arrays,
    ChromosomeSignal,
    Fitted,
    Size,
    TrainedMember,
    TrainingGenome,
)

N_BACKGROUND = 8
BACKGROUND_ROUNDS = 30
FOREGROUND_ROUNDS = 20

_CORE = 1500
_PEAK = 3
_STRETCH = 2000
_MOST_STRETCHES = 200
_K_MEANS_ROUNDS = 10
_K_MEANS_POINTS = 20_000
_LARGEST = 1e3

# Emission row of each of the six foreground states of a class: N1, A, N2, then mirrored.
_TIED = np.array([0, 1, 2, 2, 1, 0])
_FIRST, _LAST = (0, 3), (2, 5)


def fit_ehmm(training: TrainingGenome, seed: int, threads: int) -> dict[str, np.ndarray]:
    """Learn foregrounds from training windows, the background from training chromosomes.

    Returns the arrays listed in the docstring of the module. Raises InputError if the marks have no
    accessibility track, or windows have fewer than three bins.
    """
    tensors = training.tensors
    row = accessibility_row(tensors.marks)
    if row is None:
        raise InputError("ehmm needs an accessibility track: a mark named DNase or ATAC.")
    if tensors.window_bins < 3:
        raise InputError(
            f"ehmm needs windows of three bins or more, there are {tensors.window_bins}: choose a "
            "smaller --bin_size or more --window_bins."
        )
    elements = tensors.select("train")
    elements = elements[tensors.y[elements] > 0]
    stretches, n_bins = [], 0
    for chrom in training.chroms("train"):
        values = log_signal(training.load(chrom))
        n_bins += len(values)
        here = elements[tensors.chrom[elements] == tensors.chroms.index(chrom)]
        taken = np.zeros(len(values), bool)
        for start in tensors.start[here] // tensors.bin_size:
            taken[start : start + tensors.window_bins] = True
        stretches += [
            (values[first : first + _STRETCH], taken[first : first + _STRETCH])
            for first in range(0, len(values), _STRETCH)
        ]
    chosen = np.unique(np.linspace(0, len(stretches) - 1, _MOST_STRETCHES).astype(int))
    sequences = [stretches[index][0][~stretches[index][1]] for index in chosen]
    sequences = [one for one in sequences if len(one)]
    least = least_sd(sequences)
    chain, mean, sd = learn_background(sequences, N_BACKGROUND, least, seed, threads)

    means, sds, stays, rates = [mean], [sd], [], []
    for label in range(1, len(tensors.classes)):
        x = np.log1p(tensors.x[elements[tensors.y[elements] == label]]).transpose(0, 2, 1)
        cores = aligned_cores(x, row, core_bins(tensors.window_bins, tensors.bin_size))
        mean, sd, stay = learn_foreground(cores, least)
        means.append(mean)
        sds.append(sd)
        stays.append(stay)
        rates.append(len(x) / n_bins)
    whole = compose(chain, stays, rates)
    return {
        "mean": np.concatenate(means),
        "sd": np.concatenate(sds),
        "start": whole.start,
        "transition": whole.transition,
    }


def score_ehmm(
    arrays: Mapping[str, np.ndarray], signal: ChromosomeSignal, starts: np.ndarray, window_bins: int
) -> np.ndarray:
    """Probabilities of windows that begin at the given bins: float32 (n, classes).

    arrays : of `fit_ehmm`, or accepted by `check_ehmm`
    """
    mean, sd = arrays["mean"], arrays["sd"]
    n_states = len(arrays["start"])
    # Each class adds six states and three rows of emissions.
    n_elements = (n_states - len(mean)) // 3
    n_background = n_states - 6 * n_elements
    rows = emission_rows(n_background, n_elements)
    values = log_signal(signal)
    probabilities = np.empty((len(values), 1 + n_elements), np.float32)

    def keep(part: slice, posterior: np.ndarray) -> None:
        probabilities[part, 0] = posterior[:, :n_background].sum(axis=1)
        probabilities[part, 1:] = (
            posterior[:, n_background:].reshape(len(posterior), -1, 6).sum(axis=2)
        )

    chain = Chain(arrays["start"], arrays["transition"])
    forward_backward(chain, len(values), log_normal(values, mean, sd, rows), keep)
    best: np.ndarray = probabilities[
        _best_bins(probabilities, starts, *central_bins(window_bins, signal.bin_size))
    ]
    return best


def check_ehmm(
    arrays: Mapping[str, np.ndarray], n_marks: int, window_bins: int, n_classes: int
) -> None:
    """Raise ValueError, with a sentence that says why, unless the arrays are such a model."""
    n_elements = n_classes - 1
    n_states = np.size(arrays.get("start", ()))
    if n_states <= 6 * n_elements:
        raise ValueError("the array start is missing or too short")
    n_rows = n_states - 3 * n_elements
    check_arrays(
        arrays,
        {
            "mean": (n_rows, n_marks),
            "sd": (n_rows, n_marks),
            "start": (n_states,),
            "transition": (n_states, n_states),
        },
    )
    check_chain(arrays["start"], arrays["transition"])
    if (np.abs(arrays["mean"]) > _LARGEST).any():
        raise ValueError("a value of mean is out of range")
    if ((arrays["sd"] < 1 / _LARGEST) | (arrays["sd"] > _LARGEST)).any():
        raise ValueError("a value of sd is out of range")


def log_signal(signal: ChromosomeSignal) -> np.ndarray:
    """log(RPM + 1): float32 (bins, marks)."""
    return np.ascontiguousarray(np.log1p(signal.rpm).T)


def core_bins(window_bins: int, bin_size: int) -> int:
    """Odd number of bins, at least three, around the peak that an element is learnt from."""
    n = min(max(_CORE // bin_size, 3), window_bins)
    return n - 1 + n % 2


def aligned_cores(x: np.ndarray, accessibility: int, width: int) -> np.ndarray:
    """Cut windows around their peak of accessibility, the flank with more signal first.

    x : (windows, bins, marks); returns (windows, width, marks)
    """
    half = width // 2
    track = x[:, :, accessibility]
    padded = np.pad(track, ((0, 0), (_PEAK // 2, _PEAK // 2)), mode="edge")
    smooth = np.lib.stride_tricks.sliding_window_view(padded, _PEAK, axis=1).mean(axis=2)
    middle = half + smooth[:, half : x.shape[1] - half].argmax(axis=1)
    places = middle[:, None] + np.arange(-half, half + 1)
    cores: np.ndarray = x[np.arange(len(x))[:, None], places]
    flank = max(half - _PEAK // 2, 1)
    turned = cores[:, :flank].sum(axis=(1, 2)) < cores[:, -flank:].sum(axis=(1, 2))
    cores[turned] = cores[turned][:, ::-1]
    return cores


def learn_foreground(
    cores: np.ndarray, least: np.ndarray, rounds: int = FOREGROUND_ROUNDS
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Constrained Baum-Welch of N1 -> A -> N2 and its mirror image.

    cores : (elements, bins, marks); least : (marks,), lowest standard deviation

    Returns mean and sd, float64 (3, marks), and the probabilities to stay in N1, A and N2.
    """
    n, width, n_marks = cores.shape
    half = width // 2
    flank = max(half - _PEAK // 2, 1)
    parts = (cores[:, :flank], cores[:, flank : width - flank], cores[:, width - flank :])
    mean = np.stack([part.mean(axis=(0, 1), dtype=np.float64) for part in parts])
    sd = np.stack([part.std(axis=(0, 1), dtype=np.float64) for part in parts])
    sd = np.maximum(sd, least)
    stay = np.array([1 - 1 / part.shape[1] for part in parts])
    values = np.ascontiguousarray(cores.reshape(n * width, n_marks))
    place = np.arange(len(values)) % width
    opens, ends = place == 0, place == width - 1
    for _ in range(rounds):
        statistics = Moments(mean)
        expectations = forward_backward(
            foreground_chain(stay),
            len(values),
            _bounded(log_normal(values, mean, sd, _TIED), opens, ends),
            statistics.collector(values, _TIED),
        )
        mean, sd = statistics.estimate(mean, sd, least)
        stay = _durations(expectations.transitions)
    return mean, sd, stay


def foreground_chain(stay: np.ndarray) -> Chain:
    """Elements one behind the other: each begins in N1 or, mirrored, in N2, equally often.

    stay : of N1, A and N2
    """
    lasting = stay[_TIED]
    transition = np.diag(lasting)
    for first, last in zip(_FIRST, _LAST, strict=True):
        for state in (first, first + 1):
            transition[state, state + 1] = 1 - lasting[state]
        transition[last, _FIRST] = (1 - lasting[last]) / 2
    start = np.zeros(len(_TIED))
    start[list(_FIRST)] = 0.5
    return Chain(start, transition)


def least_sd(sequences: Sequence[np.ndarray]) -> np.ndarray:
    """Standard deviation of each mark over all bins (bins, marks), never 0: float64 (marks,)."""
    sd: np.ndarray = np.maximum(
        np.concatenate(sequences).std(axis=0, dtype=np.float64), 1 / _LARGEST
    )
    return sd


def learn_background(
    sequences: Sequence[np.ndarray],
    n_states: int,
    least: np.ndarray,
    seed: int,
    threads: int,
    rounds: int = BACKGROUND_ROUNDS,
) -> tuple[Chain, np.ndarray, np.ndarray]:
    """Baum-Welch with all transitions allowed, from seeded k-means.

    sequences : float32 (bins, marks)
    least : (marks,), lowest standard deviation

    Returns the chain, mean and sd, float64 (states, marks).
    """
    mean = _k_means(np.concatenate(sequences), least, n_states, seed)
    sd = np.tile(least, (len(mean), 1))
    n = len(mean)
    chain = Chain(np.full(n, 1 / n), np.full((n, n), 0.1 / n) + 0.9 * np.eye(n))
    for _ in range(rounds):
        chain, mean, sd, _ = background_round(chain, mean, sd, least, sequences, threads)
    return chain, mean, sd


def background_round(
    chain: Chain,
    mean: np.ndarray,
    sd: np.ndarray,
    least: np.ndarray,
    sequences: Sequence[np.ndarray],
    threads: int,
) -> tuple[Chain, np.ndarray, np.ndarray, float]:
    """One round of Baum-Welch: chain, mean, sd, and the log-likelihood before the round."""
    rows = np.arange(len(mean))

    def expect(values: np.ndarray) -> tuple[Expectation, Moments]:
        statistics = Moments(mean)
        emissions = log_normal(values, mean, sd, rows)
        keep = statistics.collector(values, rows)
        return forward_backward(chain, len(values), emissions, keep), statistics

    with ThreadPoolExecutor(threads) as pool:
        results = list(pool.map(expect, sequences))
    total = Moments(mean)
    for _, statistics in results:
        total.add(statistics)
    expectations = [one for one, _ in results]
    reached = sum(one.log_likelihood for one in expectations)
    return updated_chain(chain, expectations), *total.estimate(mean, sd, least), reached


def compose(background: Chain, stays: Sequence[np.ndarray], rates: Sequence[float]) -> Chain:
    """The whole chain: background, and the foreground of each class.

    stays : for each class those of N1, A and N2; rates : of its beginning in a background bin
    """
    n = len(background.start)
    average = _stationary(background.transition)
    transition = np.zeros((n + 6 * len(stays),) * 2)
    transition[:n, :n] = background.transition * (1 - sum(rates))
    for index, (stay, rate) in enumerate(zip(stays, rates, strict=True)):
        own = n + 6 * index + np.arange(6)
        chain = foreground_chain(stay)
        leaves = chain.transition[_LAST, :][:, _FIRST].sum(axis=1)
        block = chain.transition.copy()
        block[np.ix_(_LAST, _FIRST)] = 0
        transition[np.ix_(own, own)] = block
        transition[:n, own] = rate * chain.start
        transition[own[list(_LAST)], :n] = leaves[:, None] * average
    return Chain(np.concatenate([average, np.zeros(6 * len(stays))]), transition)


def emission_rows(n_background: int, n_elements: int) -> np.ndarray:
    """Row of mean and sd for each state of the whole chain: int64 (states,)."""
    tied = [n_background + 3 * index + _TIED for index in range(n_elements)]
    return np.concatenate([np.arange(n_background), *tied])


def _durations(transitions: np.ndarray) -> np.ndarray:
    """Probabilities to stay in N1, A and N2, of expected transitions of both chains (6, 6)."""
    stays = np.bincount(_TIED, np.diag(transitions))
    return stays / np.maximum(np.bincount(_TIED, transitions.sum(axis=1)), 1e-9)


def _stationary(transition: np.ndarray) -> np.ndarray:
    """The probabilities that a chain keeps from one place to the next."""
    n = len(transition)
    equations = np.vstack([transition.T - np.eye(n), np.ones(n)])
    solution = np.linalg.lstsq(equations, np.append(np.zeros(n), 1), rcond=None)[0]
    solution = np.maximum(solution, 0)
    probabilities: np.ndarray = solution / solution.sum()
    return probabilities


def _k_means(values: np.ndarray, unit: np.ndarray, n_states: int, seed: int) -> np.ndarray:
    """Means of clusters, float64 (states, marks); distances count marks in the given units.

    Fewer than `n_states` where there are fewer different bins.
    """
    points = values[:: max(len(values) // _K_MEANS_POINTS, 1)].astype(np.float64) / unit
    n = min(n_states, len(np.unique(points, axis=0)))
    with threadpool_limits(1):  # sums that are split over threads are rounded otherwise
        clusters = KMeans(n, n_init=1, max_iter=_K_MEANS_ROUNDS, random_state=seed).fit(points)
    means: np.ndarray = clusters.cluster_centers_ * unit
    return means


def _bounded(emissions: EmissionsOf, opens: np.ndarray, ends: np.ndarray) -> EmissionsOf:
    """Allow only the first states of a chain where an element starts, the last where it ends."""
    states = np.arange(len(_TIED))

    def bounded(part: slice) -> Emissions:
        emission = emissions(part)
        for which, allowed in ((opens, _FIRST), (ends, _LAST)):
            emission.table[np.ix_(which[part], np.setdiff1d(states, allowed))] = 0
        return emission

    return bounded


@njit(cache=True, nogil=True)
def _best_bins(probabilities, starts, first, n):  # type: ignore[no-untyped-def]
    """Of each window the first bin with the highest odds of columns 1 and on against column 0.

    Returns int64 (windows,). Odds separate bins where either side is 1 but for rounding.
    """
    best = np.empty(len(starts), np.int64)
    for i in range(len(starts)):
        highest = -1.0
        for b in range(starts[i] + first, starts[i] + first + n):
            foreground = 0.0
            for c in range(1, probabilities.shape[1]):
                foreground += probabilities[b, c]
            odds = foreground / max(np.float64(probabilities[b, 0]), 1e-300)
            if odds > highest:
                highest = odds
                best[i] = b
    return best


class EhmmModel(ChromosomeModel):
    """`ehmm` as a model of the registry."""

    name = "ehmm"

    @property
    def parameters(self) -> Mapping[str, Any]:
        return {
            "background_states": N_BACKGROUND,
            "background_rounds": BACKGROUND_ROUNDS,
            "foreground_rounds": FOREGROUND_ROUNDS,
            "core_bp": _CORE,
            "peak_bins": _PEAK,
            "stretch_bins": _STRETCH,
            "most_stretches": _MOST_STRETCHES,
            "k_means_rounds": _K_MEANS_ROUNDS,
            "k_means_bins": _K_MEANS_POINTS,
            "labelled_bias_fitted_on": "labelled validation windows",
        }

    def fit_arrays(self, training: TrainingGenome, seed: int, threads: int) -> Arrays:
        return fit_ehmm(training, seed, threads)

    def check(self, arrays: Arrays, size: Size) -> None:
        check_ehmm(arrays, size.n_marks, size.window_bins, size.n_classes)

    def score(
        self,
        arrays: Arrays,
        signal: ChromosomeSignal,
        starts: np.ndarray,
        window_bins: int,
        threads: int,
    ) -> np.ndarray:
        return score_ehmm(arrays, signal, starts, window_bins)

    def calibrate(self, member: TrainedMember, y: np.ndarray) -> Fitted:
        """Fit a bias for labelled windows, since posteriors are those at natural prevalence."""
        fitted = super().calibrate(member, y)
        mean = combine_members(member.validation_probabilities[np.newaxis], fitted.temperature)
        return replace(fitted, labelled_bias=fit_bias(mean, y))
