#!/usr/bin/env python3
"""Show a whole run on one page, and its main figures in one table."""

from pathlib import Path

import click

from deepregfinder.command_line import plain_errors

PATH = click.Path(path_type=Path)
FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


@click.command()
@click.option("--results", required=True, type=FOLDER, help="Folder of all files that are shown.")
@click.option("--versions", required=True, type=PATH, help="Process, tool and version (TSV).")
@click.option("--params", required=True, type=PATH, help="The parameters of the run (JSON).")
@click.option("--command", required=True, help="The command that started the run.")
@click.option("--output", required=True, type=PATH, help="The page (HTML).")
@click.option("--multiqc", required=True, type=PATH, help="Folder of tables for MultiQC.")
@click.option("--summary", required=True, type=PATH, help="The main figures (TSV).")
def make_report(
    results: Path,
    versions: Path,
    params: Path,
    command: str,
    output: Path,
    multiqc: Path,
    summary: Path,
) -> None:
    """Write report.html, a page that needs no other file and no network, summary.tsv, and tables
    that MultiQC picks up.

    What a file holds is known by its name, e.g. <sample>.<model>.calls.tsv. What a run did not do
    (no labels, no prediction) the page says in a sentence.
    """
    from deepregfinder.report.collect import collect
    from deepregfinder.report.multiqc import write_multiqc
    from deepregfinder.report.page import write_page
    from deepregfinder.report.summary import write_summary

    run = collect(results, versions, params, command)
    write_page(output, run)
    write_summary(summary, run)
    write_multiqc(multiqc, run)


if __name__ == "__main__":
    with plain_errors():
        make_report()
