"""Libraries side by side: how alike their counts are, and where their reads lie.

Counts are summed over BIN bp and divided by their mean; of these the square root is taken, which
makes the noise of counting the same everywhere: a variance of 1 / (4 x mean count) (Bartlett 1936).
Bins in which no library has a read are left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from deepregfinder.counting.store import Counts
from deepregfinder.errors import InputError

BIN = 10_000
ELEMENTS = ("promoter", "enhancer")
NOISY = 0.25  # least share of the variance that is more than the noise of counting


@dataclass(frozen=True)
class Identity:
    """Whose library it is. role : "chip" or "control" """

    id: str
    sample: str
    mark: str
    replicate: str
    role: str


@dataclass(frozen=True)
class Libraries:
    """All libraries of a run.

    sizes : int64, shape (libraries,); library sizes
    correlation : float64, shape (libraries, libraries); Pearson's, of the square roots
    corrected : the same without the noise of counting (correction for attenuation, Spearman 1904);
        NaN where a library is mostly noise
    strength : float64, shape (libraries,); standard deviation of the square roots beyond the noise
    inside : element -> share of the reads on main chromosomes that lie in its labelled windows
        (NaN for a library of a sample without labels), shape (libraries,)
    fold : element -> that share over the windows' share of the genome
    """

    identities: tuple[Identity, ...]
    sizes: np.ndarray
    correlation: np.ndarray
    corrected: np.ndarray
    strength: np.ndarray
    inside: Mapping[str, np.ndarray]
    fold: Mapping[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.identities)


def compare_libraries(opened: Sequence[Counts], regions: Mapping[str, pd.DataFrame]) -> Libraries:
    """Hold all libraries against each other.

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
    total = np.zeros(len(ordered))
    reads, bins = (np.zeros((len(ELEMENTS), len(ordered))) for _ in range(2))
    for chrom in first["chrom_sizes"]:
        values = [one.load(chrom) for one in ordered]
        total += [row.sum(dtype=np.float64) for row in values]
        moments.add(np.stack([_summed(row, first["bin_size"]) for row in values]))
        for sample, windows in regions.items():
            here = windows[windows["chrom"] == chrom]
            for kind, element in enumerate(ELEMENTS):
                taken = _bins(here, element, len(values[0]), first["bin_size"])
                for number, identity in enumerate(identities):
                    if identity.sample == sample:
                        reads[kind, number] += values[number][taken].sum(dtype=np.float64)
                        bins[kind, number] += taken.sum()
    n_bins = sum(-(-length // first["bin_size"]) for length in first["chrom_sizes"].values())
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = np.where(bins > 0, reads / total, np.nan)
        folds = shares / (bins / n_bins)
    inside, fold = (dict(zip(ELEMENTS, rows, strict=True)) for rows in (shares, folds))
    sizes = np.array([one.library_size for one in ordered], np.int64)
    return Libraries(identities, sizes, *moments.figures(), inside, fold)


@dataclass
class _Moments:
    """Counts of all bins with a read in any library, chromosome by chromosome."""

    number: int

    def __post_init__(self) -> None:
        self.pieces: list[np.ndarray] = []

    def add(self, values: np.ndarray) -> None:
        """values : float, shape (libraries, bins)"""
        self.pieces.append(values[:, values.any(axis=0)].astype(np.float32))

    def figures(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Correlation, corrected correlation and strength (see Libraries)."""
        values = np.concatenate(self.pieces, axis=1).astype(np.float64)
        if values.shape[1] < 2:
            nothing = np.full((self.number, self.number), np.nan)
            return nothing, nothing, np.full(self.number, np.nan)
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
    role = "control" if fields["sample"] == "control" else "chip"
    return Identity(**fields, role=role)


def _summed(counts: np.ndarray, bin_size: int) -> np.ndarray:
    """Counts summed over BIN bp; what is left at the end of the chromosome is left out."""
    merged = max(BIN // bin_size, 1)
    whole = len(counts) // merged * merged
    sums: np.ndarray = counts[:whole].reshape(-1, merged).sum(axis=1, dtype=np.float64)
    return sums


def _bins(windows: pd.DataFrame, element: str, n_bins: int, bin_size: int) -> np.ndarray:
    """bool, shape (n_bins,): those in a window of the element."""
    taken = np.zeros(n_bins, bool)
    own = windows[windows["class"].str.endswith(element)]
    for start, end in zip(own["start"], own["end"], strict=True):
        taken[start // bin_size : -(-end // bin_size)] = True
    return taken
