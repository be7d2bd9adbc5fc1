"""Models that see a whole chromosome, not a window alone, behind one interface.

Each learns from the chromosomes of its sample and scores windows by what lies around them too.
Trained, each is a set of plain arrays.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from deepregfinder.errors import InputError
from deepregfinder.tensors import Tensors

if TYPE_CHECKING:
    import torch

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


def fit_genome(
    name: str, training: TrainingGenome, seed: int, threads: int
) -> dict[str, np.ndarray]:
    """The arrays of a model; they depend on the seed, not on the threads.

    Raises InputError where the sample lacks what the model needs.
    """
    if name == "chromhmm":
        from deepregfinder.models.chromhmm import fit_chromhmm

        return fit_chromhmm(training, seed, threads)
    if name == "ehmm":
        from deepregfinder.models.ehmm import fit_ehmm

        return fit_ehmm(training, seed, threads)
    if name == "preprint":
        from deepregfinder.models.preprint import fit_preprint

        return fit_preprint(training, seed)
    if name == "ccre":
        from deepregfinder.models.ccre import fit_ccre

        return fit_ccre(training)
    raise InputError(f"There is no model of the genome named {name!r}.")


def check_genome(name: str, arrays: Arrays, n_marks: int, window_bins: int, n_classes: int) -> None:
    """Raise ValueError unless the arrays are a model that can be evaluated."""
    if name == "drf":
        from deepregfinder.models.drf import check_drf

        check_drf(arrays, n_marks, window_bins, n_classes)
    elif name == "chromhmm":
        from deepregfinder.models.chromhmm import check_chromhmm

        check_chromhmm(arrays, n_marks, window_bins, n_classes)
    elif name == "ehmm":
        from deepregfinder.models.ehmm import check_ehmm

        check_ehmm(arrays, n_marks, window_bins, n_classes)
    elif name == "preprint":
        from deepregfinder.models.preprint import check_preprint

        check_preprint(arrays, n_marks, window_bins, n_classes)
    elif name == "ccre":
        from deepregfinder.models.ccre import check_ccre

        check_ccre(arrays, n_marks, n_classes)
    else:
        raise ValueError(f"there is no model {name}")


def score_genome(
    name: str,
    arrays: Arrays,
    signal: ChromosomeSignal,
    starts: np.ndarray,
    window_bins: int,
    device: "torch.device",
    threads: int,
) -> np.ndarray:
    """Probabilities, before calibration, of windows that begin at given bins: float32 (n, classes).

    starts : int64 (n,); every window lies inside the chromosome
    device : of `drf`; all others are evaluated on the CPU
    """
    if name == "drf":
        from deepregfinder.models.drf import score_drf

        return score_drf(arrays, signal, starts, window_bins, device, threads)
    if name == "chromhmm":
        from deepregfinder.models.chromhmm import score_chromhmm

        return score_chromhmm(arrays, signal, starts, window_bins)
    if name == "ehmm":
        from deepregfinder.models.ehmm import score_ehmm

        return score_ehmm(arrays, signal, starts, window_bins)
    if name == "preprint":
        from deepregfinder.models.preprint import score_preprint

        return score_preprint(arrays, signal, starts, window_bins, threads)
    if name == "ccre":
        from deepregfinder.models.ccre import score_ccre

        return score_ccre(arrays, signal, starts, window_bins)
    raise InputError(f"There is no model of the genome named {name!r}.")
