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
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    from deepregfinder.signal.store import open_signal
    from deepregfinder.tracks.bigwig import write_mark
    from deepregfinder.tracks.contents import SignalTracks, write_description

    opened = open_signal(signal)
    with ProcessPoolExecutor(threads, get_context("spawn")) as pool:
        tasks = {
            mark: pool.submit(write_mark, output / f"{mark}.bw", signal, mark)
            for mark in opened.marks
        }
        for number, (mark, task) in enumerate(tasks.items(), 1):
            task.result()
            logging.info("%s: %s written (%d of %d)", opened.sample, mark, number, len(tasks))
    write_description(description, SignalTracks(opened.sample, opened.marks))


if __name__ == "__main__":
    with plain_errors():
        signal_tracks()
