#!/usr/bin/env python3
"""Compare all libraries of a run."""

from pathlib import Path

import click

from deepregfinder.command_line import PATH, plain_errors


@click.command()
@click.option("--counts", required=True, multiple=True, type=PATH, help="Files of count_bins.py.")
@click.option("--quality", multiple=True, type=PATH, help="<id>.quality.tsv of count_bins.py.")
@click.option("--records", multiple=True, type=PATH, help="<id>.counts.tsv of count_bins.py.")
@click.option("--ends", multiple=True, type=PATH, help="<id>.ends.zip of count_bins.py.")
@click.option("--regions", multiple=True, type=PATH, help="<sample>.regions.bed.")
@click.option("--tss", type=PATH, help="Transcription start sites (BED).")
@click.option("--controls", multiple=True, help="ID=CONTROL_ID: the control of each library.")
@click.option("--libraries", required=True, type=PATH, help="One row per library (TSV).")
@click.option("--correlation", required=True, type=PATH, help="One row per pair (TSV).")
@click.option("--doubts", required=True, type=PATH, help="Warnings (TSV).")
@click.option("--picture", required=True, type=PATH, help="Plot of the correlations (PNG and SVG).")
def compare_libraries(
    counts: tuple[Path, ...],
    quality: tuple[Path, ...],
    records: tuple[Path, ...],
    ends: tuple[Path, ...],
    regions: tuple[Path, ...],
    tss: Path | None,
    controls: tuple[str, ...],
    libraries: Path,
    correlation: Path,
    doubts: Path,
    picture: Path,
) -> None:
    """Write the quality of each library, the correlation of each pair, and warnings.

    The sample of a --regions file is taken from its name.
    """
    import logging

    from deepregfinder.counting.store import RecordCounts, open_counts
    from deepregfinder.labels.candidates import read_regions
    from deepregfinder.quality.accessibility import measure_all
    from deepregfinder.quality.doubts import find_doubts, find_record_doubts, write_doubts
    from deepregfinder.quality.libraries import measure_libraries
    from deepregfinder.quality.plot import draw_correlation
    from deepregfinder.quality.shared_reads import open_ends
    from deepregfinder.quality.tables import read_qualities, write_correlation, write_libraries
    from deepregfinder.storage.tables import read_rows

    windows = {path.name.removesuffix(".regions.bed"): read_regions(path) for path in regions}
    opened = [open_counts(path) for path in counts]
    measured = measure_libraries(opened, windows)
    accessibility = measure_all(opened, tss)
    files = [row for path in records for row in read_rows(path, RecordCounts)]
    rule = opened[0].attributes["counting"].get("secondary", "keep")
    qualities = read_qualities(quality)
    duplicates = {id_: library.duplicates for id_, library in qualities.items()}
    control_of = dict(pair.partition("=")[::2] for pair in controls)
    sampled = list(map(open_ends, ends))
    listed = [
        *find_doubts(measured, duplicates, sampled, control_of, accessibility),
        *find_record_doubts(files, rule),
    ]
    for doubt in listed:
        logging.getLogger("deepregfinder.compare_libraries").warning("%s", doubt.text)
    write_libraries(libraries, measured, qualities, accessibility)
    write_correlation(correlation, measured)
    write_doubts(doubts, listed)
    ids = [identity.id for identity in measured.identities]
    draw_correlation(picture, ids, measured.correlation)


if __name__ == "__main__":
    with plain_errors():
        compare_libraries()
