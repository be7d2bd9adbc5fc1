"""The file of counts: the raw count of every bin, with the counting parameters.

One array per chromosome, shape (bins,), uint16; uint32 in a file where any bin needs it. The file
does not depend on the counter.
"""

import dataclasses
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import zarr

from deepregfinder.counting.assays import RowRules
from deepregfinder.counting.rules import LIBRARY_SIZE, BinCounts, CountRules
from deepregfinder.errors import InputError
from deepregfinder.storage.tables import Decimals4, write_rows
from deepregfinder.storage.zarr_zip import open_arrays, read_array, write_arrays

FORMAT = "counts"
CONTROL = "control"
"""The sample of the counts of an input control."""


@dataclass(frozen=True)
class Library:
    """The library that is counted: a row of the samplesheet, or a file that such rows name."""

    id: str
    sample: str
    mark: str
    replicate: str


@dataclass(frozen=True)
class RecordCounts:
    """A row of `<id>.counts.tsv`: numbers of counted and excluded records of a file.

    usable : reads or fragments that pass the filters; library_size : those on main chromosomes;
    elsewhere : the others; assigned : usable records counted in a bin; assigned_fraction : their
    share of the library size
    lone_first_mates, lone_second_mates : fragments, usable or not, of which only this mate is in
        the file
    secondary_without_nh : secondary records, excluded or not, without an NH tag above 1
    """

    id: str
    sample: str
    mark: str
    replicate: str
    counter: str
    total_records: int
    usable: int
    library_size: int
    elsewhere: int
    assigned: int
    assigned_fraction: Decimals4
    excluded_unmapped: int
    excluded_mapq: int
    excluded_duplicate: int
    excluded_multimapping: int
    excluded_secondary: int
    excluded_improper_pair: int
    second_mates: int
    paired_end: bool
    lone_first_mates: int = 0
    lone_second_mates: int = 0
    secondary_without_nh: int = 0
    excluded_long_fragment: int = 0

    FATES: ClassVar[Mapping[str, str]] = {
        "usable": "library_size",
        "on other sequences": "elsewhere",
        "second mate of a fragment": "second_mates",
        "unmapped": "excluded_unmapped",
        "low mapping quality": "excluded_mapq",
        "duplicate": "excluded_duplicate",
        "multi-mapping": "excluded_multimapping",
        "secondary": "excluded_secondary",
        "improper pair": "excluded_improper_pair",
        "long fragment": "excluded_long_fragment",
    }
    """How records are counted or excluded, for the report, and the column with their number."""

    @property
    def fates(self) -> dict[str, int]:
        """Numbers of records by FATES, which sum to `total_records`."""
        return {fate: getattr(self, column) for fate, column in self.FATES.items()}

    @property
    def usable_fraction(self) -> float | None:
        """Share of the reads or fragments that are usable; None without any.

        A fragment has two records: of pairs that are no fragments, two records count once.
        Secondary and supplementary records are no reads.
        """
        fragments = self.second_mates + self.lone_first_mates + self.lone_second_mates
        each = 1 + self.second_mates / fragments if fragments else 1
        others = self.excluded_unmapped + self.excluded_improper_pair
        single = self.total_records - self.second_mates - self.excluded_secondary - others
        reads = single + others / each
        return self.usable / reads if reads > 0 else None


