#!/usr/bin/env python3
"""Score regions that the user gives with a trained model."""

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
@click.option("--regions", required=True, type=PATH, help="Regions of any width (BED).")
@click.option("--cutoffs", type=PATH, help="Cut-offs of the calls (call_elements.py).")
@click.option("--tss", type=PATH, help="TSSs (BED) that the calls were made with.")
@scan_options
@hardware_options
@click.option("--output", required=True, type=PATH, help="One line per region (TSV).")
def score_regions(
    bundle: Path,
    signal: Path,
    regions: Path,
    cutoffs: Path | None,
    tss: Path | None,
    scanning: "ScanOptions",
    hardware: "Hardware",
    output: Path,
) -> None:
    """Write class and calibrated probabilities of each region, in the order of the file.

    A region up to the width of the model's window is scored by one window around its midpoint. A
    wider region is scored by windows every --step bp; its probability of a class is the highest one
    of its windows. A window is called from --cutoffs on (default: the thresholds of the model);
    `class` is that of the called window with the highest probability, and background only if no
    window is called. Regions on other chromosomes have `.`; the log has their number.
    """
    from deepregfinder.genome.intervals import read_intervals
    from deepregfinder.models.bundle import read_bundle
    from deepregfinder.models.tss_input import read_tss
    from deepregfinder.prediction.cutoffs import Cutoffs, read_cutoffs
    from deepregfinder.prediction.scorers import load_scorer
    from deepregfinder.prediction.user_regions import score_regions_with, write_scores
    from deepregfinder.signal.store import open_signal

    scorer = load_scorer(read_bundle(bundle), hardware.device, hardware.threads)
    table = read_intervals(regions)
    lowest = None
    if cutoffs:
        rows = read_cutoffs(cutoffs, scorer.bundle.classes)
        lowest = Cutoffs.of_rows(rows, read_tss(tss) if tss else None)
    scores = score_regions_with(scorer, table, open_signal(signal), scanning, lowest)
    write_scores(output, table, scores, scorer.bundle.classes)


if __name__ == "__main__":
    with plain_errors():
        score_regions()
