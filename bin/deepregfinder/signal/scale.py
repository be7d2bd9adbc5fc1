"""From reads per million to the input of models: transform, normalisation, quantile mapping."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from deepregfinder.errors import InputError

if TYPE_CHECKING:  # with the store comes zarr
    from deepregfinder.signal.store import Signal

Transform = Callable[[np.ndarray], np.ndarray]

TRANSFORMS: Mapping[str, tuple[Transform, str]] = {
    "none": (lambda rpm: rpm, ""),
    "log2": (lambda rpm: np.log2(rpm + np.float32(1)), "log2(x + 1)-transformed"),
    "asinh": (np.arcsinh, "asinh-transformed"),
}
"""What --transform does, and the words for it: empty where it does nothing."""


def transform_signal(values: np.ndarray, transform: str) -> np.ndarray:
    """RPM on another scale: "none", "log2" (log2(x + 1)) or "asinh". Keeps shape and float32.

    Raises InputError for an unknown name.
    """
    if transform not in TRANSFORMS:
        raise InputError(f"There is no transform {transform!r}: choose {', '.join(TRANSFORMS)}.")
    function, _ = TRANSFORMS[transform]
    return function(values)


def mark_statistics(
    signal: "Signal", chroms: Iterable[str], transform: str
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each mark over all bins of the given chromosomes.

    Both are of transformed values; the standard deviation is that of the population (divided by n).
    Chromosomes are combined by the pairwise update of Chan, Golub and LeVeque (1983), in the order
    of the signal.

    Returns
    -------
    mean, sd : float64, shape (marks,)

    Raises
    ------
    InputError
        A mark has the same value in every bin, and so cannot be scaled.
    """
    n_marks = len(signal.marks)
    n, mean, squares = 0, np.zeros(n_marks), np.zeros(n_marks)
    low, high = np.full(n_marks, np.inf), np.full(n_marks, -np.inf)
    used = _ordered(signal, chroms)
    for chrom in used:
        values = signal.load(chrom)
        n_chrom = values.shape[1]
        total = n + n_chrom
        for row, rpm in enumerate(values):
            scaled = transform_signal(rpm, transform).astype(np.float64)
            mean_chrom = scaled.mean()
            shift = mean_chrom - mean[row]
            squares[row] += ((scaled - mean_chrom) ** 2).sum() + shift**2 * n * n_chrom / total
            mean[row] += shift * n_chrom / total
            low[row] = min(low[row], scaled.min())
            high[row] = max(high[row], scaled.max())
        n = total
    _refuse(
        signal, [row for row in range(n_marks) if not high[row] > low[row]], "the same value", used
    )
    return mean, np.sqrt(squares / n)


def quantile_levels(n: int) -> np.ndarray:
    """Levels of `n` quantiles from 0 to 1, denser towards 1: 1 - (1 - i/(n-1))^3.

    Peaks cover few bins: of evenly spaced levels, only the last ones would distinguish them.
    """
    return 1 - (1 - np.arange(n) / (n - 1)) ** 3


def mark_quantiles(signal: "Signal", chroms: Iterable[str], n: int = 1001) -> np.ndarray:
    """Quantiles of the RPM of each mark over all bins of the given chromosomes.

    Inverse of the empirical distribution function at the levels of `quantile_levels`: the smallest
    value such that the share of bins at or below it reaches the level.

    Returns
    -------
    float32, shape (marks, n), increasing along the last axis

    Raises
    ------
    InputError
        A mark is zero in every bin.
    """
    used = _ordered(signal, chroms)
    value_counts = [(np.empty(0, np.float32), np.empty(0, np.int64)) for _ in signal.marks]
    for chrom in used:
        for row, rpm in enumerate(signal.load(chrom)):
            values, counts = np.unique(rpm[rpm != 0], return_counts=True)
            # Most bins are zero: they need no sorting.
            values, counts = np.append(values, 0), np.append(counts, rpm.size - counts.sum())
            value_counts[row] = _joined(*value_counts[row], values, counts)
    empty = [row for row, (values, _) in enumerate(value_counts) if not values.any()]
    _refuse(signal, empty, "0", used)
    levels = quantile_levels(n)
    quantiles = np.empty((len(value_counts), n), np.float32)
    for row, (values, counts) in enumerate(value_counts):
        reached = np.cumsum(counts)
        quantiles[row] = values[np.searchsorted(reached, levels * reached[-1])]
    return quantiles


