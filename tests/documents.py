"""How tests read the documents: sections, tables, and the paths that docs/output.md promises."""

import re

RESULTS = "## What lies where"


def section(text: str, heading: str) -> str:
    """What stands below the first heading that begins with `heading`, up to the next heading."""
    found = re.search(rf"^{re.escape(heading)}.*\n((?:(?!#+ ).*\n)*)", text + "\n", re.M)
    assert found, f"there is no heading {heading!r}"
    return found[1]


def first_cells(part: str) -> list[str]:
    """The names in the first cell of each row of a table, without back-ticks."""
    rows = re.findall(r"^\| (`[^|]*`) \|", part, re.M)
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


def results_paths(output_document: str) -> set[str]:
    """Every path of the results folder, with <sample> and <model>."""
    return set(first_cells(section(output_document, RESULTS)))
