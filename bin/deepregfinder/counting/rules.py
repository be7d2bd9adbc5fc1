"""The counting rules, the grid of bins, and the counts of a file."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

import numpy as np

from deepregfinder.errors import InputError
from deepregfinder.genome.grid import Geometry, bare_name

_log = logging.getLogger(__name__)


CountAt = Literal["overlap", "midpoint", "five_prime"]

LIBRARY_SIZE = "main chromosomes"
"""What library sizes count, as files of counts, signal and bundles record it."""


@dataclass(frozen=True)
class CountRules:
    """The counting parameters, named as in nextflow_schema.json.

    min_mapq : lowest mapping quality that counts
    duplicates : whether to "keep" or "drop" records marked as duplicates
    paired_end : "fragments" counts a proper pair once, "reads" each mate as a single read
    count_at : "overlap" (half of the read must lie in the bin), "midpoint" or "five_prime" (the
        bin of its 5' end), for single reads
    extend : bp added at the 3' end of single reads
    shift : bp by which single reads move downstream
    secondary : secondary and supplementary records are not counted ("drop"), counted like others
        ("keep", as in featureCounts), or not counted, nor any read that has a secondary one
        ("drop_reads"). Those of pairs are never fragments.
    max_fragment : pairs with a longer fragment (bp) do not count; 0 for no limit. With a limit,
        mates count only in proper pairs.
    """

    min_mapq: int
    duplicates: Literal["keep", "drop"]
    paired_end: Literal["fragments", "reads"]
    count_at: CountAt
    extend: int
    shift: int
    secondary: Literal["drop", "keep", "drop_reads"] = "keep"
    max_fragment: int = 0

    @property
    def takes_fragments_files(self) -> bool:
        """Whether fragments can be counted whose reads are not known, but for their 5' ends."""
        return self.paired_end == "fragments" or self.count_at == "five_prime"


def different_rules(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Names of the rules in which two recorded sets differ, as far as both have them.

    one, other : `counting` of a file of counts, a signal or a bundle
    """
    names = [rule.name for rule in fields(CountRules)]
    return [name for name in names if name in one and name in other and one[name] != other[name]]


@dataclass(frozen=True)
class BinGrid:
    """The bins of all main chromosomes, concatenated in one array.

    chrom_sizes : lengths in bp, in the order of the run
    bin_size : bp; the last bin of a chromosome ends where the chromosome ends
    first_bin : index of the first bin of each chromosome
    n_bins : bins of all chromosomes
    """

    chrom_sizes: Mapping[str, int]
    bin_size: int
    first_bin: Mapping[str, int] = field(init=False)
    n_bins: int = field(init=False)

    def __post_init__(self) -> None:
        first_bin, n_bins = {}, 0
        for chrom, length in self.chrom_sizes.items():
            first_bin[chrom] = n_bins
            n_bins += Geometry(self.bin_size).n_bins(length)
        object.__setattr__(self, "first_bin", first_bin)
        object.__setattr__(self, "n_bins", n_bins)

    def of_chromosome(self, values: np.ndarray, chrom: str) -> np.ndarray:
        """The part of an array over all bins, shape (n_bins,), that belongs to `chrom`: a view."""
        first = self.first_bin[chrom]
        return values[first : first + Geometry(self.bin_size).n_bins(self.chrom_sizes[chrom])]

    def chromosomes(self, values: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
        """Each chromosome with its part of an array over all bins."""
        return ((chrom, self.of_chromosome(values, chrom)) for chrom in self.chrom_sizes)

    def require_fit(self, path: Path, header: Mapping[str, int]) -> None:
        """Raise InputError unless the chromosome lengths in a header agree with the grid.

        Chromosomes missing from the header get zero counts and are logged; if all are missing, it
        is an error.
        """
        shared = [chrom for chrom in self.chrom_sizes if chrom in header]
        if not shared:
            bare = {bare_name(chrom) for chrom in header}
            hint = (
                " One names chromosomes like chr1, the other like 1."
                if any(bare_name(chrom) in bare for chrom in self.chrom_sizes)
                else ""
            )
            raise InputError(
                f"{path} has none of the chromosomes to be counted: it has "
                f"{_first_few(header)}, but the run uses {_first_few(self.chrom_sizes)}.{hint}"
            )
        if problems := [
            f"{path}: chromosome {chrom} has {header[chrom]:,} bp, but {self.chrom_sizes[chrom]:,} "
            "bp are expected: the reads were aligned to another genome assembly."
            for chrom in shared
            if header[chrom] != self.chrom_sizes[chrom]
        ]:
            raise InputError.of(problems)
        if missing := [chrom for chrom in self.chrom_sizes if chrom not in header]:
            _log.info("%s has no %s: their counts are zero", path, _first_few(missing))


@dataclass(frozen=True)
class ReadTally:
    """How many records of a file were counted or excluded, and why.

    total : all records
    unmapped, mapq, duplicate, multimapping : excluded single reads or fragments
    secondary : excluded secondary and supplementary records
    improper_pair : excluded records of pairs that do not define a fragment
    long_fragment : excluded fragments, or mates of fragments, above the limit of their length
    second_mates : records whose fragment is counted with the other mate
    usable : reads, or fragments, that pass the filters, on any sequence of the file.
        total = usable + second_mates + all excluded records
    library_size : those of them on main chromosomes, counted in a bin or not
    assigned : usable reads or fragments counted in at least one bin (blacklisted or not)
    paired_end : whether the file has paired-end reads
    lone_first, lone_second : fragments, usable or not, of which only the first (second) mate is in
        the file
    secondary_without_nh : secondary records, excluded or not, without an NH tag above 1
    """

    total: int
    unmapped: int
    mapq: int
    duplicate: int
    multimapping: int
    secondary: int
    improper_pair: int
    second_mates: int
    usable: int
    library_size: int
    assigned: int
    paired_end: bool
    lone_first: int = 0
    lone_second: int = 0
    secondary_without_nh: int = 0
    long_fragment: int = 0


@dataclass(frozen=True)
class BinCounts:
    """The counts of one file.

    values : uint32, shape (grid.n_bins,)
    """

    grid: BinGrid
    values: np.ndarray
    tally: ReadTally


def _first_few(names: Mapping[str, int] | list[str]) -> str:
    """The first few names, for a message."""
    listed = list(names)
    return ", ".join(listed[:5]) + (", ..." if len(listed) > 5 else "")
