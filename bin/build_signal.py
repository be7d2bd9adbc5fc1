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
    from deepregfinder.signal.build import parse_controls, write_sample_signal, write_summary

    opened = [open_counts(path) for path in counts]
    channels = write_sample_signal(output, sample, opened, parse_controls(controls), control)
    write_summary(summary, sample, channels)


if __name__ == "__main__":
    with plain_errors():
        build_signal()
