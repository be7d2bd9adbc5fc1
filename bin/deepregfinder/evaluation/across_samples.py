"""Models on other samples: trained on one, evaluated on the labelled test windows of another.

All samples are divided by the same chromosomes, so a model has seen neither the regions nor the
reads that it is tested on. Average precision depends on the number of windows of a class in a
sample: cells of one column can be compared, cells of one row cannot. Each model is therefore
compared with the model that was trained on the tested sample, replicate by replicate of the same
blocks.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deepregfinder.classes import class_named
from deepregfinder.errors import InputError
from deepregfinder.evaluation.metrics import (
    Bootstrap,
    block_weights,
    blocks_of_test_windows,
    measure,
    one_hot_membership,
    tally,
    with_interval,
)
from deepregfinder.figure import new_figure, shaded
from deepregfinder.labels.tensors import Tensors
from deepregfinder.models.bundle import Bundle
from deepregfinder.prediction.labelled_windows import predict_test_windows
from deepregfinder.signal.store import Signal
from deepregfinder.storage.tables import read_rows

log = logging.getLogger(__name__)

MEAN = "mean"


@dataclass(frozen=True)
class Score:
    """A row of the table: a model on the test windows of a sample.

    class_ : a class, or MEAN; difference : from the model that was trained on the tested sample
    Numbers are NaN if the tested sample lacks marks, and between a model and itself.
    """

    model: str
    trained_on: str
    tested_on: str
    quantile_map: bool
    class_: str
    average_precision: float
    low: float
    high: float
    difference: float
    difference_low: float
    difference_high: float
    lacking_marks: tuple[str, ...]


@dataclass(frozen=True)
class Cell:
    """One cell of the matrix: a model on the test windows of a sample.

    areas : average precision of the classes except background, and their mean: float64
        (1 + replicates, classes), the estimate first; None if the sample lacks marks
    lacking : these marks
    """

    trained_on: str
    tested_on: str
    quantile_map: bool
    areas: np.ndarray | None
    lacking: tuple[str, ...] = ()


def average_precisions(
    bundle: Bundle,
    tensors: Tensors,
    signal: Signal,
    quantile_map: bool,
    bootstrap: Bootstrap,
) -> np.ndarray:
    """Average precision on the labelled test windows, as in `Cell.areas`."""
    members = predict_test_windows(bundle, tensors, signal, quantile_map)
    truth = tensors.y[tensors.select("test")].astype(np.int64)
    blocks, block = blocks_of_test_windows(tensors)
    membership = one_hot_membership(truth, len(bundle.classes))
    tallies = tally(bundle.labelled_probabilities(members).T, truth, membership, block, len(blocks))
    weights = [np.ones((1, len(blocks)))]
    if (drawn := block_weights(blocks, bootstrap)) is not None:
        weights.append(drawn)
    areas = measure(tallies, np.vstack(weights)).per_class["average_precision"][:, 1:]
    return np.column_stack([areas, areas.mean(axis=1)])


def measure_across(
    bundles: Sequence[Bundle],
    samples: Sequence[tuple[Tensors, Signal]],
    bootstrap: Bootstrap,
) -> list[Cell]:
    """Evaluate every model on every sample; on other samples also with quantile mapping.

    Raises InputError if a split is random: test windows of one sample may then be training windows
    of another.
    """
    tested = []
    for bundle in sorted(bundles, key=lambda bundle: bundle.sample):
        for tensors, signal in sorted(samples, key=lambda pair: pair[0].sample):
            if "random" in (bundle.split.mode, tensors.split_plan.mode):
                raise InputError(
                    f"{tensors.sample} or the model of {bundle.sample} has a random split: the "
                    "model would be tested on regions that trained it. Use --split chromosome."
                )
            lacking = tuple(mark for mark in bundle.marks if mark not in tensors.marks)
            log.info("the model of %s on %s", bundle.sample, tensors.sample)
            for quantile_map in (False, True)[: 1 if bundle.sample == tensors.sample else 2]:
                areas = (
                    None
                    if lacking
                    else average_precisions(bundle, tensors, signal, quantile_map, bootstrap)
                )
                tested.append(Cell(bundle.sample, tensors.sample, quantile_map, areas, lacking))
    return tested


def scores(model: str, classes: Sequence[str], tested: Sequence[Cell]) -> list[Score]:
    """The rows of the table, class by class of each cell.

    classes : of the models, background first
    """
    native = {cell.tested_on: cell.areas for cell in tested if cell.trained_on == cell.tested_on}
    rows = []
    for cell in tested:
        areas = native.get(cell.tested_on)
        for column, name in enumerate([*classes[1:], MEAN]):
            values, difference = (np.nan,) * 3, (np.nan,) * 3
            if cell.areas is not None:
                values = with_interval(cell.areas[:, column])
                if areas is not None and cell.trained_on != cell.tested_on:
                    difference = with_interval(cell.areas[:, column] - areas[:, column])
            what = (model, cell.trained_on, cell.tested_on, cell.quantile_map, name)
            rows.append(Score(*what, *values, *difference, cell.lacking))
    return rows


def read_scores(paths: Sequence[Path]) -> list[Score]:
    """Tables of several tested samples as one, as if all had been tested together.

    Raises InputError if one is damaged.
    """
    rows = [row for path in paths for row in read_rows(path, Score)]
    return sorted(rows, key=lambda row: (row.trained_on, row.tested_on, row.quantile_map))


def draw_across(path: Path, rows: Sequence[Score]) -> None:
    """Heat maps of average precision: trained on (rows), tested on (columns).

    The left column is without, the right one with quantile mapping; the first row is the mean, the
    other rows are the classes. A model on the sample of its training needs no mapping: both maps
    have the same number.
    """
    down = list(dict.fromkeys(row.trained_on for row in rows))
    across = list(dict.fromkeys(row.tested_on for row in rows))
    cells = {(row.trained_on, row.tested_on, row.quantile_map, row.class_): row for row in rows}
    names = [MEAN, *dict.fromkeys(row.class_ for row in rows if row.class_ != MEAN)]
    width, height = 1.6 + 1.0 * len(across), 0.9 + 0.62 * len(down)
    with new_figure(path, 2 * width, height * len(names)) as figure:
        panels = figure.subplots(len(names), 2, squeeze=False)
        for name, pair in zip(names, panels, strict=True):
            for quantile_map, axes in zip((False, True), pair, strict=True):
                shown = [
                    cells.get((one, sample, quantile_map, name), cells[one, sample, False, name])
                    for one in down
                    for sample in across
                ]
                values = np.array([row.average_precision for row in shown])
                texts = [_text(row) for row in shown]
                shaded(axes, values.reshape(len(down), -1), texts, across, down)
                title = "mAP" if name == MEAN else f"AP, {class_named(name).label}"
                axes.set_title(f"{title}{', quantile map' if quantile_map else ''}")
                axes.set(xlabel="Tested on", ylabel="Trained on")
        figure.suptitle(rows[0].model, x=0.01, ha="left", fontsize=10)


def _text(row: Score) -> str:
    if row.lacking_marks:
        return "lacks\nmarks"
    if np.isnan(row.average_precision):
        return "."
    interval = "" if np.isnan(row.low) else f"\n({row.low:.2f}-{row.high:.2f})"
    return f"{row.average_precision:.2f}{interval}"
