"""How labelled windows are divided to train, validate and test."""

from typing import TYPE_CHECKING

import click

from deepregfinder.command_line import option_group

if TYPE_CHECKING:
    from deepregfinder.genome.splits import SplitMode, SplitPlan


@option_group(
    "plan",
    click.option(
        "--split",
        required=True,
        type=click.Choice(["chromosome", "random"]),
        help="How windows are divided into splits.",
    ),
    click.option("--train_chroms", required=True, help="Chromosomes to train on."),
    click.option("--validation_chroms", required=True, help="Chromosomes to validate on."),
    click.option("--test_chroms", required=True, help="Chromosomes to test on."),
)
def split_options(
    split: "SplitMode", train_chroms: str, validation_chroms: str, test_chroms: str
) -> "SplitPlan":
    """The options above, which a command receives as one SplitPlan."""
    from deepregfinder.genome.splits import SplitPlan

    return SplitPlan.parse(split, train_chroms, validation_chroms, test_chroms)
