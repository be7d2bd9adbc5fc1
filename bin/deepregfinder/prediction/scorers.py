"""Prediction: a trained model over windows, over a whole chromosome, over given places.

A network of windows pads their edges with zeros, so a window has to be evaluated as a window:
sliding one dense convolution over the chromosome would be another function. Windows are gathered
from the normalised signal in batches, as a strided view without a copy per window. A model of the
genome is given the chromosome instead, and says itself what it makes of the windows on it.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from deepregfinder.models.bundle import Bundle
from deepregfinder.models.calibration import combine_members
from deepregfinder.models.protocol import ChromosomeSignal
from deepregfinder.models.registry import score_genome
from deepregfinder.models.windows.layers import Network
from deepregfinder.models.windows.networks import build_network
from deepregfinder.prediction.sample_signal import SignalReader
from deepregfinder.signal.scale import normalise_windows

log = logging.getLogger(__name__)

# Windows of one batch: on a CPU its activations should stay in the cache; a GPU wants to be filled.
_BATCH = {"cpu": 512, "cuda": 1 << 16}


Keep = Callable[[slice, np.ndarray], None]
"""Is given the place of a batch among the starts, and its members' probabilities before
calibration: float32 (members, windows, classes)."""


class Scorer(Protocol):
    """What a model of any kind has to offer to be predicted with."""

    bundle: Bundle

    def score_starts(self, signal: ChromosomeSignal, starts: np.ndarray, keep: Keep) -> None:
        """Score windows that begin at the given bins, all of which lie inside the chromosome."""
        ...


class WindowScorer(ABC):
    """A model that sees windows one by one.

    threads : batches that may be scored at the same time
    """

    bundle: Bundle
    device: torch.device
    threads: int

    @abstractmethod
    def __call__(self, windows: Tensor) -> Tensor:
        """Normalised windows (n, marks, bins) to probabilities (members, n, classes).

        Before calibration.
        """

    def score_starts(self, signal: ChromosomeSignal, starts: np.ndarray, keep: Keep) -> None:
        if len(starts) == 0:
            return
        values = self.bundle.normalisation.apply(signal.rpm).astype(np.float32, copy=False)
        n_marks, n_bins = len(values), self.bundle.window_bins
        # Marks of a bin side by side, as networks want them: a window is one stretch of memory.
        track = torch.from_numpy(np.ascontiguousarray(values.T)).to(self.device)
        at = torch.from_numpy(np.asarray(starts, np.int64)).to(self.device)
        # (every start, bins x marks): a view, nothing is copied.
        view = track.flatten().unfold(0, n_bins * n_marks, n_marks)

        def score(part: slice) -> None:
            windows = view.index_select(0, at[part]).view(-1, n_bins, n_marks).transpose(1, 2)
            keep(part, self(windows).cpu().numpy())

        _in_batches(self, len(starts), score)


def load_networks(bundle: Bundle) -> list[Network]:
    """The networks of a bundle with their weights, folded for inference, on the CPU."""
    networks = []
    for weights in bundle.weights:
        network = build_network(
            bundle.model, len(bundle.marks), bundle.window_bins, len(bundle.classes)
        )
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

    def __init__(self, bundle: Bundle, device: torch.device, threads: int) -> None:
        self.bundle = bundle
        self.device = device
        self.threads = threads if device.type == "cpu" else 1
        if device.type == "cpu":
            torch.set_num_threads(1)
        self._networks = [network.to(device) for network in load_networks(bundle)]

    @torch.inference_mode()
    def __call__(self, windows: Tensor) -> Tensor:
        return torch.stack([network(windows).softmax(dim=1) for network in self._networks])


class ForestScorer(WindowScorer):
    """The forests of a bundle. They are evaluated on the CPU, whatever the device."""

    device = torch.device("cpu")

    def __init__(self, bundle: Bundle, threads: int) -> None:
        from deepregfinder.models.forests.model import evaluate_forest  # numba: not for networks

        self.bundle = bundle
        self.threads = threads
        self._evaluate = evaluate_forest

    def __call__(self, windows: Tensor) -> Tensor:
        x = windows.contiguous().numpy()
        members = [self._evaluate(self.bundle.model, a, x) for a in self.bundle.weights]
        return torch.from_numpy(np.stack(members))


class GenomeScorer:
    """A model that sees the whole chromosome. All but `drf` are evaluated on the CPU."""

    def __init__(self, bundle: Bundle, device: torch.device, threads: int) -> None:
        self.bundle = bundle
        self._device = device
        self._threads = threads

    def score_starts(self, signal: ChromosomeSignal, starts: np.ndarray, keep: Keep) -> None:
        if len(starts) == 0:
            return
        members = [
            score_genome(
                self.bundle.model, arrays, signal, starts, self.bundle.window_bins,
                device=self._device, threads=self._threads,
            )
            for arrays in self.bundle.weights
        ]  # fmt: skip
        keep(slice(0, len(starts)), np.stack(members))


def load_scorer(bundle: Bundle, device: torch.device | str = "cpu", threads: int = 1) -> Scorer:
    """The scorer for the bundle's kind of model."""
    if bundle.kind == "genome":
        return GenomeScorer(bundle, torch.device(device), threads)
    return _window_scorer(bundle, torch.device(device), threads)


