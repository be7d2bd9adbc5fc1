"""The native counter: one pass over a BAM file, without any text in between.

Blocks are unpacked in threads (`bgzf`); one compiled loop (`records`) walks over the records and
counts straight into one array. A large file is cut into stretches (`stretches`), as many as there
are threads, each with an array of its own. Of the file, only a few MB are in memory at a time.
"""

import logging
import os
import struct
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np

from deepregfinder.counting import records
from deepregfinder.counting.bgzf import HEADROOM, read_pieces
from deepregfinder.counting.cram import is_cram, write_bam
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
    path : the file; a CRAM file is first turned into a BAM file in the current folder
    rules, grid : what is counted, and in which bins; chromosomes of the grid that the file does
        not name stay empty (see BinGrid.require_fit)
    threads : stretches that are counted side by side, of a small file blocks that are unpacked so
    sampler : takes its sample of the records

    Raises
    ------
    InputError
        The file is damaged, cut short, or no BAM or CRAM file.
    """
    with _as_bam(path, threads) as bam, bam.open("rb") as stream:
        return _count(stream, path, rules, grid, threads, sampler)


@contextmanager
def _as_bam(path: Path, threads: int) -> Iterator[Path]:
    """The file itself; of a CRAM file, a BAM file that is there for a while."""
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
    sampler: EndSampler | None,
) -> BinCounts:
    starts = stretches(stream, path, threads)
    if len(starts) > 1:
        # What a damaged file is lacking, and where, is told by reading it from end to end.
        with suppress(InputError, _WrongCutError):
            return _count_side_by_side(stream, path, rules, grid, starts, sampler)
    stream.seek(0)
    pieces = read_pieces(stream, path, threads)
    data, at, header = _read_header(pieces, path)
    counter = _Counter(path, header, rules, grid, sampler)
    progress = Progress(_log, str(path), "records", os.fstat(stream.fileno()).st_size)
    rest = counter.count_all(
        data, at, pieces, lambda: progress.reach(stream.tell(), counter.n_records)
    )
    if len(rest):
        raise InputError(
            f"{path} is cut short: its last record is not whole. Copy it again, or make it again."
        )
    return BinCounts(grid, counter.values, _tally(counter.tally))


class _WrongCutError(Exception):
    """A stretch does not begin with the record that it was thought to begin with."""


class _Counter:
    """Counts records as their bytes come.

    header : length in bp of each reference
    values : counts of the bins so far; tally : what became of the records so far
    """

    def __init__(
        self,
        path: Path,
        header: Mapping[str, int],
        rules: CountRules,
        grid: BinGrid,
        sampler: EndSampler | None,
    ) -> None:
        self._path = path
        self._first_bin = np.array([grid.first_bin.get(chrom, -1) for chrom in header], np.int64)
        # Not the lengths of the header: counts beyond a chromosome of the grid would lie elsewhere.
        self._lengths = np.array([grid.chrom_sizes.get(chrom, 0) for chrom in header], np.int64)
        self._rules, self._bin_size = rules, grid.bin_size
        self._sections = np.empty((records.MAX_SECTIONS, 2), np.int64)
        self.sampler = sampler
        self.values = np.zeros(grid.n_bins, np.uint32)
        self.tally = np.zeros(records.N_TALLY, np.int64)

    @property
    def n_records(self) -> int:
        return int(self.tally[records.TOTAL])

    def count(self, data: np.ndarray, at: int) -> int:
        """Count the whole records in data[at:]; where the first incomplete one begins.

        Raises InputError at an impossible record.
        """
        rules = self._rules
        end: int = records.count_records(
            data,
            at,
            len(data),
            self._first_bin,
            self._lengths,
            self._bin_size,
            rules.min_mapq,
            rules.duplicates == "drop",
            rules.paired_end == "fragments",
            rules.count_at == "midpoint",
            rules.extend,
            rules.shift,
            self.values,
            self.tally,
            self._sections,
        )
        if self.tally[records.FAULT]:
            raise InputError(
                f"{self._path} is damaged: record {self.n_records:,} "
                f"{records.FAULTS[int(self.tally[records.FAULT])]}. Make the file again."
            )
        if self.sampler is not None:
            self.sampler.take(data, at, end)
        return end

    def count_all(
        self,
        data: np.ndarray,
        at: int,
        pieces: Iterator[np.ndarray],
        tell: Callable[[], None],
    ) -> np.ndarray:
        """Count data[at:] and all pieces behind it; the bytes of the last, incomplete record."""
        at = self.count(data, at)
        tell()
        for piece in pieces:
            data, at = _joined(data[at:], piece)
            at = self.count(data, at)
            tell()
        return data[at:]


def _count_side_by_side(
    stream: BinaryIO,
    path: Path,
    rules: CountRules,
    grid: BinGrid,
    starts: Sequence[int],
    sampler: EndSampler | None,
) -> BinCounts:
    """Count each stretch in a thread of its own, with one more for unpacking.

    Raises _WrongCutError, or InputError for a file that is damaged, or looks like it.
    """
    stream.seek(0)
    _, _, header = _read_header(read_pieces(stream, path, 1), path)
    size = os.fstat(stream.fileno()).st_size
    progress = Progress(_log, str(path), "records", size)
    counters = [
        _Counter(path, header, rules, grid, None if sampler is None else sampler.another())
        for _ in starts
    ]
    passed = [0] * len(starts)

    def one(number: int) -> tuple[np.ndarray, np.ndarray]:
        """The bytes of a stretch before its first whole record, and those behind its last one."""
        until = starts[number + 1] if number + 1 < len(starts) else None
        with path.open("rb") as part:

            def tell() -> None:
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
                found = first_record(data, len(header))
                if found is None:
                    raise _WrongCutError
                at, head = found, data[HEADROOM:found].copy()
            return head, counters[number].count_all(data, at, pieces, tell).copy()

    with ThreadPoolExecutor(len(starts)) as pool:
        edges = list(pool.map(one, range(len(starts))))
    heads = [*(head for head, _ in edges[1:]), np.empty(0, np.uint8)]
    for counter, (_, rest), head in zip(counters, edges, heads, strict=True):
        across = np.concatenate([rest, head])
        if counter.count(across, 0) != len(across):
            raise _WrongCutError
    whole = counters[0]
    for counter in counters[1:]:
        whole.values += counter.values
        whole.tally += counter.tally
    if sampler is not None:
        sampler.join([counter.sampler for counter in counters if counter.sampler is not None])
    return BinCounts(grid, whole.values, _tally(whole.tally))


def _joined(rest: np.ndarray, piece: np.ndarray) -> tuple[np.ndarray, int]:
    """A piece with the rest of the one before, and where that begins."""
    if len(rest) > HEADROOM:
        return np.concatenate([rest, piece[HEADROOM:]]), 0
    start = HEADROOM - len(rest)
    piece[start:HEADROOM] = rest
    return piece, start


def _read_header(
    pieces: Iterator[np.ndarray], path: Path
) -> tuple[np.ndarray, int, dict[str, int]]:
    """Take pieces until the header is whole: bytes, where the first record starts, and lengths."""
    data, at = np.empty(0, np.uint8), 0
    for piece in pieces:
        data, at = _joined(data[at:], piece)
        if (found := _parse_header(data[at:], path)) is not None:
            size, lengths = found
            return data, at + size, lengths
        if len(data) > _LARGEST_HEADER:
            break
    raise InputError(f"{path} is damaged: its header has no end. Make the file again.")


def _parse_header(data: np.ndarray, path: Path) -> tuple[int, dict[str, int]] | None:
    """Size of the header and the length of each reference; None if more bytes are needed."""
    content = data.data
    if bytes(content[:4]) != _MAGIC[: len(content)]:
        raise InputError(f"{path} is no BAM file.")
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


def _tally(counted: np.ndarray) -> ReadTally:
    return ReadTally(
        total=int(counted[records.TOTAL]),
        unmapped=int(counted[records.UNMAPPED]),
        mapq=int(counted[records.MAPQ]),
        duplicate=int(counted[records.DUPLICATE]),
        multimapping=int(counted[records.MULTIMAPPING]),
        secondary=int(counted[records.SECONDARY]),
        improper_pair=int(counted[records.IMPROPER_PAIR]),
        second_mates=int(counted[records.SECOND_MATES]),
        usable=int(counted[records.USABLE]),
        assigned=int(counted[records.ASSIGNED]),
        paired_end=bool(counted[records.PAIRED]),
    )
