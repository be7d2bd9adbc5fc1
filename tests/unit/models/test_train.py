import logging

import numpy as np
import pytest
import torch
from samples.cells import cells
from samples.small_models import labelled_windows

from deepregfinder.models.bundle import read_bundle
from deepregfinder.models.calibration import fit_temperature
from deepregfinder.models.device import Hardware
from deepregfinder.models.protocol import TrainingGenome, TrainingOptions
from deepregfinder.models.train import Learner, train_bundle, write_trained
from deepregfinder.prediction.scorers import predict_windows

CPU = torch.device("cpu")
OPTIONS = TrainingOptions(
    seed=4, seeds=2, epochs=2, batch_size=32, learning_rate=0.01, weight_decay=1e-4
)
CNN = Learner("cnn", True, "all", OPTIONS)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("training")
    bundle, networks = train_bundle(
        TrainingGenome(labelled_windows()), CNN, Hardware(CPU, 1), folder
    )
    write_trained(folder / "cnn", bundle, networks)
    return folder / "cnn", bundle, networks


def test_seeds_side_by_side_give_the_same_bytes_and_tell_of_their_progress(
    trained, tmp_path, capfd
):
    logging.getLogger().setLevel(logging.INFO)
    try:
        bundle, networks = train_bundle(
            TrainingGenome(labelled_windows()), CNN, Hardware(CPU, 2), tmp_path
        )
    finally:
        logging.getLogger().setLevel(logging.WARNING)
    logged = capfd.readouterr().err
    assert "cnn, seed 4: epoch 2 of 2" in logged
    assert "cnn, seed 5: epoch 2 of 2" in logged
    write_trained(tmp_path / "cnn", bundle, networks)
    for path in trained[0].iterdir():
        assert path.read_bytes() == (tmp_path / "cnn" / path.name).read_bytes()


def test_bundle_says_what_it_was_trained_on(trained):
    bundle = read_bundle(trained[0])
    assert (bundle.model, bundle.sample, bundle.seeds) == ("cnn", "K562", (4, 5))
    assert bundle.n_windows["train"] == {"background": 60, "enhancer": 60, "promoter": 60}
    assert bundle.training["epochs"] == 2
    assert bundle.split.to_dict()["train_chroms"] == ["1"]


def test_prediction_with_the_bundle_is_what_validation_saw(trained):
    folder, _, networks = trained
    tensors = labelled_windows()
    rows = tensors.select("validation")
    members = predict_windows(read_bundle(folder), tensors.x[rows])
    expected = np.stack([network.validation_probabilities for network in networks])
    np.testing.assert_allclose(members, expected, atol=1e-5)


def test_temperature_is_that_of_the_mean_on_validation_windows(trained):
    _, bundle, networks = trained
    tensors = labelled_windows()
    y = tensors.y[tensors.select("validation")]
    mean = sum(network.validation_probabilities.astype(float) for network in networks) / 2
    assert bundle.temperature == pytest.approx(fit_temperature(mean, y))


def test_learning_curve_has_a_line_for_each_seed_and_epoch(trained):
    lines = cells(trained[0] / "learning_curve.tsv")
    assert [(line["seed"], line["epoch"]) for line in lines] == [
        ("4", "1"),
        ("4", "2"),
        ("5", "1"),
        ("5", "2"),
    ]
    best = max(float(line["validation_map"]) for line in lines if line["seed"] == "5")
    assert best == pytest.approx(trained[1].members[1].validation_map, abs=1e-6)
