"""Probabilities at natural prevalence, of every model on one scale.

Most models are calibrated among labelled windows, of which elements are a large part; their 0.9 may
mean 0.05 on the genome. For each class a map is fitted on windows of the whole validation
chromosomes, each with the class that labels/ground_truth.py gives to its centre:

    logit q = a ln p - b ln(1 - p) + c,    a, b >= 0

(beta calibration: Kull, Silva Filho, Flach, AISTATS 2017). p is the calibrated probability
as it is stored, q that at natural prevalence. The map rises, so that it does not change a ranking.
As in Platt 1999, the targets of n positive and m negative windows are (n + 1) / (n + 2) and
1 / (m + 2), so that separable windows do not give a step.

Promoter classes have a second map, of windows whose centre is within 500 bp of a TSS of --tss:
the list is used after the prediction, and the model itself does not know it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from scipy.special import expit

from deepregfinder.classes import class_named
from deepregfinder.genome.grid import bare_name
from deepregfinder.labels.ground_truth import (
    NEGATIVE,
    POSITIVE,
    POSITIVE_WITHIN,
    distance_to_nearest,
    label_windows,
    labelled_elements,
)
from deepregfinder.models.calibration import combine_members
from deepregfinder.models.protocol import Scorer, TrainingGenome

LEVELS = 65_536
"""Stored probabilities are multiples of 1 / (LEVELS - 1)."""

STRIDE = 400
"""Distance between the windows that maps are fitted to, bp: two or three for each element."""

IDENTIFIED = 0.25
"""The least share of certain windows for the share of a class to be estimated elsewhere."""

_LIMITS = ((0.0, 50.0), (0.0, 50.0), (-100.0, 100.0))


@dataclass(frozen=True)
class NaturalMap:
    """The map of one class.

    a, b, c : as above
    prior : share of the class among the windows
    certain : share of the windows of the class with a probability of at least a half
    """

    a: float
    b: float
    c: float
    prior: float
    certain: float

    def table(self, prior: float | None = None) -> np.ndarray:
        """Probability at natural prevalence of every stored level: float64 (LEVELS,), rising.

        prior : share of the class in another genome, to which the odds are adapted (Saerens,
            Latinne, Decaestecker 2002, eq. 2.4)
        """
        logit = _features(np.arange(LEVELS)) @ (self.a, self.b, self.c)
        if prior is not None:
            logit = logit + _log_odds(prior) - _log_odds(self.prior)
        probabilities: np.ndarray = expit(logit)
        return probabilities


@dataclass(frozen=True)
class Natural:
    """The maps of a model, for each class but background.

    at_tss : those of windows near a TSS; None for enhancer classes, and without a list
    """

    anywhere: tuple[NaturalMap, ...]
    at_tss: tuple[NaturalMap | None, ...]


def fit_natural(scorer: Scorer, temperature: float, training: TrainingGenome) -> Natural:
    """Fit the maps on the validation chromosomes, which the model has not been trained on."""
    geometry, classes = training.tensors.geometry, training.tensors.classes
    counts = np.zeros((len(classes), 2, LEVELS), np.int64)
    at_tss = np.zeros_like(counts)
    for sample, chrom in product(training.samples, training.chroms("validation")):
        elements = labelled_elements(sample.tensors, [chrom])
        signal = sample.load(chrom)
        last = signal.length // geometry.bin_size - geometry.window_bins
        starts = np.arange(0, last + 1, max(STRIDE // geometry.bin_size, 1), dtype=np.int64)
        level = np.empty((len(classes), len(starts)), np.int64)

        def keep(part: slice, members: np.ndarray, level: np.ndarray = level) -> None:
            level[:, part] = stored_level(combine_members(members, temperature)).T

        scorer.score_starts(signal, starts, keep)
        centres = starts * geometry.bin_size + geometry.window // 2
        near = near_tss(sample.known_tss, chrom, centres)
        _, membership = label_windows(centres, elements[chrom])
        for index in range(1, len(classes)):
            for side, which in enumerate((POSITIVE, NEGATIVE)):
                of_side = membership[index] == which
                counts[index, side] += np.bincount(level[index, of_side], minlength=LEVELS)
                at_tss[index, side] += np.bincount(level[index, of_side & near], minlength=LEVELS)
    return Natural(
        tuple(fit_map(*of_class) for of_class in counts[1:]),
        tuple(
            fit_map(*of_class)
            if class_named(name).element == "promoter" and of_class.sum(axis=1).all()
            else None
            for name, of_class in zip(classes[1:], at_tss[1:], strict=True)
        ),
    )


def fit_map(positive: np.ndarray, negative: np.ndarray) -> NaturalMap:
    """The map with the lowest negative log-likelihood.

    positive, negative : windows of the class and of others at each level, int64 (LEVELS,)
    """
    from scipy.optimize import minimize  # slow to load, and only fits need it

    n, m = int(positive.sum()), int(negative.sum())
    used = np.flatnonzero(positive + negative)
    x, high, low = _features(used), (n + 1) / (n + 2), 1 / (m + 2)
    of_class = positive[used] * high + negative[used] * low
    others = positive[used] * (1 - high) + negative[used] * (1 - low)
    scale = max(n, 1)  # the loss is about 1, as the optimiser wants it

    def loss(free: np.ndarray) -> tuple[float, np.ndarray]:
        z = x @ free
        value = of_class @ np.logaddexp(0, -z) + others @ np.logaddexp(0, z)
        slope = expit(z) * (of_class + others) - of_class
        return float(value) / scale, (slope @ x) / scale

    start = np.array([1.0, 1.0, 0.0])
    options = {"ftol": 1e-14, "gtol": 1e-9, "maxiter": 1000}
    best = minimize(loss, start, jac=True, bounds=_LIMITS, method="L-BFGS-B", options=options)
    a, b, c = (round(float(value), 9) for value in best.x)
    fitted = NaturalMap(a, b, c, (n + 1) / (n + m + 2), 0)
    certain = int(positive[fitted.table() >= 0.5].sum()) / max(n, 1)
    return replace(fitted, certain=certain)


def estimate_prior(of_class: NaturalMap, windows: np.ndarray) -> float:
    """The share of a class in another genome, from the probabilities there, without labels.

    Expectation and maximisation by turns (Saerens, Latinne, Decaestecker 2002, section 2.2). Odds
    change at most tenfold: beyond that, the reads differ, not the genome. A class with few certain
    windows keeps its share: where classes overlap, a small change of the reads looks like a large
    one of the share.

    windows : number of windows at each level, int64 (LEVELS,)
    """
    if of_class.certain < IDENTIFIED:
        return of_class.prior
    used = np.flatnonzero(windows)
    share = windows[used] / max(windows.sum(), 1)
    odds = _log_odds(of_class.prior)
    low, high = (float(expit(odds + sign * np.log(10))) for sign in (-1, 1))
    prior = of_class.prior
    for _ in range(1000):
        before, prior = prior, float(of_class.table(prior)[used] @ share)
        prior = min(max(prior, low), high)
        if abs(prior - before) < 1e-6 * before:
            break
    return prior


def stored_level(probabilities: np.ndarray) -> np.ndarray:
    """Levels of probabilities, int64, of the same shape."""
    return np.rint(np.asarray(probabilities, np.float64) * (LEVELS - 1)).astype(np.int64)


def near_tss(tss: Mapping[str, np.ndarray] | None, chrom: str, centres: np.ndarray) -> np.ndarray:
    """Whether centres of windows (bp) lie within 500 bp of a TSS: bool, (n,).

    tss : sorted positions by bare name of the chromosome, int64 bp; None without a list
    """
    on_chrom = (tss or {}).get(bare_name(chrom), np.empty(0, np.int64))
    near: np.ndarray = distance_to_nearest(on_chrom, centres) <= POSITIVE_WITHIN
    return near


def first_level(table: np.ndarray, probability: float) -> int:
    """The lowest level with that probability or a higher one; LEVELS without one.

    table : of `NaturalMap.table`
    """
    return int(np.searchsorted(table, probability, side="left"))


def _features(level: np.ndarray) -> np.ndarray:
    """ln p, -ln(1 - p) and 1 of levels: float64 (n, 3). The ends are half a level from 0 and 1."""
    p = np.clip(level / (LEVELS - 1), 0.5 / (LEVELS - 1), 1 - 0.5 / (LEVELS - 1))
    return np.stack([np.log(p), -np.log1p(-p), np.ones_like(p)], axis=-1)


def _log_odds(share: float) -> float:
    return float(np.log(share) - np.log1p(-share))


def natural_to_json(natural: Natural | None) -> dict[str, list[list[float] | None]] | None:
    """Lists of a, b, c, prior and certain, for model.json and files of probabilities."""

    def rows(maps: Sequence[NaturalMap | None]) -> list[list[float] | None]:
        return [None if one is None else list(vars(one).values()) for one in maps]

    if natural is None:
        return None
    return {"anywhere": rows(natural.anywhere), "at_tss": rows(natural.at_tss)}


def natural_from_json(content: object, n_classes: int) -> Natural | None:
    """The inverse. Raises ValueError unless there is a map for each class that rises."""
    if content is None:
        return None
    if not isinstance(content, dict) or set(content) != {"anywhere", "at_tss"}:
        raise ValueError("expected the maps anywhere and at_tss")
    maps = {name: [_map(row) for row in _rows(content[name])] for name in content}
    if any(len(rows) != n_classes - 1 for rows in maps.values()) or None in maps["anywhere"]:
        raise ValueError("expected one map for each class")
    return Natural(*(tuple(maps[name]) for name in ("anywhere", "at_tss")))  # type: ignore[arg-type]


def _rows(content: object) -> list[object]:
    if not isinstance(content, list | tuple):
        raise ValueError("expected a list of maps")
    return list(content)


def _map(row: object) -> NaturalMap | None:
    if row is None:
        return None
    numbers = _rows(row)
    if len(numbers) != 5 or not all(type(value) in (int, float) for value in numbers):
        raise ValueError("expected five numbers")
    of_class = NaturalMap(*map(float, numbers))  # type: ignore[arg-type]
    limits = (*_LIMITS, (0.0, 1.0), (0.0, 1.0))
    inside = all(
        low <= value <= high
        for value, (low, high) in zip(vars(of_class).values(), limits, strict=True)
    )
    if not inside or of_class.prior in (0, 1):
        raise ValueError("a map has a number outside of its limits")
    return of_class
