#!/usr/bin/env python3
"""Contribution of each part of `drf`: the model is retrained without it and evaluated.

    tools/accuracy/ablation.py FOLDER LINE      (after tools/accuracy/run FOLDER)

Each variant leaves one part out and is evaluated on the test windows, every window and the ranked
calls of the test chromosomes. `tools/accuracy/methods.py` makes the table, with paired intervals.
What is finished is not computed again. Single seeds and the average of all stand in seeds.tsv.
"""

import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from unittest.mock import patch

import click
import numpy as np
import torch
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bin"))
from deepregfinder.labels.ground_truth import POSITIVE_WITHIN, distance_to_nearest
from deepregfinder.models.drf import calibrate, data, fit, network
from deepregfinder.models.protocol import TrainingGenome
from deepregfinder.progress import log_to_stderr

TEST_CHROMS = "chr19,chr22"
Replaced = dict[Any, dict[str, Any]]


def _narrow() -> Replaced:
    """The window and 200 bp on each side of it are all that the network sees."""
    return _no_means() | {network: {"SPANS": (1,), "_DILATIONS": (1, 2)}}


def _no_means() -> Replaced:
    return {module: {"SPANS": (1,)} for module in (network, data, fit)}


def _linear() -> Replaced:
    """RPM over its mean instead of the square root of that."""
    original = network.features

    def features(*given: Any) -> torch.Tensor:
        return original(*given).float().square_().half()

    return {module: {"features": features} for module in (network, data)}


def _labelled_negatives() -> Replaced:
    """Background is that of the labelled windows, not of every place of the chromosomes."""
    original = data.write_dense

    def write_dense(
        folder: Path,
        genome: TrainingGenome,
        split: str,
        constants: Mapping[str, np.ndarray],
        *given: Any,
    ) -> data.DenseData:
        dense = original(folder, genome, split, constants, *given)
        if split != "train":
            return dense
        tensors, y = genome.tensors, np.load(dense.y)
        step = network.POOL * tensors.bin_size
        for index, chrom in enumerate(genome.chroms(split)):
            here = tensors.chrom == tensors.chroms.index(chrom)
            background = np.sort(tensors.midpoints[here & (tensors.y == 0)])
            part = y[dense.bounds[index] : dense.bounds[index + 1]]
            centres = np.arange(len(part), dtype=np.int64) * step + step // 2
            far = distance_to_nearest(background, centres) > POSITIVE_WITHIN
            part[far & (part == 0)] = -1
        np.save(dense.y, y)
        return dense

    return {fit: {"write_dense": write_dense}}


def _both_directions() -> Replaced:
    """The chromosome is read in both directions and the probabilities are averaged."""
    original = network.dense_probabilities

    def dense_probabilities(
        trained: network.DilatedNetwork,
        tracks: torch.Tensor,
        scale: np.ndarray,
        _stretches: object,
        *given: Any,
    ) -> np.ndarray:
        n = network.n_outputs(tracks)
        even = functional.pad(tracks, (0, network.POOL * n - tracks.shape[1]))
        everything = network.stretches_with(np.arange(n), n, torch.device("cpu"))
        there, back = (
            original(trained, part, scale, everything, *given) for part in (even, even.flip(1))
        )
        return (there + back[::-1]) / 2

    return {module: {"dense_probabilities": dense_probabilities} for module in (network, calibrate)}


def _hierarchical() -> Replaced:
    """Five classes in two steps: the element, then its state."""
    original = network.DilatedNetwork.forward

    def forward(self: network.DilatedNetwork, x: torch.Tensor) -> torch.Tensor:
        z = original(self, x)
        background, enhancer, promoter = z[..., :3].log_softmax(dim=2).unbind(2)
        poised, active = (functional.logsigmoid(sign * z[..., 3:]).unbind(2) for sign in (-1, 1))
        return torch.stack(
            [
                background,
                enhancer + poised[0],
                enhancer + active[0],
                promoter + poised[1],
                promoter + active[1],
            ],
            dim=2,
        )

    return _equal_weights() | {network.DilatedNetwork: {"forward": forward}}


def _constant_rate() -> Replaced:
    schedules = torch.optim.lr_scheduler

    def constant(optimizer: torch.optim.Optimizer, *_: object, **__: object) -> Any:
        return schedules.ConstantLR(optimizer, factor=1.0)

    return {schedules: {"OneCycleLR": constant}}


def _equal_weights() -> Replaced:
    def class_weights(_y: np.ndarray, n_classes: int) -> np.ndarray:
        return np.ones(n_classes, np.float32)

    return {fit: {"class_weights": class_weights}}


