"""Comparison of libraries: correlation of their counts, and their enrichment in labelled windows.

Counts are summed over BIN bp, divided by their mean and square-root transformed, which makes the
counting noise uniform: its variance is 1 / (4 x mean count) (Bartlett 1936). Bins without a read in
any library are excluded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from deepregfinder.counting.assays import CHIP
from deepregfinder.counting.store import CONTROL, Counts
from deepregfinder.errors import InputError
from deepregfinder.quality.surroundings import (
    ELEMENTS,
    LabelFit,
    LabelFits,
    bins_of,
    element_windows,
)

BIN = 10_000
NOISY = 0.25  # smallest share of the variance beyond counting noise


@dataclass(frozen=True)
class Identity:
    """A library. role : "chip" or "control"; assay : a name of ASSAYS"""

    id: str
    sample: str
    mark: str
    replicate: str
    role: str
    assay: str = CHIP


@dataclass(frozen=True)
class Libraries:
    """All libraries of a run.

    sizes : int64, shape (libraries,); library sizes
    usable : int64, shape (libraries,); usable reads, on any sequence
    n_bins : bins of BIN bp that are compared
    correlation : float64, shape (libraries, libraries); Pearson's, of the square roots
    corrected : the same without counting noise (correction for attenuation, Spearman 1904); NaN
        where a library is mostly noise
    strength : float64, shape (libraries,); standard deviation of the square roots, without noise
    inside : element -> share of the reads on main chromosomes in its labelled windows (NaN for a
        library of a sample without labels), shape (libraries,)
    fold : element -> that share divided by the share of the genome in these windows
    fits : of all labelled windows, with the reads of all libraries
    """

    identities: tuple[Identity, ...]
    sizes: np.ndarray
    usable: np.ndarray
    n_bins: int
    correlation: np.ndarray
    corrected: np.ndarray
    strength: np.ndarray
    inside: Mapping[str, np.ndarray]
    fold: Mapping[str, np.ndarray]
    fits: tuple[LabelFit, ...]

    def __len__(self) -> int:
        return len(self.identities)

    @property
    def elsewhere(self) -> np.ndarray:
        """Share of the usable reads that are not on main chromosomes: float64, (libraries,)."""
        share: np.ndarray = 1 - self.sizes / np.maximum(self.usable, 1)
        return share


def measure_libraries(opened: Sequence[Counts], regions: Mapping[str, pd.DataFrame]) -> Libraries:
    """Compare all libraries.

    Parameters
    ----------
    opened : files of counts, of one set of chromosomes and one bin size
    regions : sample -> its labelled windows

    Raises
    ------
    InputError
        The files are of different chromosomes or bins.
    """
    ordered = sorted(opened, key=lambda one: _identity(one).id)
    first = ordered[0].attributes
    for one in ordered:
        if any(one.attributes[key] != first[key] for key in ("chrom_sizes", "bin_size")):
            raise InputError(
                f"The counts of {one.attributes['id']} and {first['id']} are of different bins or "
                "chromosomes: count both in one run."
            )
    identities = tuple(map(_identity, ordered))
    moments = _Moments(len(ordered))
    fits = LabelFits(regions, len(ordered), first["bin_size"])
    total = np.zeros(len(ordered))
    reads, bins = (np.zeros((len(ELEMENTS), len(ordered))) for _ in range(2))
    for chrom in first["chrom_sizes"]:
        values = [one.load(chrom) for one in ordered]
        total += [row.sum(dtype=np.float64) for row in values]
        moments.add(np.stack([_summed(row, first["bin_size"]) for row in values]))
        fits.add(chrom, values)
        for sample, windows in regions.items():
            on_chrom = windows[windows["chrom"] == chrom]
            for kind, element in enumerate(ELEMENTS):
                of_element = element_windows(on_chrom, element)
                covered = bins_of(of_element, len(values[0]), first["bin_size"])
                for number, identity in enumerate(identities):
                    if identity.sample == sample:
                        reads[kind, number] += values[number][covered].sum(dtype=np.float64)
                        bins[kind, number] += covered.sum()
    n_bins = sum(-(-length // first["bin_size"]) for length in first["chrom_sizes"].values())
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = np.where(bins > 0, reads / total, np.nan)
        folds = shares / (bins / n_bins)
    inside, fold = (dict(zip(ELEMENTS, rows, strict=True)) for rows in (shares, folds))
    sizes = np.array([one.library_size for one in ordered], np.int64)
    usable = np.array([one.attributes["usable"] for one in ordered], np.int64)
    return Libraries(
        *(identities, sizes, usable, moments.n_bins),
        *moments.correlations(),
        *(inside, fold, fits.fits()),
    )


@dataclass
class _Moments:
    """Counts of all bins with a read in any library, collected by chromosome."""

    number: int

    def __post_init__(self) -> None:
        self.pieces: list[np.ndarray] = []

    def add(self, values: np.ndarray) -> None:
        """values : float, shape (libraries, bins)"""
        self.pieces.append(values[:, values.any(axis=0)].astype(np.float32))

    @property
    def n_bins(self) -> int:
        return sum(piece.shape[1] for piece in self.pieces)

    def correlations(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Correlation, corrected correlation and strength (see Libraries)."""
        values = np.concatenate(self.pieces, axis=1).astype(np.float64)
        if values.shape[1] < 2:
            unknown = np.full((self.number, self.number), np.nan)
            return unknown, unknown, np.full(self.number, np.nan)
        mean = values.mean(axis=1, keepdims=True)
        roots = np.sqrt(values / np.maximum(mean, 1e-12))
        covariance = np.atleast_2d(np.cov(roots))
        variance = np.diag(covariance)
        signal = variance - 1 / (4 * np.maximum(mean[:, 0], 1e-12))
        with np.errstate(invalid="ignore", divide="ignore"):
            correlation = covariance / np.sqrt(np.outer(variance, variance))
            known = np.where(signal > NOISY * variance, signal, np.nan)
            corrected = np.clip(covariance / np.sqrt(np.outer(known, known)), -1, 1)
        np.fill_diagonal(correlation, 1)
        return correlation, corrected, np.sqrt(np.maximum(signal, 0))


def _identity(counts: Counts) -> Identity:
    fields = {key: str(counts.attributes[key]) for key in ("id", "sample", "mark", "replicate")}
    role = "control" if fields["sample"] == CONTROL else "chip"
    return Identity(**fields, role=role, assay=counts.attributes.get("assay", CHIP))


def _summed(counts: np.ndarray, bin_size: int) -> np.ndarray:
    """Counts summed over BIN bp, without an incomplete bin at the end of the chromosome."""
    merged = max(BIN // bin_size, 1)
    whole = len(counts) // merged * merged
    sums: np.ndarray = counts[:whole].reshape(-1, merged).sum(axis=1, dtype=np.float64)
    return sums
