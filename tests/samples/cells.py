"""How tests read a table of the pipeline: the text of its cells, whatever their types."""

import csv
from pathlib import Path


def cells(path: Path) -> list[dict[str, str]]:
    """The cells of a table as they stand there, row by row: column -> text.

    A row of more or fewer cells than the header has is an error.
    """
    with Path(path).open() as lines:
        header, *rows = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    return [dict(zip(header, row, strict=True)) for row in rows]
