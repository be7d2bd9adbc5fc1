"""Read lists of intervals: BED, narrowPeak, broadPeak and gappedPeak, plain or gzipped.

Coordinates are 0-based and half-open, as in the files. Lists are read with pandas' C parser. If it
fails, or an interval is impossible, they are read again line by line to report the line numbers.
"""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from deepregfinder.errors import InputError
from deepregfinder.storage.text import read_text, unquoted

Kind = Literal["bed", "peaks"]

_HEADER = re.compile(r"#|track\b|browser\b")
_INTEGER = re.compile(r"[+-]?0*[0-9]{1,18}", re.ASCII)
_MAX_LINES_NAMED = 5
_EXPECTED = "BED or peak lines"


@dataclass(frozen=True)
class _Layout:
    """Column numbers of a format; None where it has no such column.

    separator : the tab, or None for runs of whitespace
    """

    separator: str | None
    n_fields: int
    signal: int | None
    summit: int | None

    def split(self, line: str) -> list[str]:
        return line.split(self.separator)


def read_intervals(path: Path, kind: Kind = "bed") -> pd.DataFrame:
    """Read a list of intervals in the order of the file, plain or gzipped (whatever its name).

    Parameters
    ----------
    path : a BED file, or a peak list
    kind : "bed" uses the BED columns only; "peaks" also takes signal and summit where the format
        has them: narrowPeak (10 columns), broadPeak (9), gappedPeak (15). A plain BED file is a
        peak list without signal.

    Returns
    -------
    DataFrame with a row for each interval:
        chrom (str); start, end (int64, 0-based half-open); name and strand (str, "." if absent);
        signal (float64, the signalValue column; NaN if the format has none);
        summit (int64, POSITION on the chromosome, 0-based; -1 if absent or given as -1; a summit
        at the end of its interval, as in some published lists, is taken as its last base).
        A file without lines gives an empty frame of these types.

    Raises
    ------
    InputError
        The file is not text, or is damaged, or has invalid lines: the first five are named.
    """
    intervals, problems = scan_intervals(path, kind)
    if problems:
        raise InputError.of(problems)
    return intervals


def scan_intervals(path: Path, kind: Kind = "bed") -> tuple[pd.DataFrame, list[str]]:
    """Read as `read_intervals` does, but return problems as sentences instead of raising.

    The frame then has the intervals of the valid lines.
    """
    path = Path(path)
    try:
        text = read_text(path, _EXPECTED)
    except InputError as error:
        return _empty(), [str(error)]
    first = next(
        (line for line in io.StringIO(text) if line.strip() and not _HEADER.match(line)), None
    )
    if first is None:
        return _empty(), []
    layout = _layout(first.rstrip("\n"), kind)
    intervals = _parse_table(text, layout)
    if intervals is not None:
        return intervals, []
    return _parse_lines(path, text, layout)


def find_line(path: Path, chrom: str, start: int, end: int) -> int:
    """Number, from 1, of the first line with an interval that was read from the file."""
    separator: str | None = None
    first = True
    for number, line in enumerate(read_text(Path(path), _EXPECTED).split("\n"), 1):
        if not line.strip() or _HEADER.match(line):
            continue
        if first:
            separator, first = _separator(line), False
        fields = line.split(separator)[:3]
        if (
            len(fields) == 3
            and unquoted(fields[0]) == chrom
            and all(_INTEGER.fullmatch(field.strip()) for field in fields[1:])
            and (int(fields[1]), int(fields[2])) == (start, end)
        ):
            return number
    raise ValueError(f"{path} has no interval {chrom}:{start}-{end}")


def _empty() -> pd.DataFrame:
    return _frame([], [], [], [], [], [], [])


def _frame(
    chrom: Sequence[str],
    start: Sequence[int],
    end: Sequence[int],
    name: Sequence[str],
    strand: Sequence[str],
    signal: Sequence[float],
    summit: Sequence[int],
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "chrom": pd.Series(chrom, dtype=str),
            "start": np.asarray(start, np.int64),
            "end": np.asarray(end, np.int64),
            "name": pd.Series(name, dtype=str),
            "strand": pd.Series(strand, dtype=str),
            "signal": np.asarray(signal, np.float64),
            "summit": np.asarray(summit, np.int64),
        }
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _separator(line: str) -> str | None:
    return "\t" if "\t" in line else None


def _layout(line: str, kind: Kind) -> _Layout:
    """Recognise the format by the first line with data."""
    separator = _separator(line)
    fields = line.split(separator)
    signal = summit = None
    if kind == "peaks":
        peak_like = len(fields) >= 9 and all(_is_number(field) for field in fields[6:9])
        if len(fields) == 15 and _is_number(fields[12]):
            signal = 12
        elif len(fields) == 10 and peak_like and _INTEGER.fullmatch(fields[9]):
            signal, summit = 6, 9
        elif len(fields) == 9 and peak_like and not _has_thick_part(fields):
            signal = 6
    return _Layout(separator, len(fields), signal, summit)


def _has_thick_part(fields: Sequence[str]) -> bool:
    """Whether nine columns are BED9: columns 7 and 8 are then positions inside the interval."""
    places = (fields[1], fields[6], fields[7], fields[2])
    if not all(_INTEGER.fullmatch(place) for place in places):
        return False
    start, thick_start, thick_end, end = map(int, places)
    return start <= thick_start <= thick_end <= end


