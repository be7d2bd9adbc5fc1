"""Multithreaded decompression of BGZF, the blocked gzip format of BAM files.

Format: SAM specification, section 4.1. A block is a gzip member that states its own size, so that
blocks can be located without decompressing them.
"""

import struct
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import cycle
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from deepregfinder.counting.file_format import END_OF_FILE
from deepregfinder.counting.inflate import FAULTS, inflate
from deepregfinder.errors import InputError

# Bytes read at a time: 16 blocks or more, 4-5 MB when decompressed.
PIECE = 1 << 20

# Free bytes before each decompressed piece: room for the incomplete record of the piece before.
HEADROOM = 1 << 16

# Zeros are compressed a thousandfold: such a piece is decompressed in several steps.
_MOST_UNPACKED = 1 << 24

_LARGEST_BLOCK = 1 << 16
_ROOM = HEADROOM + _MOST_UNPACKED + _LARGEST_BLOCK
_FIXED = struct.Struct("<4s6xH")
_SUBFIELD = struct.Struct("<2sHH")
_FOOTER = struct.Struct("<II")
_MAGIC = b"\x1f\x8b\x08\x04"


class _Block(NamedTuple):
    """Position of a block and of its deflated bytes in a piece; CRC-32 and size of its content."""

    at: int
    start: int
    end: int
    crc: int
    size: int


def require_sound(path: Path, threads: int) -> None:
    """Decompress a whole file; raises InputError, as `read_pieces` does, if it is damaged."""
    with path.open("rb") as stream:
        for _ in read_pieces(stream, path, threads):
            pass


def find_block(stream: BinaryIO, path: Path, offset: int) -> int | None:
    """Offset of the first block at or after `offset`; None if none is near.

    A block is recognised by the block that follows it.
    """
    stream.seek(offset)
    content = stream.read(4 * _LARGEST_BLOCK)
    at = content.find(_MAGIC)
    while at >= 0:
        with suppress(InputError):
            if len(_find_blocks(content[at:], path, offset + at)) > 1:
                return offset + at
        at = content.find(_MAGIC, at + 1)
    return None


def read_pieces(
    stream: BinaryIO, path: Path, threads: int, until: int | None = None
) -> Iterator[np.ndarray]:
    """Decompress a BGZF stream piece by piece, in order.

    Pieces are decompressed ahead, one per thread, so that no thread waits for the reader. Memory:
    2 x threads + 2 buffers, which are reused, whatever the size of the file.

    Parameters
    ----------
    stream : the compressed bytes
    path : name of the file in messages
    threads : number of pieces that are decompressed in parallel
    until : offset of the block at which to stop; None for the end of the file

    Yields
    ------
    uint8 arrays: HEADROOM meaningless bytes, then the decompressed bytes. An array stays valid
    until the second one after it is requested.

    Raises
    ------
    InputError
        The stream is not BGZF, is truncated, or has a block whose content does not have the stated
        size or CRC-32.
    """
    pool = ThreadPoolExecutor(threads)
    try:
        pending: deque[Future[np.ndarray]] = deque()
        rooms = cycle([np.empty(_ROOM, np.uint8) for _ in range(2 * threads + 2)])
        packed = _packed_pieces(stream, path, until)
        for room, (piece, blocks, offset) in zip(rooms, packed, strict=False):
            pending.append(pool.submit(_unpack, room, piece, blocks, path, offset))
            if len(pending) > 2 * threads:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _packed_pieces(
    stream: BinaryIO, path: Path, until: int | None
) -> Iterator[tuple[bytes, list[_Block], int]]:
    """Pieces of whole blocks, the blocks in each, and the offset of the piece in the file."""
    offset, rest, last = stream.tell(), b"", b""
    while chunk := stream.read(PIECE if until is None else min(PIECE, until - stream.tell())):
        piece = rest + chunk
        last = (last + chunk[-len(END_OF_FILE) :])[-len(END_OF_FILE) :]
        while blocks := _find_blocks(piece, path, offset):
            yield piece, blocks, offset
            used = blocks[-1].end + _FOOTER.size
            offset += used
            piece = piece[used:]
        rest = piece
    if rest or (until is None and last != END_OF_FILE):
        raise _cut_short(path)


def _find_blocks(piece: bytes, path: Path, offset: int) -> list[_Block]:
    """The whole blocks at the start of a piece, as many as may be decompressed at a time."""
    blocks: list[_Block] = []
    at = unpacked = 0
    while at + _FIXED.size <= len(piece) and unpacked < _MOST_UNPACKED:
        magic, n_extra = _FIXED.unpack_from(piece, at)
        payload = at + _FIXED.size + n_extra
        if magic != _MAGIC:
            raise _damaged(path, offset + at, "is not a BGZF block")
        if payload > len(piece):
            break
        end = at + _block_size(piece[at + _FIXED.size : payload])
        if end < payload + _FOOTER.size:
            raise _damaged(path, offset + at, "states an impossible size")
        if end > len(piece):
            break
        crc, size = _FOOTER.unpack_from(piece, end - _FOOTER.size)
        if size > _LARGEST_BLOCK:
            raise _damaged(path, offset + at, "states an impossible size")
        blocks.append(_Block(at, payload, end - _FOOTER.size, crc, size))
        at = end
        unpacked += size
    return blocks


def _block_size(extra: bytes) -> int:
    """Size of a block from its subfield BC; 0 if there is none."""
    at = 0
    while at + _SUBFIELD.size <= len(extra):
        name, length, value = _SUBFIELD.unpack_from(extra, at)
        if name == b"BC" and length == 2:
            return int(value) + 1
        at += 4 + length
    return 0


def _unpack(
    room: np.ndarray, piece: bytes, blocks: list[_Block], path: Path, offset: int
) -> np.ndarray:
    """Decompress blocks one after the other, after HEADROOM free bytes."""
    unpacked = room[: HEADROOM + sum(block.size for block in blocks)]
    places = np.array([block[1:] for block in blocks], np.int64)
    n_sound, fault = inflate(np.frombuffer(piece, np.uint8), places, unpacked, HEADROOM)
    if fault:
        raise _damaged(path, offset + blocks[n_sound].at, FAULTS[fault])
    return unpacked


def _cut_short(path: Path) -> InputError:
    return InputError(
        f"{path} is cut short: the block that ends a BAM file is missing. Copy it again, or make "
        "it again if the program that wrote it was interrupted."
    )


def _damaged(path: Path, offset: int, what: str) -> InputError:
    return InputError(f"{path} is damaged: the block at byte {offset:,} {what}. Copy it again.")
