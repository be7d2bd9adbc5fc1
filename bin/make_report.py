#!/usr/bin/env python3
"""Show a whole run on one page, and its main figures in one table."""

from pathlib import Path

import click

from deepregfinder.command_line import plain_errors

PATH = click.Path(path_type=Path)


@click.command()
@click.option("--inputs", required=True, type=PATH, help="Table of check_inputs.py.")
@click.option("--counts", multiple=True, type=PATH, help="Tables of count_bins.py.")
@click.option("--libraries", multiple=True, type=PATH, help="libraries.tsv.")
@click.option("--doubts", multiple=True, type=PATH, help="doubts.tsv.")
@click.option("--correlation", multiple=True, type=PATH, help="correlation.tsv.")
@click.option("--signal", multiple=True, type=PATH, help="Tables of build_signal.py.")
@click.option("--dropped", multiple=True, type=PATH, help="<sample>.dropped.tsv.")
@click.option("--states", multiple=True, type=PATH, help="<sample>.states.tsv.")
@click.option("--regions_summary", multiple=True, type=PATH, help="<sample>.regions.tsv.")
@click.option("--test_windows", multiple=True, type=PATH, help="<sample>.test_windows.tsv.")
@click.option("--test_windows_plots", multiple=True, type=PATH, help="The same as .png.")
@click.option("--evaluation", multiple=True, type=PATH, help="Folders of evaluate_model.py.")
@click.option("--explanation", multiple=True, type=PATH, help="Folders of explain_model.py.")
@click.option("--calls", multiple=True, type=PATH, help="<sample>.<model>.calls.tsv.")
@click.option("--examples", multiple=True, type=PATH, help="<sample>.<model>.examples.json.")
@click.option("--validation", multiple=True, type=PATH, help="<sample>.<model>.validation.tsv.")
@click.option("--seeds_summary", multiple=True, type=PATH, help="<sample>.<model>.seeds.tsv.")
@click.option("--transitions", multiple=True, type=PATH, help="<a>_vs_<b>.<model>.transitions.tsv.")
@click.option("--transition_pictures", multiple=True, type=PATH, help="The same as .png.")
@click.option("--model_plots", multiple=True, type=PATH, help="<sample>.comparison_*.png.")
@click.option("--compared_marks", multiple=True, type=PATH, help="<a>_vs_<b>.<model>.marks.tsv.")
@click.option("--across", multiple=True, type=PATH, help="across.<model>.png.")
@click.option("--annotations", multiple=True, type=PATH, help="<sample>.annotations.tsv.")
@click.option("--crispr", multiple=True, type=PATH, help="<sample>.<model>.crispr.tsv.")
@click.option("--versions", required=True, type=PATH, help="Process, tool and version (TSV).")
@click.option("--params", required=True, type=PATH, help="The parameters of the run (JSON).")
@click.option("--command", required=True, help="The command that started the run.")
@click.option("--output", required=True, type=PATH, help="The page (HTML).")
@click.option("--multiqc", required=True, type=PATH, help="Folder of tables for MultiQC.")
@click.option("--summary", required=True, type=PATH, help="The main figures (TSV).")
def make_report(
    inputs: Path,
    counts: tuple[Path, ...],
    libraries: tuple[Path, ...],
    doubts: tuple[Path, ...],
    correlation: tuple[Path, ...],
    signal: tuple[Path, ...],
    dropped: tuple[Path, ...],
    states: tuple[Path, ...],
    regions_summary: tuple[Path, ...],
    test_windows: tuple[Path, ...],
    test_windows_plots: tuple[Path, ...],
    evaluation: tuple[Path, ...],
    explanation: tuple[Path, ...],
    calls: tuple[Path, ...],
    examples: tuple[Path, ...],
    validation: tuple[Path, ...],
    seeds_summary: tuple[Path, ...],
    transitions: tuple[Path, ...],
    transition_pictures: tuple[Path, ...],
    model_plots: tuple[Path, ...],
    compared_marks: tuple[Path, ...],
    across: tuple[Path, ...],
    annotations: tuple[Path, ...],
    crispr: tuple[Path, ...],
    versions: Path,
    params: Path,
    command: str,
    output: Path,
    multiqc: Path,
    summary: Path,
) -> None:
    """Write report.html, a page that needs no other file and no network, summary.tsv, and tables
    that MultiQC picks up.

    Sample and model of a table are read from its name, those of an evaluation or explanation
    from its JSON file. What a run did not do (no labels, no prediction) the page says in a
    sentence.
    """
    from deepregfinder.report.collect import Files, collect
    from deepregfinder.report.multiqc import write_multiqc
    from deepregfinder.report.page import write_page
    from deepregfinder.report.summary import write_summary

    files = Files(
        inputs=inputs,
        versions=versions,
        parameters=params,
        counts=counts,
        libraries=libraries,
        doubts=doubts,
        correlation=correlation,
        signal=signal,
        dropped=dropped,
        states=states,
        regions=regions_summary,
        test_windows=test_windows,
        test_windows_plots=test_windows_plots,
        evaluations=evaluation,
        explanations=explanation,
        calls=calls,
        examples=examples,
        validation=validation,
        seeds=seeds_summary,
        transitions=transitions,
        transition_pictures=transition_pictures,
        model_plots=model_plots,
        compared_marks=compared_marks,
        across=across,
        annotations=annotations,
        crispr=crispr,
    )
    run = collect(files, command)
    write_page(output, run)
    write_summary(summary, run)
    write_multiqc(multiqc, run)


if __name__ == "__main__":
    with plain_errors():
        make_report()
