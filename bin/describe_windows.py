#!/usr/bin/env python3
"""Measure how far test windows lie from open chromatin, TSSs and peaks of factors."""

from pathlib import Path

import click

from deepregfinder.command_line import PATH, plain_errors


@click.command()
@click.option("--sample", required=True, help="Sample (cell type) of the labels.")
@click.option("--regions", required=True, type=PATH, help="Labelled windows (build_tensors.py).")
@click.option("--classes", required=True, type=int, help="Classes of the run: 2, 3 or 5.")
@click.option("--chrom_sizes", required=True, type=PATH, help="The main chromosomes.")
@click.option("--dhs", type=PATH, help="DNase or ATAC peaks.")
@click.option("--tss", required=True, type=PATH, help="Transcription start sites.")
@click.option("--enhancers", multiple=True, type=PATH, help="Peaks of enhancer TFs.")
@click.option("--tfbs", multiple=True, type=PATH, help="Peaks of other TFs.")
@click.option("--output", required=True, type=PATH, help="Table of the distances (TSV).")
@click.option("--plot", required=True, type=PATH, help="Cumulative curves of the distances (PNG).")
def describe_windows(
    sample: str,
    regions: Path,
    classes: int,
    chrom_sizes: Path,
    dhs: Path | None,
    tss: Path,
    enhancers: tuple[Path, ...],
    tfbs: tuple[Path, ...],
    output: Path,
    plot: Path,
) -> None:
    """Write distances of test windows to the nearest DHS, TSS and factor peak, by class.

    Unless the split is random, the table also has all background of the test chromosomes, next to
    the labelled background.
    """
    import pandas as pd

    from deepregfinder.classes import class_names
    from deepregfinder.genome.grid import read_chrom_sizes
    from deepregfinder.genome.intervals import read_intervals
    from deepregfinder.labels.candidates import read_regions
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
    distances = describe(
        read_regions(regions), markers, read_chrom_sizes(chrom_sizes), class_names(classes)
    )
    write_distances(output, distances)
    draw_distances(plot, distances, sample)


if __name__ == "__main__":
    with plain_errors():
        describe_windows()