def _parse_table(text: str, layout: _Layout) -> pd.DataFrame | None:
    """Read all lines at once; None if anything is unusual."""
    # pandas infers the integer columns: with an explicit dtype, it would accept 1e3.
    whole = [field for field in (1, 2, layout.summit) if field is not None]
    types = dict.fromkeys((0, 3, 5), str)
    numbers = [field for field in (*whole, layout.signal) if field is not None]
    body = io.StringIO(text)
    at = 0
    while _HEADER.match(line := body.readline()) or (line and not line.strip()):
        at = body.tell()
    body.seek(at)
    try:
        table = pd.read_csv(
            body,
            sep=layout.separator or r"\s+",
            header=None,
            names=list(range(max(layout.n_fields, 6))),
            usecols=sorted([*types, *numbers]),
            dtype=types,
            keep_default_na=False,
            quoting=3,
            index_col=False,
            low_memory=False,
        )
    except (ValueError, OverflowError):  # pandas' ParserError is a ValueError
        return None
    if any(table[field].dtype != np.int64 for field in whole):
        return None
    n = len(table)
    start, end = table[1].to_numpy(), table[2].to_numpy()
    summit = np.full(n, -1, np.int64)
    if layout.summit is not None:
        offset = table[layout.summit].to_numpy()
        if (offset < -1).any() or (offset > end - start).any():
            return None
        summit = np.where(offset < 0, -1, np.minimum(start + offset, end - 1))
    signal = np.full(n, np.nan)
    if layout.signal is not None:
        if table[layout.signal].dtype.kind not in "if":
            return None
        signal = table[layout.signal].to_numpy(np.float64)
        if not np.isfinite(signal).all():
            return None
    if (start < 0).any() or (end <= start).any():
        return None
    chrom, name, strand = (
        _without_quotes(table[0]), _or_dot(table[3]), _or_dot(_without_quotes(table[5]))
    )  # fmt: skip
    if chrom.eq("").any() or chrom.str.match(_HEADER).any() or chrom.str.contains(r"\s").any():
        return None
    return _frame(chrom, start, end, name, strand, signal, summit)  # type: ignore[arg-type]


def _without_quotes(texts: pd.Series) -> pd.Series:
    return texts.map(unquoted) if texts.str.startswith('"', na=False).any() else texts


def _or_dot(texts: pd.Series) -> pd.Series:
    return texts.fillna("").replace("", ".")


def _parse_lines(path: Path, text: str, layout: _Layout) -> tuple[pd.DataFrame, list[str]]:
    """Read line by line: the valid lines, and a message for each of the first few invalid ones."""
    rows: list[tuple[str, int, int, str, str, float, int]] = []
    problems: list[str] = []
    n_bad = 0
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or _HEADER.match(line):
            continue
        try:
            rows.append(_parse_line(line, layout))
        except InputError as error:
            n_bad += 1
            if n_bad <= _MAX_LINES_NAMED:
                problems.append(f"{path}, line {number}: {error}")
    if n_bad > _MAX_LINES_NAMED:
        problems.append(f"{path}: {n_bad - _MAX_LINES_NAMED} more lines are not valid intervals.")
    return (_frame(*zip(*rows, strict=True)) if rows else _empty()), problems


def _parse_line(line: str, layout: _Layout) -> tuple[str, int, int, str, str, float, int]:
    fields = layout.split(line)
    shown = line if len(line) <= 80 else f"{line[:77]}..."
    if len(fields) < 3:
        raise InputError(f"expected chrom, start and end separated by tabs, found {shown!r}.")
    chrom, name, strand = ((fields + [""] * 6)[i] for i in (0, 3, 5))
    chrom, name, strand = unquoted(chrom), name or ".", unquoted(strand) or "."
    if not chrom or re.search(r"\s", chrom):
        raise InputError(f"expected a chromosome name without spaces, found {chrom!r}.")
    for field in fields[1:3]:
        if not _INTEGER.fullmatch(field.strip()):
            raise InputError(
                f"expected whole numbers for start and end, found {fields[1]!r} and {fields[2]!r}; "
                "a header line must start with #."
            )
    start, end = int(fields[1]), int(fields[2])
    if start < 0:
        raise InputError(f"starts at {start}, before the chromosome; BED positions start at 0.")
    if end <= start:
        raise InputError(
            f"ends at {end}, not after its start {start}; BED is half-open: a single base at "
            "position p is p, p + 1."
        )
    signal, summit = float("nan"), -1
    if layout.signal is not None:
        value = fields[layout.signal] if layout.signal < len(fields) else ""
        if not _is_number(value) or not np.isfinite(float(value)):
            raise InputError(
                f"expected a number in column {layout.signal + 1} (signal), found {value!r}."
            )
        signal = float(value)
    if layout.summit is not None:
        value = fields[layout.summit] if layout.summit < len(fields) else ""
        if not _INTEGER.fullmatch(value) or not -1 <= int(value) <= end - start:
            raise InputError(
                f"expected the distance of the summit from the start in column {layout.summit + 1} "
                f"(-1 for none, at most {end - start}), found {value!r}."
            )
        summit = min(start + int(value), end - 1) if int(value) >= 0 else -1
    return chrom, start, end, name, strand, signal, summit
