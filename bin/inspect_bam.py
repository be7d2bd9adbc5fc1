#!/usr/bin/env python3
"""Inspect one file of reads before any long computation."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from deepregfinder.command_line import PATH, plain_errors
from deepregfinder.options.row_rules import row_options

if TYPE_CHECKING:
    from deepregfinder.counting.assays import RowRules


@click.command()
@click.option("--bam", required=True, type=PATH, help="The file of reads.")
@click.option("--barcodes", type=PATH, help="Barcodes of a fragments file to use, one per line.")
@click.option("--reads", type=click.IntRange(1), help="Number of reads behind a bigWig file.")
@click.option("--index", type=PATH, help="Its BAI or CSI file, in any folder.")
@click.option("--id", "id_", required=True, help="Name of this file within the run.")
@click.option("--sample", required=True, help="Sample (cell type) of the reads.")
@click.option("--mark", required=True, help="Histone mark, or 'control' or 'nascent'.")
@click.option("--replicate", required=True, help="Replicate, as in the sheet.")
@click.option(
    "--role",
    required=True,
    type=click.Choice(["chip", "control", "nascent"]),
    help="What the reads are for.",
)
@row_options
@click.option("--threads", required=True, type=int, help="Threads for making an index.")
@click.option("--output", required=True, type=PATH, help="Description of the file (JSON).")
def inspect_bam(
    bam: Path,
    barcodes: Path | None,
    reads: int | None,
    index: Path | None,
    id_: str,
    sample: str,
    mark: str,
    replicate: str,
    role: Literal["chip", "control", "nascent"],
    row: "RowRules",
    threads: int,
    output: Path,
) -> None:
    """Read header, index and first reads of one BAM file, and list its problems.

    A tagAlign or fragments file, known by its name, is read to its end, and each line is checked.
    So is a bigWig file of coverage, with each value.

    If the index of a BAM file is missing or belongs to another file, a new one is made in the
    current folder (ID.bai), not next to the BAM file. Problems of the file are not errors of this
    command: they are listed under `problems`, and check_inputs.py reports those of all files at
    once.
    """
    from deepregfinder.inputs.alignments import Identity, inspect_alignments, write_summary

    identity = Identity(id_, sample, mark, replicate, role, row.assay, row.own)
    summary = inspect_alignments(bam, identity, Path.cwd(), index, threads, barcodes, reads)
    write_summary(output, summary)


if __name__ == "__main__":
    with plain_errors():
        inspect_bam()
