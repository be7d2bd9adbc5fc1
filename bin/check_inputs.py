#!/usr/bin/env python3
"""Check that all inputs fit together before any long computation."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deepregfinder.command_line import EXISTING_FILE, PATH, plain_errors
from deepregfinder.options.geometry import geometry_options
from deepregfinder.options.split import split_options

if TYPE_CHECKING:
    from deepregfinder.genome.grid import Geometry
    from deepregfinder.genome.splits import SplitChoice


@click.command()
@click.option(
    "--bam_info", required=True, multiple=True, type=EXISTING_FILE, help="Made by inspect_bam.py."
)
@click.option(
    "--chrom_sizes", type=EXISTING_FILE, help="Table of chromosomes (default: the BAM headers)."
)
@click.option("--genome", help="Name of the assembly.")
@click.option("--genome_sizes", type=EXISTING_FILE, help="Its chromosomes, where they are known.")
@click.option("--tss", type=EXISTING_FILE, help="Transcription start sites (BED).")
@click.option("--annotation_info", type=EXISTING_FILE, help="Made by list_tss.py, of --gtf.")
@click.option("--blacklist", type=EXISTING_FILE, help="Regions without trustworthy signal (BED).")
@click.option("--gaps", type=EXISTING_FILE, help="Assembly gaps (BED).")
@click.option("--regions", type=EXISTING_FILE, help="Regions to score (BED).")
@click.option("--fasta", type=EXISTING_FILE, help="The genome, for sequences of calls.")
@click.option("--fasta_index", type=EXISTING_FILE, help="Its .fai file, also in place of it.")
@click.option(
    "--annotation",
    "annotations",
    multiple=True,
    type=(EXISTING_FILE, str, str),
    help="List, mapping and chain file ('' for none) of an annotation; may be repeated.",
)
@click.option("--crispr", type=EXISTING_FILE, help="Element-gene pairs tested with CRISPR (TSV).")
@click.option("--crispr_cell_type", help="Cell type of the pairs to use.  [default: all]")
@click.option("--crispr_chain", type=EXISTING_FILE, help="Chain file for them.")
@click.option(
    "--model",
    "models",
    multiple=True,
    type=EXISTING_FILE,
    help="Description of a pretrained model (model.json); may be repeated.",
)
@click.option("--classes", required=True, type=int, help="Number of classes.")
@click.option(
    "--peaks",
    multiple=True,
    type=EXISTING_FILE,
    help="Peak list of the label sheet; may be repeated.",
)
@click.option(
    "--chromosomes", required=True, help="Names of main chromosomes (regular expression)."
)
@geometry_options
@split_options
@click.option("--train", required=True, type=bool, help="Whether the run trains a model.")
@click.option("--counter", required=True, help="native or featurecounts, as for count_bins.py.")
@click.option("--count_at", required=True, help="Place of single reads, as for count_bins.py.")
@click.option("--paired_end", required=True, help="fragments or reads, as for count_bins.py.")
@click.option("--max_fragment", default=0, type=int, help="As for count_bins.py.")
@click.option("--scatter", required=True, type=int, help="Number of groups of chromosomes.")
@click.option("--output", required=True, type=PATH, help="Main chromosomes: name, length.")
@click.option("--groups", required=True, type=PATH, help="Groups: number, chromosome.")
@click.option("--inputs", required=True, type=PATH, help="Table of the BAM files.")
@click.option("--left_out", type=PATH, help="Table of what the run does not use.")
def check_inputs(
    bam_info: tuple[Path, ...],
    chrom_sizes: Path | None,
    genome: str | None,
    genome_sizes: Path | None,
    tss: Path | None,
    annotation_info: Path | None,
    blacklist: Path | None,
    gaps: Path | None,
    regions: Path | None,
    fasta: Path | None,
    fasta_index: Path | None,
    annotations: tuple[tuple[Path, str, str], ...],
    crispr: Path | None,
    crispr_cell_type: str | None,
    crispr_chain: Path | None,
    models: tuple[Path, ...],
    classes: int,
    peaks: tuple[Path, ...],
    chromosomes: str,
    geometry: "Geometry",
    choice: "SplitChoice",
    train: bool,
    counter: str,
    count_at: str,
    paired_end: str,
    max_fragment: int,
    scatter: int,
    output: Path,
    groups: Path,
    inputs: Path,
    left_out: Path | None,
) -> None:
    """Check that all input files fit together, and choose the chromosomes of the run.

    All problems are reported at once (docs/usage.md lists them); what is left out causes warnings.
    """
    from deepregfinder.evaluation.external.inputs import all_lists
    from deepregfinder.genome.grid import balanced_groups, read_chrom_sizes, write_chrom_sizes
    from deepregfinder.inputs.alignments import read_summary
    from deepregfinder.inputs.check import (
        IntervalList,
        NamedGenome,
        Plan,
        check_all_inputs,
        write_groups,
        write_inputs,
    )
    from deepregfinder.inputs.gene_annotation import read_annotation_summary
    from deepregfinder.inputs.left_out import find_left_out, tell_left_out
    from deepregfinder.inputs.references import GenomeSequence
    from deepregfinder.prediction.pretrained import pretrained_notes

    split = choice if train and choice.mode == "chromosome" else None
    rules = (counter, count_at, paired_end, max_fragment)
    planned = Plan(chromosomes, geometry, split, *rules)
    optional = {"--tss": tss, "--blacklist": blacklist, "--gaps": gaps, "--regions": regions}
    given = [(path, name) for name, path in optional.items() if path]
    lists = [IntervalList(*one, "bed", one[1] in ("--blacklist", "--gaps")) for one in given]
    lists += [IntervalList(path, "--labels", "peaks") for path in peaks]
    summaries = [read_summary(path) for path in bam_info]
    sequence = GenomeSequence(fasta, fasta_index) if fasta or fasta_index else None
    named = NamedGenome(genome, read_chrom_sizes(genome_sizes)) if genome and genome_sizes else None
    external = all_lists(annotations, (crispr, crispr_cell_type, crispr_chain), classes)
    genes = read_annotation_summary(annotation_info) if annotation_info else None
    sizes = check_all_inputs(
        summaries, lists, planned, chrom_sizes, sequence, named, external, models, genes
    )
    write_chrom_sizes(output, sizes)
    write_groups(groups, balanced_groups(sizes, scatter))
    write_inputs(inputs, summaries, sizes)
    notes = pretrained_notes(models, summaries)
    tell_left_out(left_out, [*find_left_out(summaries, lists, sizes, genes), *notes])


if __name__ == "__main__":
    with plain_errors():
        check_inputs()
