#!/usr/bin/env python3
"""Annotate the calls of a model; write calls and probabilities for genome browsers."""

from pathlib import Path

import click

from deepregfinder.command_line import PATH, plain_errors


@click.command()
@click.option("--sample", required=True, help="Sample that was predicted.")
@click.option("--model", required=True, help="Name of the model in this run.")
@click.option(
    "--probabilities", required=True, multiple=True, type=PATH, help="Files of predict_genome.py."
)
@click.option("--calls", required=True, type=PATH, help="Calls of call_elements.py.")
@click.option("--tss", type=PATH, help="TSSs (BED), to name the nearest one.")
@click.option("--blacklist", type=PATH, help="Regions without trustworthy signal (BED).")
@click.option("--fasta", type=PATH, help="The genome, to write sequences of the best calls.")
@click.option("--top_calls", required=True, type=int, help="Number of sequences for each class.")
@click.option("--output", required=True, type=PATH, help="Prefix of all files.")
@click.option("--description", required=True, type=PATH, help="What was written (JSON).")
def call_tracks(
    sample: str,
    model: str,
    probabilities: tuple[Path, ...],
    calls: Path,
    tss: Path | None,
    blacklist: Path | None,
    fasta: Path | None,
    top_calls: int,
    output: Path,
    description: Path,
) -> None:
    """Write tables and tracks of a model, whose names begin with the prefix --output.

    annotated.tsv; bb (bigBed, if there is a call); for each class except background <class>.bw
    (its probability), <class>.great.bed4 and, with --fasta, <class>.fa.
    """
    from deepregfinder.genome.intervals import read_intervals
    from deepregfinder.prediction.calling import read_calls
    from deepregfinder.prediction.probabilities import open_probabilities
    from deepregfinder.tracks.annotated import annotate, write_annotated
    from deepregfinder.tracks.bigbed import write_bigbed
    from deepregfinder.tracks.bigwig import write_class
    from deepregfinder.tracks.contents import CallTracks, write_description
    from deepregfinder.tracks.followups import named, write_bed4, write_sequences

    def beside(ending: str) -> Path:
        return output.with_name(f"{output.name}.{ending}")

    scan = open_probabilities(probabilities)
    table = annotate(
        read_calls(calls, scan.classes),
        scan,
        read_intervals(tss) if tss else None,
        read_intervals(blacklist) if blacklist else None,
    )
    write_annotated(beside("annotated.tsv"), table)
    if len(table):
        write_bigbed(beside("bb"), table, scan.classes, scan.step, scan.chrom_sizes)
    ranked = named(table)
    for name in scan.classes[1:]:
        write_class(beside(f"{name}.bw"), scan, name)
        of_class = ranked[ranked["class"] == name]
        write_bed4(beside(f"{name}.great.bed4"), of_class)
    if fasta:
        files = {name: beside(f"{name}.fa") for name in scan.classes[1:]}
        write_sequences(files, fasta, ranked, top_calls)
    write_description(
        description, CallTracks(sample, model, scan.trained_on, scan.classes[1:], len(table))
    )


if __name__ == "__main__":
    with plain_errors():
        call_tracks()
