"""The highest-scoring windows of each class, for filters and attributions."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from deepregfinder.labels.tensors import Tensors
from deepregfinder.models.bundle import Bundle
from deepregfinder.prediction.calling import Calls
from deepregfinder.prediction.sample_signal import SignalReader
from deepregfinder.signal.scale import normalise_windows


@dataclass(frozen=True)
class Places:
    """Windows anywhere on the genome.

    chrom : names, (n,); start : int64 (n,), bp, on the bin grid
    class_index : int64 (n,); score : float64 (n,), probability of that class
    """

    chrom: np.ndarray
    start: np.ndarray
    class_index: np.ndarray
    score: np.ndarray

    def __len__(self) -> int:
        return len(self.start)

    def take(self, rows: np.ndarray) -> "Places":
        """The places selected by a mask or an index array."""
        return Places(*(getattr(self, field.name)[rows] for field in fields(self)))


def labelled_places(tensors: Tensors, probabilities: np.ndarray) -> Places:
    """The labelled test windows with the predicted probability of their label.

    probabilities : (n, classes), of the test windows in their order
    """
    rows = tensors.select("test")
    y = tensors.y[rows].astype(np.int64)
    chrom = np.array(tensors.chroms, dtype=object)[tensors.chrom[rows]]
    return Places(chrom, tensors.start[rows], y, probabilities[np.arange(len(y)), y])


def called_places(
    calls: Mapping[str, Calls],
    chroms: Sequence[str],
    bundle: Bundle,
    chrom_sizes: Mapping[str, int],
) -> Iterator[Places]:
    """The window around the summit of each call that is inside its chromosome, by chromosome."""
    for chrom in chroms:
        if chrom in calls:
            of_chrom = calls[chrom]
            start = bundle.geometry.window_start(of_chrom.summit)
            inside = (start >= 0) & (start + bundle.geometry.window <= chrom_sizes[chrom])
            names = np.full(len(of_chrom), chrom, dtype=object)
            yield Places(names, start, of_chrom.class_index, of_chrom.score.astype(float)).take(
                inside
            )


def joined(parts: Iterable[Places]) -> Places:
    """Concatenate one or more parts."""
    columns = zip(*(vars(part).values() for part in parts), strict=True)
    return Places(*map(np.concatenate, columns))


def best_places(places: Places, most: int, seed: int) -> Places:
    """The `most` places of each class with the highest scores.

    Sorted by class, best first. Ties are broken at random, by the seed.
    """
    shuffled = np.random.default_rng(seed).permutation(len(places))
    order = shuffled[np.lexsort((-places.score[shuffled], places.class_index[shuffled]))]
    classes = places.class_index[order]
    rank = np.arange(len(order)) - np.searchsorted(classes, classes)
    return places.take(order[rank < most])


def normalised_windows(bundle: Bundle, reader: SignalReader, places: Places) -> np.ndarray:
    """The normalised input of the model: float32 (n, marks, bins)."""
    x = np.empty((len(places), len(bundle.marks), bundle.window_bins), np.float32)
    for chrom in dict.fromkeys(places.chrom.tolist()):
        rows = np.flatnonzero(places.chrom == chrom)
        tiled = sliding_window_view(reader.load(chrom).rpm, bundle.window_bins, axis=1)
        x[rows] = tiled[:, places.start[rows] // bundle.bin_size].transpose(1, 0, 2)
    return normalise_windows(bundle.normalisation, x)
