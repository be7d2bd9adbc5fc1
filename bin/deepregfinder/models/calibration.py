"""Calibration of probabilities: averaging of members, temperature scaling, prior shift.

Guo, Pleiss, Sun, Weinberger: On calibration of modern neural networks, ICML 2017, section 4.2. One
temperature T for all classes: p is replaced by p^(1/T), renormalised, which for the softmax of
logits z is the softmax of z / T. The order of the classes of a window never changes.

For other class frequencies than those of the calibration, p is multiplied by a factor for each
class, renormalised (Saerens, Latinne, Decaestecker: Neural Computation 14:21-41, 2002, equation
2.4). The factors are fitted, as the bias of Alexandari, Kundaje, Shrikumar: ICML 2020, section 3.
"""

from collections.abc import Sequence

import numpy as np

from deepregfinder.errors import InputError


def mean_average_precision(y: np.ndarray, probabilities: np.ndarray) -> float:
    """Mean, over all classes but the first (background), of scikit-learn's average precision.

    y : (n,) class indices; probabilities : (n, classes)
    """
    from sklearn.metrics import average_precision_score

    n_classes = probabilities.shape[1]
    return float(
        np.mean([average_precision_score(y == k, probabilities[:, k]) for k in range(1, n_classes)])
    )


_SMALLEST = 1e-30
# Validation windows without any error would sharpen everything to 0 and 1, and calls could no
# longer be ranked: hence the lower limit.
_TEMPERATURES = (0.25, 20.0)
# The shares of a class in two sets of windows differ by no more than this factor.
_LARGEST_BIAS = np.log(1e6)


def temper(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """p^(1/T), renormalised over the last axis (classes). Same shape; float64."""
    p = np.asarray(probabilities, dtype=np.float64)
    # The largest becomes 1 first: no power of it can vanish.
    p = p / p.max(axis=-1, keepdims=True)
    if temperature != 1:
        p **= 1 / temperature
    renormalised: np.ndarray = p / p.sum(axis=-1, keepdims=True)
    return renormalised


def shift_priors(probabilities: np.ndarray, bias: Sequence[float]) -> np.ndarray:
    """p exp(bias), renormalised over the last axis (classes). Same shape; float64."""
    p = np.asarray(probabilities, dtype=np.float64)
    if not any(bias):
        return p
    p = p * np.exp(bias)
    renormalised: np.ndarray = p / p.sum(axis=-1, keepdims=True)
    return renormalised


def combine_members(members: np.ndarray, temperature: float) -> np.ndarray:
    """Calibrated probabilities of a bundle: members (members, n, classes) -> float64 (n, classes).

    The members' probabilities are averaged first, then tempered, as when the temperature was
    fitted.
    """
    return temper(np.asarray(members, dtype=np.float64).mean(axis=0), temperature)


def negative_log_likelihood(probabilities: np.ndarray, y: np.ndarray) -> float:
    """Mean of -ln p(true class); probabilities (n, classes), y (n,) class indices."""
    true = np.asarray(probabilities, dtype=np.float64)[np.arange(len(y)), y]
    return float(-np.log(np.maximum(true, _SMALLEST)).mean())


def fit_temperature(probabilities: np.ndarray, y: np.ndarray) -> float:
    """The temperature, between 1/4 and 20, with the lowest negative log-likelihood.

    probabilities : (n, classes), before calibration, of windows that no member was trained on
    y : (n,) true class indices

    Raises InputError where there is no window.
    """
    from scipy.optimize import minimize_scalar  # slow to load, and only fits need it

    _require_windows(y)
    log_p = np.log(np.maximum(np.asarray(probabilities, dtype=np.float64), _SMALLEST))
    true = log_p[np.arange(len(y)), y]
    top = log_p.max(axis=1)

    # Convex in b = 1/T: a log-sum-exp of linear functions less a linear one; searched over ln b.
    def loss(log_b: float) -> float:
        b = np.exp(log_b)
        normaliser = np.log(np.exp(b * (log_p - top[:, None])).sum(axis=1)) + b * top
        return float((normaliser - b * true).mean())

    low, high = -np.log(_TEMPERATURES[::-1])
    minimum = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-6})
    return float(np.exp(-minimum.x))


def _require_windows(y: np.ndarray) -> None:
    if not len(y):
        raise InputError(
            "There is no validation window to calibrate probabilities with: choose other "
            "chromosomes with --validation_chroms."
        )


def fit_bias(probabilities: np.ndarray, y: np.ndarray) -> tuple[float, ...]:
    """The bias for `shift_priors`, 0 for background, with the lowest negative log-likelihood.

    probabilities : (n, classes), of windows that no member was trained on; y : (n,) class indices

    Raises InputError where there is no window.
    """
    from scipy.optimize import minimize

    _require_windows(y)
    log_p = np.log(np.maximum(np.asarray(probabilities, dtype=np.float64), _SMALLEST))
    shares = np.bincount(y, minlength=log_p.shape[1]) / len(y)

    # Convex, as above; its gradient is how far the mean probability of a class is from its share.
    def loss(free: np.ndarray) -> tuple[float, np.ndarray]:
        bias = (0.0, *free)
        shifted = shift_priors(np.exp(log_p), bias)
        return negative_log_likelihood(shifted, y), (shifted.mean(axis=0) - shares)[1:]

    bounds = [(-_LARGEST_BIAS, _LARGEST_BIAS)] * (log_p.shape[1] - 1)
    minimum = minimize(loss, np.zeros(len(bounds)), jac=True, bounds=bounds)
    return (0.0, *map(float, minimum.x))
