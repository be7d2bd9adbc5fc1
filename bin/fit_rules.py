#!/usr/bin/env python3
"""Make a model of rules for a sample without labels."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deepregfinder.command_line import PATH, plain_errors
from deepregfinder.models.catalogue import MODEL_NAMES
from deepregfinder.options.split import split_options

if TYPE_CHECKING:
    from deepregfinder.genome.splits import SplitChoice


@click.command()
@click.option("--signal", required=True, type=PATH, help="Made by build_signal.py.")
@click.option("--tss", type=PATH, help="TSSs (BED), for rules that use them.")
@click.option("--model", required=True, type=click.Choice(MODEL_NAMES), help="Model to make.")
@click.option("--classes", required=True, type=int, help="Classes of the run: 2 or 3.")
@click.option("--window_bins", required=True, type=int, help="Bins of a window.")
@split_options
@click.option("--output", required=True, type=PATH, help="Folder of the model bundle.")
def fit_rules(
    signal: Path,
    tss: Path | None,
    model: str,
    classes: int,
    window_bins: int,
    choice: "SplitChoice",
    output: Path,
) -> None:
    """Write the bundle of a model that needs no labelled windows.

    Thresholds of its rules are fixed; means and standard deviations of marks are those of the
    training chromosomes. Without labels the bundle has no probabilities at natural prevalence.
    """
    from deepregfinder.models.bundle import write_bundle
    from deepregfinder.models.rules import make_rules

    write_bundle(output, make_rules(model, signal, tss, classes, window_bins, choice))


if __name__ == "__main__":
    with plain_errors():
        fit_rules()
