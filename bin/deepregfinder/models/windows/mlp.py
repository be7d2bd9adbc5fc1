"""EP-DNN, the fully connected network of Kim et al. 2016 (doi 10.1038/srep38433).

All marks x bins values of a window | 600 | 500 | 400 units with softplus | dropout 0.5 | linear ->
classes. With N = marks x bins inputs and K classes: 600 N + 501,500 + 401 K weights.
"""

from torch import Tensor, nn

from deepregfinder.models.windows.layers import Network


class PerceptronNetwork(Network):
    """Logits (n, classes) of windows (n, marks, bins) of one fixed number of bins."""

    DROPOUT = 0.5

    def __init__(self, n_marks: int, window_bins: int, n_classes: int) -> None:
        super().__init__()
        self.hidden1 = nn.Linear(n_marks * window_bins, 600)
        self.hidden2 = nn.Linear(600, 500)
        self.hidden3 = nn.Linear(500, 400)
        self.softplus = nn.Softplus()
        self.dropout = nn.Dropout(self.DROPOUT)
        self.output = nn.Linear(400, n_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = x.flatten(1)
        for hidden in (self.hidden1, self.hidden2, self.hidden3):
            x = self.softplus(hidden(x))
        logits: Tensor = self.output(self.dropout(x))
        return logits
