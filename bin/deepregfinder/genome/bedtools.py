"""Operations of bedtools (through pybedtools) on tables of intervals.

Tables are data frames with the columns chrom, start and end (0-based half-open) and any others.
"Within d bp" is defined as in `bedtools window -w d`: the positions of the nearest bases of two
intervals differ by at most d; within 0 bp means that they overlap. bedtools reads and writes files:
they are in a temporary folder inside the current one, which is removed when a function returns.
bedtools truncates them silently on a full disk: a full disk is therefore checked, as an OSError.
Names of chromosomes are replaced by codes in these files: SAM allows names that bedtools reads as
comments or headers (#x, chrom, track1), and pandas as missing values (NA).
"""

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
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


def _codes(*names: Iterable[str]) -> dict[str, str]:
    """A code for each chromosome name; codes sort like names."""
    in_order = sorted(set().union(*names))
    first = 10 ** len(str(len(in_order)))  # bedtools warns of leading zeros
    return {name: f"chr{number}" for number, name in enumerate(in_order, first)}


def _bed3(intervals: pd.DataFrame, codes: Mapping[str, str]) -> BedTool:
    return BedTool.from_dataframe(intervals[BED3].assign(chrom=intervals["chrom"].map(codes)))


def _numbered(intervals: pd.DataFrame, codes: Mapping[str, str]) -> BedTool:
    """A BED4 file whose fourth column is the row number."""
    coded = intervals[BED3].assign(
        chrom=intervals["chrom"].map(codes), row=np.arange(len(intervals))
    )
    return BedTool.from_dataframe(coded)


def _rows_of(result: BedTool) -> np.ndarray:
    """The row numbers in the fourth column of a result of `_numbered`."""
    if not Path(result.fn).stat().st_size:
        return np.empty(0, dtype=np.int64)
    return _numbers_of(result, 3)[:, 0]


def _numbers_of(result: BedTool, *columns: int) -> np.ndarray:
    """Columns of numbers: int64, shape (lines, columns)."""
    return np.loadtxt(result.fn, dtype=np.int64, usecols=columns, ndmin=2, delimiter="\t")


def _n_lines(result: BedTool) -> int:
    with Path(result.fn).open("rb") as lines:
        return sum(part.count(b"\n") for part in iter(lambda: lines.read(1 << 20), b""))


def near(intervals: pd.DataFrame, others: pd.DataFrame, distance: int) -> np.ndarray:
    """Which intervals are within `distance` bp of any of the others: bool, shape (intervals,)."""
    is_near = np.zeros(len(intervals), dtype=bool)
    if intervals.empty or others.empty:
        return is_near
    codes = _codes(intervals["chrom"], others["chrom"])
    with temporary_files_here():
        neighbours = _numbered(intervals, codes).window(_bed3(others, codes), w=distance, u=True)
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
        codes = _codes(intervals["chrom"], others["chrom"])
        with temporary_files_here():
            nearest = (
                _numbered(intervals[on_shared_chrom], codes)
                .sort()
                .closest(_bed3(others, codes).sort(), d=True, t="first")
            )
            table = _numbers_of(nearest, 3, 7)
        distance[rows[table[:, 0]]] = table[:, 1]
    return distance


def overlapping_pairs(
    intervals: pd.DataFrame, others: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """All overlaps: row numbers in `intervals` and in `others`, each int64, shape (pairs,)."""
    pairs = np.empty((0, 2), dtype=np.int64)
    if not intervals.empty and not others.empty:
        codes = _codes(intervals["chrom"], others["chrom"])
        with temporary_files_here():
            overlaps = _numbered(intervals, codes).intersect(
                _numbered(others, codes), wa=True, wb=True
            )
            if Path(overlaps.fn).stat().st_size:
                pairs = _numbers_of(overlaps, 3, 7)
    return pairs[:, 0], pairs[:, 1]


def merge(intervals: pd.DataFrame, distance: int = 0) -> pd.DataFrame:
    """Merge intervals at most `distance` bp apart; returns sorted chrom, start, end."""
    if intervals.empty:
        return intervals[BED3].reset_index(drop=True)
    codes = _codes(intervals["chrom"])
    with temporary_files_here():
        merged = _bed3(intervals, codes).sort().merge(d=distance)
        return _frame(merged, codes)


def cluster(intervals: pd.DataFrame) -> np.ndarray:
    """Cluster of overlapping or adjacent intervals of each row, by number: int64, shape (rows,)."""
    clusters = np.zeros(len(intervals), dtype=np.int64)
    if intervals.empty:
        return clusters
    with temporary_files_here():
        row_clusters = _numbers_of(
            _numbered(intervals, _codes(intervals["chrom"])).sort().cluster(), 3, 4
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
    codes = _codes(order, *(intervals["chrom"] for intervals, _ in zones))
    with temporary_files_here():
        # Whole tiles only, in the sort order that the streaming intersection of bedtools needs.
        sizes = {codes[chrom]: (0, chrom_sizes[chrom] // width * width) for chrom in sorted(order)}
        tiles = BedTool().window_maker(w=width, g={c: s for c, s in sizes.items() if s[1]})
        counts = [_n_lines(tiles)]
        for intervals, distance in zones:
            if counts[-1] and not intervals.empty:
                zone = intervals[BED3].assign(
                    start=np.maximum(intervals["start"] - distance, 0),
                    end=intervals["end"] + distance,
                )
                # A tile is near iff it overlaps the extended interval.
                merged = _bed3(zone, codes).sort().merge()
                tiles = tiles.intersect(merged, v=True, sorted=True)
            counts.append(_n_lines(tiles))
        remaining = _frame(tiles, codes)
    in_order = np.lexsort((remaining["start"], remaining["chrom"].map(order)))
    return remaining.iloc[in_order].reset_index(drop=True), counts


def _frame(result: BedTool, codes: Mapping[str, str]) -> pd.DataFrame:
    """A result as a table, with names in place of codes."""
    types = {"chrom": str, "start": np.int64, "end": np.int64}
    if not Path(result.fn).stat().st_size:
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in types.items()})
    table = pd.read_csv(
        result.fn, sep="\t", header=None, names=BED3, usecols=[0, 1, 2], dtype=types
    )
    return table.assign(chrom=table["chrom"].map({code: name for name, code in codes.items()}))
