"""The source of a simulated panel: a small artificial genome, or peak lists of ENCODE."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deepregfinder.errors import InputError
from deepregfinder.simulation.cells import Cell, Genome
from deepregfinder.simulation.encode import find_lists, real_cell, real_genome
from deepregfinder.simulation.profiles import MARKS
from deepregfinder.simulation.small_genome import small_cell, small_genome


@dataclass(frozen=True)
class Source:
    """A genome, its cell types, and the marks shared by all of them."""

    genome: Genome
    cells: Sequence[Cell]
    marks: tuple[str, ...]

    def choose_marks(self, named: Sequence[str]) -> tuple[str, ...]:
        """The named marks, or all marks; raises InputError for an unknown one."""
        if unknown := sorted(set(named) - set(self.marks)):
            raise InputError(
                f"--marks: {', '.join(unknown)} not available; choose from {', '.join(self.marks)}."
            )
        return tuple(named) or self.marks


@dataclass(frozen=True)
class EncodeFiles:
    """Files of real samples; the fields are options of simulate_panel.py.

    peaks : folder with a subfolder of peak lists for each cell type
    """

    peaks: Path
    tss: Path | None
    chrom_sizes: Path | None
    blacklist: Path | None
    chroms: str | None


def small_source(names: Sequence[str], megabases: float, spacing: int, seed: int) -> Source:
    """Cell types on a small artificial genome. spacing : mean distance of its sites in bp"""
    genome, sites = small_genome(megabases, spacing, seed)
    return Source(genome, [small_cell(name, sites, genome, seed) for name in names], tuple(MARKS))


def encode_source(names: Sequence[str], files: EncodeFiles, nascent: str, seed: int) -> Source:
    """Cell types from peak lists; `nascent` RNA needs peaks of Pol II.

    Raises InputError if a file that this needs is missing.
    """
    if files.tss is None or files.chrom_sizes is None:
        raise InputError("--peaks needs --tss and --chrom_sizes of the same assembly.")
    lists = {name: find_lists(files.peaks, name) for name in names}
    every = [file for of_cell in lists.values() for file in of_cell]
    genome = real_genome(files.chrom_sizes, files.tss, files.blacklist, files.chroms, every, seed)
    cells = [real_cell(name, of_cell, genome, seed) for name, of_cell in lists.items()]
    if nascent != "none" and (without_peaks := [cell.name for cell in cells if not cell.plus]):
        raise InputError(f"--nascent: {', '.join(without_peaks)} has no peak list of Pol II.")
    shared = set.intersection(*(set(cell.marks) for cell in cells))
    return Source(genome, cells, tuple(sorted(shared)))
