"""bigWig files of the signal of a mark and of the probability of a class.

Adjacent bins of equal value, including zero, are one entry: every bin has a value, and the many
empty bins of a genome take little space.

pyBigWig writes arrays two to four times as fast, but on a full disk it damages its memory and then
crashes or never ends (0.3.29).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pybigtools

from deepregfinder.prediction.probabilities import Probabilities
from deepregfinder.signal.store import open_signal
from deepregfinder.storage.atomic import is_full, no_room, written_whole

DIGITS = 3
"""Decimals of a probability, as in the score of a call."""

Entry = tuple[str, int, int, float]


def sorted_chroms(chrom_sizes: Mapping[str, int]) -> dict[str, int]:
    """Chromosomes in the byte order of their names, as required by both formats."""
    return {chrom: chrom_sizes[chrom] for chrom in sorted(chrom_sizes, key=str.encode)}


def runs(chrom: str, values: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> Iterator[Entry]:
    """Entries of one chromosome; adjacent intervals of equal value become one.

    values : float32, shape (n,); starts, ends : int64, shape (n,), bp, sorted, not overlapping
    """
    if not len(values):
        return iter(())
    opens = np.ones(len(values), bool)
    opens[1:] = (values[1:] != values[:-1]) | (starts[1:] != ends[:-1])
    first = np.flatnonzero(opens)
    last = np.append(first[1:], len(values)) - 1
    columns = (starts[first].tolist(), ends[last].tolist(), values[first].tolist())
    return ((chrom, start, end, value) for start, end, value in zip(*columns, strict=True))


def write_bigwig(path: Path, chrom_sizes: Mapping[str, int], entries: Iterable[Entry]) -> None:
    """Write a bigWig file, whole or not at all. Entries come in the order of `sorted_chroms`."""
    with written_track(path) as part:
        pybigtools.open(part, "w").write(sorted_chroms(chrom_sizes), entries)


@contextmanager
def written_track(path: Path) -> Iterator[str]:
    """`written_whole` for pybigtools, which may panic on a full disk, or fail silently."""
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


def write_mark(path: Path, signal_file: Path, mark: str) -> None:
    """The signal of a mark in reads per million per bin; the last bin ends with its chromosome.

    Raises ValueError if the signal lacks the mark.
    """
    signal = open_signal(signal_file)
    row = signal.marks.index(mark)

    def values(chrom: str) -> np.ndarray:
        return signal.load_mark(chrom, row)

    write_bigwig(path, signal.chrom_sizes, binned(signal.chrom_sizes, signal.bin_size, values))


def binned(
    chrom_sizes: Mapping[str, int], bin_size: int, values: Callable[[str], np.ndarray]
) -> Iterator[Entry]:
    """Entries of all chromosomes from a value for each bin."""
    for chrom, length in sorted_chroms(chrom_sizes).items():
        track = values(chrom)
        starts = np.arange(len(track), dtype=np.int64) * bin_size
        yield from runs(chrom, track, starts, np.minimum(starts + bin_size, length))


def write_class(path: Path, scan: Probabilities, class_name: str) -> None:
    """The calibrated probability of a class, rounded, at the middle `step` bp of each window.

    There are no values before the first middle and after the last one.
    """
    index = scan.classes.index(class_name)

    def entries() -> Iterator[Entry]:
        for chrom in sorted_chroms({chrom: scan.chrom_sizes[chrom] for chrom in scan.chroms}):
            track = scan.load_class(chrom, index).round(DIGITS)
            starts = middles(len(track), scan.step, scan.window)
            yield from runs(chrom, track, starts, starts + scan.step)

    write_bigwig(path, scan.chrom_sizes, entries())


def middles(n: int, step: int, window: int) -> np.ndarray:
    """Start of the middle `step` bp of each of n windows: int64, shape (n,), bp."""
    return np.arange(n, dtype=np.int64) * step + (window - step) // 2
