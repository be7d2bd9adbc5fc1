"""Whether the index that was given with a BAM file is that of a longer version of the file.

A file whose end was lost, and whose last block was put back, is a valid BAM file: only an older
index shows what is missing. Formats: SAM specification, section 5.2 (BAI), and hts-specs, CSIv1.
"""

import gzip
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path

START_OF_BLOCK = b"\x1f\x8b\x08\x04"

_NUMBER, _CHUNK = struct.Struct("<i"), struct.Struct("<QQ")

# Bin that holds numbers of reads instead of chunks; in CSI, for the usual depth and others.
_PSEUDO_BINS = {(1 << 3 * depth + 3) // 7 + 1 for depth in range(1, 10)}


def end_of_reads(index: Path) -> int | None:
    """Offset of the last block to which a BAI or CSI file leads; None for other files."""
    try:
        content = index.read_bytes()
        if content.startswith(b"\x1f\x8b"):
            content = gzip.decompress(content)
        if content.startswith(b"BAI\1"):
            return _last_block(content, 4, before_chunks=4)
        if content.startswith(b"CSI\1"):
            (n_extra,) = _NUMBER.unpack_from(content, 12)
            return _last_block(content, 16 + n_extra, before_chunks=12)
    except (OSError, EOFError, struct.error, zlib.error):
        pass
    return None


def leads_to_a_block(path: Path, index: Path) -> bool:
    """Whether a block of the file starts where the index says; True if it is no BAI or CSI file."""
    last = end_of_reads(index)
    if last is None:
        return True
    with path.open("rb") as file:
        file.seek(last)
        return file.read(len(START_OF_BLOCK)) == START_OF_BLOCK


def _last_block(content: bytes, at: int, before_chunks: int) -> int | None:
    """The largest end of a chunk. before_chunks : bytes of a bin before the number of its chunks"""
    (n_references,) = _NUMBER.unpack_from(content, at)
    at, last = at + 4, 0
    for _ in range(n_references):
        (n_bins,) = _NUMBER.unpack_from(content, at)
        at += 4
        for _ in range(n_bins):
            (number,) = _NUMBER.unpack_from(content, at)
            (n_chunks,) = _NUMBER.unpack_from(content, at + before_chunks)
            at += before_chunks + 4
            for chunk in range(n_chunks if number not in _PSEUDO_BINS else 0):
                last = max(last, _CHUNK.unpack_from(content, at + 16 * chunk)[1])
            at += 16 * n_chunks
        if before_chunks == 4:
            (n_intervals,) = _NUMBER.unpack_from(content, at)
            at += 4 + 8 * n_intervals
    return last >> 16 or None


def is_part(found: Mapping[str, int], listed: Mapping[str, int]) -> bool:
    """Whether a file is what is left of one that lost its end, or a stretch within.

    found, listed : mapped reads of each sequence, in the order of the header: those of the file,
        and those that the index lists. The index of another file, such as the same one before a
        filter, differs in other ways.
    """
    if list(found) != list(listed) or any(found[name] > listed[name] for name in found):
        return False
    names = [name for name in listed if listed[name]]
    lost = [place for place, name in enumerate(names) if found[name] < listed[name]]
    if not lost:
        return False
    first, last = lost[0], lost[-1]
    if any(found[names[place]] for place in range(first + 1, last)):
        return False
    whole = len(names) > last - first + 1
    to_the_end = last == len(names) - 1
    return whole or (to_the_end and (first == last or not found[names[last]]))
