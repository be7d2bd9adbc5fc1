"""The peak lists and rules that define labelled windows, and the number dropped by each rule."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from deepregfinder.genome.grid import Geometry
from deepregfinder.genome.intervals import read_intervals
from deepregfinder.labels.sources import COLUMNS, H3K27AC, LabelSource
from deepregfinder.storage.tables import write_rows

log = logging.getLogger(__name__)

Center = Literal["midpoint", "summit", "dhs"]

_WIDEST_TSS = 1000


@dataclass(frozen=True)
class RegionRules:
    """Distances (bp) and choices that define promoters, enhancers and background.

    Every field is the pipeline parameter of that name; nextflow_schema.json has its description and
    default. The label sheet may set `enhancer_labels` for each sample.
    """

    tss_merge: int
    promoter_slop: int
    enhancer_slop: int
    tss_distance: int
    promoter_marks_distance: int
    promoter_marks_min_signal: float
    max_tf_peak_width: int | None
    center: Center
    background_distance: int
    n_background: int
    enhancer_labels: str


@dataclass(frozen=True)
class Evidence:
    """The peak lists that define regions: tables of `read_intervals`.

    tss : transcription start sites
    dhs : peaks of open chromatin (DNase or ATAC); None omits the rules that need them
    enhancers, promoter_marks, tfbs : file name -> peaks of enhancer TFs (p300, CBP) or a registry
        of enhancers, of H3K4me3 and of other TFs
    blacklist, gaps : regions excluded from background; None without such a list
    h3k27ac : file name -> peaks of H3K27ac
    called : column of the label sheet -> the mark from whose reads its intervals were called
    """

    tss: pd.DataFrame
    dhs: pd.DataFrame | None
    enhancers: Mapping[str, pd.DataFrame]
    promoter_marks: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    tfbs: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    blacklist: pd.DataFrame | None = None
    gaps: pd.DataFrame | None = None
    h3k27ac: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    called: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(
        cls,
        tss: Path,
        dhs: Path | None,
        enhancers: Iterable[Path],
        promoter_marks: Iterable[Path] = (),
        tfbs: Iterable[Path] = (),
        blacklist: Path | None = None,
        gaps: Path | None = None,
        h3k27ac: Iterable[Path] = (),
        called: Mapping[str, str] | None = None,
    ) -> "Evidence":
        """Read the files; raises InputError if one has invalid lines."""

        def peaks(paths: Iterable[Path]) -> dict[str, pd.DataFrame]:
            return {str(path): read_intervals(path, "peaks") for path in paths}

        sites = read_intervals(tss)
        if len(sites) and (sites["end"] - sites["start"]).median() > _WIDEST_TSS:
            log.warning(
                "half of the intervals in %s are wider than %d bp. These look like genes, "
                "not transcription start sites: promoters will be placed at their midpoints.",
                tss,
                _WIDEST_TSS,
            )
        return cls(
            tss=sites,
            dhs=None if dhs is None else read_intervals(dhs, "peaks"),
            enhancers=peaks(enhancers),
            promoter_marks=peaks(promoter_marks),
            tfbs=peaks(tfbs),
            blacklist=None if blacklist is None else read_intervals(blacklist),
            gaps=None if gaps is None else read_intervals(gaps),
            h3k27ac=peaks(h3k27ac),
            called=called or {},
        )

    def sources(self, enhancer_labels: str) -> tuple[LabelSource, ...]:
        """Where the intervals come from. enhancer_labels : as in RegionRules"""

        def source(column: str, lists: Iterable[pd.DataFrame]) -> LabelSource:
            number, mark = sum(map(len, lists)), self.called.get(column)
            if column == "enhancers":
                listed = enhancer_labels != H3K27AC
                return LabelSource(column, enhancer_labels, None, number if listed else None)
            return LabelSource(column, "reads" if mark else "peaks", mark, number)

        given = {
            "enhancers": list(self.enhancers.values()),
            "dhs": [] if self.dhs is None else [self.dhs],
            "h3k27ac": list(self.h3k27ac.values()),
            "promoter_marks": list(self.promoter_marks.values()),
        }
        return tuple(
            source(column, given[column])
            if given[column] or column == "enhancers"
            else LabelSource(column, "none", None, 0)
            for column in COLUMNS
        )


@dataclass(frozen=True)
class Drop:
    """A row of `<sample>.dropped.tsv`: numbers of intervals that a rule dropped and left."""

    element: str
    rule: str
    dropped: int
    left: int


class Sieve:
    """Intervals filtered by one rule after another, with the number that each rule dropped.

    unlabelled : dropped intervals that may be elements nevertheless: they are not background
    """

    def __init__(self, element: str, intervals: pd.DataFrame, source: str) -> None:
        self.element = element
        self.intervals = intervals.reset_index(drop=True)
        self.unlabelled = self.intervals[:0]
        self.drops = [Drop(element, source, 0, len(intervals))]

    def drop(self, rule: str, mask: np.ndarray | pd.Series) -> None:
        """Drop the rows where a mask is true."""
        self.replace(rule, self.intervals[~np.asarray(mask, dtype=bool)])

    def drop_as_unlabelled(self, rule: str, mask: np.ndarray | pd.Series) -> None:
        """Drop the rows where a mask is true, which may be elements nevertheless."""
        self.unlabelled = self.intervals[np.asarray(mask, dtype=bool)]
        self.drop(rule, mask)

    def replace(self, rule: str, intervals: pd.DataFrame) -> None:
        """Continue with fewer intervals, such as merged ones."""
        dropped = len(self.intervals) - len(intervals)
        self.drops.append(Drop(self.element, rule, dropped, len(intervals)))
        self.intervals = intervals.reset_index(drop=True)

    def drop_other_chromosomes(self, chrom_sizes: Mapping[str, int]) -> None:
        """Drop the intervals that are not on a main chromosome."""
        self.drop("not on a main chromosome", ~self.intervals["chrom"].isin(list(chrom_sizes)))

    def place_windows(
        self, midpoints: np.ndarray, geometry: Geometry, chrom_sizes: Mapping[str, int]
    ) -> None:
        """Replace the intervals by windows around midpoints that are inside the chromosome."""
        self.intervals = windows_around(self.intervals["chrom"], midpoints, geometry)
        self.drop(
            "window reaches over the end of the chromosome",
            ~are_inside(self.intervals, chrom_sizes),
        )
        self.drop("same window as another", self.intervals.duplicated())


def windows_around(chroms: pd.Series, midpoints: np.ndarray, geometry: Geometry) -> pd.DataFrame:
    """Windows around midpoints (bp): table with chrom, start and end."""
    start = geometry.window_start(midpoints)
    return pd.DataFrame({"chrom": chroms, "start": start, "end": start + geometry.window})


def are_inside(windows: pd.DataFrame, chrom_sizes: Mapping[str, int]) -> pd.Series:
    """Which windows lie entirely within their chromosome: bool, shape (windows,)."""
    return (windows["start"] >= 0) & (windows["end"] <= windows["chrom"].map(chrom_sizes))


def write_drops(path: Path, drops: Sequence[Drop]) -> None:
    """Write a table with a row for each rule."""
    write_rows(path, Drop, drops)
