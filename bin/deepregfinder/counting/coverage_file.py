"""Read bigWig files of coverage: runs of bases with one value, a piece of a chromosome at a time.

InputErrors lack their subject: the name of the file is put before them.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pybigtools

from deepregfinder.counting.coverage_format import require_bigwig
from deepregfinder.errors import InputError

PIECE = 1 << 20
"""Intervals that are read at a time."""

_INTERVAL = np.dtype([("start", np.uint32), ("end", np.uint32), ("value", np.float32)])


@dataclass(frozen=True)
class Runs:
    """Runs of bases with one value above 0, sorted; two that touch have different values.

    starts, ends : int64, shape (runs,); bp
    values : float64, shape (runs,)
    """

    starts: np.ndarray
    ends: np.ndarray
    values: np.ndarray

    def __len__(self) -> int:
        return len(self.values)

    @property
    def areas(self) -> np.ndarray:
        """float64, shape (runs,); value x bp"""
        areas: np.ndarray = self.values * (self.ends - self.starts)
        return areas


class CoverageFile:
    """A bigWig file of coverage.

    Raises InputError if its header is not that of one, or cannot be read.
    """

    def __init__(self, path: Path) -> None:
        require_bigwig(path)
        with _only_sentences("its header cannot be read"):
            self._file = pybigtools.open(str(path))
            sizes = {str(name): int(length) for name, length in self._file.chroms().items()}
            self._stated = int(self._file.info()["summary"]["basesCovered"])
        if not sizes:
            raise InputError("has no chromosome in its header: there is no coverage.")
        if not all(name.isprintable() and name for name in sizes):
            raise InputError("is damaged: a chromosome has no valid name. Copy it again.")
        self.chrom_sizes: Mapping[str, int] = MappingProxyType(sizes)
        self._with_values = dict.fromkeys(sizes, 0)

    def runs(self, chrom: str) -> Iterator[Runs]:
        """The runs of a chromosome, about PIECE at a time.

        Raises InputError if the file is damaged, or has a value that no coverage can have.
        """
        if chrom not in self.chrom_sizes:
            return
        with _only_sentences(f"the values of {chrom} cannot be read"):
            intervals = self._file.records(chrom)
        last = np.empty(0, _INTERVAL)
        self._with_values[chrom] = 0
        while True:
            with _only_sentences(f"the values of {chrom} cannot be decompressed to the end"):
                read = np.fromiter(islice(intervals, PIECE), _INTERVAL)
            self._require_coverage(chrom, read)
            self._with_values[chrom] += int((read["end"] - read["start"]).sum(dtype=np.int64))
            known = _merged(np.concatenate([last, read[read["value"] > 0]]))
            done = len(read) < PIECE
            yield _as_runs(known if done else known[:-1])
            if done:
                return
            last = known[-1:]

    def require_whole(self) -> None:
        """Raise InputError if fewer bases have values than the header says; all were read."""
        found = sum(self._with_values.values())
        if found < self._stated:
            raise InputError(
                f"is damaged: its header says that {self._stated:,} bp have values, but {found:,} "
                "have. Copy it again."
            )

    def _require_coverage(self, chrom: str, read: np.ndarray) -> None:
        starts, ends, values = read["start"], read["end"], read["value"]
        ordered = (starts < ends).all() and (starts[1:] >= ends[:-1]).all()
        if not ordered or (len(ends) and ends[-1] > self.chrom_sizes[chrom]):
            raise InputError(
                f"is damaged: its intervals on {chrom} overlap, or end beyond the chromosome. Make "
                "the file again."
            )
        if len(wrong := read[~np.isfinite(values)]):
            raise InputError(
                f"has values that are not numbers ({_first(chrom, wrong)}; {len(wrong):,} there): "
                "it does not hold coverage. Give coverage, or the reads."
            )
        if len(wrong := read[values < 0]):
            raise InputError(
                f"has negative values ({_first(chrom, wrong)}; {len(wrong):,} there): it holds "
                "differences or logarithms, not coverage. Give coverage without subtraction of a "
                "control and without logarithm, or the reads."
            )


def _first(chrom: str, intervals: np.ndarray) -> str:
    start, end, value = intervals[0]
    return f"{chrom}:{start:,}-{end:,} has {value:g}"


def _merged(intervals: np.ndarray) -> np.ndarray:
    """Touching intervals of one value become one."""
    starts, ends, values = intervals["start"], intervals["end"], intervals["value"]
    opens = np.ones(len(intervals), bool)
    opens[1:] = (starts[1:] != ends[:-1]) | (values[1:] != values[:-1])
    first = np.flatnonzero(opens)
    merged = intervals[first]
    merged["end"] = ends[np.append(first[1:], len(intervals)) - 1] if len(first) else ends
    return merged


def _as_runs(intervals: np.ndarray) -> Runs:
    starts, ends = (intervals[name].astype(np.int64) for name in ("start", "end"))
    return Runs(starts, ends, intervals["value"].astype(np.float64))


@contextmanager
def _only_sentences(fault: str) -> Iterator[None]:
    """Turn errors of pybigtools, panics included, into an InputError; they print nothing."""
    stderr, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException:  # a panic is not an Exception
        raise InputError(f"is damaged or cut short: {fault}. Copy it again.") from None
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nowhere)
