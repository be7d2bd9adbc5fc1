#!/usr/bin/env python3
"""Divide elements into active and poised ones by nascent RNA."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from deepregfinder.command_line import PATH, plain_errors
from deepregfinder.errors import InputError
from deepregfinder.options.geometry import geometry_options

if TYPE_CHECKING:
    from deepregfinder.genome.grid import Geometry


@click.command()
@click.option("--candidates", required=True, type=PATH, help="Made by define_regions.py.")
@click.option("--nascent", type=PATH, help="Counts of unstranded nascent RNA.")
@click.option("--nascent_sense", type=PATH, help="Counts of nascent RNA, sense strand.")
@click.option("--nascent_antisense", type=PATH, help="Counts of nascent RNA, antisense strand.")
@click.option(
    "--nascent_transform",
    required=True,
    type=click.Choice(["none", "log2"]),
    help="Cluster the counts, or log2(count + 1).",
)
@geometry_options
@click.option("--output", required=True, type=PATH, help="Candidates with states (region file).")
@click.option("--summary", required=True, type=PATH, help="Table of the clusters.")
def assign_states(
    candidates: Path,
    nascent: Path | None,
    nascent_sense: Path | None,
    nascent_antisense: Path | None,
    nascent_transform: Literal["none", "log2"],
    geometry: "Geometry",
    output: Path,
    summary: Path,
) -> None:
    """Divide promoters, and enhancers, into poised and active ones: 2-means on reads per window.

    Give --nascent, or both --nascent_sense and --nascent_antisense. In the second case each strand
    is clustered separately, and windows are kept where both strands agree. The clusters are those
    of the training windows. Background windows are copied. Clusters that are not meaningful are an
    error that lists their sizes and means.
    """
    from deepregfinder.counting.store import open_counts
    from deepregfinder.labels.candidates import read_regions, write_regions
    from deepregfinder.labels.states import add_states, write_summary

    given = {"nascent": nascent, "sense": nascent_sense, "antisense": nascent_antisense}
    files = {reads: path for reads, path in given.items() if path is not None}
    if set(files) not in ({"nascent"}, {"sense", "antisense"}):
        raise InputError(
            "Give the nascent RNA as one file (--nascent), or as one file per strand "
            f"(--nascent_sense and --nascent_antisense); given: {', '.join(files) or 'none'}."
        )
    counts = {reads: open_counts(path) for reads, path in files.items()}
    for reads, path in files.items():
        if (bin_size := counts[reads].attributes["bin_size"]) != geometry.bin_size:
            raise InputError(
                f"{path} has bins of {bin_size} bp, --bin_size is {geometry.bin_size}."
            )
    states = add_states(read_regions(candidates), counts, geometry, nascent_transform)
    write_regions(output, states.candidates)
    write_summary(summary, states)


if __name__ == "__main__":
    with plain_errors():
        assign_states()
