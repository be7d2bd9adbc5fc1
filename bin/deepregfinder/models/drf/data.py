"""Training data of `drf`: features and truth of whole chromosomes, and stretches of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from deepregfinder.labels.ground_truth import label_windows, labelled_elements
from deepregfinder.models.drf.network import POOL, SCALE, SPANS, features, tracks_of
from deepregfinder.models.protocol import TrainingGenome

TRACK_DROPOUT = 0.05
"""Share of tracks that a stretch does not see, on average: half of the stretches see all."""

REVERSED = 0.5
"""Share of stretches that are read from the end."""

EDGE = 24
"""Outputs at each end of a stretch without a loss: the network sees less there than later."""


@dataclass(frozen=True)
class DenseData:
    """The chromosomes of a split end to end, in files that training processes map into memory.

    x : file of float16, (bins, spans x tracks): input of the network
    y : file of int8, (outputs,): class index, -1 if it is not defined
    bounds : first output of each chromosome, and the end; int64 (chromosomes + 1,)
    """

    x: Path
    y: Path
    bounds: np.ndarray

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
    """Mean RPM of each mark over the bins of some chromosomes: float32 (marks,)."""
    total, n = np.zeros(len(genome.tensors.marks)), 0
    for chrom in chroms:
        rpm = genome.load(chrom).rpm
        total += rpm.sum(axis=1, dtype=np.float64)
        n += rpm.shape[1]
    return (total / n).astype(np.float32)


def write_dense(
    folder: Path, genome: TrainingGenome, split: str, constants: Mapping[str, np.ndarray]
) -> DenseData:
    """Write input and truth of the chromosomes of a split into `folder`.

    constants : arrays of the model beside its weights: SCALE, and its TSSs
    """
    chroms = genome.chroms(split)
    elements = labelled_elements(genome.tensors, chroms)
    xs, ys, bounds = [], [], [0]
    for chrom in chroms:
        signal = genome.load(chrom)
        x = features(tracks_of(signal, constants), constants[SCALE])
        step = POOL * signal.bin_size
        centres = np.arange(x.shape[1] // POOL, dtype=np.int64) * step + step // 2
        truth, _ = label_windows(centres, elements[chrom])
        xs.append(x.T)
        ys.append(truth.astype(np.int8))
        bounds.append(bounds[-1] + len(truth))
    paths = [folder / f"drf.{split}.{name}.npy" for name in ("x", "y")]
    np.save(paths[0], np.concatenate(xs))
    np.save(paths[1], np.concatenate(ys))
    return DenseData(paths[0], paths[1], np.array(bounds))


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
) -> tuple[Tensor, Tensor]:
    """A batch of `number` stretches of `length` outputs at random places, some of them reversed.

    Some tracks of some stretches are hidden. Outputs near the ends of a stretch have no loss, since
    the network sees less there than in a chromosome. Returns float32 (number, spans x tracks, bins)
    and int64 (number, outputs).
    """
    n_tracks = x.shape[1] // len(SPANS)
    signal, truth = [], []
    for first in rng.choice(stretches, number):
        chrom = np.searchsorted(bounds, first, side="right") - 1
        low, high = bounds[chrom], bounds[chrom + 1] - length
        start = int(np.clip(first + rng.integers(-length // 2, length // 2), low, high))
        part = x[POOL * start : POOL * (start + length)].T.astype(np.float32)
        said = y[start : start + length].astype(np.int64)
        said[:EDGE] = said[-EDGE:] = -1
        if rng.random() < REVERSED:
            part, said = part[:, ::-1], said[::-1]
        if rng.random() < 0.5:
            seen = (rng.random(n_tracks) >= 2 * TRACK_DROPOUT).astype(np.float32)
            part = part * np.tile(seen, len(SPANS))[:, np.newaxis]
        signal.append(part.copy())
        truth.append(said.copy())
    return torch.from_numpy(np.stack(signal)), torch.from_numpy(np.stack(truth))
