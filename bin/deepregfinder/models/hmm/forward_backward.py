"""Hidden Markov models: the forward-backward algorithm on long chromosomes, and Baum-Welch.

Rabiner, "A tutorial on hidden Markov models and selected applications in speech recognition",
Proceedings of the IEEE 1989, 77:257-286: forward-backward with scaling (Section V.A), Baum-Welch
re-estimation (Section III.C, several sequences: Section V.B).

Emissions are given as a table with a row for each DISTINCT observation and, for each place of a
chromosome, the number of its row: a few thousand rows serve millions of binary observations. A
chromosome is walked through in blocks. Of the forward pass only the beginning of each block is
kept, and a block is computed again when the backward pass comes to it: memory does not grow with
the length. All sums have a fixed order, so that results do not depend on the number of threads.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit

BLOCK = 8192

# The likelihood of a state in a bin is at least exp(-this) of that of the best state: no row of
# emissions can then make all paths impossible within the range of float64.
_FLOOR = 300.0
_CENTRE = 1000


class Emissions(NamedTuple):
    """How probable the observations of a stretch are in each state.

    table : float64 (rows, states), in each row relative to its highest
    shift : float64 (rows,), log of that highest
    rows : int (places,), the row of each place
    """

    table: np.ndarray
    shift: np.ndarray
    rows: np.ndarray


EmissionsOf = Callable[[slice], Emissions]
"""Gives the emissions of a stretch of places."""

Keep = Callable[[slice, np.ndarray], None]
"""Is given a stretch of places and the posteriors there: float64 (places, states)."""


@dataclass(frozen=True)
class Chain:
    """start : float64 (states,); transition : float64 (states, states), rows sum to 1."""

    start: np.ndarray
    transition: np.ndarray


@dataclass(frozen=True)
class Expectation:
    """Expected transitions of one sequence, given the model.

    log_likelihood : of the sequence (natural logarithm)
    first : float64 (states,), posterior of the first place
    transitions : float64 (states, states), expected numbers
    """

    log_likelihood: float
    first: np.ndarray
    transitions: np.ndarray


def relative_emissions(log_probability: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Table and shift of `Emissions` from log probabilities (rows, states)."""
    shift = log_probability.max(axis=1)
    return np.exp(np.maximum(log_probability - shift[:, None], -_FLOOR)), shift


def forward_backward(
    chain: Chain,
    length: int,
    emissions: EmissionsOf,
    keep: Keep,
) -> Expectation:
    """Posteriors of the states at each place of a sequence.

    emissions : asked twice for each stretch
    keep : is given the last stretch first
    """
    n_states = len(chain.start)
    parts = [slice(first, min(first + BLOCK, length)) for first in range(0, length, BLOCK)]
    forward = np.empty((min(BLOCK, length), n_states))
    entries = np.empty((len(parts) + 1, n_states))
    entries[0] = chain.start
    log_likelihood = 0.0
    for number, part in enumerate(parts):
        log_likelihood += _forward(
            *emissions(part), chain.transition, entries[number], forward, entries[number + 1]
        )
    transposed = np.ascontiguousarray(chain.transition.T)
    products = np.zeros((n_states, n_states))
    ahead = np.zeros(n_states)
    posterior = np.empty_like(forward)
    for number in range(len(parts) - 1, -1, -1):
        table, shift, rows = emissions(parts[number])
        _forward(
            table, shift, rows, chain.transition, entries[number], forward, entries[number + 1]
        )
        is_last = number == len(parts) - 1
        _backward(table, rows, transposed, forward, ahead, is_last, posterior, products)
        keep(parts[number], posterior[: len(rows)])
    return Expectation(log_likelihood, posterior[0].copy(), products * chain.transition)


