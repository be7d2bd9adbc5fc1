#!/usr/bin/env python3
"""Count the reads of one file in the bins of the main chromosomes."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from deepregfinder.command_line import PATH, plain_errors
from deepregfinder.options.counting import counting_options
from deepregfinder.options.row_rules import row_options

if TYPE_CHECKING:
    from deepregfinder.counting.assays import RowRules
    from deepregfinder.counting.rules import CountRules


@click.command()
@click.option(
    "--bam",
    required=True,
    type=PATH,
    help="The BAM file, or a CRAM, tagAlign, fragments or bigWig file (--counter native).",
)
@click.option("--barcodes", type=PATH, help="Barcodes of a fragments file to count, one per line.")
@click.option("--reads", type=click.IntRange(1), help="Number of reads behind a bigWig file.")
@click.option("--id", "id_", required=True, help="Name of this file within the run.")
@click.option("--sample", required=True, help="Sample (cell type) of the reads.")
@click.option("--mark", required=True, help="Histone mark, or 'control' or 'nascent'.")
@click.option("--replicate", required=True, help="Replicate, as in the sheet.")
@click.option("--chrom_sizes", required=True, type=PATH, help="Main chromosomes: name, length.")
@click.option("--blacklist", type=PATH, help="BED: bins that touch an interval are set to zero.")
@click.option("--bin_size", required=True, type=click.IntRange(1), help="Width of a bin in bp.")
@click.option(
    "--counter",
    required=True,
    type=click.Choice(["native", "featurecounts"]),
    help="Counting program; both give the same counts.",
)
@counting_options
@row_options
@click.option("--threads", required=True, type=click.IntRange(1), help="Threads to use.")
@click.option("--output", required=True, type=PATH, help="The file of counts.")
@click.option("--summary", required=True, type=PATH, help="Table of counted and excluded records.")
@click.option(
    "--quality", required=True, type=PATH, help="Table of duplicates and fragment length."
)
@click.option("--ends", type=PATH, help="Sampled read ends, by which libraries are compared.")
def count_bins(
    bam: Path,
    barcodes: Path | None,
    reads: int | None,
    id_: str,
    sample: str,
    mark: str,
    replicate: str,
    chrom_sizes: Path,
    blacklist: Path | None,
    bin_size: int,
    counter: Literal["native", "featurecounts"],
    rules: "CountRules",
    row: "RowRules",
    threads: int,
    output: Path,
    summary: Path,
    quality: Path,
    ends: Path | None,
) -> None:
    """Write the raw counts of one file of reads, its library size, the filters, and its quality.

    The file need not be sorted or indexed. Filters and overlaps follow featureCounts; the docstring
    of deepregfinder/counting lists all rules. Those of the assay, and of the row itself, replace
    those of the run. Quality comes from the ends of a sample of reads.
    """
    from deepregfinder.counting.counter import count_reads
    from deepregfinder.counting.read_ends import EndSampler
    from deepregfinder.counting.rules import BinGrid
    from deepregfinder.counting.store import Library, write_counts, write_summary
    from deepregfinder.genome.grid import read_chrom_sizes
    from deepregfinder.genome.intervals import intervals_digest
    from deepregfinder.quality.cross_correlation import quality_of, write_quality
    from deepregfinder.quality.shared_reads import write_ends

    library = Library(id_, sample, mark, replicate)
    grid = BinGrid(read_chrom_sizes(chrom_sizes), bin_size)
    own = row.applied_to(rules)
    sampler = EndSampler(grid.chrom_sizes, own.min_mapq)
    counts = count_reads(bam, counter, own, grid, blacklist, threads, sampler, barcodes, reads)
    digest = None if blacklist is None else intervals_digest(blacklist)
    write_counts(output, library, counts, rules, digest, row)
    write_summary(summary, library, counter, counts)
    sampled = sampler.ends()
    write_quality(quality, library, sampled, quality_of(sampled))
    if ends is not None:
        write_ends(ends, library, sampled)


if __name__ == "__main__":
    with plain_errors():
        count_bins()
