"""Coverage of reads, as other programs make it, and bigWig files of it (by pyBigWig)."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyBigWig

from samples.text_reads import Read

Coverage = Mapping[str, np.ndarray]


def coverage_of(reads: Sequence[Read], sizes: Mapping[str, int]) -> dict[str, np.ndarray]:
    """Reads over each base, as `bedtools genomecov -bga`; int64, shape (bp,)."""
    return binned_coverage(reads, sizes, 1)


def binned_coverage(
    reads: Sequence[Read], sizes: Mapping[str, int], bin_size: int
) -> dict[str, np.ndarray]:
    """Reads that touch the bin of each base, as `bamCoverage --binSize`; int64, shape (bp,)."""
    made = {}
    for chrom, size in sizes.items():
        here = [read for read in reads if read.chrom == chrom]
        starts = np.array([read.start for read in here], int)
        ends = np.array([read.end for read in here], int)
        steps = np.zeros(-(-size // bin_size) + 1, int)
        np.add.at(steps, starts // bin_size, 1)
        np.add.at(steps, (ends - 1) // bin_size + 1, -1)
        made[chrom] = np.repeat(np.cumsum(steps)[:-1], bin_size)[:size]
    return made


def random_library(
    seed: int,
    numbers: Mapping[str, int],
    sizes: Mapping[str, int],
    length: int | tuple[int, int],
    peaks: float = 0.3,
) -> list[Read]:
    """Reads of a library: a part of them in peaks of 300 bp (sd), the others in uneven background.

    numbers : reads on each chromosome; length : in bp, or mean and sd; peaks : share of the reads
    """
    generator = np.random.default_rng(seed)
    reads = []
    for chrom, n in numbers.items():
        size = sizes[chrom]
        regions = generator.gamma(1.5, 1, size // 10_000 + 1)
        centres = generator.integers(2_000, size - 2_000, size // 20_000 + 1)
        heights = generator.gamma(0.6, 1, len(centres))
        background = generator.choice(len(regions), n, p=regions / regions.sum()) * 10_000
        background += generator.integers(0, 10_000, n)
        peak = generator.choice(centres, n, p=heights / heights.sum())
        peak += generator.normal(0, 300, n).astype(int)
        lengths = np.full(n, length) if isinstance(length, int) else generator.normal(*length, n)
        lengths = np.clip(lengths, 30, 1_000).astype(int)
        starts = np.where(generator.random(n) < peaks, peak, background)
        starts = np.clip(starts, 0, size - lengths)
        strands = generator.choice(["+", "-"], n)
        columns = (starts.tolist(), (starts + lengths).tolist(), strands.tolist())
        reads += [Read(chrom, *row) for row in sorted(zip(*columns, strict=True))]
    return reads


def write_coverage(
    path: Path,
    coverage: Coverage,
    scale: float = 1,
    digits: int | None = None,
    zeros: bool = False,
    sizes: Mapping[str, int] | None = None,
) -> Path:
    """Write a value of each base, times a scale; touching bases of one value are one interval.

    digits : significant digits of the values; None for those of float32
    zeros : whether intervals without coverage are written, with the value 0
    sizes : the header; None for the lengths of the arrays
    """
    sizes = sizes or {chrom: len(values) for chrom, values in coverage.items()}
    with pyBigWig.open(str(path), "w") as file:
        file.addHeader(list(sizes.items()))
        for chrom, values in coverage.items():
            edges = np.flatnonzero(np.diff(values)) + 1
            starts, ends = np.append(0, edges), np.append(edges, len(values))
            kept = np.ones(len(starts), bool) if zeros else values[starts] != 0
            scaled = values[starts[kept]] * scale
            if digits is not None:
                scaled = np.array([float(f"{value:.{digits}g}") for value in scaled])
            if kept.any():
                file.addEntries(
                    [chrom] * int(kept.sum()),
                    starts[kept].tolist(),
                    ends=ends[kept].tolist(),
                    values=scaled.astype(float).tolist(),
                )
    return path
