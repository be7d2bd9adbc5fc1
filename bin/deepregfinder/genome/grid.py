"""Chromosome names and lengths, and the grid of bins and windows."""

import heapq
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from deepregfinder.errors import InputError
from deepregfinder.storage.atomic import written_whole
from deepregfinder.storage.text import read_text, unquoted

if TYPE_CHECKING:
    import numpy as np

_Positions = TypeVar("_Positions", int, "np.ndarray")

# A length in bp; those of BAM files stay below 2 ** 31.
_LENGTH = re.compile(r"\+?0*[1-9][0-9]{0,9}")


@dataclass(frozen=True)
class Geometry:
    """The grid of bins and windows: bins of `bin_size` bp, windows of `window_bins` bins."""

    bin_size: int = 100
    window_bins: int = 20

    @property
    def window(self) -> int:
        """Width of a window in bp."""
        return self.bin_size * self.window_bins

    def n_bins(self, length: int) -> int:
        """Number of bins of a chromosome of `length` bp; the last may extend past its end."""
        return -(-length // self.bin_size)

    def window_start(self, midpoint: _Positions) -> _Positions:
        """Start of the window around a midpoint (or array of them), rounded to the nearest bin."""
        start = midpoint - self.window // 2
        return (start + self.bin_size // 2) // self.bin_size * self.bin_size


def bare_name(chrom: str) -> str:
    """Chromosome name without the prefix `chr`: `7` for both `chr7` and `7`."""
    return chrom[3:] if chrom.lower().startswith("chr") else chrom


def natural_order(chrom: str) -> tuple[int, int, str]:
    """Sort key: 1, 2, ..., 22, then other names (X, Y), whatever the prefix."""
    name = bare_name(chrom)
    # int() refuses thousands of digits.
    return (0, int(name), chrom) if name.isdecimal() and len(name) < 20 else (1, 0, chrom)


def read_chrom_sizes(path: Path) -> dict[str, int]:
    """Read a table of names and lengths in bp (also a .fai), in the order of the file.

    Raises InputError, with the line numbers, for lines without a name and a positive length and
    for repeated names.
    """
    sizes: dict[str, int] = {}
    problems = []
    text = read_text(path, "a line with name and length per chromosome")
    for number, line in enumerate(text.split("\n"), 1):
        fields = [unquoted(field) for field in line.split()]
        if not fields or line.startswith("#"):
            continue
        if len(fields) < 2 or not _LENGTH.fullmatch(fields[1]) or int(fields[1]) >= 1 << 31:
            problems.append(f"{path}, line {number}: expected a name and a length, found {line!r}.")
        elif fields[0] in sizes:
            problems.append(f"{path}, line {number}: chromosome {fields[0]} appears twice.")
        else:
            sizes[fields[0]] = int(fields[1])
    if not sizes and not problems:
        problems.append(f"{path} lists no chromosome.")
    if problems:
        raise InputError.of(problems)
    return sizes


def write_chrom_sizes(path: Path, sizes: Mapping[str, int]) -> None:
    """Write a table of `read_chrom_sizes`: name and length (bp), separated by tabs."""
    with written_whole(path) as part:
        part.write_text("".join(f"{name}\t{length}\n" for name, length in sizes.items()))


def main_chromosomes(sizes: Mapping[str, int], pattern: str) -> dict[str, int]:
    """The chromosomes whose whole name matches the regular expression, in natural order.

    Raises InputError if the expression is not valid or matches no name.
    """
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise InputError(
            f"--chromosomes {pattern!r} is not a regular expression: {error}."
        ) from None
    names = sorted(filter(expression.fullmatch, sizes), key=natural_order)
    if not names:
        raise InputError(
            f"No chromosome name matches --chromosomes {pattern!r}; the names are "
            f"{', '.join(list(sizes)[:5])}, ..."
        )
    return {name: sizes[name] for name in names}


def balanced_groups(sizes: Mapping[str, int], n_groups: int) -> list[list[str]]:
    """Divide chromosomes into at most `n_groups` groups of similar total length."""
    groups: list[list[str]] = [[] for _ in range(min(n_groups, len(sizes)))]
    # The group with the smallest total length is on top; a genome may have 100,000 scaffolds.
    totals = [(0, index) for index in range(len(groups))]
    for chrom in sorted(sizes, key=lambda name: (-sizes[name], natural_order(name))):
        total, index = totals[0]
        groups[index].append(chrom)
        heapq.heapreplace(totals, (total + sizes[chrom], index))
    return [sorted(group, key=natural_order) for group in groups]
