"""The threshold of calls, of every model on the same scale."""

import click

threshold_option = click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    help="Lowest probability of a called window, on the scale on which 0.5 is the threshold of the "
    "model itself.  [default: 0.5]",
)
