#!/usr/bin/env python3
"""Evaluate a model on labelled test windows and on every window of the test chromosomes."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deepregfinder.command_line import PATH, plain_errors
from deepregfinder.options.bootstrap import bootstrap_options
from deepregfinder.options.call_at import class_share_option

if TYPE_CHECKING:
    from deepregfinder.evaluation.metrics import Bootstrap


@click.command()
@click.option("--sample", required=True, help="Sample that the model is evaluated on.")
@click.option("--model", required=True, help="Name of the model in this run.")
@click.option("--bundle", required=True, type=PATH, help="Folder of the model.")
@click.option("--tensors", required=True, type=PATH, help="Labelled windows (build_tensors.py).")
@click.option("--signal", type=PATH, help="Signal of the sample, for models that see chromosomes.")
@click.option(
    "--probabilities",
    multiple=True,
    type=PATH,
    help="Files of predict_genome.py: the same model on the genome of the sample.",
)
@click.option(
    "--calls", type=PATH, help="Calls of the model on that genome (BED9 of call_elements.py)."
)
@click.option("--tss", type=PATH, help="TSSs (BED) near which enhancer calls were removed.")
@click.option("--tss_merge", default=0, type=int, help="Merge TSSs up to this far apart (bp).")
@click.option(
    "--tss_distance",
    default=0,
    type=int,
    help="Distance from a TSS of removed enhancer calls (bp).",
)
@click.option("--cutoffs", type=PATH, help="Where these calls begin (call_elements.py).")
@class_share_option
@bootstrap_options
@click.option("--output", required=True, type=PATH, help="Folder of metrics, plots and tables.")
@click.option("--model_card", required=True, type=PATH, help="Model card to write (Markdown).")
def evaluate_model(
    sample: str,
    model: str,
    bundle: Path,
    tensors: Path,
    signal: Path | None,
    probabilities: tuple[Path, ...],
    calls: Path | None,
    tss: Path | None,
    tss_merge: int,
    tss_distance: int,
    cutoffs: Path | None,
    class_share: str,
    bootstrap: "Bootstrap",
    output: Path,
    model_card: Path,
) -> None:
    """Write metrics.json, seeds.tsv, replicates, plots with their numbers, and the model card.

    Labelled test windows are predicted here. With --probabilities, the model is also evaluated on
    every window of the test chromosomes (natural prevalence), and with --calls on the calls there.
    A random split has no test chromosomes; `natural` is then null. Plots: pr_curve, roc_curve,
    confusion_matrix, calibration, learning_curve and, at natural prevalence, natural_pr_curve
    and natural_calibration, each as .png and .tsv.
    """
    from deepregfinder.errors import InputError
    from deepregfinder.evaluation.evaluate import Evidence, Subject, evaluate
    from deepregfinder.evaluation.model_card import write_model_card
    from deepregfinder.evaluation.write import write_evaluation
    from deepregfinder.labels.tensors import open_tensors
    from deepregfinder.models.bundle import read_bundle
    from deepregfinder.prediction.calling import read_calls
    from deepregfinder.prediction.cutoffs import read_cutoffs
    from deepregfinder.prediction.labelled_windows import predict_test_windows
    from deepregfinder.prediction.probabilities import open_probabilities
    from deepregfinder.prediction.tss_zone import read_tss_zone
    from deepregfinder.signal.store import open_signal

    trained, windows = read_bundle(bundle), open_tensors(tensors)
    scan = open_probabilities(probabilities) if probabilities else None
    for name, given in (("--tensors", windows.sample), ("--probabilities", scan and scan.sample)):
        if given not in (None, sample):
            raise InputError(f"--sample is {sample}, but {name} is of {given}.")
    mapped = scan is not None and scan.quantile_map
    opened = open_signal(signal) if signal else None
    predictions = predict_test_windows(trained, windows, opened, mapped)
    zone = read_tss_zone(tss, windows.chrom_sizes, tss_merge, tss_distance)
    called = read_calls(calls, trained.classes) if calls else None
    begins = read_cutoffs(cutoffs, trained.classes) if cutoffs else None
    evaluation = evaluate(
        Subject(sample, model, trained, windows, predictions),
        Evidence(scan, called, begins, zone, class_share),
        bootstrap,
    )
    metrics = write_evaluation(output, evaluation, bundle / "learning_curve.tsv")
    write_model_card(model_card, trained, metrics)


if __name__ == "__main__":
    with plain_errors():
        evaluate_model()