@dataclass(frozen=True)
class Counts:
    """A file of counts; arrays are read on demand.

    library_size : usable reads or fragments on main chromosomes
    attributes : format, id, sample, mark, replicate, bin_size, chrom_sizes, library_size, usable
        (on any sequence), assigned, counting (the counting rules of the run, the digest of the
        blacklist, and what library sizes count), assay and row_rules (assays.RowRules), paired_end
    """

    library_size: int
    attributes: Mapping[str, Any]
    _arrays: zarr.Group = field(repr=False, compare=False)

    def load(self, chrom: str) -> np.ndarray:
        """Counts of one chromosome: uint32, shape (bins,). Raises InputError without it."""
        if chrom not in self.attributes["chrom_sizes"]:
            raise InputError(f"The counts of {self.attributes['id']} have no chromosome {chrom}.")
        return read_array(self._arrays, chrom).astype(np.uint32)

    def thinned(self, share: float, seed: int) -> "Counts":
        """The library thinned to a random share (0 to 1) of its reads; itself for a share of 1.

        The library size is the expected one: with millions of reads, sampling noise is negligible.
        """
        if share == 1:
            return self
        size = round(self.library_size * share)
        return _ThinnedCounts(size, self.attributes, self._arrays, share, seed)


@dataclass(frozen=True)
class _ThinnedCounts(Counts):
    """Binomial thinning of each bin; the same for a seed, whatever is loaded before."""

    share: float
    seed: int

    def load(self, chrom: str) -> np.ndarray:
        names = (zlib.crc32(text.encode()) for text in (self.attributes["id"], chrom))
        generator = np.random.default_rng([self.seed, *names])
        return generator.binomial(super().load(chrom), self.share).astype(np.uint32)


def write_counts(
    path: Path,
    library: Library,
    counts: BinCounts,
    rules: CountRules,
    blacklist: str | None,
    row: RowRules = RowRules(),  # noqa: B008, which is immutable
) -> None:
    """Write a file of counts.

    Parameters
    ----------
    path : the file
    library : the library that was counted
    counts, rules : its counts, and the rules of the run
    blacklist : digest of the list whose bins were set to zero (intervals.intervals_digest)
    row : what the library has instead of the rules of the run
    """
    grid, tally = counts.grid, counts.tally
    attributes = {
        "format": FORMAT,
        **dataclasses.asdict(library),
        "bin_size": grid.bin_size,
        "chrom_sizes": dict(grid.chrom_sizes),
        "library_size": tally.library_size,
        "usable": tally.usable,
        "assigned": tally.assigned,
        "counting": {
            **dataclasses.asdict(rules),
            "blacklist": blacklist,
            "library_size": LIBRARY_SIZE,
        },
        "assay": row.assay,
        "row_rules": dict(row.own),
        "paired_end": tally.paired_end,
    }
    small = counts.values.max(initial=0) <= np.iinfo(np.uint16).max
    dtype = np.uint16 if small else np.uint32
    arrays = ((chrom, part.astype(dtype)) for chrom, part in grid.chromosomes(counts.values))
    write_arrays(path, arrays, attributes)


def open_counts(path: Path) -> Counts:
    """Open a file of `write_counts`; raises InputError for any other file."""
    group = open_arrays(path, FORMAT)
    attributes: dict[str, Any] = dict(group.attrs)
    return Counts(attributes["library_size"], attributes, group)


def write_summary(path: Path, library: Library, counter: str, counts: BinCounts) -> None:
    """Write a table with one row: numbers of counted and excluded records."""
    tally = counts.tally
    row = RecordCounts(
        *(library.id, library.sample, library.mark, library.replicate, counter),
        total_records=tally.total,
        usable=tally.usable,
        library_size=tally.library_size,
        elsewhere=tally.usable - tally.library_size,
        assigned=tally.assigned,
        assigned_fraction=tally.assigned / tally.library_size if tally.library_size else 0.0,
        excluded_unmapped=tally.unmapped,
        excluded_mapq=tally.mapq,
        excluded_duplicate=tally.duplicate,
        excluded_multimapping=tally.multimapping,
        excluded_secondary=tally.secondary,
        excluded_improper_pair=tally.improper_pair,
        second_mates=tally.second_mates,
        paired_end=tally.paired_end,
        lone_first_mates=tally.lone_first,
        lone_second_mates=tally.lone_second,
        secondary_without_nh=tally.secondary_without_nh,
        excluded_long_fragment=tally.long_fragment,
    )
    write_rows(path, RecordCounts, [row])
