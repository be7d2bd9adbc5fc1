"""The interface of all models: three functions, their inputs and their results.

`fit` trains a model, `check` checks its arrays (a bundle may come from elsewhere) and `scorer`
scores windows. The catalogue holds all other facts about a model.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from deepregfinder.errors import InputError
from deepregfinder.labels.tensors import Tensors
from deepregfinder.signal.scale import Normalisation, normalise_windows
from deepregfinder.storage.tables import Digits6

if TYPE_CHECKING:
    from deepregfinder.models.device import Hardware

Arrays = Mapping[str, np.ndarray]
"""A trained member: plain arrays by name."""


@dataclass(frozen=True)
class TrainingOptions:
    """The parameters of the group `training`; members take the seeds seed, seed + 1, ...

    portable : learn to do with fewer marks, fewer reads and another genome (only some models)
    """

    seed: int
    seeds: int
    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    portable: bool = False

    @property
    def member_seeds(self) -> range:
        return range(self.seed, self.seed + self.seeds)


@dataclass(frozen=True)
class Size:
    """The numbers that determine the shapes of a model's arrays."""

    n_marks: int
    window_bins: int
    n_classes: int


@dataclass(frozen=True)
class ChromosomeSignal:
    """The signal of one chromosome, as a model sees it.

    length : bp; bin_size : bp
    rpm : reads per million, float32 (marks, bins), marks in the order of the model
    depths : library sizes behind each mark, int64 (marks,): counts are about rpm * depths / 1e6
    """

    name: str
    length: int
    rpm: np.ndarray
    depths: np.ndarray
    bin_size: int


@dataclass(frozen=True)
class TrainingData:
    """Normalised windows, float32 (n, marks, bins), and class indices, int64 (n,).

    Raises InputError where a value is not a number, or a split lacks a class.
    """

    classes: tuple[str, ...]
    x_train: np.ndarray
    y_train: np.ndarray
    x_validation: np.ndarray
    y_validation: np.ndarray

    def __post_init__(self) -> None:
        problems = []
        for split in ("train", "validation"):
            x, y = getattr(self, f"x_{split}"), getattr(self, f"y_{split}")
            if not np.isfinite(x).all():
                problems.append(f"The {split} windows hold values that are not numbers.")
            counts = np.bincount(y, minlength=len(self.classes))
            for name, count in zip(self.classes, counts, strict=True):
                if count == 0:
                    problems.append(f"There is no {split} window of class {name}.")
        if problems:
            raise InputError.of(problems)

    @classmethod
    def of(cls, tensors: Tensors) -> "TrainingData":
        """The training and validation windows of tensors, normalised."""
        rows = {split: tensors.select(split) for split in ("train", "validation")}
        x = {
            split: normalise_windows(tensors.normalisation, tensors.x[chosen])
            for split, chosen in rows.items()
        }
        y = {split: tensors.y[chosen].astype(np.int64) for split, chosen in rows.items()}
        return cls(tuple(tensors.classes), x["train"], y["train"], x["validation"], y["validation"])


def no_signal(chrom: str) -> ChromosomeSignal:
    """Raise InputError: the `load` of a genome without signal."""
    raise InputError(f"The signal of {chrom} is needed to train this model: give --signal.")


@dataclass(frozen=True)
class TrainingGenome:
    """The data that a model is trained on.

    tensors : labelled windows of all splits, with the marks of the model
    tss : sorted positions of TSSs by chromosome, int64 bp; None where the model is given no list
    known_tss : those of the run by bare name of the chromosome, which cut-offs use but no model
    load : returns the signal of a chromosome
    others : further samples that the model is trained on together with this one
    """

    tensors: Tensors
    tss: Mapping[str, np.ndarray] | None = None
    known_tss: Mapping[str, np.ndarray] | None = None
    load: Callable[[str], ChromosomeSignal] = field(default=no_signal, repr=False)
    others: tuple["TrainingGenome", ...] = ()

    @property
    def samples(self) -> tuple["TrainingGenome", ...]:
        """The data of every sample that the model is trained on."""
        return (self, *self.others)

    def chroms(self, split: str) -> tuple[str, ...]:
        """The chromosomes of `train`, `validation` or `test`."""
        plan = self.tensors.split_plan
        return tuple(plan.chromosomes.select(self.tensors.chroms, split))

    @property
    def size(self) -> Size:
        tensors = self.tensors
        return Size(len(tensors.marks), tensors.window_bins, len(tensors.classes))

    @cached_property
    def windows(self) -> TrainingData:
        """The training and validation windows, normalised."""
        return TrainingData.of(self.tensors)


@dataclass(frozen=True)
class EpochRecord:
    """A row of learning_curve.tsv. Losses are means over windows; epochs count from 1."""

    seed: int
    epoch: int
    train_loss: float
    validation_loss: float
    validation_map: float
    learning_rate: Digits6


@dataclass(frozen=True)
class TrainedMember:
    """One member of a bundle, with the weights of its best epoch; of a forest, with its arrays.

    validation_probabilities : float32 (n validation windows, classes), before calibration
    validation_map : None without labelled windows
    restarts : number of times that training diverged; learning_rate : initial rate of the last
        attempt
    """

    seed: int
    best_epoch: int
    validation_map: float | None
    restarts: int
    learning_rate: float
    weights: Arrays
    curve: tuple[EpochRecord, ...]
    validation_probabilities: np.ndarray


@dataclass(frozen=True)
class Fitted:
    """A trained model, with the calibration of the average of its members.

    temperature, thresholds, labelled_bias : as in a Bundle
    parameters : all that shaped the arrays, for model.json and the model card
    """

    members: tuple[TrainedMember, ...]
    temperature: float
    thresholds: tuple[float, ...]
    labelled_bias: tuple[float, ...]
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Trained:
    """The part of a bundle that a model needs to score windows."""

    members: tuple[Arrays, ...]
    size: Size
    normalisation: Normalisation


Keep = Callable[[slice, np.ndarray], None]
"""Receives the slice of the starts that a batch covers, and the probabilities of its windows before
calibration: float32 (members, windows, classes)."""


class Scorer(Protocol):
    """A trained model, ready on a device."""

    def score_starts(self, signal: ChromosomeSignal, starts: np.ndarray, keep: Keep) -> None:
        """Score windows that begin at the given bins, all of which lie inside the chromosome."""
        ...


class Model(Protocol):
    """A model without trained arrays, as `registry.load` returns it for a name."""

    def fit(
        self,
        training: TrainingGenome,
        options: TrainingOptions,
        hardware: "Hardware",
        folder: Path,
    ) -> Fitted:
        """Train; same data, options and seed give the same arrays on a CPU.

        folder : for checkpoints, and other files while training runs

        Raises InputError where the sample lacks what the model needs.
        """
        ...

    def check(self, arrays: Arrays, size: Size) -> None:
        """Raise ValueError, with the reason, if the arrays cannot be evaluated."""
        ...

    def scorer(self, trained: Trained, hardware: "Hardware") -> Scorer:
        """The scorer of trained members, whose arrays have passed `check`."""
        ...
