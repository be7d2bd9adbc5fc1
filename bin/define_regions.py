#!/usr/bin/env python3
"""Define labelled windows from peak lists."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deepregfinder.command_line import PATH, plain_errors
from deepregfinder.options.evidence import evidence_options
from deepregfinder.options.geometry import geometry_options
from deepregfinder.options.regions import region_options
from deepregfinder.options.split import split_options

if TYPE_CHECKING:
    from deepregfinder.genome.grid import Geometry
    from deepregfinder.genome.splits import SplitChoice
    from deepregfinder.labels.rules import Evidence, RegionRules


@click.command()
@click.option("--sample", required=True, help="Sample (cell type) of the peak lists.")
@evidence_options
@click.option("--chrom_sizes", required=True, type=PATH, help="Main chromosomes: name, length.")
@click.option("--classes", required=True, type=int, help="Classes of the run: 2, 3 or 5.")
@geometry_options
@region_options
@split_options
@click.option("--seed", required=True, type=int, help="Random seed of the background.")
@click.option("--output", required=True, type=PATH, help="Candidates (region file).")
@click.option(
    "--dropped", required=True, type=PATH, help="Table of regions that each rule dropped."
)
@click.option("--sources", required=True, type=PATH, help="Table of what the labels are made of.")
def define_regions(
    sample: str,
    evidence: "Evidence",
    chrom_sizes: Path,
    classes: int,
    geometry: "Geometry",
    rules: "RegionRules",
    choice: "SplitChoice",
    seed: int,
    output: Path,
    dropped: Path,
    sources: Path,
) -> None:
    """Find promoters and enhancers, and draw background windows.

    Candidates have the columns chrom, start, end, class (promoter, enhancer, background), state
    (".") and split ("." with --split random). Background windows come last, in the order in which
    they were drawn, and twice as many as needed: build_tensors.py chooses among them by signal.

    The table of dropped regions has one row per rule, in order: element, rule, dropped, left. It is
    also written if too few windows are left, which is an error.
    """
    import logging

    from deepregfinder.genome.grid import read_chrom_sizes
    from deepregfinder.labels.candidates import check_enough, define_candidates, write_regions
    from deepregfinder.labels.rules import write_drops
    from deepregfinder.labels.sources import write_sources

    log = logging.getLogger("deepregfinder.define_regions")
    made_of = evidence.sources(rules.enhancer_labels)
    for one in made_of:
        log.info("%s, %s: %s (%s)", sample, one.list_, one.words, one.intervals)
    write_sources(sources, made_of)
    sizes = read_chrom_sizes(chrom_sizes)
    plan = choice.plan(sizes)
    candidates = define_candidates(evidence, rules, geometry, sizes, plan, seed)
    write_drops(dropped, candidates.drops)
    check_enough(candidates, classes, plan)
    write_regions(output, candidates.windows)


if __name__ == "__main__":
    with plain_errors():
        define_regions()
