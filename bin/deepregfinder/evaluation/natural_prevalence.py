"""Natural prevalence: accuracy of probabilities and calls on whole chromosomes.

A balanced test set is optimistic, since most of the genome is background. Here every window of the
test chromosomes is used, with the class that labels/ground_truth.py gives to its centre.

A labelled element is found by a call of its class that reaches within
500 bp of its midpoint, and is credited once, to the best such call (of equal ones the one further
left). A call is right when it is credited with an element or more; a second call at the same
element is wrong. A call without credit that reaches an unlabelled candidate is neither. Recall is
the share of elements found. Average precision of calls is that of the candidates of `ranking`,
which no threshold has cut.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from deepregfinder.evaluation.metrics import Blocks, Tallies, join, ratio, tally
from deepregfinder.labels.ground_truth import POSITIVE_WITHIN, Elements, label_windows
from deepregfinder.models.calibration import temper
from deepregfinder.prediction.calling import Calls
from deepregfinder.prediction.probabilities import Probabilities


def tally_genome(
    scan: Probabilities, elements: Elements, blocks: Blocks, with_members: bool
) -> tuple[Tallies, list[Tallies]]:
    """Tally every window of the chromosomes of `elements`, reading one chromosome at a time.

    Returns the tallies of the averaged probabilities by block, and those of each member (a block
    for each chromosome; empty unless asked for).
    """
    averaged: list[Tallies] = []
    members: list[list[Tallies]] = [[] for _ in (scan.seeds if with_members else ())]
    for chrom, by_class in elements.items():
        probabilities = scan.load(chrom)
        centres = scan.centres(probabilities.shape[1])
        truth, membership = label_windows(centres, by_class)
        block = centres // blocks.size
        averaged.append(
            tally(probabilities, truth, membership, block, blocks.count[chrom], quantised=True)
        )
        if with_members:
            for of_member, track in zip(members, scan.load_members(chrom), strict=True):
                one_block = np.zeros_like(block)
                of_member.append(tally(track, truth, membership, one_block, 1, quantised=True))
    return join(averaged), [join(of_member) for of_member in members]


def tally_uncalibrated(scan: Probabilities, elements: Elements, blocks: Blocks) -> Tallies:
    """Tally the same windows with what their probabilities were before temperature scaling.

    They are raised to the power of the temperature, which inverts it up to the rounding to
    1/65535 of what is stored.
    """
    averaged = []
    for chrom, by_class in elements.items():
        probabilities = temper(scan.load(chrom).T, 1 / scan.temperature).T
        centres = scan.centres(probabilities.shape[1])
        truth, membership = label_windows(centres, by_class)
        block, n_blocks = centres // blocks.size, blocks.count[chrom]
        averaged.append(tally(probabilities, truth, membership, block, n_blocks, quantised=True))
    return join(averaged)


@dataclass(frozen=True)
class CallTallies:
    """Calls and elements by block and class: float64, shape (blocks, classes) each.

    right, wrong : calls with and without credit
    credited : elements that a call recovers
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
    int64, shape (elements,); index of the call, -1 if none reaches within POSITIVE_WITHIN
    """
    first = np.searchsorted(end - 1 + POSITIVE_WITHIN, points, side="left")
    last = np.searchsorted(start - POSITIVE_WITHIN, points, side="right")
    owner = np.full(len(points), -1, np.int64)
    best = np.full(len(points), -np.inf)
    for nth in range(int(np.max(last - first, initial=0))):
        candidate = first + nth
        valid = np.flatnonzero(candidate < last)
        better = valid[score[candidate[valid]] > best[valid]]
        owner[better] = candidate[better]
        best[better] = score[candidate[better]]
    return owner


def reach(start: np.ndarray, end: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Which calls reach within POSITIVE_WITHIN of any of the sorted points: bool, (calls,)."""
    before = np.searchsorted(points, start - POSITIVE_WITHIN, side="left")
    upto = np.searchsorted(points, end - 1 + POSITIVE_WITHIN, side="right")
    reached: np.ndarray = upto > before
    return reached


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
            of_class = calls[chrom].take(calls[chrom].class_index == index)
            owner = credit(of_class.start, of_class.end, of_class.score, points)
            is_right = np.isin(np.arange(len(of_class)), owner)
            is_wrong = ~is_right & ~reach(of_class.start, of_class.end, by_class[0])
            call_block = first + (of_class.start + of_class.end) // 2 // blocks.size
            for table, which in ((right, is_right), (wrong, is_wrong)):
                np.add.at(table[:, index], call_block[which], 1)
            np.add.at(credited[:, index], point_block[owner >= 0], 1)
    return CallTallies(right, wrong, credited, n_elements)


CALL_FIGURES = ("precision", "recall", "f1")


def measure_calls(tallies: CallTallies, weights: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Metrics of calls for each weighting of the blocks.

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
