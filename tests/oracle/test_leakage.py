"""Nothing that a model learns comes from the test chromosomes."""

from pathlib import Path

import numpy as np
import pytest
from samples.any_model import bytes_of, shorten_training, spoiled, train, windows_for

from deepregfinder.models.catalogue import MODEL_NAMES


@pytest.mark.parametrize("model", MODEL_NAMES)
def test_a_bundle_is_the_same_whatever_the_test_chromosomes_hold(
    tmp_path: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorten_training(monkeypatch)
    tensors = windows_for(model)
    for name, windows in (
        ("honest", tensors),
        ("test", spoiled(tensors, "test")),
        ("validation", spoiled(tensors, "validation")),
    ):
        train(tmp_path / name, windows, model)
    assert bytes_of(tmp_path / "test") == bytes_of(tmp_path / "honest")
    # The comparison sees what is used: other validation windows calibrate otherwise.
    assert bytes_of(tmp_path / "validation") != bytes_of(tmp_path / "honest")


@pytest.mark.parametrize("model", ["rf", "gbm"])
def test_validation_windows_change_no_tree(
    tmp_path: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorten_training(monkeypatch)
    tensors = windows_for(model)
    honest = train(tmp_path / "honest", tensors, model)
    changed = train(tmp_path / "changed", spoiled(tensors, "validation"), model)
    for name, array in honest.weights[0].items():
        np.testing.assert_array_equal(array, changed.weights[0][name])
    assert honest.temperature != changed.temperature
