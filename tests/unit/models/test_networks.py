import subprocess
import sys

import pytest
import torch

from deepregfinder.errors import InputError
from deepregfinder.models.catalogue import MODEL_NAMES, facts
from deepregfinder.models.windows.networks import build_network, weight_shapes

NETWORK_NAMES = [name for name in MODEL_NAMES if facts(name).has_gradients]

# Weights and biases layer by layer; a batch norm has two values for each channel, an LSTM layer
# four gates of (inputs + units) x units weights and two biases.
CNN = (
    (12 * 7 * 32 + 32 + 64)
    + (32 * 3 * 32 + 32 + 64)
    + (32 * 3 * 64 + 64 + 128)
    + (64 * 3 * 64 + 64 + 128)
    + 64 * 5
)
RNN = (12 * 7 * 32 + 32 + 64) + 2 * (4 * ((32 + 32) * 32 + 2 * 32)) + (32 * 5 + 5)
MLP = (12 * 20 * 600 + 600) + (600 * 500 + 500) + (500 * 400 + 400) + (400 * 5 + 5)


@pytest.mark.parametrize(("name", "count"), [("cnn", CNN), ("rnn", RNN), ("mlp", MLP)])
def test_parameter_counts_at_12_marks_and_5_classes(name, count):
    network = build_network(name, 12, 20, 5)
    assert sum(p.numel() for p in network.parameters()) == count
    assert {"cnn": 25_088, "rnn": 19_845, "mlp": 647_505}[name] == count


@pytest.mark.parametrize("name", NETWORK_NAMES)
@pytest.mark.parametrize("window_bins", [8, 20, 22])
def test_gives_a_logit_for_each_class(name, window_bins):
    network = build_network(name, 4, window_bins, 3).eval()
    assert network(torch.randn(6, 4, window_bins)).shape == (6, 3)


@pytest.mark.parametrize("name", NETWORK_NAMES)
def test_a_window_is_scored_by_itself(name):
    network = build_network(name, 4, 20, 3).eval()
    x = torch.randn(9, 4, 20)
    alone = torch.cat([network(x[i : i + 1]) for i in range(9)])
    torch.testing.assert_close(network(x), alone, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", NETWORK_NAMES)
def test_folding_batch_norms_changes_nothing(name):
    network = build_network(name, 4, 20, 3)
    network.train()
    for _ in range(3):
        network(3 * torch.randn(32, 4, 20) + 1)
    network.eval()
    x = torch.randn(16, 4, 20)
    with torch.inference_mode():
        before = network(x).softmax(1)
        network.fold()
        torch.testing.assert_close(network(x).softmax(1), before, atol=1e-5, rtol=0)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in network.modules())


@pytest.mark.parametrize("name", NETWORK_NAMES)
def test_weight_shapes_are_those_of_the_network(name):
    state = build_network(name, 7, 16, 2).state_dict()
    assert weight_shapes(name, 7, 16, 2) == {key: tuple(v.shape) for key, v in state.items()}


def test_weight_shapes_are_known_without_loading_sympy(repository):
    code = (
        "import sys; from deepregfinder.models.windows.networks import weight_shapes; "
        "weight_shapes('cnn', 12, 20, 3); sys.exit('sympy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=repository / "bin").returncode == 0


def test_unknown_model_is_refused():
    with pytest.raises(InputError, match="no network named 'transformer'"):
        build_network("transformer", 12, 20, 5)
