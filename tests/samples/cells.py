"""Read a table of the pipeline for tests: the text of its cells, whatever their types."""

import csv
from pathlib import Path


def cells(path: Path) -> list[dict[str, str]]:
    """The unparsed cells of a table, row by row: column -> text.

    A row with more or fewer cells than the header is an error.
    """
    with Path(path).open() as lines:
        header, *rows = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    return [dict(zip(header, row, strict=True)) for row in rows]
