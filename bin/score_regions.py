#!/usr/bin/env python3
"""Score regions that the user gives with a trained model."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deepregfinder.command_line import PATH, plain_errors
from deepregfinder.options.hardware import hardware_options
from deepregfinder.options.scan import scan_options
from deepregfinder.options.threshold import threshold_option

if TYPE_CHECKING:
    from deepregfinder.models.device import Hardware
    from deepregfinder.prediction.scan import ScanOptions


@click.command()
@click.option("--bundle", required=True, type=PATH, help="Folder of the model (train_model.py).")
@click.option("--signal", required=True, type=PATH, help="Signal of a sample (build_signal.py).")
@click.option("--regions", required=True, type=PATH, help="Regions of any width (BED).")
@scan_options
@threshold_option
@hardware_options
@click.option("--output", required=True, type=PATH, help="One line per region (TSV).")
def score_regions(
    bundle: Path,
    signal: Path,
    regions: Path,
    scanning: "ScanOptions",
    threshold: float | None,
    hardware: "Hardware",
    output: Path,
) -> None:
    """Write class and calibrated probabilities of each region, in the order of the file.

    A region up to the width of the model's window is scored by one window around its midpoint. A
    wider region is scored by windows every --step bp; its probability of a class is the highest one
    of its windows. A window is called by the same thresholds as in call_elements.py; `class` is
    that of the called window with the highest probability, and background only if no window is
    called. Regions on other chromosomes have `.`; the log has their number.
    """
    from deepregfinder.genome.intervals import read_intervals
    from deepregfinder.models.bundle import read_bundle
    from deepregfinder.prediction.scorers import load_scorer
    from deepregfinder.prediction.user_regions import score_regions_with, write_scores
    from deepregfinder.signal.store import open_signal

    scorer = load_scorer(read_bundle(bundle), hardware.device, hardware.threads)
    table = read_intervals(regions)
    scores = score_regions_with(scorer, table, open_signal(signal), scanning, threshold)
    write_scores(output, table, scores, scorer.bundle.classes)


if __name__ == "__main__":
    with plain_errors():
        score_regions()
