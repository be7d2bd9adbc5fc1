#!/usr/bin/env python3
"""Train and evaluate a model in one fold of a cross-validation."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deepregfinder.command_line import PATH, plain_errors
from deepregfinder.options.hardware import hardware_options
from deepregfinder.options.training import learner_options
from deepregfinder.options.windows import window_options

if TYPE_CHECKING:
    from deepregfinder.labels.windows import WindowRules
    from deepregfinder.models.device import Hardware
    from deepregfinder.models.train import Learner


@click.command()
@click.option("--signal", required=True, type=PATH, help="Made by build_signal.py.")
@click.option(
    "--candidates", required=True, type=PATH, help="Made by define_regions.py or assign_states.py."
)
@click.option("--tss", type=PATH, help="TSSs (BED), for models that are given them.")
@learner_options
@click.option("--fold", required=True, type=click.IntRange(1), help="Number of the fold, from 1.")
@click.option("--folds", required=True, type=int, help="Number of folds.")
@window_options
@click.option("--step", required=True, type=int, help="Distance (bp) between windows.")
@hardware_options
@click.option("--output", required=True, type=PATH, help="Table of metrics (TSV).")
def cross_validate(
    signal: Path,
    candidates: Path,
    tss: Path | None,
    learner: "Learner",
    fold: int,
    folds: int,
    rules: "WindowRules",
    step: int,
    hardware: "Hardware",
    output: Path,
) -> None:
    """Build the tensors of a fold, train a model on them, and evaluate it on the test chromosomes.

    Chromosomes with candidate elements are divided into --folds groups. Group --fold is the test
    set, the next group the validation set. The table has the columns model, fold, chromosomes,
    setting, class, figure, value. An interrupted training continues from its checkpoint in the
    current folder.
    """
    from deepregfinder.evaluation.cross_validation import fold_plan, scores, write_scores
    from deepregfinder.evaluation.fold import FoldData, evaluate_fold
    from deepregfinder.labels.candidates import read_regions
    from deepregfinder.models.checkpoint import remove_checkpoints

    data = FoldData(signal, read_regions(candidates), tss)
    plan = fold_plan(data.candidates, folds, fold)
    evaluation = evaluate_fold(learner, data, plan, rules, step, hardware, Path.cwd())
    write_scores(output, scores(evaluation, fold))
    remove_checkpoints(Path.cwd(), learner.model, learner.training)


if __name__ == "__main__":
    with plain_errors():
        cross_validate()
