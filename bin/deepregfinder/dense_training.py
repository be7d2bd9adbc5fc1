"""Training of `drf`, the network that runs along chromosomes (docs/methods.md, "drf").

It learns from every place of the training chromosomes, with the truth of truth.py: an element
within 500 bp, nothing within 2,000 bp, between them no say. So its negatives are those of the
genome, hard ones included, in their true proportion. Rare classes weigh more in the loss, and the
logits are then lowered by the logarithm of the weights (logit adjustment, Menon et al. 2021), so
that probabilities are those at natural prevalence.

AdamW with a one-cycle rate (Smith and Topin 2019); stretches in both directions, some with marks
hidden; the weights that are kept are an exponential moving average over the steps. Same data and
seed: same weights on a CPU.
"""

import hashlib
import logging
import multiprocessing
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import average_precision_score, precision_recall_curve
from torch import Tensor
from torch.nn import functional

from deepregfinder.calibration import (
    combine_members,
    fit_bias,
    fit_temperature,
    negative_log_likelihood,
    temper,
)
from deepregfinder.checkpoint import EpochRecord
from deepregfinder.dense_checkpoint import (
    DenseState,
    read_dense_checkpoint,
    write_dense_checkpoint,
)
from deepregfinder.errors import InputError, log_to_stderr
from deepregfinder.metrics import LEFT_OUT, POSITIVE
from deepregfinder.models.drf import (
    HALO,
    POOL,
    SCALE,
    SPANS,
    TILE,
    DilatedNetwork,
    at_centres,
    dense_probabilities,
    features,
    load_network,
)
from deepregfinder.models.genome import TrainingGenome
from deepregfinder.optimisation import (
    TrainedMember,
    TrainingOptions,
    checkpoint_path,
    mean_average_precision,
    reproducible,
)
from deepregfinder.truth import label_windows, labelled_elements

log = logging.getLogger(__name__)

STRETCH = 512
"""Outputs of one training example, 102 kb at bins of 100 bp."""

BATCH = 12
LEARNING_RATE = 3e-3
WEIGHT_DECAY = 0.02
DROPOUT = 0.2
MARK_DROPOUT = 0.05
"""Share of marks that a stretch does not see, on average: half of the stretches see all."""

EMA_DECAY = 0.995
MIN_STEPS = 600
_EDGE = 24
_CURVE_EVERY = 8


@dataclass(frozen=True)
class DenseData:
    """The chromosomes of a split end to end, in files that training processes map into memory.

    x : file of float16, (bins, spans x marks): what the network sees
    y : file of int8, (outputs,): class index, -1 where nothing is said
    bounds : first output of each chromosome, and the end; int64 (chromosomes + 1,)
    """

    x: Path
    y: Path
    bounds: np.ndarray

    def open(self) -> tuple[np.ndarray, np.ndarray]:
        return np.load(self.x, mmap_mode="r"), np.load(self.y, mmap_mode="r")

    def stretches(self, length: int) -> np.ndarray:
        """First outputs of stretches, end to end, that lie whole on a chromosome: int64 (n,)."""
        parts = [
            np.arange(first, last - length + 1, length)
            for first, last in zip(self.bounds[:-1], self.bounds[1:], strict=True)
        ]
        return np.concatenate(parts)


@dataclass(frozen=True)
class Calibrated:
    """Members with what their average needs to be read, as in a Bundle."""

    members: list[TrainedMember]
    temperature: float
    thresholds: tuple[float, ...]
    labelled_bias: tuple[float, ...]


def mean_rpm(genome: TrainingGenome, chroms: Sequence[str]) -> np.ndarray:
    """Mean RPM of each mark over the bins of some chromosomes: float32 (marks,)."""
    total, n = np.zeros(len(genome.tensors.marks)), 0
    for chrom in chroms:
        rpm = genome.load(chrom).rpm
        total += rpm.sum(axis=1, dtype=np.float64)
        n += rpm.shape[1]
    return (total / n).astype(np.float32)


