#!/usr/bin/env python3
"""Evaluate the models of all samples on the test windows of one."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deepregfinder.command_line import PATH, plain_errors
from deepregfinder.options.bootstrap import bootstrap_options

if TYPE_CHECKING:
    from deepregfinder.evaluation.metrics import Bootstrap


@click.command()
@click.option("--model", required=True, help="Kind of the models.")
@click.option(
    "--bundle", required=True, multiple=True, type=PATH, help="Folder of a model, one per sample."
)
@click.option("--tensors", required=True, type=PATH, help="Labelled windows of the tested sample.")
@click.option("--signal", required=True, type=PATH, help="Its signal.")
@bootstrap_options
@click.option("--output", required=True, type=PATH, help="The table (TSV).")
def evaluate_across(
    model: str,
    bundle: tuple[Path, ...],
    tensors: Path,
    signal: Path,
    bootstrap: "Bootstrap",
    output: Path,
) -> None:
    """Write the average precision of every model on the sample, with intervals.

    A model is compared with the model of this sample. Models of other samples are evaluated with
    and without quantile mapping.
    """
    from deepregfinder.errors import InputError
    from deepregfinder.evaluation.across_samples import Score, measure_across, scores
    from deepregfinder.labels.tensors import open_tensors
    from deepregfinder.models.bundle import read_bundle
    from deepregfinder.signal.store import open_signal
    from deepregfinder.storage.tables import write_rows

    bundles = [read_bundle(folder) for folder in bundle]
    windows, rpm = open_tensors(tensors), open_signal(signal)
    if windows.sample != rpm.sample:
        raise InputError(f"--tensors is of {windows.sample}, but its --signal is of {rpm.sample}.")
    tested = measure_across(bundles, [(windows, rpm)], bootstrap)
    write_rows(output, Score, scores(model, bundles[0].classes, tested))


if __name__ == "__main__":
    with plain_errors():
        evaluate_across()
