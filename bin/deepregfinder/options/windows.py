"""Which candidates become labelled windows, and how their signal is normalised."""

from typing import TYPE_CHECKING

import click

from deepregfinder.command_line import option_group

if TYPE_CHECKING:
    from deepregfinder.labels.windows import WindowRules


@option_group(
    "rules",
    click.option("--classes", required=True, type=int, help="Classes of the run: 2, 3 or 5."),
    click.option("--window_bins", required=True, type=int, help="Bins of a window."),
    click.option(
        "--min_nonzero",
        required=True,
        type=int,
        help="Smallest number of non-zero entries of a window.",
    ),
    click.option("--n_background", required=True, type=int, help="Background windows in total."),
    click.option(
        "--transform",
        required=True,
        type=click.Choice(["none", "log2", "asinh"]),
        help="Transform of the signal before mean and standard deviation are computed.",
    ),
)
def window_options(
    classes: int, window_bins: int, min_nonzero: int, n_background: int, transform: str
) -> "WindowRules":
    """The options above, which a command receives as one WindowRules."""
    from deepregfinder.labels.windows import WindowRules

    return WindowRules(classes, window_bins, min_nonzero, n_background, transform)
