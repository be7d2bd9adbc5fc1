"""Cross-validation: every group of chromosomes is the test set of one fold.

Chromosomes are divided into groups with similar numbers of candidate elements. In fold k (from 1),
group k is the test set, the next group the validation set, and all others the training set. A model
is trained from scratch in each fold, and evaluated on the labelled test windows and on every window
of the test chromosomes.

The table of a fold has one row per metric, as in comparison.tsv: setting "test" or "natural"; class
"mean" is the mean over the classes except background.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from deepregfinder.errors import InputError
from deepregfinder.evaluation.bootstrap_replicates import FIGURES
from deepregfinder.evaluation.evaluate import Evaluation, Measured
from deepregfinder.evaluation.metrics import CALIBRATION
from deepregfinder.evaluation.plots_of_all_models import draw_spread
from deepregfinder.genome.grid import balanced_groups, bare_name
from deepregfinder.genome.splits import ChromosomeSplit, SplitPlan
from deepregfinder.labels.candidates import UNLABELLED
from deepregfinder.storage.tables import read_rows, write_rows

FEWEST = 3
SETTINGS = {"test": "labelled windows", "natural": "every window"}


@dataclass(frozen=True)
class Score:
    """A row of a table of folds. chromosomes : the test chromosomes of the fold"""

    model: str
    fold: int
    chromosomes: tuple[str, ...]
    setting: str
    class_: str
    figure: str
    value: float


@dataclass(frozen=True)
class FoldSummary:
    """A row of the summary: a metric over the folds that have it; sd of one fold is NaN."""

    model: str
    setting: str
    class_: str
    figure: str
    folds: int
    mean: float
    sd: float
    lowest: float
    highest: float


def fold_plan(candidates: pd.DataFrame, n_folds: int, fold: int) -> SplitPlan:
    """The chromosomes that train, validate and test in one fold.

    candidates : region table, with background; chromosomes without an element are not used
    fold : from 1 to n_folds

    Raises InputError for fewer than three folds, or if there are fewer such chromosomes than folds.
    """
    is_element = ~candidates["class"].isin(["background", UNLABELLED])
    elements = candidates.loc[is_element, "chrom"].value_counts()
    counts = {str(chrom): int(n) for chrom, n in elements.items()}
    if n_folds < FEWEST:
        raise InputError(
            f"--folds {n_folds}: training, validation and testing need at least {FEWEST} folds."
        )
    if len(counts) < n_folds:
        raise InputError(
            f"--folds {n_folds}: only {len(counts)} chromosomes have labelled elements; choose at "
            "most as many folds."
        )
    groups = [frozenset(map(bare_name, group)) for group in balanced_groups(counts, n_folds)]
    test, validation = groups[fold - 1], groups[fold % n_folds]
    train = frozenset().union(*groups) - test - validation
    return SplitPlan("chromosome", ChromosomeSplit(train, validation, test))


def assigned(candidates: pd.DataFrame, plan: SplitPlan) -> pd.DataFrame:
    """The candidates on chromosomes of the plan, with its splits."""
    splits = candidates["chrom"].map({c: plan.of(c) for c in candidates["chrom"].unique()})
    return candidates.assign(split=splits)[splits.notna()].reset_index(drop=True)


def scores(evaluation: Evaluation, fold: int) -> list[Score]:
    """The rows of one fold."""
    measured = {"test": evaluation.test, "natural": evaluation.natural}
    chroms = tuple(evaluation.chroms)
    return [
        Score(evaluation.model, fold, chroms, setting, *figure)
        for setting, of_setting in measured.items()
        if of_setting is not None
        for figure in _figures(of_setting, evaluation.bundle.classes)
    ]


def _figures(measured: Measured, classes: Sequence[str]) -> Iterator[tuple[str, str, float]]:
    for figure in FIGURES:
        values = measured.figures.per_class[figure][0]
        yield from (
            (name, figure, float(v)) for name, v in zip(classes[1:], values[1:], strict=True)
        )
        yield "mean", figure, float(values[1:].mean())
    for figure in CALIBRATION:
        yield "all", figure, float(measured.figures.overall[figure][0])


def write_scores(path: Path, rows: Sequence[Score]) -> None:
    """Write a table of folds."""
    write_rows(path, Score, rows)


def read_scores(paths: Sequence[Path]) -> list[Score]:
    """Read tables of folds, sorted by model and fold; raises InputError if one is damaged."""
    rows = [row for path in paths for row in read_rows(path, Score)]
    return sorted(rows, key=lambda row: (row.model, row.fold))


def summarised(rows: Sequence[Score]) -> list[FoldSummary]:
    """Mean, standard deviation and range of each metric over the folds."""
    table = []
    for key, values in _grouped(rows).items():
        known = np.array([value for value in values if np.isfinite(value)])
        if len(known):
            sd = float(known.std(ddof=1)) if len(known) > 1 else np.nan
            mean, lowest, highest = map(float, (known.mean(), known.min(), known.max()))
            table.append(FoldSummary(*key, len(known), mean, sd, lowest, highest))
    return table


def _grouped(rows: Sequence[Score]) -> Mapping[tuple[str, str, str, str], list[float]]:
    groups: dict[tuple[str, str, str, str], list[float]] = {}
    for row in rows:
        groups.setdefault((row.model, row.setting, row.class_, row.figure), []).append(row.value)
    return groups


def draw_folds(path: Path, rows: Sequence[Score]) -> None:
    """Average precision of every fold as a dot, their mean as a bar; one panel per setting."""
    groups = _grouped([row for row in rows if row.figure == "average_precision"])
    panels = {
        title.capitalize(): {
            (model, name): (_mean(values), values)
            for (model, where, name, _), values in groups.items()
            if where == setting
        }
        for setting, title in SETTINGS.items()
        if any(key[1] == setting for key in groups)
    }
    models = sorted({row.model for row in rows})
    classes = list(dict.fromkeys(row.class_ for row in rows if row.class_ not in ("all", "mean")))
    draw_spread(path, panels, models, classes)


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else np.nan
