#!/usr/bin/env python3
"""Write the signal of a sample as bigWig files."""

from pathlib import Path

import click

from deepregfinder.command_line import PATH, plain_errors


@click.command()
@click.option("--signal", required=True, type=PATH, help="Made by build_signal.py.")
@click.option("--threads", required=True, type=int, help="Number of marks written in parallel.")
@click.option("--output", required=True, type=PATH, help="Folder of <mark>.bw.")
@click.option("--description", required=True, type=PATH, help="What was written (JSON).")
def signal_tracks(signal: Path, threads: int, output: Path, description: Path) -> None:
    """Write reads per million of each mark; bins without reads have the value 0."""
    import logging

    from deepregfinder.signal.store import open_signal
    from deepregfinder.tracks.bigwig import write_marks
    from deepregfinder.tracks.contents import SignalTracks, write_description

    opened = open_signal(signal)
    paths = {mark: output / f"{mark}.bw" for mark in opened.marks}
    for number, path in enumerate(write_marks(paths, signal, threads), 1):
        logging.info("%s: %s written (%d of %d)", opened.sample, path.stem, number, len(paths))
    write_description(description, SignalTracks(opened.sample, opened.marks))


if __name__ == "__main__":
    with plain_errors():
        signal_tracks()
