#!/usr/bin/env python3
"""Simulate BAM files, peak lists and both sheets of a panel of histone marks."""

from pathlib import Path

import click

from deepregfinder.command_line import EXISTING_FILE, plain_errors
from deepregfinder.errors import InputError

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


def _split(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


@click.command(context_settings={"show_default": True})
@click.option(
    "--outdir",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder to write to; created if missing.",
)
@click.option(
    "--samples",
    default="A",
    help="Cell types, separated by commas; with --peaks, its folders (K562,GM12878).",
)
@click.option(
    "--marks",
    help="Histone marks, separated by commas.  [default: all that every cell type has]",
)
@click.option(
    "--replicates",
    default="1",
    help="BAM files of each mark: a number, then exceptions, as in 1,H3K4me3=2.",
)
@click.option(
    "--reads_per_mb",
    type=click.FloatRange(min=1),
    default=3000,
    help="Reads (pairs with --paired) per Mb of genome and mark, over all replicates.",
)
@click.option("--read_length", type=click.IntRange(20, 150), default=50, help="In bp.")
@click.option("--paired", is_flag=True, help="Paired-end reads.")
@click.option("--control", is_flag=True, help="An input control for every cell type.")
@click.option("--accessibility", is_flag=True, help="A DNase-seq track in addition to the marks.")
@click.option(
    "--nascent",
    type=click.Choice(["none", "unstranded", "stranded"]),
    default="none",
    help="Nascent RNA: one BAM, or one BAM per strand.",
)
@click.option("--seed", type=click.IntRange(min=0), default=1, help="Same seed, same bytes.")
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    default=1,
    help="Number of BAM files written in parallel.",
)
@click.option(
    "--genome_mb",
    type=click.FloatRange(0.6, 500),
    default=48,
    help="Small genome: its size in Mb.",
)
@click.option(
    "--spacing",
    type=click.IntRange(min=4000),
    default=12000,
    help="Small genome: mean distance between sites such as genes and enhancers, in bp.",
)
@click.option(
    "--peaks",
    type=_FOLDER,
    help="Folder with a folder of ENCODE peak lists for each cell type.",
)
@click.option("--tss", type=EXISTING_FILE, help="With --peaks: TSSs (BED, plain or .gz).")
@click.option(
    "--chrom_sizes", type=EXISTING_FILE, help="With --peaks: chromosome names and lengths."
)
@click.option("--blacklist", type=EXISTING_FILE, help="With --peaks: blacklist (BED).")
@click.option(
    "--chroms",
    help="With --peaks: chromosomes to simulate, as in chr4,chr7 or 1-3.  [default: all]",
)
def simulate_panel(
    outdir: Path,
    samples: str,
    marks: str | None,
    replicates: str,
    reads_per_mb: float,
    read_length: int,
    paired: bool,
    control: bool,
    accessibility: bool,
    nascent: str,
    seed: int,
    threads: int,
    genome_mb: float,
    spacing: int,
    peaks: Path | None,
    tss: Path | None,
    chrom_sizes: Path | None,
    blacklist: Path | None,
    chroms: str | None,
) -> None:
    """Simulate a panel of histone marks: indexed BAM files, peak lists and both sheets.

    Without --peaks, a small genome is simulated (chr1, chr2, chr8, chr9, chr17, chr18 and a
    scaffold); its peak lists are incomplete, as real ones are. With --peaks, only reads are
    simulated: peak lists of ENCODE give the places and heights of enrichment of each mark.

    OUTDIR has samplesheet.csv and labels.csv (paths relative to it), bam/, peaks/, tss.bed,
    chrom.sizes and blacklist.bed. Run the pipeline with --input OUTDIR/samplesheet.csv
    --labels OUTDIR/labels.csv --tss OUTDIR/tss.bed --blacklist OUTDIR/blacklist.bed.
    """
    from deepregfinder.simulation.panel import ACCESSIBILITY, Plan, parse_replicates, write_panel
    from deepregfinder.simulation.sources import EncodeFiles, encode_source, small_source

    names = _split(samples)
    if len(set(names)) != len(names) or not names:
        raise InputError(f"--samples {samples}: name every cell type once.")
    if peaks is None:
        source = small_source(names, genome_mb, spacing, seed)
    else:
        files = EncodeFiles(peaks, tss, chrom_sizes, blacklist, chroms)
        source = encode_source(names, files, nascent, seed)
    tracks = source.choose_marks(_split(marks)) + ((ACCESSIBILITY,) if accessibility else ())
    plan = Plan(
        marks=tracks,
        replicates=parse_replicates(replicates, tracks),
        reads_per_mb=reads_per_mb,
        read_length=read_length,
        paired=paired,
        control=control,
        nascent=nascent,
        seed=seed,
        threads=threads,
    )
    write_panel(outdir, source.genome, source.cells, plan)


if __name__ == "__main__":
    with plain_errors():
        simulate_panel()
