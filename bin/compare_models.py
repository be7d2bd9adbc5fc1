#!/usr/bin/env python3
"""Put all models of a sample into one table, each against a reference model."""

from pathlib import Path

import click

from deepregfinder.errors import plain_errors

FILE = click.Path(path_type=Path)


@click.command()
@click.option(
    "--evaluation",
    required=True,
    multiple=True,
    type=FILE,
    help="Folders of evaluate_model.py, named as the models, of one sample.",
)
@click.option("--output", required=True, type=FILE, help="The table (TSV).")
def compare_models(evaluation: tuple[Path, ...], output: Path) -> None:
    """Figures of every model and class with intervals, and paired differences against `cnn`.

    Where there is no `cnn`, the first model is the reference.
    """
    from deepregfinder.comparison import compare, read_seeds
    from deepregfinder.plots import write_table
    from deepregfinder.replicates import read_replicates

    models = [read_replicates(folder) for folder in evaluation]
    seeds = [
        read_seeds(folder / "seeds.tsv", model.classes)
        for folder, model in zip(evaluation, models, strict=True)
    ]
    write_table(output, compare(models, seeds))


if __name__ == "__main__":
    with plain_errors():
        compare_models()
