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
@click.option(
    "--annotation", multiple=True, type=FILE, help="Tables of score_annotation.py, of the sample."
)
@click.option("--output", required=True, type=FILE, help="The table (TSV).")
@click.option("--curves", required=True, type=FILE, help="Precision-recall curves (PNG).")
@click.option("--bars", required=True, type=FILE, help="Figures on the test windows (PNG).")
@click.option("--annotations", type=FILE, help="All annotations in one table, if there are any.")
def compare_models(
    evaluation: tuple[Path, ...],
    annotation: tuple[Path, ...],
    output: Path,
    curves: Path,
    bars: Path,
    annotations: Path | None,
) -> None:
    """Figures of every model and class with intervals, and paired differences against `cnn`.

    Where there is no `cnn`, the first model is the reference. Annotations are points among the
    curves.
    """
    import csv

    from deepregfinder.annotations import join_tables, points_on_test_windows
    from deepregfinder.comparison import compare, read_seeds
    from deepregfinder.comparison_plots import draw_bars, draw_curves
    from deepregfinder.plots import write_table
    from deepregfinder.replicates import read_replicates

    models = [read_replicates(folder) for folder in evaluation]
    seeds = [
        read_seeds(folder / "seeds.tsv", model.classes)
        for folder, model in zip(evaluation, models, strict=True)
    ]
    write_table(output, compare(models, seeds))

    def rows(path: Path) -> list[dict[str, str]]:
        return list(csv.DictReader(path.read_text().splitlines(), delimiter="\t"))

    names, classes, table = [model.model for model in models], models[0].classes, rows(output)
    points = {folder.name: rows(folder / "pr_curve.tsv") for folder in evaluation}
    if annotation and annotations:
        write_table(annotations, join_tables(annotation))
    scored = [row for path in annotation for row in rows(path)]
    draw_curves(curves, points, table, classes, points_on_test_windows(scored))
    draw_bars(bars, table, names, classes, "test")


if __name__ == "__main__":
    with plain_errors():
        compare_models()
