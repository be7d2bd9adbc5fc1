"""Metrics of probabilities, for a test set and for whole chromosomes.

Windows are tallied by block of the genome. Every metric is a function of sums over blocks, so a
bootstrap over blocks re-weights the tallies and never looks at a window again: `measure` with a
weight of one for each block gives the estimate, with resampled weights its bootstrap distribution.

Definitions
-----------
precision, recall, f1 : of the class with the highest probability (of equal ones the first in class
    order)
average_precision : sum over distinct scores of (rise of recall) x precision, one class against the
    rest, without interpolation (as scikit-learn's average_precision_score)
auroc : probability that a window of the class scores higher than another window, ties half
    (Mann-Whitney)
map : mean of the average precisions of the classes other than background
ece : expected calibration error, 15 equal-width bins of the highest probability (Guo et al., ICML
    2017, eq. 3): the mean over bins, weighted by their windows, of |accuracy - mean confidence|
brier : mean over windows of the squared distance between probabilities and the one-hot truth,
    summed over classes (Brier 1950): from 0 to 2
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from deepregfinder.labels.ground_truth import NEGATIVE, POSITIVE
from deepregfinder.labels.tensors import Tensors
from deepregfinder.models.natural import LEVELS

N_BINS = 15
MIN_BLOCKS = 5
PER_CLASS = ("precision", "recall", "f1", "average_precision", "auroc")
OVERALL = ("map", "accuracy", "ece", "brier")
CALIBRATION = ("ece", "brier")

FEW_WINDOWS = 50
"""With fewer test windows of a class, one window changes its metrics by several per cent."""

_REPLICATES_AT_ONCE = 25
_LARGEST_BLOCK, _SMALLEST_BLOCK, _WANTED_BLOCKS = 5_000_000, 100_000, 20


@dataclass(frozen=True)
class Ranking:
    """Windows of one class and of the rest at each distinct score.

    score : float64, shape (levels,), falling
    positive, negative : int32, shape (blocks, levels)
    """

    score: np.ndarray
    positive: np.ndarray
    negative: np.ndarray


@dataclass(frozen=True)
class Tallies:
    """Sums over the windows of each block: all that the metrics need.

    hits : int64, shape (blocks, classes, 3); true positives, false positives, false negatives of
        the class with the highest probability
    confusion : int64, shape (blocks, classes, classes); rows are the truth
    bins : float64, shape (blocks, N_BINS, 3); windows, sum of confidence, correct ones by bin of
        confidence
    squared : float64, shape (blocks,); sum of squared distances to the one-hot truth
    rankings : one for each class
    """

    hits: np.ndarray
    confusion: np.ndarray
    bins: np.ndarray
    squared: np.ndarray
    rankings: tuple[Ranking, ...]

    @property
    def n_blocks(self) -> int:
        return len(self.squared)


@dataclass(frozen=True)
class Figures:
    """Metrics for several weightings of the blocks; NaN if one cannot be computed.

    per_class : name of PER_CLASS -> float64, shape (weightings, classes)
    overall : name of OVERALL -> float64, shape (weightings,)
    """

    per_class: dict[str, np.ndarray]
    overall: dict[str, np.ndarray]


def one_hot_membership(truth: np.ndarray, n_classes: int) -> np.ndarray:
    """POSITIVE for the class of each window, NEGATIVE for others: int8, (classes, windows)."""
    membership: np.ndarray = (np.arange(n_classes)[:, None] == truth).astype(np.int8)
    return membership


def count_hits(
    chosen: np.ndarray, membership: np.ndarray, block: np.ndarray, n_blocks: int
) -> np.ndarray:
    """True positives, false positives and false negatives: int64, shape (blocks, classes, 3).

    chosen : bool, shape (classes, windows); membership, block : as of `tally`
    """
    hits = np.zeros((n_blocks, len(chosen), 3), np.int64)
    for index, (called, member) in enumerate(zip(chosen, membership, strict=True)):
        positive, negative = member == POSITIVE, member == NEGATIVE
        for column, which in enumerate((called & positive, called & negative, ~called & positive)):
            hits[:, index, column] = np.bincount(block[which], minlength=n_blocks)
    return hits


def tally(
    probabilities: np.ndarray,
    truth: np.ndarray,
    membership: np.ndarray,
    block: np.ndarray,
    n_blocks: int,
    quantised: bool = False,
) -> Tallies:
    """Sum up windows by block.

    Parameters
    ----------
    probabilities : float, shape (classes, windows)
    truth : int, shape (windows,); class index, or negative for windows without a single true class,
        which then count in no confusion, accuracy, ece or brier
    membership : int8, shape (classes, windows); POSITIVE, NEGATIVE or LEFT_OUT for each class
    block : int, shape (windows,), from 0 to n_blocks - 1
    quantised : the probabilities are multiples of 1/65535: rank them on that fixed scale, which
        makes tallies of several chromosomes joinable, instead of sorting them
    """
    n_classes = len(probabilities)
    predicted = probabilities.argmax(axis=0)
    chosen = np.arange(n_classes)[:, None] == predicted
    hits = count_hits(chosen, membership, block, n_blocks)
    rankings = []
    for index in range(n_classes):
        positive, negative = membership[index] == POSITIVE, membership[index] == NEGATIVE
        if quantised:
            score = np.arange(LEVELS - 1, -1, -1) / (LEVELS - 1)
            level = (LEVELS - 1) - np.rint(probabilities[index] * (LEVELS - 1)).astype(np.int64)
        else:
            falling, level = np.unique(
                -probabilities[index].astype(np.float64), return_inverse=True
            )
            score = -falling
        counts = [
            np.bincount(block[which] * len(score) + level[which], minlength=n_blocks * len(score))
            .reshape(n_blocks, len(score))
            .astype(np.int32)
            for which in (positive, negative)
        ]
        rankings.append(Ranking(score, *counts))

    known = truth >= 0
    probabilities, truth, block, predicted = (
        probabilities[:, known], truth[known], block[known], predicted[known],
    )  # fmt: skip
    confusion = np.bincount(
        (block * n_classes + truth) * n_classes + predicted, minlength=n_blocks * n_classes**2
    ).reshape(n_blocks, n_classes, n_classes)
    confidence = probabilities.max(axis=0).astype(np.float64)
    bin_of = np.clip(np.ceil(confidence * N_BINS).astype(np.int64) - 1, 0, N_BINS - 1)
    bins = np.stack(
        [
            np.bincount(block * N_BINS + bin_of, weights=weights, minlength=n_blocks * N_BINS)
            for weights in (np.ones_like(confidence), confidence, predicted == truth)
        ],
        axis=-1,
    ).reshape(n_blocks, N_BINS, 3)
    truth_hot = np.arange(n_classes)[:, None] == truth
    distance = ((probabilities.astype(np.float64) - truth_hot) ** 2).sum(axis=0)
    squared = np.bincount(block, weights=distance, minlength=n_blocks)
    return Tallies(hits, confusion, bins, squared, tuple(rankings))


def join(tallies: Sequence[Tallies]) -> Tallies:
    """Put the blocks of several (quantised) tallies one after another."""
    rankings = []
    for rows in zip(*(one.rankings for one in tallies), strict=True):
        used = np.any([row.positive.any(axis=0) | row.negative.any(axis=0) for row in rows], axis=0)
        rankings.append(
            Ranking(
                rows[0].score[used],
                np.concatenate([row.positive[:, used] for row in rows]),
                np.concatenate([row.negative[:, used] for row in rows]),
            )
        )
    hits, confusion, bins, squared = (
        np.concatenate([getattr(one, name) for one in tallies])
        for name in ("hits", "confusion", "bins", "squared")
    )
    return Tallies(hits, confusion, bins, squared, tuple(rankings))


def average_precision(positive: np.ndarray, negative: np.ndarray) -> np.ndarray:
    """Average precision from the (weighted) windows at each level of score, best first.

    Shapes (..., levels) give (...,); NaN without positive windows.
    """
    recovered = np.cumsum(positive, axis=-1, dtype=np.float64)
    drawn = recovered + np.cumsum(negative, axis=-1)
    precision = np.divide(recovered, drawn, out=np.zeros_like(drawn), where=drawn > 0)
    return ratio((positive * precision).sum(axis=-1), recovered[..., -1])


def auroc(positive: np.ndarray, negative: np.ndarray) -> np.ndarray:
    """Area under the ROC curve from the (weighted) windows at each level of score, best first.

    Shapes (..., levels) give (...,); NaN if one side is missing.
    """
    above = np.cumsum(negative, axis=-1, dtype=np.float64)
    total = above[..., -1:]
    wins = (positive * (total - above + negative / 2)).sum(axis=-1)
    return ratio(wins, positive.sum(axis=-1) * total[..., 0])


def rates(hits: np.ndarray, weights: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Precision, recall and F1 for each weighting of the blocks.

    hits : of `count_hits`; weights : float, shape (weightings, blocks), None is one of all ones

    Returns
    -------
    name -> float64, shape (weightings, classes); NaN without a denominator
    """
    if weights is None:
        weights = np.ones((1, len(hits)))
    true_pos, false_pos, false_neg = np.moveaxis(
        np.tensordot(weights.astype(np.float64), hits.astype(np.float64), axes=1), -1, 0
    )
    return {
        "precision": ratio(true_pos, true_pos + false_pos),
        "recall": ratio(true_pos, true_pos + false_neg),
        "f1": ratio(2 * true_pos, 2 * true_pos + false_pos + false_neg),
    }


