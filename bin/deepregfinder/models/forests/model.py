"""Forests as models: `rf` and `gbm` (trees.py), `rfecs` (rfecs.py).

A trained forest is a set of plain arrays. Windows are normalised: float32 (n, marks, bins).
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from deepregfinder.models.calibration import mean_average_precision, negative_log_likelihood
from deepregfinder.models.device import Hardware
from deepregfinder.models.fitted import calibrated
from deepregfinder.models.forests import rfecs, trees
from deepregfinder.models.protocol import (
    Arrays,
    EpochRecord,
    Fitted,
    Size,
    Trained,
    TrainedMember,
    TrainingData,
    TrainingGenome,
    TrainingOptions,
)
from deepregfinder.models.window_scorer import WindowScorer

log = logging.getLogger(__name__)


class ForestModel(ABC):
    """A model made of trees: one forest for each seed, one after the other, on all threads."""

    name: str

    @property
    @abstractmethod
    def parameters(self) -> Mapping[str, Any]:
        """All settings that affect the arrays."""

    @abstractmethod
    def grow(
        self, x: np.ndarray, y: np.ndarray, n_classes: int, seed: int, threads: int
    ) -> dict[str, np.ndarray]:
        """The arrays of a forest; they depend on the seed, not on the threads.

        y : class indices, int64 (n,); each of the n_classes classes is among them
        """

    @abstractmethod
    def check(self, arrays: Arrays, size: Size) -> None:
        """As models.protocol.Model."""

    @abstractmethod
    def evaluate(self, arrays: Arrays, x: np.ndarray) -> np.ndarray:
        """Probabilities of windows, before calibration: float32 (n, classes)."""

    @abstractmethod
    def staged(self, arrays: Arrays, x: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """Probabilities after growing numbers of trees, the last of which is the whole forest."""

    def fit(
        self, training: TrainingGenome, options: TrainingOptions, hardware: Hardware, folder: Path
    ) -> Fitted:
        windows = training.windows
        members = [self._member(windows, seed, hardware.threads) for seed in options.member_seeds]
        return calibrated(self.name, members, windows.y_validation, self.parameters)

    def scorer(self, trained: Trained, hardware: Hardware) -> WindowScorer:
        return ForestScorer(self, trained, hardware.threads)

    def _member(self, windows: TrainingData, seed: int, threads: int) -> TrainedMember:
        """A forest. Its learning curve has a point for each of about ten numbers of trees."""
        n_classes = len(windows.classes)
        arrays = self.grow(windows.x_train, windows.y_train, n_classes, seed, threads)
        curve, probabilities = [], np.empty(0)
        stages = zip(
            self.staged(arrays, windows.x_train),
            self.staged(arrays, windows.x_validation),
            strict=True,
        )
        for (n_trees, on_train), (_, probabilities) in stages:
            curve.append(
                EpochRecord(
                    seed,
                    n_trees,
                    negative_log_likelihood(on_train, windows.y_train),
                    negative_log_likelihood(probabilities, windows.y_validation),
                    mean_average_precision(windows.y_validation, probabilities),
                    0.0,
                )
            )
        last = curve[-1]
        log.info(
            "%s seed %d: %d trees, validation mAP %.4f",
            self.name, seed, last.epoch, last.validation_map,
        )  # fmt: skip
        return TrainedMember(
            seed, last.epoch, last.validation_map, 0, 0.0, arrays, tuple(curve), probabilities
        )


class TreesModel(ForestModel):
    """`rf` and `gbm`."""

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def parameters(self) -> Mapping[str, Any]:
        return trees.parameters(self.name)

    def grow(
        self, x: np.ndarray, y: np.ndarray, n_classes: int, seed: int, threads: int
    ) -> dict[str, np.ndarray]:
        return trees.fit_trees(self.name, x, y, n_classes, seed, threads)

    def check(self, arrays: Arrays, size: Size) -> None:
        trees.check_trees(self.name, arrays, size.n_marks, size.window_bins, size.n_classes)

    def evaluate(self, arrays: Arrays, x: np.ndarray) -> np.ndarray:
        return trees.evaluate_trees(self.name, arrays, x)

    def staged(self, arrays: Arrays, x: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        return trees.staged_probabilities(self.name, arrays, x)


class RfecsModel(ForestModel):
    """`rfecs`."""

    name = "rfecs"

    @property
    def parameters(self) -> Mapping[str, Any]:
        return {
            "trees": rfecs.N_TREES,
            "smallest_split": rfecs.SMALLEST_SPLIT,
            "ridge": rfecs.RIDGE,
        }

    def grow(
        self, x: np.ndarray, y: np.ndarray, n_classes: int, seed: int, threads: int
    ) -> dict[str, np.ndarray]:
        return rfecs.fit_rfecs(x, y, n_classes, seed, threads)

    def check(self, arrays: Arrays, size: Size) -> None:
        rfecs.check_rfecs(arrays, size.n_marks, size.window_bins, size.n_classes)

    def evaluate(self, arrays: Arrays, x: np.ndarray) -> np.ndarray:
        return rfecs.evaluate_rfecs(arrays, x)

    def staged(self, arrays: Arrays, x: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        return rfecs.staged_probabilities(arrays, x)


class ForestScorer(WindowScorer):
    """The forests of a bundle. They are evaluated on the CPU, whatever the device."""

    def __init__(self, model: ForestModel, trained: Trained, threads: int) -> None:
        super().__init__(trained, torch.device("cpu"), threads)
        self._model = model

    def __call__(self, windows: Tensor) -> Tensor:
        x = windows.contiguous().numpy()
        members = [self._model.evaluate(arrays, x) for arrays in self.trained.members]
        return torch.from_numpy(np.stack(members))
