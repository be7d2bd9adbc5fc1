"""A small training that suits every model of the catalogue."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from deepregfinder.genome.grid import bare_name
from deepregfinder.labels.tensors import Tensors
from deepregfinder.models.bundle import Bundle
from deepregfinder.models.catalogue import facts
from deepregfinder.models.device import Hardware
from deepregfinder.models.drf import fit as drf_fit
from deepregfinder.models.protocol import ChromosomeSignal, TrainingGenome, TrainingOptions
from deepregfinder.models.train import Learner, train_bundle, write_trained
from samples.small_models import grow_fewer_trees, labelled_windows

OPTIONS = TrainingOptions(
    seed=1, seeds=1, epochs=2, batch_size=32, learning_rate=0.01, weight_decay=0.0001
)


def shorten_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few trees, few and short stretches: enough for tests, in less time."""
    grow_fewer_trees(monkeypatch, 5, 5)
    for name, value in (("STRETCH", 60), ("HALO", 8), ("MIN_STEPS", 4)):
        monkeypatch.setattr(drf_fit, name, value)


def windows_for(model: str) -> Tensors:
    """Labelled windows; those of models of chromosomes have an accessibility track."""
    tensors = labelled_windows(120)
    if not facts(model).sees_chromosome:
        return tensors
    marks = ("DNase", "H3K27ac", "H3K4me3")
    return replace(tensors, marks=marks, normalisation=replace(tensors.normalisation, marks=marks))


def genome_of(tensors: Tensors) -> TrainingGenome:
    """A genome on which nobody can look at a test chromosome."""

    def load(chrom: str) -> ChromosomeSignal:
        assert chrom not in tensors.split_plan.chromosomes.select(tensors.chroms, "test")
        length = tensors.chrom_sizes[chrom]
        rng = np.random.default_rng(length)
        rpm = rng.gamma(0.5, 2, (len(tensors.marks), -(-length // 100))).astype(np.float32)
        here = np.flatnonzero(tensors.chrom == tensors.chroms.index(chrom))
        for row in here[tensors.y[here] > 0]:
            first = int(tensors.start[row]) // 100
            rpm[:, first : first + 8] += tensors.x[row][:, : rpm.shape[1] - first]
        return ChromosomeSignal(chrom, length, rpm, np.full(len(rpm), 1_000_000), 100)

    sites = {chrom: np.arange(500, size, 2000) for chrom, size in tensors.chrom_sizes.items()}
    known = {bare_name(chrom): positions for chrom, positions in sites.items()}
    return TrainingGenome(tensors, sites, known, load)


def train(
    folder: Path,
    tensors: Tensors,
    model: str,
    options: TrainingOptions = OPTIONS,
    threads: int = 1,
) -> Bundle:
    """Train a model and write it to `folder`/bundle."""
    folder.mkdir(exist_ok=True)
    learner = Learner(model, True, "all", options)
    bundle, members = train_bundle(
        genome_of(tensors), learner, Hardware(torch.device("cpu"), threads), folder
    )
    write_trained(folder / "bundle", bundle, members)
    return bundle


def bytes_of(folder: Path) -> dict[str, bytes]:
    """The files of the bundle that `train` has written."""
    return {path.name: path.read_bytes() for path in sorted((folder / "bundle").iterdir())}


def spoiled(tensors: Tensors, split: str) -> Tensors:
    """Signal and labels of a split replaced by noise; how many there are of a class stays."""
    rng = np.random.default_rng(9)
    rows = tensors.select(split)
    x, y = tensors.x.copy(), tensors.y.copy()
    x[rows] = rng.gamma(2, 50, x[rows].shape)
    y[rows] = rng.permutation(y[rows])
    return replace(tensors, x=x, y=y)
