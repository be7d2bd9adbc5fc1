"""Smooth random fields and exponential tails along a chromosome."""

import numpy as np
from scipy.signal import lfilter

_VALUES_PER_LENGTH = 10


def smooth_field(steps: int, step: int, length: float, rng: np.random.Generator) -> np.ndarray:
    """A Gaussian field of mean 0 and variance 1: float32, shape (steps,).

    The correlation of two places is exp(-distance / length), as in an Ornstein-Uhlenbeck process.
    The field is constant over blocks of at most a tenth of its correlation length.

    step : distance of the values in bp
    length : correlation length in bp
    """
    block = max(1, int(length / _VALUES_PER_LENGTH / step))
    keep = np.exp(-block * step / length)
    values = rng.standard_normal(-(-steps // block), dtype=np.float32)
    values[1:] *= np.float32(np.sqrt(1 - keep**2))
    return np.repeat(_filtered(values, keep), block)[:steps]


def tails(impulses: tuple[np.ndarray, np.ndarray], step: int, length: float) -> np.ndarray:
    """Exponential tails on both sides: sum of value x exp(-distance / length), float32.

    impulses : values whose tail goes to the left and to the right, each of shape (steps,)
    """
    keep = np.exp(-step / length)
    left, right = impulses
    both: np.ndarray = _filtered(left[::-1], keep)[::-1] + _filtered(right, keep)
    return both


def _filtered(values: np.ndarray, keep: float) -> np.ndarray:
    """y[i] = values[i] + keep x y[i - 1]."""
    coefficients = np.ones(1, dtype=np.float32), np.array([1, -keep], dtype=np.float32)
    filtered: np.ndarray = lfilter(*coefficients, values.astype(np.float32, copy=False))
    return filtered
