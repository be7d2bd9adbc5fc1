#!/usr/bin/env python3
"""Join the accuracy of the models of all samples on every sample in one table and one plot."""

from pathlib import Path

import click

from deepregfinder.command_line import PATH, plain_errors


@click.command()
@click.option(
    "--tested", required=True, multiple=True, type=PATH, help="Tables of evaluate_across.py."
)
@click.option("--output", required=True, type=PATH, help="The table (TSV).")
@click.option("--plot", required=True, type=PATH, help="The matrix as heat maps (PNG).")
def summarise_across(tested: tuple[Path, ...], output: Path, plot: Path) -> None:
    """Write the average precision of every model on every sample, with intervals."""
    from deepregfinder.evaluation.across_samples import Score, draw_across, read_scores
    from deepregfinder.storage.tables import write_rows

    scores = read_scores(tested)
    write_rows(output, Score, scores)
    draw_across(plot, scores)


if __name__ == "__main__":
    with plain_errors():
        summarise_across()
