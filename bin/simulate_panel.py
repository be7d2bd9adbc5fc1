#!/usr/bin/env python3
"""Simulate BAM files, peak lists and both sheets of a panel of histone marks."""

from pathlib import Path

import click

from deepregfinder.errors import InputError, plain_errors


@click.command()
@click.option(
    "--outdir", type=click.Path(path_type=Path), required=True, help="Folder to write to."
)
@click.option("--samples", default="A", show_default=True, help="Cell types, separated by commas.")
@click.option("--marks", help="Histone marks, separated by commas (default: all that there are).")
@click.option(
    "--replicates",
    default="1",
    show_default=True,
    help="BAM files of each mark: a number, and exceptions, as in 1,H3K4me3=2.",
)
@click.option(
    "--reads_per_mb",
    type=click.FloatRange(min=1),
    default=3000,
    show_default=True,
    help="Reads (pairs with --paired) per Mb and mark, over all replicates.",
)
@click.option("--read_length", type=click.IntRange(20, 150), default=50, show_default=True)
@click.option("--paired", is_flag=True, help="Paired-end reads.")
@click.option("--control", is_flag=True, help="An input control for every sample.")
@click.option(
    "--nascent",
    type=click.Choice(["none", "unstranded", "stranded"]),
    default="none",
    show_default=True,
    help="Nascent RNA: one BAM, or one BAM a strand.",
)
@click.option(
    "--genome_mb",
    type=click.FloatRange(0.6, 500),
    default=48,
    show_default=True,
    help="Size of the small genome.",
)
@click.option(
    "--spacing",
    type=click.IntRange(min=4000),
    default=12000,
    show_default=True,
    help="Mean distance of genes, enhancers and the like in the small genome, in bp.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Same seed, same bytes.")
@click.option("--threads", type=click.IntRange(min=1), default=1, show_default=True)
def simulate_panel(
    outdir: Path,
    samples: str,
    marks: str | None,
    replicates: str,
    reads_per_mb: float,
    read_length: int,
    paired: bool,
    control: bool,
    nascent: str,
    genome_mb: float,
    spacing: int,
    seed: int,
    threads: int,
) -> None:
    """Simulate a panel of histone marks: indexed BAM files, peak lists and both sheets."""
    from deepregfinder.simulation.elements import small_cell, small_genome
    from deepregfinder.simulation.panel import Plan, parse_replicates, write_panel
    from deepregfinder.simulation.profiles import MARKS

    names = [name.strip() for name in samples.split(",") if name.strip()]
    chosen = tuple(mark.strip() for mark in marks.split(",")) if marks else MARKS
    if unknown := sorted(set(chosen) - set(MARKS)):
        raise InputError(f"--marks: no {', '.join(unknown)} here; there are {', '.join(MARKS)}.")
    plan = Plan(
        chosen,
        parse_replicates(replicates, chosen),
        reads_per_mb,
        read_length,
        paired,
        control,
        nascent,
        seed,
        threads,
    )
    genome, sites = small_genome(genome_mb, spacing, seed)
    cells = [small_cell(name, sites, genome, seed) for name in names]
    write_panel(outdir, genome, cells, plan)


if __name__ == "__main__":
    with plain_errors():
        simulate_panel()
