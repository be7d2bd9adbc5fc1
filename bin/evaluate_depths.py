#!/usr/bin/env python3
"""Evaluate models on a sample with a fraction of its reads."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deepregfinder.command_line import PATH, plain_errors
from deepregfinder.errors import InputError
from deepregfinder.options.bootstrap import bootstrap_options
from deepregfinder.options.controls import control_options
from deepregfinder.options.hardware import hardware_options
from deepregfinder.options.scan import scan_options

if TYPE_CHECKING:
    from deepregfinder.evaluation.metrics import Bootstrap
    from deepregfinder.models.device import Hardware
    from deepregfinder.prediction.scan import ScanOptions
    from deepregfinder.signal.build import Controls


@click.command()
@click.option("--model", required=True, multiple=True, help="Name of a model in this run.")
@click.option(
    "--bundle", required=True, multiple=True, type=PATH, help="Their folders, in the same order."
)
@click.option("--tensors", required=True, type=PATH, help="Labelled windows (build_tensors.py).")
@click.option("--counts", required=True, multiple=True, type=PATH, help="As of build_signal.py.")
@control_options
@click.option("--depths", required=True, help="Fractions of the reads, separated by commas.")
@scan_options
@bootstrap_options
@hardware_options
@click.option("--output", required=True, type=PATH, help="The table (TSV).")
@click.option("--plot", required=True, type=PATH, help="Average precision against reads (PNG).")
def evaluate_depths(
    model: tuple[str, ...],
    bundle: tuple[Path, ...],
    tensors: Path,
    counts: tuple[Path, ...],
    controls: "Controls",
    depths: str,
    scanning: "ScanOptions",
    bootstrap: "Bootstrap",
    hardware: "Hardware",
    output: Path,
    plot: Path,
) -> None:
    """Write average precision and ECE of every model with all reads and with each fraction of them.

    Reads are drawn at random from the counts, with --seed; models are not trained again. They are
    evaluated on the labelled test windows and, unless the split is random, on every window of the
    test chromosomes.
    """
    from deepregfinder.counting.store import open_counts
    from deepregfinder.evaluation.read_depth import (
        DepthSample,
        draw_depths,
        measure_depths,
        parse_shares,
        write_scores,
    )
    from deepregfinder.labels.tensors import open_tensors
    from deepregfinder.models.bundle import read_bundle
    from deepregfinder.prediction.scorers import load_scorer

    if len(model) != len(bundle):
        raise InputError(
            f"Give one --bundle for each --model: {len(model)} and {len(bundle)} are given."
        )
    scorers = {
        name: load_scorer(read_bundle(folder), hardware.device, hardware.threads)
        for name, folder in zip(model, bundle, strict=True)
    }
    windows, opened = open_tensors(tensors), [open_counts(path) for path in counts]
    sample = DepthSample(windows, opened, controls)
    scores = measure_depths(scorers, sample, parse_shares(depths), scanning, bootstrap)
    write_scores(output, scores)
    draw_depths(plot, scores, windows.classes[1:])


if __name__ == "__main__":
    with plain_errors():
        evaluate_depths()
