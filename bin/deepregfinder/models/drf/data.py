"""Training data of `drf`: features and truth of whole chromosomes, and stretches of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from deepregfinder.labels.ground_truth import label_windows, labelled_elements
from deepregfinder.models.drf.network import (
    POOL,
    SCALE,
    SPANS,
    features,
    stretches_with,
    tracks_of,
)
from deepregfinder.models.protocol import ChromosomeSignal, TrainingGenome

TRACK_DROPOUT = 0.05
"""Share of tracks that a stretch does not see, on average: half of the stretches see all."""

REVERSED = 0.5
"""Share of stretches that are read from the end."""

SHARES = (1.0, 0.3, 0.1)
"""Shares of the reads of a sample that a portable model learns from."""

EDGE = 24
"""Outputs at each end of a stretch without a loss: the network sees less there than later."""


@dataclass(frozen=True)
class DenseData:
    """The chromosomes of a split end to end, in files that training processes map into memory.

    x : file of float16, (bins, spans x tracks): input of the network
    y : file of int8, (outputs,): class index, -1 if it is not defined
    bounds : first output of each chromosome, and the end; int64 (chromosomes + 1,)
    copies : how many times it holds each chromosome of a sample, with different numbers of reads
    """

    x: Path
    y: Path
    bounds: np.ndarray
    copies: int

    def open(self) -> tuple[np.ndarray, np.ndarray]:
        return np.load(self.x, mmap_mode="r"), np.load(self.y, mmap_mode="r")

    def stretches(self, length: int) -> np.ndarray:
        """First outputs of stretches, end to end, that lie whole on a chromosome: int64 (n,)."""
        parts = [
            np.arange(first, last - length + 1, length)
            for first, last in zip(self.bounds[:-1], self.bounds[1:], strict=True)
        ]
        return np.concatenate(parts)


def mean_rpm(genome: TrainingGenome, chroms: Sequence[str]) -> np.ndarray:
    """Mean RPM of each mark over the bins of some chromosomes of all samples: float32 (marks,)."""
    total, n = np.zeros(len(genome.tensors.marks)), 0
    for sample, chrom in product(genome.samples, chroms):
        rpm = sample.load(chrom).rpm
        total += rpm.sum(axis=1, dtype=np.float64)
        n += rpm.shape[1]
    return (total / n).astype(np.float32)


def with_share_of_reads(
    signal: ChromosomeSignal, share: float, rng: np.random.Generator
) -> ChromosomeSignal:
    """The signal after each read was kept with the probability `share`."""
    if share == 1:
        return signal
    reads = np.rint(np.maximum(signal.rpm, 0) * (signal.depths[:, np.newaxis] / 1e6))
    kept = rng.binomial(reads.astype(np.int64), share)
    rpm = kept * (1e6 / (share * signal.depths[:, np.newaxis]))
    depths = np.rint(share * signal.depths).astype(np.int64)
    return replace(signal, rpm=rpm.astype(np.float32), depths=depths)


def write_dense(
    folder: Path,
    genome: TrainingGenome,
    split: str,
    constants: Mapping[str, np.ndarray],
    shares: Sequence[float] = (1.0,),
) -> DenseData:
    """Write input and truth of the chromosomes of a split, of all samples, into `folder`.

    constants : arrays of the model beside its weights: SCALE, and its TSSs
    shares : the chromosomes are written once with each of these shares of their reads
    """
    tensors = genome.tensors
    chroms = genome.chroms(split)
    step = POOL * tensors.bin_size
    outputs = [-(-tensors.chrom_sizes[chrom] // step) for chrom in chroms]
    copies = len(genome.samples) * len(shares)
    bounds, total = np.cumsum([0, *outputs * copies]), sum(outputs) * copies
    paths = [folder / f"drf.{split}.{name}.npy" for name in ("x", "y")]
    width = len(SPANS) * len(constants[SCALE])
    x = np.lib.format.open_memmap(paths[0], "w+", np.float16, (POOL * total, width))
    y = np.lib.format.open_memmap(paths[1], "w+", np.int8, (total,))
    parts = product(genome.samples, shares, chroms)
    for (sample, share, chrom), low, high in zip(parts, bounds[:-1], bounds[1:], strict=True):
        rng = np.random.default_rng([tensors.seed, round(100 * share), chroms.index(chrom)])
        signal = with_share_of_reads(sample.load(chrom), share, rng)
        tracks, scale = tracks_of(signal, constants), torch.from_numpy(constants[SCALE])
        for part in stretches_with(np.arange(high - low), high - low, torch.device("cpu")):
            x[POOL * (low + part.start) : POOL * (low + part.stop)] = features(tracks, scale, part)
        centres = np.arange(high - low, dtype=np.int64) * step + step // 2
        y[low:high], _ = label_windows(centres, labelled_elements(sample.tensors, [chrom])[chrom])
    return DenseData(paths[0], paths[1], bounds, len(shares))


def class_weights(y: np.ndarray, n_classes: int) -> np.ndarray:
    """Weight of each class in the loss: the cube root of background's share over its own."""
    counts = np.bincount(y[y >= 0], minlength=n_classes)
    weights: np.ndarray = np.cbrt(counts[0] / np.maximum(counts, 1)).clip(1, 30).astype(np.float32)
    return weights


def draw(
    x: np.ndarray,
    y: np.ndarray,
    bounds: np.ndarray,
    stretches: np.ndarray,
    length: int,
    number: int,
    rng: np.random.Generator,
    portable: bool,
) -> tuple[Tensor, Tensor]:
    """A batch of `number` stretches of `length` outputs at random places, some of them reversed.

    Some tracks of some stretches are hidden: half of the stretches see all; of the others, each
    lacks a few, or, for a portable model, any number. Outputs near the ends of a stretch have no
    loss, since the network sees less there than in a chromosome. Returns float32 (number, bins,
    spans x tracks) and int64 (number, outputs).
    """
    n_tracks = x.shape[1] // len(SPANS)
    signal = np.empty((number, POOL * length, x.shape[1]), np.float16)
    truth = np.full((number, length), -1, np.int64)
    for row, first in enumerate(rng.choice(stretches, number)):
        chrom = np.searchsorted(bounds, first, side="right") - 1
        low, high = bounds[chrom], bounds[chrom + 1] - length
        start = int(np.clip(first + rng.integers(-length // 2, length // 2), low, high))
        direction = -1 if rng.random() < REVERSED else 1
        signal[row] = x[POOL * start : POOL * (start + length)][::direction]
        truth[row, EDGE:-EDGE] = y[start + EDGE : start + length - EDGE][::direction]
        if rng.random() < 0.5:
            hidden = rng.random(n_tracks) < 2 * TRACK_DROPOUT
            if portable:
                hidden = rng.permutation(n_tracks) >= rng.integers(1, n_tracks + 1)
            signal[row][:, np.tile(hidden, len(SPANS))] = 0
    return torch.from_numpy(signal).float(), torch.from_numpy(truth)
