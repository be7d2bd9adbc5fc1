"""From labelled windows to a model bundle: one member a seed, their average calibrated.

Each network trains on ONE CPU thread, and several seeds train side by side in processes of their
own: sums that are split over threads are rounded differently for each number of threads, and the
same seed has to give the same weights whatever the task was given.
"""

import logging
import multiprocessing
import platform
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

from deepregfinder import __version__
from deepregfinder.errors import InputError
from deepregfinder.genome.intervals import read_intervals
from deepregfinder.genome.splits import SPLITS
from deepregfinder.labels.tensors import Tensors
from deepregfinder.models.bundle import Bundle, Member, write_bundle
from deepregfinder.models.calibration import (
    combine_members,
    fit_bias,
    fit_temperature,
    mean_average_precision,
    negative_log_likelihood,
    temper,
)
from deepregfinder.models.catalogue import kind_of
from deepregfinder.models.drf.fit import train_drf
from deepregfinder.models.protocol import (
    Arrays,
    ChromosomeSignal,
    EpochRecord,
    TrainedMember,
    TrainingGenome,
    TrainingOptions,
)
from deepregfinder.models.registry import fit_genome, score_genome
from deepregfinder.models.windows.fit import TrainingData, train_network
from deepregfinder.progress import log_to_stderr
from deepregfinder.signal.scale import normalise_windows
from deepregfinder.signal.store import mark_depths, match_marks, open_signal
from deepregfinder.storage.tables import write_rows

log = logging.getLogger(__name__)


def train_bundle(
    tensors: Tensors,
    model: str,
    options: TrainingOptions,
    device: torch.device,
    threads: int,
    folder: Path,
    genome: TrainingGenome | None = None,
) -> tuple[Bundle, list[TrainedMember]]:
    """Train a model on labelled windows and calibrate it on their validation windows.

    genome : what models of the genome learn from, with the same tensors

    Returns the bundle and its trained members with their learning curves. `folder` holds a
    checkpoint of each network; the same call after an interruption continues from there and gives
    the same bundle. Raises InputError where windows of a class are lacking or training diverges.
    """
    data = _training_data(tensors)
    thresholds = (0.5,) * (len(tensors.classes) - 1)
    labelled_bias = (0.0,) * len(tensors.classes)
    if model == "drf":
        fitted = train_drf(_sees_chromosomes(model, genome), options, device, threads, folder)
        members, temperature, thresholds = fitted.members, fitted.temperature, fitted.thresholds
        labelled_bias = fitted.labelled_bias
    else:
        if kind_of(model) == "genome":
            whole = _sees_chromosomes(model, genome)
            members = train_on_genome(data, whole, model, options, threads)
        elif kind_of(model) == "forest":
            members = train_forests(data, model, options, threads)
        else:
            members = train_networks(data, model, options, device, threads, folder)
        # Of ccre, 0.5 is the border of a rule and has to stay it.
        fixed = model == "ccre"
        temperature = 1.0 if fixed else _temperature(model, members, data.y_validation)
        if model == "ehmm":  # posteriors at natural prevalence
            found = np.stack([member.validation_probabilities for member in members])
            labelled_bias = fit_bias(combine_members(found, temperature), data.y_validation)
    bundle = Bundle(
        model=model,
        sample=tensors.sample,
        classes=tuple(tensors.classes),
        marks=tuple(tensors.marks),
        bin_size=tensors.geometry.bin_size,
        window_bins=tensors.geometry.window_bins,
        chrom_sizes=tensors.chrom_sizes,
        split=tensors.split_plan,
        normalisation=tensors.normalisation,
        temperature=temperature,
        thresholds=thresholds,
        labelled_bias=labelled_bias,
        members=tuple(
            Member(m.seed, m.best_epoch, m.validation_map, m.restarts, m.learning_rate)
            for m in members
        ),
        n_windows=_count_windows(tensors),
        training=vars(options)
        if kind_of(model) == "network"
        else {"seed": options.seed, "seeds": options.seeds},
        provenance={"seed": tensors.seed, "control": tensors.control, "filters": tensors.filters},
        versions={
            "deepregfinder": __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in ("numpy", "scikit-learn", "torch")},
        },
        weights=tuple(member.weights for member in members),
    )
    return bundle, members


def _temperature(model: str, members: Sequence[TrainedMember], y: np.ndarray) -> float:
    """That of the averaged probabilities of the labelled validation windows."""
    mean = np.mean([member.validation_probabilities for member in members], axis=0, dtype=float)
    temperature = fit_temperature(mean, y)
    log.info(
        "%s: temperature %.3f; validation loss %.4f, %.4f after calibration",
        model,
        temperature,
        negative_log_likelihood(mean, y),
        negative_log_likelihood(temper(mean, temperature), y),
    )
    return temperature


def write_trained(output: Path, bundle: Bundle, members: Sequence[TrainedMember]) -> None:
    """Write the bundle and, beside it, learning_curve.tsv."""
    write_bundle(output, bundle)
    records = (record for member in members for record in member.curve)
    write_rows(output / "learning_curve.tsv", EpochRecord, records)


def open_genome(tensors: Tensors, signal: Path, tss: Path | None) -> TrainingGenome:
    """The chromosomes that labelled windows come from, with the marks of the windows.

    Raises InputError where the signal is of another sample, or lacks a mark.
    """
    opened = open_signal(signal)
    if opened.sample != tensors.sample:
        raise InputError(f"{signal} is the signal of {opened.sample}, not of {tensors.sample}.")
    rows = match_marks(tensors.marks, opened)
    depths = mark_depths(opened)[rows]

    def load(chrom: str) -> ChromosomeSignal:
        length = opened.chrom_sizes[chrom]
        return ChromosomeSignal(chrom, length, opened.load(chrom)[rows], depths, opened.bin_size)

    sites = None
    if tss:
        table = read_intervals(tss)
        middles = (table["start"] + table["end"]) // 2
        sites = {
            str(chrom): np.sort(part.to_numpy(np.int64))
            for chrom, part in middles.groupby(table["chrom"])
        }
    return TrainingGenome(tensors, sites, load)


