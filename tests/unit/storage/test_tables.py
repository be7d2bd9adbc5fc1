"""Tables: the bytes that rows are written as, and the rows that come back from them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from deepregfinder.errors import InputError
from deepregfinder.storage.tables import (
    Decimals4,
    Digits4,
    Digits6,
    Shortest,
    column_names,
    read_rows,
    write_rows,
    write_table,
)


@dataclass(frozen=True)
class Everything:
    """A column of every type."""

    name: str
    class_: str
    reads: int
    paired: bool
    share: float
    rate: Decimals4 | None
    p: Digits4 | None
    mean: Digits6
    raw: Shortest | None
    ids: tuple[str, ...]
    sizes: tuple[int, ...]
    factors: tuple[Decimals4, ...]
    tested: bool | None
    median: int | None


@dataclass(frozen=True)
class Drop:
    element: str
    rule: str
    dropped: int
    rate: float | None = None


FULL = Everything(
    *("a b", "enhancer", 12, True, 2 / 3, 2 / 3, 1.23456e-7, 1234567.5, 0.1 + 0.2),
    *(("x", "y"), (3, 40), (0.5, 2.0), False, 7),
)
EMPTY = Everything(
    "", "none", 0, False, float("nan"), None, None, float("inf"), None, (), (), (), None, None
)


def test_cells_have_the_bytes_of_their_types(tmp_path: Path) -> None:
    write_rows(tmp_path / "table.tsv", Everything, [FULL, EMPTY])
    assert (tmp_path / "table.tsv").read_bytes() == (
        b"name\tclass\treads\tpaired\tshare\trate\tp\tmean\traw\tids\tsizes\tfactors\ttested\tmedian\n"
        b"a b\tenhancer\t12\ttrue\t0.666667\t0.6667\t1.235e-07\t1.23457e+06\t0.30000000000000004\t"
        b"x,y\t3,40\t0.5000,2.0000\tfalse\t7\n"
        b"\tnone\t0\tfalse\t.\t.\t.\tinf\t.\t.\t.\t.\t.\t.\n"
    )


def test_numbers_of_numpy_are_written_as_those_of_python(tmp_path: Path) -> None:
    row = Drop("enhancer", "close", np.int64(3), np.float32(0.25))  # type: ignore[arg-type]
    write_rows(tmp_path / "table.tsv", Drop, [row])
    assert (tmp_path / "table.tsv").read_text().endswith("\nenhancer\tclose\t3\t0.250000\n")


def test_a_fraction_is_not_written_as_a_whole_number(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        write_rows(tmp_path / "t.tsv", Drop, [Drop("a", "b", 1.5)])  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_rows_that_were_read_are_written_with_the_same_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "first.tsv", tmp_path / "second.tsv"
    write_rows(first, Everything, [FULL, EMPTY])
    rows = read_rows(first, Everything)
    write_rows(second, Everything, rows)
    assert second.read_bytes() == first.read_bytes()
    assert (rows[0].ids, rows[0].sizes, rows[0].raw) == (FULL.ids, FULL.sizes, FULL.raw)
    assert (rows[0].name, rows[1].rate, rows[1].ids) == (FULL.name, None, ())


def test_a_table_with_only_a_header_has_no_rows(tmp_path: Path) -> None:
    write_rows(tmp_path / "table.tsv", Drop, [])
    assert (tmp_path / "table.tsv").read_bytes() == b"element\trule\tdropped\trate\n"
    assert read_rows(tmp_path / "table.tsv", Drop) == ()


def test_columns_are_found_by_their_names(tmp_path: Path) -> None:
    path = tmp_path / "table.tsv"
    path.write_text("rate\tmore\trule\telement\tdropped\n.\tx\tclose\tenhancer\t12\n")
    assert read_rows(path, Drop) == (Drop("enhancer", "close", 12, None),)


def test_columns_that_lack_are_named(tmp_path: Path) -> None:
    path = tmp_path / "table.tsv"
    for text in ("element\tdropped\n", "element\tdropped"):
        path.write_text(text)
        with pytest.raises(InputError, match=r"table\.tsv: there is no column rule, rate\."):
            read_rows(path, Drop)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a\tclose\tmany\t1", r"column dropped: expected a whole number, found 'many'\."),
        ("a\tclose\t.\t1", r"column dropped: expected a whole number, found '\.'\."),
        ("a\tclose\t1\tx", r"column rate: expected a number or '\.', found 'x'\."),
    ],
)
def test_a_cell_of_another_type_is_named_with_line_and_column(
    tmp_path: Path, line: str, message: str
) -> None:
    path = tmp_path / "table.tsv"
    path.write_text(f"element\trule\tdropped\trate\npromoter\tgiven\t0\t5\n{line}\n")
    with pytest.raises(InputError, match=rf"table\.tsv, line 3, {message}"):
        read_rows(path, Drop)


@pytest.mark.parametrize(("line", "n_cells"), [("a\tclose", 2), ("", 1), ("a\tb\t1\t2\t3", 5)])
def test_a_line_with_fewer_or_more_cells_is_named(tmp_path: Path, line: str, n_cells: int) -> None:
    path = tmp_path / "table.tsv"
    path.write_text(f"element\trule\tdropped\trate\n{line}\na\tb\t1\t2\n")
    with pytest.raises(InputError, match=rf"line 2: expected 4 columns, found {n_cells}\."):
        read_rows(path, Drop)


def test_what_is_no_table_at_all_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_rows(tmp_path / "none.tsv", Drop)
    (tmp_path / "binary.tsv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="is not a text file"):
        read_rows(tmp_path / "binary.tsv", Drop)


def test_a_type_that_no_cell_can_hold_is_an_error_of_the_program() -> None:
    @dataclass(frozen=True)
    class Wrong:
        values: dict[str, int]

    with pytest.raises(TypeError, match="no cells of type"):
        column_names(Wrong)


def test_free_columns_are_written_as_those_of_rows(tmp_path: Path) -> None:
    rows = [("class", "value"), ("a", 2 / 3), ("b", float("nan")), ("c", np.inf), ("d", 3)]
    write_table(tmp_path / "table.tsv", rows)
    assert (tmp_path / "table.tsv").read_bytes() == (
        b"class\tvalue\na\t0.666667\nb\t.\nc\tinf\nd\t3\n"
    )
