"""All models of a sample in one table, with paired differences against a reference model.

The reference is `cnn`, or the first model if there is no `cnn`. Differences are computed replicate
by replicate (the same blocks are drawn for every model); `excludes_zero` is about their 95 %
percentile interval. `mean` is the mean over the classes except background.

False calls at equal recall: the false candidates of a model down to the score at which its ranking
reaches the recall of the reference's calls at the threshold.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from deepregfinder.errors import InputError
from deepregfinder.evaluation.bootstrap_replicates import CLASS_ECE, FIGURES, Replicates
from deepregfinder.evaluation.metrics import CALIBRATION, ratio, with_interval
from deepregfinder.evaluation.ranking import false_calls_at_recall
from deepregfinder.evaluation.tables import ComparedFigure, SeedFigure
from deepregfinder.models.catalogue import baseline
from deepregfinder.storage.tables import read_rows

SETTINGS = ("test", "natural", "calls")

Seeds = dict[tuple[str, str, str], list[float]]
"""(setting, class, figure) -> value of each seed."""


def read_seeds(path: Path, classes: Sequence[str]) -> Seeds:
    """Read seeds.tsv of an evaluation, and add the mean over classes except background."""
    values: Seeds = {}
    for row in read_rows(path, SeedFigure):
        values.setdefault((row.scope, row.class_, row.metric), []).append(row.value)
    for setting, figure in {(setting, figure) for setting, _, figure in values}:
        rows = [
            values[setting, name, figure] for name in classes if (setting, name, figure) in values
        ]
        if rows:
            values[setting, "mean", figure] = np.mean(rows[1:], axis=0).tolist()
    return values


def compare(models: Sequence[Replicates], seeds: Sequence[Seeds]) -> list[ComparedFigure]:
    """All metrics of all models; raises InputError if they were not resampled with one seed."""
    compared_with = baseline(model.model for model in models)
    reference = next((model for model in models if model.model == compared_with), models[0])
    for model in models:
        if model.classes != reference.classes:
            raise InputError(
                f"{model.model} and {reference.model} have different classes and cannot be "
                "compared."
            )
    rows: list[ComparedFigure] = []
    for setting in SETTINGS:
        references = {
            (name, figure): values for name, figure, values, _ in _figures(reference, setting)
        }
        for model, of_seeds in zip(models, seeds, strict=True):
            for name, figure, values, by_chrom in _figures(model, setting):
                of_reference = references.get((name, figure))
                value, low, high = with_interval(values)
                difference, difference_low, difference_high, excludes_zero = _difference(
                    model, reference, values, of_reference
                )
                seed_sd, seed_lowest, seed_highest = _spread(
                    of_seeds.get((setting, name, figure), [])
                )
                rows.append(
                    ComparedFigure(
                        setting=setting,
                        model=model.model,
                        class_=name,
                        figure=figure,
                        value=value,
                        low=low,
                        high=high,
                        reference=reference.model,
                        difference=difference,
                        difference_low=difference_low,
                        difference_high=difference_high,
                        excludes_zero=excludes_zero,
                        lowest_chromosome=by_chrom.min() if len(by_chrom) else np.nan,
                        highest_chromosome=by_chrom.max() if len(by_chrom) else np.nan,
                        seed_sd=seed_sd,
                        seed_lowest=seed_lowest,
                        seed_highest=seed_highest,
                    )
                )
            if setting == "calls" and "calls.weights" in model.arrays:
                rows += _false_calls(model, reference)
    return rows


def by_chromosome(
    models: Sequence[Replicates], setting: str
) -> dict[tuple[str, str], tuple[float, list[float]]]:
    """Model and class -> average precision, and that of each test chromosome."""
    return {
        (model.model, name): (float(values[0]), by_chrom.tolist())
        for model in models
        for name, figure, values, by_chrom in _figures(model, setting)
        if figure == "average_precision" and name != "mean"
    }


def _figures(model: Replicates, setting: str) -> Iterator[tuple[str, str, np.ndarray, np.ndarray]]:
    """Class, metric, its rows (estimate first), and its value on each chromosome."""
    for figure in (*FIGURES, CLASS_ECE):
        if (key := f"{setting}.{figure}") not in model.arrays:
            continue
        values, by_chrom = model.arrays[key], model.arrays[f"{setting}.by_chrom.{figure}"]
        for index, name in enumerate(model.classes[1:], 1):
            yield name, figure, values[:, index], by_chrom[:, index]
        yield "mean", figure, values[:, 1:].mean(axis=1), by_chrom[:, 1:].mean(axis=1)
    for figure in CALIBRATION:
        if (key := f"{setting}.{figure}") in model.arrays:
            yield "all", figure, model.arrays[key], np.empty(0)
            before = model.arrays[f"{setting}.uncalibrated.{figure}"]
            yield "all", f"{figure}_uncalibrated", before, np.empty(0)


def _difference(
    model: Replicates, reference: Replicates, values: np.ndarray, of_reference: np.ndarray | None
) -> tuple[float, float, float, str | None]:
    """Estimate and interval, and whether the interval excludes zero."""
    if model is reference or of_reference is None:
        return np.nan, np.nan, np.nan, None
    if len(values) != len(of_reference):
        raise InputError(
            f"{model.model} has {len(values) - 1} bootstrap replicates, {reference.model} "
            f"{len(of_reference) - 1}: evaluate both with the same --bootstrap."
        )
    estimate, low, high = with_interval(values - of_reference)
    decided = None if np.isnan(low) else ("yes" if low > 0 or high < 0 else "no")
    return estimate, low, high, decided


def _spread(values: Sequence[float]) -> tuple[float, float, float]:
    if len(values) < 2:
        return np.nan, np.nan, np.nan
    return float(np.std(values, ddof=1)), min(values), max(values)


def _false_calls(model: Replicates, reference: Replicates) -> Iterator[ComparedFigure]:
    weights = model.arrays["calls.weights"]
    recalls = reference.arrays.get("calls.recall")
    if recalls is None:
        return
    if not np.array_equal(weights, reference.arrays["calls.weights"]):
        raise InputError(
            f"{model.model} and {reference.model} were resampled with different blocks or seeds: "
            "evaluate both with the same --bootstrap and --seed on the same chromosomes."
        )
    for index, name in enumerate(model.classes[1:], 1):
        false_calls = false_calls_at_recall(model.ranked(name), weights, recalls[:, index])
        of_reference = false_calls_at_recall(reference.ranked(name), weights, recalls[:, index])
        for figure, values in (
            ("false_calls", false_calls),
            ("false_calls_ratio", ratio(false_calls, of_reference)),
        ):
            value, low, high = with_interval(values)
            yield ComparedFigure(
                setting="calls",
                model=model.model,
                class_=name,
                figure=f"{figure}_at_equal_recall",
                value=value,
                low=low,
                high=high,
                reference=reference.model,
            )
