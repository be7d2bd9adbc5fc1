#!/usr/bin/env python3
"""Put the folds of all models of a sample into one table and one picture."""

from pathlib import Path

import click

from deepregfinder.command_line import plain_errors

FILE = click.Path(path_type=Path)


@click.command()
@click.option(
    "--fold", required=True, multiple=True, type=FILE, help="Tables of cross_validate.py."
)
@click.option("--output", required=True, type=FILE, help="All folds (TSV).")
@click.option("--summary", required=True, type=FILE, help="Mean and spread over folds (TSV).")
@click.option("--plot", required=True, type=FILE, help="Average precision of every fold (PNG).")
def summarise_folds(fold: tuple[Path, ...], output: Path, summary: Path, plot: Path) -> None:
    """Write every figure of every fold, and for each its mean, spread and range."""
    from deepregfinder.evaluation import cross_validation as folds
    from deepregfinder.storage.tables import write_table

    rows = folds.read_scores(fold)
    folds.write_scores(output, rows)
    write_table(summary, folds.summary(rows))
    folds.draw_folds(plot, rows)


if __name__ == "__main__":
    with plain_errors():
        summarise_folds()
