"""Natural prevalence: how good probabilities and calls are on whole chromosomes.

A balanced test set flatters: on the genome nearly everything is background. Here every window of
the test chromosomes counts. For a class, a window is positive when its centre lies within 500 bp of
the midpoint of a labelled element of that class, is left out from there to 2,000 bp, and is
negative beyond, elements of other classes included. (For background, the elements of all classes
change sides.) Where one true class is needed (accuracy, confusion, ece, brier) it is that of the
nearest element within 500 bp; background beyond 2,000 bp of every element; windows between are left
out.

A labelled element is found by a call of its class that reaches within
500 bp of its midpoint, and is credited once, to the best such call (of equal ones the one further
left). A call is right when it is credited with an element or more; a second call at the same
element is wrong. Recall is the share of elements found. Average precision of calls is that of the
candidates of `ranking`, which no threshold has cut.

The midpoint of an element is that of its window, which is snapped to the bin grid.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from deepregfinder.calling import Calls
from deepregfinder.metrics import LEFT_OUT, NEGATIVE, POSITIVE, Blocks, Tallies, join, ratio, tally
from deepregfinder.probabilities import Probabilities
from deepregfinder.tensors import Tensors

POSITIVE_WITHIN = 500
NEGATIVE_BEYOND = 2000

Elements = Mapping[str, Sequence[np.ndarray]]
"""Chromosome -> for each class the sorted midpoints (bp) of its labelled elements.

Background has none."""


def labelled_elements(tensors: Tensors, chroms: Sequence[str]) -> dict[str, list[np.ndarray]]:
    """Midpoints of the labelled windows of some chromosomes, by class."""
    elements = {}
    for chrom in chroms:
        here = tensors.chrom == tensors.chroms.index(chrom)
        elements[chrom] = [np.empty(0, np.int64)] + [
            np.sort(tensors.midpoints[here & (tensors.y == index)])
            for index in range(1, len(tensors.classes))
        ]
    return elements


def distance_to_nearest(points: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Distance (bp) of each position to the nearest of the sorted points; huge without any."""
    far = np.iinfo(np.int64).max // 4
    padded = np.concatenate([[-far], points, [far]])
    right = np.searchsorted(padded, positions)
    return np.minimum(padded[right] - positions, positions - padded[right - 1])


def label_windows(
    centres: np.ndarray, elements: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Say what windows truly are, as the head of this module defines it.

    Parameters
    ----------
    centres : int64, shape (windows,), bp
    elements : for each class the sorted midpoints of its elements, of one chromosome

    Returns
    -------
    truth : int64, shape (windows,); class index, -1 where left out
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
    return truth, membership


def tally_genome(
    scan: Probabilities, elements: Elements, blocks: Blocks, with_members: bool
) -> tuple[Tallies, list[Tallies]]:
    """Tally every window of the chromosomes of `elements`, reading one chromosome at a time.

    Returns the tallies of the averaged probabilities by block, and those of each member (a block
    for each chromosome; empty unless asked for).
    """
    whole: list[Tallies] = []
    members: list[list[Tallies]] = [[] for _ in (scan.seeds if with_members else ())]
    for chrom, by_class in elements.items():
        probabilities = scan.load(chrom)
        centres = np.arange(probabilities.shape[1], dtype=np.int64) * scan.step + scan.window // 2
        truth, membership = label_windows(centres, by_class)
        block = centres // blocks.size
        whole.append(
            tally(probabilities, truth, membership, block, blocks.count[chrom], quantised=True)
        )
        if with_members:
            for parts, track in zip(members, scan.load_members(chrom), strict=True):
                one_block = np.zeros_like(block)
                parts.append(tally(track, truth, membership, one_block, 1, quantised=True))
    return join(whole), [join(parts) for parts in members]


@dataclass(frozen=True)
class CallTallies:
    """Calls and elements by block and class: float64, shape (blocks, classes) each.

    right, wrong : calls with and without credit
    credited : elements that a call found
    elements : all elements
    """

    right: np.ndarray
    wrong: np.ndarray
    credited: np.ndarray
    elements: np.ndarray


def credit(start: np.ndarray, end: np.ndarray, score: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Find the call each element is credited to.

    Parameters
    ----------
    start, end, score : of calls of one class and chromosome, sorted, without overlap
    points : midpoints of elements

    Returns
    -------
    int64, shape (elements,); index of the call, -1 where none reaches within POSITIVE_WITHIN
    """
    first = np.searchsorted(end - 1 + POSITIVE_WITHIN, points, side="left")
    last = np.searchsorted(start - POSITIVE_WITHIN, points, side="right")
    found = np.full(len(points), -1, np.int64)
    best = np.full(len(points), -np.inf)
    for nth in range(int(np.max(last - first, initial=0))):
        candidate = first + nth
        valid = np.flatnonzero(candidate < last)
        better = valid[score[candidate[valid]] > best[valid]]
        found[better] = candidate[better]
        best[better] = score[candidate[better]]
    return found


def tally_calls(
    calls: Mapping[str, Calls], elements: Elements, n_classes: int, blocks: Blocks
) -> CallTallies:
    """Credit calls with elements on the chromosomes of `elements`, and tally both by block.

    A call belongs to the block of its midpoint, an element to that of its own.
    """
    shape = (len(blocks), n_classes)
    right, wrong, credited, n_elements = (np.zeros(shape) for _ in range(4))
    for chrom, by_class in elements.items():
        first = blocks.first[chrom]
        for index in range(1, n_classes):
            points = by_class[index]
            point_block = first + points // blocks.size
            np.add.at(n_elements[:, index], point_block, 1)
            if chrom not in calls:
                continue
            found = calls[chrom].take(calls[chrom].class_index == index)
            owner = credit(found.start, found.end, found.score, points)
            is_right = np.isin(np.arange(len(found)), owner)
            call_block = first + (found.start + found.end) // 2 // blocks.size
            for table, which in ((right, is_right), (wrong, ~is_right)):
                np.add.at(table[:, index], call_block[which], 1)
            np.add.at(credited[:, index], point_block[owner >= 0], 1)
    return CallTallies(right, wrong, credited, n_elements)


CALL_FIGURES = ("precision", "recall", "f1")


def measure_calls(tallies: CallTallies, weights: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Figures of calls for each weighting of the blocks.

    Returns
    -------
    name of CALL_FIGURES -> float64, shape (weightings, classes); NaN where there is no call
    (precision) or no element (recall), and for background
    """
    if weights is None:
        weights = np.ones((1, len(tallies.elements)))
    right, wrong, credited, elements = (
        weights @ table
        for table in (tallies.right, tallies.wrong, tallies.credited, tallies.elements)
    )
    precision, recall = ratio(right, right + wrong), ratio(credited, elements)
    together = precision + recall
    f1 = np.where(together == 0, 0.0, ratio(2 * precision * recall, together))
    return {"precision": precision, "recall": recall, "f1": f1}
