"""assign_states.py: from count files to states."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from samples.labelled_windows import N_BINS, SIZES, candidates

from assign_states import assign_states
from deepregfinder.labels.candidates import read_regions, write_regions
from deepregfinder.storage.zarr_zip import write_arrays


def counts_file(path: Path, seed: int, bin_size: int = 100) -> Path:
    """Counts where every second element of `candidates` is transcribed, 1 bin in 25 at a time."""
    rng = np.random.default_rng(seed)
    arrays = {chrom: rng.poisson(0.1, n).astype(np.uint16) for chrom, n in N_BINS.items()}
    for values in arrays.values():
        for window in range(0, 40, 2):
            values[window * 25 : window * 25 + 20] += rng.poisson(20, 20).astype(np.uint16)
    attributes = {
        **{"format": "counts", "id": path.stem, "sample": "K562", "mark": "nascent"},
        **{"replicate": "1", "bin_size": bin_size, "chrom_sizes": SIZES, "library_size": 10_000},
        **{"assigned": 9_000, "counting": {}, "paired_end": False},
    }
    write_arrays(path, arrays.items(), attributes)
    return path


@pytest.fixture
def given(tmp_path: Path) -> Path:
    write_regions(tmp_path / "candidates.bed", candidates())
    return tmp_path


def run(folder: Path, *more: str | Path, bin_size: str = "100") -> Result:
    fixed = ["--candidates", folder / "candidates.bed", "--nascent_transform", "none"]
    fixed += ["--bin_size", bin_size, "--window_bins", "20"]
    fixed += ["--output", folder / "states.bed", "--summary", folder / "states.tsv"]
    return CliRunner().invoke(assign_states, [str(word) for word in (*fixed, *more)])


def test_unstranded_reads_give_states(given: Path) -> None:
    result = run(given, "--nascent", counts_file(given / "n.counts.zip", 1))
    assert result.exit_code == 0, result.output
    expected = candidates(states=True)
    pd.testing.assert_frame_equal(read_regions(given / "states.bed"), expected)
    summary = pd.read_csv(given / "states.tsv", sep="\t")
    assert summary["reads"].tolist() == ["nascent", "all"] * 2
    assert summary["active"].tolist() == [30] * 4


def test_two_strands_give_states(given: Path) -> None:
    sense = counts_file(given / "s.counts.zip", 2)
    antisense = counts_file(given / "a.counts.zip", 3)
    result = run(given, "--nascent_sense", sense, "--nascent_antisense", antisense)
    assert result.exit_code == 0, result.output
    pd.testing.assert_frame_equal(read_regions(given / "states.bed"), candidates(states=True))


@pytest.mark.parametrize("names", [(), ("--nascent_sense",), ("--nascent", "--nascent_sense")])
def test_other_combinations_of_files_are_refused(given: Path, names: tuple[str, ...]) -> None:
    counts = counts_file(given / "n.counts.zip", 1)
    result = run(given, *(word for name in names for word in (name, counts)))
    assert "Give the nascent RNA as one file" in str(result.exception)
    assert not (given / "states.bed").exists()


def test_counts_on_other_bins_are_refused(given: Path) -> None:
    counts = counts_file(given / "n.counts.zip", 1, bin_size=50)
    assert "has bins of 50 bp" in str(run(given, "--nascent", counts).exception)
