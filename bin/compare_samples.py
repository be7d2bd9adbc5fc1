#!/usr/bin/env python3
"""Compare what one model found in two samples."""

from pathlib import Path

import click

from deepregfinder.command_line import PATH, plain_errors


@click.command()
@click.option("--name", required=True, help="Name of the comparison: <a>_vs_<b>.<model>.")
@click.option("--calls_a", required=True, type=PATH, help="Calls of the first sample (BED9).")
@click.option("--calls_b", required=True, type=PATH, help="Calls of the second sample (BED9).")
@click.option(
    "--probabilities_a",
    required=True,
    multiple=True,
    type=PATH,
    help="Files of predict_genome.py of the first sample.",
)
@click.option(
    "--probabilities_b", required=True, multiple=True, type=PATH, help="Those of the second one."
)
@click.option(
    "--counts",
    required=True,
    multiple=True,
    type=PATH,
    help="Files of count_bins.py: every mark and replicate of both samples.",
)
@click.option(
    "--fdr",
    required=True,
    type=click.FloatRange(0, 1),
    help="Highest false discovery rate of a differential element.",
)
@click.option("--output", required=True, type=PATH, help="Folder of the tables and the picture.")
def compare_samples(
    name: str,
    calls_a: Path,
    calls_b: Path,
    probabilities_a: tuple[Path, ...],
    probabilities_b: tuple[Path, ...],
    counts: tuple[Path, ...],
    fdr: float,
    output: Path,
) -> None:
    """Find the elements whose class differs between two samples, and test the reads behind them.

    Both samples must have been predicted by the same model. A mark with two replicates or more in
    both samples is tested; where no mark is, the table says "no replicates" and gives no p.
    """
    import logging

    from deepregfinder.counting.store import open_counts
    from deepregfinder.differential import compare as differential
    from deepregfinder.differential.plot import draw_transitions
    from deepregfinder.prediction.calling import read_calls
    from deepregfinder.prediction.probabilities import open_probabilities

    log = logging.getLogger("compare_samples")
    scans = open_probabilities(probabilities_a), open_probabilities(probabilities_b)
    differential.require_one_bundle(scans)
    a, b = (scan.sample for scan in scans)
    opened = [open_counts(path) for path in counts]
    of_a, of_b = (
        [one for one in opened if one.attributes["sample"] == sample] for sample in (a, b)
    )
    calls = (read_calls(calls_a, scans[0].classes), read_calls(calls_b, scans[0].classes))
    elements = differential.consensus(
        calls, scans[0].window, opened[0].attributes["bin_size"], scans[0].chrom_sizes
    )
    comparison = differential.compare(
        elements,
        scans[0].classes,
        (differential.classes_at(elements, calls[0]), differential.classes_at(elements, calls[1])),
        (
            differential.probabilities_at(elements, scans[0]),
            differential.probabilities_at(elements, scans[1]),
        ),
        differential.changes_of_marks(elements, (of_a, of_b)),
        fdr,
    )
    log.info(
        "%s and %s: %d elements; tested: %s",
        *(
            a,
            b,
            len(elements),
            ", ".join(comparison.tested) or "no mark, as there are no replicates",
        ),
    )
    differential.write_comparison(output, name, comparison)
    draw_transitions(
        output / f"{name}.transitions.png",
        comparison.classes,
        differential.transition_matrix(comparison),
        (a, b),
    )


if __name__ == "__main__":
    with plain_errors():
        compare_samples()
