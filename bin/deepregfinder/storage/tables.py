"""Tables: lines of text with tabs between the cells, the first line with the names of the columns.

A frozen dataclass describes a kind of table: its fields are the columns in their order, an object
is a row. A field `class_` is the column `class`, since that word is a keyword. Annotations say how
a cell is written and read:

    str                 as it is
    int                 digits
    float               six decimals; "." for NaN
    bool                true or false
    tuple[X, ...]       items with commas between them; "." for none
    X | None            as X; "." for None, which means "not available"

`Annotated[float, Format(".4f")]` has another number format (Decimals4, Digits4 and so on are such
types). The class lies in the package of the step that writes the table, and whatever reads the
table uses the same class.
"""

import math
import operator
import types
import typing
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, TypeVar

import numpy as np

from deepregfinder.errors import InputError
from deepregfinder.storage.atomic import written_whole

ABSENT = "."
"""What stands in a cell for what is not available."""

Row = TypeVar("Row")


@dataclass(frozen=True)
class Format:
    """How numbers of a column are written: a format specification as of `format`."""

    specification: str


Decimals4 = Annotated[float, Format(".4f")]
Digits4 = Annotated[float, Format(".4g")]
Digits6 = Annotated[float, Format(".6g")]
Shortest = Annotated[float, Format("")]
"""The fewest digits that give the same number when they are read."""


def write_rows(path: Path, kind: type[Row], rows: Iterable[Row]) -> None:
    """Write a table: the columns of `kind`, then a line for each row, which is a `kind`."""
    columns = _columns(kind)
    lines = [tuple(column.name for column in columns)]
    lines += [
        tuple(column.cell.write(getattr(row, column.field)) for column in columns) for row in rows
    ]
    _write_lines(path, lines)


def read_rows(path: Path, kind: type[Row]) -> tuple[Row, ...]:
    """Read a table of `write_rows`.

    Columns are found by their names, so that a table may have more of them. Raises InputError with
    file, line and column for a table that lacks a column or has a cell of another type.
    """
    try:
        lines = Path(path).read_text().split("\n")
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is not a text file.") from None
    header = lines[0].split("\t")
    columns = _columns(kind)
    if lacking := [column.name for column in columns if column.name not in header]:
        raise InputError(f"{path}: there is no column {', '.join(lacking)}.")
    places = [(header.index(column.name), column) for column in columns]
    rows = []
    for number, line in enumerate(lines[1:-1] if lines[-1] == "" else lines[1:], 2):
        cells = line.split("\t")
        if len(cells) != len(header):
            raise InputError(
                f"{path}, line {number}: expected {len(header)} columns, found {len(cells)}."
            )
        values = {}
        for place, column in places:
            try:
                values[column.field] = column.cell.read(cells[place])
            except (KeyError, ValueError):
                raise InputError(
                    f"{path}, line {number}, column {column.name}: expected "
                    f"{column.cell.expected}, found {cells[place][:80]!r}."
                ) from None
        rows.append(kind(**values))
    return tuple(rows)


def column_names(kind: type) -> tuple[str, ...]:
    """The columns of a kind of table, in their order."""
    return tuple(column.name for column in _columns(kind))


def write_table(path: Path, rows: Sequence[Sequence[object]]) -> None:
    """Write rows of cells, the header first: numbers with six decimals, "." for NaN.

    For tables whose columns depend on the run, such as one for each class or mark, and for the
    numbers of a plot that nothing reads back. Any other table is a dataclass and `write_rows`.
    """
    _write_lines(path, [[_text(cell) for cell in row] for row in rows])


def _text(value: object) -> str:
    if isinstance(value, float | np.floating):
        return f"{value:.6f}" if np.isfinite(value) else ("inf" if value > 0 else ABSENT)
    return str(value)


def _write_lines(path: Path, lines: Iterable[Sequence[str]]) -> None:
    with written_whole(path) as part:
        part.write_text("".join("\t".join(cells) + "\n" for cells in lines))


@dataclass(frozen=True)
class _Cell:
    """How values of a type are written and read.

    read : raises ValueError or KeyError for other text; expected : what it reads, in words
    """

    write: Callable[[Any], str]
    read: Callable[[str], Any]
    expected: str


@dataclass(frozen=True)
class _Column:
    """A field of a kind of table, the name of its column, and how its cells are written."""

    field: str
    name: str
    cell: _Cell


def _columns(kind: Any) -> tuple[_Column, ...]:
    annotations = typing.get_type_hints(kind, include_extras=True)
    return tuple(
        _Column(field.name, field.name.removesuffix("_"), _cell(annotations[field.name]))
        for field in fields(kind)
    )


def _cell(annotation: Any, number: str = ".6f") -> _Cell:
    """How values of an annotated type are written and read; number : the format of floats."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        return _cell(arguments[0], arguments[1].specification)
    if origin in (types.UnionType, typing.Union):
        known = _cell(next(one for one in arguments if one is not type(None)), number)
        return _Cell(
            lambda value: ABSENT if value is None else known.write(value),
            lambda text: None if text == ABSENT else known.read(text),
            f"{known.expected} or {ABSENT!r}",
        )
    if origin is tuple:
        item = _cell(arguments[0], number)
        return _Cell(
            lambda values: ",".join(map(item.write, values)) or ABSENT,
            lambda text: () if text == ABSENT else tuple(map(item.read, text.split(","))),
            f"{item.expected}, or several with commas",
        )
    if annotation is float:
        return _Cell(
            lambda value: ABSENT if math.isnan(value) else format(value, number),
            lambda text: math.nan if text == ABSENT else float(text),
            "a number",
        )
    if annotation is bool:
        words = {"true": True, "false": False}
        return _Cell(lambda value: str(bool(value)).lower(), words.__getitem__, "true or false")
    if annotation is int:
        return _Cell(lambda value: str(operator.index(value)), int, "a whole number")
    if annotation is str:
        return _Cell(str, str, "text")
    raise TypeError(f"a table has no cells of type {annotation}")
