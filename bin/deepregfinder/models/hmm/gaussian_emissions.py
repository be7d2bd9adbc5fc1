"""Emissions of a hidden Markov model whose marks are independent and normal in each state.

On the logarithm of reads this is a log-normal. States may share a row of mean and sd.
"""

import numpy as np
from numba import njit

from deepregfinder.models.hmm.forward_backward import Emissions, EmissionsOf, Keep


def log_normal(
    values: np.ndarray, mean: np.ndarray, sd: np.ndarray, rows: np.ndarray
) -> EmissionsOf:
    """The function that gives the emissions of a stretch of bins.

    values : float32 (bins, marks); rows : row of mean and sd for each state
    """
    precision = 1 / sd
    constant = -(np.log(sd) + 0.5 * np.log(2 * np.pi)).sum(axis=1)

    def emissions(part: slice) -> Emissions:
        n = part.stop - part.start
        table, shift = np.empty((n, len(rows))), np.empty(n)
        _densities(values[part], mean, precision, constant, rows, table, shift)
        return Emissions(table, shift, np.arange(n))

    return emissions


class Moments:
    """Weight, sum and sum of squares of each emission row's values, about its present mean."""

    def __init__(self, mean: np.ndarray) -> None:
        self._about = mean
        self._weight = np.zeros(len(mean))
        self._sum = np.zeros_like(mean)
        self._squares = np.zeros_like(mean)

    def collector(self, values: np.ndarray, rows: np.ndarray) -> Keep:
        """The function to pass to `forward_backward` as `keep`."""

        def keep(part: slice, posterior: np.ndarray) -> None:
            _add_moments(
                values[part], posterior, rows, self._about, self._weight, self._sum, self._squares
            )

        return keep

    def add(self, other: "Moments") -> None:
        self._weight += other._weight
        self._sum += other._sum
        self._squares += other._squares

    def estimate(
        self, mean: np.ndarray, sd: np.ndarray, least: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Means and standard deviations; a row without weight keeps its present ones."""
        weight = self._weight[:, None]
        seen = weight > 1e-9
        move = np.divide(self._sum, weight, out=np.zeros_like(mean), where=seen)
        square = np.divide(self._squares, weight, out=sd**2, where=seen)
        variance = np.maximum(square - move**2, 0)
        return mean + move, np.maximum(np.sqrt(variance), least)


@njit(cache=True, nogil=True)
def _densities(values, mean, precision, constant, rows, table, shift):  # type: ignore[no-untyped-def]
    """Fill a table of relative densities of states, and the log of the highest of each bin."""
    density = np.empty(len(constant))
    for t in range(len(values)):
        for s in range(len(constant)):
            total = 0.0
            for m in range(values.shape[1]):
                z = (values[t, m] - mean[s, m]) * precision[s, m]
                total += z * z
            density[s] = constant[s] - 0.5 * total
        highest = density.max()
        shift[t] = highest
        for s in range(len(constant)):
            density[s] = np.exp(max(density[s] - highest, -300.0))
        for k in range(len(rows)):
            table[t, k] = density[rows[k]]


@njit(cache=True, nogil=True)
def _add_moments(values, posterior, rows, about, weight, sums, squares):  # type: ignore[no-untyped-def]
    for t in range(len(values)):
        for k in range(len(rows)):
            s = rows[k]
            weight[s] += posterior[t, k]
            for m in range(values.shape[1]):
                difference = values[t, m] - about[s, m]
                sums[s, m] += posterior[t, k] * difference
                squares[s, m] += posterior[t, k] * difference * difference
