"""Training of one network (Ramakrishnan et al. 2024; docs/methods.md, "Training").

Adam; negative log-likelihood; batches in which every class is drawn equally often; the rate falls
tenfold when the validation mAP has not risen for more than five epochs; the epoch of best
validation mAP is kept. All windows lie in one tensor on the device: no Python runs per window.
"""

import hashlib
import json
import logging
import math
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from deepregfinder.errors import InputError
from deepregfinder.models.calibration import mean_average_precision
from deepregfinder.models.checkpoint import checkpoint_path
from deepregfinder.models.device import reproducible
from deepregfinder.models.protocol import (
    EpochRecord,
    TrainedMember,
    TrainingData,
    TrainingOptions,
)
from deepregfinder.models.windows.checkpoint import TrainingState, read_checkpoint, write_checkpoint
from deepregfinder.models.windows.networks import build_network

log = logging.getLogger(__name__)

MAX_RESTARTS = 3
PATIENCE = 5
RATE_FACTOR = 0.1
_EVALUATION_BATCH = 1024


def balanced_order(y: np.ndarray, n_classes: int, rng: np.random.Generator) -> np.ndarray:
    """Windows of one epoch, int64 (len(y),): each class occurs equally often (within one).

    All windows of a class are drawn once, in random order, before one is drawn again.
    """
    shares = np.full(n_classes, len(y) // n_classes)
    shares[rng.permutation(n_classes)[: len(y) % n_classes]] += 1
    drawn = []
    for label, share in enumerate(shares):
        members = np.flatnonzero(y == label)
        rounds = [rng.permutation(members) for _ in range(-(-share // len(members)))]
        drawn.append(np.concatenate(rounds)[:share] if rounds else members[:0])
    return rng.permutation(np.concatenate(drawn)).astype(np.int64)


def train_network(
    data: TrainingData,
    model: str,
    options: TrainingOptions,
    seed: int,
    device: torch.device,
    folder: Path,
) -> TrainedMember:
    """Train one network, starting again at a tenth of the rate when it diverges.

    On a CPU, the same data, options and seed give the same weights, also after an interruption.
    Raises InputError if training diverges at all rates.
    """
    checkpoint = checkpoint_path(folder, model, seed)
    fingerprint = _fingerprint(data, model, options, seed, device)
    splits = {
        split: (
            torch.from_numpy(getattr(data, f"x_{split}")).to(device),
            torch.from_numpy(getattr(data, f"y_{split}").astype(np.int64)).to(device),
        )
        for split in ("train", "validation")
    }
    with reproducible(device):
        state = _fresh_state(data, model, options, seed, device, restarts=0)
        if read_checkpoint(checkpoint, state, fingerprint):
            log.info("%s, seed %d: continues after epoch %d.", model, seed, len(state.curve))
        started, first = time.monotonic(), len(state.curve)
        while (done := len(state.curve)) < options.epochs:
            record = _train_epoch(state, data, splits, options, seed)
            if record is None:
                restarts = state.restarts + 1
                if restarts > MAX_RESTARTS:
                    raise InputError(
                        f"Training of {model} with seed {seed} diverged (the loss is no longer a "
                        f"number) at {restarts} learning rates, the last of them "
                        f"{_rate(options, restarts - 1):g}. "
                        "Choose a lower --learning_rate, or look for extreme values in the signal: "
                        "--transform log2 tames them."
                    )
                log.warning(
                    "%s, seed %d: training diverged in epoch %d (the loss is no longer a number); "
                    "it starts again with learning rate %g.",
                    model, seed, done + 1, _rate(options, restarts),
                )  # fmt: skip
                state = _fresh_state(data, model, options, seed, device, restarts)
                started, first = time.monotonic(), 0
                continue
            write_checkpoint(checkpoint, state, fingerprint)
            left = (time.monotonic() - started) / (done + 1 - first) * (options.epochs - done - 1)
            log.info(
                "%s, seed %d: epoch %d of %d, training loss %.3f, validation mAP %.4f "
                "(best %.4f in epoch %d), rate %g, about %.0f s left",
                model, seed, record.epoch, options.epochs, record.train_loss, record.validation_map,
                state.best_map, state.best_epoch, record.learning_rate, left,
            )  # fmt: skip
        if state.curve[-1].train_loss > math.log(len(data.classes)):
            log.warning(
                "%s, seed %d: learnt nothing (the training loss is not below chance); a lower "
                "--learning_rate may help.",
                model, seed,
            )  # fmt: skip
        state.network.load_state_dict(state.best)
        probabilities = evaluate(state.network, splits["validation"][0])
    return TrainedMember(
        seed=seed,
        best_epoch=state.best_epoch,
        validation_map=state.best_map,
        restarts=state.restarts,
        learning_rate=_rate(options, state.restarts),
        weights={key: value.cpu().numpy() for key, value in state.best.items()},
        curve=tuple(state.curve),
        validation_probabilities=probabilities.cpu().numpy(),
    )


@torch.inference_mode()
def evaluate(network: torch.nn.Module, x: Tensor) -> Tensor:
    """Probabilities (n, classes) of normalised windows (n, marks, bins), in eval mode."""
    network.eval()
    return torch.cat([network(batch).softmax(dim=1) for batch in x.split(_EVALUATION_BATCH)])


def _fresh_state(
    data: TrainingData,
    model: str,
    options: TrainingOptions,
    seed: int,
    device: torch.device,
    restarts: int,
) -> TrainingState:
    """A network of `seed` before its first epoch, at the rate of the given restart."""
    torch.manual_seed(_random_seed(seed, 0))
    _, n_marks, window_bins = data.x_train.shape
    network = build_network(model, n_marks, window_bins, len(data.classes)).to(device)
    optimizer = torch.optim.Adam(
        network.parameters(), lr=_rate(options, restarts), weight_decay=options.weight_decay
    )
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, mode="max", factor=RATE_FACTOR, patience=PATIENCE
    )
    return TrainingState(network, optimizer, scheduler, restarts, [], {}, 0, -math.inf)


def _train_epoch(
    state: TrainingState,
    data: TrainingData,
    splits: Mapping[str, tuple[Tensor, Tensor]],
    options: TrainingOptions,
    seed: int,
) -> EpochRecord | None:
    """One pass over the training windows and the validation after it; None where it diverged.

    Random numbers depend on seed and epoch alone: a continued training draws the
    same numbers.
    """
    epoch = len(state.curve) + 1
    torch.manual_seed(_random_seed(seed, epoch))
    rng = np.random.default_rng([seed, epoch])
    x, y = splits["train"]
    order = torch.from_numpy(balanced_order(data.y_train, len(data.classes), rng)).to(x.device)
    # Batches of nearly equal size: a last one of a few windows would upset the batch norm.
    batches = order.tensor_split(-(-len(order) // options.batch_size))
    rate = state.optimizer.param_groups[0]["lr"]
    total = torch.zeros((), device=x.device)
    state.network.train()
    for batch in batches:
        state.optimizer.zero_grad()
        loss = functional.cross_entropy(state.network(x[batch]), y[batch])
        loss.backward()
        state.optimizer.step()
        total += loss.detach() * len(batch)
    x, y = splits["validation"]
    probabilities = evaluate(state.network, x)
    validation_loss = functional.nll_loss(probabilities.clamp_min(1e-30).log(), y).item()
    train_loss = total.item() / len(order)
    if not (math.isfinite(train_loss) and math.isfinite(validation_loss)):
        return None
    score = mean_average_precision(data.y_validation, probabilities.cpu().numpy())
    state.scheduler.step(score)
    if score > state.best_map:
        state.best_map, state.best_epoch = score, epoch
        state.best = {key: value.clone() for key, value in state.network.state_dict().items()}
    record = EpochRecord(seed, epoch, train_loss, validation_loss, score, rate)
    state.curve.append(record)
    return record


def _rate(options: TrainingOptions, restarts: int) -> float:
    """The rate at the start of an attempt: a tenth for each restart."""
    return options.learning_rate * 0.1**restarts


def _random_seed(seed: int, epoch: int) -> int:
    return int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0])


def _fingerprint(
    data: TrainingData, model: str, options: TrainingOptions, seed: int, device: torch.device
) -> str:
    """A digest of all that the trained weights depend on."""
    facts = asdict(options) | {"seed": seed, "model": model, "classes": data.classes}
    facts |= {"seeds": None, "device": device.type, "torch": torch.__version__}
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for array in (data.x_train, data.y_train, data.x_validation, data.y_validation):
        digest.update(str((array.shape, array.dtype)).encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
