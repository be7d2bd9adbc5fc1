"""The labelled test windows that a model is surest of, for filters and attributions."""

from dataclasses import dataclass

import numpy as np

from deepregfinder.labels.tensors import Tensors


@dataclass(frozen=True)
class Places:
    """Some of the labelled test windows.

    row : int64 (n,), index among the labelled test windows
    chrom : names, (n,); start : int64 (n,), bp
    class_index : int64 (n,), the label; score : float64 (n,), predicted probability of the label
    """

    row: np.ndarray
    chrom: np.ndarray
    start: np.ndarray
    class_index: np.ndarray
    score: np.ndarray

    def __len__(self) -> int:
        return len(self.row)


def best_places(tensors: Tensors, probabilities: np.ndarray, most: int, seed: int) -> Places:
    """Of each class, the `most` labelled test windows with the highest probability of it.

    Sorted by class, best first. Ties are broken at random, by the seed.

    probabilities : (n, classes), of the labelled test windows in their order
    """
    tested = tensors.select("test")
    label = tensors.y[tested].astype(np.int64)
    score = probabilities[np.arange(len(label)), label].astype(np.float64)
    shuffled = np.random.default_rng(seed).permutation(len(label))
    order = shuffled[np.lexsort((-score[shuffled], label[shuffled]))]
    rank = np.arange(len(order)) - np.searchsorted(label[order], label[order])
    row = order[rank < most]
    chrom = np.array(tensors.chroms, dtype=object)[tensors.chrom[tested[row]]]
    return Places(row, chrom, tensors.start[tested[row]], label[row], score[row])
