"""The counts of a file, or of a stretch of it, made from the bytes of its records."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from deepregfinder.counting import records
from deepregfinder.counting.bgzf import HEADROOM
from deepregfinder.counting.mates import WaitingMates
from deepregfinder.counting.read_ends import EndSampler
from deepregfinder.counting.rules import BinCounts, BinGrid, CountRules, ReadTally
from deepregfinder.errors import InputError


@dataclass(frozen=True)
class Extras:
    """What is done beside counting.

    sampler : collects read ends
    taken : collects hashes of the names of reads with secondary records
    several : table of such names, whose reads are excluded
    patient : mates wait for the other one up to the end of the file
    """

    sampler: EndSampler | None = None
    taken: list[np.ndarray] | None = None
    several: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    patient: bool = False

    def for_stretch(self) -> "Extras":
        """The same for a stretch of the file, to be merged with `join`."""
        return replace(
            self,
            sampler=None if self.sampler is None else self.sampler.for_stretch(),
            taken=None if self.taken is None else [],
        )

    def join(self, stretches: Sequence["Extras"]) -> None:
        """Merge what was collected in all stretches of the file, in the order of the file."""
        if self.sampler is not None:
            self.sampler.join([one.sampler for one in stretches if one.sampler is not None])
        if self.taken is not None:
            self.taken.extend(hashes for one in stretches for hashes in one.taken or ())


class RecordCounter:
    """Counts the records of a file, or of a stretch of it, piece by piece.

    header : length in bp of each reference
    values : counts of the bins so far
    tally : numbers of counted and excluded records so far (see `records`)
    mates : mates of fragments that wait for the other one
    """

    def __init__(
        self,
        path: Path,
        header: Mapping[str, int],
        rules: CountRules,
        grid: BinGrid,
        extras: Extras,
        from_start: bool = True,
    ) -> None:
        self._path = path
        first_bin = np.array([grid.first_bin.get(chrom, -1) for chrom in header], np.int64)
        # Not the lengths in the header: counts past the end of a chromosome would go to the next.
        lengths = np.array([grid.chrom_sizes.get(chrom, 0) for chrom in header], np.int64)
        self._grid, self._rules = grid, rules
        self._sections = np.empty((records.MAX_SECTIONS, 2), np.int64)
        self.extras = extras
        self.values = np.zeros(grid.n_bins, np.uint32)
        self.tally = np.zeros(records.N_TALLY, np.int64)
        bins = (first_bin, lengths, grid.bin_size)
        filters = (rules.min_mapq, rules.duplicates == "drop", rules.max_fragment)
        self._where: tuple[Any, ...] = (*bins, *filters, self.values, self.tally)
        self.mates = WaitingMates(self._where, from_start, extras.patient)

    @property
    def n_records(self) -> int:
        return int(self.tally[records.TOTAL])

    def count(self, data: np.ndarray, at: int) -> int:
        """Count the whole records in data[at:]; returns the start of the first incomplete one.

        Raises InputError at an impossible record.
        """
        rules = self._rules
        start, end = at, -1
        while end < 0:
            at = records.count_records(  # type: ignore[call-arg]  # those of *where
                data,
                at,
                len(data),
                *self._where,
                rules.paired_end == "fragments",
                records.PLACES.index(rules.count_at),
                records.SECONDARY_RULES.index(rules.secondary),
                rules.extend,
                rules.shift,
                self._sections,
                self.mates.table,
                self.mates.order,
                self.extras.several,
            )
            if self.tally[records.FAULT] == records.NO_ROOM:
                self.tally[records.FAULT] = 0
                self.mates.make_room()
            else:
                end = at
        self.mates.require_order()
        if self.tally[records.FAULT]:
            raise InputError(self._fault())
        if self.extras.sampler is not None:
            self.extras.sampler.take(data, start, end)
        if self.extras.taken is not None and self.tally[records.WITHOUT_NH]:
            self.extras.taken.append(self._names(data, start, end))
        return end

    def _fault(self) -> str:
        """Message for tally[FAULT]."""
        if self.tally[records.FAULT] == records.SAME_NAMES:
            return (
                f"{self._path}: many reads have the name of record {self.n_records:,}, so that "
                "mates cannot be joined to fragments. Use --paired_end reads to count each mate, "
                "or restore the names of the reads."
            )
        return (
            f"{self._path} is damaged: record {self.n_records:,} "
            f"{records.FAULTS[int(self.tally[records.FAULT])]}. Make the file again."
        )

    def _names(self, data: np.ndarray, at: int, end: int) -> np.ndarray:
        """Hashes of the names of reads with secondary records."""
        names = np.empty((end - at) // records.SMALLEST_RECORD, np.int64)
        fragments = self._rules.paired_end == "fragments"
        return names[: records.take_names(data, at, end, fragments, names)].copy()

    def add(self, later: "RecordCounter") -> None:
        """Add the counts of the next stretch of the file."""
        self.values += later.values
        self.tally += later.tally
        if not self.mates.join(later.mates):
            self.tally[records.FAULT] = records.SAME_NAMES
            raise InputError(self._fault())

    def counts(self) -> BinCounts:
        """The counts at the end of the file."""
        self.mates.finish()
        return BinCounts(self._grid, self.values, _tally(self.tally))

    def count_all(
        self,
        data: np.ndarray,
        at: int,
        pieces: Iterator[np.ndarray],
        report_progress: Callable[[], None],
    ) -> np.ndarray:
        """Count data[at:] and all pieces after it; returns the bytes of an incomplete record."""
        at = self.count(data, at)
        report_progress()
        for piece in pieces:
            data, at = joined(data[at:], piece)
            at = self.count(data, at)
            report_progress()
        return data[at:]


def joined(rest: np.ndarray, piece: np.ndarray) -> tuple[np.ndarray, int]:
    """A piece after the rest of the piece before, and where that rest starts."""
    if len(rest) > HEADROOM:
        return np.concatenate([rest, piece[HEADROOM:]]), 0
    start = HEADROOM - len(rest)
    piece[start:HEADROOM] = rest
    return piece, start


def _tally(fields: np.ndarray) -> ReadTally:
    return ReadTally(
        total=int(fields[records.TOTAL]),
        unmapped=int(fields[records.UNMAPPED]),
        mapq=int(fields[records.MAPQ]),
        duplicate=int(fields[records.DUPLICATE]),
        multimapping=int(fields[records.MULTIMAPPING]),
        secondary=int(fields[records.SECONDARY]),
        improper_pair=int(fields[records.IMPROPER_PAIR]),
        second_mates=int(fields[records.SECOND_MATES]),
        usable=int(fields[records.USABLE]),
        library_size=int(fields[records.ON_MAIN]),
        assigned=int(fields[records.ASSIGNED]),
        paired_end=bool(fields[records.PAIRED]),
        lone_first=int(fields[records.LONE_FIRST]),
        lone_second=int(fields[records.LONE_SECOND]),
        secondary_without_nh=int(fields[records.WITHOUT_NH]),
        long_fragment=int(fields[records.LONG_FRAGMENT]),
    )
