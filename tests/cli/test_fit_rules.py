"""fit_rules.py: a bundle without labels, or one message with everything that is lacking."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from samples.small_genome import write_genome

from deepregfinder.errors import InputError
from deepregfinder.models.bundle import read_bundle
from fit_rules import fit_rules


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_genome(tmp_path, marks=("DNase", "H3K27ac", "H3K4me3"))
    (tmp_path / "tss.bed").write_text("chr1\t5000\t5001\n")
    return tmp_path


def run(folder: Path, *more: str, model: str = "ccre", classes: str = "3") -> Result:
    words = [
        *("--signal", folder / "signal.zip", "--model", model, "--classes", classes),
        *("--window_bins", "20", "--split", "chromosome", "--train_chroms", "1"),
        *("--output", folder / "bundle", *more),
    ]
    return CliRunner().invoke(fit_rules, [str(word) for word in words])


def test_a_bundle_is_written_that_prediction_reads(folder: Path) -> None:
    result = run(folder, "--tss", str(folder / "tss.bed"))
    assert result.exit_code == 0, result.output
    bundle = read_bundle(folder / "bundle")
    assert (bundle.model, bundle.marks) == ("ccre", ("DNase", "H3K27ac", "H3K4me3"))
    assert bundle.natural is None
    assert sorted(path.name for path in (folder / "bundle").iterdir()) == [
        "model.json",
        "model.safetensors",
    ]


def test_what_is_lacking_is_said_and_nothing_is_written(folder: Path) -> None:
    result = run(folder, classes="5")
    assert isinstance(result.exception, InputError)
    assert "no rule for poised" in str(result.exception)
    assert "give --tss" in str(result.exception)
    assert not (folder / "bundle").exists()


def test_a_model_that_learns_is_refused(folder: Path) -> None:
    result = run(folder, model="gbm")
    assert isinstance(result.exception, InputError)
    assert "gbm learns from labelled windows" in str(result.exception)
