#!/usr/bin/env python3
"""Score a user's own regions with a trained model."""

from pathlib import Path

import click

from deepregfinder.command_line import plain_errors

PATH = click.Path(path_type=Path)


@click.command()
@click.option("--bundle", required=True, type=PATH, help="Folder of the model (train_model.py).")
@click.option("--signal", required=True, type=PATH, help="Signal of a sample (build_signal.py).")
@click.option("--regions", required=True, type=PATH, help="Regions of any width (BED).")
@click.option("--step", required=True, type=int, help="Distance between windows in bp.")
@click.option(
    "--quantile_map",
    required=True,
    type=bool,
    help="Give each mark the distribution that it had in the training sample.",
)
@click.option("--device", required=True, help="cpu, cuda, or auto: a GPU where there is one.")
@click.option("--threads", required=True, type=int, help="Threads on a CPU.")
@click.option("--output", required=True, type=PATH, help="One line a region (TSV).")
def score_regions(
    bundle: Path,
    signal: Path,
    regions: Path,
    step: int,
    quantile_map: bool,
    device: str,
    threads: int,
    output: Path,
) -> None:
    """Give each region its class and calibrated probabilities, in the order of the file.

    A region no wider than the model's window is scored by one window around its midpoint; a wider
    one by windows every --step bp, of which the highest probability of each class counts. `class`
    is the element that wins a window with the highest probability, background only where it wins
    all of them. Regions outside the scanned chromosomes get `.` and are counted in the log.
    """
    import numpy as np

    from deepregfinder.genome.intervals import read_intervals
    from deepregfinder.models.bundle import read_bundle
    from deepregfinder.models.device import choose_device
    from deepregfinder.prediction.sample_signal import SignalReader
    from deepregfinder.prediction.scan import check_step
    from deepregfinder.prediction.scorers import load_scorer, probabilities_at
    from deepregfinder.prediction.user_regions import score_regions as score
    from deepregfinder.prediction.user_regions import write_scores
    from deepregfinder.signal.store import open_signal

    model = read_bundle(bundle)
    check_step(step, model.bin_size)
    scorer = load_scorer(model, choose_device(device), threads)
    sample = open_signal(signal)
    reader = SignalReader(model, sample, quantile_map)

    def score_windows(chrom: str, starts: np.ndarray) -> np.ndarray:
        return probabilities_at(scorer, reader.load(chrom), starts)

    table = read_intervals(regions)
    scores = score(
        table, sample.chrom_sizes, len(model.classes), step, model.geometry, score_windows
    )
    write_scores(output, table, scores, model.classes)


if __name__ == "__main__":
    with plain_errors():
        score_regions()
