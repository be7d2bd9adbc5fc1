"""Elements that were perturbed with CRISPR, compared with calls and probabilities of a model.

A table has one row per tested pair of element and gene (crispr_table.py). Rows with the same
coordinates are one element. An element is regulated if any gene responded; otherwise it is a tested
negative (it may still act in another cell type, or on a gene that was not measured). An element is
called, by class, if a call overlaps it; a regulated element under a promoter call is a validated
enhancer that the model classifies as promoter. A place between two bases is overlapped by what
holds one of them. The probability of an element is the highest one of the windows that overlap it:
1 - P(background) for any class, P(class) for one.

  recall = called regulated / regulated       negative rate = called negatives / negatives
  precision = called regulated / called       (both among tested elements only)
  F1 = 2 called regulated / (called + regulated)

Average precision ranks tested elements by probability. Intervals are those of the block bootstrap
(blocks of 5 Mb), since neighbouring elements are not independent. Intervals of rates are extended
to contain Wilson's interval (1927): 0 called of 40 does not mean a rate of exactly 0. That of F1
contains the image of Wilson's interval for J = called regulated / (called or regulated), of which
F1 = 2 J / (1 + J).

Scope `all` has all elements on predicted chromosomes, `test` only those on chromosomes that the
model was neither trained nor calibrated on; quote the metrics of `test`.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from deepregfinder.evaluation.external.crispr_table import NOT_VALID, OTHER_CELL, TESTED
from deepregfinder.evaluation.metrics import (
    Blocks,
    Bootstrap,
    average_precision,
    block_weights,
    interval,
    ratio,
)
from deepregfinder.evaluation.tables import CrisprFigures
from deepregfinder.genome.assembly import check_placement
from deepregfinder.genome.liftover import LIFTED, lift_intervals, read_chain, source_sizes
from deepregfinder.genome.splits import SplitPlan
from deepregfinder.prediction.calling import Calls
from deepregfinder.prediction.probabilities import Probabilities
from deepregfinder.storage.tables import ABSENT, column_names, read_rows, write_rows

log = logging.getLogger(__name__)

NOT_PREDICTED = "not_predicted"
ANY = "any"


@dataclass(frozen=True)
class PlacedElement:
    """A row of `place_elements`: a perturbed element, and where it lies in the run's assembly.

    genes : those it was tested for in the cell type; regulated_genes : those that answered
    status : liftover's, or why no pair of it is used
    chrom, start, end : None where it was not lifted, or is not used
    """

    source_chrom: str
    source_start: int
    source_end: int
    genes: int
    regulated_genes: int
    status: str
    chrom: str | None
    start: int | None
    end: int | None


ELEMENT_COLUMNS = column_names(PlacedElement)
PREDICTION_COLUMNS = (*ELEMENT_COLUMNS, "test", "called")


def place_elements(
    elements: pd.DataFrame, chain: Path | None, chrom_sizes: Mapping[str, int], source: str
) -> pd.DataFrame:
    """Coordinates of elements in the assembly of the run: a row of ELEMENT_COLUMNS for each.

    elements : of `crispr_table.read_table`

    status : result of the liftover, or why the element is not used; without a chain file,
        coordinates are those of the table. Elements that are not used or were not lifted have the
        chrom ".", and the start and end -1. Of a place between two bases, both are lifted.
    """
    names = {"chrom": "source_chrom", "start": "source_start", "end": "source_end"}
    placed = elements.rename(columns=names).assign(chrom=".", start=-1, end=-1)
    used = elements["use"] == TESTED
    placed["status"] = elements["use"].where(~used, LIFTED)
    here = elements[used]
    if chain is not None:
        lift = read_chain(chain, chrom_sizes)
        here, placed.loc[used, "status"] = lift_intervals(
            _with_a_base(here, source_sizes(lift)), lift, source
        )
    else:
        here = _with_a_base(here, chrom_sizes)
    check_placement(here, chrom_sizes, source)
    for column in ("chrom", "start", "end"):
        placed.loc[here.index, column] = here[column]
    return placed[list(ELEMENT_COLUMNS)]


def _with_a_base(elements: pd.DataFrame, chrom_sizes: Mapping[str, int]) -> pd.DataFrame:
    """Elements between two bases as both of these, one at an end of the chromosome; like bedtools.

    chrom_sizes : of the assembly of the elements
    """
    between = elements["start"] == elements["end"]
    size = elements["chrom"].map(chrom_sizes).fillna(2**31 - 1).astype(np.int64)
    # One that lies beyond the end of its chromosome is left as it is, and refused as such.
    after = np.where(elements["start"] == size, size, elements["end"] + 1)
    before = (elements["start"] - 1).clip(lower=0)
    return elements.assign(
        start=elements["start"].mask(between, before), end=elements["end"].mask(between, after)
    )


def write_elements(path: Path, placed: pd.DataFrame) -> None:
    """Write a table with one row per element."""
    rows = placed.itertuples(index=False, name=None)
    known: Iterator[list[Any]] = (
        [None if value in (ABSENT, -1) else value for value in row] for row in rows
    )
    write_rows(path, PlacedElement, (PlacedElement(*row) for row in known))


def read_elements(path: Path) -> pd.DataFrame:
    """Read a table of `write_elements`: the result of `place_elements`."""
    nowhere = {"chrom": ABSENT, "start": -1, "end": -1}
    rows = [
        vars(row) | (nowhere if row.chrom is None else {}) for row in read_rows(path, PlacedElement)
    ]
    return pd.DataFrame(rows, columns=list(ELEMENT_COLUMNS))


@dataclass(frozen=True)
class ElementPredictions:
    """Predictions of a model for elements on predicted chromosomes.

    called : bool, shape (classes, elements); row 0 is a call of any class
    probability : float64, shape (classes, elements); row 0 is 1 - P(background)
    """

    called: np.ndarray
    probability: np.ndarray


def predictions_at(
    elements: pd.DataFrame, calls: Mapping[str, Calls], scan: Probabilities
) -> ElementPredictions:
    """Find the calls and windows that overlap elements (chrom, start, end)."""
    shape = (len(scan.classes), len(elements))
    called, probability = np.zeros(shape, bool), np.full(shape, np.nan)
    for chrom in elements["chrom"].unique():
        rows = np.flatnonzero(elements["chrom"] == chrom)
        start, end = (elements[name].to_numpy(np.int64)[rows] for name in ("start", "end"))
        for index in range(len(scan.classes)) if chrom in calls else ():
            of_class = calls[chrom].class_index == index
            of_class_calls = calls[chrom].take(of_class if index else ~of_class)
            first = np.searchsorted(of_class_calls.end, start, side="right")
            called[index, rows] = np.searchsorted(of_class_calls.start, end, side="left") > first
        track = scan.load(chrom).astype(np.float64)
        track[0] = 1 - track[0]
        first = np.maximum((start - scan.window) // scan.step + 1, 0)
        last = np.minimum((end - 1) // scan.step, track.shape[1] - 1)
        for row, low, high in zip(rows, first, last, strict=True):
            if low <= high:
                probability[:, row] = track[:, low : high + 1].max(axis=1)
    return ElementPredictions(called, probability)


@dataclass(frozen=True)
class LeftOut:
    """Elements that are not compared, by reason: columns of CrisprFigures."""

    other_cells: int = 0
    not_valid: int = 0
    not_lifted: int = 0
    not_predicted: int = 0

    @classmethod
    def of(cls, status: np.ndarray) -> "LeftOut":
        """Count the status of every element."""
        other_cells, not_valid, not_predicted, lifted = (
            int((status == one).sum()) for one in (OTHER_CELL, NOT_VALID, NOT_PREDICTED, LIFTED)
        )
        not_lifted = len(status) - lifted - other_cells - not_valid - not_predicted
        return cls(other_cells, not_valid, not_lifted, not_predicted)


def validate(
    placed: pd.DataFrame,
    calls: Mapping[str, Calls],
    scan: Probabilities,
    split: SplitPlan,
    bootstrap: Bootstrap,
) -> tuple[list[CrisprFigures], list[tuple[object, ...]]]:
    """Metrics of any class and of each, and every element with its predictions (header first).

    placed : of `place_elements`; split : of the windows that the model was trained on
    """
    status = placed["status"].to_numpy(dtype=object).copy()
    is_lifted = status == LIFTED
    status[is_lifted & ~placed["chrom"].isin(scan.chroms).to_numpy()] = NOT_PREDICTED
    tested = np.flatnonzero(status == LIFTED)
    left_out = LeftOut.of(status)
    log.info("%d of %d elements are on predicted chromosomes", len(tested), len(status))
    if left_out.not_predicted:
        log.warning(
            "%d elements are on chromosomes that were not predicted", left_out.not_predicted
        )
    elements = placed.iloc[tested]
    predictions = predictions_at(elements, calls, scan)
    is_test = np.array([split.of(chrom) == "test" for chrom in elements["chrom"]], bool)

    figures: list[CrisprFigures] = []
    for scope, kept in (("all", np.ones(len(tested), bool)), ("test", is_test)):
        counts = (len(status), left_out) if scope == "all" else (int(kept.sum()), LeftOut())
        sizes = {
            chrom: scan.chrom_sizes[chrom]
            for chrom in scan.chroms
            if scope == "all" or split.of(chrom) == "test"
        }
        of_scope = ElementPredictions(predictions.called[:, kept], predictions.probability[:, kept])
        figures += _figures(scope, counts, elements[kept], of_scope, scan.classes, sizes, bootstrap)
    return figures, [*_element_rows(placed, status, tested, predictions, is_test, scan.classes)]


def _figures(
    scope: str,
    counts: tuple[int, LeftOut],
    elements: pd.DataFrame,
    predictions: ElementPredictions,
    classes: Sequence[str],
    sizes: Mapping[str, int],
    bootstrap: Bootstrap,
) -> Iterator[CrisprFigures]:
    """Those of any class and each. counts : elements of the scope, and those not compared"""
    blocks = Blocks.over(sizes)
    middle = (elements["start"] + elements["end"]).to_numpy(np.int64) // 2
    first = np.array([blocks.first[chrom] for chrom in elements["chrom"]], np.int64)
    block = first + middle // blocks.size
    drawn = block_weights(blocks, bootstrap)
    weights = np.ones((1, len(blocks)))
    if drawn is not None:
        weights = np.concatenate([weights, drawn])
    regulated = elements["regulated_genes"].to_numpy() > 0

    def by_block(which: np.ndarray) -> np.ndarray:
        return np.bincount(block[which], minlength=len(blocks))

    for index, name in enumerate((ANY, *classes[1:])):
        called = predictions.called[index]
        right, positive, wrong, negative = (
            weights @ by_block(which)
            for which in (called & regulated, regulated, called & ~regulated, ~regulated)
        )
        level = np.unique(-predictions.probability[index], return_inverse=True)[1]
        ranked = np.zeros((2, len(blocks), int(level.max(initial=-1)) + 1))
        np.add.at(ranked, (np.where(regulated, 0, 1), block, level), 1)
        counted = {
            "recall": (right, positive),
            "negative_rate": (wrong, negative),
            "precision": (right, right + wrong),
        }
        values = {figure: ratio(*pair) for figure, pair in counted.items()}
        counted["f1"] = (right, positive + wrong)  # J of the head of this file
        values["f1"] = ratio(2 * right, right + wrong + positive)
        values["average_precision"] = (
            average_precision(weights @ ranked[0], weights @ ranked[1])
            if ranked.size
            else np.full(len(weights), np.nan)
        )
        figures: dict[str, float] = {}
        for figure, value in values.items():
            edges = None if drawn is None else interval(value[1:])
            if edges and figure in counted:
                wilson = _wilson(*(int(count[0]) for count in counted[figure]))
                if figure == "f1":
                    wilson = [2 * edge / (1 + edge) for edge in wilson]
                edges = [min(edges[0], round(wilson[0], 6)), max(edges[1], round(wilson[1], 6))]
            low, high = edges or (np.nan, np.nan)
            figures |= {figure: float(value[0]), f"{figure}_low": low, f"{figure}_high": high}
        yield CrisprFigures(
            scope,
            name,
            elements=counts[0],
            other_cells=counts[1].other_cells,
            not_valid=counts[1].not_valid,
            not_lifted=counts[1].not_lifted,
            not_predicted=counts[1].not_predicted,
            regulated=int(positive[0]),
            called_regulated=int(right[0]),
            negatives=int(negative[0]),
            called_negatives=int(wrong[0]),
            **figures,
        )


def _wilson(k: int, n: int) -> list[float]:
    """Wilson's 95 % interval of `k` in `n`."""
    found = binomtest(k, n).proportion_ci(method="wilson")
    return [found.low, found.high]


def _element_rows(
    placed: pd.DataFrame,
    status: np.ndarray,
    tested: np.ndarray,
    predictions: ElementPredictions,
    is_test: np.ndarray,
    classes: Sequence[str],
) -> list[tuple[object, ...]]:
    """Header and a row for each element of the table, in its order."""
    names = (ANY, *classes[1:])
    header = (*PREDICTION_COLUMNS, *(f"probability_{name}" for name in names))
    rows: list[tuple[object, ...]] = [header]
    place_of = {int(row): place for place, row in enumerate(tested)}
    for row, values in enumerate(placed.assign(status=status).itertuples(index=False, name=None)):
        shown = ["." if value == -1 else value for value in values]
        place = place_of.get(row)
        if place is None:
            rows.append((*shown, ".", ".", *[np.nan] * len(names)))
            continue
        called = [names[index] for index in np.flatnonzero(predictions.called[1:, place]) + 1]
        rows.append(
            (
                *shown,
                "true" if is_test[place] else "false",
                ";".join(called) or ".",
                *predictions.probability[:, place].tolist(),
            )
        )
    return rows
