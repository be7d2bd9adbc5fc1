#!/usr/bin/env python3
"""Evaluate an external annotation on the labelled test windows of a sample."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deepregfinder.command_line import PATH, plain_errors
from deepregfinder.options.bootstrap import bootstrap_options

if TYPE_CHECKING:
    from deepregfinder.evaluation.metrics import Bootstrap


@click.command()
@click.option("--name", required=True, help="Name of the annotation.")
@click.option("--bed", required=True, type=PATH, help="Its intervals, labels in column 4 (BED).")
@click.option("--mapping", required=True, help="label=class;label=class; * matches any text.")
@click.option("--chain", type=PATH, help="Chain file from its assembly to that of the run.")
@click.option("--tensors", required=True, type=PATH, help="Labelled windows (build_tensors.py).")
@bootstrap_options
@click.option("--output", required=True, type=PATH, help="Metrics of each class (TSV).")
def score_annotation(
    name: str,
    bed: Path,
    mapping: str,
    chain: Path | None,
    tensors: Path,
    bootstrap: "Bootstrap",
    output: Path,
) -> None:
    """Write precision, recall and F1 on test windows by two rules (the central 500 bp of a window,
    or any base of it), and of the intervals taken as calls.
    """
    from deepregfinder.evaluation.external.annotations import by_class, score
    from deepregfinder.evaluation.external.labels import parse_mapping, read_annotation
    from deepregfinder.evaluation.tables import AnnotationScore
    from deepregfinder.genome.assembly import check_placement
    from deepregfinder.genome.liftover import lift_intervals, read_chain
    from deepregfinder.labels.tensors import open_tensors
    from deepregfinder.storage.tables import write_rows

    windows = open_tensors(tensors)
    pairs = parse_mapping(mapping, windows.classes)
    intervals = read_annotation(bed, pairs, windows.classes)
    if chain is not None:
        lift = read_chain(chain, windows.chrom_sizes)
        intervals, _ = lift_intervals(intervals, lift, bed.name)
    check_placement(intervals, windows.chrom_sizes, bed.name)
    annotation = by_class(intervals, pairs, windows.classes, bed.name)
    write_rows(output, AnnotationScore, score(name, annotation, windows, bootstrap))


if __name__ == "__main__":
    with plain_errors():
        score_annotation()
