"""The filters of the first convolution, as in Figure 5 of the paper.

Ramakrishnan et al. 2024 (vbae007). A filter has one activation per position of a window (after
batch norm and ReLU). Over the highest-scoring windows of the model, these form a matrix A, windows
x positions, for each filter. In its first singular triplet, A ~ s u v^T, s u is the strength of the
activation in each window, and v its position. As A is not negative, neither are u and v (Perron and
Frobenius), and s u is large in windows with strong activation. s^2 / sum of squares of A is the
share explained by this component. Filters are clustered by s u.
"""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.cluster.hierarchy import leaves_list, linkage

from deepregfinder.models.windows.layers import ConvolutionBlock, Network, channels_last

SHOWN = 6


@dataclass(frozen=True)
class Filters:
    """The filters of one network over windows of several classes.

    weights : float32 (filters, marks, width), batch norm multiplied in
    scores : float64 (windows, filters), s u above; positions : float64 (filters, bins), v above
    explained : float64 (filters,), share of the sum of squares; NaN for an inactive filter
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


def first_convolution(network: Network) -> ConvolutionBlock | None:
    """The first layer of a network that begins with a convolution."""
    blocks = (part for part in network.modules() if isinstance(part, ConvolutionBlock))
    return next(blocks, None)


def examine_filters(
    layer: ConvolutionBlock, x: np.ndarray, class_index: np.ndarray, n_classes: int
) -> Filters:
    """Activations of all filters, their main component, and their specificity for classes.

    layer : folded (`Network.fold`)
    x : normalised windows, float32 (n, marks, bins), at least two; class_index : int64 (n,)
    """
    with torch.inference_mode():
        activations = (
            layer(channels_last(torch.from_numpy(x))).squeeze(2).numpy().astype(np.float64)
        )
    scores, positions, explained = first_components(activations)
    means, favourite, specificity = class_specificity(scores, class_index, n_classes)
    return Filters(
        weights=layer.conv.weight.detach().numpy(),
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

    activations : (windows, filters, positions), not negative

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
