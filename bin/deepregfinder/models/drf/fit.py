"""Training of `drf`, the network that runs along chromosomes (docs/methods.md, "drf").

It learns from every place of the training chromosomes, with the truth of labels/ground_truth.py: an
element within 500 bp, or none within 2,000 bp; places between these distances have no loss. So its
negatives are those of the genome in their true proportion. Rare classes weigh more in the loss, and
the logits are then lowered by the logarithm of the weights (logit adjustment, Menon et al. 2021),
so that probabilities are those at natural prevalence.

AdamW with a one-cycle rate (Smith and Topin 2019); stretches in both directions, some with tracks
hidden; the weights that are kept are an exponential moving average over the steps. The same data
and seed give the same weights on a CPU.
"""

import hashlib
import logging
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.metrics import average_precision_score
from torch import Tensor
from torch.nn import functional

from deepregfinder.errors import InputError
from deepregfinder.models.calibration import negative_log_likelihood
from deepregfinder.models.checkpoint import checkpoint_path
from deepregfinder.models.device import Hardware, reproducible
from deepregfinder.models.drf.calibrate import calibrate_drf
from deepregfinder.models.drf.checkpoint import (
    DenseState,
    read_dense_checkpoint,
    write_dense_checkpoint,
)
from deepregfinder.models.drf.data import (
    SHARES,
    DenseData,
    class_weights,
    draw,
    mean_rpm,
    write_dense,
)
from deepregfinder.models.drf.network import HALO, POOL, SCALE, SPANS, TSS_SCALE, DilatedNetwork
from deepregfinder.models.drf.shards import Shards
from deepregfinder.models.protocol import (
    EpochRecord,
    Fitted,
    TrainingGenome,
    TrainingOptions,
)
from deepregfinder.models.seeds import train_seeds
from deepregfinder.models.tss_input import tss_arrays

log = logging.getLogger(__name__)

STRETCH = 512
"""Outputs of one training example, 102 kb at bins of 100 bp."""

BATCH = 12

SHARDS = 2
"""Parts of a batch on a CPU, each with batch norms of its own; a GPU takes batches whole."""

LEARNING_RATE = 3e-3
WARM_UP = 0.2
GRADIENT_NORM = 1.0
WEIGHT_DECAY = 0.02
DROPOUT = 51 / 256  # bytes are drawn
EMA_DECAY = 0.995
MIN_STEPS = 600
_CURVE_EVERY = 8


