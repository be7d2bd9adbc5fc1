#!/usr/bin/env python3
"""Turn the counts of a sample into reads per million."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deepregfinder.command_line import EXISTING_FILE, PATH, plain_errors
from deepregfinder.options.controls import control_options

if TYPE_CHECKING:
    from deepregfinder.signal.build import Controls


@click.command()
@click.option("--sample", required=True, help="Name of the sample.")
@click.option(
    "--counts", required=True, multiple=True, type=EXISTING_FILE, help="Made by count_bins.py."
)
@control_options
@click.option("--output", required=True, type=PATH, help="The signal file.")
@click.option("--summary", required=True, type=PATH, help="Table with one row per channel.")
def build_signal(
    sample: str,
    counts: tuple[Path, ...],
    controls: "Controls",
    output: Path,
    summary: Path,
) -> None:
    """Write reads per million of every mark in every bin.

    Counts are divided by the library size (usable reads on main chromosomes, in millions).
    Replicates of a mark are pooled. Marks are sorted by name. --control says what is done with the
    controls that rows of the samplesheet name.
    """
    from deepregfinder.counting.store import open_counts
    from deepregfinder.signal.build import write_sample_signal, write_summary

    opened = [open_counts(path) for path in counts]
    channels = write_sample_signal(output, sample, opened, controls)
    write_summary(summary, sample, channels)


if __name__ == "__main__":
    with plain_errors():
        build_signal()
