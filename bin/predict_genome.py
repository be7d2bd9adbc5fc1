#!/usr/bin/env python3
"""Scan chromosomes of one sample with a trained model."""

from pathlib import Path

import click

from deepregfinder.command_line import plain_errors

PATH = click.Path(path_type=Path)


@click.command()
@click.option("--bundle", required=True, type=PATH, help="Folder of the model (train_model.py).")
@click.option("--signal", required=True, type=PATH, help="Signal of a sample (build_signal.py).")
@click.option("--chroms", required=True, help="Chromosomes to scan, separated by commas.")
@click.option("--step", required=True, type=int, help="Distance between windows in bp.")
@click.option(
    "--quantile_map",
    required=True,
    type=bool,
    help="Give each mark the distribution that it had in the training sample.",
)
@click.option("--device", required=True, help="cpu, cuda, or auto: a GPU where there is one.")
@click.option("--threads", required=True, type=int, help="Threads on a CPU.")
@click.option("--output", required=True, type=PATH, help="Probabilities of all windows (zip).")
def predict_genome(
    bundle: Path,
    signal: Path,
    chroms: str,
    step: int,
    quantile_map: bool,
    device: str,
    threads: int,
    output: Path,
) -> None:
    """Give every window of the named chromosomes its calibrated probability of each class.

    Windows start every --step bp from 0 on. Marks are matched by name; a missing mark, another
    bin size or another assembly than those of the model is an error. Where the bundle holds
    several networks, the probabilities of each are kept beside their average.
    """
    from deepregfinder.models.bundle import read_bundle
    from deepregfinder.models.device import choose_device
    from deepregfinder.prediction.scan import scan_genome
    from deepregfinder.prediction.scorers import load_scorer
    from deepregfinder.signal.store import open_signal

    scorer = load_scorer(read_bundle(bundle), choose_device(device), threads)
    names = [name.strip() for name in chroms.split(",") if name.strip()]
    scan_genome(output, scorer, open_signal(signal), names, step, quantile_map)


if __name__ == "__main__":
    with plain_errors():
        predict_genome()
