"""Integrated gradients: the contribution of each mark and bin to the output of a network.

Sundararajan, Taly, Yan (ICML 2017), equation 1: for an output F, a window x and a baseline x',

    attribution_i = (x_i - x'_i) * integral over a from 0 to 1 of dF/dx_i (x' + a (x - x')) da

by Gauss-Legendre quadrature (captum). Attributions sum to F(x) - F(x') (completeness); the
departure of the quadrature from that is measured, and the number of steps increased until it is
small. The baseline is a window without reads.
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
    difference : float64 (n,), output at the window minus output at the baseline
    steps : number of steps of the quadrature
    """

    values: np.ndarray
    difference: np.ndarray
    steps: int

    @property
    def error(self) -> float:
        """Largest departure from completeness, as a share of the mean absolute difference."""
        departure = np.abs(self.values.sum(axis=(1, 2)) - self.difference).max()
        return float(departure / max(np.abs(self.difference).mean(), 1e-12))


def centred_logits(networks: Sequence[Network]) -> Logits:
    """The mean logits of the networks, minus their mean over the classes.

    Softmax is invariant to a constant added to all logits. Without it, the logit of a class
    compares its probability with the others: ln p_k minus the mean of ln p (for one network).
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
    x : input of `logits`, float32 (n, marks, bins), with n >= 1
    baseline : float32 (marks, bins)
    target : index of the class

    Returns
    -------
    Attributions with enough steps for an error of at most 1 %, but at most 1024 steps.
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
        attributions = Attributions(values.detach().double().numpy(), difference, steps)
        if attributions.error <= TOLERANCE:
            break
    return attributions
