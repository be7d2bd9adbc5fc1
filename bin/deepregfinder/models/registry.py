"""Models that see a whole chromosome, by name."""

from typing import TYPE_CHECKING

import numpy as np

from deepregfinder.errors import InputError
from deepregfinder.models.protocol import Arrays, ChromosomeSignal, TrainingGenome

if TYPE_CHECKING:
    import torch


def fit_genome(
    name: str, training: TrainingGenome, seed: int, threads: int
) -> dict[str, np.ndarray]:
    """The arrays of a model; they depend on the seed, not on the threads.

    Raises InputError where the sample lacks what the model needs.
    """
    if name == "chromhmm":
        from deepregfinder.models.hmm.chromhmm import fit_chromhmm

        return fit_chromhmm(training, seed, threads)
    if name == "ehmm":
        from deepregfinder.models.hmm.ehmm import fit_ehmm

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
        from deepregfinder.models.drf.network import check_drf

        check_drf(arrays, n_marks, window_bins, n_classes)
    elif name == "chromhmm":
        from deepregfinder.models.hmm.chromhmm import check_chromhmm

        check_chromhmm(arrays, n_marks, window_bins, n_classes)
    elif name == "ehmm":
        from deepregfinder.models.hmm.ehmm import check_ehmm

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
        from deepregfinder.models.drf.network import score_drf

        return score_drf(arrays, signal, starts, window_bins, device, threads)
    if name == "chromhmm":
        from deepregfinder.models.hmm.chromhmm import score_chromhmm

        return score_chromhmm(arrays, signal, starts, window_bins)
    if name == "ehmm":
        from deepregfinder.models.hmm.ehmm import score_ehmm

        return score_ehmm(arrays, signal, starts, window_bins)
    if name == "preprint":
        from deepregfinder.models.preprint import score_preprint

        return score_preprint(arrays, signal, starts, window_bins, threads)
    if name == "ccre":
        from deepregfinder.models.ccre import score_ccre

        return score_ccre(arrays, signal, starts, window_bins)
    raise InputError(f"There is no model of the genome named {name!r}.")
