#!/usr/bin/env python3
"""Turn probabilities into calls, and hold the calls against independent markers."""

from pathlib import Path

import click

from deepregfinder.command_line import PATH, plain_errors


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
@click.option("--tss", type=PATH, help="TSSs (BED): enhancer calls keep away from them.")
@click.option("--dhs", type=PATH, help="DNase or ATAC peaks of the sample, to validate calls.")
@click.option("--enhancers", multiple=True, type=PATH, help="Enhancer-TF peaks, to validate calls.")
@click.option("--tfbs", multiple=True, type=PATH, help="Peaks of other TFs, to validate calls.")
@click.option("--tss_merge", required=True, type=int, help="Merge TSSs no further apart (bp).")
@click.option(
    "--tss_distance",
    required=True,
    type=int,
    help="Enhancer calls, and the markers that validate them, keep this distance from TSSs (bp).",
)
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    help="Lowest calibrated probability of a called window.  [default: those of the model]",
)
@click.option(
    "--validation_slop", required=True, type=int, help="A marker validates a call so near (bp)."
)
@click.option("--output", required=True, type=PATH, help="The calls (BED9).")
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
    threshold: float | None,
    validation_slop: int,
    output: Path,
    validation: Path,
    summary: Path,
    seeds_summary: Path | None,
) -> None:
    """Join called windows to elements and count how many of them markers confirm.

    Windows whose best class is not background and has at least --threshold (without it, what the
    model says for the class) are joined; enhancer calls near a TSS are removed; every place goes to
    one class. The calls are BED9, sorted, without header: name = class, score = 1000 x best
    probability, thick part = middle of the best window. Validation tables have "." where the lists
    that they need are not given.
    """
    import logging

    from deepregfinder.errors import InputError
    from deepregfinder.genome.intervals import read_intervals
    from deepregfinder.labels.elements import merged_tss
    from deepregfinder.prediction.calling import (
        Calls,
        call_genome,
        call_thresholds,
        find_runs,
        write_calls,
    )
    from deepregfinder.prediction.marker_validation import (
        build_markers,
        validation_rates,
        write_call_summary,
        write_seed_validation,
        write_validation,
    )
    from deepregfinder.prediction.probabilities import open_probabilities

    log = logging.getLogger("call_elements")
    scan = open_probabilities(probabilities)
    if scan.sample != sample:
        raise InputError(f"--sample is {sample}, but the probabilities are of {scan.sample}.")
    sites = merged_tss(read_intervals(tss), scan.chrom_sizes, tss_merge) if tss else None
    if sites is None:
        log.warning("No --tss is given: enhancer calls near TSSs are not removed.")

    lowest = scan.thresholds if threshold is None else threshold
    # Each chromosome is read once: runs are few, and those of every seed fit in memory together.
    runs: dict[str, Calls] = {}
    runs_of_seed: dict[int, dict[str, Calls]] = {seed: {} for seed in scan.seeds}
    for chrom in scan.chroms:
        runs[chrom] = find_runs(scan.load(chrom), scan.step, scan.window, lowest)
        if seeds_summary:
            members = scan.load_members(chrom)
            for seed, track in zip(scan.seeds, members, strict=True):
                runs_of_seed[seed][chrom] = find_runs(track, scan.step, scan.window, lowest)
    calls = call_genome(runs, scan.classes, scan.step, sites, tss_distance)
    total = sum(map(len, calls.values()))
    if total:
        log.info("%s, %s: %d calls", sample, model, total)
    else:
        log.warning(
            "%s, %s: NO CALL AT ALL. No window of a class has a probability "
            "of %s; look at the evaluation of the model, or lower --threshold.",
            sample,
            model,
            " or ".join(f"{p:g}" for p in sorted(set(call_thresholds(scan.thresholds, threshold)))),
        )
    write_calls(output, calls, scan.classes, scan.step)
    write_call_summary(summary, calls, scan.classes)
    markers = build_markers(
        sites,
        read_intervals(dhs) if dhs else None,
        [read_intervals(path) for path in enhancers],
        [read_intervals(path) for path in tfbs],
        tss_distance,
        validation_slop,
    )
    write_validation(validation, validation_rates(calls, scan.classes, markers, validation_slop))
    if seeds_summary:
        by_seed = {}
        for seed, found in runs_of_seed.items():
            alone = call_genome(found, scan.classes, scan.step, sites, tss_distance)
            by_seed[seed] = validation_rates(alone, scan.classes, markers, validation_slop)
        write_seed_validation(seeds_summary, by_seed)


if __name__ == "__main__":
    with plain_errors():
        call_elements()
