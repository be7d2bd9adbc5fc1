"""TSSs that a model was given, which its arrays hold by chromosome as `tss.NAME`.

NAME is that of the chromosome without "chr"; the array holds sorted positions in bp, int64.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from deepregfinder.genome.grid import bare_name
from deepregfinder.genome.intervals import read_intervals
from deepregfinder.models.protocol import TrainingGenome

_PREFIX = "tss."


def array_name(chrom: str) -> str:
    """Name of the array of a chromosome."""
    return _PREFIX + bare_name(chrom)


def read_tss(path: Path) -> dict[str, np.ndarray]:
    """Positions of the TSSs of a BED file by bare name of the chromosome: sorted, int64 bp."""
    table = read_intervals(path)
    middles = (table["start"] + table["end"]) // 2
    return {
        bare_name(str(chrom)): np.sort(part.to_numpy(np.int64))
        for chrom, part in middles.groupby(table["chrom"])
    }


def tss_arrays(training: TrainingGenome) -> dict[str, np.ndarray]:
    """The arrays of all chromosomes of the genome that have a TSS; none where there is no list."""
    known = {bare_name(chrom) for chrom in training.tensors.chrom_sizes}
    return {
        array_name(chrom): positions
        for chrom, positions in (training.tss or {}).items()
        if bare_name(chrom) in known
    }


def is_tss_array(name: str) -> bool:
    """Whether an array of that name holds TSSs."""
    return name.startswith(_PREFIX)


def tss_of(arrays: Mapping[str, np.ndarray], chrom: str) -> np.ndarray:
    """Positions on a chromosome, by either of its names; empty without TSSs there."""
    return arrays.get(array_name(chrom), np.empty(0, np.int64))


def check_tss_array(name: str, array: np.ndarray) -> None:
    """Raise ValueError unless the array holds sorted positions, int64, from 0 on."""
    if array.dtype != np.int64 or array.ndim != 1 or (np.diff(array, prepend=0) < 0).any():
        raise ValueError(f"{name} are not rising positions")
