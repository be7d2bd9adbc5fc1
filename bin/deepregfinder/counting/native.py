"""The native counter: one pass over a BAM file, without any text in between.

Blocks are unpacked in threads (`bgzf`); one compiled loop (`records`) walks over the records and
counts straight into one array. Of the file, only a few MB are in memory at a time.
"""

import logging
import os
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from deepregfinder.counting import records
from deepregfinder.counting.bgzf import HEADROOM, read_pieces
from deepregfinder.counting.rules import BinCounts, BinGrid, CountRules, ReadTally
from deepregfinder.cram import is_cram, write_bam
from deepregfinder.errors import InputError
from deepregfinder.progress import Progress
from deepregfinder.quality.ends import EndSampler

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
    threads : for unpacking; counting itself takes one more
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
    pieces = read_pieces(stream, path, threads)
    data, at, header = _read_header(pieces, path)
    first_bin = np.array([grid.first_bin.get(chrom, -1) for chrom in header], np.int64)
    # Not the lengths of the header: counts beyond a chromosome of the grid would lie elsewhere.
    lengths = np.array([grid.chrom_sizes.get(chrom, 0) for chrom in header], np.int64)
    values = np.zeros(grid.n_bins, np.uint32)
    tally = np.zeros(records.N_TALLY, np.int64)
    progress = Progress(_log, str(path), "records", os.fstat(stream.fileno()).st_size)
    sections = np.empty((records.MAX_SECTIONS, 2), np.int64)
    while True:
        start = at
        at = records.count_records(
            data,
            at,
            len(data),
            first_bin,
            lengths,
            grid.bin_size,
            rules.min_mapq,
            rules.duplicates == "drop",
            rules.paired_end == "fragments",
            rules.count_at == "midpoint",
            rules.extend,
            rules.shift,
            values,
            tally,
            sections,
        )
        if tally[records.FAULT]:
            raise InputError(
                f"{path} is damaged: record {tally[records.TOTAL]:,} "
                f"{records.FAULTS[int(tally[records.FAULT])]}. Make the file again."
            )
        if sampler is not None:
            sampler.take(data, start, at)
        progress.reach(stream.tell(), int(tally[records.TOTAL]))
        piece = next(pieces, None)
        if piece is None:
            break
        data, at = _joined(data[at:], piece)
    if at < len(data):
        raise InputError(
            f"{path} is cut short: its last record is not whole. Copy it again, or make it again."
        )
    return BinCounts(grid, values, _tally(tally))


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
