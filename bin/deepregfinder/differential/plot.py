"""Plot of the classes of elements in two samples."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from deepregfinder.figure import figure_of, shaded


def draw_transitions(
    path: Path, classes: Sequence[str], matrix: np.ndarray, samples: tuple[str, str]
) -> None:
    """Elements by class in the first and the second sample; shade is the fraction of the row.

    classes : names, `none` first; matrix : int, shape (classes, classes), elements
    """
    labels = [name.replace("_", "\n") for name in classes]
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    size = 2.6 + 0.62 * len(classes)
    with figure_of(path, size, size) as (axes,):
        shaded(axes, share, [f"{number:,}" for number in matrix.ravel()], labels)
        axes.set(xlabel=f"In {samples[1]}", ylabel=f"In {samples[0]}")
        axes.set_title("Elements by class")
