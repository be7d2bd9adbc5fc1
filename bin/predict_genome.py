#!/usr/bin/env python3
"""Scan chromosomes of one sample with a trained model."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deepregfinder.command_line import PATH, plain_errors
from deepregfinder.options.hardware import hardware_options
from deepregfinder.options.scan import scan_options

if TYPE_CHECKING:
    from deepregfinder.models.device import Hardware
    from deepregfinder.prediction.scan import ScanOptions


@click.command()
@click.option("--bundle", required=True, type=PATH, help="Folder of the model (train_model.py).")
@click.option("--signal", required=True, type=PATH, help="Signal of a sample (build_signal.py).")
@click.option("--chroms", required=True, type=PATH, help="Chromosomes to scan, one per line.")
@scan_options
@hardware_options
@click.option("--output", required=True, type=PATH, help="Probabilities of all windows (zip).")
def predict_genome(
    bundle: Path,
    signal: Path,
    chroms: Path,
    scanning: "ScanOptions",
    hardware: "Hardware",
    output: Path,
) -> None:
    """Write calibrated class probabilities of every window of the named chromosomes.

    Windows start every --step bp, from 0 on. Marks are matched by name. A missing mark, and a bin
    size or assembly other than that of the model, are errors. If the bundle has several members,
    the file has the probabilities of each, and their average.
    """
    from deepregfinder.models.bundle import read_bundle
    from deepregfinder.prediction.scan import scan_genome
    from deepregfinder.prediction.scorers import load_scorer
    from deepregfinder.signal.store import open_signal

    scorer = load_scorer(read_bundle(bundle), hardware.device, hardware.threads)
    names = chroms.read_text().splitlines()
    scan_genome(output, scorer, open_signal(signal), names, scanning)


if __name__ == "__main__":
    with plain_errors():
        predict_genome()
