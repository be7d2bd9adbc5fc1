"""The recurrent network of DeepRegFinder (Ramakrishnan et al. 2024, vbae007).

conv7(M -> 32), batch norm, ReLU | LSTM of two layers of 32 units, dropout 0.2 between them, its
last step | linear(32 -> classes). With M marks and K classes: 224 M + 16,992 + 33 K weights, 19,845
for 12 marks and 5 classes: 16,896 of them are the two LSTM layers.
"""

from torch import Tensor, nn

from deepregfinder.models.windows.layers import ConvolutionBlock, Network, channels_last


class RecurrentNetwork(Network):
    """Logits (n, classes) of windows (n, marks, bins), read from the first bin to the last."""

    DROPOUT = 0.2

    def __init__(self, n_marks: int, window_bins: int, n_classes: int) -> None:
        super().__init__()
        self.block1 = ConvolutionBlock(n_marks, 32, 7)
        self.lstm = nn.LSTM(32, 32, num_layers=2, dropout=self.DROPOUT, batch_first=True)
        self.output = nn.Linear(32, n_classes)

    def forward(self, x: Tensor) -> Tensor:
        steps, _ = self.lstm(self.block1(channels_last(x)).squeeze(2).transpose(1, 2))
        logits: Tensor = self.output(steps[:, -1])
        return logits

    def fold(self) -> None:
        self.block1.fold()
