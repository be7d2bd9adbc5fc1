#!/usr/bin/env python3
"""Say how far the windows that models are tested on lie from open chromatin, TSSs and factors."""

from pathlib import Path

import click

from deepregfinder.command_line import plain_errors

FILE = click.Path(path_type=Path)


@click.command()
@click.option("--sample", required=True, help="Sample (cell type) that the labels are of.")
@click.option("--regions", required=True, type=FILE, help="Labelled windows (build_tensors.py).")
@click.option("--classes", required=True, type=int, help="Classes of the run: 2, 3 or 5.")
@click.option("--chrom_sizes", required=True, type=FILE, help="The main chromosomes.")
@click.option("--dhs", type=FILE, help="DNase or ATAC peaks.")
@click.option("--tss", required=True, type=FILE, help="Transcription start sites.")
@click.option("--enhancers", multiple=True, type=FILE, help="Peaks of enhancer TFs.")
@click.option("--tfbs", multiple=True, type=FILE, help="Peaks of other TFs.")
@click.option("--output", required=True, type=FILE, help="The distances in numbers (TSV).")
@click.option("--plot", required=True, type=FILE, help="The distances as curves (PNG).")
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

    Beside the labelled background stands the background of the test chromosomes as they are, unless
    the split is random.
    """
    import pandas as pd

    from deepregfinder.classes import class_names
    from deepregfinder.evaluation.window_distances import (
        describe,
        draw_surroundings,
        write_surroundings,
    )
    from deepregfinder.genome.grid import read_chrom_sizes
    from deepregfinder.genome.intervals import read_intervals
    from deepregfinder.labels.candidates import read_regions

    lists = {"dhs": [dhs] if dhs else [], "tss": [], "factor": [*enhancers, *tfbs]}
    markers = {
        name: pd.concat([read_intervals(path, "peaks") for path in paths], ignore_index=True)
        for name, paths in lists.items()
        if paths
    }
    markers["tss"] = read_intervals(tss)
    found = describe(
        read_regions(regions), markers, read_chrom_sizes(chrom_sizes), class_names(classes)
    )
    write_surroundings(output, found)
    draw_surroundings(plot, found, sample)


if __name__ == "__main__":
    with plain_errors():
        describe_windows()
