"""Reads in labelled windows, relative to their surroundings.

The surroundings are windows of the same width 10 and 20 kb away on either side, without bins of
labelled elements. Unlike the genome as a whole, they are as rich in genes, as accessible and as
often copied as the windows themselves: an input, or labels of another place, give about 1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

ELEMENTS = ("promoter", "enhancer")
DISTANCES = (-20_000, -10_000, 10_000, 20_000)
FEWEST_READS = 50  # expected in the windows
FEWEST_WINDOWS = 20


@dataclass(frozen=True)
class LabelFit:
    """Reads of all libraries of a run at the labelled windows of one element of one sample.

    windows : their number
    inside, around : float64, shape (libraries,); reads in the windows and in their surroundings
    bins : bins of the windows and of the surroundings
    """

    sample: str
    element: str
    windows: int
    inside: np.ndarray
    around: np.ndarray
    bins: tuple[int, int]

    @property
    def fold(self) -> np.ndarray:
        """Reads per bin relative to the surroundings: float64, shape (libraries,).

        NaN with fewer than FEWEST_WINDOWS windows, or if FEWEST_READS reads would not be expected
        in them.
        """
        with np.errstate(invalid="ignore", divide="ignore"):
            expected = self.around * (self.bins[0] / self.bins[1]) if self.bins[1] else self.around
            known = (expected >= FEWEST_READS) & (self.windows >= FEWEST_WINDOWS)
            fold: np.ndarray = np.where(known, self.inside / expected, np.nan)
        return fold


class LabelFits:
    """Collects the reads of all libraries at all labelled windows, chromosome by chromosome.

    regions : sample -> its labelled windows
    """

    def __init__(
        self, regions: Mapping[str, pd.DataFrame], n_libraries: int, bin_size: int
    ) -> None:
        self._regions = regions
        self._bin_size = bin_size
        self._places = [(sample, element) for sample in sorted(regions) for element in ELEMENTS]
        self._reads = np.zeros((len(self._places), 2, n_libraries))
        self._bins = np.zeros((len(self._places), 2), np.int64)

    def add(self, chrom: str, values: Sequence[np.ndarray]) -> None:
        """values : counts of each library on this chromosome, shape (bins,)"""
        n_bins = len(values[0])
        for sample in sorted(self._regions):
            windows = self._regions[sample]
            of_element = {
                element: element_windows(windows[windows["chrom"] == chrom], element)
                for element in ELEMENTS
            }
            labelled = np.logical_or.reduce(
                [bins_of(of_element[element], n_bins, self._bin_size) for element in ELEMENTS]
            )
            for element in ELEMENTS:
                at = self._places.index((sample, element))
                near = [
                    bins_of(of_element[element], n_bins, self._bin_size, distance)
                    for distance in DISTANCES
                ]
                inside = bins_of(of_element[element], n_bins, self._bin_size)
                for part, covered in enumerate((inside, np.logical_or.reduce(near) & ~labelled)):
                    self._bins[at, part] += np.count_nonzero(covered)
                    self._reads[at, part] += [row[covered].sum(dtype=np.float64) for row in values]

    def fits(self) -> tuple[LabelFit, ...]:
        """By sample, then promoters and enhancers."""
        return tuple(
            LabelFit(
                sample,
                element,
                windows=len(element_windows(self._regions[sample], element)),
                inside=self._reads[at, 0],
                around=self._reads[at, 1],
                bins=(int(self._bins[at, 0]), int(self._bins[at, 1])),
            )
            for at, (sample, element) in enumerate(self._places)
        )


def element_windows(windows: pd.DataFrame, element: str) -> pd.DataFrame:
    """Those of the element, in any state."""
    return windows[windows["class"].str.endswith(element)]


def bins_of(windows: pd.DataFrame, n_bins: int, bin_size: int, distance: int = 0) -> np.ndarray:
    """Bins that overlap one of the windows, moved by so many bp: bool, shape (n_bins,)."""
    covered = np.zeros(n_bins, bool)
    for start, end in zip(windows["start"] + distance, windows["end"] + distance, strict=True):
        covered[max(start // bin_size, 0) : max(-(-end // bin_size), 0)] = True
    return covered