def measure(tallies: Tallies, weights: np.ndarray | None = None) -> Figures:
    """Compute all metrics for each weighting of the blocks.

    weights : float, shape (weightings, blocks); None is one weighting with all ones
    """
    if weights is None:
        weights = np.ones((1, tallies.n_blocks))
    weights = weights.astype(np.float64)
    areas = [_areas(ranking, weights) for ranking in tallies.rankings]
    precisions = np.stack([precision for precision, _ in areas], axis=1)
    per_class = {
        **rates(tallies.hits, weights),
        "average_precision": precisions,
        "auroc": np.stack([area for _, area in areas], axis=1),
    }
    # Not with BLAS: these are sums of fractions, and its last bit depends on the processor.
    bins = np.einsum("rb,bkf->rkf", weights, tallies.bins)
    windows = bins[..., 0].sum(axis=1)
    overall = {
        "map": precisions[:, 1:].mean(axis=1),
        "accuracy": ratio(bins[..., 2].sum(axis=1), windows),
        "ece": ratio(np.abs(bins[..., 2] - bins[..., 1]).sum(axis=1), windows),
        "brier": ratio(np.einsum("rb,b->r", weights, tallies.squared), windows),
    }
    return Figures(per_class, overall)


def _areas(ranking: Ranking, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    precisions, areas = [], []
    positive, negative = (side.astype(np.float64) for side in (ranking.positive, ranking.negative))
    for at in range(0, len(weights), _REPLICATES_AT_ONCE):
        batch = weights[at : at + _REPLICATES_AT_ONCE]
        sides = batch @ positive, batch @ negative
        precisions.append(average_precision(*sides))
        areas.append(auroc(*sides))
    return np.concatenate(precisions), np.concatenate(areas)


def ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """above / below; NaN if below is not positive."""
    above = np.asarray(above, np.float64)
    quotient: np.ndarray = np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)
    return quotient


