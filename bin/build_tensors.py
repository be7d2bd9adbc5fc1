#!/usr/bin/env python3
"""Build the tensors that models are trained on."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deepregfinder.command_line import PATH, plain_errors
from deepregfinder.errors import InputError
from deepregfinder.options.split import split_options
from deepregfinder.options.windows import window_options

if TYPE_CHECKING:
    from deepregfinder.genome.splits import SplitChoice
    from deepregfinder.labels.windows import WindowRules


@click.command()
@click.option("--sample", required=True, help="Sample (cell type) of signal and candidates.")
@click.option("--signal", required=True, type=PATH, help="Made by build_signal.py.")
@click.option(
    "--candidates", required=True, type=PATH, help="Made by define_regions.py or assign_states.py."
)
@click.option("--sources", type=PATH, help="Table of define_regions.py, to be recorded.")
@window_options
@split_options
@click.option("--seed", required=True, type=int, help="Of a random split.")
@click.option("--output", required=True, type=PATH, help="Tensors (safetensors).")
@click.option("--regions_output", required=True, type=PATH, help="Labelled windows (region file).")
@click.option("--summary", required=True, type=PATH, help="Table of windows by class and split.")
def build_tensors(
    sample: str,
    signal: Path,
    candidates: Path,
    sources: Path | None,
    rules: "WindowRules",
    choice: "SplitChoice",
    seed: int,
    output: Path,
    regions_output: Path,
    summary: Path,
) -> None:
    """Take the signal of labelled windows, choose windows by it, and divide them into splits.

    The tensors hold reads per million, and the statistics for normalisation, which come from the
    training chromosomes only. The region file has one line per window, in the order of the
    tensors: chrom, start, end, class, state, split.
    """
    from deepregfinder.labels.candidates import read_regions, write_regions
    from deepregfinder.labels.sources import read_sources
    from deepregfinder.labels.tensors import write_tensors
    from deepregfinder.labels.windows import choose_windows, write_summary
    from deepregfinder.signal.store import open_signal

    opened = open_signal(signal)
    if opened.sample != sample:
        raise InputError(f"{signal} is the signal of {opened.sample}, not of {sample}.")
    made_of = read_sources(sources) if sources else ()
    plan = choice.plan(opened.chrom_sizes)
    labelled = choose_windows(opened, read_regions(candidates), rules, plan, seed, made_of)
    write_tensors(output, labelled.tensors)
    write_regions(regions_output, labelled.regions)
    write_summary(summary, labelled.selections)


if __name__ == "__main__":
    with plain_errors():
        build_tensors()