def _training_data(tensors: Tensors) -> TrainingData:
    rows = {split: tensors.select(split) for split in ("train", "validation")}
    x = {
        split: normalise_windows(tensors.normalisation, tensors.x[chosen])
        for split, chosen in rows.items()
    }
    y = {split: tensors.y[chosen].astype(np.int64) for split, chosen in rows.items()}
    return TrainingData(
        tuple(tensors.classes), x["train"], y["train"], x["validation"], y["validation"]
    )


def _count_windows(tensors: Tensors) -> dict[str, dict[str, int]]:
    """Labelled windows by split and class."""
    counts = {}
    for split in SPLITS:
        found = np.bincount(tensors.y[tensors.select(split)], minlength=len(tensors.classes))
        counts[split] = dict(zip(tensors.classes, found.tolist(), strict=True))
    return counts


def train_forests(
    data: TrainingData, model: str, options: TrainingOptions, threads: int
) -> list[TrainedMember]:
    """Train one forest for each seed, one after the other; each uses all threads.

    The learning curve has a point for each of about ten numbers of trees.
    """
    from deepregfinder.models.forests.model import fit_forest, staged_forest

    trained = []
    for seed in options.member_seeds:
        arrays = fit_forest(model, data.x_train, data.y_train, len(data.classes), seed, threads)
        curve, probabilities = [], np.empty(0)
        stages = zip(
            staged_forest(model, arrays, data.x_train),
            staged_forest(model, arrays, data.x_validation),
            strict=True,
        )
        for (n_trees, on_train), (_, probabilities) in stages:
            curve.append(
                EpochRecord(
                    seed,
                    n_trees,
                    negative_log_likelihood(on_train, data.y_train),
                    negative_log_likelihood(probabilities, data.y_validation),
                    mean_average_precision(data.y_validation, probabilities),
                    0.0,
                )
            )
        last = curve[-1]
        log.info(
            "%s seed %d: %d trees, validation mAP %.4f",
            model, seed, last.epoch, last.validation_map,
        )  # fmt: skip
        trained.append(
            TrainedMember(
                seed, last.epoch, last.validation_map, 0, 0.0, arrays, tuple(curve), probabilities
            )
        )
    return trained


def _sees_chromosomes(model: str, genome: TrainingGenome | None) -> TrainingGenome:
    """Raise InputError where there is no signal, or windows were divided at random.

    What a model sees around its training windows would then hold the test windows.
    """
    if genome is None:
        raise InputError(f"{model} learns from whole chromosomes: give --signal.")
    if genome.tensors.split_plan.mode == "random":
        raise InputError(
            f"{model} sees the chromosome around a window, so that --split random would show it "
            "the test windows: use --split chromosome."
        )
    return genome


def train_on_genome(
    data: TrainingData,
    genome: TrainingGenome,
    model: str,
    options: TrainingOptions,
    threads: int,
) -> list[TrainedMember]:
    """Fit a model of the genome. One member is enough: its fit holds hardly any chance."""
    arrays = fit_genome(model, genome, options.seed, threads)
    probabilities = _score_labelled(model, arrays, genome, "validation", threads)
    score = mean_average_precision(data.y_validation, probabilities)
    log.info("%s: validation mAP %.4f", model, score)
    loss = negative_log_likelihood(probabilities, data.y_validation)
    on_train = _score_labelled(model, arrays, genome, "train", threads)
    record = EpochRecord(
        options.seed, 1, negative_log_likelihood(on_train, data.y_train), loss, score, 0.0
    )
    return [TrainedMember(options.seed, 1, score, 0, 0.0, arrays, (record,), probabilities)]


def _score_labelled(
    model: str, arrays: Arrays, genome: TrainingGenome, split: str, threads: int
) -> np.ndarray:
    """Probabilities of the labelled windows of a split, in their order: float32 (n, classes)."""
    tensors = genome.tensors
    rows = tensors.select(split)
    found = np.empty((len(rows), len(tensors.classes)), np.float32)
    for index in np.unique(tensors.chrom[rows]):
        here = tensors.chrom[rows] == index
        starts = tensors.start[rows][here] // tensors.bin_size
        signal = genome.load(tensors.chroms[index])
        found[here] = score_genome(
            model, arrays, signal, starts, tensors.window_bins, torch.device("cpu"), threads
        )
    return found


def train_networks(
    data: TrainingData,
    model: str,
    options: TrainingOptions,
    device: torch.device,
    threads: int,
    folder: Path,
) -> list[TrainedMember]:
    """Train one network for each seed; a re-run continues from the checkpoints in `folder`.

    On a CPU up to `threads` seeds train at a time; the result does not depend on it.
    Raises InputError where training diverges even at the lowest rate.
    """
    seeds = options.member_seeds
    n_workers = min(threads, options.seeds) if device.type == "cpu" else 1
    if n_workers <= 1:
        return [train_network(data, model, options, seed, device, folder) for seed in seeds]
    # spawn: a forked child would inherit locks of torch's threads that nobody will release.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(n_workers, context, log_to_stderr, (log.getEffectiveLevel(),)) as pool:
        tasks = [
            pool.submit(train_network, data, model, options, seed, device, folder) for seed in seeds
        ]
        try:
            return [task.result() for task in tasks]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
