"""5' ends of a sample of reads, collected while a file is counted.

The sample is the primary alignments on the first main chromosome of the run, the same in all files;
if the file is sorted by coordinate, only the first READS of them. Of tagAlign and fragments files,
sorted or not, it is the READS that start first. Files of coverage have none.
"""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np
import pysam

from deepregfinder.counting import records
from deepregfinder.counting.first_reads import ReadPreview


@dataclass(frozen=True)
class ReadEnds:
    """5' ends of the sampled reads; of pairs, those of first mates (of second ones if the file has
    no others); of a fragments file, both ends of each fragment.

    read_length : None for a fragments file, and for a file of coverage
    forward, reverse : int64, sorted; positions of the 5' ends on either strand
    fragments : int64, lengths of proper pairs; empty for single reads
    copies : reads with the position, strand and fragment length of an earlier one; None for a
        fragments file, in which several cells may have the same fragment, and for coverage
    marked : reads marked as duplicates (flag 0x400); None for formats without flags
    """

    chrom: str
    read_length: int | None
    forward: np.ndarray
    reverse: np.ndarray
    fragments: np.ndarray
    copies: int | None
    marked: int | None

    @property
    def number(self) -> int:
        return len(self.forward) + len(self.reverse)


READS = 200_000

_MOST_ROWS = 4 * READS
_NO_ROWS = np.empty((0, records.N_END_FIELDS), np.int32)


class EndSampler:
    """Collects the 5' ends of a sample while the records of a file are counted.

    chrom_sizes : the main chromosomes
    min_mapq : lowest mapping quality
    """

    def __init__(self, chrom_sizes: Mapping[str, int], min_mapq: int) -> None:
        self._chrom_sizes = chrom_sizes
        self._min_mapq = min_mapq

    def begin(self, preview: ReadPreview) -> None:
        """Start a file, which has at least one main chromosome."""
        self._chrom = next(name for name in self._chrom_sizes if name in preview.chrom_sizes)
        self._reference = list(preview.chrom_sizes).index(self._chrom)
        self._in_order = preview.in_order
        self._text_format = preview.text_format
        self._holds_reads = preview.holds_reads
        self._other_mate = pysam.FREAD1 if preview.second_mates_only else pysam.FREAD2
        self._taken: list[np.ndarray] = []
        self._missing = READS if preview.in_order else np.iinfo(np.int64).max
        self._done = False

    def for_stretch(self) -> "EndSampler":
        """A sampler for one stretch of the same file, to be merged with `join`."""
        sampler = copy(self)
        sampler._taken = []
        return sampler

    def join(self, stretches: Sequence["EndSampler"]) -> None:
        """Merge the samples of all stretches of the file, in the order of the file."""
        for sampler in stretches:
            if self._done:
                break
            rows = np.concatenate([_NO_ROWS, *sampler._taken])[: self._missing]
            self._taken.append(rows)
            self._missing -= len(rows)
            self._done = sampler._done or not self._missing

    def take(self, data: np.ndarray, at: int, end: int) -> None:
        """Sample the records in data[at:end], which must be whole and valid."""
        if self._done:
            return
        room = min((end - at) // records.SMALLEST_RECORD, self._missing)
        rows = np.empty((room, records.N_END_FIELDS), np.int32)
        n_rows, over = records.take_ends(
            data, at, end, self._reference, self._min_mapq, self._other_mate, self._in_order, rows
        )
        if n_rows:
            self._taken.append(rows[:n_rows].copy())
        self._missing -= n_rows
        self._done = over or not self._missing
        if self._text_format and sum(map(len, self._taken)) > _MOST_ROWS:
            self._taken = [_first_starts(np.concatenate(self._taken))]

    def ends(self) -> ReadEnds:
        """The ends sampled so far."""
        rows = np.concatenate([_NO_ROWS, *self._taken])
        if self._text_format:
            rows = _first_starts(rows)
        ends, flags, fragments, lengths = rows.T.astype(np.int64)
        if self._text_format == "fragments" or not self._holds_reads:
            last = np.sort(ends + fragments - 1)
            return ReadEnds(self._chrom, None, np.sort(ends), last, fragments, None, None)
        backward = flags & pysam.FREVERSE > 0
        fragments = np.where(flags & pysam.FPROPER_PAIR, abs(fragments), 0)
        keys = (2 * ends + backward) * (fragments.max(initial=0) + 1) + fragments
        return ReadEnds(
            self._chrom,
            int(np.median(lengths)) if len(lengths) else 0,
            np.sort(ends[~backward]),
            np.sort(ends[backward]),
            fragments[fragments > 0],
            len(keys) - len(np.unique(keys)),
            None if self._text_format else int(np.count_nonzero(flags & pysam.FDUP)),
        )


def _first_starts(rows: np.ndarray) -> np.ndarray:
    """The READS rows that start first, in the order of their starts, then of the file."""
    ends, flags, _, lengths = rows.T
    starts = np.where(flags & pysam.FREVERSE, ends - lengths + 1, ends)
    return rows[np.argsort(starts, kind="stable")[:READS]]
