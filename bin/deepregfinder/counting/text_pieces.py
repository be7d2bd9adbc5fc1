"""Text piece by piece, decompressed ahead by another thread: plain, gzip or bgzip."""

import gzip
import os
import zlib
from codecs import BOM_UTF8
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from deepregfinder.counting.bgzf import HEADROOM, read_pieces
from deepregfinder.errors import InputError
from deepregfinder.storage.text import foreign_format

_PIECE = 1 << 22
_AHEAD = 2
_GZIP = b"\x1f\x8b"
_BLOCK = 12, b"BC\2\0"
"""Place and begin of the subfield that a block of bgzip has."""


def text_pieces(
    path: Path, threads: int, report: Callable[[int], None] | None = None
) -> Iterator[np.ndarray]:
    """Decompress a file of text piece by piece, in order; only a few MB are in memory.

    Parameters
    ----------
    path : the file
    threads : blocks of a bgzip file that are decompressed in parallel
    report : is called with the number of bytes of the file that have been read

    Yields
    ------
    uint8 arrays, valid until the next one is requested; a newline ends the last one

    Raises
    ------
    InputError
        The file cannot be read, is empty, damaged or no text. The message lacks its subject: the
        caller puts the name of the file before it.
    """
    try:
        with path.open("rb") as stream:
            if os.fstat(stream.fileno()).st_size == 0:
                raise InputError("is empty. Copy it again.")
            start, last = b"", 0
            for piece in _pieces(stream, path, threads):
                if not start:
                    start = piece[: 1 << 12].tobytes()
                    _require_text(start)
                    piece = piece[len(BOM_UTF8) :] if start.startswith(BOM_UTF8) else piece
                    if not len(piece):
                        continue
                last = int(piece[-1])
                if report is not None:
                    report(stream.tell())
                yield piece
            if last != ord("\n"):
                yield np.array([ord("\n")], np.uint8)
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror}).") from None


def _pieces(stream: BinaryIO, path: Path, threads: int) -> Iterator[np.ndarray]:
    begin = stream.read(1 << 10)
    stream.seek(0)
    place, block = _BLOCK
    try:
        if not begin.startswith(_GZIP):
            yield from _ahead(stream)
        elif begin[place : place + len(block)] == block:
            pieces = (piece[HEADROOM:] for piece in read_pieces(stream, path, threads))
            yield from (piece for piece in pieces if len(piece))
        else:
            with gzip.open(stream) as unpacked:
                yield from _ahead(cast(BinaryIO, unpacked))
    except (InputError, EOFError, zlib.error, gzip.BadGzipFile):
        raise InputError(
            "is damaged or cut short: its gzip data cannot be decompressed to the end. Copy it "
            "again."
        ) from None


def _ahead(stream: BinaryIO) -> Iterator[np.ndarray]:
    """Pieces of a stream, read by another thread."""
    with ThreadPoolExecutor(1) as pool:
        pending = deque(pool.submit(stream.read, _PIECE) for _ in range(_AHEAD))
        try:
            while piece := pending.popleft().result():
                pending.append(pool.submit(stream.read, _PIECE))
                yield np.frombuffer(piece, np.uint8)
        finally:
            for one in pending:
                one.cancel()


def _require_text(start: bytes) -> None:
    """Raise InputError if a file begins like another format, or has bytes that text has not."""
    if start.startswith(_GZIP):
        raise InputError("was compressed a second time with gzip. Decompress it with `gunzip`.")
    if description := foreign_format(start):
        raise InputError(
            f"is {description}, but the ending of its name is that of text. Correct the name, or "
            "the path in the sheet."
        )
    if b"\0" in start:
        raise InputError("is not text. Check the path in the sheet.")
