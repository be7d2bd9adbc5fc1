"""PREPRINT: likelihoods of the reads of a window under the mean profile of each class.

Method: Osmala and Lähdesmäki, "Enhancer prediction in the human genome by probabilistic modelling
of the chromatin feature patterns", BMC Bioinformatics 2020, 21:317. Each mark has a characteristic
profile of coverage at the elements of a class; a statistical model of how elements vary around it
gives probabilistic scores, on which a support vector machine with a Gaussian kernel decides.
Written from the description of the method, not from its program.

The reads k_b of a mark in the B bins of a window are Poisson with means a q_b: q is the profile of
the class (the mean over its training windows, scaled to a mean of 1), a the scale of this window.
With the prior a ~ Gamma(shape s, rate r), the integral over a is closed. With K = sum of k_b and
Q = sum of q_b = B,

    log P(k) = sum_b (k_b log q_b - log k_b!)
               + s log r - log Gamma(s) + log Gamma(s + K) - (s + K) log(r + Q)

since the integrand is q^k / k! times r^s / Gamma(s) times a^(s + K - 1) exp(-a (r + Q)).

Given K the reads are multinomial in q / Q, and K itself is negative binomial with mean s Q / r: the
likelihood of the training windows of a class falls into two factors. The first is greatest for the
mean profile; the second is maximised over s and r, which for r = s Q / (mean of K) is a search over
s alone.

Decided here, without a claim that the original program does the same:

Profiles: half a read is added to the sum of each bin, so that no bin is impossible. They lie as the
    windows do; none is mirrored.
Other samples: with d reads where the training sample had D, scales are d / D times as large, and so
    the rate of the prior is r D / d.
Features: for each mark the log likelihood under the background, and the differences of the other
    classes to it; standardised by the training windows, then asinh: strong windows reach hundreds
    of standard deviations, so far from all others that a Gaussian kernel would not separate them.
Machine: one against one for each pair of classes, classes weighted by the inverse of their share.
    The kernel is exp(-g |x - x'|^2) with g = 1 / (features * variance of all features).
Large sets: beyond LARGEST_EXACT training windows, or where the exact machine keeps more than
    MOST_SUPPORT of them as support vectors (a genome has millions of windows to compare with each),
    the kernel is that of N_LANDMARKS training windows (Nystroem: Williams and Seeger, NIPS 2000),
    and the machine a linear one on it, each class against all others.
Choice of C: by 3-fold cross-validation on the training windows, over COSTS, by the balanced
    cross-entropy. Folds are stretches of the genome, so that windows that overlap share one.
Probabilities: multinomial logistic regression (Platt 1999 for two classes) on the decision values
    of held-out windows in this cross-validation, with classes that weigh the same.

Arrays of a model of M marks, C classes, F = M C features, S support vectors, D decision values
----------------------------------------------------------------------------------------------
profile : float64 (M, C, B), mean 1; shape, rate : float64 (M, C), of the priors of scales
depths : int64 (M,), library sizes of the training sample
centre, spread : float64 (F,), mean and standard deviation of features
support : float32 (S, F); weights : float32 (S, D); intercept : float64 (D,); gamma : float64 (1,)
slope : float64 (C, D), offset : float64 (C,), of the logistic regression
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import gammaln, softmax

from deepregfinder.errors import InputError
from deepregfinder.models.chromosome_model import ChromosomeModel
from deepregfinder.models.protocol import Arrays, ChromosomeSignal, Size, TrainingGenome

LARGEST_EXACT = 20_000
MOST_SUPPORT = 1_500
N_LANDMARKS = 500
COSTS = (0.1, 1.0, 10.0)

_FOLDS = 3
# Windows whose kernel is held at a time: small enough for a core's cache.
_BLOCK = 1024
_SHAPES = (1e-3, 1e4)
_ADDED = 0.5


class Machine(NamedTuple):
    """Decision values are exp(-gamma |x - support|^2) @ weights + intercept: (n, D)."""

    support: np.ndarray
    weights: np.ndarray
    intercept: np.ndarray


def fit_preprint(training: TrainingGenome, seed: int) -> dict[str, np.ndarray]:
    """The arrays above, from the training windows alone, in one thread.

    Raises InputError where a class has too few of them for the cross-validation.
    """
    from threadpoolctl import threadpool_limits

    tensors = training.tensors
    rows = tensors.select("train")
    rows = rows[np.lexsort((tensors.start[rows], tensors.chrom[rows]))]
    depths = training.load(training.chroms("train")[0]).depths
    y = tensors.y[rows].astype(np.int64)
    n_windows = np.bincount(y, minlength=len(tensors.classes))
    if scarce := [c for c, n in zip(tensors.classes, n_windows, strict=True) if n < _FOLDS]:
        raise InputError(
            f"preprint needs {_FOLDS} training windows of each class, {tensors.sample} has fewer "
            f"of {', '.join(scarce)}: train on more chromosomes (--train_chroms), or leave "
            "preprint out of --models."
        )
    with threadpool_limits(1):
        return fit_windows(tensors.x[rows], y, len(tensors.classes), depths, seed)


def fit_windows(
    rpm: np.ndarray, y: np.ndarray, n_classes: int, depths: np.ndarray, seed: int
) -> dict[str, np.ndarray]:
    """The arrays above from windows in the order of the genome.

    rpm : float32 (n, marks, bins); y : int64 (n,), each class at least 3 times
    """
    counts = rpm.transpose(1, 0, 2) * (depths[:, None, None] / 1e6)
    profile = np.stack([mean_profiles(mark, y, n_classes) for mark in counts])
    priors = [
        [fit_scale(mark[y == k].sum(axis=1), mark.shape[1]) for k in range(n_classes)]
        for mark in counts
    ]
    shape, rate = np.moveaxis(np.array(priors), 2, 0)
    arrays = {"profile": profile, "shape": shape, "rate": rate, "depths": depths.astype(np.int64)}
    raw = _raw_features(counts, profile, shape, rate)
    arrays["centre"], arrays["spread"] = raw.mean(axis=0), np.maximum(raw.std(axis=0), 1e-9)
    x = _scaled(arrays, raw)
    gamma = 1 / (x.shape[1] * max(float(x.var()), 1e-9))

    exact = len(x) <= LARGEST_EXACT
    machine, slope, offset = _trained(fit_exact if exact else fit_landmarks, x, y, gamma, seed)
    if exact and len(machine.support) > MOST_SUPPORT:
        machine, slope, offset = _trained(fit_landmarks, x, y, gamma, seed)
    return {
        **arrays,
        **machine._asdict(),
        "gamma": np.array([gamma]),
        "slope": slope,
        "offset": offset,
    }


def mean_profiles(counts: np.ndarray, y: np.ndarray, n_classes: int) -> np.ndarray:
    """Mean profile of each class, scaled to a mean of 1: (classes, bins); counts (n, bins)."""
    sums = np.stack([counts[y == k].sum(axis=0) for k in range(n_classes)]) + _ADDED
    profiles: np.ndarray = sums / sums.mean(axis=1, keepdims=True)
    return profiles


def fit_scale(totals: np.ndarray, n_bins: int) -> tuple[float, float]:
    """Shape and rate of the Gamma prior of the scale, by maximum likelihood.

    totals : (n,), reads of each window, all bins; negative binomial with mean shape * bins / rate
    """
    n, mean = len(totals), max(float(totals.mean()), 0.5 / len(totals))

    def loss(log_shape: float) -> float:
        s = np.exp(log_shape)
        likelihood = (gammaln(s + totals) - gammaln(s)).sum()
        return float(-likelihood - n * s * np.log(s / (s + mean)) + n * mean * np.log(s + mean))

    minimum = minimize_scalar(
        loss, bounds=np.log(_SHAPES), method="bounded", options={"xatol": 1e-6}
    )
    shape = float(np.exp(minimum.x))
    return shape, shape * n_bins / mean


def log_marginal(
    counts: np.ndarray, profile: np.ndarray, shape: np.ndarray, rate: np.ndarray
) -> np.ndarray:
    """log P(k), the formula above: (n, classes).

    counts : (n, bins); profile : (classes, bins); shape, rate : (classes,)
    """
    total = counts.sum(axis=1)[:, None]
    scale = shape * np.log(rate) - gammaln(shape) + gammaln(shape + total)
    scale -= (shape + total) * np.log(rate + profile.sum(axis=1))
    likelihood: np.ndarray = (
        counts @ np.log(profile).T - gammaln(counts + 1).sum(axis=1)[:, None] + scale
    )
    return likelihood


def fit_exact(x: np.ndarray, y: np.ndarray, cost: float, gamma: float, seed: int) -> Machine:
    """A support vector machine for each pair of classes (0, 1), (0, 2), ... (libsvm)."""
    from sklearn.svm import SVC

    svc = SVC(C=cost, gamma=gamma, class_weight="balanced", decision_function_shape="ovo")
    svc.fit(x, y)
    ends = np.cumsum(svc.n_support_)
    vectors = [slice(end - n, end) for end, n in zip(ends, svc.n_support_, strict=True)]
    n_classes = len(vectors)
    pairs = [(i, j) for i in range(n_classes) for j in range(i + 1, n_classes)]
    weights = np.zeros((ends[-1], len(pairs)), np.float32)
    for column, (i, j) in enumerate(pairs):
        # libsvm keeps for a vector its coefficients against the other classes, in their order.
        weights[vectors[i], column] = svc.dual_coef_[j - 1, vectors[i]]
        weights[vectors[j], column] = svc.dual_coef_[i, vectors[j]]
    return Machine(svc.support_vectors_.astype(np.float32), weights, svc.intercept_.astype(float))


def fit_landmarks(x: np.ndarray, y: np.ndarray, cost: float, gamma: float, seed: int) -> Machine:
    """A linear machine on the kernel with random training windows, each class against the rest."""
    from sklearn.kernel_approximation import Nystroem
    from sklearn.svm import LinearSVC

    n = min(N_LANDMARKS, len(x))
    kernel = Nystroem(gamma=gamma, n_components=n, random_state=seed).fit(x)
    svc = LinearSVC(C=cost, class_weight="balanced", dual=False, random_state=seed)
    svc.fit(kernel.transform(x), y)
    weights = kernel.normalization_.T @ svc.coef_.T
    return Machine(
        kernel.components_.astype(np.float32),
        weights.astype(np.float32),
        svc.intercept_.astype(float),
    )


def decision_values(machine: Machine, gamma: float, x: np.ndarray) -> np.ndarray:
    """Decision values (n, D) of features x (n, F)."""
    x = x.astype(np.float32)
    support, g = machine.support, np.float32(gamma)
    kernel = x @ (2 * g * support.T)
    kernel -= g * (support**2).sum(axis=1)
    kernel -= (g * (x**2).sum(axis=1))[:, None]
    np.exp(np.minimum(kernel, 0, out=kernel), out=kernel)
    decision: np.ndarray = kernel @ machine.weights + machine.intercept
    return decision


def check_preprint(
    arrays: Mapping[str, np.ndarray], n_marks: int, window_bins: int, n_classes: int
) -> None:
    """Raise ValueError unless the arrays can be evaluated."""
    support, weights = arrays.get("support"), arrays.get("weights")
    if support is None or support.ndim != 2 or weights is None or weights.ndim != 2:
        raise ValueError("support or weights is missing, or no matrix")
    n_support, n_values = weights.shape
    n_features = n_marks * n_classes
    expected: dict[str, tuple[type, tuple[int, ...]]] = {
        "profile": (np.float64, (n_marks, n_classes, window_bins)),
        "shape": (np.float64, (n_marks, n_classes)),
        "rate": (np.float64, (n_marks, n_classes)),
        "depths": (np.int64, (n_marks,)),
        "centre": (np.float64, (n_features,)),
        "spread": (np.float64, (n_features,)),
        "support": (np.float32, (n_support, n_features)),
        "weights": (np.float32, (n_support, n_values)),
        "intercept": (np.float64, (n_values,)),
        "gamma": (np.float64, (1,)),
        "slope": (np.float64, (n_classes, n_values)),
        "offset": (np.float64, (n_classes,)),
    }
    if odd := sorted(set(arrays) ^ set(expected)):
        raise ValueError(f"{odd[0]} is {'missing' if odd[0] in expected else 'not part of it'}")
    for name, (dtype, size) in expected.items():
        if arrays[name].dtype != dtype or arrays[name].shape != size:
            raise ValueError(f"{name} has another shape or type")
        if not np.isfinite(arrays[name]).all():
            raise ValueError(f"{name} holds a value that is not a number")
    for name in ("profile", "shape", "rate", "depths", "spread", "gamma"):
        if not (arrays[name] > 0).all():
            raise ValueError(f"{name} is not above 0")


def score_preprint(
    arrays: Mapping[str, np.ndarray],
    signal: ChromosomeSignal,
    starts: np.ndarray,
    window_bins: int,
    threads: int = 1,
) -> np.ndarray:
    """Probabilities of windows that begin at the given bins: float32 (n, classes).

    arrays : of `fit_preprint`, or accepted by `check_preprint`
    """
    from threadpoolctl import threadpool_limits

    machine = Machine(arrays["support"], arrays["weights"], arrays["intercept"])
    rate = arrays["rate"] * (arrays["depths"] / signal.depths)[:, None]
    per_read = (signal.depths / 1e6)[:, None, None]
    windows = np.lib.stride_tricks.sliding_window_view(signal.rpm, window_bins, axis=1)
    probabilities = np.empty((len(starts), len(arrays["offset"])), np.float32)

    def score(first: int) -> None:
        part = slice(first, first + _BLOCK)
        counts = windows[:, starts[part]] * per_read
        raw = _raw_features(counts, arrays["profile"], arrays["shape"], rate)
        values = decision_values(machine, arrays["gamma"][0], _scaled(arrays, raw))
        probabilities[part] = softmax(values @ arrays["slope"].T + arrays["offset"], axis=1)

    with threadpool_limits(1), ThreadPoolExecutor(threads) as pool:
        list(pool.map(score, range(0, len(starts), _BLOCK)))
    return probabilities


def _raw_features(
    counts: np.ndarray, profile: np.ndarray, shape: np.ndarray, rate: np.ndarray
) -> np.ndarray:
    """Of windows (marks, n, bins): (n, marks * classes), mark by mark the background first."""
    parts = []
    for mark in zip(counts, profile, shape, rate, strict=True):
        likelihood = log_marginal(*mark)
        likelihood[:, 1:] -= likelihood[:, :1]
        parts.append(likelihood)
    return np.concatenate(parts, axis=1)


def _scaled(arrays: Mapping[str, np.ndarray], raw: np.ndarray) -> np.ndarray:
    features: np.ndarray = np.arcsinh((raw - arrays["centre"]) / arrays["spread"])
    return features


def _trained(
    fit: Callable[[np.ndarray, np.ndarray, float, float, int], Machine],
    x: np.ndarray,
    y: np.ndarray,
    gamma: float,
    seed: int,
) -> tuple[Machine, np.ndarray, np.ndarray]:
    """The machine of the best C on all windows, with slope and offset of its calibration."""
    from sklearn.model_selection import StratifiedKFold

    best, best_fit = np.inf, (COSTS[0], np.empty(0), np.empty(0))
    for cost in COSTS:
        parts, labels = [], []
        # Without shuffling, a fold takes consecutive windows of each class.
        for inner, held_out in StratifiedKFold(_FOLDS).split(x, y):
            machine = fit(x[inner], y[inner], cost, gamma, seed)
            parts.append(decision_values(machine, gamma, x[held_out]))
            labels.append(y[held_out])
        loss, slope, offset = _calibrated(np.concatenate(parts), np.concatenate(labels))
        if loss < best:
            best, best_fit = loss, (cost, slope, offset)
    cost, slope, offset = best_fit
    return fit(x, y, cost, gamma, seed), slope, offset


def _calibrated(values: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Balanced cross-entropy, slope (C, D) and offset (C,) of a logistic regression."""
    from sklearn.linear_model import LogisticRegression

    regression = LogisticRegression(class_weight="balanced", max_iter=1000).fit(values, y)
    slope, offset = regression.coef_, regression.intercept_
    if len(offset) == 1:
        # Two classes have one log-odds, that of the second.
        slope, offset = np.vstack([0 * slope, slope]), np.append(0, offset)
    p = softmax(values @ slope.T + offset, axis=1)[np.arange(len(y)), y]
    loss = np.mean([-np.log(np.maximum(p[y == k], 1e-30)).mean() for k in range(len(offset))])
    return float(loss), slope, offset


class PreprintModel(ChromosomeModel):
    """`preprint` as a model of the registry."""

    name = "preprint"

    @property
    def parameters(self) -> Mapping[str, Any]:
        return {
            "reads_added_per_bin": _ADDED,
            "range_of_prior_shape": list(_SHAPES),
            "costs_tried": list(COSTS),
            "folds": _FOLDS,
            "most_windows_exact": LARGEST_EXACT,
            "most_support_vectors": MOST_SUPPORT,
            "landmarks": N_LANDMARKS,
        }

    def fit_arrays(self, training: TrainingGenome, seed: int, threads: int) -> Arrays:
        return fit_preprint(training, seed)

    def check(self, arrays: Arrays, size: Size) -> None:
        check_preprint(arrays, size.n_marks, size.window_bins, size.n_classes)

    def score(
        self,
        arrays: Arrays,
        signal: ChromosomeSignal,
        starts: np.ndarray,
        window_bins: int,
        threads: int,
    ) -> np.ndarray:
        return score_preprint(arrays, signal, starts, window_bins, threads)
