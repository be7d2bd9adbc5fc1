"""The true class of every position of the genome, from the labelled elements around it.

For a class, a position is positive within 500 bp of the midpoint of a labelled element of that
class, excluded from there to 2,000 bp, and negative beyond, even at elements of other classes. For
background, positions within 500 bp of an element of any class are negative, and positions beyond
2,000 bp are positive. A single true class is that of the nearest element within 500 bp, background
beyond 2,000 bp of every element, and undefined between. The midpoint of an element is that of its
window, which is aligned to the bin grid.

Candidates that may be elements, although none of the labels says so (`Tensors.unlabelled`), are not
background: within 2,000 bp of one, what is not positive is excluded.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from deepregfinder.labels.tensors import Tensors

POSITIVE, NEGATIVE, LEFT_OUT = 1, 0, -1
POSITIVE_WITHIN = 500
NEGATIVE_BEYOND = 2000

Elements = Mapping[str, Sequence[np.ndarray]]
"""Chromosome -> for each class the sorted midpoints (bp) of its labelled elements.

In the place of background, which has no elements, are those of unlabelled candidates."""


def labelled_elements(tensors: Tensors, chroms: Sequence[str]) -> dict[str, list[np.ndarray]]:
    """Midpoints of the labelled windows of some chromosomes, and of unlabelled ones, by class."""
    elements = {}
    for chrom in chroms:
        number = tensors.chroms.index(chrom)
        on_chrom = tensors.chrom == number
        unlabelled = tensors.unlabelled[tensors.unlabelled[:, 0] == number, 1]
        elements[chrom] = [np.sort(unlabelled)] + [
            np.sort(tensors.midpoints[on_chrom & (tensors.y == index)])
            for index in range(1, len(tensors.classes))
        ]
    return elements


def distance_to_nearest(points: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Distance (bp) of each position to the nearest of sorted points; very large without one."""
    far = np.iinfo(np.int64).max // 4
    padded = np.concatenate([[-far], points, [far]])
    right = np.searchsorted(padded, positions)
    distance: np.ndarray = np.minimum(padded[right] - positions, positions - padded[right - 1])
    return distance


def label_windows(
    centres: np.ndarray, elements: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """The true class of windows, by the definition above.

    Parameters
    ----------
    centres : int64, shape (windows,), bp
    elements : for each class the sorted midpoints of its elements, as in `Elements`

    Returns
    -------
    truth : int64, shape (windows,); class index, -1 where undefined
    membership : int8, shape (classes, windows); POSITIVE, NEGATIVE or LEFT_OUT
    """
    distance = np.stack([distance_to_nearest(points, centres) for points in elements[1:]])
    nearest = distance.min(axis=0)
    membership = np.full((len(elements), len(centres)), LEFT_OUT, np.int8)
    membership[1:][distance <= POSITIVE_WITHIN] = POSITIVE
    membership[1:][distance > NEGATIVE_BEYOND] = NEGATIVE
    membership[0][nearest <= POSITIVE_WITHIN] = NEGATIVE
    membership[0][nearest > NEGATIVE_BEYOND] = POSITIVE
    truth = np.full(len(centres), -1, np.int64)
    truth[nearest > NEGATIVE_BEYOND] = 0
    close = nearest <= POSITIVE_WITHIN
    truth[close] = distance[:, close].argmin(axis=0) + 1
    unclear = distance_to_nearest(elements[0], centres) <= NEGATIVE_BEYOND
    membership[1:][(membership[1:] == NEGATIVE) & unclear] = LEFT_OUT
    membership[0][(membership[0] == POSITIVE) & unclear] = LEFT_OUT
    truth[(truth == 0) & unclear] = -1
    return truth, membership
