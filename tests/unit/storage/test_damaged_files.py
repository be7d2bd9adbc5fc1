"""Files between the steps: any single wrong byte is detected or has no effect."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from deepregfinder.errors import InputError
from deepregfinder.storage.checked_safetensors import read_checked, write_checked
from deepregfinder.storage.zarr_zip import open_arrays, read_array, write_arrays

ARRAYS = {
    "chr1": np.arange(300, dtype=np.float32).reshape(3, 100) % 7,
    "chr2": np.zeros((3, 40), np.float32),
}
FACTS = {"format": "signal", "sample": "K562", "depths": [1000, 2000]}


def write_zip(path: Path) -> None:
    write_arrays(path, ARRAYS.items(), FACTS)


def read_zip(path: Path) -> tuple[dict[str, np.ndarray], dict]:
    group = open_arrays(path, "signal")
    return {name: read_array(group, name) for name in ARRAYS}, dict(group.attrs)


def write_tensors(path: Path) -> None:
    write_checked(path, ARRAYS, "signal", FACTS)


def read_tensors(path: Path) -> tuple[dict[str, np.ndarray], dict]:
    return read_checked(path, "signal")


@pytest.mark.parametrize(
    ("write", "read"),
    [(write_zip, read_zip), (write_tensors, read_tensors)],
    ids=["zip", "tensors"],
)
def test_a_wrong_byte_is_noticed_or_does_nothing(
    tmp_path: Path, write: Callable, read: Callable
) -> None:
    path = tmp_path / "file"
    write(path)
    whole = path.read_bytes()
    rng = np.random.default_rng(4)
    noticed = 0
    for place in rng.permutation(len(whole))[:250]:
        damaged = bytearray(whole)
        damaged[place] ^= 1 << rng.integers(8)
        path.write_bytes(damaged)
        try:
            arrays, facts = read(path)
        except (InputError, ValueError):
            noticed += 1
            continue
        assert facts == FACTS
        assert all(np.array_equal(arrays[name], array) for name, array in ARRAYS.items())
    assert noticed > 100


@pytest.mark.parametrize(
    ("write", "read"),
    [(write_zip, read_zip), (write_tensors, read_tensors)],
    ids=["zip", "tensors"],
)
def test_a_file_cut_short_is_refused(tmp_path: Path, write: Callable, read: Callable) -> None:
    path = tmp_path / "file"
    write(path)
    whole = path.read_bytes()
    for size in (0, 1, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises((InputError, ValueError)):
            read(path)