def interval(values: np.ndarray) -> list[float] | None:
    """The 95 % percentile interval; None if fewer than half of the replicates have a value."""
    known = values[np.isfinite(values)]
    if 2 * len(known) < len(values) or not len(known):
        return None
    return [round(float(edge), 6) for edge in np.percentile(known, [2.5, 97.5])]


def with_interval(values: np.ndarray) -> tuple[float, float, float]:
    """Estimate, and low and high edge of its interval, from the estimate and its replicates.

    values : the estimate first; without replicates, or with too few of them, the edges are NaN
    """
    low, high = interval(values[1:]) or (np.nan, np.nan)
    return float(values[0]), low, high


def precision_recall_curve(ranking: Ranking, n_points: int = 500) -> np.ndarray:
    """Threshold, precision and recall at falling thresholds: shape (points, 3).

    At most about `n_points` points are kept, evenly spaced along the curve.
    """
    positive, negative = ranking.positive.sum(axis=0), ranking.negative.sum(axis=0)
    recovered, drawn = np.cumsum(positive), np.cumsum(positive + negative)
    if not len(recovered) or recovered[-1] == 0:
        return np.empty((0, 3))
    real = np.flatnonzero(positive + negative)
    curve = np.column_stack(
        [ranking.score, recovered / np.maximum(drawn, 1), recovered / recovered[-1]]
    )[real]
    return _thin(curve, n_points)


