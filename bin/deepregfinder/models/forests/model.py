"""Models made of decision trees, behind one interface: `rf`, `gbm` (trees.py), `rfecs` (rfecs.py).

Trained, each is a set of plain arrays. Windows are normalised: float32 (n, marks, bins).
"""

from collections.abc import Iterator, Mapping

import numpy as np

from deepregfinder.models.forests import rfecs, trees

Arrays = Mapping[str, np.ndarray]


def fit_forest(
    name: str, x: np.ndarray, y: np.ndarray, n_classes: int, seed: int, threads: int
) -> dict[str, np.ndarray]:
    """The arrays of a forest; they depend on the seed, not on the threads.

    y : class indices, int64 (n,); each of the n_classes classes is among them
    """
    if name == "rfecs":
        return rfecs.fit_rfecs(x, y, n_classes, seed, threads)
    return trees.fit_trees(name, x, y, n_classes, seed, threads)


def check_forest(name: str, arrays: Arrays, n_marks: int, window_bins: int, n_classes: int) -> None:
    """Raise ValueError unless the arrays are a forest that can be evaluated."""
    if name == "rfecs":
        rfecs.check_rfecs(arrays, n_marks, window_bins, n_classes)
    else:
        trees.check_trees(name, arrays, n_marks, window_bins, n_classes)


def evaluate_forest(name: str, arrays: Arrays, x: np.ndarray) -> np.ndarray:
    """Probabilities of windows, before calibration: float32 (n, classes)."""
    if name == "rfecs":
        return rfecs.evaluate_rfecs(arrays, x)
    return trees.evaluate_trees(name, arrays, x)


def staged_forest(name: str, arrays: Arrays, x: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Probabilities after growing numbers of trees, the last of which is the whole forest."""
    if name == "rfecs":
        return rfecs.staged_probabilities(arrays, x)
    return trees.staged_probabilities(name, arrays, x)
