"""The networks of windows as models: `cnn`, `rnn` and `mlp`."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from deepregfinder.models.device import Hardware
from deepregfinder.models.fitted import calibrated
from deepregfinder.models.protocol import (
    Arrays,
    Fitted,
    Size,
    Trained,
    TrainingGenome,
    TrainingOptions,
)
from deepregfinder.models.seeds import train_seeds
from deepregfinder.models.window_scorer import WindowScorer
from deepregfinder.models.windows.fit import PATIENCE, RATE_FACTOR, train_network
from deepregfinder.models.windows.layers import Network
from deepregfinder.models.windows.networks import build_network, network_class, weight_shapes


class NetworkModel:
    """A network that sees one window: one for each seed, which continue from checkpoints."""

    def __init__(self, name: str) -> None:
        self.name = name

    def fit(
        self, training: TrainingGenome, options: TrainingOptions, hardware: Hardware, folder: Path
    ) -> Fitted:
        windows = training.windows
        train_one = partial(
            train_network, windows, self.name, options, device=hardware.device, folder=folder
        )
        members = train_seeds(train_one, options.member_seeds, hardware)
        return calibrated(self.name, members, windows.y_validation, self._parameters(options))

    def check(self, arrays: Arrays, size: Size) -> None:
        shapes = weight_shapes(self.name, size.n_marks, size.window_bins, size.n_classes)
        for key, shape in shapes.items():
            if key not in arrays:
                raise ValueError(f"{key} is missing")
            array = arrays[key]
            if array.shape != shape:
                raise ValueError(f"{key} has shape {array.shape}, not {shape}")
            kind = np.int64 if key.endswith("num_batches_tracked") else np.float32
            if array.dtype != kind or not np.isfinite(array).all():
                raise ValueError(f"{key} holds no weights")
        if surplus := sorted(set(arrays) - set(shapes)):
            raise ValueError(f"{surplus[0]} belongs to something else")

    def scorer(self, trained: Trained, hardware: Hardware) -> WindowScorer:
        return NetworkScorer(self.name, trained, hardware)

    def _parameters(self, options: TrainingOptions) -> Mapping[str, Any]:
        return {
            "epochs": options.epochs,
            "batch_size": options.batch_size,
            "optimiser": "Adam",
            "learning_rate": options.learning_rate,
            "learning_rate_factor": RATE_FACTOR,
            "patience": PATIENCE,
            "weight_decay": options.weight_decay,
            "dropout": network_class(self.name).DROPOUT,
            "classes_drawn": "equally often",
            "epoch_kept": "best validation mAP",
        }


def load_networks(name: str, trained: Trained) -> list[Network]:
    """The networks of a bundle with their weights, folded for inference, on the CPU."""
    size, networks = trained.size, []
    for weights in trained.members:
        network = build_network(name, size.n_marks, size.window_bins, size.n_classes)
        network.load_state_dict(
            {key: torch.from_numpy(np.array(value)) for key, value in weights.items()}
        )
        network.eval()
        network.fold()
        networks.append(network)
    return networks


class NetworkScorer(WindowScorer):
    """The networks of a bundle, ready on a device.

    On a CPU each batch is computed by one thread, and `threads` batches at the same time. Threads
    inside of every layer, as torch has them, wait for each other hundreds of times a batch: on a
    machine that has other work, that was 15 times slower than one thread.
    """

    def __init__(self, name: str, trained: Trained, hardware: Hardware) -> None:
        on_cpu = hardware.device.type == "cpu"
        super().__init__(trained, hardware.device, hardware.threads if on_cpu else 1)
        if on_cpu:
            torch.set_num_threads(1)
        self._networks = [network.to(hardware.device) for network in load_networks(name, trained)]

    @torch.inference_mode()
    def __call__(self, windows: Tensor) -> Tensor:
        return torch.stack([network(windows).softmax(dim=1) for network in self._networks])
