"""How many marks a model needs: marks are removed one by one, the least important first.

Backward elimination (Guyon and Elisseeff 2003) without retraining: the information in a mark is
destroyed by permuting blocks of it along the genome, as for the importance of marks; `drf`, which
was trained with hidden marks, is given no reads of it. Each step removes the mark without which the
mean average precision on the validation windows is highest; the reported values are of the test
windows, which do not affect the order. Of two redundant marks, the second becomes important once
the first is removed.
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
    """Average precision on the test windows as marks are removed.

    order : marks, in the order of their removal
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
    """Remove marks until none is left; of ties, the first is removed.

    validation, test : score function and class indices of their windows
    seed : of the permutation of each mark, which is the same in all steps; None: marks are set to
        zero instead
    """

    n_scores = n_marks * (n_marks + 1) // 2 + n_marks + 1
    progress, done = Progress(_log, "removing marks", "predictions", n_scores), count(1)

    def areas(scored: tuple[Score, np.ndarray], marks: Sequence[int]) -> np.ndarray:
        score, y = scored
        probabilities = score(
            {mark: None if seed is None else np.random.default_rng([seed, mark]) for mark in marks}
        )
        number = next(done)
        progress.reach(number, number)
        return average_precisions(probabilities, y)

    removed: list[int] = []
    while len(removed) < n_marks:
        left = [mark for mark in range(n_marks) if mark not in removed]
        removed.append(max(left, key=lambda mark: areas(validation, [*removed, mark])[1:].mean()))
    on_test = [areas(test, removed[:n]) for n in range(n_marks + 1)]
    return Elimination(tuple(removed), np.array(on_test))