def roc_curve(ranking: Ranking, n_points: int = 500) -> np.ndarray:
    """Threshold, false and true positive rate, from (inf, 0, 0) on: shape (points, 3)."""
    positive, negative = ranking.positive.sum(axis=0), ranking.negative.sum(axis=0)
    recovered, mistaken = np.cumsum(positive), np.cumsum(negative)
    if not len(recovered) or recovered[-1] == 0 or mistaken[-1] == 0:
        return np.empty((0, 3))
    curve = np.column_stack([ranking.score, mistaken / mistaken[-1], recovered / recovered[-1]])
    return _thin(np.vstack([[np.inf, 0, 0], curve]), n_points)


def _thin(curve: np.ndarray, n_points: int) -> np.ndarray:
    """Keep both ends and about `n_points` points, evenly along the curve of columns 1 and 2."""
    if len(curve) <= n_points:
        return curve
    path = np.concatenate([[0], np.cumsum(np.abs(np.diff(curve[:, 1:], axis=0)).sum(axis=1))])
    picked = np.searchsorted(path, np.linspace(0, path[-1], n_points))
    thinned: np.ndarray = curve[np.unique(np.concatenate([[0], picked, [len(curve) - 1]]))]
    return thinned


def reliability(tallies: Tallies) -> np.ndarray:
    """Low, high, windows, mean confidence and accuracy of each bin: shape (N_BINS, 5).

    Confidence and accuracy of a bin without windows are NaN.
    """
    windows, confidence, correct = tallies.bins.sum(axis=0).T
    edges = np.arange(N_BINS + 1) / N_BINS
    return np.column_stack(
        [edges[:-1], edges[1:], windows, ratio(confidence, windows), ratio(correct, windows)]
    )


@dataclass(frozen=True)
class Blocks:
    """Segments of chromosomes that a bootstrap draws; windows within one are not independent.

    size : of a block, bp
    first : chromosome -> index of its first block; count : chromosome -> its number of blocks
    """

    size: int
    first: Mapping[str, int]
    count: Mapping[str, int]

    @classmethod
    def over(cls, chrom_sizes: Mapping[str, int]) -> "Blocks":
        """Blocks of 5 Mb; on a small genome smaller ones, to have twenty, but at least 100 kb."""
        total = sum(chrom_sizes.values())
        size = min(_LARGEST_BLOCK, max(total // _WANTED_BLOCKS, _SMALLEST_BLOCK))
        count = {chrom: -(-length // size) for chrom, length in chrom_sizes.items()}
        ends = np.cumsum(list(count.values())).tolist()
        first = {chrom: end - count[chrom] for chrom, end in zip(count, ends, strict=True)}
        return cls(size, first, count)

    def __len__(self) -> int:
        return sum(self.count.values())


def blocks_of_test_windows(tensors: Tensors) -> tuple[Blocks, np.ndarray]:
    """The blocks of the bootstrap, and the index of the block of each test window, int64.

    The blocks are those of the test chromosomes, or of all chromosomes if the split is random.
    """
    rows, plan = tensors.select("test"), tensors.split_plan
    chroms = tensors.chroms
    if plan.mode != "random":
        chroms = tuple(plan.chromosomes.select(chroms, "test"))
    blocks = Blocks.over({chrom: n for chrom, n in tensors.chrom_sizes.items() if chrom in chroms})
    first = np.array([blocks.first.get(chrom, 0) for chrom in tensors.chroms])
    return blocks, first[tensors.chrom[rows]] + tensors.midpoints[rows] // blocks.size


@dataclass(frozen=True)
class Bootstrap:
    """A block bootstrap: how many samples it draws (0 for no intervals), and its random seed."""

    samples: int
    seed: int


NO_BOOTSTRAP = Bootstrap(0, 0)


def bootstrap_weights(n_blocks: int, n_replicates: int, seed: int) -> np.ndarray:
    """How often each block is drawn with replacement: shape (replicates, blocks)."""
    generator = np.random.default_rng(seed)
    return generator.multinomial(n_blocks, np.full(n_blocks, 1 / n_blocks), size=n_replicates)


def block_weights(blocks: Blocks, bootstrap: Bootstrap) -> np.ndarray | None:
    """Weights of the bootstrap; None without samples or with too few blocks."""
    if len(blocks) < MIN_BLOCKS or bootstrap.samples == 0:
        return None
    return bootstrap_weights(len(blocks), bootstrap.samples, bootstrap.seed)
