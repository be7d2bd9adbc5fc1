"""One simulated cell type: where its marks, open sites and transcription are; its label lists."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from deepregfinder.simulation.valued_intervals import Track


@dataclass(frozen=True)
class PeakList:
    """A peak file as a laboratory would have it, which need not tell the truth.

    column : the column of the label sheet that names the file, or None for a list that is no label
    lines : rows without line ends, sorted by chromosome and start
    """

    file_name: str
    column: str | None
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Cell:
    """One cell type. The tracks drive the reads; the lists never do.

    marks : mark -> intervals whose value is the fold enrichment over background
    open_sites : nucleosome-free sites; value is the strength of the site
    plus, minus : transcription by strand; value is the rate in excess of the background's
    """

    name: str
    marks: Mapping[str, Track]
    open_sites: Track
    plus: Track
    minus: Track
    lists: tuple[PeakList, ...]


@dataclass(frozen=True)
class Genome:
    """What all cell types share.

    chrom_sizes : length in bp by name, in the order of the BAM headers
    tss, blacklist, gaps : BED lines
    pileups, unassembled : regions where every library piles up, and where none has reads
    """

    chrom_sizes: Mapping[str, int]
    tss: tuple[str, ...]
    blacklist: tuple[str, ...]
    gaps: tuple[str, ...]
    pileups: Track
    unassembled: Track = field(default_factory=dict)


def random_numbers(seed: int, *names: object) -> np.random.Generator:
    """A generator for one purpose: it depends on the seed and the names alone.

    So a BAM file stays the same whichever other samples and marks are simulated beside it.
    """
    return np.random.default_rng([seed, *(zlib.crc32(str(name).encode()) for name in names)])
