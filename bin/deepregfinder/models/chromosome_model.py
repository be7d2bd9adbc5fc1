"""The base of models that read whole chromosomes and hardly depend on the seed.

Such a model is fitted once, for any number of seeds, and has one member. It is evaluated on the
CPU.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from deepregfinder.models.calibration import mean_average_precision, negative_log_likelihood
from deepregfinder.models.device import Hardware
from deepregfinder.models.fitted import calibrated
from deepregfinder.models.protocol import (
    Arrays,
    ChromosomeSignal,
    EpochRecord,
    Fitted,
    Keep,
    Size,
    Trained,
    TrainedMember,
    TrainingGenome,
    TrainingOptions,
)

log = logging.getLogger(__name__)


class ChromosomeModel(ABC):
    """A model whose three functions follow from one fit and one score."""

    name: str

    @property
    @abstractmethod
    def parameters(self) -> Mapping[str, Any]:
        """All settings that affect the arrays."""

    @abstractmethod
    def fit_arrays(self, training: TrainingGenome, seed: int, threads: int) -> Arrays:
        """The arrays of the model; they depend on the seed, not on the threads."""

    @abstractmethod
    def check(self, arrays: Arrays, size: Size) -> None:
        """As models.protocol.Model."""

    @abstractmethod
    def score(
        self,
        arrays: Arrays,
        signal: ChromosomeSignal,
        starts: np.ndarray,
        window_bins: int,
        threads: int,
    ) -> np.ndarray:
        """Probabilities, before calibration, of windows that begin at given bins.

        starts : int64 (n,); every window lies inside the chromosome. Returns float32 (n, classes)
        """

    def calibrate(self, member: TrainedMember, y: np.ndarray) -> Fitted:
        """Calibrate the member. y : (n,), class indices of the validation windows"""
        return calibrated(self.name, [member], y, self.parameters)

    def fit(
        self, training: TrainingGenome, options: TrainingOptions, hardware: Hardware, folder: Path
    ) -> Fitted:
        seed = options.seed
        arrays = self.fit_arrays(training, seed, hardware.threads)
        if not len(training.tensors.y):
            nothing = np.empty((0, training.size.n_classes), np.float32)
            member = TrainedMember(seed, 1, None, 0, 0.0, arrays, (), nothing)
            return self.calibrate(member, np.empty(0, np.int64))
        windows = training.windows
        probabilities = self._of_labelled(arrays, training, "validation", hardware.threads)
        score = mean_average_precision(windows.y_validation, probabilities)
        log.info("%s: validation mAP %.4f", self.name, score)
        loss = negative_log_likelihood(probabilities, windows.y_validation)
        on_train = self._of_labelled(arrays, training, "train", hardware.threads)
        record = EpochRecord(
            seed, 1, negative_log_likelihood(on_train, windows.y_train), loss, score, 0.0
        )
        member = TrainedMember(seed, 1, score, 0, 0.0, arrays, (record,), probabilities)
        return self.calibrate(member, windows.y_validation)

    def scorer(self, trained: Trained, hardware: Hardware) -> "ChromosomeScorer":
        return ChromosomeScorer(self, trained, hardware.threads)

    def _of_labelled(
        self, arrays: Arrays, training: TrainingGenome, split: str, threads: int
    ) -> np.ndarray:
        """Probabilities of the labelled windows of a split, in their order."""
        tensors = training.tensors
        rows = tensors.select(split)
        probabilities = np.empty((len(rows), len(tensors.classes)), np.float32)
        for index in np.unique(tensors.chrom[rows]):
            here = tensors.chrom[rows] == index
            starts = tensors.start[rows][here] // tensors.bin_size
            signal = training.load(tensors.chroms[index])
            probabilities[here] = self.score(arrays, signal, starts, tensors.window_bins, threads)
        return probabilities


@dataclass(frozen=True)
class ChromosomeScorer:
    """A trained ChromosomeModel."""

    model: ChromosomeModel
    trained: Trained
    threads: int

    def score_starts(self, signal: ChromosomeSignal, starts: np.ndarray, keep: Keep) -> None:
        if len(starts) == 0:
            return
        bins = self.trained.size.window_bins
        members = [
            self.model.score(arrays, signal, starts, bins, self.threads)
            for arrays in self.trained.members
        ]
        keep(slice(0, len(starts)), np.stack(members))
