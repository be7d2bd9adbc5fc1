#!/usr/bin/env python3
"""The published network in plain PyTorch: the reference for our training and prediction.

plain_torch.py train TENSORS EPOCHS BATCH     a Dataset, a DataLoader, a weighted sampler, Adam
plain_torch.py predict BUNDLE SIGNAL CHROM    windows of one chromosome, gathered batch by batch

The network, its data and the number of threads are those of the pipeline; only the loop differs.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset, WeightedRandomSampler

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bin"))
from deepregfinder.labels.tensors import Tensors, open_tensors
from deepregfinder.models.bundle import read_bundle
from deepregfinder.models.windows.networks import build_network
from deepregfinder.signal.store import open_signal

STEP_BINS = 2


class Windows(Dataset):
    """One labelled window per item."""

    def __init__(self, tensors: Tensors, split: str) -> None:
        self.tensors, self.rows = tensors, tensors.select(split)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, item: int) -> tuple[torch.Tensor, int]:
        row = self.rows[item]
        x = self.tensors.normalisation.apply(self.tensors.x[row])
        return torch.from_numpy(x.astype(np.float32)), int(self.tensors.y[row])


def train(path: Path, epochs: int, batch_size: int) -> None:
    """Train and, after each epoch, evaluate on the validation windows."""
    torch.manual_seed(1)
    tensors = open_tensors(path)
    training, validation = Windows(tensors, "train"), Windows(tensors, "validation")
    y = tensors.y[training.rows]
    weights = (1 / np.bincount(y))[y]
    sampler = WeightedRandomSampler(weights.tolist(), len(y))
    batches = DataLoader(training, batch_size, sampler=sampler)
    network = build_network("cnn", len(tensors.marks), tensors.window_bins, len(tensors.classes))
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01, weight_decay=1e-4)
    for epoch in range(epochs):
        network.train()
        for x, labels in batches:
            optimizer.zero_grad()
            functional.cross_entropy(network(x), labels).backward()
            optimizer.step()
        network.eval()
        with torch.inference_mode():
            right = sum(
                int((network(x).argmax(1) == labels).sum())
                for x, labels in DataLoader(validation, batch_size)
            )
        print(f"epoch {epoch + 1}: validation accuracy {right / len(validation):.4f}")


def predict(folder: Path, signal_file: Path, chrom: str) -> None:
    """Probabilities of every second window of a chromosome, 256 at a time."""
    bundle = read_bundle(folder)
    network = build_network("cnn", len(bundle.marks), bundle.window_bins, len(bundle.classes))
    network.load_state_dict({key: torch.from_numpy(a) for key, a in bundle.weights[0].items()})
    network.eval()
    values = bundle.normalisation.apply(open_signal(signal_file).load(chrom))
    starts = range(0, values.shape[1] - bundle.window_bins + 1, STEP_BINS)
    probabilities = []
    with torch.inference_mode():
        for first in range(0, len(starts), 256):
            some = [values[:, s : s + bundle.window_bins] for s in starts[first : first + 256]]
            probabilities.append(network(torch.from_numpy(np.stack(some))).softmax(1))
    print(f"{len(starts)} windows, mean {torch.cat(probabilities).mean(0).tolist()}")


if __name__ == "__main__":
    if sys.argv[1] == "train":
        train(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
    else:
        predict(Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4])
