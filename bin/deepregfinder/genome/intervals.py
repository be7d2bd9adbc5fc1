"""Read lists of intervals: BED, narrowPeak, broadPeak and gappedPeak, plain or gzipped.

Coordinates are 0-based and half-open, as in the files. Lists are read with pandas' C parser. If it
fails, or an interval is impossible, they are read again line by line to report the line numbers.
"""

import hashlib
import io
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from deepregfinder.errors import InputError
from deepregfinder.genome.grid import bare_name
from deepregfinder.storage.text import read_text, unquoted

log = logging.getLogger(__name__)

Kind = Literal["bed", "peaks"]

HEADER = re.compile(r"#|track\b|browser\b")
"""Begin of a line of BED that is not an interval."""

_INTEGER = re.compile(r"[+-]?0*[0-9]{1,18}", re.ASCII)
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}(\.0*)?", re.ASCII)
_OTHER_VALUES = re.compile(r"count|input|control|p.?val|q.?val|fdr|thick", re.IGNORECASE)
_LINES_LOOKED_AT = 1000
_MAX_LINES_NAMED = 5
_EXPECTED = "BED or peak lines"


@dataclass(frozen=True)
class _Layout:
    """Column numbers of a format; None where it has no such column.

    separator : the tab, or None for runs of whitespace
    unknown : says which columns of a peak list are not read; "" if none
    """

    separator: str | None
    n_fields: int
    signal: int | None
    summit: int | None
    unknown: str = ""
    name: int = 3

    def split(self, line: str) -> list[str]:
        return line.split(self.separator)


