#!/usr/bin/env python3
"""Call elements from probabilities, and compare the calls with independent markers."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deepregfinder.command_line import PATH, plain_errors
from deepregfinder.options.call_at import call_at_options

if TYPE_CHECKING:
    from deepregfinder.prediction.cutoffs import Wanted


@click.command()
@click.option("--sample", required=True, help="Sample that was predicted.")
@click.option("--model", required=True, help="Name of the model in this run.")
@click.option(
    "--probabilities",
    required=True,
    multiple=True,
    type=PATH,
    help="Files of predict_genome.py, one for each group of chromosomes.",
)
@click.option("--tss", type=PATH, help="TSSs (BED); enhancer calls near them are removed.")
@click.option("--dhs", type=PATH, help="DNase or ATAC peaks of the sample, to validate calls.")
@click.option("--enhancers", multiple=True, type=PATH, help="Enhancer-TF peaks, to validate calls.")
@click.option("--tfbs", multiple=True, type=PATH, help="Peaks of other TFs, to validate calls.")
@click.option("--tss_merge", required=True, type=int, help="Merge TSSs up to this far apart (bp).")
@click.option(
    "--tss_distance",
    required=True,
    type=int,
    help="Smallest distance from a TSS of enhancer calls, and of markers that support them (bp).",
)
@call_at_options
@click.option(
    "--validation_slop",
    required=True,
    type=int,
    help="Largest distance of a marker that supports a call (bp).",
)
@click.option("--output", required=True, type=PATH, help="The calls (BED9).")
@click.option("--cutoffs", required=True, type=PATH, help="Where calls of each class begin (TSV).")
@click.option("--validation", required=True, type=PATH, help="Validation rate by class (TSV).")
@click.option("--summary", required=True, type=PATH, help="Calls by chromosome and class (TSV).")
@click.option(
    "--seeds_summary", type=PATH, help="Calls and validation rates of each seed alone (TSV)."
)
def call_elements(
    sample: str,
    model: str,
    probabilities: tuple[Path, ...],
    tss: Path | None,
    dhs: Path | None,
    enhancers: tuple[Path, ...],
    tfbs: tuple[Path, ...],
    tss_merge: int,
    tss_distance: int,
    wanted: "Wanted",
    validation_slop: int,
    output: Path,
    cutoffs: Path,
    validation: Path,
    summary: Path,
    seeds_summary: Path | None,
) -> None:
    """Join called windows to elements, and count the elements that markers support.

    A window is called if the probability of its best element class reaches the cut-off of that
    class, which --call_at sets. Called windows are joined, enhancer calls near a TSS are removed,
    and overlaps of classes are resolved. The calls are sorted BED9 without header:
    name = class, score = 1000 x best probability, thick part = middle of the best window.
    Validation tables have "." if the lists that they need are not given.
    """
    from deepregfinder.errors import InputError
    from deepregfinder.models.tss_input import read_tss
    from deepregfinder.prediction.call_scan import call_scan
    from deepregfinder.prediction.calling import write_calls
    from deepregfinder.prediction.cutoffs import Cutoff, Cutoffs, find_cutoffs
    from deepregfinder.prediction.marker_validation import (
        read_markers,
        validation_rates,
        write_call_summary,
        write_seed_validation,
        write_validation,
    )
    from deepregfinder.prediction.probabilities import open_probabilities
    from deepregfinder.prediction.tss_zone import read_tss_zone
    from deepregfinder.storage.tables import write_rows

    scan = open_probabilities(probabilities)
    if scan.sample != sample:
        raise InputError(f"--sample is {sample}, but the probabilities are of {scan.sample}.")
    zone = read_tss_zone(tss, scan.chrom_sizes, tss_merge, tss_distance)
    known = read_tss(tss) if tss else None
    begins = find_cutoffs(scan, wanted, zone, known)
    write_rows(cutoffs, Cutoff, begins)
    called = call_scan(scan, model, Cutoffs.of_rows(begins, known), zone, seeds_summary is not None)
    write_calls(output, called.calls, scan.classes, scan.step)
    write_call_summary(summary, called.calls, scan.classes, known)
    markers = read_markers(zone, dhs, enhancers, tfbs, validation_slop)
    rates = partial(validation_rates, classes=scan.classes, markers=markers, slop=validation_slop)
    write_validation(validation, rates(called.calls))
    if seeds_summary:
        by_seed = {seed: rates(calls) for seed, calls in called.by_seed.items()}
        write_seed_validation(seeds_summary, by_seed)


if __name__ == "__main__":
    with plain_errors():
        call_elements()
