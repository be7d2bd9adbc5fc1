#!/usr/bin/env python3
"""List the transcription start sites of a gene annotation."""

from pathlib import Path

import click

from deepregfinder.command_line import PATH, plain_errors


@click.command()
@click.option("--gtf", required=True, type=PATH, help="Gene annotation (GTF or GFF3).")
@click.option(
    "--gtf_biotypes",
    help="Biotypes of transcripts, or all.  [default: protein_coding,lncRNA]",
)
@click.option("--output", required=True, type=PATH, help="The TSSs (BED6, name = gene).")
@click.option("--info", required=True, type=PATH, help="Description of the annotation (JSON).")
def list_tss(gtf: Path, gtf_biotypes: str | None, output: Path, info: Path) -> None:
    """Write the 5' end of every transcript of some biotypes, once for each gene, 0-based.

    Chromosomes are named as in the file; name_chromosomes.py gives them the names of a run.
    Transcripts without a biotype are included; those without a strand, or with a start that the
    annotation calls unconfirmed (mRNA_start_NF), are not. Problems of the file are not errors of
    this command: they are listed under `problems`, and check_inputs.py reports those of all files
    at once.
    """
    from deepregfinder.genome.biotypes import DEFAULT
    from deepregfinder.inputs import gene_annotation
    from deepregfinder.storage.tables import write_table

    tss, summary = gene_annotation.list_tss(gtf, gtf_biotypes or DEFAULT)
    columns = ["chrom", "start", "end", "gene", "score", "strand"]
    write_table(output, tss.assign(score=0)[columns].to_numpy().tolist())
    gene_annotation.write_annotation_summary(info, summary)


if __name__ == "__main__":
    with plain_errors():
        list_tss()
