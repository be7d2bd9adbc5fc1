"""How many marks a model needs: they are taken from it one by one, the least missed first.

Backward elimination (as Guyon and Elisseeff 2003 describe it), without training again: what a model
takes from a mark is destroyed by exchanging blocks of that mark between places, as for the
importance of marks. In each step the mark goes whose loss leaves the highest mean average precision
on the validation windows; figures are of the test windows, which have no say in the order. Of marks
that say the same, one is missed as soon as the other is gone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from deepregfinder.explain.importance import average_precisions, block_order

WithoutMarks = Callable[[Sequence[int]], np.ndarray]
"""Probabilities (n, classes) of windows whose given marks tell nothing."""


@dataclass(frozen=True)
class Elimination:
    """Average precision on the test windows while marks are taken away.

    order : marks, in the order in which they go
    areas : float64 (marks + 1, classes): with all marks, without the first of the order, ...,
        without any
    """

    order: tuple[int, ...]
    areas: np.ndarray


def eliminate(
    validation: tuple[WithoutMarks, np.ndarray], test: tuple[WithoutMarks, np.ndarray], n_marks: int
) -> Elimination:
    """Take marks away until none is left; of equally dispensable ones the first.

    validation, test : how their windows are scored, and class indices of the windows
    """

    def value(marks: Sequence[int]) -> float:
        score, y = validation
        return float(average_precisions(score(marks), y)[1:].mean())

    gone: list[int] = []
    while len(gone) < n_marks:
        left = [mark for mark in range(n_marks) if mark not in gone]
        gone.append(max(left, key=lambda mark: value([*gone, mark])))
    score, y = test
    areas = [average_precisions(score(gone[:n]), y) for n in range(n_marks + 1)]
    return Elimination(tuple(gone), np.array(areas))


def exchanged(
    x: np.ndarray, block: np.ndarray, start: np.ndarray, marks: Sequence[int], seed: int
) -> np.ndarray:
    """The windows with each of some marks exchanged in an order of its own, always the same one.

    x : (n, marks, bins); block, start : as of `block_order`
    """
    changed = x.copy()
    for mark in marks:
        order = block_order(block, start, np.random.default_rng([seed, mark]))
        changed[:, mark] = x[order, mark]
    return changed
