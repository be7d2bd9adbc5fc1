"""The filters of the first convolution, as in Figure 5 of the paper.

Ramakrishnan et al. 2024 (vbae007). A filter has one activation per position of a window: its dot
product with the normalised signal there, before bias, batch norm and ReLU. Over the labelled test
windows that the model is surest of, these form a matrix A, windows x positions, for each filter. In
its first singular triplet, A ~ s u v^T, s u is the strength of the activation in each window, and v
its position. Of the two signs, that is used with which the sum of v, and so the product of s u with
the sums of A over positions, is not negative: s u is high in windows with high activation.
s^2 / sum of squares of A is the share explained by this component. Filters are clustered by s u.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.cluster.hierarchy import leaves_list, linkage

from deepregfinder.models.protocol import Arrays
from deepregfinder.models.windows.layers import ConvolutionBlock, Network

SHOWN = 6


@dataclass(frozen=True)
class Filters:
    """The filters of one network over windows of several classes.

    weights : float32 (filters, marks, width), of the normalised signal, before batch norm
    scores : float64 (windows, filters), s u above; positions : float64 (filters, bins), v above
    explained : float64 (filters,), share of the sum of squares; NaN for a filter without activation
    means : float64 (filters, classes), mean score; NaN for a class without windows
    favourite : int64 (filters,), class of the highest mean
    specificity : float64 (filters,), see `class_specificity`
    tree : linkage of the filters (scipy.cluster.hierarchy)
    shown : the most specific filters, by class
    """

    weights: np.ndarray
    scores: np.ndarray
    positions: np.ndarray
    explained: np.ndarray
    means: np.ndarray
    favourite: np.ndarray
    specificity: np.ndarray
    tree: np.ndarray
    shown: tuple[int, ...]


def first_filters(network: Network, trained: Arrays) -> np.ndarray | None:
    """Weights of the first convolution, float32 (filters, marks, width); None without one.

    trained : weights of the network by name, before it was folded for inference
    """
    for name, part in network.named_modules():
        if isinstance(part, ConvolutionBlock):
            return trained[f"{name}.conv.weight"]
    return None


def dot_products(weights: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Dot product of each filter with the signal around each bin: float64 (n, filters, bins).

    Beyond the ends of a window the signal is 0, as the network pads it.

    weights : (filters, marks, width), of odd width; x : normalised windows, (n, marks, bins)
    """
    width = weights.shape[2]
    padded = np.pad(x.astype(np.float64), ((0, 0), (0, 0), (width // 2, width // 2)))
    around = sliding_window_view(padded, width, axis=2)
    products: np.ndarray = np.einsum(
        "nmbw,fmw->nfb", around, weights.astype(np.float64), optimize=True
    )
    return products


def examine_filters(
    weights: np.ndarray, x: np.ndarray, class_index: np.ndarray, n_classes: int
) -> Filters:
    """Activations of all filters, their main component, and their specificity for classes.

    weights : as of `first_filters`
    x : normalised windows, float32 (n, marks, bins), at least two; class_index : int64 (n,)
    """
    scores, positions, explained = first_components(dot_products(weights, x))
    means, favourite, specificity = class_specificity(scores, class_index, n_classes)
    return Filters(
        weights=weights,
        scores=scores,
        positions=positions,
        explained=explained,
        means=means,
        favourite=favourite,
        specificity=specificity,
        tree=linkage(standardised(scores).T, "ward"),
        shown=_most_specific(favourite, specificity, n_classes),
    )


def first_components(activations: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First singular triplet of windows x positions for each filter.

    activations : float64 (windows, filters, positions)

    Returns
    -------
    scores (windows, filters), positions (filters, positions), explained (filters,): see `Filters`
    """
    u, s, vt = np.linalg.svd(activations.transpose(1, 0, 2), full_matrices=False)
    sign = np.where(vt[:, 0].sum(axis=1) < 0, -1, 1)
    scores = (u[:, :, 0] * (s[:, 0] * sign)[:, None]).T
    squares = (s**2).sum(axis=1)
    explained = np.divide(s[:, 0] ** 2, squares, out=np.full(len(s), np.nan), where=squares > 0)
    return scores, vt[:, 0] * sign[:, None], explained


def standardised(scores: np.ndarray) -> np.ndarray:
    """Scores (windows, filters) standardised to mean 0 and standard deviation 1 for each filter.

    A filter with the same score in all windows becomes 0.
    """
    sd = scores.std(axis=0)
    centred = scores - scores.mean(axis=0)
    varies = sd > 1e-9 * np.abs(scores).max()
    z: np.ndarray = np.divide(centred, sd, out=np.zeros_like(centred), where=varies)
    return z


def class_specificity(
    scores: np.ndarray, class_index: np.ndarray, n_classes: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean standardised score of each class, the class with the highest mean, and specificity.

    Specificity is the highest class mean minus the second highest, in standard deviations of the
    scores of the filter over all windows.
    """
    z = standardised(scores)
    means = np.full((scores.shape[1], n_classes), np.nan)
    for index in np.unique(class_index):
        means[:, index] = z[class_index == index].mean(axis=0)
    descending = -np.sort(-means, axis=1)
    lead = descending[:, 0] - descending[:, 1]
    return means, np.nanargmax(means, axis=1), np.nan_to_num(lead)


def _most_specific(
    favourite: np.ndarray, specificity: np.ndarray, n_classes: int
) -> tuple[int, ...]:
    n_per_class = max(1, SHOWN // n_classes)
    shown: list[int] = []
    for index in range(n_classes):
        of_class = np.flatnonzero((favourite == index) & (specificity > 0))
        shown += of_class[np.argsort(-specificity[of_class], kind="stable")][:n_per_class].tolist()
    return tuple(shown)


def clustered_rows(values: np.ndarray) -> np.ndarray:
    """Rows in the order of the leaves of their clustering (Ward), with similar rows together."""
    return leaves_list(linkage(values, "ward")) if len(values) > 2 else np.arange(len(values))
