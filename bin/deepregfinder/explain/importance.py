"""Importance of marks: the loss in average precision when the information of a mark is removed.

Permutation importance (Breiman 2001; Fisher, Rudin and Dominici 2019): the signal of one mark is
permuted along the genome, which keeps its distribution but removes its information. The loss in
average precision is the contribution of that mark alone. Large blocks of the genome are permuted,
because neighbouring windows are similar. Correlated marks can substitute for one another, and may
all appear unimportant.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from deepregfinder.evaluation.metrics import measure, one_hot_membership, tally
from deepregfinder.models.bundle import Bundle
from deepregfinder.models.protocol import ChromosomeSignal
from deepregfinder.prediction.scorers import load_scorer, predict_windows
from deepregfinder.progress import Progress

LARGEST_BLOCK = 1_000_000
FEWEST_BLOCKS = 20
REPEATS: Mapping[str, int] = {"window": 5, "chromosome": 3}

_log = logging.getLogger(__name__)

Score = Callable[[Mapping[int, np.random.Generator | None]], np.ndarray]
"""Probabilities, (n, classes), with some marks permuted by generators, or without reads (None)."""


@dataclass(frozen=True)
class Scored:
    """Labelled windows, all or a sample, whose probabilities show what the model loses.

    y : class indices, (n,), in the order of `score`
    weights : float64 (classes,), how many windows of its class each one stands for
    """

    score: Score
    y: np.ndarray
    weights: np.ndarray

    def average_precisions(self, marks: Mapping[int, np.random.Generator | None]) -> np.ndarray:
        """Average precision of each class with the marks as for `score`: float64 (classes,)."""
        return average_precisions(self.score(marks), self.y, self.weights)


@dataclass(frozen=True)
class Importance:
    """Average precision with all marks, and its loss when one of them is permuted.

    intact : float64 (classes,), average precision; NaN for a class without windows
    drops : float64 (marks, repeats, classes), intact minus that with the mark permuted
    block_bp : size of the permuted blocks
    """

    intact: np.ndarray
    drops: np.ndarray
    block_bp: int

    @property
    def map_drops(self) -> np.ndarray:
        """Mean drop over the classes except background: float64 (marks, repeats)."""
        drops: np.ndarray = self.drops[:, :, 1:].mean(axis=2)
        return drops


def mark_importance(
    windows: Scored, n_marks: int, repeats: int, seed: int, block_bp: int
) -> Importance:
    """Permute each mark several times and measure the loss in average precision."""
    generator = np.random.default_rng(seed)
    intact = windows.average_precisions({})
    progress = Progress(_log, "permuting marks", "predictions", n_marks * repeats)
    drops = np.empty((n_marks, repeats, len(intact)))
    for number, (mark, repeat) in enumerate(np.ndindex(n_marks, repeats), 1):
        drops[mark, repeat] = intact - windows.average_precisions({mark: generator})
        progress.reach(number, number)
    return Importance(intact, drops, block_bp)


def average_precisions(
    probabilities: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Average precision of each class: (n, classes) and (n,) give float64 (classes,).

    weights : of the windows of each class, (classes,)
    """
    truth, n_classes = y.astype(np.int64), probabilities.shape[1]
    membership = one_hot_membership(truth, n_classes)
    counts = tally(probabilities.T, truth, membership, truth, n_classes)
    figures = measure(counts, np.ones((1, n_classes)) if weights is None else weights[np.newaxis])
    by_class: np.ndarray = figures.per_class["average_precision"][0]
    return by_class


def block_size(chrom_sizes: Mapping[str, int]) -> int:
    """Size of the blocks in bp: 1 Mb, or less if the chromosomes had fewer than 20 blocks."""
    return min(LARGEST_BLOCK, max(sum(chrom_sizes.values()) // FEWEST_BLOCKS, 1))


def block_order(block: np.ndarray, start: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """The source of the signal of each window when blocks of windows are permuted.

    block : number of the block of each window, (n,); start : sorts the windows of a block

    Returns
    -------
    int64 (n,), a permutation: windows in genome order take the signal of the windows of the blocks
    in random order. Windows of a block stay adjacent.
    """
    new_position = generator.permutation(int(block.max()) + 1)
    order = np.empty(len(block), np.int64)
    order[np.lexsort((start, block))] = np.lexsort((start, new_position[block]))
    return order


def windows_score(
    bundle: Bundle, x: np.ndarray, block: np.ndarray, start: np.ndarray, threads: int
) -> Score:
    """For models of windows: marks are permuted between labelled windows.

    x : reads per million, float32 (n, marks, bins); block, start : as of `block_order`
    """

    def score(marks: Mapping[int, np.random.Generator | None]) -> np.ndarray:
        permuted = x.copy()
        for mark, generator in marks.items():
            permuted[:, mark] = 0
            if generator is not None:
                permuted[:, mark] = x[block_order(block, start, generator), mark]
        return bundle.labelled_probabilities(predict_windows(bundle, permuted, "cpu", threads))

    return score


def genome_score(
    bundle: Bundle,
    signals: Sequence[ChromosomeSignal],
    chrom: np.ndarray,
    start: np.ndarray,
    block_bp: int,
    threads: int,
) -> Score:
    """For models that see chromosomes: blocks of a mark are permuted along each chromosome.

    signals : of all chromosomes with windows; chrom : names, (n,); start : bp, (n,)
    """
    scorer = load_scorer(bundle, "cpu", threads)

    def score(marks: Mapping[int, np.random.Generator | None]) -> np.ndarray:
        members = np.empty((len(bundle.members), len(start), len(bundle.classes)), np.float32)
        for signal in signals:
            rows = np.flatnonzero(chrom == signal.name)

            def keep(part: slice, scores: np.ndarray, rows: np.ndarray = rows) -> None:
                members[:, rows[part]] = scores

            rpm = signal.rpm.copy()
            for mark, generator in marks.items():
                size = block_bp // signal.bin_size
                rpm[mark] = 0 if generator is None else swapped_blocks(rpm[mark], size, generator)
            scorer.score_starts(replace(signal, rpm=rpm), start[rows] // signal.bin_size, keep)
        return bundle.labelled_probabilities(members)

    return score


def swapped_blocks(track: np.ndarray, size: int, generator: np.random.Generator) -> np.ndarray:
    """A track (bins,) with its blocks of `size` bins (the last one shorter) in random order."""
    blocks = np.split(track, range(max(size, 1), len(track), max(size, 1)))
    return np.concatenate([blocks[place] for place in generator.permutation(len(blocks))])
