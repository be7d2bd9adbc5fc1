#!/usr/bin/env python3
"""Train a model on the labelled windows of one sample."""

from pathlib import Path

import click

from deepregfinder.errors import plain_errors
from deepregfinder.models import MODEL_NAMES

PATH = click.Path(path_type=Path)


@click.command()
@click.option("--tensors", required=True, type=PATH, help="Labelled windows (build_tensors.py).")
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
    Forests (rf, gbm, rfecs) take no notice of the options of networks. Of a network, a checkpoint
    is left in the current folder after each epoch; the same command, run again after an
    interruption, continues there and gives the same bundle as if nothing had happened. On a CPU the
    bundle does not depend on --threads.
    """
    from deepregfinder.models.device import choose_device
    from deepregfinder.optimisation import TrainingOptions, remove_checkpoints
    from deepregfinder.tensors import open_tensors
    from deepregfinder.training import train_bundle, write_trained

    options = TrainingOptions(seed, seeds, epochs, batch_size, learning_rate, weight_decay)
    place = choose_device(device)
    bundle, members = train_bundle(
        open_tensors(tensors), model, options, place, threads, Path.cwd()
    )
    write_trained(output, bundle, members)
    remove_checkpoints(Path.cwd(), model, options)


if __name__ == "__main__":
    with plain_errors():
        train_model()
