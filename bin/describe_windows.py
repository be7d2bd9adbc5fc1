#!/usr/bin/env python3
"""Measure how far test windows lie from open chromatin, TSSs and peaks of factors."""

from pathlib import Path

import click

from deepregfinder.command_line import PATH, plain_errors


@click.command()
@click.option("--sample", required=True, help="Sample (cell type) of the labels.")
@click.option("--tensors", required=True, type=PATH, help="Labelled windows (build_tensors.py).")
@click.option("--dhs", type=PATH, help="DNase or ATAC peaks.")
@click.option("--tss", required=True, type=PATH, help="Transcription start sites.")
@click.option("--enhancers", multiple=True, type=PATH, help="Peaks of enhancer TFs.")
@click.option("--tfbs", multiple=True, type=PATH, help="Peaks of other TFs.")
@click.option("--output", required=True, type=PATH, help="Table of the distances (TSV).")
@click.option("--plot", required=True, type=PATH, help="Cumulative curves of the distances (PNG).")
@click.option("--background", required=True, type=PATH, help="Table of background at DHSs (TSV).")
def describe_windows(
    sample: str,
    tensors: Path,
    dhs: Path | None,
    tss: Path,
    enhancers: tuple[Path, ...],
    tfbs: tuple[Path, ...],
    output: Path,
    plot: Path,
    background: Path,
) -> None:
    """Write distances of test windows to the nearest DHS, TSS and factor peak, by class.

    Unless the split is random, the table also has all background of the test chromosomes, next to
    the labelled background. The table of background at DHSs has the number and share of the windows
    of the test chromosomes that are background although they lie at a DHS, and of the DHSs that
    count as background; "." is not available.
    """
    import pandas as pd

    from deepregfinder.genome.intervals import read_intervals
    from deepregfinder.labels.open_background import open_background, write_open_background
    from deepregfinder.labels.tensors import open_tensors
    from deepregfinder.labels.window_distances import (
        describe,
        draw_distances,
        write_distances,
    )

    lists = {"dhs": [dhs] if dhs else [], "tss": [], "factor": [*enhancers, *tfbs]}
    markers = {
        name: pd.concat([read_intervals(path, "peaks") for path in paths], ignore_index=True)
        for name, paths in lists.items()
        if paths
    }
    markers["tss"] = read_intervals(tss)
    labelled = open_tensors(tensors)
    distances = describe(labelled, markers)
    write_distances(output, distances)
    draw_distances(plot, distances, sample)
    write_open_background(background, open_background(labelled, markers.get("dhs")))


if __name__ == "__main__":
    with plain_errors():
        describe_windows()
