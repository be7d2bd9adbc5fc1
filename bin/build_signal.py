#!/usr/bin/env python3
"""Turn the counts of a sample into reads per million."""

from pathlib import Path
from typing import Literal

import click

from deepregfinder.command_line import plain_errors

PATH = click.Path(path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--sample", required=True, help="Name of the sample.")
@click.option("--counts", required=True, multiple=True, type=FILE, help="Made by count_bins.py.")
@click.option("--controls", multiple=True, help="ID=CONTROL_ID: which counts are whose control.")
@click.option(
    "--control",
    required=True,
    type=click.Choice(["ignore", "subtract", "channel"]),
    help="Leave controls out, subtract them, or make them channels of their own.",
)
@click.option("--output", required=True, type=PATH, help="The signal file.")
@click.option("--summary", required=True, type=PATH, help="Table with a row for each channel.")
def build_signal(
    sample: str,
    counts: tuple[Path, ...],
    controls: tuple[str, ...],
    control: Literal["ignore", "subtract", "channel"],
    output: Path,
    summary: Path,
) -> None:
    """Write reads per million of every mark in every bin: replicates averaged, marks by name.

    Counts are divided by their library (usable reads on any chromosome, in millions); replicates
    count alike. A row of the samplesheet may name a control: see --control.
    """
    from deepregfinder.counting.store import open_counts
    from deepregfinder.signal import build as rpm

    pairs = rpm.parse_controls(controls)
    opened = [open_counts(path) for path in counts]
    rpm.write_summary(summary, sample, rpm.build_signal(output, sample, opened, pairs, control))


if __name__ == "__main__":
    with plain_errors():
        build_signal()
