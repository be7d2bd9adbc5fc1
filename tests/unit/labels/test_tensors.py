"""The file of tensors: everything is restored, and the same input gives the same bytes."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file
from samples.labelled_windows import arrays, candidates, make_signal
from samples.region_samples import AT_RANDOM, BY_CHROMOSOME

from deepregfinder.errors import InputError
from deepregfinder.genome.splits import SplitPlan
from deepregfinder.labels.tensors import Tensors, open_tensors, write_tensors
from deepregfinder.labels.windows import WindowRules, choose_windows


def built(folder: Path, plan: SplitPlan = BY_CHROMOSOME) -> Tensors:
    windows = candidates(plan.mode)
    signal = make_signal(folder, arrays())
    rules = WindowRules(3, 20, 5, 30, "log2")
    tensors = choose_windows(signal, windows, rules, plan, 7).tensors
    return replace(tensors, unlabelled=np.array([[0, 5_000], [2, 90_000]]))


@pytest.mark.parametrize("plan", [BY_CHROMOSOME, AT_RANDOM])
def test_everything_comes_back(tmp_path: Path, plan: SplitPlan) -> None:
    tensors = built(tmp_path, plan)
    write_tensors(tmp_path / "t.safetensors", tensors)
    stored = open_tensors(tmp_path / "t.safetensors")
    for name in ("x", "y", "split", "chrom", "start", "unlabelled"):
        written, read = getattr(tensors, name), getattr(stored, name)
        assert read.dtype == written.dtype
        assert np.array_equal(read, written)
    for name in ("sample", "classes", "marks", "geometry", "split_plan", "seed", "control"):
        assert getattr(stored, name) == getattr(tensors, name)
    assert list(stored.chrom_sizes.items()) == list(tensors.chrom_sizes.items())
    assert stored.filters == {"min_nonzero": 5, "n_background": 30}
    assert stored.normalisation.to_dict() == tensors.normalisation.to_dict()
    assert stored.normalisation.transform == "log2"


def test_the_types_are_those_of_the_contract(tmp_path: Path) -> None:
    tensors = built(tmp_path)
    types = [tensors.x.dtype, tensors.y.dtype, tensors.split.dtype]
    types += [tensors.chrom.dtype, tensors.start.dtype]
    assert types == [np.float32, np.uint8, np.uint8, np.int16, np.int64]


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_tensors(tmp_path / name / "t.safetensors", built(tmp_path / name))
    one, other = ((tmp_path / name / "t.safetensors").read_bytes() for name in ("a", "b"))
    assert one == other


def test_provenance_stands_in_one_metadata_key(tmp_path: Path) -> None:
    write_tensors(tmp_path / "t.safetensors", built(tmp_path))
    with safe_open(tmp_path / "t.safetensors", framework="numpy") as archive:
        metadata = archive.metadata()
    assert list(metadata) == ["tensors"]
    facts = json.loads(metadata["tensors"])["description"]
    assert facts["split"]["train_chroms"] == ["1", "2", "3", "4", "5", "6", "7"]
    assert list(facts) == sorted(facts)


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no tensors")
    save_file({"x": np.zeros(3)}, tmp_path / "other.safetensors", {"format": "pt"})
    with pytest.raises(InputError, match="text cannot be read as a file of tensors"):
        open_tensors(tmp_path / "text")
    with pytest.raises(InputError, match="it contains no tensors"):
        open_tensors(tmp_path / "other.safetensors")
    with pytest.raises(InputError, match="missing cannot be read"):
        open_tensors(tmp_path / "missing")