def read_intervals(path: Path, kind: Kind = "bed", name_column: int = 4) -> pd.DataFrame:
    """Read a list of intervals in the order of the file, plain or gzipped (whatever its name).

    Parameters
    ----------
    path : a BED file, or a peak list
    kind : "bed" uses the BED columns only; "peaks" also takes signal and summit where the format
        has them. The first 1,000 lines show the format, whatever follows its columns: narrowPeak
        (also of IDR), broadPeak or gappedPeak. A plain BED file is a peak list without signal; any
        other is too, and a warning says that its other columns are not read.
    name_column : number, from 1, of the column of names, which is column 4 in BED

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
    intervals, problems = scan_intervals(path, kind, name_column)
    if problems:
        raise InputError.of(problems)
    return intervals


def scan_intervals(
    path: Path, kind: Kind = "bed", name_column: int = 4
) -> tuple[pd.DataFrame, list[str]]:
    """Read as `read_intervals` does, but return problems as sentences instead of raising.

    The frame then has the intervals of the valid lines.
    """
    path = Path(path)
    try:
        text = read_text(path, _EXPECTED)
    except InputError as error:
        return _empty(), [str(error)]
    layout = _layout(path, text, kind)
    if layout is None:
        return _empty(), []
    layout = replace(layout, name=name_column - 1)
    if layout.unknown:
        log.warning("%s: %s", path, layout.unknown)
    intervals = _parse_table(text, layout)
    if intervals is not None:
        return intervals, []
    return _parse_lines(path, text, layout)


def intervals_digest(path: Path) -> str:
    """Digest of the intervals of a BED file, in any order, repeated or not, plain or gzipped, with
    or without `chr` in the names of chromosomes.

    16 hexadecimal digits. Raises InputError for a file that cannot be read.
    """
    table = read_intervals(path)
    names = map(bare_name, table["chrom"])
    rows = sorted({*zip(names, table["start"], table["end"], strict=True)})
    text = "".join(f"{chrom}\t{start}\t{end}\n" for chrom, start, end in rows)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def find_line(path: Path, chrom: str, start: int, end: int) -> int:
    """Number, from 1, of the first line with an interval that was read from the file.

    Raises ValueError if there is no such line.
    """
    separator: str | None = None
    first = True
    for number, line in enumerate(read_text(Path(path), _EXPECTED).split("\n"), 1):
        if not line.strip() or HEADER.match(line):
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


def _layout(path: Path, text: str, kind: Kind) -> _Layout | None:
    """Recognise the format by the first lines with data; None if there are none."""
    headers: list[str] = []
    lines: list[str] = []
    for line in io.StringIO(text):
        if HEADER.match(line):
            headers += [] if lines else [line.strip()]
        elif line.strip():
            lines.append(line.rstrip("\n"))
        if len(lines) == _LINES_LOOKED_AT:
            break
    if not lines:
        return None
    separator = _separator(lines[0])
    rows = [line.rstrip("\t ").split(separator) for line in lines]
    n_fields = max(map(len, rows))
    if kind == "bed":
        return _Layout(separator, n_fields, None, None)
    titles = headers[-1].removeprefix("#").split(separator) if headers else []
    signal = summit = None
    if _most(rows, _has_blocks):
        signal = 12 if _most(rows, lambda row: _are_numbers(row[12:15], 3)) else None
    elif _most(rows, _has_peak_columns) and not all(map(_has_thick_part, rows)):
        named_otherwise = len(titles) == n_fields and _OTHER_VALUES.search(titles[6])
        signal = None if named_otherwise else 6
        broad = re.search(r"\.broadpeak\b", path.name, re.IGNORECASE) or any(
            re.search(r"type=\W?broadpeak\b", line, re.IGNORECASE) for line in headers
        )
        if signal and not broad and _most(rows, _has_summit):
            summit = 9
    unknown = ""
    if signal is None and not _most(rows, _is_plain_bed):
        unknown = (
            f"its {n_fields} columns are not those of narrowPeak, broadPeak, gappedPeak or BED; "
            "signal and summits are not read."
        )
    return _Layout(separator, n_fields, signal, summit, unknown)


def _most(rows: Sequence[list[str]], fit: Callable[[list[str]], bool]) -> bool:
    """Whether a format fits at least half of the rows: a single invalid one does not decide."""
    return 2 * sum(map(fit, rows)) >= len(rows)


def _are_numbers(fields: Sequence[str], n: int) -> bool:
    return len(fields) == n and all(map(_is_number, fields))


def _has_peak_columns(fields: Sequence[str]) -> bool:
    """Whether columns 6 to 9 may be strand, signalValue, pValue and qValue."""
    return _are_numbers(fields[6:9], 3) and not _is_number(fields[5])


def _has_summit(fields: Sequence[str]) -> bool:
    return len(fields) >= 10 and bool(_WHOLE.fullmatch(fields[9].strip()))


def _has_thick_part(fields: Sequence[str]) -> bool:
    """Whether columns 7 and 8 are those of BED: positions inside the interval."""
    places = [fields[place] for place in (1, 6, 7, 2)] if len(fields) >= 8 else []
    if not places or not all(_INTEGER.fullmatch(place.strip()) for place in places):
        return False
    start, thick_start, thick_end, end = map(int, places)
    return start <= thick_start <= thick_end <= end


def _has_blocks(fields: Sequence[str]) -> bool:
    """Whether columns 10 to 12 are those of BED12: the number of blocks, their sizes and starts."""
    if len(fields) < 12 or not _INTEGER.fullmatch(fields[9].strip()):
        return False
    lists = [field.strip().rstrip(",").split(",") for field in fields[10:12]]
    return all(
        len(items) == int(fields[9]) and all(_INTEGER.fullmatch(item.strip()) for item in items)
        for items in lists
    )


def _is_plain_bed(fields: Sequence[str]) -> bool:
    """Whether the columns after the interval are those of BED: name, score, strand, ..."""
    n = len(fields)
    return (
        (n != 4 or not _is_number(fields[3]))
        and (n < 5 or _is_number(fields[4]) or fields[4] == ".")
        and (n < 6 or fields[5] in ("+", "-", "."))
        and (n < 7 or _has_thick_part(fields))
    )


def _parse_table(text: str, layout: _Layout) -> pd.DataFrame | None:
    """Read all lines at once; None if anything is unusual."""
    # pandas infers the integer columns: with an explicit dtype, it would accept 1e3.
    types = dict.fromkeys((0, layout.name, 5), str)
    numbers = [field for field in (1, 2, layout.summit, layout.signal) if field is not None]
    body = io.StringIO(text)
    at = 0
    while HEADER.match(line := body.readline()) or (line and not line.strip()):
        at = body.tell()
    body.seek(at)
    try:
        table = pd.read_csv(
            body,
            sep=layout.separator or r"\s+",
            header=None,
            names=list(range(max(layout.n_fields, 6, layout.name + 1))),
            usecols=sorted([*types, *numbers]),
            dtype=types,
            keep_default_na=False,
            quoting=3,
            index_col=False,
            low_memory=False,
        )
    except (ValueError, OverflowError):  # pandas' ParserError is a ValueError
        return None
    if any(table[field].dtype != np.int64 for field in (1, 2)):
        return None
    n = len(table)
    start, end = table[1].to_numpy(), table[2].to_numpy()
    summit = np.full(n, -1, np.int64)
    if layout.summit is not None:
        offset = table[layout.summit].to_numpy()
        if offset.dtype.kind not in "if" or (offset % 1 != 0).any():
            return None
        offset = offset.astype(np.int64)
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
        _without_quotes(table[0]), _or_dot(table[layout.name]), _or_dot(_without_quotes(table[5]))
    )  # fmt: skip
    if chrom.eq("").any() or chrom.str.match(HEADER).any() or chrom.str.contains(r"\s").any():
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
        if not line.strip() or HEADER.match(line):
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
    chrom, name, strand = (
        fields[place] if place < len(fields) else "" for place in (0, layout.name, 5)
    )
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
        value = fields[layout.summit].strip() if layout.summit < len(fields) else ""
        offset = int(float(value)) if _WHOLE.fullmatch(value) else -2
        if not -1 <= offset <= end - start:
            raise InputError(
                f"expected the distance of the summit from the start in column {layout.summit + 1} "
                f"(-1 for none, at most {end - start}), found {value!r}."
            )
        summit = min(start + offset, end - 1) if offset >= 0 else -1
    return chrom, start, end, name, strand, signal, summit
