"""The shape of each mark: a small table of parameters that were fitted to real counts.

`tools/accuracy/fit_simulator.py` fits and writes `shapes.csv`. A mark without real counts has the
shape of the mark whose peak lists are most similar (correlation of log fold enrichment in bins of
1 kb, chr1 of GM12878 and K562).
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("shapes.csv")

MOST_SIMILAR = {
    "H2AZ": "H3K4me3",
    "H3K4me2": "H3K4me3",
    "H3K79me2": "H3K36me3",
    "H3K9me1": "H3K4me1",
    "H4K20me1": "H3K36me3",
}

EXCLUDED_BY = {"H3K27me3": "H3K36me3", "H3K36me3": "H3K27me3"}
"""Marks that rarely occur together (Yuan 2011, J Biol Chem 286:7983)."""


@dataclass(frozen=True)
class Shape:
    """The parameters of a mark. Rates are fold enrichments over the average of the genome.

    reach : distance in bp over which the signal beside an open site falls to 1/e
    plateau : signal of a peak away from open sites; that of a median open site is 1
    strength : exponent of the strength of an open site (DNase signal) in its signal
    hollow : share of the signal that is lost around strong open sites, such as promoters
    texture : standard deviation of log signal inside peaks, beyond what open sites explain
    active : rate outside peaks that is added in chromatin rich in open sites
    weak : rate outside peaks that is added beside a median open site: peaks that the list missed
    patchy : standard deviation of the log of these two rates
    length : correlation length in bp of the slow half of the texture
    shared : share of the fast half of the texture that marks have in common
    """

    reach: float
    plateau: float
    strength: float
    hollow: float
    texture: float
    active: float
    weak: float
    patchy: float
    length: float
    shared: float


def shape_of(mark: str) -> Shape:
    """The shape of a mark, or of the most similar one; that of H3K36me3 for an unknown mark."""
    return _read(TABLE)[MOST_SIMILAR.get(mark, mark if mark in _read(TABLE) else "H3K36me3")]


def read_shapes(path: Path) -> Mapping[str, Shape]:
    """Shapes by mark, from a table as written by `write_shapes`."""
    with path.open(newline="") as file:
        return {
            row["mark"]: Shape(*(float(row[field.name]) for field in fields(Shape)))
            for row in csv.DictReader(file)
        }


def write_shapes(path: Path, shapes: Mapping[str, Shape]) -> None:
    """Write a table with a row for each mark, with two significant digits."""
    names = [field.name for field in fields(Shape)]
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["mark", *names])
        for mark, shape in shapes.items():
            values = (float(f"{getattr(shape, name):.2g}") for name in names)
            writer.writerow([mark, *(f"{value:g}" for value in values)])


_read = cache(read_shapes)
