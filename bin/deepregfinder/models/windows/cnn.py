"""The convolutional network of DeepRegFinder (Ramakrishnan et al. 2024, vbae007).

conv7(M -> 32) | conv3(32 -> 32) | pool 2 | conv3(32 -> 64) | conv3(64 -> 64) | pool 2 | global
average | conv1(64 -> classes) without bias; each convolution but the last is followed by batch norm
and ReLU. With M marks and K classes: 224 M + 22,080 + 64 K weights, 25,088 for 12 marks and 5
classes.
"""

import torch
from torch import Tensor
from torch.nn import functional

from deepregfinder.models.windows.layers import (
    Convolution,
    ConvolutionBlock,
    Network,
    channels_last,
)


class ConvolutionalNetwork(Network):
    """Logits (n, classes) of windows (n, marks, bins), of any number of bins from 4 on."""

    def __init__(self, n_marks: int, window_bins: int, n_classes: int) -> None:
        super().__init__()
        self.block1 = ConvolutionBlock(n_marks, 32, 7)
        self.block2 = ConvolutionBlock(32, 32, 3)
        self.block3 = ConvolutionBlock(32, 64, 3)
        self.block4 = ConvolutionBlock(64, 64, 3)
        self.output = Convolution(64, n_classes, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = self._pool(self.block2(self.block1(channels_last(x))))
        x = self._pool(self.block4(self.block3(x)))
        logits: Tensor = self.output(x.mean(dim=3, keepdim=True)).flatten(1)
        return logits

    def _pool(self, x: Tensor) -> Tensor:
        """The larger of each two neighbours; the last one of an odd number is left out."""
        if self.training:  # where neighbours are equal, the gradient goes to the first
            return functional.max_pool2d(x, (1, 2))
        n = x.shape[3] // 2 * 2
        return torch.maximum(x[..., 0:n:2], x[..., 1:n:2])  # a third of the time

    def fold(self) -> None:
        for block in (self.block1, self.block2, self.block3, self.block4):
            block.fold()
