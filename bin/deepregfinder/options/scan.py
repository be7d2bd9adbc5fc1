"""How a genome is scanned."""

from typing import TYPE_CHECKING

import click

from deepregfinder.command_line import option_group
from deepregfinder.options.quantile_map import quantile_map_option

if TYPE_CHECKING:
    from deepregfinder.prediction.scan import ScanOptions


@option_group(
    "scanning",
    click.option("--step", required=True, type=int, help="Distance between windows in bp."),
    quantile_map_option,
)
def scan_options(step: int, quantile_map: bool) -> "ScanOptions":
    """The options above, which a command receives as one ScanOptions."""
    from deepregfinder.prediction.scan import ScanOptions

    return ScanOptions(step, quantile_map)
