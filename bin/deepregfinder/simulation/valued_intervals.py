"""Intervals with a value (a fold enrichment or a signal), by chromosome."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Intervals:
    """Intervals of one chromosome, 0-based half-open, in any order; they may overlap.

    start, end : int64, shape (n,), in bp
    value : float64, shape (n,)
    """

    start: np.ndarray
    end: np.ndarray
    value: np.ndarray

    @classmethod
    def of(cls, rows: Iterable[tuple[float, float, float]]) -> "Intervals":
        """Intervals from (start, end, value) rows."""
        table = np.array(list(rows), dtype=np.float64).reshape(-1, 3)
        return cls(table[:, 0].astype(np.int64), table[:, 1].astype(np.int64), table[:, 2])

    def __len__(self) -> int:
        return len(self.start)

    @property
    def midpoint(self) -> np.ndarray:
        midpoint: np.ndarray = (self.start + self.end) // 2
        return midpoint

    def within(self, length: int) -> "Intervals":
        """The intervals trimmed to [0, length) and sorted; empty ones are dropped."""
        start, end = np.clip(self.start, 0, length), np.clip(self.end, 0, length)
        kept = np.flatnonzero(end > start)
        kept = kept[np.lexsort((end[kept], start[kept]))]
        return Intervals(start[kept], end[kept], self.value[kept])


EMPTY = Intervals.of(())

Track = Mapping[str, Intervals]


def on(track: Track, chrom: str) -> Intervals:
    """The intervals of a chromosome, which may be empty."""
    return track.get(chrom, EMPTY)


def free_stretches(
    tracks: Sequence[Track], chrom: str, length: int
) -> tuple[np.ndarray, np.ndarray]:
    """Starts and ends of the stretches of a chromosome outside all intervals of all tracks."""
    parts = [on(track, chrom) for track in tracks]
    start = np.concatenate([part.start for part in parts] + [np.array([length])])
    end = np.concatenate([part.end for part in parts] + [np.array([length])])
    order = np.argsort(start, kind="stable")
    start, end = start[order], end[order]
    covered_to = np.concatenate([[0], np.maximum.accumulate(end)[:-1]])
    free = start > covered_to
    return covered_to[free], start[free]
