"""The tables of all libraries: libraries.tsv and correlation.tsv."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from deepregfinder.quality.cross_correlation import Quality, write_rows
from deepregfinder.quality.libraries import ELEMENTS, Libraries

COLUMNS = (
    *("id", "sample", "mark", "replicate", "role", "library_size"),
    *("marked_duplicates", "duplicates", "fragment_length", "nsc", "strength"),
    *(f"{what}_{element}s" for element in ELEMENTS for what in ("in", "fold")),
)


def write_libraries(path: Path, libraries: Libraries, qualities: Mapping[str, Quality]) -> None:
    """Write a row for each library, in the order of their names."""
    rows: list[Sequence[object]] = [COLUMNS]
    for number, one in enumerate(libraries.identities):
        quality = qualities.get(one.id, Quality())
        shares = (
            figures[element][number]
            for element in ELEMENTS
            for figures in (libraries.inside, libraries.fold)
        )
        rows.append(
            (
                *(one.id, one.sample, one.mark, one.replicate, one.role),
                libraries.sizes[number],
                *(quality.marked_duplicates, quality.duplicates),
                *(quality.fragment_length, quality.nsc),
                *(libraries.strength[number], *shares),
            )
        )
    write_rows(path, rows)


def write_correlation(path: Path, libraries: Libraries) -> None:
    """Write a row for each pair of libraries: correlation, and that without noise of counting."""
    names = [one.id for one in libraries.identities]
    rows: list[Sequence[object]] = [("id_a", "id_b", "correlation", "corrected")]
    rows += [
        (a, names[other], libraries.correlation[one, other], libraries.corrected[one, other])
        for one, a in enumerate(names)
        for other in range(one + 1, len(names))
    ]
    write_rows(path, rows)
