"""Write BAM files one chromosome at a time: all aligned records of a file have the same layout.

SAM/BAM format specification (samtools/hts-specs), sections 4.1 (BGZF), 4.2 (BAM) and 5.3 (bins).
Bases are written as N and qualities as absent: no sequence is simulated.
"""

import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import deflate
import numpy as np

PAIRED, PROPER, UNMAPPED, MATE_UNMAPPED = 0x1, 0x2, 0x4, 0x8
REVERSE, MATE_REVERSE, FIRST, SECOND, DUPLICATE = 0x10, 0x20, 0x40, 0x80, 0x400

_BLOCK = 65280
_NAME = 10
_EOF = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
_HEX_PAIRS = np.frombuffer("".join(f"{i:04x}" for i in range(1 << 16)).encode(), dtype="S4")


@dataclass(frozen=True)
class Reads:
    """Reads of one chromosome, one entry each; unmapped reads have position -1.

    position, mate_position : int32, 0-based leftmost base (mate_position -1: no mate)
    flag : uint16; mapq, hits : uint8 (hits is written as NH)
    template_length : int32, signed as in TLEN
    name : uint32, the serial number of the fragment; mates share it
    """

    position: np.ndarray
    flag: np.ndarray
    mapq: np.ndarray
    hits: np.ndarray
    mate_position: np.ndarray
    template_length: np.ndarray
    name: np.ndarray

    def __len__(self) -> int:
        return len(self.position)


def _layout(read_length: int, mapped: bool) -> np.dtype[np.void]:
    fields: list[tuple[str, str] | tuple[str, str, tuple[int]]] = [
        ("block_size", "<i4"),
        ("chrom", "<i4"),
        ("position", "<i4"),
        ("name_length", "u1"),
        ("mapq", "u1"),
        ("bin", "<u2"),
        ("n_cigar", "<u2"),
        ("flag", "<u2"),
        ("sequence_length", "<i4"),
        ("mate_chrom", "<i4"),
        ("mate_position", "<i4"),
        ("template_length", "<i4"),
        ("name_start", "S1"),
        ("name_high", "S4"),
        ("name_low", "S4"),
        ("name_end", "u1"),
    ]
    if mapped:
        fields.append(("cigar", "<u4"))
    fields += [("sequence", "u1", ((read_length + 1) // 2,)), ("quality", "u1", (read_length,))]
    if mapped:
        fields += [("hits_tag", "S3"), ("hits", "u1")]
    return np.dtype(fields)


def bam_bins(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The UCSC bin of each [start, end): int64 (specification, section 5.3, `reg2bin`)."""
    last = end - 1
    bins = np.zeros(len(start), dtype=np.int64)
    for shift, offset in ((26, 1), (23, 9), (20, 73), (17, 585), (14, 4681)):
        same = start >> shift == last >> shift
        bins = np.where(same, offset + (start >> shift), bins)
    return bins


def encode(reads: Reads, chrom_index: int, read_length: int) -> np.ndarray:
    """BAM records of `reads`, all on one chromosome, or all unmapped if `chrom_index` is -1."""
    mapped = chrom_index >= 0
    layout = _layout(read_length, mapped)
    records = np.zeros(len(reads), dtype=layout)
    records["block_size"] = layout.itemsize - 4
    records["chrom"] = chrom_index
    records["position"] = reads.position
    records["name_length"] = _NAME
    records["mapq"] = reads.mapq
    records["flag"] = reads.flag
    records["sequence_length"] = read_length
    records["mate_chrom"] = np.where(reads.mate_position >= 0, chrom_index, -1)
    records["mate_position"] = reads.mate_position
    records["template_length"] = reads.template_length
    records["name_start"] = b"s"
    records["name_high"] = _HEX_PAIRS[reads.name >> 16]
    records["name_low"] = _HEX_PAIRS[reads.name & 0xFFFF]
    records["sequence"] = 0xFF
    if read_length % 2:
        records["sequence"][:, -1] = 0xF0
    records["quality"] = 0xFF
    if mapped:
        position = reads.position.astype(np.int64)
        records["bin"] = bam_bins(position, position + read_length)
        records["n_cigar"] = 1
        records["cigar"] = read_length << 4
        records["hits_tag"] = b"NHC"
        records["hits"] = reads.hits
    else:
        records["bin"] = 4680
    return records


class BamWriter:
    """A BAM file being written; the same records give the same bytes.

    chrom_sizes : names and lengths (bp), in the order of the header
    comments : lines of the header (@CO)
    """

    def __init__(self, path: Path, chrom_sizes: Mapping[str, int], comments: Sequence[str]) -> None:
        text = "@HD\tVN:1.6\tSO:coordinate\n"
        text += "".join(f"@SQ\tSN:{name}\tLN:{size}\n" for name, size in chrom_sizes.items())
        text += "@PG\tID:simulate_panel\tPN:simulate_panel.py\n"
        text += "".join(f"@CO\t{comment}\n" for comment in comments)
        header = b"BAM\1" + struct.pack("<i", len(text)) + text.encode()
        header += struct.pack("<i", len(chrom_sizes))
        for name, size in chrom_sizes.items():
            header += struct.pack("<i", len(name) + 1) + name.encode() + b"\0"
            header += struct.pack("<i", size)
        self._file: BinaryIO = Path(path).open("wb")  # noqa: SIM115
        self._write_blocks(memoryview(header), _BLOCK)

    def write(self, records: np.ndarray) -> None:
        """Append records of `encode`; no record crosses the end of a BGZF block."""
        per_block = _BLOCK // records.dtype.itemsize
        self._write_blocks(memoryview(records.tobytes()), per_block * records.dtype.itemsize)

    def _write_blocks(self, data: memoryview, size: int) -> None:
        for start in range(0, len(data), size):
            block = bytes(data[start : start + size])
            body = deflate.deflate_compress(block, 1)
            self._file.write(
                struct.pack("<4BI2BH2B2H", 31, 139, 8, 4, 0, 0, 255, 6, 66, 67, 2, len(body) + 25)
            )
            self._file.write(body)
            self._file.write(struct.pack("<2I", zlib.crc32(block), len(block)))

    def close(self) -> None:
        self._file.write(_EOF)
        self._file.close()

    def __enter__(self) -> "BamWriter":
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self._file.close()
