"""Scoring of models that see windows one by one.

A network of windows pads their edges with zeros, so a window has to be evaluated as a window:
sliding one dense convolution over the chromosome would be another function. Windows are gathered
from the normalised signal in batches, as a strided view without a copy per window.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from deepregfinder.models.protocol import ChromosomeSignal, Keep, Trained
from deepregfinder.signal.scale import normalise_windows

# Windows of one batch: on a CPU its activations should stay in the cache; a GPU wants to be filled.
_BATCH = {"cpu": 512, "cuda": 1 << 16}


class WindowScorer(ABC):
    """A model that sees windows one by one.

    threads : batches that may be scored at the same time
    """

    def __init__(self, trained: Trained, device: torch.device, threads: int) -> None:
        self.trained = trained
        self.device = device
        self.threads = threads

    @abstractmethod
    def __call__(self, windows: Tensor) -> Tensor:
        """Normalised windows (n, marks, bins) to probabilities (members, n, classes).

        Before calibration.
        """

    def score_starts(self, signal: ChromosomeSignal, starts: np.ndarray, keep: Keep) -> None:
        if len(starts) == 0:
            return
        values = self.trained.normalisation.apply(signal.rpm).astype(np.float32, copy=False)
        n_marks, n_bins = len(values), self.trained.size.window_bins
        # Marks of a bin side by side, as networks want them: a window is one stretch of memory.
        track = torch.from_numpy(np.ascontiguousarray(values.T)).to(self.device)
        at = torch.from_numpy(np.asarray(starts, np.int64)).to(self.device)
        # (every start, bins x marks): a view, nothing is copied.
        view = track.flatten().unfold(0, n_bins * n_marks, n_marks)

        def score(part: slice) -> None:
            windows = view.index_select(0, at[part]).view(-1, n_bins, n_marks).transpose(1, 2)
            keep(part, self(windows).cpu().numpy())

        self._in_batches(len(starts), score)

    def score_windows(self, x: np.ndarray) -> np.ndarray:
        """Windows of reads per million, float32 (n, marks, bins), to (members, n, classes)."""
        shape = (len(self.trained.members), len(x), self.trained.size.n_classes)
        members = np.empty(shape, np.float32)

        def score(part: slice) -> None:
            windows = torch.from_numpy(normalise_windows(self.trained.normalisation, x[part]))
            members[:, part] = self(windows.to(self.device)).cpu().numpy()

        self._in_batches(len(x), score)
        return members

    def _in_batches(self, n: int, score: Callable[[slice], None]) -> None:
        """Call `score` for consecutive parts of n windows, `threads` at a time."""
        size = _BATCH[self.device.type]
        parts = (slice(first, min(first + size, n)) for first in range(0, n, size))
        if self.threads == 1:
            for part in parts:
                score(part)
        else:
            with ThreadPoolExecutor(self.threads) as pool:
                for _ in pool.map(score, parts):
                    pass
