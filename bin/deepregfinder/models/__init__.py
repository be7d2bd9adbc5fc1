"""The models by name. Importing this package does not import torch; building a network does."""

from typing import TYPE_CHECKING

from deepregfinder.errors import InputError

if TYPE_CHECKING:
    from deepregfinder.models.layers import Network

NETWORK_NAMES = ("cnn", "rnn", "mlp")
FOREST_NAMES = ("rf", "gbm", "rfecs")
GENOME_NAMES = ("drf", "chromhmm", "ehmm", "preprint", "ccre")
MODEL_NAMES = NETWORK_NAMES + FOREST_NAMES + GENOME_NAMES


def kind_of(name: str) -> str:
    """How a model is trained and evaluated: "network", "forest" or "genome".

    The first two see windows one by one, the last sees the chromosome around them.
    """
    if name in GENOME_NAMES:
        return "genome"
    return "forest" if name in FOREST_NAMES else "network"


def build_network(name: str, n_marks: int, window_bins: int, n_classes: int) -> "Network":
    """A network with fresh weights that maps windows (n, marks, bins) to logits (n, classes).

    Weights come from torch's global random generator. Raises InputError for an unknown name.
    """
    if name == "cnn":
        from deepregfinder.models.cnn import ConvolutionalNetwork

        return ConvolutionalNetwork(n_marks, n_classes)
    if name == "rnn":
        from deepregfinder.models.rnn import RecurrentNetwork

        return RecurrentNetwork(n_marks, n_classes)
    if name == "mlp":
        from deepregfinder.models.mlp import PerceptronNetwork

        return PerceptronNetwork(n_marks, window_bins, n_classes)
    raise InputError(f"There is no network named {name!r}: choose {', '.join(NETWORK_NAMES)}.")


def weight_shapes(
    name: str, n_marks: int, window_bins: int, n_classes: int
) -> dict[str, tuple[int, ...]]:
    """Names and shapes of all weights and running statistics of a network; allocates none."""
    from deepregfinder.models import layers

    return layers.weight_shapes(lambda: build_network(name, n_marks, window_bins, n_classes))
