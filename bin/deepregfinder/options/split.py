"""How labelled windows are divided to train, validate and test."""

from typing import TYPE_CHECKING

import click

from deepregfinder.command_line import option_group

if TYPE_CHECKING:
    from deepregfinder.genome.splits import SplitChoice, SplitMode


@option_group(
    "choice",
    click.option(
        "--split",
        required=True,
        type=click.Choice(["chromosome", "random"]),
        help="How windows are divided into splits.",
    ),
    click.option("--train_chroms", help="Chromosomes to train on (default: by length)."),
    click.option("--validation_chroms", help="Chromosomes to validate on (default: by length)."),
    click.option("--test_chroms", help="Chromosomes to test on (default: by length)."),
)
def split_options(
    split: "SplitMode",
    train_chroms: str | None,
    validation_chroms: str | None,
    test_chroms: str | None,
) -> "SplitChoice":
    """The options above, which a command receives as one SplitChoice."""
    from deepregfinder.genome.splits import SplitChoice

    return SplitChoice.parse(split, train_chroms, validation_chroms, test_chroms)
