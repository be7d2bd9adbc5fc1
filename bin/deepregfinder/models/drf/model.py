"""`drf` as a model of the registry."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from deepregfinder.models.device import Hardware
from deepregfinder.models.drf import data, fit, network
from deepregfinder.models.protocol import (
    Arrays,
    ChromosomeSignal,
    Fitted,
    Keep,
    Size,
    Trained,
    TrainingGenome,
    TrainingOptions,
)


class DrfModel:
    """The dilated network that reads along the chromosome."""

    def fit(
        self, training: TrainingGenome, options: TrainingOptions, hardware: Hardware, folder: Path
    ) -> Fitted:
        return fit.train_drf(
            training, options, hardware, folder, self._parameters(training, options, hardware)
        )

    def check(self, arrays: Arrays, size: Size) -> None:
        network.check_drf(arrays, size.n_marks, size.window_bins, size.n_classes)

    def scorer(self, trained: Trained, hardware: Hardware) -> "DrfScorer":
        return DrfScorer(trained, hardware)

    def _parameters(
        self, training: TrainingGenome, options: TrainingOptions, hardware: Hardware
    ) -> Mapping[str, Any]:
        return {
            "epochs": options.epochs,
            "least_steps": fit.MIN_STEPS,
            "batch_size": fit.BATCH,
            "batch_norm_stretches": fit.BATCH // fit.n_shards(hardware.device),
            "stretch_outputs": fit.STRETCH,
            "optimiser": "AdamW, one-cycle rate",
            "learning_rate": fit.LEARNING_RATE,
            "share_of_warm_up": fit.WARM_UP,
            "gradient_norm_limit": fit.GRADIENT_NORM,
            "weight_decay": fit.WEIGHT_DECAY,
            "dropout": fit.DROPOUT,
            "outputs_without_loss_at_ends": data.EDGE,
            "mark_dropout": "any number of marks in half of the stretches"
            if options.portable
            else data.TRACK_DROPOUT,
            "portable": options.portable,
            "shares_of_reads": list(data.SHARES) if options.portable else [1.0],
            "share_reversed": data.REVERSED,
            "weight_averaging": f"exponential moving average over steps, decay {fit.EMA_DECAY}",
            "class_weights": "cube root of the share of background over that of the class",
            "signal_scale": "sqrt(mean RPM / mean RPM of the training chromosomes)",
            "signal_spans_bins": list(network.SPANS),
            "tss_input": training.tss is not None,
            "temperature_fitted_on": "every place of the validation chromosomes",
            "labelled_bias_fitted_on": "labelled validation windows",
        }


@dataclass(frozen=True)
class DrfScorer:
    """Trained networks that read along the chromosome."""

    trained: Trained
    hardware: Hardware

    def score_starts(self, signal: ChromosomeSignal, starts: np.ndarray, keep: Keep) -> None:
        if len(starts) == 0:
            return
        bins, hardware = self.trained.size.window_bins, self.hardware
        members = [
            network.score_drf(arrays, signal, starts, bins, hardware.device, hardware.threads)
            for arrays in self.trained.members
        ]
        keep(slice(0, len(starts)), np.stack(members))
