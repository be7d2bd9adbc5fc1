"""How a genome is scanned."""

from typing import TYPE_CHECKING

import click

from deepregfinder.command_line import option_group

if TYPE_CHECKING:
    from deepregfinder.prediction.scan import ScanOptions

quantile_map_option = click.option(
    "--quantile_map",
    required=True,
    type=bool,
    help="Give each mark the distribution that it had in the training sample.",
)


@option_group(
    "scanning",
    click.option("--step", required=True, type=int, help="Distance between windows in bp."),
    quantile_map_option,
)
def scan_options(step: int, quantile_map: bool) -> "ScanOptions":
    from deepregfinder.prediction.scan import ScanOptions

    return ScanOptions(step, quantile_map)
