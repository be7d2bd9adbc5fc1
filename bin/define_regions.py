#!/usr/bin/env python3
"""Define labelled windows from peak lists."""

import logging
from pathlib import Path
from typing import Literal

import click

from deepregfinder.command_line import plain_errors

PATH = click.Path(path_type=Path)


@click.command()
@click.option("--sample", required=True, help="Sample (cell type) of the peak lists.")
@click.option("--tss", required=True, type=PATH, help="Transcription start sites (BED).")
@click.option("--dhs", type=PATH, help="Peaks of open chromatin, DNase or ATAC.")
@click.option(
    "--enhancers", required=True, multiple=True, type=PATH, help="Enhancer-TF peaks; repeat."
)
@click.option("--promoter_marks", multiple=True, type=PATH, help="H3K4me3 peaks; repeat.")
@click.option("--tfbs", multiple=True, type=PATH, help="Peaks of other TFs; repeat.")
@click.option("--blacklist", type=PATH, help="Regions not used as background (BED).")
@click.option("--gaps", type=PATH, help="Assembly gaps, not used as background (BED).")
@click.option("--chrom_sizes", required=True, type=PATH, help="Main chromosomes: name, length.")
@click.option("--classes", required=True, type=int, help="Classes of the run: 2, 3 or 5.")
@click.option("--bin_size", required=True, type=int, help="Width of a bin in bp.")
@click.option("--window_bins", required=True, type=int, help="Bins of a window.")
@click.option("--tss_merge", required=True, type=int, help="Merge TSSs no further apart (bp).")
@click.option("--promoter_slop", required=True, type=int, help="Promoter: a DHS this near (bp).")
@click.option("--enhancer_slop", required=True, type=int, help="Enhancer: a DHS this near (bp).")
@click.option("--tss_distance", required=True, type=int, help="Enhancer: no TSS this near (bp).")
@click.option(
    "--promoter_marks_distance",
    required=True,
    type=int,
    help="Enhancer: no H3K4me3 peak this near (bp).",
)
@click.option(
    "--promoter_marks_min_signal",
    required=True,
    type=float,
    help="Ignore H3K4me3 peaks of lower signal.",
)
@click.option("--max_tf_peak_width", type=int, help="Drop enhancer-TF peaks that are wider (bp).")
@click.option(
    "--center",
    required=True,
    type=click.Choice(["midpoint", "summit", "dhs"]),
    help="Where an enhancer window is centred.",
)
@click.option(
    "--background_distance",
    required=True,
    type=int,
    help="Background: nothing this near (bp).",
)
@click.option("--n_background", required=True, type=int, help="Background windows in total.")
@click.option(
    "--split",
    required=True,
    type=click.Choice(["chromosome", "random"]),
    help="How windows are divided.",
)
@click.option("--train_chroms", required=True, help="Chromosomes to train on.")
@click.option("--validation_chroms", required=True, help="Chromosomes to validate on.")
@click.option("--test_chroms", required=True, help="Chromosomes to test on.")
@click.option("--seed", required=True, type=int, help="Of the choice of background.")
@click.option("--output", required=True, type=PATH, help="Candidates (region file).")
@click.option("--dropped", required=True, type=PATH, help="Table of what each rule dropped.")
def define_regions(
    sample: str,
    tss: Path,
    dhs: Path | None,
    enhancers: tuple[Path, ...],
    promoter_marks: tuple[Path, ...],
    tfbs: tuple[Path, ...],
    blacklist: Path | None,
    gaps: Path | None,
    chrom_sizes: Path,
    classes: int,
    bin_size: int,
    window_bins: int,
    tss_merge: int,
    promoter_slop: int,
    enhancer_slop: int,
    tss_distance: int,
    promoter_marks_distance: int,
    promoter_marks_min_signal: float,
    max_tf_peak_width: int | None,
    center: Literal["midpoint", "summit", "dhs"],
    background_distance: int,
    n_background: int,
    split: Literal["chromosome", "random"],
    train_chroms: str,
    validation_chroms: str,
    test_chroms: str,
    seed: int,
    output: Path,
    dropped: Path,
) -> None:
    """Find promoters and enhancers, and draw background windows.

    Writes candidates: chrom, start, end, class (promoter, enhancer, background), state ".", and
    split ("." with --split random). Background stands last, in the order in which it was drawn,
    twice as much as is wanted: build_tensors.py chooses by signal.

    The table of dropped regions has a row for each rule, in order: element, rule, dropped, left. It
    is written even where too few windows are left, which is an error.
    """
    from deepregfinder.genome.grid import Geometry, read_chrom_sizes
    from deepregfinder.genome.splits import SplitPlan
    from deepregfinder.labels.candidates import check_enough, define_candidates, write_regions
    from deepregfinder.labels.rules import Evidence, RegionRules, write_drops

    logging.getLogger(__name__).info("Regions of %s", sample)
    rules = RegionRules(
        tss_merge=tss_merge,
        promoter_slop=promoter_slop,
        enhancer_slop=enhancer_slop,
        tss_distance=tss_distance,
        promoter_marks_distance=promoter_marks_distance,
        promoter_marks_min_signal=promoter_marks_min_signal,
        max_tf_peak_width=max_tf_peak_width,
        center=center,
        background_distance=background_distance,
        n_background=n_background,
    )
    plan = SplitPlan.parse(split, train_chroms, validation_chroms, test_chroms)
    evidence = Evidence.read(tss, dhs, enhancers, promoter_marks, tfbs, blacklist, gaps)
    candidates = define_candidates(
        evidence, rules, Geometry(bin_size, window_bins), read_chrom_sizes(chrom_sizes), plan, seed
    )
    write_drops(dropped, candidates.drops)
    check_enough(candidates, classes, plan)
    write_regions(output, candidates.windows)


if __name__ == "__main__":
    with plain_errors():
        define_regions()
