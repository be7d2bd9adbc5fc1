#!/usr/bin/env python3
"""Compare all models of a sample with a reference model."""

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
    "--annotation", multiple=True, type=PATH, help="Tables of score_annotation.py for the sample."
)
@click.option(
    "--validation",
    multiple=True,
    type=PATH,
    help="Tables <sample>.<model>.validation.tsv of models that predicted the sample.",
)
@click.option("--output", required=True, type=PATH, help="The table (TSV).")
@click.option("--plots", required=True, help="Prefix of all plots.")
@click.option("--annotations", type=PATH, help="Table of all annotations, if there are any.")
def compare_models(
    evaluation: tuple[Path, ...],
    annotation: tuple[Path, ...],
    validation: tuple[Path, ...],
    output: Path,
    plots: str,
    annotations: Path | None,
) -> None:
    """Write metrics of every model and class with intervals, and paired differences from `cnn`.

    Without `cnn`, the first model is the reference. Plots are <plots>_pr, _bars, _confusion and
    _chromosomes, each as .png and .svg. _natural_pr shows the models that were evaluated at natural
    prevalence, and _calls needs --validation. Annotations are points in the plots of curves.
    """
    from deepregfinder.evaluation.bootstrap_replicates import read_replicates
    from deepregfinder.evaluation.compare_models import compare, read_seeds
    from deepregfinder.evaluation.draw_comparison import draw_comparison, draw_validation
    from deepregfinder.evaluation.tables import AnnotationScore, ComparedFigure
    from deepregfinder.storage.tables import read_rows, write_rows

    models = [read_replicates(folder) for folder in evaluation]
    folders = {model.model: folder for model, folder in zip(models, evaluation, strict=True)}
    seeds = [read_seeds(folders[model.model] / "seeds.tsv", model.classes) for model in models]
    write_rows(output, ComparedFigure, compare(models, seeds))
    scored = [row for path in annotation for row in read_rows(path, AnnotationScore)]
    if annotation and annotations:
        write_rows(annotations, AnnotationScore, scored)
    draw_comparison(plots, folders, models, read_rows(output, ComparedFigure), scored)
    if validation:
        draw_validation(plots, validation, models[0].classes)


if __name__ == "__main__":
    with plain_errors():
        compare_models()
