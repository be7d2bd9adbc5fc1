#!/usr/bin/env python3
"""Hold calls against elements that were perturbed with CRISPR."""

from pathlib import Path

import click

from deepregfinder.command_line import plain_errors

FILE = click.Path(path_type=Path)


@click.command()
@click.option("--bundle", required=True, type=FILE, help="Folder of the model.")
@click.option("--elements", required=True, type=FILE, help="Table of lift_crispr.py.")
@click.option(
    "--probabilities", required=True, multiple=True, type=FILE, help="Files of predict_genome.py."
)
@click.option("--calls", required=True, type=FILE, help="Calls (BED9 of call_elements.py).")
@click.option("--bootstrap", required=True, type=click.IntRange(0), help="Bootstrap samples.")
@click.option("--seed", required=True, type=int, help="Random seed of the bootstrap.")
@click.option("--output", required=True, type=FILE, help="Figures (TSV).")
@click.option("--element_table", required=True, type=FILE, help="What is said of each (TSV).")
def validate_crispr(
    bundle: Path,
    elements: Path,
    probabilities: tuple[Path, ...],
    calls: Path,
    bootstrap: int,
    seed: int,
    output: Path,
    element_table: Path,
) -> None:
    """Write recall of regulated elements, calls among tested negatives, and every element."""
    from deepregfinder.evaluation.external.crispr import read_elements, validate
    from deepregfinder.models.bundle import read_bundle
    from deepregfinder.prediction.calling import read_calls
    from deepregfinder.prediction.probabilities import open_probabilities
    from deepregfinder.storage.tables import write_table

    scan = open_probabilities(probabilities)
    found = read_calls(calls, scan.classes)
    split = read_bundle(bundle).split
    figures, judged = validate(read_elements(elements), found, scan, split, bootstrap, seed)
    write_table(output, figures)
    write_table(element_table, judged)


if __name__ == "__main__":
    with plain_errors():
        validate_crispr()
