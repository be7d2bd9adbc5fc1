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
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from deepregfinder.counting import records
from deepregfinder.counting.bgzf import HEADROOM, read_pieces
from deepregfinder.counting.cram import is_cram, write_bam
from deepregfinder.counting.mates import OutOfOrderError
from deepregfinder.counting.read_ends import EndSampler
from deepregfinder.counting.record_counter import Extras, RecordCounter, joined
from deepregfinder.counting.rules import BinCounts, BinGrid, CountRules
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
        counts = _count(stream, path, rules, grid, threads, Extras(sampler, taken))
        if taken and len(hashes := np.concatenate(taken)):
            several = np.zeros(1 << int(2 * len(hashes)).bit_length(), np.int64)
            records.table_of_names(hashes, several)
            counts = _count(stream, path, rules, grid, threads, Extras(several=several))
        return counts


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
    extras: Extras,
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
    extras: Extras,
) -> BinCounts:
    stream.seek(0)
    pieces = read_pieces(stream, path, threads)
    data, at, header = _read_header(pieces, path)
    counter = RecordCounter(path, header, rules, grid, extras.for_stretch())
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


def _count_side_by_side(
    stream: BinaryIO,
    path: Path,
    rules: CountRules,
    grid: BinGrid,
    starts: Sequence[int],
    extras: Extras,
) -> BinCounts:
    """Count each stretch in a separate thread, with one more thread to decompress it.

    Raises _WrongCutError, or InputError for a file that is damaged or appears to be.
    """
    stream.seek(0)
    _, _, header = _read_header(read_pieces(stream, path, 1), path)
    size = os.fstat(stream.fileno()).st_size
    progress = Progress(_log, str(path), "records", size)
    counters = [
        RecordCounter(path, header, rules, grid, extras.for_stretch(), from_start=number == 0)
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


def _read_header(
    pieces: Iterator[np.ndarray], path: Path
) -> tuple[np.ndarray, int, dict[str, int]]:
    """Read pieces until the header is whole: bytes, start of the first record, lengths."""
    data, at = np.empty(0, np.uint8), 0
    for piece in pieces:
        data, at = joined(data[at:], piece)
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
