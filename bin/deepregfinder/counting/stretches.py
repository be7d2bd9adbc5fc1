"""Where a BAM file can be cut into stretches that threads count side by side.

A stretch begins with a BGZF block; no index is needed, and no order. Which byte of it begins the
first record is found by looking: a place from which sound records follow one another. Records that
cross a cut show whether that was right: what the stretch before leaves over and the bytes before
that place are whole records together, or the place was wrong (see `native`).
"""

import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np

from deepregfinder.counting.bgzf import HEADROOM, find_block
from deepregfinder.counting.records import LARGEST_RECORD, SMALLEST_RECORD

# Packed bytes: smaller files are counted as one.
SMALLEST = 1 << 25

_MOST = 16
_IN_A_ROW = 4
_FIELDS = struct.Struct("<iiiBBHHHiii")


def stretches(stream: BinaryIO, path: Path, n: int) -> list[int]:
    """Offsets of the blocks that up to `n` stretches of a file begin with; [0] for one."""
    size = path.stat().st_size
    n = min(n, size // SMALLEST, _MOST)
    wanted = (index * size // n for index in range(1, n))
    found = {find_block(stream, path, offset) for offset in wanted}
    return sorted({0} | {offset for offset in found if offset is not None})


def first_record(piece: np.ndarray, n_references: int) -> int | None:
    """Where the first record begins in the unpacked bytes behind HEADROOM; None if none is seen.

    n_references : chromosomes that the header names
    """
    content = piece.data
    for start in range(HEADROOM, len(piece) - SMALLEST_RECORD):
        at, seen = start, 0
        while seen < _IN_A_ROW:
            end = _end_of_record(content, at, n_references)
            if end is None:
                break
            at, seen = end, seen + 1
        else:
            return start
    return None


def _end_of_record(content: memoryview, at: int, n_references: int) -> int | None:
    """Where a sound record ends that begins at `at`; None if there is no such."""
    if at + SMALLEST_RECORD > len(content):
        return None
    size, reference, position, n_name, _, _, n_cigar, _, n_bases, mate, mate_position = (
        _FIELDS.unpack_from(content, at)
    )
    least = SMALLEST_RECORD - 4 + n_name + 4 * n_cigar + (n_bases + 1) // 2 + n_bases
    end_of_name = at + SMALLEST_RECORD + n_name
    sound = (
        n_name > 0
        and n_bases >= 0
        and least <= size <= LARGEST_RECORD
        and -1 <= reference < n_references
        and -1 <= mate < n_references
        and min(position, mate_position) >= -1
        and end_of_name <= len(content)
        and content[end_of_name - 1] == 0
    )
    return at + 4 + size if sound else None
