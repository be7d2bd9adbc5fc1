import logging
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from samples.small_models import labelled_windows

from deepregfinder.errors import InputError
from deepregfinder.models.calibration import mean_average_precision
from deepregfinder.models.checkpoint import checkpoint_path, remove_checkpoints
from deepregfinder.models.protocol import TrainingData, TrainingOptions
from deepregfinder.models.windows import fit
from deepregfinder.models.windows.fit import balanced_order, train_network
from deepregfinder.signal.scale import normalise_windows

CPU = torch.device("cpu")
OPTIONS = TrainingOptions(
    seed=1, seeds=1, epochs=3, batch_size=32, learning_rate=0.01, weight_decay=1e-4
)


@pytest.fixture(scope="module")
def data() -> TrainingData:
    tensors = labelled_windows()
    x = normalise_windows(tensors.normalisation, tensors.x)
    y = tensors.y.astype(np.int64)
    train, validation = tensors.select("train"), tensors.select("validation")
    return TrainingData(tensors.classes, x[train], y[train], x[validation], y[validation])


def same_weights(one, other):
    assert one.weights.keys() == other.weights.keys()
    return all(np.array_equal(one.weights[key], other.weights[key]) for key in one.weights)


@given(
    st.lists(st.integers(1, 40), min_size=2, max_size=5),
    st.integers(0, 99),
)
def test_every_class_is_drawn_equally_often(sizes, seed):
    y = np.repeat(np.arange(len(sizes)), sizes)
    order = balanced_order(y, len(sizes), np.random.default_rng(seed))
    drawn = np.bincount(y[order], minlength=len(sizes))
    assert len(order) == len(y)
    assert drawn.max() - drawn.min() <= 1
    # No window comes twice more often than another of its class.
    times = np.bincount(order, minlength=len(y))
    for k in range(len(sizes)):
        assert np.ptp(times[y == k]) <= 1


def test_mean_average_precision_leaves_background_out():
    y = np.array([0, 1, 2, 0])
    p = np.array([[0.1, 0.8, 0.1], [0.2, 0.7, 0.1], [0.1, 0.1, 0.8], [0.9, 0.05, 0.05]])
    # Class 1 ranks second (precision 1/2), class 2 first (1).
    assert mean_average_precision(y, p) == pytest.approx((0.5 + 1) / 2)


@pytest.mark.parametrize("model", ["cnn", "rnn", "mlp"])
def test_learns_what_is_easy(data, tmp_path, model):
    options = replace(OPTIONS, epochs=8, batch_size=16)
    trained = train_network(data, model, options, 1, CPU, tmp_path)
    assert trained.validation_map > 0.9
    assert len(trained.curve) == 8
    assert trained.validation_map == max(record.validation_map for record in trained.curve)
    scores = mean_average_precision(data.y_validation, trained.validation_probabilities)
    assert scores == pytest.approx(trained.validation_map, abs=1e-6)


@pytest.mark.parametrize("model", ["cnn", "rnn", "mlp"])
def test_same_seed_same_weights_whatever_the_threads(data, tmp_path, model):
    weights = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        folder = tmp_path / str(threads)
        weights.append(train_network(data, model, OPTIONS, 5, CPU, folder))
    assert torch.get_num_threads() == 2
    torch.set_num_threads(1)
    assert same_weights(*weights)
    assert not same_weights(weights[0], train_network(data, model, OPTIONS, 6, CPU, tmp_path))


def test_training_leaves_the_global_generator_alone(data, tmp_path):
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    train_network(data, "mlp", replace(OPTIONS, epochs=1), 1, CPU, tmp_path)
    assert torch.equal(torch.rand(2), expected)


class InterruptedTrainingError(Exception):
    pass


def interrupt_after(monkeypatch, n_epochs):
    real = fit._train_epoch

    def epoch(state, *rest):
        if len(state.curve) == n_epochs:
            raise InterruptedTrainingError
        return real(state, *rest)

    monkeypatch.setattr(fit, "_train_epoch", epoch)


@pytest.mark.parametrize("model", ["cnn", "rnn", "mlp"])
def test_interrupted_training_continues_to_the_same_weights(data, tmp_path, monkeypatch, model):
    undisturbed = train_network(data, model, OPTIONS, 1, CPU, tmp_path / "a")
    with monkeypatch.context() as patch:
        interrupt_after(patch, 2)
        with pytest.raises(InterruptedTrainingError):
            train_network(data, model, OPTIONS, 1, CPU, tmp_path / "b")
    # It must not start at the beginning again: the first two epochs are not run.
    epochs = []
    real = fit._train_epoch
    monkeypatch.setattr(
        fit,
        "_train_epoch",
        lambda state, *rest: epochs.append(len(state.curve)) or real(state, *rest),
    )
    continued = train_network(data, model, OPTIONS, 1, CPU, tmp_path / "b")
    assert epochs == [2]
    assert same_weights(undisturbed, continued)
    assert continued.curve == undisturbed.curve
    assert continued.best_epoch == undisturbed.best_epoch


