"""The rules of the ENCODE registry of candidate cis-regulatory elements: nothing is learnt.

Source: Moore et al., "Expanded encyclopaedias of DNA elements in the human and mouse genomes",
Nature 2020, 583:699-710, Methods, and the registry's browser SCREEN. An element is promoter-like if
DNase and H3K4me3 are high and a TSS lies within 200 bp (centre to centre); enhancer-like if DNase
and H3K27ac are high and, within 200 bp of a TSS, H3K4me3 is low. High is a Z-score of the log10 of
the signal of at least 1.64, low is below. Enhancer-like elements are proximal up to 2 kb from a TSS
and distal beyond: both are enhancers here.

The registry takes the largest Z-score over all cell types; this module has one sample. The registry
examines representative DNase peaks, with the histone marks 500 bp to either side; this module
examines the centre of each window: DNase within 200 bp of it, the histone marks within 700 bp (or
up to the ends of the window). Mean and standard deviation for the Z-scores are those of log10 RPM
over all windows of the training chromosomes, at every bin, whose centre is accessible (DNase is not
0), mark by mark without those where the mark is 0. A signal of 0 has Z = -10.

Scores. With z = Z - 1.64, d the distance to the nearest TSS and f the logistic function,

    margin of enhancers = min(z DNase, z H3K27ac), and near a TSS also at most -z H3K4me3
    margin of promoters = min(z DNase, z H3K4me3); farther than 200 bp from all TSSs also at most
                          ln(200 / d) and -margin of enhancers

and f(margin) is the probability of the class; the background has the rest. It is exactly 0.5 on the
border of a rule, higher inside and lower outside. At most one class exceeds 0.5. (Exactly at Z of
H3K4me3 = 1.64 near a TSS, both may be 0.5.) With two classes promoters belong to the background. No
temperature is fitted: it would move the borders.

Arrays of a model
-----------------
rows : int32 (3,), the marks DNase, H3K4me3 and H3K27ac
n_classes : int32 (1,), 2 or 3
mean, sd : float64 (3,), of log10 RPM
tss.NAME : of `tss_arrays`
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.special import expit

from deepregfinder.errors import InputError
from deepregfinder.models.catalogue import accessibility_row
from deepregfinder.models.chromosome_model import ChromosomeModel
from deepregfinder.models.fitted import uncalibrated
from deepregfinder.models.protocol import (
    Arrays,
    ChromosomeSignal,
    Fitted,
    Size,
    TrainedMember,
    TrainingGenome,
)
from deepregfinder.models.tss_input import check_tss_array, is_tss_array, tss_arrays, tss_of

HIGH = 1.64
NEAR_TSS = 200
Z_OF_ZERO = -10.0
# How far from the centre the signal of DNase, H3K4me3 and H3K27ac is taken, in bp.
REACH = (200, 700, 700)

_FIXED = {
    "rows": (np.int32, (3,)),
    "n_classes": (np.int32, (1,)),
    "mean": (np.float64, (3,)),
    "sd": (np.float64, (3,)),
}


def fit_ccre(training: TrainingGenome) -> dict[str, np.ndarray]:
    """The arrays above: statistics of the training chromosomes, and the TSSs of all.

    Raises InputError that lists what is missing: marks, TSSs, or a rule for five classes.
    """
    tensors = training.tensors
    sites = tss_arrays(training)
    problems = []
    if len(tensors.classes) > 3:
        problems.append("ccre has no rule for poised elements: leave it out, or use --classes 3.")
    if not sites:
        problems.append("ccre asks how far the nearest TSS is: give --tss, of the same genome.")
    rows = [accessibility_row(tensors.marks)]
    rows += [_row(tensors.marks, mark) for mark in ("H3K4me3", "H3K27ac")]
    wanted = ("an accessibility track (DNase or ATAC)", "H3K4me3", "H3K27ac")
    if lacking := [name for name, row in zip(wanted, rows, strict=True) if row is None]:
        problems.append(f"ccre needs {', '.join(lacking)}; there is {', '.join(tensors.marks)}.")
    if problems:
        raise InputError.of(problems)
    mean, sd = _statistics(training, np.array(rows), tensors.window_bins)
    return {
        "rows": np.array(rows, np.int32),
        "n_classes": np.array([len(tensors.classes)], np.int32),
        "mean": mean,
        "sd": sd,
        **sites,
    }


def check_ccre(arrays: Mapping[str, np.ndarray], n_marks: int, n_classes: int) -> None:
    """Raise ValueError unless the arrays can be evaluated."""
    for name, (dtype, shape) in _FIXED.items():
        if name not in arrays:
            raise ValueError(f"{name} is missing")
        if arrays[name].dtype != dtype or arrays[name].shape != shape:
            raise ValueError(f"{name} has another shape or type")
    if arrays["n_classes"][0] != n_classes or n_classes not in (2, 3):
        raise ValueError(f"n_classes does not fit {n_classes} classes")
    if ((arrays["rows"] < 0) | (arrays["rows"] >= n_marks)).any():
        raise ValueError(f"rows holds a mark that is none of the {n_marks}")
    if not (np.isfinite(arrays["mean"]).all() and np.isfinite(arrays["sd"]).all()):
        raise ValueError("mean or sd holds a value that is not a number")
    if not (arrays["sd"] > 0).all():
        raise ValueError("sd is not above 0")
    for name, array in arrays.items():
        if name in _FIXED:
            continue
        if not is_tss_array(name):
            raise ValueError(f"{name} is not part of it")
        check_tss_array(name, array)


def score_ccre(
    arrays: Mapping[str, np.ndarray],
    signal: ChromosomeSignal,
    starts: np.ndarray,
    window_bins: int,
) -> np.ndarray:
    """Scores of windows that begin at the given bins: float32 (n, classes), 2 or 3 of them."""
    rpm = central_rpm(signal.rpm[arrays["rows"]], starts, window_bins, signal.bin_size)
    z = z_scores(rpm, arrays["mean"], arrays["sd"])
    centres = starts * signal.bin_size + window_bins * signal.bin_size // 2
    distance = tss_distance(centres, tss_of(arrays, signal.name))
    return rule_scores(z, distance, int(arrays["n_classes"][0])).astype(np.float32)


def rule_scores(z: np.ndarray, distance: np.ndarray, n_classes: int) -> np.ndarray:
    """The formula above: (n, classes), rows sum to 1.

    z : (3, n), of DNase, H3K4me3 and H3K27ac; distance : (n,), to the nearest TSS in bp
    """
    dnase, h3k4me3, h3k27ac = z - HIGH
    near = distance <= NEAR_TSS
    enhancer = np.minimum(dnase, h3k27ac)
    enhancer = np.where(near, np.minimum(enhancer, -h3k4me3), enhancer)
    promoter = np.minimum(dnase, h3k4me3)
    away = np.minimum(np.log(NEAR_TSS) - np.log(np.maximum(distance, NEAR_TSS)), -enhancer)
    promoter = np.where(near, promoter, np.minimum(promoter, away))
    elements = expit(np.stack([enhancer, promoter], axis=1)[:, : n_classes - 1])
    # Two logistics of opposite margins may exceed 1 by rounding.
    background = np.maximum(1 - elements.sum(axis=1, keepdims=True), 0)
    return np.concatenate([background, elements], axis=1)


def central_rpm(rpm: np.ndarray, starts: np.ndarray, window_bins: int, bin_size: int) -> np.ndarray:
    """Mean RPM around the centres of windows: float64 (3, n), for each row its own REACH."""
    rpm_means = np.empty((3, len(starts)))
    for row, reach in enumerate(REACH):
        half = min(max(round(reach / bin_size), 1), window_bins // 2)
        first = window_bins // 2 - half
        width = 2 * half + window_bins % 2
        sums = np.convolve(rpm[row].astype(np.float64), np.ones(width), "valid")
        rpm_means[row] = sums[starts + first] / width
    return rpm_means


def z_scores(rpm: np.ndarray, mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """Z-scores of log10 RPM, (marks, n); Z_OF_ZERO where there is no signal."""
    log = np.log10(rpm, where=rpm > 0, out=np.zeros_like(rpm))
    return np.where(rpm > 0, (log - mean[:, None]) / sd[:, None], Z_OF_ZERO)


def tss_distance(centres: np.ndarray, sites: np.ndarray) -> np.ndarray:
    """Distance in bp to the nearest of the rising `sites`: float64, infinite without any."""
    if len(sites) == 0:
        return np.full(len(centres), np.inf)
    after = np.searchsorted(sites, centres)
    right = np.abs(sites[np.minimum(after, len(sites) - 1)] - centres)
    left = np.abs(sites[np.maximum(after - 1, 0)] - centres)
    distance: np.ndarray = np.minimum(left, right).astype(np.float64)
    return distance


def _row(marks: Sequence[str], name: str) -> int | None:
    wanted = name.lower()
    plain = ["".join(filter(str.isalnum, mark.lower())) for mark in marks]
    return plain.index(wanted) if wanted in plain else None


def _statistics(
    training: TrainingGenome, rows: np.ndarray, window_bins: int
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of log10 RPM, (3,) each, over accessible windows."""
    n, total, squares = np.zeros(3), np.zeros(3), np.zeros(3)
    for chrom in training.chroms("train"):
        signal = training.load(chrom)
        starts = np.arange(signal.rpm.shape[1] - window_bins + 1)
        rpm = central_rpm(signal.rpm[rows], starts, window_bins, signal.bin_size)
        for row in range(3):
            log = np.log10(rpm[row][(rpm[0] > 0) & (rpm[row] > 0)])
            n[row] += len(log)
            total[row] += log.sum()
            squares[row] += (log**2).sum()
    mean = total / np.maximum(n, 1)
    sd = np.sqrt(np.maximum(squares / np.maximum(n, 1) - mean**2, 0))
    if not (sd > 1e-6).all():
        raise InputError(
            "ccre finds no accessible window on the training chromosomes whose DNase, H3K4me3 and "
            "H3K27ac vary: check their BAM files."
        )
    return mean, sd


class CcreModel(ChromosomeModel):
    """`ccre` as a model of the registry."""

    name = "ccre"

    @property
    def parameters(self) -> Mapping[str, Any]:
        return {
            "high_z_score": HIGH,
            "near_tss_bp": NEAR_TSS,
            "reach_bp": list(REACH),
        }

    def fit_arrays(self, training: TrainingGenome, seed: int, threads: int) -> Arrays:
        return fit_ccre(training)

    def check(self, arrays: Arrays, size: Size) -> None:
        check_ccre(arrays, size.n_marks, size.n_classes)

    def score(
        self,
        arrays: Arrays,
        signal: ChromosomeSignal,
        starts: np.ndarray,
        window_bins: int,
        threads: int,
    ) -> np.ndarray:
        return score_ccre(arrays, signal, starts, window_bins)

    def calibrate(self, member: TrainedMember, y: np.ndarray) -> Fitted:
        """No temperature: 0.5 has to remain the border of a rule."""
        n_classes = member.validation_probabilities.shape[1]
        return uncalibrated([member], n_classes, 1.0, self.parameters)
