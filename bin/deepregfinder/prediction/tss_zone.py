"""Reading the TSSs near which no enhancer is called."""

from collections.abc import Mapping
from pathlib import Path

from deepregfinder.genome.intervals import read_intervals
from deepregfinder.labels.elements import merged_tss
from deepregfinder.prediction.calling import TssZone


def read_tss_zone(
    path: Path | None, chrom_sizes: Mapping[str, int], merge_within: int, distance: int
) -> TssZone | None:
    """TSSs of a BED file, merged up to `merge_within` bp; None without a file."""
    if path is None:
        return None
    return TssZone(merged_tss(read_intervals(path), chrom_sizes, merge_within), distance)
