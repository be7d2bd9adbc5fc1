#!/usr/bin/env python3
"""Train a model on the labelled windows of a sample, or of several together."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deepregfinder.command_line import PATH, plain_errors
from deepregfinder.options.hardware import hardware_options
from deepregfinder.options.training import learner_options

if TYPE_CHECKING:
    from deepregfinder.models.device import Hardware
    from deepregfinder.models.train import Learner


@click.command()
@click.option(
    "--tensors",
    required=True,
    type=PATH,
    multiple=True,
    help="Labelled windows (build_tensors.py) of a sample; several samples train one model.",
)
@click.option(
    "--signal",
    type=PATH,
    multiple=True,
    help="Signal of the same sample, for models of chromosomes; in the order of --tensors.",
)
@click.option("--tss", type=PATH, help="TSSs (BED), for models that are given them.")
@learner_options
@hardware_options
@click.option("--output", required=True, type=PATH, help="Folder of the model bundle.")
def train_model(
    tensors: tuple[Path, ...],
    signal: tuple[Path, ...],
    tss: Path | None,
    learner: "Learner",
    hardware: "Hardware",
    output: Path,
) -> None:
    """Train a model, or several members from different seeds, and write them as one model bundle.

    The bundle is a folder: model.json and model.safetensors, with learning_curve.tsv beside them.
    deepregfinder/models/catalogue.json lists the options that have an effect on each model. A
    network leaves a checkpoint in the current folder after each epoch. After an interruption the
    same command continues there and gives the same bundle. On a CPU the bundle does not depend on
    --threads.
    """
    from deepregfinder.labels.tensors import open_tensors
    from deepregfinder.models.checkpoint import remove_checkpoints
    from deepregfinder.models.train import open_training, train_bundle, write_trained

    if signal and len(signal) != len(tensors):
        raise click.UsageError("Give --signal as often as --tensors, or not at all.")
    training = open_training([open_tensors(path) for path in tensors], learner, signal, tss)
    bundle, members = train_bundle(training, learner, hardware, Path.cwd())
    write_trained(output, bundle, members)
    remove_checkpoints(Path.cwd(), learner.model, learner.training)


if __name__ == "__main__":
    with plain_errors():
        train_model()
