"""Nothing that a model learns comes from the test chromosomes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from samples.small_models import grow_fewer_trees, labelled_windows

from deepregfinder.labels.tensors import Tensors
from deepregfinder.models.catalogue import MODEL_NAMES, facts
from deepregfinder.models.device import Hardware
from deepregfinder.models.drf import fit as dense_training
from deepregfinder.models.protocol import ChromosomeSignal, TrainingGenome, TrainingOptions
from deepregfinder.models.train import Learner, train_bundle, write_trained

OPTIONS = TrainingOptions(1, 1, 2, 32, 0.01, 0.0001)


def spoiled(tensors: Tensors, split: str) -> Tensors:
    """Signal and labels of a split replaced by noise, with the same number of windows per class."""
    rng = np.random.default_rng(9)
    rows = tensors.select(split)
    x, y = tensors.x.copy(), tensors.y.copy()
    x[rows] = rng.gamma(2, 50, x[rows].shape)
    y[rows] = rng.permutation(y[rows])
    return replace(tensors, x=x, y=y)


def genome(tensors: Tensors) -> TrainingGenome:
    """A genome whose test chromosomes cannot be read."""

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
    return TrainingGenome(tensors, sites, load)


def windows_for(model: str) -> Tensors:
    """Labelled windows; those of models of the genome have an accessibility track."""
    tensors = labelled_windows(120)
    if not facts(model).sees_chromosome:
        return tensors
    marks = ("DNase", "H3K27ac", "H3K4me3")
    return replace(tensors, marks=marks, normalisation=replace(tensors.normalisation, marks=marks))


def bytes_of(folder: Path, tensors: Tensors, model: str) -> dict[str, bytes]:
    folder.mkdir()
    seen = genome(tensors) if facts(model).sees_chromosome else TrainingGenome(tensors)
    bundle, members = train_bundle(
        seen, Learner(model, True, "all", OPTIONS), Hardware(torch.device("cpu"), 1), folder
    )
    write_trained(folder / "bundle", bundle, members)
    return {path.name: path.read_bytes() for path in sorted((folder / "bundle").iterdir())}


@pytest.mark.parametrize("model", MODEL_NAMES)
def test_a_bundle_is_the_same_whatever_the_test_chromosomes_hold(
    tmp_path: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow_fewer_trees(monkeypatch, 5, 5)
    for name, value in (("STRETCH", 60), ("HALO", 8), ("MIN_STEPS", 4)):
        monkeypatch.setattr(dense_training, name, value)
    tensors = windows_for(model)
    honest = bytes_of(tmp_path / "honest", tensors, model)
    assert bytes_of(tmp_path / "test", spoiled(tensors, "test"), model) == honest
    # The comparison sees what is used: other validation windows calibrate otherwise.
    assert bytes_of(tmp_path / "validation", spoiled(tensors, "validation"), model) != honest


@pytest.mark.parametrize("model", [name for name in MODEL_NAMES if name in ("rf", "gbm")])
def test_validation_windows_change_no_tree(
    tmp_path: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow_fewer_trees(monkeypatch, 5, 5)
    tensors = labelled_windows(120)
    honest, changed = (
        train_bundle(
            TrainingGenome(windows),
            Learner(model, True, "all", OPTIONS),
            Hardware(torch.device("cpu"), 1),
            tmp_path,
        )[0]
        for windows in (tensors, spoiled(tensors, "validation"))
    )
    for name, array in honest.weights[0].items():
        np.testing.assert_array_equal(array, changed.weights[0][name])
    assert honest.temperature != changed.temperature
