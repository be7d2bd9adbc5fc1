"""The assay of a row of the samplesheet, and its own counting rules."""

from typing import TYPE_CHECKING

import click

from deepregfinder.command_line import option_group

if TYPE_CHECKING:
    from deepregfinder.counting.assays import RowRules


@option_group(
    "row",
    click.option(
        "--assay",
        default="chip",
        type=click.Choice(["chip", "cuttag", "cutrun", "atac", "dnase"]),
        help="Assay whose rules replace those of the run.",
    ),
    click.option(
        "--rule",
        multiple=True,
        help="NAME=VALUE: a counting rule that replaces that of the assay; may be repeated.",
    ),
)
def row_options(assay: str, rule: tuple[str, ...]) -> "RowRules":
    """The options above, which a command receives as one RowRules."""
    from deepregfinder.counting.assays import RowRules

    return RowRules.parse(assay, rule)
