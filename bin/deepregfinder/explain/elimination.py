"""How many marks a model needs: they are taken from it one by one, the least missed first.

Backward elimination (as Guyon and Elisseeff 2003 describe it), without training again: what a model
takes from a mark is destroyed by exchanging blocks of that mark between places, as for the
importance of marks; `drf`, which was trained with marks hidden, is shown no reads of it. In each
step the mark goes whose loss leaves the highest mean average precision on the validation windows;
figures are of the test windows, which have no say in the order. Of marks that say the same, one is
missed as soon as the other is gone.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np

from deepregfinder.explain.importance import Score, average_precisions
from deepregfinder.progress import Progress

_log = logging.getLogger(__name__)


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
    validation: tuple[Score, np.ndarray],
    test: tuple[Score, np.ndarray],
    n_marks: int,
    seed: int | None,
) -> Elimination:
    """Take marks away until none is left; of equally dispensable ones the first.

    validation, test : how their windows are scored, and class indices of the windows
    seed : each mark is exchanged in an order of its own, always the same one; None: it has no reads
    """

    n_scores = n_marks * (n_marks + 1) // 2 + n_marks + 1
    progress, done = Progress(_log, "taking marks away", "predictions", n_scores), count(1)

    def areas(scored: tuple[Score, np.ndarray], marks: Sequence[int]) -> np.ndarray:
        score, y = scored
        found = score(
            {mark: None if seed is None else np.random.default_rng([seed, mark]) for mark in marks}
        )
        number = next(done)
        progress.reach(number, number)
        return average_precisions(found, y)

    gone: list[int] = []
    while len(gone) < n_marks:
        left = [mark for mark in range(n_marks) if mark not in gone]
        gone.append(max(left, key=lambda mark: areas(validation, [*gone, mark])[1:].mean()))
    on_test = [areas(test, gone[:n]) for n in range(n_marks + 1)]
    return Elimination(tuple(gone), np.array(on_test))
