"""bigWig files of the signal of a mark and of the probability of a class.

Every bin has a value. Adjacent bins of equal value, including zero, are one entry, so that the many
empty bins of a genome take little space; where that takes more space, each bin is one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pyBigWig

from deepregfinder.prediction.probabilities import open_probabilities
from deepregfinder.signal.store import open_signal
from deepregfinder.storage.atomic import is_full, no_room, written_whole

DIGITS = 3
"""Decimals of a probability, as in the score of a call."""

_RUN_OVER_BIN = 3
"""Numbers that an entry of several bins has for each number of one of a bin."""


@dataclass(frozen=True)
class Track:
    """Values of a chromosome, one for every `step` bp from `first` on; the last ends at `end`.

    values : float32 (n,); first, step, end : bp
    """

    chrom: str
    values: np.ndarray
    first: int
    step: int
    end: int


def sorted_chroms(chrom_sizes: Mapping[str, int]) -> dict[str, int]:
    """Chromosomes in the byte order of their names, as required by both formats."""
    return {chrom: chrom_sizes[chrom] for chrom in sorted(chrom_sizes, key=str.encode)}


def write_bigwig(path: Path, chrom_sizes: Mapping[str, int], tracks: Iterable[Track]) -> None:
    """Write a bigWig file, whole or not at all. Tracks come in the order of `sorted_chroms`.

    Raises ValueError without a value: readers do not open such a file.
    """
    with written_track(path) as part:
        file = pyBigWig.open(part, "w")
        file.addHeader(list(sorted_chroms(chrom_sizes).items()))
        written = 0
        for track in tracks:
            if len(track.values):
                _add(file, track)
                written += 1
        file.close()
        if not written:
            raise ValueError(f"no value for {path}")


def _add(file: Any, track: Track) -> None:
    """Add the entries of a track to an open file."""
    chrom, values, step = track.chrom, track.values, track.step
    changes = np.flatnonzero(values[1:] != values[:-1]) + 1
    if _RUN_OVER_BIN * len(changes) > len(values):
        file.addEntries(chrom, track.first, values=values[:-1], span=step, step=step)
        changes = np.array([len(values) - 1])  # what is left is the last bin, which may be shorter
    else:
        changes = np.append(0, changes)
    starts = track.first + changes * step
    ends = np.append(starts[1:], track.end)
    file.addEntries([chrom] * len(starts), starts, ends=ends, values=values[changes])


@contextmanager
def written_track(path: Path) -> Iterator[str]:
    """`written_whole` for libraries that panic on a full disk (pybigtools) or fail silently."""
    with written_whole(path) as part:
        try:
            yield str(part)
        except BaseException as error:  # a panic is not an Exception
            if is_full(part.parent):
                raise no_room(part) from error
            raise
        check_end(part)


def check_end(path: Path) -> None:
    """Raise OSError unless a bigWig or bigBed file ends, as it begins, with its signature."""
    with path.open("rb") as file:
        begins = file.read(4)
        file.seek(max(len(begins), path.stat().st_size - 4))
        if not begins or file.read() != begins:
            raise no_room(path) if is_full(path.parent) else OSError(f"{path} was cut short")


def _write_apart(tasks: Mapping[Path, Callable[[], None]], threads: int) -> Iterator[Path]:
    """Write files in processes of their own, and give the path of each that is there.

    On a full disk pyBigWig may end its process. Raises OSError then; BrokenExecutor if a process
    was killed otherwise. tasks : functions that write the files, which can be pickled
    """
    with ProcessPoolExecutor(threads, get_context("spawn")) as pool:
        written = {path: pool.submit(task) for path, task in tasks.items()}
        for path, one in written.items():
            try:
                one.result()
            except BrokenExecutor as error:
                if not is_full(path.parent):
                    raise
                raise no_room(path) from error
            yield path


def write_marks(paths: Mapping[str, Path], signal_file: Path, threads: int) -> Iterator[Path]:
    """Write the signal of each mark, `threads` at a time, and give the path of each that is there.

    Raises ValueError if the signal lacks a mark, OSError on a full disk.
    """
    tasks = {path: partial(_write_mark, path, signal_file, mark) for mark, path in paths.items()}
    yield from _write_apart(tasks, threads)


def write_classes(paths: Mapping[str, Path], scan_files: Sequence[Path]) -> None:
    """Write the probability of each class of a scan. Raises OSError on a full disk."""
    tasks = {path: partial(_write_class, path, scan_files, name) for name, path in paths.items()}
    list(_write_apart(tasks, threads=1))


def _write_mark(path: Path, signal_file: Path, mark: str) -> None:
    """The signal of a mark in reads per million per bin; the last bin ends with its chromosome."""
    signal = open_signal(signal_file)
    row = signal.marks.index(mark)
    tracks = (
        Track(chrom, signal.load_mark(chrom, row), 0, signal.bin_size, length)
        for chrom, length in sorted_chroms(signal.chrom_sizes).items()
    )
    write_bigwig(path, signal.chrom_sizes, tracks)


def _write_class(path: Path, scan_files: Sequence[Path], class_name: str) -> None:
    """The calibrated probability of a class, rounded, at the middle `step` bp of each window.

    There are no values before the first middle and after the last one.
    """
    scan = open_probabilities(scan_files)
    index = scan.classes.index(class_name)

    def tracks() -> Iterator[Track]:
        for chrom in sorted_chroms({chrom: scan.chrom_sizes[chrom] for chrom in scan.chroms}):
            values = scan.load_class(chrom, index).round(DIGITS)
            first = (scan.window - scan.step) // 2
            yield Track(chrom, values, first, scan.step, first + len(values) * scan.step)

    write_bigwig(path, scan.chrom_sizes, tracks())
