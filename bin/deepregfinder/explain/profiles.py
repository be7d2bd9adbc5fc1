"""Average signal around calls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from deepregfinder.prediction.calling import Calls
from deepregfinder.prediction.sample_signal import select_rows
from deepregfinder.signal.store import Signal

REACH = 5000


@dataclass(frozen=True)
class Profiles:
    """Mean signal around the summits of calls of each class.

    rpm : float64 (classes, marks, 2 x reach + 1 bins), reads per million per bin; NaN without calls
    offsets : int64 (bins,), bp from the bin of the summit
    calls : int64 (classes,), number of calls averaged
    """

    rpm: np.ndarray
    offsets: np.ndarray
    calls: np.ndarray


def average_profiles(
    signal: Signal, rows: Sequence[int], calls: Mapping[str, Calls], n_classes: int
) -> Profiles:
    """Average every mark over +-5 kb around the summits of all calls of each class.

    rows : of the marks in the signal, as `sample_signal.rows_of` gives them

    Calls closer than 5 kb to an end of their chromosome are excluded.
    """
    reach = REACH // signal.bin_size
    offsets = np.arange(-reach, reach + 1)
    total = np.zeros((n_classes, len(rows), len(offsets)))
    counted = np.zeros(n_classes, np.int64)
    for chrom, of_chrom in calls.items():
        rpm = select_rows(signal.load(chrom), rows)
        centre = of_chrom.summit // signal.bin_size
        inside = (centre >= reach) & (centre + reach < rpm.shape[1])
        for index in range(1, n_classes):
            at = centre[inside & (of_chrom.class_index == index)]
            # One position of the profile at a time, to save memory with many calls.
            for column, offset in enumerate(offsets):
                total[index, :, column] += rpm[:, at + offset].sum(axis=1, dtype=np.float64)
            counted[index] += len(at)
    mean = np.divide(
        total,
        counted[:, None, None],
        out=np.full_like(total, np.nan),
        where=counted[:, None, None] > 0,
    )
    return Profiles(mean, offsets * signal.bin_size, counted)
