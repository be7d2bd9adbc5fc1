"""Active and poised start sites by real nascent RNA: clusters of counts, and of their logs."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyBigWig
import pysam
import pytest
from samples.region_samples import GEOMETRY

from deepregfinder.genome.intervals import read_intervals
from deepregfinder.labels.elements import merged_tss, midpoints
from deepregfinder.labels.states import cluster_windows, two_means

pytestmark = pytest.mark.real_data


def groseq_of_mcf7(shared_data: Path) -> tuple[str, np.ndarray]:
    """The starts of single reads."""
    bins = np.zeros(1_591_387, np.int64)
    with pysam.AlignmentFile(str(shared_data / "groseq_hg19" / "S0mR1.bam")) as reads:
        for read in reads:
            bins[read.reference_start // 100] += 1
    return "chr7", bins


def proseq_of_k562(shared_data: Path) -> tuple[str, np.ndarray]:
    bins = np.zeros(481_299)
    for strand in ("plus", "minus"):
        path = shared_data / "nascent_hg19" / f"K562.chr21.{strand}.bw"
        with pyBigWig.open(str(path)) as coverage:
            values = np.abs(np.nan_to_num(coverage.values("chr21", 0, 48_129_895, numpy=True)))
        bins += np.pad(values, (0, 5)).reshape(-1, 100).sum(axis=1)
    return "chr21", bins.round().astype(np.int64)


@pytest.mark.parametrize(
    ("library", "n", "active", "by_counts"),
    [(groseq_of_mcf7, 1_328, 591, 3), (proseq_of_k562, 372, 171, 47)],
)
def test_logs_divide_where_counts_separate_a_few_strong_sites(
    library: Callable[[Path], tuple[str, np.ndarray]],
    n: int,
    active: int,
    by_counts: int,
    shared_data: Path,
) -> None:
    chrom, bins = library(shared_data)
    sites = read_intervals(shared_data / "annotation_hg19" / "RefSeqTSS.hg19.bed.gz")
    tss = merged_tss(sites, {chrom: len(bins) * 100}, 500)
    first = np.unique(GEOMETRY.window_start(midpoints(tss))) // 100
    counts = np.array([bins[start : start + 20].sum() for start in first])
    everywhere = np.ones(n, dtype=bool)
    _, by_log = cluster_windows(counts, everywhere, "promoter", "nascent", "log2")
    assert (by_log.windows, by_log.active) == (n, active)
    assert (counts >= two_means(counts)).sum() == by_counts
