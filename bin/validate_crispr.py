#!/usr/bin/env python3
"""Compare calls with elements that were perturbed with CRISPR."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deepregfinder.command_line import PATH, plain_errors
from deepregfinder.options.bootstrap import bootstrap_options

if TYPE_CHECKING:
    from deepregfinder.evaluation.metrics import Bootstrap


@click.command()
@click.option("--bundle", required=True, type=PATH, help="Folder of the model.")
@click.option("--elements", required=True, type=PATH, help="Table of lift_crispr.py.")
@click.option(
    "--probabilities", required=True, multiple=True, type=PATH, help="Files of predict_genome.py."
)
@click.option("--calls", required=True, type=PATH, help="Calls (BED9 of call_elements.py).")
@bootstrap_options
@click.option("--output", required=True, type=PATH, help="Metrics (TSV).")
@click.option("--element_table", required=True, type=PATH, help="One row per element (TSV).")
def validate_crispr(
    bundle: Path,
    elements: Path,
    probabilities: tuple[Path, ...],
    calls: Path,
    bootstrap: "Bootstrap",
    output: Path,
    element_table: Path,
) -> None:
    """Write recall of regulated elements, calls among tested negatives, and a table of elements."""
    from deepregfinder.evaluation.external.crispr import read_elements, validate
    from deepregfinder.evaluation.tables import CrisprFigures
    from deepregfinder.models.bundle import read_bundle
    from deepregfinder.prediction.calling import read_calls
    from deepregfinder.prediction.probabilities import open_probabilities
    from deepregfinder.storage.tables import write_rows, write_table

    scan = open_probabilities(probabilities)
    figures, predictions = validate(
        read_elements(elements),
        read_calls(calls, scan.classes),
        scan,
        read_bundle(bundle).split,
        bootstrap,
    )
    write_rows(output, CrisprFigures, figures)
    write_table(element_table, predictions)


if __name__ == "__main__":
    with plain_errors():
        validate_crispr()