def _window_scorer(bundle: Bundle, device: torch.device, threads: int) -> WindowScorer:
    if bundle.kind == "forest":
        return ForestScorer(bundle, threads)
    return NetworkScorer(bundle, device, threads)


def predict_windows(
    bundle: Bundle, x: np.ndarray, device: torch.device | str = "cpu", threads: int = 1
) -> np.ndarray:
    """Probabilities of each member of a model of windows, before calibration.

    Parameters
    ----------
    x : reads per million (not normalised), float32 (n, marks, bins), marks as in the bundle

    Returns
    -------
    float32 (members, n, classes). `calibration.combine_members(..., bundle.temperature)` makes of
    it the calibrated probabilities (n, classes) that calls rest on.
    """
    scorer = _window_scorer(bundle, torch.device(device), threads)
    members = np.empty((len(bundle.members), len(x), len(bundle.classes)), np.float32)

    def score(part: slice) -> None:
        windows = torch.from_numpy(normalise_windows(bundle.normalisation, x[part]))
        members[:, part] = scorer(windows.to(scorer.device)).cpu().numpy()

    _in_batches(scorer, len(x), score)
    return members


def predict_places(
    scorer: Scorer, reader: "SignalReader", chroms: np.ndarray, starts: np.ndarray
) -> np.ndarray:
    """Probabilities of each member, before calibration, of windows anywhere on the genome.

    chroms : names, (n,); starts : int64 (n,), in bins; returns float32 (members, n, classes)
    """
    bundle = scorer.bundle
    members = np.empty((len(bundle.members), len(starts), len(bundle.classes)), np.float32)
    for chrom in dict.fromkeys(chroms.tolist()):
        rows = np.flatnonzero(chroms == chrom)

        def keep(part: slice, found: np.ndarray, rows: np.ndarray = rows) -> None:
            members[:, rows[part]] = found

        scorer.score_starts(reader.load(chrom), starts[rows], keep)
    return members


def probabilities_at(scorer: Scorer, signal: ChromosomeSignal, starts: np.ndarray) -> np.ndarray:
    """Calibrated probabilities, float64 (windows, classes), of windows that begin at given bins."""
    found = np.empty((len(starts), len(scorer.bundle.classes)))

    def keep(part: slice, members: np.ndarray) -> None:
        found[part] = combine_members(members, scorer.bundle.temperature)

    scorer.score_starts(signal, starts, keep)
    return found


def _in_batches(scorer: WindowScorer, n: int, score: Callable[[slice], None]) -> None:
    """Call `score` for consecutive parts of n windows, `scorer.threads` at a time."""
    size = _BATCH[scorer.device.type]
    parts = (slice(first, min(first + size, n)) for first in range(0, n, size))
    if scorer.threads == 1:
        for part in parts:
            score(part)
    else:
        with ThreadPoolExecutor(scorer.threads) as pool:
            for _ in pool.map(score, parts):
                pass
