#!/usr/bin/env python3
"""Join the folds of all models of a sample in one table and one plot."""

from pathlib import Path

import click

from deepregfinder.command_line import PATH, plain_errors


@click.command()
@click.option(
    "--fold", required=True, multiple=True, type=PATH, help="Tables of cross_validate.py."
)
@click.option("--output", required=True, type=PATH, help="All folds (TSV).")
@click.option(
    "--summary",
    required=True,
    type=PATH,
    help="Mean, standard deviation and range over folds (TSV).",
)
@click.option("--plot", required=True, type=PATH, help="Average precision of every fold (PNG).")
def summarise_folds(fold: tuple[Path, ...], output: Path, summary: Path, plot: Path) -> None:
    """Write the metrics of all folds, and their mean, standard deviation and range."""
    from deepregfinder.evaluation.cross_validation import (
        FoldSummary,
        draw_folds,
        read_scores,
        summarised,
        write_scores,
    )
    from deepregfinder.storage.tables import write_rows

    scores = read_scores(fold)
    write_scores(output, scores)
    write_rows(summary, FoldSummary, summarised(scores))
    draw_folds(plot, scores)


if __name__ == "__main__":
    with plain_errors():
        summarise_folds()
