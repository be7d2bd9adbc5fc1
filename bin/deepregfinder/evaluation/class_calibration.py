"""Calibration of each class at natural prevalence.

Over all windows, an expected calibration error says nothing: a constant has one of nearly 0, since
nearly all windows are background. Here only windows with a probability at natural prevalence of at
least LOWEST count, class by class. The error of a class is the mean over N_BINS equal-width bins,
weighted by their windows, of |share of windows of the class - mean probability| (class-wise
calibration: Kull et al., NeurIPS 2019). Windows that are neither of the class nor
certainly not (labels/ground_truth.py) do not count.
"""

import numpy as np

from deepregfinder.evaluation.metrics import N_BINS, Blocks, ratio
from deepregfinder.labels.ground_truth import LEFT_OUT, POSITIVE, Elements, label_windows
from deepregfinder.prediction.natural_scan import NaturalScan

LOWEST = 0.05


def tally_calibration(natural: NaturalScan, elements: Elements, blocks: Blocks) -> np.ndarray:
    """Windows, sum of probabilities and windows of the class, by block, class but background, bin.

    Returns float64 (blocks, classes - 1, N_BINS, 3), of the chromosomes of `elements`.
    """
    counted = []
    for chrom, by_class in elements.items():
        probabilities = natural.load(chrom)
        centres = natural.scan.centres(probabilities.shape[1])
        _, membership = label_windows(centres, by_class)
        n_blocks = blocks.count[chrom]
        of_chrom = np.zeros((n_blocks, len(probabilities), N_BINS, 3))
        for k, (q, member) in enumerate(zip(probabilities, membership[1:], strict=True)):
            which = np.flatnonzero((q >= LOWEST) & (member != LEFT_OUT))
            bin_of = np.minimum((q[which] * N_BINS).astype(np.int64), N_BINS - 1)
            place = centres[which] // blocks.size * N_BINS + bin_of
            for column, values in enumerate((None, q[which], member[which] == POSITIVE)):
                sums = np.bincount(place, values, minlength=n_blocks * N_BINS)
                of_chrom[:, k, :, column] = sums.reshape(n_blocks, N_BINS)
        counted.append(of_chrom)
    return np.concatenate(counted)


def class_errors(bins: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """The error of each class for each weighting of the blocks.

    bins : of `tally_calibration`; weights : (weightings, blocks), None for all ones

    Returns float64 (weightings, classes), NaN for background and without windows.
    """
    if weights is None:
        weights = np.ones((1, len(bins)))
    sums = np.einsum("rb,bkif->rkif", weights.astype(np.float64), bins)
    gaps = np.abs(sums[..., 2] - sums[..., 1]).sum(axis=-1)
    errors = ratio(gaps, sums[..., 0].sum(axis=-1))
    return np.concatenate([np.full((len(errors), 1), np.nan), errors], axis=1)
