"""Sites of a mark, called from the reads of the run where the user gives no peaks.

The rule is that of `counting.enriched_sites`, with the mean of the training chromosomes. Its
thresholds are fixed, and nothing is fitted: of the validation and test chromosomes, only their own
reads are used, and only for their own sites.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from deepregfinder.counting.enriched_sites import (
    FOLD,
    ChromosomeSites,
    chromosome_sites,
    mean_reads,
)
from deepregfinder.errors import InputError
from deepregfinder.signal.store import Signal, mark_depths
from deepregfinder.storage.atomic import written_whole


def called_sites(signal: Signal, mark: str, training: Sequence[str]) -> pd.DataFrame:
    """The sites of a mark on all chromosomes, by the rule above.

    training : the chromosomes whose mean is expected everywhere

    Returns a table of `read_intervals` (kind "peaks"); signal is the fold over the expected number.
    Raises InputError where the sample lacks the mark, or no site is found.
    """
    if mark not in signal.marks:
        raise InputError(
            f"Sample {signal.sample} has no reads of {mark} to call sites from; it has "
            f"{', '.join(signal.marks)}."
        )
    row = signal.marks.index(mark)
    depth = int(mark_depths(signal)[row])

    def reads(chrom: str) -> np.ndarray:
        counts: np.ndarray = np.rint(signal.load(chrom)[row].astype(np.float64) * depth / 1e6)
        return counts

    mean = mean_reads(reads, training)
    tables = []
    for chrom, length in signal.chrom_sizes.items():
        sites = chromosome_sites(reads(chrom), mean, signal.bin_size)
        tables.append(_table(chrom, length, sites, signal.bin_size))
    table = pd.concat(tables, ignore_index=True)
    if table.empty:
        raise InputError(
            f"No site of {mark} is called from the reads of {signal.sample}: nowhere are there "
            f"{FOLD:g} times as many reads as expected. Check the BAM file and its depth, or give "
            "peaks in the label sheet."
        )
    return table


def _table(chrom: str, length: int, sites: ChromosomeSites, bin_size: int) -> pd.DataFrame:
    middle = sites.summit * bin_size + bin_size // 2
    return pd.DataFrame(
        {
            "chrom": chrom,
            "start": sites.first * bin_size,
            "end": np.minimum((sites.last + 1) * bin_size, length),
            "signal": sites.fold,
            "summit": np.minimum(middle, length - 1),
        }
    )


def write_sites(path: Path, sites: pd.DataFrame, mark: str) -> None:
    """Write a narrowPeak file, without p and q values (-1)."""
    score = np.clip(sites["signal"] * 100, 0, 1000).round().astype(int)
    columns: Mapping[str, object] = {
        "chrom": sites["chrom"],
        "start": sites["start"],
        "end": sites["end"],
        "name": [f"{mark}_{number}" for number in range(1, len(sites) + 1)],
        "score": score,
        "strand": ".",
        "signal": sites["signal"].map("{:.3f}".format),
        "p": -1,
        "q": -1,
        "summit": sites["summit"] - sites["start"],
    }
    with written_whole(path) as part:
        pd.DataFrame(columns).to_csv(part, sep="\t", header=False, index=False, lineterminator="\n")
