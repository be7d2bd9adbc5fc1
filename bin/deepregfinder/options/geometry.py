"""The grid of bins and windows."""

from typing import TYPE_CHECKING

import click

from deepregfinder.command_line import option_group

if TYPE_CHECKING:
    from deepregfinder.genome.grid import Geometry


@option_group(
    "geometry",
    click.option("--bin_size", required=True, type=int, help="Width of a bin in bp."),
    click.option("--window_bins", required=True, type=int, help="Bins of a window."),
)
def geometry_options(bin_size: int, window_bins: int) -> "Geometry":
    """The options above, which a command receives as one Geometry."""
    from deepregfinder.genome.grid import Geometry

    return Geometry(bin_size, window_bins)
