"""build_signal.py: counts of a sample in, reads per million out."""

import subprocess
import sys

import numpy as np
import pytest

from build_signal import build_signal
from deepregfinder.signal.store import open_signal
from deepregfinder.storage.zarr_zip import write_arrays


@pytest.fixture
def counts(tmp_path):
    for key, mark, sample, library_size in (
        ("K.H3K27ac.1", "H3K27ac", "K", 1_000_000),
        ("K.H3K4me1.1", "H3K4me1", "K", 2_000_000),
        ("input", "control", "control", 1_000_000),
    ):
        attributes = {
            **{"format": "counts", "id": key, "sample": sample, "mark": mark, "replicate": "1"},
            **{"bin_size": 100, "chrom_sizes": {"chr1": 300}, "library_size": library_size},
            **{"assigned": 9, "counting": {}, "blacklist": False, "paired_end": False},
        }
        values = np.array([4, 1, 0], np.uint16)
        write_arrays(tmp_path / f"{key}.counts.zip", [("chr1", values)], attributes)
    return tmp_path


def arguments(folder, control: str, *controls: str) -> list[str]:
    files = sorted(str(path) for path in folder.glob("*.counts.zip"))
    return [
        *("--sample", "K", "--control", control),
        *("--output", str(folder / "K.signal.zip"), "--summary", str(folder / "K.signal.tsv")),
        *(text for path in files for text in ("--counts", path)),
        *(text for pair in controls for text in ("--controls", pair)),
    ]


def test_a_channel_of_controls_joins_the_marks(counts):
    pairs = ("K.H3K27ac.1=input", "K.H3K4me1.1=input")
    build_signal.main(arguments(counts, "channel", *pairs), standalone_mode=False)
    signal = open_signal(counts / "K.signal.zip")
    assert signal.marks == ("H3K27ac", "H3K4me1", "control")
    assert signal.load("chr1").tolist() == [[4, 1, 0], [2, 0.5, 0], [4, 1, 0]]
    assert len((counts / "K.signal.tsv").read_text().splitlines()) == 4


@pytest.mark.parametrize(
    ("controls", "said"),
    [(["K.H3K27ac.1=input"], "none for K.H3K4me1.1"), (["nonsense"], "expected ID=CONTROL_ID")],
)
def test_a_mistake_is_one_sentence_and_leaves_nothing(repository, counts, controls, said):
    done = subprocess.run(
        [
            *(sys.executable, repository / "bin/build_signal.py"),
            *arguments(counts, "subtract", *controls),
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("ERROR: ")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (counts / "K.signal.zip").exists()
    assert not (counts / "K.signal.tsv").exists()
