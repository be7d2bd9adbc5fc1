"""Sites called from reads, compared with a plain implementation of the rule."""

from pathlib import Path

import numpy as np
import pytest

from deepregfinder.counting.enriched_sites import chromosome_sites
from deepregfinder.errors import InputError
from deepregfinder.genome.intervals import read_intervals
from deepregfinder.labels.sites import called_sites, write_sites
from deepregfinder.signal.store import Signal, open_signal, write_signal

SIZES = {"chr1": 250_030, "chr2": 120_000}
DEPTH = 2_000_000


def reads_of(seed: int, n_bins: int, sites: int) -> np.ndarray:
    """Background with a copied half, and sites of one to eight bins."""
    rng = np.random.default_rng(seed)
    reads = rng.poisson(np.where(np.arange(n_bins) < n_bins // 2, 1.5, 0.5))
    for middle in rng.integers(10, n_bins - 10, sites):
        width = rng.integers(1, 9)
        reads[middle : middle + width] += rng.poisson(rng.choice([2, 6, 20]), width)
    return reads.astype(float)


def plain_sites(reads: np.ndarray, mean: float) -> list[tuple[int, int]]:
    """Runs of enriched bins of 100 bp, bin by bin, with the Poisson sum written out."""
    enriched = []
    for at in range(len(reads)):
        near = reads[max(at - 1, 0) : at + 2]
        here = near.mean() * 3
        wide = reads[max(at - 500, 0) : at + 501]
        expected = 3 * max(wide.mean(), mean)
        terms, fewer = np.exp(-expected), 0.0
        for number in range(round(here)):
            fewer += terms
            terms *= expected / (number + 1)
        enriched.append(here >= 3 * expected and here > 0.5 and 1 - fewer < 1e-4)
    runs: list[tuple[int, int]] = []
    for at, is_enriched in enumerate(enriched):
        if is_enriched and runs and runs[-1][1] == at - 1:
            runs[-1] = (runs[-1][0], at)
        elif is_enriched:
            runs.append((at, at))
    return runs


@pytest.mark.parametrize("seed", range(3))
def test_sites_are_those_of_the_rule(seed: int) -> None:
    reads = reads_of(seed, 1_500, 30)
    for mean in (0.5, 2.0):
        sites = chromosome_sites(reads, mean, 100)
        found = list(zip(sites.first.tolist(), sites.last.tolist(), strict=True))
        assert found == plain_sites(reads, mean)
        assert found
        assert (sites.summit >= sites.first).all()
        assert (sites.summit <= sites.last).all()


def write(path: Path, reads: dict[str, np.ndarray]) -> Signal:
    """A signal of two marks; the second one has these reads."""
    rpm = {chrom: np.stack([values * 0, values * 1e6 / DEPTH]) for chrom, values in reads.items()}
    write_signal(
        path, sample="K", marks=("H3K4me1", "ATAC"), bin_size=100, chrom_sizes=SIZES,
        control="ignore", library_sizes={"H3K4me1": [1], "ATAC": [DEPTH // 2, DEPTH // 2]},
        counting={}, arrays=((chrom, one.astype(np.float32)) for chrom, one in rpm.items()),
    )  # fmt: skip
    return open_signal(path)


@pytest.fixture
def reads() -> dict[str, np.ndarray]:
    return {
        chrom: reads_of(n, -(-size // 100), 40)
        for n, (chrom, size) in enumerate(SIZES.items(), start=7)
    }


def test_sites_are_read_back_with_fold_and_summit(tmp_path: Path, reads) -> None:
    sites = called_sites(write(tmp_path / "signal.zip", reads), "ATAC", ["chr1"])
    expected = {chrom: plain_sites(values, reads["chr1"].mean()) for chrom, values in reads.items()}
    got = [tuple(row) for row in sites[["chrom", "start", "end"]].to_numpy().tolist()]
    assert got == [
        (chrom, first * 100, min((last + 1) * 100, SIZES[chrom]))
        for chrom, runs in expected.items()
        for first, last in runs
    ]
    write_sites(tmp_path / "sites.narrowPeak", sites, "ATAC")
    read = read_intervals(tmp_path / "sites.narrowPeak", "peaks")
    assert read[["chrom", "start", "end", "summit"]].equals(
        sites[["chrom", "start", "end", "summit"]]
    )
    np.testing.assert_allclose(read["signal"], sites["signal"], atol=5e-4)
    assert (read["signal"] >= 3).all()


def test_other_chromosomes_do_not_shape_the_sites_of_training(tmp_path: Path, reads) -> None:
    """Only the training chromosomes give the mean that is expected everywhere."""
    before = called_sites(write(tmp_path / "a.zip", reads), "ATAC", ["chr1"])
    spoilt = reads | {"chr2": reads["chr2"] * 50}
    after = called_sites(write(tmp_path / "b.zip", spoilt), "ATAC", ["chr1"])
    of_training = [table[table["chrom"] == "chr1"] for table in (before, after)]
    assert of_training[0].equals(of_training[1])
    assert not before.equals(after)


def test_without_reads_or_without_sites_there_is_one_sentence(tmp_path: Path, reads) -> None:
    signal = write(tmp_path / "signal.zip", reads)
    with pytest.raises(InputError, match="Sample K has no reads of DNase to call sites from; it"):
        called_sites(signal, "DNase", ["chr1"])
    with pytest.raises(InputError, match="No site of H3K4me1 is called from the reads of K: no"):
        called_sites(signal, "H3K4me1", ["chr1"])
