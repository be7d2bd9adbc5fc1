#!/usr/bin/env python3
"""Turn the counts of a sample into reads per million."""

from pathlib import Path
from typing import Literal

import click

from deepregfinder.command_line import EXISTING_FILE, PATH, plain_errors


@click.command()
@click.option("--sample", required=True, help="Name of the sample.")
@click.option(
    "--counts", required=True, multiple=True, type=EXISTING_FILE, help="Made by count_bins.py."
)
@click.option(
    "--controls", multiple=True, help="ID=CONTROL_ID: the control of each file of counts."
)
@click.option(
    "--control",
    required=True,
    type=click.Choice(["ignore", "subtract", "channel"]),
    help="Ignore controls, subtract them, or add them as channels.",
)
@click.option("--output", required=True, type=PATH, help="The signal file.")
@click.option("--summary", required=True, type=PATH, help="Table with one row per channel.")
def build_signal(
    sample: str,
    counts: tuple[Path, ...],
    controls: tuple[str, ...],
    control: Literal["ignore", "subtract", "channel"],
    output: Path,
    summary: Path,
) -> None:
    """Write reads per million of every mark in every bin.

    Counts are divided by the library size (usable reads on all chromosomes, in millions).
    Replicates of a mark are averaged with equal weights. Marks are sorted by name. --control says
    what is done with the controls that rows of the samplesheet name.
    """
    from deepregfinder.counting.store import open_counts
    from deepregfinder.signal.build import parse_controls, write_sample_signal, write_summary

    opened = [open_counts(path) for path in counts]
    channels = write_sample_signal(output, sample, opened, parse_controls(controls), control)
    write_summary(summary, sample, channels)


if __name__ == "__main__":
    with plain_errors():
        build_signal()
