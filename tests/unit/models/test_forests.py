"""Forests behind the interfaces that networks have: training, bundle, scan of a chromosome."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from samples.small_models import GEOMETRY, MARKS, chromosome, labelled_windows

from deepregfinder.errors import InputError
from deepregfinder.models.bundle import read_bundle, write_bundle
from deepregfinder.models.catalogue import MODEL_NAMES, facts
from deepregfinder.models.device import Hardware
from deepregfinder.models.forests.model import ForestModel
from deepregfinder.models.protocol import TrainingGenome, TrainingOptions
from deepregfinder.models.registry import load
from deepregfinder.models.train import Learner, train_bundle
from deepregfinder.prediction.scorers import load_scorer, predict_windows, probabilities_at
from deepregfinder.signal.scale import normalise_windows

OPTIONS = TrainingOptions(seed=3, seeds=2, epochs=1, batch_size=8, learning_rate=1, weight_decay=0)
FORESTS = [name for name in MODEL_NAMES if facts(name).progress == "tree"]


def forest(name: str) -> ForestModel:
    model = load(name)
    assert isinstance(model, ForestModel)
    return model


@pytest.fixture(scope="module", params=FORESTS)
def trained(request, tmp_path_factory):
    """Two members on the small labelled windows; bundle and members."""
    folder = tmp_path_factory.mktemp(request.param)
    tensors = labelled_windows(300)
    return train_bundle(
        TrainingGenome(tensors),
        Learner(request.param, True, "all", OPTIONS),
        Hardware(torch.device("cpu"), 2),
        folder,
    )


def test_it_learns_what_is_there_to_be_learnt(trained):
    bundle, members = trained
    assert bundle.seeds == (3, 4)
    assert all(member.validation_map > 0.8 for member in members)
    assert (bundle.training["seed"], bundle.training["seeds"]) == (3, 2)


def test_the_learning_curve_goes_by_trees_to_the_whole_forest(trained):
    bundle, members = trained
    for member, recorded in zip(members, bundle.members, strict=True):
        trees = [point.epoch for point in member.curve]
        assert trees == sorted(set(trees))
        assert len(trees) > 1
        assert recorded.best_epoch == trees[-1]
        assert recorded.validation_map == member.curve[-1].validation_map


def test_threads_change_nothing(trained, tmp_path):
    bundle, _ = trained
    again, _ = train_bundle(
        TrainingGenome(labelled_windows(300)),
        Learner(bundle.model, True, "all", OPTIONS),
        Hardware(torch.device("cpu"), 1),
        tmp_path,
    )
    for name, one in (("one", bundle), ("other", again)):
        write_bundle(tmp_path / name, one)
    for file in ("model.json", "model.safetensors"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "other" / file).read_bytes()


def test_a_bundle_predicts_the_same_after_writing_and_reading(trained, tmp_path):
    bundle, members = trained
    write_bundle(tmp_path, bundle)
    stored = read_bundle(tmp_path)
    tensors = labelled_windows(300)
    x = tensors.x[tensors.select("validation")]
    for got in (predict_windows(bundle, x), predict_windows(stored, x, threads=2)):
        assert got.shape == (2, len(x), 3)
        for member, probabilities in zip(members, got, strict=True):
            np.testing.assert_allclose(probabilities, member.validation_probabilities, atol=1e-6)
            np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_a_scan_equals_window_by_window(trained):
    bundle, _ = trained
    rng = np.random.default_rng(1)
    rpm = rng.gamma(0.5, 2, (len(MARKS), 60)).astype(np.float32)
    values = bundle.normalisation.apply(rpm)
    starts = np.array([0, 7, 52])
    probabilities = probabilities_at(load_scorer(bundle, "cpu", 2), chromosome(rpm, 6_000), starts)
    for row, start in zip(probabilities, starts, strict=True):
        window = values[None, :, start : start + GEOMETRY.window_bins].copy()
        each = [forest(bundle.model).evaluate(arrays, window)[0] for arrays in bundle.weights]
        p = np.mean(each, axis=0, dtype=float) ** (1 / bundle.temperature)
        np.testing.assert_allclose(row, p / p.sum(), atol=1e-6)


def test_normalised_windows_are_what_it_sees(trained):
    bundle, _ = trained
    x = labelled_windows(30).x
    arrays = bundle.weights[0]
    direct = forest(bundle.model).evaluate(arrays, normalise_windows(bundle.normalisation, x))
    np.testing.assert_allclose(predict_windows(bundle, x)[0], direct, atol=1e-7)


def test_damaged_arrays_are_refused(trained, tmp_path):
    bundle, _ = trained
    incomplete = dict(list(bundle.weights[0].items())[1:])
    write_bundle(tmp_path, replace(bundle, weights=(incomplete, bundle.weights[1])))
    with pytest.raises(InputError, match=r"model.safetensors is damaged: member0"):
        read_bundle(tmp_path)
