"""Lists of barcodes, which select the cells of a fragments file that make up a library."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deepregfinder.counting import lines
from deepregfinder.errors import InputError
from deepregfinder.storage.text import read_text

_BARCODE = re.compile(r"[!-+\--~]+")
"""Visible characters of ASCII except the comma."""


@dataclass(frozen=True)
class BarcodeList:
    """Barcodes, each once, and the name of the file that lists them."""

    name: str
    barcodes: tuple[str, ...]

    def table(self) -> np.ndarray:
        """Open-addressing table of `lines.read_lines`, at most half full: int64, hashes."""
        table = np.zeros(1 << int(2 * len(self.barcodes)).bit_length(), np.int64)
        mask = len(table) - 1
        for barcode in self.barcodes:
            key = int(lines.hash_of(np.frombuffer(bytearray(barcode.encode()), np.uint8)))
            row = key & mask
            while table[row]:
                row = (row + 1) & mask
            table[row] = key
        return table


def read_barcodes(path: Path) -> BarcodeList:
    """Read a list of barcodes, one per line, plain or gzipped.

    Raises InputError for a file that is not text, has lines with more than a barcode, or has none.
    """
    text = read_text(path, "one barcode per line")
    found = {line.strip(): number for number, line in enumerate(text.split("\n"), 1)}
    found.pop("", None)
    wrong = [number for barcode, number in found.items() if not _BARCODE.fullmatch(barcode)]
    if wrong:
        raise InputError(
            f"{path}, line {wrong[0]:,}: expected one barcode, found something else or a table"
            f" ({len(wrong):,} such lines). Write one barcode per line, without a header."
        )
    if not found:
        raise InputError(f"{path} has no barcode. Write one per line.")
    return BarcodeList(path.name, tuple(found))
