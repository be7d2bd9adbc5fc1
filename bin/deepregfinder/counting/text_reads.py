"""Read tagAlign and fragments files as records of BAM, so that the same loops count them.

A line of tagAlign is a read without gaps. A line of a fragments file is the first mate of a proper
pair, which is as long as the fragment and has its length as TLEN, or two mates, its ends.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deepregfinder.counting import lines
from deepregfinder.counting.barcodes import BarcodeList
from deepregfinder.counting.text_format import LAYOUTS, TextFormat
from deepregfinder.counting.text_pieces import text_pieces
from deepregfinder.errors import InputError

_ROWS = 1 << 16
_LONGEST_LINE = 1 << 20
_MOST_NAMES = 1 << 20
_ANY_LENGTH = (1 << 31) - 1
_SHOWN = 60

_FAULTS = {
    lines.BAD_NUMBER: "start or end is not a whole number",
    lines.NEGATIVE: "start or end is below 0",
    lines.REVERSED: "end is not above start",
    lines.TOO_LONG: f"no read or fragment is longer than {lines.LONGEST:,} bp",
    lines.BEYOND_END: "the chromosome ends before",
    lines.BAD_SCORE: "the score is neither a whole number nor '.'",
    lines.BAD_STRAND: "the strand is neither + nor -",
    lines.BAD_COUNT: "the count is not a whole number above 0",
}


@dataclass(frozen=True)
class Furthest:
    """The interval of a file that ends last on a chromosome, and the number of its line."""

    start: int
    end: int
    line: int


class TextReads:
    """The reads of a tagAlign or fragments file.

    InputErrors lack their subject: the caller puts the name of the file before them.

    Parameters
    ----------
    path : the file
    kind : its format
    barcodes : those of the fragments to read; None for all
    chrom_sizes : length in bp of each reference of the records; reads elsewhere get none (-1)
    copies_from : None, or the lowest mapping quality of reads that are remembered by chromosome,
        strand and 5' end: later ones at the same place are marked as duplicates
    has_mapq : scores of 0 to 255 are mapping qualities
    ends : a fragment is two mates of one base each, its ends
    """

    def __init__(
        self,
        path: Path,
        kind: TextFormat,
        barcodes: BarcodeList | None = None,
        chrom_sizes: Mapping[str, int] | None = None,
        copies_from: int | None = None,
        has_mapq: bool = True,
        ends: bool = False,
    ) -> None:
        self._path, self.kind, self._ends = path, kind, ends
        self._barcodes = barcodes
        self._table = barcodes.table() if barcodes else np.zeros(0, np.int64)
        self._met = np.zeros(len(self._table), np.uint8)
        self._references = {name: k for k, name in enumerate(chrom_sizes or {})}
        self._chrom_sizes = dict(chrom_sizes or {})
        self._min_mapq, self._has_mapq = copies_from or 0, has_mapq
        bits = 2 * sum(self._chrom_sizes.values()) if copies_from is not None else 0
        # Zeros that are never written to take no memory.
        self._taken = np.zeros(bits // 8 + 1, np.uint8)
        self._remembers = copies_from is not None
        self._names: list[str] = []
        self._keys, self._chrom_of = np.zeros(64, np.int64), np.zeros(64, np.int64)
        self._chroms = np.zeros((64, lines.N_CHROM_FIELDS), np.int64)
        self._faults = np.zeros((lines.N_FAULTS, lines.N_FAULT_FIELDS), np.int64)
        self._tally = np.zeros(lines.N_TALLY, np.int64)
        self._texts: dict[int, str] = {}
        self._other_barcode = ""

    @property
    def mapped(self) -> dict[str, int]:
        """Reads of each chromosome that has any, in the order of the file."""
        numbers = self._chroms[: len(self._names), lines.READS].tolist()
        return {name: n for name, n in zip(self._names, numbers, strict=True) if n}

    @property
    def furthest(self) -> dict[str, Furthest]:
        """The last interval of each chromosome that has any."""
        columns = [lines.LAST_START, lines.LAST_END, lines.LAST_LINE]
        rows = self._chroms[: len(self._names), columns].tolist()
        return {name: Furthest(*row) for name, row in zip(self._names, rows, strict=True) if row[1]}

    @property
    def has_scores(self) -> bool:
        """Whether a score so far was above 0."""
        return bool(self._tally[lines.TOP_SCORE])

    @property
    def unmet_barcodes(self) -> int:
        """Number of listed barcodes that no fragment had so far."""
        return int(np.count_nonzero(self._table)) - int(self._met.sum())

    def batches(
        self, threads: int, report: Callable[[int], None] | None = None
    ) -> Iterator[np.ndarray]:
        """Read the file once: int32 arrays, shape (reads, lines.N_FIELDS), overwritten by the next.

        threads, report : as in `text_pieces`
        """
        rest = np.empty(0, np.uint8)
        rows = np.empty((_ROWS, lines.N_FIELDS), np.int32)
        tabs = np.empty(8, np.int64)
        for piece in text_pieces(self._path, threads, report):
            data, at, stuck = np.concatenate([rest, piece]), 0, False
            while not stuck:
                before = at
                at = lines.read_lines(
                    *(data, at, len(data), self.kind == "fragments", self._ends),
                    *(self._keys, self._chrom_of, self._chroms, self._table, self._met),
                    *(self._taken, self._min_mapq, self._has_mapq, tabs),
                    *(self._faults, self._tally, rows),
                )
                self._note_faults(data)
                if self._tally[lines.NEW_NAME]:
                    self._add_name(bytes(data[at : tabs[0]]))
                    if len(self._names) > _MOST_NAMES:
                        return
                stuck = at == before and not self._tally[lines.NEW_NAME]
                if n_rows := int(self._tally[lines.N_ROWS]):
                    yield rows[:n_rows]
            rest = data[at:]
            if len(rest) > _LONGEST_LINE:
                raise InputError(
                    f"has a line with more than {_LONGEST_LINE:,} characters: "
                    f"{self._expected()} Check the path in the sheet."
                )

    def require_sound(self) -> None:
        """Raise InputError with all that is wrong with the lines that were read, or without any."""
        if problems := [*self.faults()]:
            raise InputError.of(problems)
        if not self.mapped:
            raise InputError(self._no_reads())

    def faults(self) -> Iterator[str]:
        """What is wrong with the lines that were read, a sentence for each kind of fault."""
        if len(self._names) > _MOST_NAMES:
            yield (
                f"has more than {_MOST_NAMES:,} different names in its first column: these are not "
                f"chromosomes. {self._expected()}"
            )
        for fault, text in sorted(self._texts.items()):
            n_lines, line, _ = self._faults[fault].tolist()
            shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
            more = f"; {n_lines:,} such lines" if n_lines > 1 else ""
            if fault == lines.BAD_COLUMNS:
                yield f"has a faulty line {line:,} ({shown!r}{more}). {self._advice(text)}"
            else:
                yield (
                    f"has a faulty line {line:,} ({shown!r}{more}): {_FAULTS[fault]}. Correct or "
                    "remove such lines."
                )

    def _expected(self) -> str:
        columns = LAYOUTS[self.kind].columns
        return (
            f"A {self.kind} file has {len(columns)} columns, separated by tabs: "
            f"{', '.join(columns)}."
        )

    def _advice(self, text: str) -> str:
        """What to do about a line with another number of columns."""
        other: TextFormat = "fragments" if self.kind == "tagAlign" else "tagAlign"
        if text.count("\t") + 1 == len(LAYOUTS[other].columns):
            return (
                f"{self._expected()} If it is a {other} file, its name must end in "
                f"{LAYOUTS[other].endings}."
            )
        return self._expected()

    def _no_reads(self) -> str:
        if self._barcodes is None or not self._other_barcode:
            return "has no read: nothing can be counted. Check the step that made it."
        return (
            f"has no fragment with a barcode of {self._barcodes.name}: its barcodes are like "
            f"{self._other_barcode!r}, and those of the list like {self._barcodes.barcodes[0]!r}. "
            "Write them as in the file, often with -1 at the end."
        )

    def _note_faults(self, data: np.ndarray) -> None:
        """Keep the text of the first line with each fault, while it is at hand."""
        for fault in np.flatnonzero(self._faults[:, lines.FAULTY_LINES]):
            if int(fault) not in self._texts:
                self._texts[int(fault)] = _line(data, int(self._faults[fault, lines.FIRST_OFFSET]))
        if not self._other_barcode and self._tally[lines.UNSELECTED]:
            begin = bytes(data[: 1 << 16]).decode(errors="replace").split("\n")
            fields = (line.split("\t") for line in begin if not line.startswith("#"))
            self._other_barcode = next((row[3] for row in fields if len(row) == 5), "?")

    def _add_name(self, name: bytes) -> None:
        """Add the name of a chromosome to the table."""
        text = name.decode(errors="replace")
        index = len(self._names)
        self._names.append(text)
        if 2 * len(self._names) > len(self._keys):
            self._keys, self._chrom_of = _larger(self._keys, self._chrom_of)
            self._chroms = np.concatenate([self._chroms, np.zeros_like(self._chroms)])
        key = int(lines.hash_of(np.frombuffer(bytearray(name), np.uint8)))
        _put(self._keys, self._chrom_of, key, index)
        reference = self._references.get(text, -1)
        self._chroms[index] = 0
        self._chroms[index, lines.REFERENCE] = reference
        self._chroms[index, lines.LENGTH] = self._chrom_sizes.get(text, _ANY_LENGTH)
        before = list(self._chrom_sizes.values())[: max(reference, 0)]
        remembered = self._remembers and reference >= 0
        self._chroms[index, lines.FIRST_BIT] = 2 * sum(before) if remembered else -1


def _line(data: np.ndarray, at: int) -> str:
    """The begin of a line, for a message."""
    return bytes(data[at : at + 1_000]).partition(b"\n")[0].decode(errors="replace").rstrip("\r")


def _larger(keys: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    new_keys, new_values = np.zeros(2 * len(keys), np.int64), np.zeros(2 * len(keys), np.int64)
    for row in np.flatnonzero(keys):
        _put(new_keys, new_values, int(keys[row]), int(values[row]))
    return new_keys, new_values


def _put(keys: np.ndarray, values: np.ndarray, key: int, value: int) -> None:
    row = key & (len(keys) - 1)
    while keys[row]:
        row = (row + 1) & (len(keys) - 1)
    keys[row], values[row] = key, value