def _joined(
    values: np.ndarray, counts: np.ndarray, more_values: np.ndarray, more_counts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Merge two tables of distinct values and their counts."""
    joined, place = np.unique(np.concatenate([values, more_values]), return_inverse=True)
    totals = np.zeros(len(joined), np.int64)
    np.add.at(totals, place, np.concatenate([counts, more_counts]))
    return joined, totals


def _ordered(signal: "Signal", chroms: Iterable[str]) -> list[str]:
    """The chromosomes in the order of the signal, so that sums do not depend on the caller."""
    chosen = set(chroms)
    if unknown := sorted(chosen - signal.chrom_sizes.keys()):
        raise InputError(f"The signal of {signal.sample} has no chromosome {', '.join(unknown)}.")
    if not chosen:
        raise InputError(f"No chromosome of {signal.sample} was chosen for its statistics.")
    return [chrom for chrom in signal.chrom_sizes if chrom in chosen]


def _refuse(signal: "Signal", rows: Sequence[int], value: str, chroms: Sequence[str]) -> None:
    if rows:
        names = ", ".join(signal.marks[row] for row in rows)
        raise InputError(
            f"{signal.sample}: {names} has {value} in every bin of {', '.join(chroms)}, so that it "
            "cannot be normalised. Check its BAM file, or leave the mark out of the sheet."
        )


@dataclass(frozen=True, eq=False)
class Normalisation:
    """The normalisation of each mark: (transform(RPM) - mean) / sd.

    marks : names, in the order of the other fields
    transform, control : the parameters of these names
    mean, sd : float64, shape (marks,); from the training chromosomes of the training sample
    quantiles : float32, shape (marks, n); of RPM on the same chromosomes, the target of quantile
        mapping
    """

    marks: tuple[str, ...]
    transform: str
    control: str
    mean: np.ndarray
    sd: np.ndarray
    quantiles: np.ndarray

    def apply(self, values: np.ndarray) -> np.ndarray:
        """Normalise RPM: float32, shape (marks, ...), marks in the order of `marks`."""
        shape = (len(self.marks),) + (1,) * (values.ndim - 1)
        mean, sd = (part.astype(np.float32).reshape(shape) for part in (self.mean, self.sd))
        return (transform_signal(values, self.transform) - mean) / sd

    def select(self, rows: Sequence[int]) -> "Normalisation":
        """The normalisation of some of the marks, in the given order."""
        return replace(
            self,
            marks=tuple(self.marks[row] for row in rows),
            mean=self.mean[rows],
            sd=self.sd[rows],
            quantiles=self.quantiles[rows],
        )

    def to_dict(self) -> dict[str, Any]:
        """As numbers, lists and names for JSON; `from_dict` restores the same values."""
        return {
            "marks": list(self.marks),
            "transform": self.transform,
            "control": self.control,
            "mean": self.mean.tolist(),
            "sd": self.sd.tolist(),
            "quantiles": self.quantiles.tolist(),
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "Normalisation":
        """Read what `to_dict` gives."""
        return cls(
            marks=tuple(fields["marks"]),
            transform=fields["transform"],
            control=fields["control"],
            mean=np.array(fields["mean"], np.float64),
            sd=np.array(fields["sd"], np.float64),
            quantiles=np.array(fields["quantiles"], np.float32),
        )


def pooled(samples: Sequence[Normalisation]) -> Normalisation:
    """The normalisation of several samples with the same marks, each with the same weight.

    Mean and standard deviation are those of all bins together; quantiles are averaged, as in
    quantile normalisation (Bolstad et al. 2003).
    """
    if len(samples) == 1:
        return samples[0]
    mean = np.mean([one.mean for one in samples], axis=0)
    squares = np.mean([one.sd**2 + one.mean**2 for one in samples], axis=0)
    quantiles = np.array([one.quantiles for one in samples]).mean(axis=0).astype(np.float32)
    return replace(samples[0], mean=mean, sd=np.sqrt(squares - mean**2), quantiles=quantiles)


@dataclass(frozen=True, eq=False)
class QuantileMap:
    """Maps each mark of a sample to its distribution in another sample.

    source, target : float32, shape (marks, n), both from `mark_quantiles` with the same n

    A value that spans many levels (most bins have no read, or a single one) maps to the mean of the
    target over these levels, as tied values do in quantile normalisation (Bolstad et al. 2003). The
    map is linear between quantiles, hence monotonic. Values beyond the highest quantile keep their
    ratio to it.
    """

    source: np.ndarray
    target: np.ndarray

    def apply(self, values: np.ndarray) -> np.ndarray:
        """Map RPM: float32, shape (marks, ...)."""
        mapped = np.empty(values.shape, np.float32)
        for row, (before, after) in enumerate(self._curves()):
            rpm = values[row]
            stretched = rpm * (after[-1] / before[-1])
            mapped[row] = np.where(rpm > before[-1], stretched, np.interp(rpm, before, after))
        return mapped

    def _curves(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The points of the piecewise linear map of each mark."""
        levels = quantile_levels(self.source.shape[1])
        # The share of the bins that a quantile stands for: half-way to its neighbours.
        share = np.diff((levels[1:] + levels[:-1]) / 2, prepend=0, append=1)
        for source, target in zip(self.source, self.target, strict=True):
            distinct, first = np.unique(source, return_index=True)
            tied = np.add.reduceat(share * target, first) / np.add.reduceat(share, first)
            yield distinct.astype(float), tied


def normalise_windows(normalisation: Normalisation, x: np.ndarray) -> np.ndarray:
    """Normalise windows of reads per million: float32 (n, marks, bins), contiguous."""
    by_mark = normalisation.apply(x.transpose(1, 0, 2))
    return np.ascontiguousarray(by_mark.transpose(1, 0, 2), dtype=np.float32)
