"""build_tensors.py: its three output files agree."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from samples.labelled_windows import arrays, candidates, signal_file

from build_tensors import build_tensors
from deepregfinder.genome.splits import SPLITS
from deepregfinder.labels.candidates import read_regions, write_regions
from deepregfinder.labels.tensors import open_tensors


@pytest.fixture
def given(tmp_path: Path) -> Path:
    signal_file(tmp_path / "K562.signal.zip", arrays())
    write_regions(tmp_path / "chromosome.bed", candidates())
    write_regions(tmp_path / "random.bed", candidates("random"))
    return tmp_path


def run(folder: Path, **changed: str) -> Result:
    split = changed.get("split", "chromosome")
    options = {
        "sample": "K562",
        "signal": folder / "K562.signal.zip",
        "candidates": folder / f"{split}.bed",
        "classes": "3",
        "window_bins": "20",
        "min_nonzero": "5",
        "n_background": "30",
        "transform": "log2",
        "split": split,
        "train_chroms": "1-7",
        "validation_chroms": "8-16",
        "test_chroms": "17-22,X,Y",
        "seed": "1",
        "output": folder / "K562.tensors.safetensors",
        "regions_output": folder / "K562.regions.bed",
        "summary": folder / "K562.regions.tsv",
    }
    words = [str(w) for name, value in (options | changed).items() for w in (f"--{name}", value)]
    return CliRunner().invoke(build_tensors, words)


@pytest.mark.parametrize("split", ["chromosome", "random"])
def test_the_three_files_belong_together(given: Path, split: str) -> None:
    result = run(given, split=split)
    assert result.exit_code == 0, result.output
    tensors = open_tensors(given / "K562.tensors.safetensors")
    regions = read_regions(given / "K562.regions.bed")
    summary = pd.read_csv(given / "K562.regions.tsv", sep="\t", index_col="class")
    assert len(tensors.x) == len(regions) == summary[list(SPLITS)].to_numpy().sum() == 150
    assert regions["start"].tolist() == tensors.start.tolist()
    for index, name in enumerate(tensors.classes):
        for place, one in enumerate(SPLITS):
            n = int(((tensors.y == index) & (tensors.split == place)).sum())
            assert n == summary.loc[name, one]
            assert n == ((regions["class"] == name) & (regions["split"] == one)).sum()
    assert tensors.normalisation.transform == "log2"
    assert np.isfinite(tensors.x).all()


def test_the_signal_of_another_sample_is_refused(given: Path) -> None:
    result = run(given, sample="GM12878")
    assert "is the signal of K562, not of GM12878" in str(result.exception)
    assert not (given / "K562.tensors.safetensors").exists()