def updated_chain(chain: Chain, expectations: Iterable[Expectation]) -> Chain:
    """The chain that Baum-Welch puts in place of the present one.

    A state that is never left keeps its transitions.
    """
    of_sequences = list(expectations)
    first = np.sum([one.first for one in of_sequences], axis=0)
    transitions = np.sum([one.transitions for one in of_sequences], axis=0)
    left = transitions.sum(axis=1, keepdims=True)
    rows = np.divide(transitions, left, out=chain.transition.copy(), where=left > 0)
    return Chain(first / first.sum(), rows)


def check_chain(start: np.ndarray, transition: np.ndarray) -> None:
    """Raise ValueError unless both hold probabilities that sum to 1."""
    for name, array in (("start", start), ("transition", transition)):
        if (array < 0).any() or (np.abs(array.sum(axis=-1) - 1) > 1e-6).any():
            raise ValueError(f"probabilities in {name} do not sum to 1")


def check_arrays(arrays: Mapping[str, np.ndarray], expected: Mapping[str, tuple[int, ...]]) -> None:
    """Raise ValueError unless the arrays are exactly these, float64, of these shapes and finite."""
    if surplus := sorted(set(arrays) - set(expected)):
        raise ValueError(f"there is an array of something else: {surplus[0]!r}")
    for name, shape in expected.items():
        array = arrays.get(name)
        if array is None:
            raise ValueError(f"the array {name} is missing")
        if array.dtype != np.float64 or array.shape != shape:
            raise ValueError(
                f"the array {name} is {array.dtype} of shape {array.shape}, not float64 of shape "
                f"{shape}"
            )
        if not np.isfinite(array).all():
            raise ValueError(f"the array {name} holds values that are not numbers")


def central_bins(window_bins: int, bin_size: int) -> tuple[int, int]:
    """First bin and number of bins of the central 1 kb of a window, of all of a smaller one."""
    n = min(max(_CENTRE // bin_size, 1), window_bins)
    return (window_bins - n) // 2, n


@njit(cache=True, nogil=True)
def _forward(table, shift, rows, transition, entry, forward, following):  # type: ignore[no-untyped-def]
    """Fill forward (places, states), each place summing to 1; returns the log-likelihood.

    entry, following : probabilities of the states before the first place and after the last one is
        seen: of this place, and of the next
    """
    n_states = len(entry)
    following[:] = entry
    log_likelihood = 0.0
    for t in range(len(rows)):
        row = rows[t]
        total = 0.0
        for j in range(n_states):
            forward[t, j] = following[j] * table[row, j]
            total += forward[t, j]
        log_likelihood += math.log(total) + shift[row]
        scale = 1.0 / total
        for j in range(n_states):
            forward[t, j] *= scale
            following[j] = 0.0
        for i in range(n_states):
            weight = forward[t, i]
            for j in range(n_states):
                following[j] += weight * transition[i, j]
    return log_likelihood


@njit(cache=True, nogil=True)
def _backward(table, rows, transposed, forward, ahead, is_last, posterior, products):  # type: ignore[no-untyped-def]
    """Fill posterior (places, states); add to products what transitions are expected, over theirs.

    ahead : emission times backward probability of the place after the block; afterwards of the
        block's first place. Backward probabilities are relative to their highest.
    """
    n_states = len(ahead)
    backward = np.ones(n_states)
    for t in range(len(rows) - 1, -1, -1):
        total = 1.0
        if not (is_last and t == len(rows) - 1):
            backward[:] = 0.0
            for j in range(n_states):
                weight = ahead[j]
                for i in range(n_states):
                    backward[i] += weight * transposed[j, i]
            total = 0.0
            for i in range(n_states):
                total += forward[t, i] * backward[i]
            if total == 0.0:
                # A future that is impossible except for rounding carries no information.
                backward[:] = 1.0
                total = 1.0
            else:
                scale = 1.0 / total
                for i in range(n_states):
                    weight = forward[t, i] * scale
                    for j in range(n_states):
                        products[i, j] += weight * ahead[j]
        row = rows[t]
        highest = backward.max()
        for i in range(n_states):
            posterior[t, i] = forward[t, i] * backward[i] / total
            ahead[i] = table[row, i] * backward[i] / highest
