"""Quality of a library from its read ends: duplicates, and fragment length."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from deepregfinder.counting.read_ends import ReadEnds
from deepregfinder.quality.tables import FileQuality
from deepregfinder.storage.tables import write_rows

if TYPE_CHECKING:  # the store imports zarr, which a counting task loads later
    from deepregfinder.counting.store import Library

LONGEST, STEP = 1000, 5
SHORTEST_FRAGMENT = 50
SMOOTH = 11  # shifts: 55 bp
DEVIATIONS = 5
PHANTOM = 10  # bp around the read length, where the phantom peak is excluded
_FEWEST_READS = 100


@dataclass(frozen=True)
class Quality:
    """Quality measures of one file; None where not available.

    marked_duplicates, duplicates : shares of the sampled reads: those that are marked, and those
        with the position of an earlier one (1 - the non-redundant fraction of ENCODE)
    fragment_length : bp
    nsc : normalised strand cross-correlation coefficient of single reads: the peak divided by the
        lowest value (Landt et al. 2012)
    """

    marked_duplicates: float | None = None
    duplicates: float | None = None
    fragment_length: int | None = None
    nsc: float | None = None


def quality_of(ends: ReadEnds) -> Quality:
    """The quality measures of a sample of reads; none for fewer than 100 reads."""
    if ends.number < _FEWEST_READS:
        return Quality()
    marked = None if ends.marked is None else ends.marked / ends.number
    copies = None if ends.copies is None else ends.copies / ends.number
    if len(ends.fragments):
        return Quality(marked, copies, int(np.median(ends.fragments)))
    return Quality(marked, copies, *_by_strands(ends))


def cross_correlation(forward: np.ndarray, reverse: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Strand cross-correlation (Kharchenko et al. 2008).

    forward, reverse : int64, 5' ends; each position counts once, however many reads have it

    Returns
    -------
    pairs : int64, forward ends with a reverse end `shift` bp downstream
    correlation : float64, Pearson's, between the strands over the range of positions of both
    Both for shifts 0, STEP, ..., LONGEST; shape (shifts,).
    """
    first, second = np.unique(forward), np.unique(reverse)
    span = int(max(first[-1], second[-1]) - min(first[0], second[0])) + 1
    pairs = _pairs(first, second)[::STEP]
    p, q = len(first) / span, len(second) / span
    spread = np.sqrt(p * (1 - p) * q * (1 - q))
    return pairs, (pairs / span - p * q) / spread if spread else np.zeros(len(pairs))


def _pairs(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Number of `first` with a `second` 0, 1, ..., LONGEST bp downstream; both sorted and unique.

    All nearest neighbours are counted, then all second nearest, and so on, until none is in range.
    """
    pairs = np.zeros(LONGEST + 1, np.int64)
    neighbour = np.searchsorted(second, first)
    while len(first):
        has_neighbour = neighbour < len(second)
        first, neighbour = first[has_neighbour], neighbour[has_neighbour]
        distance = second[neighbour] - first
        near = distance <= LONGEST
        pairs += np.bincount(distance[near], minlength=LONGEST + 1)
        first, neighbour = first[near], neighbour[near] + 1
    return pairs


def _by_strands(ends: ReadEnds) -> tuple[int | None, float | None]:
    """Fragment length and NSC of single reads.

    Pairs are summed over SMOOTH shifts. The peak has to exceed the values at both the shortest and
    the longest shift by DEVIATIONS Poisson standard deviations: otherwise there are too few reads,
    or the library has no narrow peaks, and the fragment length is not available.
    """
    if not len(ends.forward) or not len(ends.reverse):
        return None, None
    pairs, correlation = cross_correlation(ends.forward, ends.reverse)
    window = np.ones(SMOOTH)
    summed, smooth = (
        np.convolve(values, window, mode="valid") for values in (pairs, correlation / SMOOTH)
    )
    shifts = (np.arange(len(summed)) + SMOOTH // 2) * STEP
    read_length = ends.read_length or 0
    searched = (shifts >= SHORTEST_FRAGMENT) & (np.abs(shifts - read_length) > PHANTOM)
    best = int(np.flatnonzero(searched)[np.argmax(smooth[searched])])
    for background in (summed[0], summed[-1]):
        if summed[best] < background + DEVIATIONS * np.sqrt(max(background, 1)):
            return None, None
    low = float(smooth.min())
    return int(shifts[best]) + 1, float(smooth[best]) / low if low > 0 else None


def write_quality(path: Path, library: "Library", ends: ReadEnds, quality: Quality) -> None:
    """Write the table of one file, with one row."""
    row = FileQuality(
        *(library.id, library.sample, library.mark, library.replicate),
        chrom=ends.chrom or None,
        sampled=ends.number,
        read_length=ends.read_length,
        marked_duplicates=quality.marked_duplicates,
        duplicates=quality.duplicates,
        fragment_length=quality.fragment_length,
        nsc=quality.nsc,
    )
    write_rows(path, FileQuality, [row])
