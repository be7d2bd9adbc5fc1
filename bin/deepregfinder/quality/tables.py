"""The tables of quality: one per file, and libraries.tsv and correlation.tsv of all libraries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deepregfinder.counting.assays import CHIP
from deepregfinder.storage.tables import Decimals4, read_rows, write_rows

if TYPE_CHECKING:  # a counting task needs neither pandas nor zarr for its table
    from deepregfinder.quality.accessibility import Accessibility
    from deepregfinder.quality.libraries import Libraries


@dataclass(frozen=True)
class Doubt:
    """A warning about libraries or labels: a row of doubts.tsv.

    kind : the rule, in one word; the report has a title for each (report/words.py)
    ids : the libraries concerned
    """

    kind: str
    ids: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class FileQuality:
    """A row of `<id>.quality.tsv`: quality of one file from its read ends.

    chrom : the chromosome of the sampled reads; sampled : their number; the others as in
        `cross_correlation.Quality`
    """

    id: str
    sample: str
    mark: str
    replicate: str
    chrom: str | None
    sampled: int
    read_length: int | None
    marked_duplicates: Decimals4 | None
    duplicates: Decimals4 | None
    fragment_length: int | None
    nsc: Decimals4 | None


@dataclass(frozen=True)
class LibraryQuality:
    """A row of libraries.tsv.

    elsewhere : share of the usable reads that are not on main chromosomes;
    in_... : share of the reads on main chromosomes in labelled windows; fold_... : that share
        divided by the share of the genome in these windows
    tss_enrichment, in_sites : of assays of accessibility, as in `accessibility.Accessibility`
    """

    id: str
    sample: str
    mark: str
    replicate: str
    role: str
    library_size: int
    elsewhere: Decimals4
    marked_duplicates: Decimals4 | None
    duplicates: Decimals4 | None
    fragment_length: int | None
    nsc: Decimals4 | None
    strength: Decimals4 | None
    in_promoters: Decimals4 | None
    fold_promoters: Decimals4 | None
    in_enhancers: Decimals4 | None
    fold_enhancers: Decimals4 | None
    assay: str = CHIP
    tss_enrichment: Decimals4 | None = None
    in_sites: Decimals4 | None = None


@dataclass(frozen=True)
class Correlation:
    """A row of correlation.tsv: two libraries. corrected : for counting noise."""

    id_a: str
    id_b: str
    correlation: Decimals4 | None
    corrected: Decimals4 | None


def read_qualities(paths: Iterable[Path]) -> dict[str, FileQuality]:
    """id -> the row of its file. Raises InputError for any other table."""
    return {row.id: row for path in paths for row in read_rows(path, FileQuality)}


def write_libraries(
    path: Path,
    libraries: "Libraries",
    qualities: Mapping[str, FileQuality],
    accessibility: Mapping[str, "Accessibility"],
) -> None:
    """Write a row for each library, in the order of their ids."""
    rows = []
    for number, one in enumerate(libraries.identities):
        quality, cuts = qualities.get(one.id), accessibility.get(one.id)
        rows.append(
            LibraryQuality(
                *(one.id, one.sample, one.mark, one.replicate, one.role),
                library_size=libraries.sizes[number],
                elsewhere=libraries.elsewhere[number],
                marked_duplicates=quality.marked_duplicates if quality else None,
                duplicates=quality.duplicates if quality else None,
                fragment_length=quality.fragment_length if quality else None,
                nsc=quality.nsc if quality else None,
                strength=libraries.strength[number],
                in_promoters=libraries.inside["promoter"][number],
                fold_promoters=libraries.fold["promoter"][number],
                in_enhancers=libraries.inside["enhancer"][number],
                fold_enhancers=libraries.fold["enhancer"][number],
                assay=one.assay,
                tss_enrichment=cuts.tss_enrichment if cuts else None,
                in_sites=cuts.in_sites if cuts else None,
            )
        )
    write_rows(path, LibraryQuality, rows)


def write_correlation(path: Path, libraries: "Libraries") -> None:
    """Write a row for each pair of libraries."""
    names = [one.id for one in libraries.identities]
    rows = [
        Correlation(
            *(a, names[other], libraries.correlation[one, other], libraries.corrected[one, other])
        )
        for one, a in enumerate(names)
        for other in range(one + 1, len(names))
    ]
    write_rows(path, Correlation, rows)