def test_checkpoint_of_other_inputs_is_not_used(data, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    train_network(data, "cnn", OPTIONS, 1, CPU, tmp_path)
    other = replace(data, x_train=data.x_train * np.float32(1.5))
    fresh = train_network(other, "cnn", OPTIONS, 1, CPU, tmp_path / "fresh")
    beside = train_network(other, "cnn", OPTIONS, 1, CPU, tmp_path)
    assert "belongs to other inputs" in caplog.text
    assert same_weights(fresh, beside)


@pytest.mark.parametrize("damage", [b"", b"garbage", None])
def test_damaged_checkpoint_is_not_used(data, tmp_path, caplog, damage):
    caplog.set_level(logging.INFO)
    whole = train_network(data, "cnn", OPTIONS, 1, CPU, tmp_path)
    path = checkpoint_path(tmp_path, "cnn", 1)
    path.write_bytes(path.read_bytes()[:-100] if damage is None else damage)
    assert same_weights(whole, train_network(data, "cnn", OPTIONS, 1, CPU, tmp_path))
    assert "is damaged" in caplog.text


def test_checkpoints_are_removed_when_they_are_done_with(data, tmp_path):
    train_network(data, "cnn", OPTIONS, 1, CPU, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.cnn.seed1.safetensors"]
    remove_checkpoints(tmp_path, "cnn", OPTIONS)
    assert not list(tmp_path.iterdir())


def test_diverged_training_starts_again_at_a_lower_rate(data, tmp_path, monkeypatch, caplog):
    # Weights of 1e30 overflow in the first layers.
    monkeypatch.setattr(fit, "_rate", lambda _, restarts: (1e30, 1e30, 0.01)[restarts])
    trained = train_network(data, "mlp", OPTIONS, 1, CPU, tmp_path)
    assert trained.restarts == 2
    assert trained.learning_rate == 0.01
    assert "diverged in epoch 1" in caplog.text
    assert all(np.isfinite(value).all() for value in trained.weights.values())
    monkeypatch.undo()
    plain = train_network(data, "mlp", OPTIONS, 1, CPU, tmp_path / "plain")
    assert same_weights(plain, trained)


def test_training_that_always_diverges_fails_with_that_message(data, tmp_path):
    options = replace(OPTIONS, learning_rate=1e30)
    with pytest.raises(InputError, match=r"mlp with seed 1 diverged.*--learning_rate"):
        train_network(data, "mlp", options, 1, CPU, tmp_path)


def test_rate_falls_tenfold_after_five_epochs_without_gain(data, tmp_path, monkeypatch):
    monkeypatch.setattr(fit, "mean_average_precision", lambda *_: 0.5)
    trained = train_network(data, "cnn", replace(OPTIONS, epochs=8), 1, CPU, tmp_path)
    rates = [record.learning_rate for record in trained.curve]
    assert rates == pytest.approx([0.01] * 7 + [0.001])


def test_best_epoch_is_kept(data, tmp_path, monkeypatch):
    scores = iter([0.5, 0.9, 0.7, 0.9])
    monkeypatch.setattr(fit, "mean_average_precision", lambda *_: next(scores))
    trained = train_network(data, "cnn", replace(OPTIONS, epochs=4), 1, CPU, tmp_path)
    assert (trained.best_epoch, trained.validation_map) == (2, 0.9)
    scores = iter([0.5, 0.9])
    shorter = train_network(data, "cnn", replace(OPTIONS, epochs=2), 1, CPU, tmp_path / "short")
    assert same_weights(trained, shorter)


def test_weight_decay_and_rate_are_those_of_the_options(data):
    options = replace(OPTIONS, learning_rate=0.003, weight_decay=0.02)
    state = fit._fresh_state(data, "cnn", options, 1, CPU, 0)
    assert isinstance(state.optimizer, torch.optim.Adam)
    group = state.optimizer.param_groups[0]
    assert (group["lr"], group["weight_decay"]) == (0.003, 0.02)


def test_learning_nothing_is_said(data, tmp_path, caplog):
    noise = np.random.default_rng(0).permutation(data.y_train)
    options = replace(OPTIONS, epochs=1, learning_rate=1)
    train_network(replace(data, y_train=noise), "mlp", options, 1, CPU, tmp_path)
    assert "learnt nothing" in caplog.text


def test_progress_is_told_for_every_epoch(data, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    train_network(data, "cnn", OPTIONS, 1, CPU, tmp_path)
    for epoch in (1, 2, 3):
        assert f"epoch {epoch} of 3" in caplog.text
    assert "s left" in caplog.text


def test_windows_that_are_no_numbers_are_refused(data):
    broken = data.x_train.copy()
    broken[3, 1, 2] = np.nan
    with pytest.raises(InputError, match="not numbers"):
        replace(data, x_train=broken)


def test_a_split_without_a_class_is_refused(data):
    with pytest.raises(InputError, match="no validation window of class promoter"):
        replace(data, y_validation=data.y_validation % 2)
