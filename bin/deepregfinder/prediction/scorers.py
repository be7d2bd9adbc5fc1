"""A trained model, ready to predict: the one door to models of every kind.

A model that sees windows is shown each of them; one that reads along the chromosome is given the
whole of it. Which of the two it is, only the model knows.
"""

from dataclasses import dataclass

import numpy as np
import torch

from deepregfinder.errors import InputError
from deepregfinder.models import registry
from deepregfinder.models.bundle import Bundle
from deepregfinder.models.calibration import combine_members
from deepregfinder.models.device import Hardware
from deepregfinder.models.protocol import ChromosomeSignal, Keep, Scorer
from deepregfinder.models.window_scorer import WindowScorer
from deepregfinder.prediction.sample_signal import SignalReader


@dataclass(frozen=True)
class BundleScorer:
    """The model of a bundle, ready on a device."""

    bundle: Bundle
    scorer: Scorer

    def score_starts(self, signal: ChromosomeSignal, starts: np.ndarray, keep: Keep) -> None:
        """Score windows that begin at the given bins, all of which lie inside the chromosome."""
        self.scorer.score_starts(signal, starts, keep)


def load_scorer(
    bundle: Bundle, device: torch.device | str = "cpu", threads: int = 1
) -> BundleScorer:
    """The scorer of a bundle's model."""
    hardware = Hardware(torch.device(device), threads)
    return BundleScorer(bundle, registry.load(bundle.model).scorer(bundle.trained, hardware))


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

    Raises InputError for a model that needs to see the chromosome around a window.
    """
    scorer = load_scorer(bundle, device, threads).scorer
    if not isinstance(scorer, WindowScorer):
        raise InputError(f"{bundle.model} sees the chromosome around a window: give --signal.")
    return scorer.score_windows(x)


def predict_places(
    scorer: BundleScorer, reader: SignalReader, chroms: np.ndarray, starts: np.ndarray
) -> np.ndarray:
    """Probabilities of each member, before calibration, of windows anywhere on the genome.

    chroms : names, (n,); starts : int64 (n,), in bins; returns float32 (members, n, classes)
    """
    bundle = scorer.bundle
    members = np.empty((len(bundle.members), len(starts), len(bundle.classes)), np.float32)
    for chrom in dict.fromkeys(chroms.tolist()):
        rows = np.flatnonzero(chroms == chrom)

        def keep(part: slice, probabilities: np.ndarray, rows: np.ndarray = rows) -> None:
            members[:, rows[part]] = probabilities

        scorer.score_starts(reader.load(chrom), starts[rows], keep)
    return members


def probabilities_at(
    scorer: BundleScorer, signal: ChromosomeSignal, starts: np.ndarray
) -> np.ndarray:
    """Calibrated probabilities, float64 (windows, classes), of windows that begin at given bins."""
    calibrated = np.empty((len(starts), len(scorer.bundle.classes)))

    def keep(part: slice, members: np.ndarray) -> None:
        calibrated[part] = combine_members(members, scorer.bundle.temperature)

    scorer.score_starts(signal, starts, keep)
    return calibrated
