"""Integrated gradients: which mark in which bin makes a window what the network says it is.

Sundararajan, Taly, Yan (ICML 2017), equation 1: for an output F, a window x and a baseline x',

    attribution_i = (x_i - x'_i) * integral over a from 0 to 1 of dF/dx_i (x' + a (x - x')) da

by Gauss-Legendre quadrature (captum). Attributions sum up to F(x) - F(x') (completeness); how well
the quadrature reaches that is measured, and more steps are taken until it does. The baseline is a
window without any read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from captum.attr import IntegratedGradients
from torch import Tensor

from deepregfinder.models.windows.layers import Network

TOLERANCE = 0.01
STEPS = (64, 256, 1024)
_AT_ONCE = 2048

Logits = Callable[[Tensor], Tensor]
"""Windows or segments (n, marks, bins) to one number for each class, (n, classes)."""


@dataclass(frozen=True)
class Attributions:
    """Attributions of one output over several windows.

    values : float64 (n, marks, bins)
    difference : float64 (n,), output at the window less output at the baseline
    steps : of the quadrature
    """

    values: np.ndarray
    difference: np.ndarray
    steps: int

    @property
    def error(self) -> float:
        """Largest departure from completeness, as a share of the mean absolute difference."""
        apart = np.abs(self.values.sum(axis=(1, 2)) - self.difference).max()
        return float(apart / max(np.abs(self.difference).mean(), 1e-12))


def centred_logits(networks: Sequence[Network]) -> Logits:
    """The mean logits of the networks, less their mean over the classes.

    Softmax does not see a number that is added to all logits; without it, what is left says how
    probable a class is against the others: ln p_k less the mean of ln p (for one network).
    """
    for network in networks:
        network.requires_grad_(False)

    def logits(x: Tensor) -> Tensor:
        mean = torch.stack([network(x) for network in networks]).mean(dim=0)
        return mean - mean.mean(dim=1, keepdim=True)

    return logits


def integrated_gradients(
    logits: Logits, x: np.ndarray, baseline: np.ndarray, target: int
) -> Attributions:
    """Attribute the output of a class to marks and bins.

    Parameters
    ----------
    x : as the function wants it, float32 (n, marks, bins), n of 1 or more
    baseline : float32 (marks, bins)
    target : index of the class

    Returns
    -------
    Attributions with as many steps as bring the error to 1 % or below, at most 1024.
    """
    method = IntegratedGradients(logits)
    inputs = torch.from_numpy(x)
    start = torch.from_numpy(baseline).expand_as(inputs)
    with torch.no_grad():
        difference = (logits(inputs) - logits(start))[:, target].double().numpy()
    for steps in STEPS:
        values = method.attribute(
            inputs, start, target=target, n_steps=steps, internal_batch_size=_AT_ONCE
        )
        found = Attributions(values.detach().double().numpy(), difference, steps)
        if found.error <= TOLERANCE:
            break
    return found
