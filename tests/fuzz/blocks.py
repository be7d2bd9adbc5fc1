"""BAM files with BGZF blocks of any size, as written by other programs."""

import random
import struct
import zlib
from pathlib import Path

from deepregfinder.counting.file_format import END_OF_FILE

LARGEST = 65_280


def packed(content: bytes, level: int = 6) -> bytes:
    """One BGZF block (SAM specification, section 4.1)."""
    deflater = zlib.compressobj(level, zlib.DEFLATED, -15)
    deflated = deflater.compress(content) + deflater.flush()
    header = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0"
    footer = struct.pack("<II", zlib.crc32(content), len(content))
    return header + struct.pack("<H", len(deflated) + 25) + deflated + footer


def random_blocks(payload: bytes, rng: random.Random) -> list[bytes]:
    """Blocks of random sizes and compression levels, without the end-of-file block."""
    largest = rng.choice([200, 2_000, LARGEST])
    blocks, at = [], 0
    while at < len(payload):
        size = rng.randint(1, largest)
        blocks.append(packed(payload[at : at + size], rng.randint(0, 9)))
        at += size
    return blocks


def write_blocks(path: Path, blocks: list[bytes]) -> None:
    """Write a complete file of such blocks."""
    path.write_bytes(b"".join(blocks) + END_OF_FILE)
