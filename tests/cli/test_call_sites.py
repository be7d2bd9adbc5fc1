"""call_sites.py: narrowPeak of the sites, or one sentence."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from samples.small_genome import WORLD_SIZES, write_genome

from call_sites import call_sites
from deepregfinder.errors import InputError
from deepregfinder.genome.intervals import read_intervals


def run(folder: Path, mark: str) -> Result:
    words = [
        *("--signal", folder / "signal.zip", "--mark", mark, "--split", "chromosome"),
        *("--train_chroms", "1", "--validation_chroms", "2", "--test_chroms", "3"),
        *("--output", folder / "sites.narrowPeak"),
    ]
    return CliRunner().invoke(call_sites, [str(word) for word in words])


def test_the_elements_of_a_mark_are_found(tmp_path: Path) -> None:
    """Every other element, one each 16 kb, has 10 bins of the mark."""
    write_genome(tmp_path)
    assert run(tmp_path, "H3K4me1").exit_code == 0
    sites = read_intervals(tmp_path / "sites.narrowPeak", "peaks")
    assert set(sites["chrom"]) == set(WORLD_SIZES)
    off = (sites["summit"] - 5_000) % 16_000
    assert (off.where(off < 8_000, 16_000 - off) <= 700).mean() > 0.95
    assert len(sites) >= 0.9 * sum(size // 16_000 for size in WORLD_SIZES.values())
    assert sites["name"].iloc[0] == "H3K4me1_1"


def test_a_mark_without_reads_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    write_genome(tmp_path)
    result = run(tmp_path, "ATAC")
    assert isinstance(result.exception, InputError)
    assert "Sample K562 has no reads of ATAC" in str(result.exception)
    assert not (tmp_path / "sites.narrowPeak").exists()


def test_the_same_reads_give_the_same_bytes(tmp_path: Path) -> None:
    write_genome(tmp_path)
    contents = []
    for _ in range(2):
        assert run(tmp_path, "H3K4me3").exit_code == 0
        contents.append((tmp_path / "sites.narrowPeak").read_bytes())
    assert contents[0] == contents[1]


@pytest.mark.parametrize("chroms", ["1", "2"])
def test_another_training_chromosome_is_accepted(tmp_path: Path, chroms: str) -> None:
    write_genome(tmp_path)
    words = [
        *("--signal", tmp_path / "signal.zip", "--mark", "H3K4me3", "--split", "chromosome"),
        *("--train_chroms", chroms, "--output", tmp_path / "sites.narrowPeak"),
    ]
    assert CliRunner().invoke(call_sites, [str(word) for word in words]).exit_code == 0
