"""External annotations, evaluated like models.

Labels of an annotation (column 4 of its BED file, or the first later column with a label that is
mapped to an element) are mapped to classes by the first pattern that matches. Labels without a
matching pattern are background.

Which classes an annotation gives a labelled test window is decided by two rules (settings):

test_centre : the element class that covers most bases of its central 500 bp (of equal ones, the
    first in class order), and background if no class covers 100 bp
test_any_base : each element class that covers any base of the window, as in the paper
    (Ramakrishnan et al. 2024, vbae007); a window can be called for several classes

Windows are not ranked, so an annotation is a point, not a curve: precision, recall and F1 for the
same windows, blocks and bootstrap as for models. On whole test chromosomes (setting calls), its
intervals of a class are joined if they touch, and are credited like calls of models
(natural_prevalence.py).
"""

import logging
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from deepregfinder.errors import InputError
from deepregfinder.evaluation.external.labels import Meaning, meanings, no_element
from deepregfinder.evaluation.metrics import (
    Blocks,
    Bootstrap,
    block_weights,
    count_hits,
    interval,
    one_hot_membership,
    rates,
)
from deepregfinder.evaluation.natural_prevalence import measure_calls, tally_calls
from deepregfinder.evaluation.tables import AnnotationScore
from deepregfinder.genome.bedtools import merge
from deepregfinder.labels.ground_truth import labelled_elements
from deepregfinder.labels.tensors import Tensors
from deepregfinder.prediction.calling import Calls

log = logging.getLogger(__name__)

CENTRE = 500
LEAST_COVERED = 100

ByClass = Sequence[pd.DataFrame]
"""For each class its intervals (chrom, start, end), sorted and disjoint; background has none."""


def by_class(
    intervals: pd.DataFrame, mapping: Sequence[Meaning], classes: Sequence[str], source: str
) -> list[pd.DataFrame]:
    """Intervals (chrom, start, end, name) of each class, joined where they overlap or touch.

    Raises InputError if no label is mapped to an element class.
    """
    labels = intervals["name"].unique()
    for pair in mapping:
        if not any(pair.fits(label) for label in labels):
            log.warning("%s: no label matches %s of the mapping", source, pair.pattern)
    if problem := no_element(labels, mapping, classes, source):
        raise InputError(problem)
    meaning = meanings(labels, mapping, classes)
    named = intervals["name"].map(meaning)
    return [merge(intervals[(named == name) & (name != classes[0])]) for name in classes]


