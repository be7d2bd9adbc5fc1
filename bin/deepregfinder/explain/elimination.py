"""How many marks a model needs: marks are removed, the least important first.

Backward elimination (Guyon and Elisseeff 2003) without retraining: the information in a mark is
destroyed by permuting blocks of it along the genome, as for the importance of marks; `drf`, which
was trained with hidden marks, is given no reads of it. Each step removes the third of the remaining
marks without which, one at a time, the mean average precision on the validation windows is highest;
from five marks on it is one mark. The reported values are of the test windows, which do not affect
the order. Of two redundant marks, the second becomes important once the first is removed.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np

from deepregfinder.explain.importance import Scored
from deepregfinder.progress import Progress

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Elimination:
    """Average precision on the test windows as marks are removed.

    order : marks, in the order of their removal
    areas : float64 (marks + 1, classes): with all marks, without the first of the order, ...,
        without any
    """

    order: tuple[int, ...]
    areas: np.ndarray


def eliminate(validation: Scored, test: Scored, n_marks: int, seed: int | None) -> Elimination:
    """Remove marks until none is left; of ties, the first is removed.

    seed : of the permutation of each mark, which is the same in all steps; None: marks are set to
        zero instead
    """

    n_scores = sum(_numbers_left(n_marks)) + n_marks + 1
    progress, done = Progress(_log, "removing marks", "predictions", n_scores), count(1)

    def areas(windows: Scored, marks: Sequence[int]) -> np.ndarray:
        by_class = windows.average_precisions(
            {mark: None if seed is None else np.random.default_rng([seed, mark]) for mark in marks}
        )
        number = next(done)
        progress.reach(number, number)
        return by_class

    removed: list[int] = []
    while len(removed) < n_marks:
        left = [mark for mark in range(n_marks) if mark not in removed]
        without = {mark: areas(validation, [*removed, mark])[1:].mean() for mark in left}
        removed += sorted(left, key=without.__getitem__, reverse=True)[: _share(len(left))]
    on_test = [areas(test, removed[:n]) for n in range(n_marks + 1)]
    return Elimination(tuple(removed), np.array(on_test))


def _share(n_left: int) -> int:
    """Marks that one step removes."""
    return max(1, n_left // 3)


def _numbers_left(n_marks: int) -> list[int]:
    """Marks that are left before each step."""
    numbers = []
    while n_marks:
        numbers.append(n_marks)
        n_marks -= _share(n_marks)
    return numbers
