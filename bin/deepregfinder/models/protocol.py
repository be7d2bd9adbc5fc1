"""What every model is made of: options, data to learn from, trained members."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from deepregfinder.labels.tensors import Tensors
from deepregfinder.storage.tables import Digits6


@dataclass(frozen=True)
class TrainingOptions:
    """The parameters of the group `training`; members take the seeds seed, seed + 1, ..."""

    seed: int
    seeds: int
    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float

    @property
    def member_seeds(self) -> range:
        return range(self.seed, self.seed + self.seeds)


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
    restarts : how often training diverged; learning_rate : the rate the last attempt started with
    """

    seed: int
    best_epoch: int
    validation_map: float
    restarts: int
    learning_rate: float
    weights: Mapping[str, np.ndarray]
    curve: tuple[EpochRecord, ...]
    validation_probabilities: np.ndarray


Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class ChromosomeSignal:
    """The signal of one chromosome, as a model sees it.

    length : bp; bin_size : bp
    rpm : reads per million, float32 (marks, bins), marks in the order of the model
    depths : usable reads behind each mark, int64 (marks,): counts are about rpm * depths / 1e6
    """

    name: str
    length: int
    rpm: np.ndarray
    depths: np.ndarray
    bin_size: int


@dataclass(frozen=True)
class TrainingGenome:
    """What a model of the genome learns from.

    tensors : labelled windows of all splits, with the marks of the model
    tss : sorted positions of TSSs by chromosome, int64 bp; None where the run has no list
    load : gives the signal of a chromosome
    """

    tensors: Tensors
    tss: Mapping[str, np.ndarray] | None
    load: Callable[[str], ChromosomeSignal] = field(repr=False)

    def chroms(self, split: str) -> tuple[str, ...]:
        """The chromosomes of `train`, `validation` or `test`."""
        plan = self.tensors.split_plan
        return tuple(plan.chromosomes.select(self.tensors.chroms, split))
