#!/usr/bin/env python3
"""Train and measure a model in one fold of a cross-validation."""

from pathlib import Path
from typing import Literal

import click

from deepregfinder.command_line import plain_errors
from deepregfinder.models.accessibility import ACCESSIBILITY
from deepregfinder.models.catalogue import MODEL_NAMES

PATH = click.Path(path_type=Path)


@click.command()
@click.option("--signal", required=True, type=PATH, help="Made by build_signal.py.")
@click.option(
    "--candidates", required=True, type=PATH, help="Made by define_regions.py or assign_states.py."
)
@click.option("--tss", type=PATH, help="TSSs (BED), for models that are told of them.")
@click.option("--tss_input", type=bool, default=True, help="As of train_model.py.")
@click.option("--model", required=True, type=click.Choice(MODEL_NAMES), help="Model to train.")
@click.option("--fold", required=True, type=click.IntRange(1), help="Which fold.")
@click.option("--folds", required=True, type=int, help="How many folds there are.")
@click.option("--classes", required=True, type=int, help="Classes of the run: 2, 3 or 5.")
@click.option("--window_bins", required=True, type=int, help="Bins of a window.")
@click.option("--min_nonzero", required=True, type=int, help="As of build_tensors.py.")
@click.option("--n_background", required=True, type=int, help="As of build_tensors.py.")
@click.option("--transform", required=True, type=click.Choice(["none", "log2", "asinh"]))
@click.option("--accessibility", type=click.Choice(ACCESSIBILITY), default="all")
@click.option("--seed", required=True, type=int, help="Random seed of the first member.")
@click.option("--seeds", required=True, type=int, help="Members to train: seed, seed + 1, ...")
@click.option("--epochs", required=True, type=int, help="As of train_model.py.")
@click.option("--batch_size", required=True, type=int, help="As of train_model.py.")
@click.option("--learning_rate", required=True, type=float, help="As of train_model.py.")
@click.option("--weight_decay", required=True, type=float, help="As of train_model.py.")
@click.option("--step", required=True, type=int, help="Distance (bp) between windows.")
@click.option("--device", required=True, help="cpu, cuda, or auto: a GPU where there is one.")
@click.option("--threads", required=True, type=int, help="CPU threads.")
@click.option("--output", required=True, type=PATH, help="Table of figures (TSV).")
def cross_validate(
    signal: Path,
    candidates: Path,
    tss: Path | None,
    tss_input: bool,
    model: str,
    fold: int,
    folds: int,
    classes: int,
    window_bins: int,
    min_nonzero: int,
    n_background: int,
    transform: Literal["none", "log2", "asinh"],
    accessibility: str,
    seed: int,
    seeds: int,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    weight_decay: float,
    step: int,
    device: str,
    threads: int,
    output: Path,
) -> None:
    """Build the tensors of a fold, train on them, scan its test chromosomes, and measure.

    Chromosomes with candidate elements are dealt out to --folds groups; group --fold tests, the
    next one validates. The table has columns model, fold, chromosomes, setting, class, figure,
    value. A training that was interrupted continues from its checkpoint in the current folder.
    """
    from deepregfinder.evaluation.cross_validation import assigned, fold_plan, scores, write_scores
    from deepregfinder.evaluation.evaluate import evaluate
    from deepregfinder.labels import windows as selection
    from deepregfinder.labels.candidates import read_regions
    from deepregfinder.models.accessibility import marks_seen
    from deepregfinder.models.checkpoint import remove_checkpoints
    from deepregfinder.models.device import choose_device
    from deepregfinder.models.protocol import TrainingOptions
    from deepregfinder.models.train import open_genome, train_bundle
    from deepregfinder.models.tss_input import is_told_tss
    from deepregfinder.prediction.labelled_windows import predict_test_windows
    from deepregfinder.prediction.probabilities import open_probabilities
    from deepregfinder.prediction.scan import scan_genome
    from deepregfinder.prediction.scorers import load_scorer
    from deepregfinder.signal.store import open_signal

    opened, table = open_signal(signal), read_regions(candidates)
    plan = fold_plan(table, folds, fold)
    windows = selection.build_tensors(
        opened,
        assigned(table, plan),
        n_classes=classes,
        window_bins=window_bins,
        min_nonzero=min_nonzero,
        n_background=n_background,
        transform=transform,
        plan=plan,
        seed=seed,
    ).tensors
    windows = windows.with_marks(marks_seen(model, windows.marks, accessibility))
    options = TrainingOptions(seed, seeds, epochs, batch_size, learning_rate, weight_decay)
    place = choose_device(device)
    genome = open_genome(windows, signal, tss if is_told_tss(model, tss_input) else None)
    bundle, _ = train_bundle(windows, model, options, place, threads, Path.cwd(), genome)
    scanned = output.with_suffix(".probabilities.zip")
    tested = plan.chromosomes.select(opened.chrom_sizes, "test")
    scan_genome(scanned, load_scorer(bundle, place, threads), opened, tested, step, False)
    measured = evaluate(
        windows.sample,
        model,
        bundle,
        windows,
        predict_test_windows(bundle, windows, opened, False),
        open_probabilities([scanned]),
        None,
        None,
        0,
        seed,
    )
    write_scores(output, scores(measured, fold))
    scanned.unlink()
    remove_checkpoints(Path.cwd(), model, options)


if __name__ == "__main__":
    with plain_errors():
        cross_validate()
