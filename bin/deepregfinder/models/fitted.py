"""Trained members made one model: their average, calibrated on labelled validation windows."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from deepregfinder.models.calibration import fit_temperature, negative_log_likelihood, temper
from deepregfinder.models.protocol import Fitted, TrainedMember

log = logging.getLogger(__name__)


def calibrated(
    name: str, members: Sequence[TrainedMember], y: np.ndarray, parameters: Mapping[str, Any]
) -> Fitted:
    """A model whose probabilities hold among labelled windows; 0.5 calls a class.

    y : class indices of the validation windows, int64 (n,)
    parameters : all that shaped the arrays of the members
    """
    mean = np.mean([member.validation_probabilities for member in members], axis=0, dtype=float)
    temperature = fit_temperature(mean, y)
    log.info(
        "%s: temperature %.3f; validation loss %.4f, %.4f after calibration",
        name,
        temperature,
        negative_log_likelihood(mean, y),
        negative_log_likelihood(temper(mean, temperature), y),
    )
    recorded = {**parameters, "temperature_fitted_on": "labelled validation windows"}
    return uncalibrated(members, mean.shape[1], temperature, recorded)


def uncalibrated(
    members: Sequence[TrainedMember],
    n_classes: int,
    temperature: float,
    parameters: Mapping[str, Any],
) -> Fitted:
    """The same with a temperature that is given."""
    thresholds, no_bias = (0.5,) * (n_classes - 1), (0.0,) * n_classes
    return Fitted(tuple(members), temperature, thresholds, no_bias, parameters)
