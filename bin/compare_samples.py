#!/usr/bin/env python3
"""Compare the calls of one model in two samples."""

from pathlib import Path

import click

from deepregfinder.command_line import PATH, plain_errors


@click.command()
@click.option("--name", required=True, help="Name of the comparison: <a>_vs_<b>.<model>.")
@click.option("--calls_a", required=True, type=PATH, help="Calls of the first sample (BED9).")
@click.option("--calls_b", required=True, type=PATH, help="Calls of the second sample (BED9).")
@click.option(
    "--probabilities_a",
    required=True,
    multiple=True,
    type=PATH,
    help="Files of predict_genome.py of the first sample.",
)
@click.option(
    "--probabilities_b",
    required=True,
    multiple=True,
    type=PATH,
    help="Files of predict_genome.py of the second sample.",
)
@click.option(
    "--counts",
    required=True,
    multiple=True,
    type=PATH,
    help="Files of count_bins.py: all marks and replicates of both samples.",
)
@click.option(
    "--fdr",
    required=True,
    type=click.FloatRange(0, 1),
    help="Highest false discovery rate of a differential element.",
)
@click.option("--output", required=True, type=PATH, help="Folder of the tables and the plot.")
def compare_samples(
    name: str,
    calls_a: Path,
    calls_b: Path,
    probabilities_a: tuple[Path, ...],
    probabilities_b: tuple[Path, ...],
    counts: tuple[Path, ...],
    fdr: float,
    output: Path,
) -> None:
    """Find elements whose class differs between two samples, and test their read counts.

    Both samples must have been predicted by the same model. A mark is tested if both samples have
    two or more replicates of it. If no mark can be tested, the table has "no replicates" and no p.
    """
    from deepregfinder.counting.store import open_counts
    from deepregfinder.differential.compare import (
        compare_scans,
        transition_matrix,
        write_comparison,
    )
    from deepregfinder.differential.plot import draw_transitions
    from deepregfinder.prediction.calling import read_calls
    from deepregfinder.prediction.probabilities import open_probabilities

    scans = open_probabilities(probabilities_a), open_probabilities(probabilities_b)
    classes = scans[0].classes
    calls = read_calls(calls_a, classes), read_calls(calls_b, classes)
    comparison = compare_scans(scans, calls, [open_counts(path) for path in counts], fdr)
    write_comparison(output, name, comparison)
    draw_transitions(
        output / f"{name}.transitions.png",
        comparison.classes,
        transition_matrix(comparison),
        (scans[0].sample, scans[1].sample),
    )


if __name__ == "__main__":
    with plain_errors():
        compare_samples()
