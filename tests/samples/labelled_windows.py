"""A small sample with signal and candidates, for tests of tensors."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from deepregfinder.labels.candidates import COLUMNS, sort_regions
from deepregfinder.signal.store import Signal, open_signal, write_signal
from samples.region_samples import BY_CHROMOSOME, GEOMETRY

SIZES = {"chr1": 200_000, "chr8": 200_000, "chr17": 200_050}
MARKS = ("H3K27ac", "H3K4me1", "H3K4me3")
N_BINS = {chrom: -(-length // 100) for chrom, length in SIZES.items()}


def arrays(seed: int = 1) -> dict[str, np.ndarray]:
    """RPM of each chromosome: float32, shape (marks, bins); two of three bins are zero."""
    rng = np.random.default_rng(seed)
    return {
        chrom: (rng.poisson(0.4, (len(MARKS), n)) * 0.25).astype(np.float32)
        for chrom, n in N_BINS.items()
    }


def signal_file(path: Path, values: dict[str, np.ndarray], sample: str = "K562") -> Path:
    write_signal(
        path,
        sample=sample,
        marks=MARKS,
        bin_size=100,
        chrom_sizes=SIZES,
        counting={},
        control="ignore",
        library_sizes={mark: [4_000_000] for mark in MARKS},
        arrays=values.items(),
    )
    return path


def make_signal(folder: Path, values: dict[str, np.ndarray]) -> Signal:
    return open_signal(signal_file(folder / "K562.signal.zip", values))


def candidates(split: str = "chromosome", states: bool = False) -> pd.DataFrame:
    """On each chromosome 20 promoters and 20 enhancers, 2.5 kb apart; then 20 background windows.

    With `states`, every second element is active and the others are poised.
    """
    rows: list[tuple[Any, ...]] = []
    for chrom in SIZES:
        name = BY_CHROMOSOME.of(chrom) if split == "chromosome" else "."
        for n in range(40):
            element = "promoter" if n < 20 else "enhancer"
            state = ("active", "poised")[n % 2] if states else "."
            kind = f"{state}_{element}" if states else element
            rows.append((chrom, 2_500 * n, 2_500 * n + GEOMETRY.window, kind, state, name))
    elements = sort_regions(pd.DataFrame(rows, columns=list(COLUMNS)))
    rows = []
    for chrom in SIZES:
        name = BY_CHROMOSOME.of(chrom) if split == "chromosome" else "."
        order = np.random.default_rng(5).permutation(20)
        starts = 100_000 + GEOMETRY.window * order
        rows += [(chrom, s, s + GEOMETRY.window, "background", ".", name) for s in starts.tolist()]
    return pd.concat([elements, pd.DataFrame(rows, columns=list(COLUMNS))], ignore_index=True)
