"""Divide a BAM file into stretches that threads count in parallel.

A stretch starts with a BGZF block; neither an index nor sorting is needed. Its first record is the
first position from which valid records follow one another. The bytes around a cut verify that
position: what is left over from the stretch before, joined with the bytes before that position,
has to be whole records (see `native`).
"""

import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np

from deepregfinder.counting.bgzf import HEADROOM, find_block
from deepregfinder.counting.records import LARGEST_RECORD, SMALLEST_RECORD

# Compressed bytes of the smallest stretch: smaller files are not divided.
SMALLEST = 1 << 25

_MOST = 16
_IN_A_ROW = 4
_FIELDS = struct.Struct("<iiiBBHHHiii")


def stretches(stream: BinaryIO, path: Path, n: int) -> list[int]:
    """Offsets of the first blocks of up to `n` stretches of a file; [0] for one stretch."""
    size = path.stat().st_size
    n = min(n, size // SMALLEST, _MOST)
    even = (index * size // n for index in range(1, n))
    blocks = {find_block(stream, path, offset) for offset in even}
    return sorted({0} | {offset for offset in blocks if offset is not None})


def first_record(piece: np.ndarray, n_references: int) -> int | None:
    """Start of the first record in the decompressed bytes after HEADROOM; None if there is none.

    n_references : number of references in the header
    """
    content = piece.data
    for start in range(HEADROOM, len(piece) - SMALLEST_RECORD):
        at, n_sound = start, 0
        while n_sound < _IN_A_ROW:
            end = _end_of_record(content, at, n_references)
            if end is None:
                break
            at, n_sound = end, n_sound + 1
        else:
            return start
    return None


def _end_of_record(content: memoryview, at: int, n_references: int) -> int | None:
    """End of the record at `at`; None if no valid record starts there."""
    if at + SMALLEST_RECORD > len(content):
        return None
    size, reference, position, name_length, _, _, n_cigar, _, n_bases, mate, mate_position = (
        _FIELDS.unpack_from(content, at)
    )
    least = SMALLEST_RECORD - 4 + name_length + 4 * n_cigar + (n_bases + 1) // 2 + n_bases
    end_of_name = at + SMALLEST_RECORD + name_length
    sound = (
        name_length > 0
        and n_bases >= 0
        and least <= size <= LARGEST_RECORD
        and -1 <= reference < n_references
        and -1 <= mate < n_references
        and min(position, mate_position) >= -1
        and end_of_name <= len(content)
        and content[end_of_name - 1] == 0
    )
    return at + 4 + size if sound else None
