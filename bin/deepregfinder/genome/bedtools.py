"""Questions to bedtools (through pybedtools) about tables of intervals.

Tables are data frames with the columns chrom, start and end (0-based half-open) and any others.
"Within d bp" means, as `bedtools window -w d` does, that the nearest bases of two intervals lie at
positions that differ by at most d; within 0 bp means that they overlap. bedtools exchanges files:
they lie in a folder of their own inside the current one, and are gone when a function returns. A
full disk cuts them short without a word from bedtools: no room left is an OSError.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pybedtools
from pybedtools import BedTool

from deepregfinder.storage.atomic import is_full, no_room

BED3 = ["chrom", "start", "end"]


@contextmanager
def temporary_files_here() -> Iterator[None]:
    """Let pybedtools write its temporary files below the current folder, and remove them after."""
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix=".bedtools-", dir=Path.cwd()) as folder:
        pybedtools.set_tempdir(folder)
        try:
            yield
        finally:
            full = is_full(Path(folder))
            pybedtools.cleanup()
            tempfile.tempdir = before
            if full:
                raise no_room(Path(folder))


def _numbered(intervals: pd.DataFrame) -> BedTool:
    """A BED4 file whose fourth column is the position of the row."""
    return BedTool.from_dataframe(intervals[BED3].assign(row=np.arange(len(intervals))))


def _rows_of(result: BedTool) -> np.ndarray:
    """The row numbers in the fourth column of a result of `_numbered`."""
    if not Path(result.fn).stat().st_size:
        return np.empty(0, dtype=np.int64)
    return np.loadtxt(result.fn, dtype=np.int64, usecols=3, ndmin=1, delimiter="\t")


def _n_lines(result: BedTool) -> int:
    with Path(result.fn).open("rb") as lines:
        return sum(part.count(b"\n") for part in iter(lambda: lines.read(1 << 20), b""))


def near(intervals: pd.DataFrame, others: pd.DataFrame, distance: int) -> np.ndarray:
    """Which intervals lie within `distance` bp of any of the others: bool, shape (intervals,)."""
    is_near = np.zeros(len(intervals), dtype=bool)
    if intervals.empty or others.empty:
        return is_near
    with temporary_files_here():
        found = _numbered(intervals).window(
            BedTool.from_dataframe(others[BED3]), w=distance, u=True
        )
        is_near[_rows_of(found)] = True
    return is_near


def distances(intervals: pd.DataFrame, others: pd.DataFrame) -> np.ndarray:
    """How far (bp) each interval is from the nearest of the others: float64, shape (intervals,).

    0 where they overlap, 1 where they touch end to end; infinite without any on the chromosome.
    """
    found = np.full(len(intervals), np.inf)
    here = intervals["chrom"].isin(set(others["chrom"])).to_numpy()
    if here.any():
        rows = np.flatnonzero(here)
        with temporary_files_here():
            nearest = (
                _numbered(intervals[here])
                .sort()
                .closest(BedTool.from_dataframe(others[BED3]).sort(), d=True, t="first")
            )
            table = np.loadtxt(nearest.fn, dtype=np.int64, usecols=(3, 7), ndmin=2, delimiter="\t")
        found[rows[table[:, 0]]] = table[:, 1]
    return found


def overlapping_pairs(
    intervals: pd.DataFrame, others: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """Every overlap: row positions in `intervals` and in `others`, each int64, shape (pairs,)."""
    pairs = np.empty((0, 2), dtype=np.int64)
    if not intervals.empty and not others.empty:
        with temporary_files_here():
            found = _numbered(intervals).intersect(_numbered(others), wa=True, wb=True)
            if Path(found.fn).stat().st_size:
                pairs = np.loadtxt(found.fn, dtype=np.int64, usecols=(3, 7), ndmin=2)
    return pairs[:, 0], pairs[:, 1]


def merge(intervals: pd.DataFrame, distance: int = 0) -> pd.DataFrame:
    """Merge intervals with at most `distance` bp between them; chrom, start, end, sorted."""
    if intervals.empty:
        return intervals[BED3].reset_index(drop=True)
    with temporary_files_here():
        merged = BedTool.from_dataframe(intervals[BED3]).sort().merge(d=distance)
        return _frame(merged)


def cluster(intervals: pd.DataFrame) -> np.ndarray:
    """Number each row's cluster of overlapping or touching intervals: int64, shape (rows,)."""
    clusters = np.zeros(len(intervals), dtype=np.int64)
    if intervals.empty:
        return clusters
    with temporary_files_here():
        found = np.loadtxt(
            _numbered(intervals).sort().cluster().fn, dtype=np.int64, usecols=(3, 4), ndmin=2
        )
    clusters[found[:, 0]] = found[:, 1]
    return clusters


def tiles_without(
    chrom_sizes: Mapping[str, int], width: int, zones: Sequence[tuple[pd.DataFrame, int]]
) -> tuple[pd.DataFrame, list[int]]:
    """Tile the genome in intervals of `width` bp and drop, zone by zone, those that come near one.

    Tiles start at multiples of `width`; what is left at the end of a chromosome is no tile.

    Parameters
    ----------
    zones : (intervals, distance in bp) pairs: tiles within the distance of an interval are dropped

    Returns
    -------
    The tiles left, in the order of chrom_sizes; and how many tiles there were before the first zone
    and after each: int, shape (zones + 1,).
    """
    order = {chrom: rank for rank, chrom in enumerate(chrom_sizes)}
    with temporary_files_here():
        # Whole tiles only, and in the order in which bedtools sorts, for its streaming
        # intersection.
        sizes = {chrom: (0, chrom_sizes[chrom] // width * width) for chrom in sorted(order)}
        left = BedTool().window_maker(w=width, g={c: s for c, s in sizes.items() if s[1]})
        counts = [_n_lines(left)]
        for intervals, distance in zones:
            if counts[-1] and not intervals.empty:
                zone = intervals[BED3].assign(
                    start=np.maximum(intervals["start"] - distance, 0),
                    end=intervals["end"] + distance,
                )
                # A tile is near iff it overlaps the lengthened interval: streamed, both sorted.
                merged = BedTool.from_dataframe(zone).sort().merge()
                left = left.intersect(merged, v=True, sorted=True)
            counts.append(_n_lines(left))
        tiles = _frame(left)
    in_order = np.lexsort((tiles["start"], tiles["chrom"].map(order)))
    return tiles.iloc[in_order].reset_index(drop=True), counts


def _frame(result: BedTool) -> pd.DataFrame:
    types = {"chrom": str, "start": np.int64, "end": np.int64}
    if not Path(result.fn).stat().st_size:
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in types.items()})
    return pd.read_csv(result.fn, sep="\t", header=None, names=BED3, usecols=[0, 1, 2], dtype=types)
