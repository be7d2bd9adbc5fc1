"""The native counter: one pass over the binary records of a BAM file.

Threads decompress blocks (`bgzf`); one compiled loop (`records`) goes through the records and
counts into one array. A large file is divided into stretches (`stretches`), one per thread, each
counted into a separate array. Only a few MB of the file are in memory at a time, and the mates of
fragments that wait for the other one: in a file that is sorted by coordinate, few.
"""

import logging
import os
import struct
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from deepregfinder.counting import records
from deepregfinder.counting.bgzf import HEADROOM, read_pieces
from deepregfinder.counting.cram import is_cram, write_bam
from deepregfinder.counting.mates import OutOfOrderError, WaitingMates
from deepregfinder.counting.read_ends import EndSampler
from deepregfinder.counting.rules import BinCounts, BinGrid, CountRules, ReadTally
from deepregfinder.counting.stretches import first_record, stretches
from deepregfinder.errors import InputError
from deepregfinder.progress import Progress

_log = logging.getLogger(__name__)

_MAGIC = b"BAM\1"
_LARGEST_HEADER = 1 << 28


def count_native(
    path: Path, rules: CountRules, grid: BinGrid, threads: int, sampler: EndSampler | None = None
) -> BinCounts:
    """Count a BAM or CRAM file, sorted or not; no index is needed.

    Parameters
    ----------
    path : the file; a CRAM file is first converted to a temporary BAM file in the current folder
    rules, grid : what is counted, and in which bins; chromosomes of the grid that are not in the
        header keep zero counts (see BinGrid.require_fit)
    threads : number of stretches counted, or blocks of a small file decompressed, in parallel
    sampler : collects read ends from the records

    Raises
    ------
    InputError
        The file is damaged, truncated, or neither BAM nor CRAM.
    """
    with _as_bam(path, threads) as bam, bam.open("rb") as stream:
        taken: list[np.ndarray] | None = [] if rules.secondary == "drop_reads" else None
        counts = _count(stream, path, rules, grid, threads, _Extras(sampler, taken))
        if taken and len(hashes := np.concatenate(taken)):
            several = np.zeros(1 << int(2 * len(hashes)).bit_length(), np.int64)
            records.table_of_names(hashes, several)
            counts = _count(stream, path, rules, grid, threads, _Extras(several=several))
        return counts


@dataclass(frozen=True)
class _Extras:
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

    def for_stretch(self) -> "_Extras":
        """The same for a stretch of the file, to be merged with `join`."""
        return replace(
            self,
            sampler=None if self.sampler is None else self.sampler.for_stretch(),
            taken=None if self.taken is None else [],
        )

    def join(self, stretches: Sequence["_Extras"]) -> None:
        """Merge what was collected in all stretches of the file, in the order of the file."""
        if self.sampler is not None:
            self.sampler.join([one.sampler for one in stretches if one.sampler is not None])
        if self.taken is not None:
            self.taken.extend(hashes for one in stretches for hashes in one.taken or ())


@contextmanager
def _as_bam(path: Path, threads: int) -> Iterator[Path]:
    """The file itself, or a temporary BAM file for a CRAM file."""
    if not is_cram(path):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="cram-", dir=".") as folder:
        bam = Path(folder) / "reads.bam"
        try:
            write_bam(path, bam, threads)
        except InputError as error:
            raise InputError(f"{path} {error}") from None
        yield bam


def _count(
    stream: BinaryIO,
    path: Path,
    rules: CountRules,
    grid: BinGrid,
    threads: int,
    extras: _Extras,
) -> BinCounts:
    starts = stretches(stream, path, threads)
    if len(starts) > 1:
        # If this fails, reading the file from start to end finds the fault and its position.
        with suppress(InputError, _WrongCutError, OutOfOrderError):
            return _count_side_by_side(stream, path, rules, grid, starts, extras)
    try:
        return _count_in_turn(stream, path, rules, grid, threads, extras)
    except OutOfOrderError:
        patient = replace(extras, patient=True)
        return _count_in_turn(stream, path, rules, grid, threads, patient)


def _count_in_turn(
    stream: BinaryIO,
    path: Path,
    rules: CountRules,
    grid: BinGrid,
    threads: int,
    extras: _Extras,
) -> BinCounts:
    stream.seek(0)
    pieces = read_pieces(stream, path, threads)
    data, at, header = _read_header(pieces, path)
    counter = _Counter(path, header, rules, grid, extras.for_stretch())
    progress = Progress(_log, str(path), "records", os.fstat(stream.fileno()).st_size)
    rest = counter.count_all(
        data, at, pieces, lambda: progress.reach(stream.tell(), counter.n_records)
    )
    if len(rest):
        raise InputError(
            f"{path} is cut short: its last record is incomplete. Copy it again, or make it again."
        )
    extras.join([counter.extras])
    return counter.counts()


class _WrongCutError(Exception):
    """A stretch does not start with the record that was assumed to be its first."""


