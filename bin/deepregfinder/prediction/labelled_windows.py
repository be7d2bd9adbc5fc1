"""Predictions of a model for the labelled test windows of a sample."""

import numpy as np

from deepregfinder.errors import InputError
from deepregfinder.labels.tensors import Tensors
from deepregfinder.models.bundle import Bundle
from deepregfinder.prediction.sample_signal import SignalReader, counted_otherwise
from deepregfinder.prediction.scorers import (
    BundleScorer,
    load_scorer,
    predict_places,
    predict_windows,
)
from deepregfinder.signal.scale import QuantileMap
from deepregfinder.signal.store import Signal


def labelled_windows(
    bundle: Bundle, tensors: Tensors, quantile_map: bool, split: str = "test"
) -> np.ndarray:
    """Labelled windows of a split as input of the bundle: RPM, float32 (windows, marks, bins).

    quantile_map : give each mark the distribution that it had in the training sample, as when the
        genome was predicted with `--quantile_map true`

    Raises InputError if the windows do not fit the model.
    """
    _require_fit(bundle, tensors)
    marks = [tensors.marks.index(mark) for mark in bundle.marks]
    x: np.ndarray = tensors.x[tensors.select(split)][:, marks]
    if quantile_map:
        source = np.asarray(tensors.normalisation.quantiles, np.float32)[marks]
        target = np.asarray(bundle.normalisation.quantiles, np.float32)
        mapped = QuantileMap(source, target).apply(x.transpose(1, 0, 2))
        x = np.ascontiguousarray(mapped.transpose(1, 0, 2))
    return x


def _require_fit(bundle: Bundle, tensors: Tensors) -> None:
    problems = []
    if tensors.classes != bundle.classes:
        problems.append(
            f"The labels have the classes {', '.join(tensors.classes)}, the model has "
            f"{', '.join(bundle.classes)}: run with --classes {len(bundle.classes)}."
        )
    if tensors.geometry != bundle.geometry:
        problems.append(
            f"The labelled windows have {tensors.window_bins} bins of {tensors.bin_size} bp, the "
            f"model needs {bundle.window_bins} of {bundle.bin_size} bp."
        )
    missing = [mark for mark in bundle.marks if mark not in tensors.marks]
    if missing and not bundle.portable:
        problems.append(f"The labelled windows of {tensors.sample} lack {', '.join(missing)}.")
    problems += counted_otherwise(bundle, tensors.sample, tensors.counting)
    if problems:
        raise InputError.of(problems)


def predict_test_windows(
    bundle: Bundle, tensors: Tensors, signal: Signal | None, quantile_map: bool
) -> np.ndarray:
    """Probabilities of each member, before calibration, of the labelled test windows.

    Returns float32 (members, windows, classes). Raises InputError if the windows do not fit the
    model, or a model of the genome is given no signal.
    """
    if not bundle.facts.sees_chromosome:
        return predict_windows(bundle, labelled_windows(bundle, tensors, quantile_map))
    if signal is None:
        raise InputError(f"{bundle.model} sees the chromosome around a window: give --signal.")
    return predict_test_places(load_scorer(bundle), tensors, signal, quantile_map)


def predict_test_places(
    scorer: BundleScorer, tensors: Tensors, signal: Signal, quantile_map: bool
) -> np.ndarray:
    """The same, from a signal at the positions of the windows instead of from the tensors."""
    _require_fit(scorer.bundle, tensors)
    rows = tensors.select("test")
    return predict_places(
        scorer,
        SignalReader(scorer.bundle, signal, quantile_map),
        np.array(tensors.chroms)[tensors.chrom[rows]],
        tensors.start[rows] // tensors.bin_size,
    )
