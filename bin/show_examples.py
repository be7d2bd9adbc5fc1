#!/usr/bin/env python3
"""Choose example regions, and take the signal of all marks around them."""

from pathlib import Path

import click

from deepregfinder.command_line import PATH, plain_errors


@click.command()
@click.option("--model", required=True, help="Name of the model for this sample.")
@click.option("--signal", required=True, type=PATH, help="<sample>.signal.zip.")
@click.option("--calls", required=True, type=PATH, help="<sample>.<model>.bed.")
@click.option("--regions", type=PATH, help="<sample>.regions.bed, if the sample has labels.")
@click.option("--classes", required=True, type=int, help="Number of classes.")
@click.option("--output", required=True, type=PATH, help="The regions and their signal (JSON).")
def show_examples(
    model: str, signal: Path, calls: Path, regions: Path | None, classes: int, output: Path
) -> None:
    """Write the best calls of each class.

    With labels, also write labelled elements of test chromosomes that no call recovers, and calls
    there without a labelled element.
    """
    from deepregfinder.classes import class_names
    from deepregfinder.labels.candidates import read_regions
    from deepregfinder.prediction.calling import read_calls
    from deepregfinder.report.examples import find_examples, write_examples
    from deepregfinder.signal.store import open_signal

    names = class_names(classes)
    labelled = read_regions(regions) if regions else None
    examples = find_examples(open_signal(signal), model, read_calls(calls, names), names, labelled)
    write_examples(output, examples)


if __name__ == "__main__":
    with plain_errors():
        show_examples()