class _Counter:
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
        extras: _Extras,
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
        drop = rules.duplicates == "drop"
        bins = (first_bin, lengths, grid.bin_size)
        self._where: tuple[Any, ...] = (*bins, rules.min_mapq, drop, self.values, self.tally)
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
                rules.count_at == "midpoint",
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

    def add(self, later: "_Counter") -> None:
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
            data, at = _joined(data[at:], piece)
            at = self.count(data, at)
            report_progress()
        return data[at:]


def _count_side_by_side(
    stream: BinaryIO,
    path: Path,
    rules: CountRules,
    grid: BinGrid,
    starts: Sequence[int],
    extras: _Extras,
) -> BinCounts:
    """Count each stretch in a separate thread, with one more thread to decompress it.

    Raises _WrongCutError, or InputError for a file that is damaged or appears to be.
    """
    stream.seek(0)
    _, _, header = _read_header(read_pieces(stream, path, 1), path)
    size = os.fstat(stream.fileno()).st_size
    progress = Progress(_log, str(path), "records", size)
    counters = [
        _Counter(path, header, rules, grid, extras.for_stretch(), from_start=number == 0)
        for number in range(len(starts))
    ]
    passed = [0] * len(starts)

    def count_stretch(number: int) -> tuple[np.ndarray, np.ndarray]:
        """Count a stretch; returns its bytes before the first and after the last whole record."""
        until = starts[number + 1] if number + 1 < len(starts) else None
        with path.open("rb") as part:

            def report_progress() -> None:
                passed[number] = part.tell() - starts[number]
                if number == 0:
                    progress.reach(sum(passed), sum(counter.n_records for counter in counters))

            part.seek(starts[number])
            pieces = read_pieces(part, path, 1, until)
            if number == 0:
                data, at, _ = _read_header(pieces, path)
                head = data[:0]
            else:
                data = next(pieces)
                start = first_record(data, len(header))
                if start is None:
                    raise _WrongCutError
                at, head = start, data[HEADROOM:start].copy()
            return head, counters[number].count_all(data, at, pieces, report_progress).copy()

    with ThreadPoolExecutor(len(starts)) as pool:
        edges = list(pool.map(count_stretch, range(len(starts))))
    heads = [*(head for head, _ in edges[1:]), np.empty(0, np.uint8)]
    for counter, (_, rest), head in zip(counters, edges, heads, strict=True):
        across_cut = np.concatenate([rest, head])
        if counter.count(across_cut, 0) != len(across_cut):
            raise _WrongCutError
    whole = counters[0]
    for counter in counters[1:]:
        whole.add(counter)
    extras.join([counter.extras for counter in counters])
    return whole.counts()


def _joined(rest: np.ndarray, piece: np.ndarray) -> tuple[np.ndarray, int]:
    """A piece after the rest of the piece before, and where that rest starts."""
    if len(rest) > HEADROOM:
        return np.concatenate([rest, piece[HEADROOM:]]), 0
    start = HEADROOM - len(rest)
    piece[start:HEADROOM] = rest
    return piece, start


def _read_header(
    pieces: Iterator[np.ndarray], path: Path
) -> tuple[np.ndarray, int, dict[str, int]]:
    """Read pieces until the header is whole: bytes, start of the first record, lengths."""
    data, at = np.empty(0, np.uint8), 0
    for piece in pieces:
        data, at = _joined(data[at:], piece)
        if (header := _parse_header(data[at:], path)) is not None:
            size, lengths = header
            return data, at + size, lengths
        if len(data) > _LARGEST_HEADER:
            break
    raise InputError(f"{path} is damaged: its header has no end. Make the file again.")


def _parse_header(data: np.ndarray, path: Path) -> tuple[int, dict[str, int]] | None:
    """Size of the header and the length of each reference; None if more bytes are needed."""
    content = data.data
    if bytes(content[:4]) != _MAGIC[: len(content)]:
        raise InputError(f"{path} is not a BAM file.")
    try:
        (text_length,) = struct.unpack_from("<i", content, 4)
        at = 8 + text_length
        if text_length < 0:
            raise _bad_header(path)
        (n_references,) = struct.unpack_from("<i", content, at)
        at += 4
        lengths: dict[str, int] = {}
        for _ in range(n_references):
            (name_length,) = struct.unpack_from("<i", content, at)
            if not 0 < name_length < 1 << 16:
                raise _bad_header(path)
            name, length = struct.unpack_from(f"<{name_length}si", content, at + 4)
            at += 8 + name_length
            name = name.rstrip(b"\0")
            if b"\0" in name:
                raise _bad_header(path)
            lengths[name.decode(errors="replace")] = length
    except struct.error:
        return None
    if len(lengths) != n_references:
        raise _bad_header(path)
    return at, lengths


def _bad_header(path: Path) -> InputError:
    return InputError(f"{path} is damaged: its header contradicts itself. Make the file again.")


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
    )