def covered(intervals: pd.DataFrame, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Bases of [start, end) that sorted, disjoint intervals of the same chromosome cover: int64."""
    starts, ends = intervals["start"].to_numpy(np.int64), intervals["end"].to_numpy(np.int64)
    if not len(starts):
        return np.zeros(len(start), np.int64)
    before = np.concatenate([[0], np.cumsum(ends - starts)])

    def up_to(position: np.ndarray) -> np.ndarray:
        opened = np.searchsorted(starts, position, side="right")
        inside = np.maximum(ends[opened - 1] - position, 0) * (opened > 0)
        covered: np.ndarray = before[opened] - inside
        return covered

    covered_inside: np.ndarray = up_to(end) - up_to(start)
    return covered_inside


def covered_by_class(
    annotation: ByClass, chrom: np.ndarray, start: np.ndarray, end: np.ndarray
) -> np.ndarray:
    """Bases of each stretch [start, end) that each class covers: int64, shape (classes, stretches).

    chrom : str, shape (stretches,); start, end : int64, shape (stretches,), bp
    """
    bases = np.zeros((len(annotation), len(start)), np.int64)
    for index, table in enumerate(annotation):
        tables = dict(tuple(table.groupby("chrom")))
        for name in np.unique(chrom):
            if name in tables:
                here = chrom == name
                bases[index, here] = covered(tables[name], start[here], end[here])
    return bases


def classify(annotation: ByClass, chrom: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """Class index of windows by the coverage of their centres (test_centre, see above): int64.

    chrom : str, shape (windows,); middle : int64, shape (windows,), bp
    """
    start = middle - CENTRE // 2
    bases = covered_by_class(annotation, chrom, start, start + CENTRE)
    return np.where(bases.max(axis=0) >= LEAST_COVERED, bases.argmax(axis=0), 0)


def as_calls(annotation: ByClass, chroms: Sequence[str]) -> dict[str, Calls]:
    """The intervals of all element classes as calls of equal score, by chromosome."""
    numbered = [table.assign(index=index) for index, table in enumerate(annotation)]
    table = pd.concat(numbered).sort_values(["start", "end", "index"])
    calls = {}
    for chrom in chroms:
        start, end, index = (
            table.loc[table["chrom"] == chrom, name].to_numpy(np.int64)
            for name in ("start", "end", "index")
        )
        calls[chrom] = Calls(start, end, index, np.ones(len(start), np.float32), (start + end) // 2)
    return calls


def score(
    name: str, annotation: ByClass, tensors: Tensors, bootstrap: Bootstrap
) -> list[AnnotationScore]:
    """Scores of every class: on test windows by both rules, and of calls on the test chromosomes.

    A random split has no test chromosomes, and therefore no rows of calls.
    """
    rows = tensors.select("test")
    truth = tensors.y[rows].astype(np.int64)
    chrom = np.array(tensors.chroms)[tensors.chrom[rows]]
    n_classes = len(tensors.classes)
    is_random = tensors.split_plan.mode == "random"
    tested = tensors.split_plan.chromosomes.select(tensors.chroms, "test")
    sizes = {c: n for c, n in tensors.chrom_sizes.items() if is_random or c in tested}
    blocks = Blocks.over(sizes)
    weights = block_weights(blocks, bootstrap)

    start, middle = tensors.start[rows], tensors.midpoints[rows]
    first = np.array([blocks.first[name] for name in chrom], np.int64)
    block = first + middle // blocks.size
    central = np.arange(n_classes)[:, None] == classify(annotation, chrom, middle)
    touched = covered_by_class(annotation, chrom, start, start + tensors.geometry.window) > 0
    scores = []
    for setting, chosen in (("test_centre", central), ("test_any_base", touched)):
        hits = count_hits(chosen, one_hot_membership(truth, n_classes), block, len(blocks))
        right, wrong, missed = hits.sum(axis=0).T
        scores += _scores(
            *(setting, name, tensors.classes),
            np.stack([right + wrong, right, right + missed, right]),
            rates(hits),
            None if weights is None else rates(hits, weights),
        )
    if not is_random:
        elements = labelled_elements(tensors, tested)
        called = tally_calls(as_calls(annotation, tested), elements, n_classes, blocks)
        sums = (
            *(called.right + called.wrong, called.right),
            *(called.elements, called.credited),
        )
        scores += _scores(
            *("calls", name, tensors.classes),
            np.stack([counts.sum(axis=0) for counts in sums]).astype(np.int64),
            measure_calls(called),
            None if weights is None else measure_calls(called, weights),
        )
    return scores


def points_on_test_windows(
    scores: Sequence[AnnotationScore],
) -> dict[str, dict[str, tuple[float, float]]]:
    """Annotation -> class -> recall and precision by the rule test_centre, if both are known."""
    points: dict[str, dict[str, tuple[float, float]]] = {}
    for one in scores:
        if one.setting == "test_centre" and one.recall is not None and one.precision is not None:
            points.setdefault(one.annotation, {})[one.class_] = one.recall, one.precision
    return points


def _scores(
    setting: str,
    name: str,
    classes: Sequence[str],
    counts: np.ndarray,
    estimates: Mapping[str, np.ndarray],
    replicates: Mapping[str, np.ndarray] | None,
) -> list[AnnotationScore]:
    """Rows of each class except background; counts has shape (4, classes)."""
    scores = []
    for index, class_name in enumerate(classes[1:], 1):
        figures: list[float] = []
        for figure in ("precision", "recall", "f1"):
            edges = None if replicates is None else interval(replicates[figure][:, index])
            figures += [float(estimates[figure][0, index]), *(edges or (np.nan, np.nan))]
        calls, right, labelled, recovered = counts[:, index].tolist()
        scores.append(
            AnnotationScore(setting, name, class_name, calls, right, labelled, recovered, *figures)
        )
    return scores
