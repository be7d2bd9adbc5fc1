"""Ranking of candidate calls, which does not depend on the calibration of a model.

A threshold cuts the rankings of models with different calibration at different depths. The average
precision of calls therefore uses candidates, which are defined in the same way for every model. For
each class, a candidate is a window whose stored probability (65,536 levels) is above zero and not
lower than that of its two neighbours. Candidates are taken from the best to the worst (of equal
ones, the leftmost first); a candidate that overlaps one taken before is skipped. Candidates of
enhancer classes within `--tss_distance` of a merged TSS are then removed, as for calls. Elements
are credited as in natural_prevalence.py, where calls that are neither right nor wrong are defined;
such candidates are removed too.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from deepregfinder.evaluation.metrics import Blocks, ratio
from deepregfinder.evaluation.natural_prevalence import credit, reach
from deepregfinder.labels.ground_truth import Elements
from deepregfinder.models.natural import LEVELS
from deepregfinder.prediction.calling import Calls, TssZone, remove_near_tss
from deepregfinder.prediction.probabilities import Probabilities

_WEIGHTINGS_AT_ONCE = 25


@dataclass(frozen=True)
class RankedCalls:
    """Candidates and elements of one class on the test chromosomes, both best first.

    level : int64, shape (candidates,); 0 is the best score, LEVELS - 1 a probability of zero
    right : bool, shape (candidates,); credited with an element or more
    block : int64, shape (candidates,); block of the bootstrap that holds the summit
    element_level : int64, shape (elements,); of the candidate that recovers it, LEVELS without one
    element_block : int64, shape (elements,)
    """

    level: np.ndarray
    right: np.ndarray
    block: np.ndarray
    element_level: np.ndarray
    element_block: np.ndarray


def find_candidates(probabilities: np.ndarray, step: int, window: int) -> Calls:
    """Candidates of all classes on one chromosome, sorted by class, then by start.

    probabilities : float32, shape (classes, windows); multiples of 1/65535, background first
    step, window : bp
    """
    reach = -(-window // step) - 1
    places = [
        _suppress(np.rint(track * (LEVELS - 1)).astype(np.int64), reach)
        for track in probabilities[1:]
    ]
    class_index = np.repeat(
        np.arange(1, len(probabilities)), [len(of_class) for of_class in places]
    )
    place = np.concatenate(places)
    return Calls(
        start=place * step,
        end=place * step + window,
        class_index=class_index,
        score=probabilities[class_index, place],
        summit=place * step + window // 2,
    )


def _suppress(score: np.ndarray, reach: int) -> np.ndarray:
    """Local maxima above zero; of those within `reach` windows of each other, the best is kept."""
    beside = np.concatenate([[-1], score, [-1]])
    peaks = np.flatnonzero((score > 0) & (score >= beside[:-2]) & (score >= beside[2:]))
    covered = bytearray(len(score) + 2 * reach)
    cover = bytes([1]) * (2 * reach + 1)
    kept = []
    for place in peaks[np.argsort(-score[peaks], kind="stable")].tolist():
        if not covered[place + reach]:
            kept.append(place)
            covered[place : place + 2 * reach + 1] = cover
    return np.sort(np.array(kept, np.int64))


def rank_calls(
    scan: Probabilities,
    elements: Elements,
    blocks: Blocks,
    zone: TssZone | None = None,
) -> list[RankedCalls]:
    """Rank the candidates of each class except background on the chromosomes of `elements`.

    zone : where enhancer candidates are removed; None removes nothing
    """
    candidates: Mapping[str, Calls] = {
        chrom: find_candidates(scan.load(chrom), scan.step, scan.window) for chrom in elements
    }
    if zone is not None:
        candidates = remove_near_tss(candidates, scan.classes, zone)
    return [_ranked(candidates, elements, index, blocks) for index in range(1, len(scan.classes))]


def _ranked(
    candidates: Mapping[str, Calls], elements: Elements, index: int, blocks: Blocks
) -> RankedCalls:
    columns: list[list[np.ndarray]] = [[], [], [], [], []]
    for chrom, by_class in elements.items():
        points, first = by_class[index].astype(np.int64), blocks.first[chrom]
        of_class = candidates[chrom].take(candidates[chrom].class_index == index)
        level = LEVELS - 1 - np.rint(of_class.score * (LEVELS - 1)).astype(np.int64)
        owner = credit(of_class.start, of_class.end, -level, points)
        reached = np.append(level, LEVELS)[owner]
        right = np.isin(np.arange(len(of_class)), owner)
        ranked = right | ~reach(of_class.start, of_class.end, by_class[0])
        for column, values in zip(
            columns,
            (
                level[ranked],
                right[ranked],
                first + of_class.summit[ranked] // blocks.size,
                reached,
                first + points // blocks.size,
            ),
            strict=True,
        ):
            column.append(values)
    level, right, block, element_level, element_block = map(np.concatenate, columns)
    order, by_level = np.argsort(level, kind="stable"), np.argsort(element_level, kind="stable")
    return RankedCalls(
        level[order],
        right[order],
        block[order],
        element_level[by_level],
        element_block[by_level],
    )


def ranked_average_precision(ranked: RankedCalls, weights: np.ndarray) -> np.ndarray:
    """Average precision for each weighting of the blocks.

    Sum over distinct scores of (rise of recall) x precision, where recall is of elements.

    weights : shape (weightings, blocks)

    Returns
    -------
    float64, shape (weightings,); NaN without elements
    """
    last = np.searchsorted(ranked.level, ranked.element_level, side="right") - 1
    recovered = np.flatnonzero(ranked.element_level < LEVELS)
    areas = []
    for at in range(0, len(weights), _WEIGHTINGS_AT_ONCE):
        batch = weights[at : at + _WEIGHTINGS_AT_ONCE].astype(np.float64)
        drawn = batch[:, ranked.block]
        right = np.cumsum(drawn * ranked.right, axis=1)[:, last[recovered]]
        drawn = np.cumsum(drawn, axis=1)[:, last[recovered]]
        precision = np.divide(right, drawn, out=np.zeros_like(right), where=drawn > 0)
        of_element = batch[:, ranked.element_block]
        areas.append(
            ratio((of_element[:, recovered] * precision).sum(axis=1), of_element.sum(axis=1))
        )
    return np.concatenate(areas)


def false_calls_at_recall(
    ranked: RankedCalls, weights: np.ndarray, recall: np.ndarray
) -> np.ndarray:
    """False candidates down to the score at which a recall is reached, for each weighting.

    recall : float64, shape (weightings,)

    Returns
    -------
    float64, shape (weightings,); NaN if that recall is never reached
    """
    counts = np.full(len(weights), np.nan)
    for row, (weight, target) in enumerate(zip(weights, recall, strict=True)):
        of_element = weight[ranked.element_block].astype(np.float64)
        recovered = np.cumsum(of_element * (ranked.element_level < LEVELS))
        needed = target * of_element.sum() - 1e-9
        if not len(recovered) or not recovered[-1] >= needed:
            continue
        level = ranked.element_level[np.searchsorted(recovered, needed)]
        end = np.searchsorted(ranked.level, level, side="right")
        counts[row] = weight[ranked.block[:end]] @ ~ranked.right[:end]
    return counts
