"""How often a block bootstrap draws, and from which seed."""

from typing import TYPE_CHECKING

import click

from deepregfinder.command_line import option_group

if TYPE_CHECKING:
    from deepregfinder.evaluation.metrics import Bootstrap


@option_group(
    "bootstrap",
    click.option(
        "--bootstrap",
        required=True,
        type=click.IntRange(0),
        help="Block-bootstrap samples for confidence intervals; 0 for none.",
    ),
    click.option("--seed", required=True, type=int, help="Random seed of the bootstrap."),
)
def bootstrap_options(bootstrap: int, seed: int) -> "Bootstrap":
    """The options above, which a command receives as one Bootstrap."""
    from deepregfinder.evaluation.metrics import Bootstrap

    return Bootstrap(bootstrap, seed)
