#!/usr/bin/env python3
"""Merge pairs tested with CRISPR to elements, and lift these to the assembly of the run."""

from pathlib import Path

import click

from deepregfinder.command_line import PATH, plain_errors


@click.command()
@click.option("--table", required=True, type=PATH, help="Tested pairs of element and gene (TSV).")
@click.option("--cell_type", help="Cell type of the pairs to use.  [default: those of all cells]")
@click.option("--chain", type=PATH, help="Chain file from their assembly to that of the run.")
@click.option("--chrom_sizes", required=True, type=PATH, help="Chromosomes of the run.")
@click.option("--output", required=True, type=PATH, help="One row per element (TSV).")
def lift_crispr(
    table: Path, cell_type: str | None, chain: Path | None, chrom_sizes: Path, output: Path
) -> None:
    """Write one row per element, including those that are not used or cannot be lifted."""
    from deepregfinder.evaluation.external.crispr import place_elements, write_elements
    from deepregfinder.evaluation.external.crispr_table import read_table
    from deepregfinder.genome.grid import read_chrom_sizes

    sizes = read_chrom_sizes(chrom_sizes)
    elements = read_table(table, cell_type)
    write_elements(output, place_elements(elements, chain, sizes, table.name))


if __name__ == "__main__":
    with plain_errors():
        lift_crispr()
