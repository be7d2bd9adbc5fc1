"""Whether the signal of a sample is mapped to that of the training sample."""

import click

quantile_map_option = click.option(
    "--quantile_map",
    required=True,
    type=bool,
    help="Give each mark the distribution that it had in the training sample.",
)
