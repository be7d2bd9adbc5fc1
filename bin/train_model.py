#!/usr/bin/env python3
"""Train a model on the labelled windows of one sample."""

from pathlib import Path

import click

from deepregfinder.command_line import plain_errors
from deepregfinder.models.accessibility import ACCESSIBILITY, marks_seen
from deepregfinder.models.catalogue import MODEL_NAMES

PATH = click.Path(path_type=Path)


@click.command()
@click.option("--tensors", required=True, type=PATH, help="Labelled windows (build_tensors.py).")
@click.option("--signal", type=PATH, help="Signal of the same sample, for models of the genome.")
@click.option("--tss", type=PATH, help="TSSs (BED), for models that are told of them.")
@click.option("--tss_input", type=bool, default=True, help="Whether drf is told, as ccre is.")
@click.option(
    "--accessibility",
    type=click.Choice(ACCESSIBILITY),
    default="all",
    help="Who sees a DNase or ATAC track: all models, or those that need one.",
)
@click.option("--model", required=True, type=click.Choice(MODEL_NAMES), help="Model to train.")
@click.option("--seed", required=True, type=int, help="Random seed of the first member.")
@click.option("--seeds", required=True, type=int, help="Members to train: seed, seed + 1, ...")
@click.option("--epochs", required=True, type=int, help="Passes over the training windows.")
@click.option("--batch_size", required=True, type=int, help="Windows a training step.")
@click.option("--learning_rate", required=True, type=float, help="Rate of Adam at the start.")
@click.option("--weight_decay", required=True, type=float, help="Weight decay of Adam.")
@click.option("--device", required=True, help="cpu, cuda, or auto: a GPU where there is one.")
@click.option("--threads", required=True, type=int, help="CPU threads to train with.")
@click.option("--output", required=True, type=PATH, help="Folder of the model bundle.")
def train_model(
    tensors: Path,
    signal: Path | None,
    tss: Path | None,
    tss_input: bool,
    accessibility: str,
    model: str,
    seed: int,
    seeds: int,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    weight_decay: float,
    device: str,
    threads: int,
    output: Path,
) -> None:
    """Train a model, or several members from different seeds, and write them as one model bundle.

    The bundle is a folder: model.json and model.safetensors, with learning_curve.tsv beside them.
    Forests (rf, gbm, rfecs) and hidden Markov models (chromhmm, ehmm) take no notice of the options
    of networks. Of a network, a checkpoint is left in the current folder after each epoch; the same
    command, run again after an interruption, continues there and gives the same bundle as if
    nothing had happened. On a CPU the bundle does not depend on --threads.
    """
    from deepregfinder.labels.tensors import open_tensors
    from deepregfinder.models.checkpoint import remove_checkpoints
    from deepregfinder.models.device import choose_device
    from deepregfinder.models.protocol import TrainingOptions
    from deepregfinder.models.train import open_genome, train_bundle, write_trained
    from deepregfinder.models.tss_input import is_told_tss

    options = TrainingOptions(seed, seeds, epochs, batch_size, learning_rate, weight_decay)
    place = choose_device(device)
    windows = open_tensors(tensors)
    windows = windows.with_marks(marks_seen(model, windows.marks, accessibility))
    told = tss if is_told_tss(model, tss_input) else None
    genome = open_genome(windows, signal, told) if signal else None
    bundle, members = train_bundle(windows, model, options, place, threads, Path.cwd(), genome)
    write_trained(output, bundle, members)
    remove_checkpoints(Path.cwd(), model, options)


if __name__ == "__main__":
    with plain_errors():
        train_model()
