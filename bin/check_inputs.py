#!/usr/bin/env python3
"""Hold all inputs against each other before any heavy work is done."""

from pathlib import Path

import click

from deepregfinder.command_line import plain_errors

PATH = click.Path(path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--bam_info", required=True, multiple=True, type=FILE, help="Made by inspect_bam.py.")
@click.option("--chrom_sizes", type=FILE, help="Table of chromosomes (default: the BAM headers).")
@click.option("--tss", type=FILE, help="Transcription start sites (BED).")
@click.option("--blacklist", type=FILE, help="Regions without trustworthy signal (BED).")
@click.option("--gaps", type=FILE, help="Assembly gaps (BED).")
@click.option("--regions", type=FILE, help="Regions to score (BED).")
@click.option("--peaks", multiple=True, type=FILE, help="List of the label sheet; repeat.")
@click.option("--chromosomes", required=True, help="Names of main chromosomes (expression).")
@click.option("--bin_size", required=True, type=int, help="Width of a bin in bp.")
@click.option("--window_bins", required=True, type=int, help="Bins of a window.")
@click.option("--split", required=True, type=click.Choice(["chromosome", "random"]), help="Split.")
@click.option("--train_chroms", required=True, help="Chromosomes to train on.")
@click.option("--validation_chroms", required=True, help="Chromosomes to validate on.")
@click.option("--test_chroms", required=True, help="Chromosomes to test on.")
@click.option("--train", required=True, type=bool, help="Is a model going to be trained?")
@click.option("--counter", required=True, help="native or featurecounts, as for count_bins.py.")
@click.option("--count_at", required=True, help="overlap or midpoint, as for count_bins.py.")
@click.option("--paired_end", required=True, help="fragments or reads, as for count_bins.py.")
@click.option("--scatter", required=True, type=int, help="Groups of chromosomes to make.")
@click.option("--output", required=True, type=PATH, help="Main chromosomes: name, length.")
@click.option("--groups", required=True, type=PATH, help="Groups: number, chromosome.")
@click.option("--inputs", required=True, type=PATH, help="Table of the BAM files.")
def check_inputs(
    bam_info: tuple[Path, ...],
    chrom_sizes: Path | None,
    tss: Path | None,
    blacklist: Path | None,
    gaps: Path | None,
    regions: Path | None,
    peaks: tuple[Path, ...],
    chromosomes: str,
    bin_size: int,
    window_bins: int,
    split: str,
    train_chroms: str,
    validation_chroms: str,
    test_chroms: str,
    train: bool,
    counter: str,
    count_at: str,
    paired_end: str,
    scatter: int,
    output: Path,
    groups: Path,
    inputs: Path,
) -> None:
    """Check that all input files fit together, and settle the chromosomes of the run.

    Everything that is wrong is reported at once: faults of single BAM files, chromosome names and
    lengths that differ, reads that lie elsewhere or cannot be counted, lines of BED and peak files.
    """
    from deepregfinder.genome.grid import Geometry, balanced_groups, write_chrom_sizes
    from deepregfinder.genome.splits import ChromosomeSplit
    from deepregfinder.inputs.alignments import read_summary
    from deepregfinder.inputs.check import IntervalList, Plan, write_groups, write_inputs
    from deepregfinder.inputs.check import check_inputs as check

    by_chromosome = train and split == "chromosome"
    plan = Plan(
        chromosomes,
        Geometry(bin_size, window_bins),
        ChromosomeSplit.parse(train_chroms, validation_chroms, test_chroms)
        if by_chromosome
        else None,
        counter,
        count_at,
        paired_end,
    )
    optional = (
        (tss, "--tss", False),
        (blacklist, "--blacklist", True),
        (gaps, "--gaps", True),
        (regions, "--regions", False),
    )
    lists = [IntervalList(path, option, "bed", empty) for path, option, empty in optional if path]
    lists += [IntervalList(path, "--labels", "peaks") for path in peaks]
    summaries = [read_summary(path) for path in bam_info]
    sizes = check(summaries, lists, plan, chrom_sizes)
    write_chrom_sizes(output, sizes)
    write_groups(groups, balanced_groups(sizes, scatter))
    write_inputs(inputs, summaries, sizes)


if __name__ == "__main__":
    with plain_errors():
        check_inputs()
