"""A training batch in shards, which threads compute at the same time.

The number of shards is fixed and their gradients are added in order, so that weights do not depend
on the number of threads. Each shard has batch statistics of its own (Hoffer, Hubara and Soudry
2017) and random numbers of its own.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from copy import deepcopy

import numpy as np
import torch
from torch import Tensor

from deepregfinder.models.drf.network import DilatedNetwork

Loss = Callable[[DilatedNetwork, np.random.Generator], Tensor]
"""The loss of one shard, from its network and its random numbers."""


class Shards:
    """Copies of a network that share its weights, each with gradients and batch norms of its own.

    The running statistics of the network are those of the first shard.
    """

    def __init__(self, network: DilatedNetwork, number: int, threads: Executor) -> None:
        self.networks = [network, *(deepcopy(network) for _ in range(number - 1))]
        self._threads = threads
        for copy in self.networks[1:]:
            for own, shared in zip(copy.parameters(), network.parameters(), strict=True):
                own.data = shared.data

    def backward(self, loss: Loss, generators: Sequence[np.random.Generator]) -> float:
        """Leave the gradient of the sum of all losses in the network; returns the sum."""

        def one(network: DilatedNetwork, generator: np.random.Generator) -> float:
            network.zero_grad()
            network.draw_from(generator)
            value = loss(network, generator)
            value.backward()
            return value.item()

        values = list(self._threads.map(one, self.networks, generators))
        network, *copies = self.networks
        with torch.no_grad():
            for copy in copies:
                for total, own in zip(network.parameters(), copy.parameters(), strict=True):
                    if total.grad is not None and own.grad is not None:
                        total.grad += own.grad
        return sum(values)
