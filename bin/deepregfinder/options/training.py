"""Which model is trained, what it is shown, and how it is trained."""

from typing import TYPE_CHECKING

import click

from deepregfinder.command_line import option_group
from deepregfinder.models.catalogue import ACCESSIBILITY, MODEL_NAMES

if TYPE_CHECKING:
    from deepregfinder.models.train import Learner


@option_group(
    "learner",
    click.option("--model", required=True, type=click.Choice(MODEL_NAMES), help="Model to train."),
    click.option(
        "--tss_input",
        type=bool,
        default=False,
        help="Experimental: give TSSs also to a model that can do without them.",
    ),
    click.option(
        "--accessibility",
        type=click.Choice(ACCESSIBILITY),
        default="all",
        help="Who sees a DNase or ATAC track: all models, or those that need one.",
    ),
    click.option("--withhold", help="Marks that no model sees, separated by commas."),
    click.option("--seed", required=True, type=int, help="Random seed of the first member."),
    click.option("--seeds", required=True, type=int, help="Members to train: seed, seed + 1, ..."),
    click.option("--epochs", required=True, type=int, help="Passes over the training windows."),
    click.option("--batch_size", required=True, type=int, help="Windows per training step."),
    click.option(
        "--learning_rate", required=True, type=float, help="Initial learning rate of Adam."
    ),
    click.option("--weight_decay", required=True, type=float, help="Weight decay of Adam."),
    click.option(
        "--portable",
        type=bool,
        default=False,
        help="Learn to do with fewer marks, fewer reads and another genome.",
    ),
)
def learner_options(
    model: str,
    tss_input: bool,
    accessibility: str,
    withhold: str | None,
    seed: int,
    seeds: int,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    weight_decay: float,
    portable: bool,
) -> "Learner":
    """The options above, which a command receives as one Learner."""
    from deepregfinder.models.protocol import TrainingOptions
    from deepregfinder.models.train import Learner

    training = TrainingOptions(
        seed, seeds, epochs, batch_size, learning_rate, weight_decay, portable
    )
    withheld = tuple(mark.strip() for mark in (withhold or "").split(",") if mark.strip())
    return Learner(model, tss_input, accessibility, training, withheld)
