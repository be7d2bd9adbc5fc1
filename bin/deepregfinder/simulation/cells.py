"""One simulated cell type: its marks, open sites, transcription and label lists."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from deepregfinder.simulation.valued_intervals import Track


@dataclass(frozen=True)
class PeakList:
    """A peak file as from an experiment, with errors.

    column : the column of the label sheet for the file, or None if it is not a label
    lines : rows without line ends, sorted by chromosome and start
    """

    file_name: str
    column: str | None
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Cell:
    """One cell type. Reads are sampled from the tracks, never from the lists.

    marks : mark -> intervals whose value is the fold enrichment over background
    open_sites : nucleosome-free sites; value is the strength of the site
    plus, minus : transcription by strand; value is the rate above background
    background : fold enrichment of each mark between its peaks; 1 if missing
    """

    name: str
    marks: Mapping[str, Track]
    open_sites: Track
    plus: Track
    minus: Track
    lists: tuple[PeakList, ...]
    background: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Genome:
    """The genome of all cell types.

    chrom_sizes : length in bp by name, in the order of the BAM headers
    tss, blacklist, gaps : BED lines
    pileups, unassembled : regions of artificially high signal, and regions without reads
    copy_numbers : simulate copy numbers, which the folds of real peak lists already contain
    assembly : length by name of all chromosomes, including those that are not simulated
    """

    chrom_sizes: Mapping[str, int]
    tss: tuple[str, ...]
    blacklist: tuple[str, ...]
    gaps: tuple[str, ...]
    pileups: Track
    unassembled: Track = field(default_factory=dict)
    copy_numbers: bool = True
    assembly: Mapping[str, int] = field(default_factory=dict)


def random_numbers(seed: int, *names: object) -> np.random.Generator:
    """A generator that depends only on the seed and the names.

    A BAM file is therefore the same whatever other samples and marks are simulated.
    """
    return np.random.default_rng([seed, *(zlib.crc32(str(name).encode()) for name in names)])