VARIANTS: dict[str, Callable[[], Replaced]] = {
    "drf": dict,
    "labelled negatives only": _labelled_negatives,
    "window only": _narrow,
    "both directions": _both_directions,
    "no wide means": _no_means,
    "no square root": _linear,
    "equal class weights": _equal_weights,
    "one direction": lambda: {data: {"REVERSED": 0.0}},
    "no hidden marks": lambda: {data: {"TRACK_DROPOUT": 0.0}},
    "no weight averaging": lambda: {fit: {"EMA_DECAY": 0.0}},
    "constant learning rate": _constant_rate,
    "hierarchical": _hierarchical,
    "no dropout": lambda: {fit: {"DROPOUT": 0.0}},
}


@contextmanager
def without(variant: str) -> Iterator[None]:
    """The library as it is without a part, in this process."""
    with ExitStack() as stack:
        for module, names in VARIANTS[variant]().items():
            stack.enter_context(patch.multiple(module, **names))
        yield


def evaluate_variant(
    variant: str, folder: Path, run: str, line: str, tss: Path, epochs: int, seeds: int
) -> Path:
    """Train and evaluate one variant, in one thread; the folder of its evaluation.

    Paths are absolute: a process evaluates several variants, each in its own folder.
    """
    from call_elements import call_elements
    from evaluate_model import evaluate_model
    from predict_genome import predict_genome
    from train_model import train_model

    torch.set_num_threads(1)
    place = folder / "ablation" / run / line / variant.replace(" ", "_")
    evaluation = place / "evaluation" / variant.replace(" ", "_")
    if (evaluation / "metrics.json").exists():
        return evaluation
    place.mkdir(parents=True, exist_ok=True)
    os.chdir(place)  # training leaves its files in the current folder
    inputs = folder / run / "tensors"
    tensors, signal = inputs / f"{line}.tensors.safetensors", inputs / f"{line}.signal.zip"
    bundle, scan, bed = (place / name for name in ("bundle", "scan.zip", "calls.bed"))
    chroms = place / "chroms.txt"
    chroms.write_text(TEST_CHROMS.replace(",", "\n") + "\n")
    rules = {"tss": tss, "tss_merge": 500, "tss_distance": 2000}
    rates = {"batch_size": 256, "learning_rate": 0.01, "weight_decay": 1e-4}  # drf has its own
    with without(variant):
        train_model.callback(  # type: ignore[misc]
            tensors=(tensors,), signal=(signal,), tss=tss, tss_input=False,
            accessibility="all" if run == "dnase" else "needed", withhold=None, model="drf", seed=1,
            seeds=seeds, epochs=epochs, portable=False, device="cpu", threads=1, output=bundle,
            **rates,
        )  # fmt: skip
        predict_genome.callback(  # type: ignore[misc]
            bundle=bundle, signal=signal, chroms=chroms, step=200, quantile_map=False,
            device="cpu", threads=1, output=scan,
        )  # fmt: skip
        call_elements.callback(  # type: ignore[misc]
            sample=line, model="drf", probabilities=(scan,), dhs=None, enhancers=(), tfbs=(),
            validation_slop=1000, call_at="model", threshold=None, class_share="training",
            output=bed, cutoffs=place / "cutoffs.tsv", validation=place / "validation.tsv",
            summary=place / "calls.tsv", seeds_summary=None, **rules,
        )  # fmt: skip
        evaluate_model.callback(  # type: ignore[misc]
            sample=line, model="drf", bundle=bundle, tensors=tensors, signal=signal,
            probabilities=(scan,), calls=bed, cutoffs=place / "cutoffs.tsv",
            class_share="training", bootstrap=200, output=evaluation,
            model_card=place / "model_card.md", seed=1, **rules,
        )  # fmt: skip
    return evaluation


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, resolve_path=True))
@click.argument("line")
@click.option(
    "--tss", required=True, type=click.Path(path_type=Path, exists=True, resolve_path=True)
)
@click.option("--run", type=click.Choice(["three", "five", "dnase"]), default="three", help="Part.")
@click.option("--seeds", type=int, default=3)
@click.option("--epochs", type=int, default=10, envvar="EPOCHS")
@click.option("--only", multiple=True, type=click.Choice(tuple(VARIANTS)), help="These variants.")
@click.option("--processes", type=int, default=2)
def ablation(
    folder: Path,
    line: str,
    tss: Path,
    run: str,
    seeds: int,
    epochs: int,
    only: tuple[str, ...],
    processes: int,
) -> None:
    """Train and evaluate every variant and print the folders of the evaluations."""
    variants = only or [name for name in VARIANTS if run == "five" or name != "hierarchical"]
    context = get_context("spawn")
    with ProcessPoolExecutor(processes, context, log_to_stderr, (logging.INFO,)) as pool:
        tasks = [
            pool.submit(evaluate_variant, variant, folder, run, line, tss, epochs, seeds)
            for variant in variants
        ]
        for task in tasks:
            print(task.result())


if __name__ == "__main__":
    ablation()
