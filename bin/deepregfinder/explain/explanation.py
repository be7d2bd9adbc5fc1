"""The explanation of one model on one sample, from all analyses of this package."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from deepregfinder.classes import class_named
from deepregfinder.explain.attributions import (
    TOLERANCE,
    Attributions,
    centred_logits,
    integrated_gradients,
)
from deepregfinder.explain.elimination import Elimination, eliminate
from deepregfinder.explain.filters import Filters, examine_filters, first_filters
from deepregfinder.explain.importance import (
    REPEATS,
    Importance,
    Scored,
    block_size,
    genome_score,
    mark_importance,
    windows_score,
)
from deepregfinder.explain.places import Places, best_places
from deepregfinder.explain.profiles import Profiles, average_profiles
from deepregfinder.labels.tensors import Tensors
from deepregfinder.models.bundle import Bundle
from deepregfinder.models.windows.layers import Network
from deepregfinder.models.windows.model import load_networks
from deepregfinder.prediction.calling import Calls
from deepregfinder.prediction.labelled_windows import labelled_windows
from deepregfinder.prediction.pretrained import lacking_marks
from deepregfinder.prediction.sample_signal import SignalReader, rows_of
from deepregfinder.signal.scale import normalise_windows
from deepregfinder.signal.store import Signal

MOST_WINDOWS = 100
ENOUGH_WINDOWS = 100
SAMPLED_WINDOWS = 250
"""Windows of each class that stand for all, where each prediction reads along chromosomes."""


@dataclass(frozen=True)
class Explanation:
    """The results of all analyses; None where one does not apply, with the reason in `notes`.

    places : the windows for filters and attributions
    attributions : class index -> attributions of its windows
    """

    sample: str
    model: str
    bundle: Bundle
    importance: Importance
    elimination: Elimination
    profiles: Profiles | None
    places: Places | None
    filters: Filters | None
    attributions: Mapping[int, Attributions]
    notes: tuple[str, ...]


def explain(
    sample: str,
    model: str,
    bundle: Bundle,
    tensors: Tensors,
    signal: Signal,
    calls: Mapping[str, Calls] | None,
    quantile_map: bool,
    seed: int,
    threads: int,
) -> Explanation:
    """Explain a model on a sample with labels.

    Parameters
    ----------
    calls : of the model on the sample; None if the sample was not predicted
    quantile_map : map each mark to its distribution in the training sample

    Raises InputError if labels or signal do not fit the model.
    """
    reader = SignalReader(bundle, signal, quantile_map)
    n_marks = len(bundle.marks)
    test, block_bp = _scored("test", bundle, tensors, reader, quantile_map, seed, threads)
    importance = mark_importance(test, n_marks, REPEATS[bundle.facts.sees], seed, block_bp)
    validation, _ = _scored("validation", bundle, tensors, reader, quantile_map, seed, threads)
    hidden = bundle.facts.knows_hidden_marks
    elimination = eliminate(validation, test, n_marks, None if hidden else seed)
    notes = []
    if lacking := lacking_marks(bundle.marks, signal.marks):
        notes.append(f"{sample} has no reads of {', '.join(lacking)}.")
    profiles = None
    if calls is None:
        notes.append(f"{sample} was not predicted, so there are no calls to average.")
    else:
        rows = rows_of(bundle, signal)
        profiles = average_profiles(signal, rows, calls, len(bundle.classes))
        if not profiles.calls.any():
            notes.append("The model has no calls whose signal can be averaged.")
    places, filters, attributions = None, None, {}
    if bundle.facts.has_gradients:
        places = best_places(tensors, test.score({}), MOST_WINDOWS, seed)
        labelled = labelled_windows(bundle, tensors, quantile_map)
        windows = normalise_windows(bundle.normalisation, labelled[places.row])
        networks = load_networks(bundle.model, bundle.trained)
        attributions = _attributions(bundle, networks, places, windows)
        notes += [
            f"The attributions of {class_named(bundle.classes[index]).label} deviate from "
            f"completeness by {one.error:.1%}."
            for index, one in attributions.items()
            if one.error > TOLERANCE
        ]
        weights = first_filters(networks[0], bundle.weights[0])
        if weights is None:
            notes.append(f"{bundle.model} has no convolution, and therefore no filters.")
        else:
            filters = examine_filters(weights, windows, places.class_index, len(bundle.classes))
    else:
        notes.append(
            f"{bundle.model} is not a network of windows: it has neither filters nor gradients."
        )
    return Explanation(
        sample=sample,
        model=model,
        bundle=bundle,
        importance=importance,
        elimination=elimination,
        profiles=profiles,
        places=places,
        filters=filters,
        attributions=attributions,
        notes=tuple(notes),
    )


def _scored(
    split: str,
    bundle: Bundle,
    tensors: Tensors,
    reader: SignalReader,
    quantile_map: bool,
    seed: int,
    threads: int,
) -> tuple[Scored, int]:
    """Labelled windows of a split, and the size in bp of the blocks that are permuted.

    Models of the genome read along chromosomes each time, so a sample of the windows is used, of a
    subset of the validation chromosomes.
    """
    rows = tensors.select(split)
    of_class = np.bincount(tensors.y[rows], minlength=len(tensors.classes))
    if bundle.facts.sees_chromosome:
        rows = _enough(tensors, rows) if split == "validation" else rows
        rows = _sampled(rows, tensors.y[rows], seed)
    sampled = np.bincount(tensors.y[rows], minlength=len(tensors.classes))
    chrom, start = tensors.chrom[rows].astype(np.int64), tensors.start[rows]
    names = [tensors.chroms[index] for index in np.unique(chrom)]
    block_bp = block_size({name: tensors.chrom_sizes[name] for name in names})
    if bundle.facts.sees_chromosome:
        signals = [reader.load(name) for name in names]
        chrom_name = np.array(tensors.chroms, dtype=object)[chrom]
        score = genome_score(bundle, signals, chrom_name, start, block_bp, threads)
    else:
        x = labelled_windows(bundle, tensors, quantile_map, split)
        score = windows_score(bundle, x, _block(tensors, rows, block_bp), start, threads)
    return Scored(score, tensors.y[rows], of_class / np.maximum(sampled, 1)), block_bp


def _enough(tensors: Tensors, rows: np.ndarray) -> np.ndarray:
    """Rows of the smallest chromosomes with ENOUGH_WINDOWS of each element class, or all rows."""
    chrom = tensors.chrom[rows]
    sizes = [tensors.chrom_sizes[name] for name in tensors.chroms]
    by_size = sorted(np.unique(chrom), key=sizes.__getitem__)
    for n in range(1, len(by_size)):
        chosen = rows[np.isin(chrom, by_size[:n])]
        windows = np.bincount(tensors.y[chosen], minlength=len(tensors.classes))
        if windows[1:].min() >= ENOUGH_WINDOWS:
            return chosen
    return rows


def _sampled(rows: np.ndarray, y: np.ndarray, seed: int) -> np.ndarray:
    """At most SAMPLED_WINDOWS rows of each class, in their order. y : (n,), class of each row"""
    order = np.random.default_rng(seed).permutation(len(rows))
    kept = [order[y[order] == index][:SAMPLED_WINDOWS] for index in np.unique(y)]
    sampled: np.ndarray = rows[np.sort(np.concatenate(kept))]
    return sampled


def _block(tensors: Tensors, rows: np.ndarray, block_bp: int) -> np.ndarray:
    """Number of the block of each window, from 0, without gaps."""
    most = max(tensors.chrom_sizes.values()) // block_bp + 1
    place = tensors.chrom[rows].astype(np.int64) * most + tensors.start[rows] // block_bp
    return np.unique(place, return_inverse=True)[1]


def _attributions(
    bundle: Bundle, networks: list[Network], places: Places, windows: np.ndarray
) -> dict[int, Attributions]:
    logits = centred_logits(networks)
    no_reads = np.zeros((len(bundle.marks), bundle.window_bins), np.float32)
    baseline = bundle.normalisation.apply(no_reads).astype(np.float32)
    attributions = {}
    for index in range(1, len(bundle.classes)):
        of_class = places.class_index == index
        if of_class.any():
            attributions[index] = integrated_gradients(logits, windows[of_class], baseline, index)
    return attributions


def facts(explanation: Explanation) -> dict[str, Any]:
    """The content of explain.json: numbers behind the tables."""
    classes = explanation.bundle.classes
    places, intact = explanation.places, explanation.importance.intact
    return {
        "sample": explanation.sample,
        "model": explanation.model,
        "trained_on": explanation.bundle.sample,
        "classes": list(classes),
        "marks": list(explanation.bundle.marks),
        "importance": {
            "repeats": explanation.importance.drops.shape[1],
            "block_bp": explanation.importance.block_bp,
            "permuted": "genome" if explanation.bundle.facts.sees_chromosome else "windows",
            "average_precision": {
                name: round(float(intact[index]), 6) if np.isfinite(intact[index]) else None
                for index, name in enumerate(classes)
            },
        },
        "elimination": "without reads"
        if explanation.bundle.facts.knows_hidden_marks
        else "permuted",
        "top_windows": None
        if places is None
        else {name: int((places.class_index == index).sum()) for index, name in enumerate(classes)},
        "attributions": {
            classes[index]: {
                "windows": len(attributions.difference),
                "steps": attributions.steps,
                "mean_difference": round(float(attributions.difference.mean()), 6),
                "mean_attributed": round(float(attributions.values.sum(axis=(1, 2)).mean()), 6),
                "completeness_error": round(attributions.error, 6),
                "tolerance": TOLERANCE,
            }
            for index, attributions in explanation.attributions.items()
        },
        "notes": list(explanation.notes),
    }
