"""The scorers compared with the layer equations in plain numpy, for each window."""

import numpy as np
import pytest
import torch
from samples.small_models import MARKS, normalisation, random_bundle
from scipy.special import expit, softmax

from deepregfinder.genome.grid import Geometry
from deepregfinder.models.window_scorer import WindowScorer
from deepregfinder.prediction.scorers import load_scorer, predict_windows

GEOMETRY = Geometry(100, 10)


def convolve(x, w, b):
    """x (channels in, positions), w (out, in, width): zeros beyond both ends."""
    half = w.shape[2] // 2
    padded = np.pad(x, ((0, 0), (half, half)))
    columns = [(w * padded[:, i : i + w.shape[2]]).sum((1, 2)) for i in range(x.shape[1])]
    return np.stack(columns, axis=1) + b[:, None]


def block(x, weights, name):
    w = {key: weights[f"{name}.{key}"].astype(float) for key in ("conv.weight", "conv.bias")}
    x = convolve(x, w["conv.weight"], w["conv.bias"])
    mean, var, gain, shift = (
        weights[f"{name}.norm.{key}"].astype(float)[:, None]
        for key in ("running_mean", "running_var", "weight", "bias")
    )
    return np.maximum((x - mean) / np.sqrt(var + 1e-5) * gain + shift, 0)


def halve(x):
    even = x.shape[1] // 2 * 2
    return np.maximum(x[:, 0:even:2], x[:, 1:even:2])


def cnn(x, weights):
    x = halve(block(block(x, weights, "block1"), weights, "block2"))
    x = halve(block(block(x, weights, "block3"), weights, "block4"))
    return weights["output.weight"][:, :, 0].astype(float) @ x.mean(axis=1)


def lstm(x, weights, layer):
    """x (positions, inputs); gates in the order input, forget, cell, output."""
    w, u, b, c = (
        weights[f"lstm.{key}_l{layer}"].astype(float)
        for key in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    )
    h = cell = np.zeros(32)
    out = []
    for step in x:
        i, f, g, o = np.split(w @ step + b + u @ h + c, 4)
        cell = expit(f) * cell + expit(i) * np.tanh(g)
        h = expit(o) * np.tanh(cell)
        out.append(h)
    return np.stack(out)


def rnn(x, weights):
    steps = lstm(lstm(block(x, weights, "block1").T, weights, 0), weights, 1)
    return weights["output.weight"].astype(float) @ steps[-1] + weights["output.bias"]


def mlp(x, weights):
    h = x.ravel()
    for name in ("hidden1", "hidden2", "hidden3"):
        h = np.logaddexp(0, weights[f"{name}.weight"].astype(float) @ h + weights[f"{name}.bias"])
    return weights["output.weight"].astype(float) @ h + weights["output.bias"]


@pytest.mark.parametrize("forward", [cnn, rnn, mlp])
def test_scorer_equals_the_layer_equations(forward):
    bundle = random_bundle(forward.__name__, n_members=2, n_classes=5, geometry=GEOMETRY)
    x = np.random.default_rng(3).normal(size=(6, len(MARKS), 10)).astype(np.float32)
    scorer = load_scorer(bundle).scorer
    assert isinstance(scorer, WindowScorer)
    probabilities = scorer(torch.from_numpy(x)).numpy()
    for member, weights in enumerate(bundle.weights):
        for window in range(len(x)):
            expected = softmax(forward(x[window].astype(float), weights))
            np.testing.assert_allclose(probabilities[member, window], expected, atol=2e-5)


def test_predict_windows_normalises_first():
    bundle = random_bundle("cnn", n_members=2, geometry=GEOMETRY)
    rpm = np.random.default_rng(4).gamma(1, 2, (700, len(MARKS), 10)).astype(np.float32)
    norm = normalisation()
    x = (np.log2(rpm + 1) - norm.mean[:, None]) / norm.sd[:, None]
    probabilities = predict_windows(bundle, rpm)
    assert probabilities.shape == (2, 700, 3)
    for window in (0, 511, 512, 699):
        expected = softmax(cnn(x[window], bundle.weights[1]))
        np.testing.assert_allclose(probabilities[1, window], expected, atol=2e-5)
