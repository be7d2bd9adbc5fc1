#!/usr/bin/env python3
"""Put all models of a sample into one table, each against a reference model."""

from pathlib import Path

import click

from deepregfinder.command_line import PATH, plain_errors


@click.command()
@click.option(
    "--evaluation",
    required=True,
    multiple=True,
    type=PATH,
    help="Folders <sample>.<model>.evaluation of evaluate_model.py, of one sample.",
)
@click.option(
    "--annotation", multiple=True, type=PATH, help="Tables of score_annotation.py, of the sample."
)
@click.option(
    "--validation",
    multiple=True,
    type=PATH,
    help="Tables <sample>.<model>.validation.tsv of models that predicted the sample.",
)
@click.option("--output", required=True, type=PATH, help="The table (TSV).")
@click.option("--plots", required=True, help="How the names of all plots begin.")
@click.option("--annotations", type=PATH, help="All annotations in one table, if there are any.")
def compare_models(
    evaluation: tuple[Path, ...],
    annotation: tuple[Path, ...],
    validation: tuple[Path, ...],
    output: Path,
    plots: str,
    annotations: Path | None,
) -> None:
    """Figures of every model and class with intervals, and paired differences against `cnn`.

    Where there is no `cnn`, the first model is the reference. Plots are <plots>_pr, _bars,
    _confusion and _chromosomes, each as .png and .svg; _natural_pr of the models measured at
    natural prevalence, and _calls with --validation. Annotations are points among the curves.
    """
    import csv

    from deepregfinder.evaluation.bootstrap_replicates import read_replicates
    from deepregfinder.evaluation.compare_models import by_chromosome, compare, read_seeds
    from deepregfinder.evaluation.external.annotations import join_tables, points_on_test_windows
    from deepregfinder.evaluation.plots_of_all_models import (
        draw_bars,
        draw_calls,
        draw_confusions,
        draw_curves,
        draw_spread,
    )
    from deepregfinder.storage.tables import write_table

    models = [read_replicates(folder) for folder in evaluation]
    seeds = [
        read_seeds(folder / "seeds.tsv", model.classes)
        for folder, model in zip(evaluation, models, strict=True)
    ]
    write_table(output, compare(models, seeds))

    def rows(path: Path) -> list[dict[str, str]]:
        return list(csv.DictReader(path.read_text().splitlines(), delimiter="\t"))

    names, classes, table = [model.model for model in models], models[0].classes, rows(output)
    if annotation and annotations:
        write_table(annotations, join_tables(annotation))
    scored = [row for path in annotation for row in rows(path)]

    def of_all(name: str) -> dict[str, list[dict[str, str]]]:
        paths = {model: folder / name for model, folder in zip(names, evaluation, strict=True)}
        return {model: rows(path) for model, path in paths.items() if path.exists()}

    def plot(name: str) -> Path:
        return Path(f"{plots}_{name}.png")

    curves = of_all("pr_curve.tsv")
    draw_curves(plot("pr"), curves, table, classes, "test", points_on_test_windows(scored))
    if natural := of_all("natural_pr_curve.tsv"):
        draw_curves(plot("natural_pr"), natural, table, classes, "natural")
    draw_bars(plot("bars"), table, names, classes, "test")
    draw_confusions(plot("confusion"), of_all("confusion_matrix.tsv"), classes)
    spreads = {
        title: spread
        for setting, title in (("test", "Test windows"), ("natural", "Whole test chromosomes"))
        if (spread := by_chromosome(models, setting))
    }
    draw_spread(plot("chromosomes"), spreads, names, classes[1:])
    if validation:
        calls = {path.name.split(".")[1]: rows(path) for path in validation}
        draw_calls(plot("calls"), calls, classes[1:])


if __name__ == "__main__":
    with plain_errors():
        compare_models()
