"""The networks that see one window, by name."""

from typing import TYPE_CHECKING

from deepregfinder.errors import InputError

if TYPE_CHECKING:
    from deepregfinder.models.windows.layers import Network


def network_class(name: str) -> "type[Network]":
    """The class of a network; only now torch is imported. InputError for an unknown name."""
    match name:
        case "cnn":
            from deepregfinder.models.windows.cnn import ConvolutionalNetwork

            return ConvolutionalNetwork
        case "rnn":
            from deepregfinder.models.windows.rnn import RecurrentNetwork

            return RecurrentNetwork
        case "mlp":
            from deepregfinder.models.windows.mlp import PerceptronNetwork

            return PerceptronNetwork
    raise InputError(f"There is no network named {name!r}: choose cnn, rnn or mlp.")


def build_network(name: str, n_marks: int, window_bins: int, n_classes: int) -> "Network":
    """A network with fresh weights that maps windows (n, marks, bins) to logits (n, classes).

    Weights come from torch's global random generator. Raises InputError for an unknown name.
    """
    return network_class(name)(n_marks, window_bins, n_classes)


def weight_shapes(
    name: str, n_marks: int, window_bins: int, n_classes: int
) -> dict[str, tuple[int, ...]]:
    """Names and shapes of all weights and running statistics of a network; allocates none."""
    from deepregfinder.models.windows import layers

    return layers.weight_shapes(lambda: build_network(name, n_marks, window_bins, n_classes))