def write_dense(folder: Path, genome: TrainingGenome, split: str, scale: np.ndarray) -> DenseData:
    """Write the signal and the truth of the chromosomes of a split into `folder`."""
    chroms = genome.chroms(split)
    elements = labelled_elements(genome.tensors, chroms)
    xs, ys, bounds = [], [], [0]
    for chrom in chroms:
        signal = genome.load(chrom)
        x = features(signal.rpm, scale)
        step = POOL * signal.bin_size
        centres = np.arange(x.shape[1] // POOL, dtype=np.int64) * step + step // 2
        truth, _ = label_windows(centres, elements[chrom])
        xs.append(x.T)
        ys.append(truth.astype(np.int8))
        bounds.append(bounds[-1] + len(truth))
    paths = [folder / f"drf.{split}.{name}.npy" for name in ("x", "y")]
    np.save(paths[0], np.concatenate(xs))
    np.save(paths[1], np.concatenate(ys))
    return DenseData(paths[0], paths[1], np.array(bounds))


def class_weights(y: np.ndarray, n_classes: int) -> np.ndarray:
    """Weight of each class in the loss: the cube root of background's share over its own."""
    counts = np.bincount(y[y >= 0], minlength=n_classes)
    return np.cbrt(counts[0] / np.maximum(counts, 1)).clip(1, 30).astype(np.float32)


def train_drf(
    genome: TrainingGenome,
    options: TrainingOptions,
    device: torch.device,
    threads: int,
    folder: Path,
) -> Calibrated:
    """Train one network for each seed, and calibrate their average on the validation chromosomes.

    `folder` holds files while training runs, and checkpoints. Raises InputError where bins are too
    wide, or no stretch fits on the training chromosomes.
    """
    tensors = genome.tensors
    if POOL * tensors.bin_size > 400:
        raise InputError(
            f"drf needs bins of 200 bp or less, not --bin_size {tensors.bin_size}: lower it, or "
            "leave drf out of --models."
        )
    scale = mean_rpm(genome, genome.chroms("train"))
    data = {split: write_dense(folder, genome, split, scale) for split in ("train", "validation")}
    if min(len(part.stretches(STRETCH)) for part in data.values()) == 0:
        raise InputError("The training or validation chromosomes are too short for drf.")
    try:
        networks = _train_seeds(data, len(tensors.classes), options, device, threads, folder)
        return _calibrate(genome, networks, scale, options, device, threads)
    finally:
        for part in data.values():
            part.x.unlink()
            part.y.unlink()


def _train_seeds(
    data: Mapping[str, DenseData],
    n_classes: int,
    options: TrainingOptions,
    device: torch.device,
    threads: int,
    folder: Path,
) -> list[tuple[dict[str, np.ndarray], tuple[EpochRecord, ...]]]:
    """Weights and learning curve of each seed; on a CPU up to `threads` seeds at a time."""
    n_workers = min(threads, options.seeds) if device.type == "cpu" else 1
    if n_workers <= 1:
        return [
            train_member(data, n_classes, seed, options.epochs, device, folder)
            for seed in options.member_seeds
        ]
    # spawn: a forked child would inherit locks of torch's threads that nobody will release.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(n_workers, context, log_to_stderr, (log.getEffectiveLevel(),)) as pool:
        tasks = [
            pool.submit(train_member, data, n_classes, seed, options.epochs, device, folder)
            for seed in options.member_seeds
        ]
        try:
            return [task.result() for task in tasks]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def train_member(
    data: Mapping[str, DenseData],
    n_classes: int,
    seed: int,
    epochs: int,
    device: torch.device,
    folder: Path,
) -> tuple[dict[str, np.ndarray], tuple[EpochRecord, ...]]:
    """Train one network; its weights (at natural prevalence) and its learning curve.

    The curve's validation figures are over every eighth stretch of the validation chromosomes, all
    of its places, at natural prevalence. Continues from the checkpoint in `folder`, to the same
    weights as without interruption. Raises InputError where training diverges.
    """
    x, y = data["train"].open()
    weights = torch.from_numpy(class_weights(np.asarray(y), n_classes)).to(device)
    per_epoch = max(len(data["train"].stretches(STRETCH)) // BATCH, -(-MIN_STEPS // epochs))
    checkpoint = checkpoint_path(folder, "drf", seed)
    fingerprint = _fingerprint(data, seed, epochs, device)
    with reproducible(device):
        state = _fresh_state(x.shape[1] // len(SPANS), n_classes, seed, epochs * per_epoch, device)
        if read_dense_checkpoint(checkpoint, state, fingerprint):
            log.info("drf, seed %d: continues after epoch %d.", seed, len(state.curve))
        started, first = time.monotonic(), len(state.curve)
        while (done := len(state.curve)) < epochs:
            rate = float(state.schedule.get_last_lr()[0])
            loss = _train_epoch(state, data["train"], weights, seed, per_epoch)
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
    n_marks: int, n_classes: int, seed: int, n_steps: int, device: torch.device
) -> DenseState:
    torch.manual_seed(seed)
    network = DilatedNetwork(n_marks, n_classes, DROPOUT).to(device)
    average = DilatedNetwork(n_marks, n_classes).to(device)
    average.load_state_dict(network.state_dict())
    optimizer = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, n_steps, pct_start=0.2)
    return DenseState(network, average, optimizer, schedule)


def _train_epoch(
    state: DenseState, data: DenseData, weights: Tensor, seed: int, n_steps: int
) -> float:
    """One pass, so to say, over the training chromosomes; the mean loss.

    Random numbers depend on seed and epoch alone: a continued training draws what it would have
    drawn.
    """
    x, y = data.open()
    stretches = data.stretches(STRETCH)
    done = len(state.curve)
    rng = np.random.default_rng([seed, done + 1])
    torch.manual_seed(int(rng.integers(1 << 31)))
    state.network.train()
    total = 0.0
    for step in range(done * n_steps, (done + 1) * n_steps):
        batch, truth = _draw(x, y, data.bounds, stretches, rng)
        state.optimizer.zero_grad()
        logits, truth = state.network(batch.to(weights.device)), truth.to(weights.device)
        summed = functional.cross_entropy(logits, truth, weights, ignore_index=-1, reduction="sum")
        loss = summed / truth.numel()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(state.network.parameters(), 1.0)
        state.optimizer.step()
        state.schedule.step()
        _follow(state.average, state.network, step)
        total += loss.item()
    return total / n_steps


def _fingerprint(
    data: Mapping[str, DenseData], seed: int, epochs: int, device: torch.device
) -> str:
    """A digest of all that the trained weights depend on."""
    digest = hashlib.blake2b(f"{seed} {epochs} {device.type} {torch.__version__}".encode())
    for part in data.values():
        digest.update(part.bounds.tobytes())
        for path in (part.x, part.y):
            with path.open("rb") as file:
                while block := file.read(1 << 24):
                    digest.update(block)
    return digest.hexdigest()


def _draw(
    x: np.ndarray,
    y: np.ndarray,
    bounds: np.ndarray,
    stretches: np.ndarray,
    rng: np.random.Generator,
) -> tuple[Tensor, Tensor]:
    """A batch of stretches at random places, each in one of both directions.

    Of some stretches some marks are hidden. Near the ends of a stretch the network sees less than
    it will later: there is no loss. Returns float32 (BATCH, spans x marks, bins) and int64 (BATCH,
    outputs).
    """
    n_marks = x.shape[1] // len(SPANS)
    signal, truth = [], []
    for first in rng.choice(stretches, BATCH):
        chrom = np.searchsorted(bounds, first, side="right") - 1
        low, high = bounds[chrom], bounds[chrom + 1] - STRETCH
        start = int(np.clip(first + rng.integers(-STRETCH // 2, STRETCH // 2), low, high))
        part = x[POOL * start : POOL * (start + STRETCH)].T.astype(np.float32)
        said = y[start : start + STRETCH].astype(np.int64)
        said[:_EDGE] = said[-_EDGE:] = -1
        if rng.random() < 0.5:
            part, said = part[:, ::-1], said[::-1]
        if rng.random() < 0.5:
            seen = (rng.random(n_marks) >= 2 * MARK_DROPOUT).astype(np.float32)
            part = part * np.tile(seen, len(SPANS))[:, np.newaxis]
        signal.append(part.copy())
        truth.append(said.copy())
    return torch.from_numpy(np.stack(signal)), torch.from_numpy(np.stack(truth))


@torch.no_grad()
def _follow(average: DilatedNetwork, network: DilatedNetwork, step: int) -> None:
    """Move the average a little towards the network; more so in the first steps."""
    decay = min(EMA_DECAY, (1 + step) / (10 + step))
    pairs = zip(average.state_dict().values(), network.state_dict().values(), strict=True)
    for mean, value in pairs:
        if mean.dtype.is_floating_point:
            mean.mul_(decay).add_(value, alpha=1 - decay)
        else:
            mean.copy_(value)


@torch.inference_mode()
def _look(network: DilatedNetwork, data: DenseData, weights: Tensor) -> tuple[float, float]:
    """Loss and mAP at natural prevalence over some of the validation stretches."""
    network.eval()
    x, y = data.open()
    found, truth = [], []
    for start in data.stretches(STRETCH)[::_CURVE_EVERY]:
        part = x[POOL * start : POOL * (start + STRETCH)].T.astype(np.float32)
        logits = network(torch.from_numpy(part.copy())[None].to(weights.device))[0]
        inner = slice(HALO, STRETCH - HALO)
        found.append((logits.T - weights.log()).softmax(dim=1).cpu().numpy()[inner])
        truth.append(np.asarray(y[start : start + STRETCH])[inner])
    p, t = np.concatenate(found), np.concatenate(truth)
    p, t = p[t >= 0], t[t >= 0]
    seen = [k for k in range(1, p.shape[1]) if (t == k).any()]
    areas = [average_precision_score(t == k, p[:, k]) for k in seen]
    return negative_log_likelihood(p, t), float(np.mean(areas)) if areas else 0.0


def _calibrate(
    genome: TrainingGenome,
    networks: Sequence[tuple[dict[str, np.ndarray], tuple[EpochRecord, ...]]],
    scale: np.ndarray,
    options: TrainingOptions,
    device: torch.device,
    threads: int,
) -> Calibrated:
    """Temperature and thresholds from every place of the validation chromosomes.

    The temperature is that of least loss there. The threshold of a class is the probability that,
    as a cut, has the highest F1 over the places there. The bias for labelled windows, that of least
    loss, is from those of the same chromosomes.
    """
    tensors = genome.tensors
    n_classes = len(tensors.classes)
    rows = tensors.select("validation")
    centres = tensors.start[rows] // tensors.bin_size + tensors.window_bins // 2
    labelled = np.empty((len(networks), len(rows), n_classes), np.float32)
    chroms = genome.chroms("validation")
    elements = labelled_elements(tensors, chroms)
    dense, truth, membership = [], [], []
    for chrom in chroms:
        x = features(genome.load(chrom).rpm, scale)
        tiles = np.arange(-(-x.shape[1] // (POOL * TILE)))
        here = tensors.chrom[rows] == tensors.chroms.index(chrom)
        mean = np.zeros((n_classes, x.shape[1] // POOL))
        for member, (weights, _) in enumerate(networks):
            network = load_network(weights, len(scale), n_classes)
            found = dense_probabilities(network, x, tiles, device, threads)
            labelled[member, here] = at_centres(found, centres[here])
            mean += found / len(networks)
        step = POOL * tensors.bin_size
        places = np.arange(mean.shape[1], dtype=np.int64) * step + step // 2
        said, belongs = label_windows(places, elements[chrom])
        dense.append(mean.T)
        truth.append(said)
        membership.append(belongs)
    p, t, m = np.concatenate(dense), np.concatenate(truth), np.concatenate(membership, axis=1)
    temperature = fit_temperature(p[t >= 0], t[t >= 0])
    p = temper(p, temperature)
    log.info(
        "drf: temperature %.3f; loss at natural prevalence on the validation chromosomes %.5f",
        temperature,
        negative_log_likelihood(p[t >= 0], t[t >= 0]),
    )
    thresholds = tuple(
        best_cut(p[m[k] != LEFT_OUT, k], m[k][m[k] != LEFT_OUT] == POSITIVE)
        for k in range(1, n_classes)
    )
    y = tensors.y[rows].astype(np.int64)
    trained = []
    for seed, (weights, curve), probabilities in zip(
        options.member_seeds, networks, labelled, strict=True
    ):
        score = mean_average_precision(y, probabilities)
        arrays = weights | {SCALE: scale}
        trained.append(
            TrainedMember(
                seed, options.epochs, score, 0, LEARNING_RATE, arrays, curve, probabilities
            )
        )
    bias = fit_bias(combine_members(labelled, temperature), y)
    return Calibrated(trained, temperature, thresholds, bias)


def best_cut(scores: np.ndarray, truth: np.ndarray) -> float:
    """The score that, as the lowest that is called, has the highest F1; 0.5 without a positive."""
    if not truth.any():
        return 0.5
    precision, recall, cuts = precision_recall_curve(truth, scores)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return round(float(cuts[f1[:-1].argmax()]), 6)
