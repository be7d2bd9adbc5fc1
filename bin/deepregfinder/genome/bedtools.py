"""Operations of bedtools (through pybedtools) on tables of intervals.

Tables are data frames with the columns chrom, start and end (0-based half-open) and any others.
"Within d bp" is defined as in `bedtools window -w d`: the positions of the nearest bases of two
intervals differ by at most d; within 0 bp means that they overlap. bedtools reads and writes files:
they are in a temporary folder inside the current one, which is removed when a function returns.
bedtools truncates them silently on a full disk: a full disk is therefore checked, as an OSError.
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
    """Let pybedtools write its temporary files in the current folder, and remove them."""
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
    """A BED4 file whose fourth column is the row number."""
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
    """Which intervals are within `distance` bp of any of the others: bool, shape (intervals,)."""
    is_near = np.zeros(len(intervals), dtype=bool)
    if intervals.empty or others.empty:
        return is_near
    with temporary_files_here():
        neighbours = _numbered(intervals).window(
            BedTool.from_dataframe(others[BED3]), w=distance, u=True
        )
        is_near[_rows_of(neighbours)] = True
    return is_near


def distances(intervals: pd.DataFrame, others: pd.DataFrame) -> np.ndarray:
    """Distance (bp) of each interval to the nearest of the others: float64, shape (intervals,).

    0 for overlapping and 1 for adjacent intervals; infinite if the chromosome has none.
    """
    distance = np.full(len(intervals), np.inf)
    on_shared_chrom = intervals["chrom"].isin(set(others["chrom"])).to_numpy()
    if on_shared_chrom.any():
        rows = np.flatnonzero(on_shared_chrom)
        with temporary_files_here():
            nearest = (
                _numbered(intervals[on_shared_chrom])
                .sort()
                .closest(BedTool.from_dataframe(others[BED3]).sort(), d=True, t="first")
            )
            table = np.loadtxt(nearest.fn, dtype=np.int64, usecols=(3, 7), ndmin=2, delimiter="\t")
        distance[rows[table[:, 0]]] = table[:, 1]
    return distance


def overlapping_pairs(
    intervals: pd.DataFrame, others: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """All overlaps: row numbers in `intervals` and in `others`, each int64, shape (pairs,)."""
    pairs = np.empty((0, 2), dtype=np.int64)
    if not intervals.empty and not others.empty:
        with temporary_files_here():
            overlaps = _numbered(intervals).intersect(_numbered(others), wa=True, wb=True)
            if Path(overlaps.fn).stat().st_size:
                pairs = np.loadtxt(overlaps.fn, dtype=np.int64, usecols=(3, 7), ndmin=2)
    return pairs[:, 0], pairs[:, 1]


def merge(intervals: pd.DataFrame, distance: int = 0) -> pd.DataFrame:
    """Merge intervals at most `distance` bp apart; returns sorted chrom, start, end."""
    if intervals.empty:
        return intervals[BED3].reset_index(drop=True)
    with temporary_files_here():
        merged = BedTool.from_dataframe(intervals[BED3]).sort().merge(d=distance)
        return _frame(merged)


def cluster(intervals: pd.DataFrame) -> np.ndarray:
    """Cluster of overlapping or adjacent intervals of each row, by number: int64, shape (rows,)."""
    clusters = np.zeros(len(intervals), dtype=np.int64)
    if intervals.empty:
        return clusters
    with temporary_files_here():
        row_clusters = np.loadtxt(
            _numbered(intervals).sort().cluster().fn, dtype=np.int64, usecols=(3, 4), ndmin=2
        )
    clusters[row_clusters[:, 0]] = row_clusters[:, 1]
    return clusters


def tiles_without(
    chrom_sizes: Mapping[str, int], width: int, zones: Sequence[tuple[pd.DataFrame, int]]
) -> tuple[pd.DataFrame, list[int]]:
    """Tile the genome in intervals of `width` bp and drop, zone by zone, the tiles near one.

    Tiles start at multiples of `width`; a shorter rest at the end of a chromosome is not a tile.

    Parameters
    ----------
    zones : (intervals, distance in bp) pairs: tiles within the distance of an interval are dropped

    Returns
    -------
    The remaining tiles, in the order of chrom_sizes; and the number of tiles before the first zone
    and after each zone: int, shape (zones + 1,).
    """
    order = {chrom: rank for rank, chrom in enumerate(chrom_sizes)}
    with temporary_files_here():
        # Whole tiles only, in the sort order that the streaming intersection of bedtools needs.
        sizes = {chrom: (0, chrom_sizes[chrom] // width * width) for chrom in sorted(order)}
        tiles = BedTool().window_maker(w=width, g={c: s for c, s in sizes.items() if s[1]})
        counts = [_n_lines(tiles)]
        for intervals, distance in zones:
            if counts[-1] and not intervals.empty:
                zone = intervals[BED3].assign(
                    start=np.maximum(intervals["start"] - distance, 0),
                    end=intervals["end"] + distance,
                )
                # A tile is near iff it overlaps the extended interval.
                merged = BedTool.from_dataframe(zone).sort().merge()
                tiles = tiles.intersect(merged, v=True, sorted=True)
            counts.append(_n_lines(tiles))
        remaining = _frame(tiles)
    in_order = np.lexsort((remaining["start"], remaining["chrom"].map(order)))
    return remaining.iloc[in_order].reset_index(drop=True), counts


def _frame(result: BedTool) -> pd.DataFrame:
    types = {"chrom": str, "start": np.int64, "end": np.int64}
    if not Path(result.fn).stat().st_size:
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in types.items()})
    return pd.read_csv(result.fn, sep="\t", header=None, names=BED3, usecols=[0, 1, 2], dtype=types)
