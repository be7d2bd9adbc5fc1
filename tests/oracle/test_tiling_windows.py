"""A scanned chromosome compared with scoring its windows one by one."""

import numpy as np
import pytest
import torch
from samples.small_models import MARKS, chromosome, random_bundle

from deepregfinder.genome.grid import Geometry
from deepregfinder.models import window_scorer
from deepregfinder.models.windows.networks import build_network
from deepregfinder.prediction.scan import scan_chromosome
from deepregfinder.prediction.scorers import load_scorer


def naive_scan(bundle, rpm, length, step):
    """The softmax of the plain network of every member, for each window."""
    values = bundle.normalisation.apply(rpm)
    probabilities = []
    networks = []
    for weights in bundle.weights:
        network = build_network(bundle.model, len(MARKS), bundle.window_bins, len(bundle.classes))
        network.load_state_dict({k: torch.from_numpy(np.array(v)) for k, v in weights.items()})
        networks.append(network.eval())
    width = bundle.window_bins * bundle.bin_size
    start = 0
    while start + width <= length:
        first = start // bundle.bin_size
        window = torch.from_numpy(values[:, first : first + bundle.window_bins].copy())[None]
        with torch.inference_mode():
            probabilities.append([network(window).softmax(1)[0].numpy() for network in networks])
        start += step
    return np.array(probabilities, dtype=float)  # (windows, members, classes)


def calibrated(p, temperature):
    powered = p ** (1 / temperature)
    return powered / powered.sum(-1, keepdims=True)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("model", ["cnn", "rnn", "mlp"])
@pytest.mark.parametrize(
    ("length", "step"),
    [
        (20_000, 200),  # the last window ends with the chromosome
        (20_050, 100),  # the last bin is not whole
        (19_999, 300),
        (2_000, 200),  # one window
        (1_999, 200),  # none
        (150, 200),
    ],
)
def test_scan_equals_window_by_window(monkeypatch, model, length, step, threads):
    monkeypatch.setitem(window_scorer._BATCH, "cpu", 37)
    bundle = random_bundle(model, n_members=2, geometry=Geometry(100, 20))
    rng = np.random.default_rng(length)
    rpm = rng.gamma(0.5, 2, (len(MARKS), -(-length // 100))).astype(np.float32)
    naive = naive_scan(bundle, rpm, length, step)
    scorer = load_scorer(bundle, "cpu", threads)
    best, each = scan_chromosome(scorer, chromosome(rpm, length), step)
    assert best.shape == (3, len(naive))
    assert each.shape == (2, 3, len(naive))
    if len(naive) == 0:
        return
    mean = calibrated(naive.mean(axis=1), bundle.temperature)
    # Rounded to 1/65,535, and folding the batch norm rounds otherwise than the plain network.
    np.testing.assert_allclose(best.T / 65_535, mean, atol=1.8e-5)
    members = calibrated(naive, bundle.temperature)
    np.testing.assert_allclose(each.transpose(2, 0, 1) / 65_535, members, atol=1.8e-5)


def test_neighbours_beyond_the_window_do_not_matter():
    bundle = random_bundle("cnn", geometry=Geometry(100, 20))
    rpm = np.random.default_rng(0).gamma(0.5, 2, (len(MARKS), 60)).astype(np.float32)
    scorer = load_scorer(bundle)
    whole, _ = scan_chromosome(scorer, chromosome(rpm, 6_000), 2_000)
    rpm[:, :20] += 5
    rpm[:, 40:] *= 0.1
    changed, _ = scan_chromosome(scorer, chromosome(rpm, 6_000), 2_000)
    np.testing.assert_array_equal(whole[:, 1], changed[:, 1])
    assert not np.array_equal(whole, changed)


def test_threads_change_no_bit():
    bundle = random_bundle("cnn", n_members=2, geometry=Geometry(100, 20))
    rpm = np.random.default_rng(1).gamma(0.5, 2, (len(MARKS), 3_000)).astype(np.float32)
    one, other = (
        scan_chromosome(load_scorer(bundle, "cpu", threads), chromosome(rpm, 300_000), 100)
        for threads in (1, 4)
    )
    np.testing.assert_array_equal(one[0], other[0])
    np.testing.assert_array_equal(one[1], other[1])
