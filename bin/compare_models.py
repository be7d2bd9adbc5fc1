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
    from deepregfinder.evaluation.bootstrap_replicates import read_replicates
    from deepregfinder.evaluation.compare_models import by_chromosome, compare, read_seeds
    from deepregfinder.evaluation.curve_plots import read_confusion
    from deepregfinder.evaluation.external.annotations import points_on_test_windows
    from deepregfinder.evaluation.plots_of_all_models import (
        draw_bars,
        draw_calls,
        draw_confusions,
        draw_curves,
        draw_spread,
    )
    from deepregfinder.evaluation.tables import AnnotationScore, ComparedFigure, PrecisionRecall
    from deepregfinder.prediction.marker_validation import ValidationRate
    from deepregfinder.storage.tables import read_rows, write_rows

    models = [read_replicates(folder) for folder in evaluation]
    seeds = [
        read_seeds(folder / "seeds.tsv", model.classes)
        for folder, model in zip(evaluation, models, strict=True)
    ]
    write_rows(output, ComparedFigure, compare(models, seeds))
    table = read_rows(output, ComparedFigure)  # plots show the numbers of the table
    names, classes = [model.model for model in models], models[0].classes
    scored = [row for path in annotation for row in read_rows(path, AnnotationScore)]
    if annotation and annotations:
        write_rows(annotations, AnnotationScore, scored)

    def of_all(name: str) -> dict[str, Path]:
        paths = {model: folder / name for model, folder in zip(names, evaluation, strict=True)}
        return {model: path for model, path in paths.items() if path.exists()}

    def curves_of(name: str) -> dict[str, tuple[PrecisionRecall, ...]]:
        return {model: read_rows(path, PrecisionRecall) for model, path in of_all(name).items()}

    def plot(name: str) -> Path:
        return Path(f"{plots}_{name}.png")

    curves = curves_of("pr_curve.tsv")
    draw_curves(plot("pr"), curves, table, classes, "test", points_on_test_windows(scored))
    if natural := curves_of("natural_pr_curve.tsv"):
        draw_curves(plot("natural_pr"), natural, table, classes, "natural")
    draw_bars(plot("bars"), table, names, classes, "test")
    matrices = of_all("confusion_matrix.tsv").items()
    confusions = {model: read_confusion(path, classes) for model, path in matrices}
    draw_confusions(plot("confusion"), confusions, classes)
    spreads = {
        title: spread
        for setting, title in (("test", "Test windows"), ("natural", "Whole test chromosomes"))
        if (spread := by_chromosome(models, setting))
    }
    draw_spread(plot("chromosomes"), spreads, names, classes[1:])
    if validation:
        calls = {path.name.split(".")[1]: read_rows(path, ValidationRate) for path in validation}
        draw_calls(plot("calls"), calls, classes[1:])


if __name__ == "__main__":
    with plain_errors():
        compare_models()
