"""The networks that see one window, by name."""

from typing import TYPE_CHECKING

from deepregfinder.errors import InputError
from deepregfinder.models.catalogue import NETWORK_NAMES

if TYPE_CHECKING:
    from deepregfinder.models.windows.layers import Network


def build_network(name: str, n_marks: int, window_bins: int, n_classes: int) -> "Network":
    """A network with fresh weights that maps windows (n, marks, bins) to logits (n, classes).

    Weights come from torch's global random generator. Raises InputError for an unknown name.
    """
    if name == "cnn":
        from deepregfinder.models.windows.cnn import ConvolutionalNetwork

        return ConvolutionalNetwork(n_marks, n_classes)
    if name == "rnn":
        from deepregfinder.models.windows.rnn import RecurrentNetwork

        return RecurrentNetwork(n_marks, n_classes)
    if name == "mlp":
        from deepregfinder.models.windows.mlp import PerceptronNetwork

        return PerceptronNetwork(n_marks, window_bins, n_classes)
    raise InputError(f"There is no network named {name!r}: choose {', '.join(NETWORK_NAMES)}.")


def weight_shapes(
    name: str, n_marks: int, window_bins: int, n_classes: int
) -> dict[str, tuple[int, ...]]:
    """Names and shapes of all weights and running statistics of a network; allocates none."""
    from deepregfinder.models.windows import layers

    return layers.weight_shapes(lambda: build_network(name, n_marks, window_bins, n_classes))
