"""How a model is trained."""

from typing import TYPE_CHECKING

import click

from deepregfinder.command_line import option_group

if TYPE_CHECKING:
    from deepregfinder.models.protocol import TrainingOptions


@option_group(
    "training",
    click.option("--seed", required=True, type=int, help="Random seed of the first member."),
    click.option("--seeds", required=True, type=int, help="Members to train: seed, seed + 1, ..."),
    click.option("--epochs", required=True, type=int, help="Passes over the training windows."),
    click.option("--batch_size", required=True, type=int, help="Windows a training step."),
    click.option("--learning_rate", required=True, type=float, help="Rate of Adam at the start."),
    click.option("--weight_decay", required=True, type=float, help="Weight decay of Adam."),
)
def training_options(
    seed: int,
    seeds: int,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    weight_decay: float,
) -> "TrainingOptions":
    from deepregfinder.models.protocol import TrainingOptions

    return TrainingOptions(seed, seeds, epochs, batch_size, learning_rate, weight_decay)
