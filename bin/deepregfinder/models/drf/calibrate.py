"""Calibration of `drf` at natural prevalence, and the threshold of each class."""

import logging
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from sklearn.metrics import precision_recall_curve

from deepregfinder.labels.ground_truth import LEFT_OUT, POSITIVE, label_windows, labelled_elements
from deepregfinder.models.calibration import (
    combine_members,
    fit_bias,
    fit_temperature,
    mean_average_precision,
    negative_log_likelihood,
    temper,
)
from deepregfinder.models.device import Hardware
from deepregfinder.models.drf.network import (
    POOL,
    SCALE,
    at_centres,
    dense_probabilities,
    load_network,
    n_outputs,
    stretches_with,
    tracks_of,
)
from deepregfinder.models.protocol import (
    EpochRecord,
    Fitted,
    TrainedMember,
    TrainingGenome,
    TrainingOptions,
)

log = logging.getLogger(__name__)


def calibrate_drf(
    genome: TrainingGenome,
    networks: Sequence[tuple[dict[str, np.ndarray], tuple[EpochRecord, ...]]],
    constants: Mapping[str, np.ndarray],
    learning_rate: float,
    options: TrainingOptions,
    hardware: Hardware,
    parameters: Mapping[str, Any],
) -> Fitted:
    """Temperature and thresholds from every place of the validation chromosomes.

    constants : arrays of each member beside its weights: SCALE, and its TSSs
    parameters : all that shaped the weights

    The temperature minimises the loss there. The threshold of a class is the probability with the
    highest F1 there. The bias for labelled windows minimises the loss on those of the same
    chromosomes.
    """
    n_classes = len(genome.tensors.classes)
    chroms = genome.chroms("validation")
    dense, truth, membership, of_windows, classes = [], [], [], [], []
    for sample, chrom in product(genome.samples, chroms):
        tensors = sample.tensors
        tracks = tracks_of(sample.load(chrom), constants)
        n = n_outputs(tracks)
        everything = stretches_with(np.arange(n), n, hardware.device)
        rows = tensors.select("validation")
        rows = rows[tensors.chrom[rows] == tensors.chroms.index(chrom)]
        centres = tensors.start[rows] // tensors.bin_size + tensors.window_bins // 2
        labelled = np.empty((len(networks), len(rows), n_classes), np.float32)
        mean = np.zeros((n, n_classes))
        for member, (weights, _) in enumerate(networks):
            network = load_network(weights, len(constants[SCALE]), n_classes)
            of_member = dense_probabilities(
                network,
                tracks,
                constants[SCALE],
                everything,
                hardware.device,
                hardware.threads,
            )
            labelled[member] = at_centres(of_member, centres)
            mean += of_member / len(networks)
        step = POOL * tensors.bin_size
        places = np.arange(n, dtype=np.int64) * step + step // 2
        said, belongs = label_windows(places, labelled_elements(tensors, [chrom])[chrom])
        of_windows.append(labelled)
        classes.append(tensors.y[rows])
        dense.append(mean)
        truth.append(said)
        membership.append(belongs)
    p, t, m = np.concatenate(dense), np.concatenate(truth), np.concatenate(membership, axis=1)
    temperature = fit_temperature(p[t >= 0], t[t >= 0])
    p = temper(p, temperature)
    log.info(
        "drf: temperature %.3f; loss at natural prevalence on the validation chromosomes %.5f",
        temperature,
        negative_log_likelihood(p[t >= 0], t[t >= 0]),
    )
    thresholds = tuple(
        best_cut(p[m[k] != LEFT_OUT, k], m[k][m[k] != LEFT_OUT] == POSITIVE)
        for k in range(1, n_classes)
    )
    y = np.concatenate(classes).astype(np.int64)
    probabilities_of_members = np.concatenate(of_windows, axis=1)
    trained = []
    for seed, (weights, curve), probabilities in zip(
        options.member_seeds, networks, probabilities_of_members, strict=True
    ):
        score = mean_average_precision(y, probabilities)
        arrays = {**weights, **constants}
        trained.append(
            TrainedMember(
                seed, options.epochs, score, 0, learning_rate, arrays, curve, probabilities
            )
        )
    bias = fit_bias(combine_members(probabilities_of_members, temperature), y)
    return Fitted(tuple(trained), temperature, thresholds, bias, parameters)


def best_cut(scores: np.ndarray, truth: np.ndarray) -> float:
    """The lowest score to call with the highest F1; 0.5 without a positive."""
    if not truth.any():
        return 0.5
    precision, recall, cuts = precision_recall_curve(truth, scores)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return round(float(cuts[f1[:-1].argmax()]), 6)
