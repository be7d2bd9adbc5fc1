#!/usr/bin/env python3
"""Measure models on the test chromosomes of a sample with a part of its reads."""

from pathlib import Path
from typing import Literal

import click

from deepregfinder.command_line import plain_errors
from deepregfinder.errors import InputError

PATH = click.Path(path_type=Path)


@click.command()
@click.option("--model", required=True, multiple=True, help="Name of a model in this run.")
@click.option(
    "--bundle", required=True, multiple=True, type=PATH, help="Folders of these, in their order."
)
@click.option("--tensors", required=True, type=PATH, help="Labelled windows (build_tensors.py).")
@click.option("--counts", required=True, multiple=True, type=PATH, help="As of build_signal.py.")
@click.option("--controls", multiple=True, help="As of build_signal.py.")
@click.option(
    "--control",
    required=True,
    type=click.Choice(["ignore", "subtract", "channel"]),
    help="As of build_signal.py.",
)
@click.option("--depths", required=True, help="Shares of the reads, separated by commas.")
@click.option("--step", required=True, type=int, help="Distance between windows in bp.")
@click.option(
    "--quantile_map",
    required=True,
    type=bool,
    help="Give each mark the distribution that it had in the training sample.",
)
@click.option("--bootstrap", required=True, type=int, help="Replicates of the block bootstrap.")
@click.option("--seed", required=True, type=int, help="Random seed of reads and bootstrap.")
@click.option("--device", required=True, help="cpu, cuda, or auto: a GPU where there is one.")
@click.option("--threads", required=True, type=int, help="Threads on a CPU.")
@click.option("--output", required=True, type=PATH, help="The table (TSV).")
@click.option("--plot", required=True, type=PATH, help="Average precision against reads (PNG).")
def evaluate_depths(
    model: tuple[str, ...],
    bundle: tuple[Path, ...],
    tensors: Path,
    counts: tuple[Path, ...],
    controls: tuple[str, ...],
    control: Literal["ignore", "subtract", "channel"],
    depths: str,
    step: int,
    quantile_map: bool,
    bootstrap: int,
    seed: int,
    device: str,
    threads: int,
    output: Path,
    plot: Path,
) -> None:
    """Write average precision and ECE of every model with all reads and with each share of them.

    Reads are drawn by chance from the counts; the models are not trained again. Measured are the
    labelled test windows and, unless these were drawn at random, every window of the test
    chromosomes.
    """
    from deepregfinder.counting.store import open_counts
    from deepregfinder.evaluation.read_depth import draw_depths, measure_depths, parse_shares, table
    from deepregfinder.labels.tensors import open_tensors
    from deepregfinder.models.bundle import read_bundle
    from deepregfinder.models.device import choose_device
    from deepregfinder.prediction.scorers import load_scorer
    from deepregfinder.signal.build import parse_controls
    from deepregfinder.storage.tables import write_table

    if len(model) != len(bundle):
        raise InputError(f"There are {len(model)} --model, but {len(bundle)} --bundle.")
    place, windows = choose_device(device), open_tensors(tensors)
    scores = measure_depths(
        {
            name: load_scorer(read_bundle(folder), place, threads)
            for name, folder in zip(model, bundle, strict=True)
        },
        windows,
        [open_counts(path) for path in counts],
        parse_controls(controls),
        control,
        parse_shares(depths),
        step,
        quantile_map,
        bootstrap,
        seed,
    )
    write_table(output, table(scores))
    draw_depths(plot, scores, windows.classes[1:])


if __name__ == "__main__":
    with plain_errors():
        evaluate_depths()
