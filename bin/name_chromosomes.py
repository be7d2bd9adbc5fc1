#!/usr/bin/env python3
"""Give the chromosomes of a list the names that they have in the reads."""

from pathlib import Path

import click

from deepregfinder.command_line import PATH, plain_errors


@click.command()
@click.option("--intervals", required=True, type=PATH, help="Intervals of a whole genome (BED).")
@click.option("--chrom_sizes", required=True, type=PATH, help="Chromosomes of the run.")
@click.option("--annotation_info", type=PATH, help="Made by list_tss.py, of a list from it.")
@click.option("--output", required=True, type=PATH, help="The list with their names (BED).")
def name_chromosomes(
    intervals: Path, chrom_sizes: Path, annotation_info: Path | None, output: Path
) -> None:
    """Write the intervals on chromosomes of the run: 1 and chr1 are the same chromosome.

    Sequences with accession numbers are chromosomes if the annotation that they are from says so.
    """
    from deepregfinder.genome.assembly import renamed
    from deepregfinder.genome.grid import read_chrom_sizes
    from deepregfinder.genome.intervals import read_intervals
    from deepregfinder.inputs.gene_annotation import read_annotation_summary
    from deepregfinder.storage.tables import write_table

    columns = ["chrom", "start", "end", "name", "score", "strand"]
    known = read_annotation_summary(annotation_info).chromosomes if annotation_info else {}
    named = renamed(read_intervals(intervals), read_chrom_sizes(chrom_sizes), known)
    write_table(output, named.assign(score=0)[columns].to_numpy().tolist())


if __name__ == "__main__":
    with plain_errors():
        name_chromosomes()