def train_drf(
    training: TrainingGenome,
    options: TrainingOptions,
    hardware: Hardware,
    folder: Path,
    parameters: Mapping[str, Any],
) -> Fitted:
    """Train one network for each seed, and calibrate their average on the validation chromosomes.

    The networks are given the TSSs of the training genome, where it has a list.
    parameters : all that shapes the weights, for the bundle

    `folder` holds files while training runs, and checkpoints. Raises InputError where bins
    are too wide, or no stretch fits on the training chromosomes.
    """
    tensors = training.tensors
    if POOL * tensors.bin_size > 400:
        raise InputError(
            f"drf needs bins of 200 bp or less, not --bin_size {tensors.bin_size}: lower it, or "
            "leave drf out of --models."
        )
    scale, sites = mean_rpm(training, training.chroms("train")), tss_arrays(training)
    constants = {SCALE: np.append(scale, np.float32(TSS_SCALE)) if sites else scale, **sites}
    shares = SHARES if options.portable else (1.0,)
    data = {
        "train": write_dense(folder, training, "train", constants, shares),
        "validation": write_dense(folder, training, "validation", constants),
    }
    if min(len(part.stretches(STRETCH)) for part in data.values()) == 0:
        raise InputError("The training or validation chromosomes are too short for drf.")
    try:
        train_one = partial(
            train_member,
            data,
            len(tensors.classes),
            options.epochs,
            replace(hardware, threads=max(1, hardware.threads // options.seeds)),
            folder,
            options.portable,
        )
        networks = train_seeds(train_one, options.member_seeds, hardware)
        return calibrate_drf(
            training, networks, constants, LEARNING_RATE, options, hardware, parameters
        )
    finally:
        for part in data.values():
            part.x.unlink()
            part.y.unlink()


def n_shards(device: torch.device) -> int:
    """Parts that a batch is divided into on a device."""
    return SHARDS if device.type == "cpu" else 1


def train_member(
    data: Mapping[str, DenseData],
    n_classes: int,
    epochs: int,
    hardware: Hardware,
    folder: Path,
    portable: bool,
    seed: int,
) -> tuple[dict[str, np.ndarray], tuple[EpochRecord, ...]]:
    """Train one network; returns its weights (at natural prevalence) and its learning curve.

    The validation values of the curve cover all places of every eighth stretch of the validation
    chromosomes, at natural prevalence. Training continues from the checkpoint in `folder`, and
    gives the same weights as without interruption. Raises InputError where training diverges.
    """
    x, y = data["train"].open()
    device = hardware.device
    weights = torch.from_numpy(class_weights(np.asarray(y), n_classes)).to(device)
    stretches = len(data["train"].stretches(STRETCH)) // data["train"].copies
    per_epoch = max(stretches // BATCH, -(-MIN_STEPS // epochs))
    checkpoint = checkpoint_path(folder, "drf", seed)
    fingerprint = _fingerprint(data, seed, epochs, device, portable)
    parts = n_shards(device)
    with reproducible(device), ThreadPoolExecutor(min(hardware.threads, parts)) as threads:
        state = _fresh_state(x.shape[1] // len(SPANS), n_classes, seed, epochs * per_epoch, device)
        shards = Shards(state.network, parts, threads)
        if read_dense_checkpoint(checkpoint, state, fingerprint):
            log.info("drf, seed %d: continues after epoch %d.", seed, len(state.curve))
        started, first = time.monotonic(), len(state.curve)
        while (done := len(state.curve)) < epochs:
            rate = float(state.schedule.get_last_lr()[0])
            loss = _train_epoch(state, shards, data["train"], weights, seed, per_epoch, portable)
            if not np.isfinite(loss):
                raise InputError(
                    f"Training of drf with seed {seed} diverged (the loss is no longer a number): "
                    "look for extreme values in the signal."
                )
            loss_and_map = _look(state.average, data["validation"], weights)
            record = EpochRecord(seed, done + 1, loss, *loss_and_map, rate)
            state.curve.append(record)
            write_dense_checkpoint(checkpoint, state, fingerprint)
            left = (time.monotonic() - started) / (done + 1 - first) * (epochs - done - 1)
            log.info(
                "drf, seed %d: epoch %d of %d, training loss %.4f, validation mAP at natural "
                "prevalence %.4f, rate %.1e, about %.0f s left",
                seed, done + 1, epochs, loss, record.validation_map, rate, left,
            )  # fmt: skip
        arrays = {key: v.cpu().numpy() for key, v in state.average.state_dict().items()}
    arrays["output.bias"] = arrays["output.bias"] - weights.log().cpu().numpy()
    return arrays, tuple(state.curve)


def _fresh_state(
    n_tracks: int, n_classes: int, seed: int, n_steps: int, device: torch.device
) -> DenseState:
    torch.manual_seed(seed)
    network = DilatedNetwork(n_tracks, n_classes, DROPOUT).to(device)
    average = DilatedNetwork(n_tracks, n_classes).to(device)
    average.load_state_dict(network.state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY, fused=True
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, LEARNING_RATE, n_steps, pct_start=WARM_UP
    )
    return DenseState(network, average, optimizer, schedule)


def _train_epoch(
    state: DenseState,
    shards: Shards,
    data: DenseData,
    weights: Tensor,
    seed: int,
    n_steps: int,
    portable: bool,
) -> float:
    """One epoch on stretches of the training chromosomes; returns the mean loss.

    Random numbers depend on seed and epoch alone: a continued training draws the
    same numbers.
    """
    x, y = data.open()
    stretches = data.stretches(STRETCH)
    done = len(state.curve)
    parts = len(shards.networks)
    generators = [np.random.default_rng([seed, done + 1, part]) for part in range(parts)]
    torch.manual_seed(int(generators[0].integers(1 << 31)))  # of dropout on a GPU

    def loss(network: DilatedNetwork, generator: np.random.Generator) -> Tensor:
        batch, truth = draw(
            x, y, data.bounds, stretches, STRETCH, BATCH // parts, generator, portable
        )
        logits, truth = network(batch.to(weights.device)), truth.to(weights.device)
        summed = functional.cross_entropy(
            logits.flatten(0, 1), truth.flatten(), weights, ignore_index=-1, reduction="sum"
        )
        return summed / (parts * truth.numel())

    total = 0.0
    for step in range(done * n_steps, (done + 1) * n_steps):
        total += shards.backward(loss, generators)
        torch.nn.utils.clip_grad_norm_(state.network.parameters(), GRADIENT_NORM)
        state.optimizer.step()
        state.schedule.step()
        _follow(state.average, state.network, step)
    return total / n_steps


def _fingerprint(
    data: Mapping[str, DenseData], seed: int, epochs: int, device: torch.device, portable: bool
) -> str:
    """A digest of all that the trained weights depend on."""
    digest = hashlib.blake2b(
        f"{seed} {epochs} {portable} {device.type} {torch.__version__}".encode()
    )
    for part in data.values():
        digest.update(part.bounds.tobytes())
        for path in (part.x, part.y):
            with path.open("rb") as file:
                while block := file.read(1 << 24):
                    digest.update(block)
    return digest.hexdigest()


@torch.no_grad()
def _follow(average: DilatedNetwork, network: DilatedNetwork, step: int) -> None:
    """Move the average a little towards the network; more so in the first steps."""
    decay = min(EMA_DECAY, (1 + step) / (10 + step))
    pairs = zip(average.state_dict().values(), network.state_dict().values(), strict=True)
    for mean, value in pairs:
        if mean.dtype.is_floating_point:
            mean.lerp_(value, 1 - decay)
        else:
            mean.copy_(value)


@torch.inference_mode()
def _look(network: DilatedNetwork, data: DenseData, weights: Tensor) -> tuple[float, float]:
    """Loss and mAP at natural prevalence over some of the validation stretches."""
    network.eval()
    x, y = data.open()
    probabilities, truth = [], []
    for start in data.stretches(STRETCH)[::_CURVE_EVERY]:
        part = torch.from_numpy(x[POOL * start : POOL * (start + STRETCH)].astype(np.float32))
        logits = network(part[None].to(weights.device))[0]
        inner = slice(HALO, STRETCH - HALO)
        probabilities.append((logits - weights.log()).softmax(dim=1).cpu().numpy()[inner])
        truth.append(np.asarray(y[start : start + STRETCH])[inner])
    p, t = np.concatenate(probabilities), np.concatenate(truth)
    p, t = p[t >= 0], t[t >= 0]
    seen = [k for k in range(1, p.shape[1]) if (t == k).any()]
    areas = [average_precision_score(t == k, p[:, k]) for k in seen]
    return negative_log_likelihood(p, t), float(np.mean(areas)) if areas else 0.0
