#!/usr/bin/env python3
"""Build the tensors that models are trained on."""

from pathlib import Path
from typing import Literal

import click

from deepregfinder.command_line import plain_errors
from deepregfinder.errors import InputError

PATH = click.Path(path_type=Path)


@click.command()
@click.option("--sample", required=True, help="Sample (cell type) of signal and candidates.")
@click.option("--signal", required=True, type=PATH, help="Made by build_signal.py.")
@click.option(
    "--candidates", required=True, type=PATH, help="Made by define_regions.py or assign_states.py."
)
@click.option("--classes", required=True, type=int, help="Classes of the run: 2, 3 or 5.")
@click.option("--window_bins", required=True, type=int, help="Bins of a window.")
@click.option(
    "--min_nonzero", required=True, type=int, help="A window needs so many non-zero entries."
)
@click.option("--n_background", required=True, type=int, help="Background windows in total.")
@click.option(
    "--transform",
    required=True,
    type=click.Choice(["none", "log2", "asinh"]),
    help="Applied to the signal before mean and standard deviation are taken.",
)
@click.option(
    "--split",
    required=True,
    type=click.Choice(["chromosome", "random"]),
    help="How windows are divided.",
)
@click.option("--train_chroms", required=True, help="Chromosomes to train on.")
@click.option("--validation_chroms", required=True, help="Chromosomes to validate on.")
@click.option("--test_chroms", required=True, help="Chromosomes to test on.")
@click.option("--seed", required=True, type=int, help="Of a random split.")
@click.option("--output", required=True, type=PATH, help="Tensors (safetensors).")
@click.option("--regions_output", required=True, type=PATH, help="Labelled windows (region file).")
@click.option("--summary", required=True, type=PATH, help="Table of windows by class and split.")
def build_tensors(
    sample: str,
    signal: Path,
    candidates: Path,
    classes: int,
    window_bins: int,
    min_nonzero: int,
    n_background: int,
    transform: Literal["none", "log2", "asinh"],
    split: Literal["chromosome", "random"],
    train_chroms: str,
    validation_chroms: str,
    test_chroms: str,
    seed: int,
    output: Path,
    regions_output: Path,
    summary: Path,
) -> None:
    """Cut labelled windows out of the signal, choose by it, and divide them in splits.

    Tensors hold reads per million and the statistics that normalise them (training chromosomes
    only). The region file has a line for each window of the tensors, in their order: chrom,
    start, end, class, state, split.
    """
    from deepregfinder.genome.splits import SplitPlan
    from deepregfinder.labels import windows as selection
    from deepregfinder.labels.candidates import read_regions, write_regions
    from deepregfinder.labels.tensors import write_tensors
    from deepregfinder.signal.store import open_signal

    opened = open_signal(signal)
    if opened.sample != sample:
        raise InputError(f"{signal} is the signal of {opened.sample}, not of {sample}.")
    built = selection.build_tensors(
        opened,
        read_regions(candidates),
        n_classes=classes,
        window_bins=window_bins,
        min_nonzero=min_nonzero,
        n_background=n_background,
        transform=transform,
        plan=SplitPlan.parse(split, train_chroms, validation_chroms, test_chroms),
        seed=seed,
    )
    write_tensors(output, built.tensors)
    write_regions(regions_output, built.regions)
    selection.write_summary(summary, built.selections)


if __name__ == "__main__":
    with plain_errors():
        build_tensors()
