"""The model in the box: what it says of itself, and panels of fewer marks."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest
from samples.small_models import random_bundle

from deepregfinder.errors import InputError
from deepregfinder.models.bundle import read_bundle, write_bundle
from deepregfinder.signal.store import open_signal, write_signal

TOOLS = Path(__file__).parents[3] / "tools/accuracy"
TABLE = """Mean AP over both lines

| model | own line, simulated | own line, real | own line, real - simulated |
| --- | --- | --- | --- |
| cnn | 0.712 (0.6 to 0.8) | 0.684 (0.6 to 0.7) | -0.028 (-0.1 to 0.1) |
"""


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    yield importlib.import_module
    for name in ("ship_model", "panels"):
        sys.modules.pop(name, None)


def test_the_shipped_bundle_says_what_its_reads_were(tool, tmp_path, capsys):
    ship = tool("ship_model").ship_model.callback
    write_bundle(tmp_path / "drf", random_bundle("cnn"))
    (tmp_path / "table.md").write_text(TABLE)
    for said in ("changed", "the same bytes as before"):
        ship(tmp_path / "drf", tmp_path / "table.md", tmp_path / "box")
        assert said in capsys.readouterr().out
    shipped = read_bundle(tmp_path / "box")
    assert "simulated from real peak lists" in shipped.provenance["remark"]
    assert "was 0.68, and 0.71 on simulated reads" in shipped.provenance["remark"]
    (tmp_path / "table.md").write_text(TABLE.replace("| cnn |", "| gbm |"))
    with pytest.raises((InputError, SystemExit)):
        ship(tmp_path / "drf", tmp_path / "table.md", tmp_path / "box")


def test_a_panel_has_some_marks_and_reads_of_some_chromosomes(tool, tmp_path):
    sizes, marks = {"chr1": 50_000, "chr2": 30_000}, ("H3K27ac", "H3K4me1", "H3K4me3")
    rng = np.random.default_rng(1)
    arrays = {chrom: rng.poisson(9, (3, size // 100)) / 2 for chrom, size in sizes.items()}
    write_signal(
        tmp_path / "signal.zip", sample="A", marks=marks, bin_size=100, chrom_sizes=sizes,
        control="ignore", library_sizes=dict.fromkeys(marks, (2000000,)), counting={},
        arrays=[(chrom, rpm.astype(np.float32)) for chrom, rpm in arrays.items()],
    )  # fmt: skip
    whole = open_signal(tmp_path / "signal.zip")
    chosen = ["H3K27ac", "H3K4me3"]
    tool("panels").write_panel(tmp_path / "panel.zip", whole, chosen, 1, ["chr1"])
    panel = open_signal(tmp_path / "panel.zip")
    assert panel.marks == tuple(chosen)
    np.testing.assert_array_equal(panel.load("chr1"), whole.load("chr1")[[0, 2]])
    assert not panel.load("chr2").any()
    tool("panels").write_panel(tmp_path / "half.zip", whole, chosen, 0.5, ["chr1"])
    half = open_signal(tmp_path / "half.zip")
    assert half.library_sizes == dict.fromkeys(chosen, (1000000,))
    reads = half.load("chr1")
    np.testing.assert_array_equal(reads, np.rint(reads))
    assert abs(reads.mean() / panel.load("chr1").mean() - 1) < 0.1
