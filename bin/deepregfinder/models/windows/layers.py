"""Building blocks of the networks.

Tensors here have the layout (n, channels, 1, bins) with the channels of a bin side by side in
memory (`channels_last`): on a CPU convolutions, batch norms and pools are then up to twice as fast
as on (n, channels, bins), in training and in prediction. Weights keep the shapes of `nn.Conv1d`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torch.overrides import TorchFunctionMode


class Network(nn.Module):
    """A network over windows: float32 (n, marks, bins) in, logits (n, classes) out.

    All are made from the numbers of marks, bins of a window and classes, in this order.
    """

    DROPOUT = 0.0
    """Share of units that training leaves out, where a network has a dropout layer."""

    def fold(self) -> None:
        """Simplify the network for inference, without changing what it computes."""


def channels_last(x: Tensor) -> Tensor:
    """Windows (n, channels, bins) as (n, channels, 1, bins), channels side by side."""
    return x.unsqueeze(2).contiguous(memory_format=torch.channels_last)


class Convolution(nn.Conv1d):
    """A convolution along bins, over tensors (n, channels, 1, bins)."""

    def forward(self, x: Tensor) -> Tensor:
        if self.kernel_size == (1,):  # a matrix product, in two thirds of the time
            product = functional.linear(x.permute(0, 2, 3, 1), self.weight.squeeze(2), self.bias)
            return product.permute(0, 3, 1, 2)
        return functional.conv2d(
            x,
            self.weight.unsqueeze(2),
            self.bias,
            padding=(0, int(self.padding[0])),
            dilation=(1, self.dilation[0]),
        )


class ConvolutionBlock(nn.Module):
    """Convolution of odd width, padded with zeros to keep the length; batch norm; ReLU."""

    def __init__(self, n_in: int, n_out: int, width: int) -> None:
        super().__init__()
        self.conv = Convolution(n_in, n_out, width, padding=width // 2)
        self.norm: nn.Module = nn.BatchNorm2d(n_out)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu_(self.norm(self.conv(x)))

    def fold(self) -> None:
        """Multiply the fixed batch norm of inference into the convolution."""
        self.conv, self.norm = folded(self.conv, self.norm)


def folded(conv: Convolution, norm: nn.Module) -> tuple[Convolution, nn.Module]:
    """One convolution that does the work of two layers, and what takes the place of the norm."""
    if not isinstance(norm, nn.BatchNorm2d):
        return conv, norm
    return fuse_conv_bn_eval(conv, norm), nn.Identity()


def weight_shapes(build: Callable[[], nn.Module]) -> dict[str, tuple[int, ...]]:
    """Names and shapes of all weights and running statistics of a network; allocates none."""
    with torch.device("meta"), _WithoutValues():
        network = build()
    return {key: tuple(value.shape) for key, value in network.state_dict().items()}


class _WithoutValues(TorchFunctionMode):
    """Draws no values: for tensors without memory, torch would load sympy first, half a second."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if func in (nn.init.uniform_, nn.init.kaiming_uniform_):
            return None
        return func(*args, **(kwargs or {}))
