"""show_examples.py writes the examples of a result, with labels and without."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from deepregfinder.errors import InputError
from deepregfinder.report.examples import read_examples
from deepregfinder.signal.store import write_signal
from show_examples import show_examples

SIZES = {"chr1": 100_000, "chr17": 100_000}
CALL = "chr17\t50000\t52000\tenhancer\t900\t.\t50900\t51100\t230,159,0\n"
LABELS = "chr1\t5000\t7000\tpromoter\t.\ttrain\nchr17\t20000\t22000\tenhancer\t.\ttest\n"


def run(folder: Path, *options: str) -> Result:
    words = ["--model", "cnn", "--classes", "3", "--signal", "A.signal.zip", "--calls", "A.cnn.bed"]
    return CliRunner().invoke(
        show_examples, [*words, *options, "--output", "out.json"], catch_exceptions=False
    )


@pytest.fixture(autouse=True)
def _inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_signal(
        tmp_path / "A.signal.zip", sample="A", marks=("H3K27ac",), bin_size=100, chrom_sizes=SIZES,
        counting={},
        control="ignore", library_sizes={"H3K27ac": (1,)},
        arrays=[(chrom, np.ones((1, size // 100), np.float32)) for chrom, size in SIZES.items()],
    )  # fmt: skip
    (tmp_path / "A.cnn.bed").write_text(CALL)
    (tmp_path / "A.regions.bed").write_text(LABELS)


def test_with_labels_missed_and_false_places_are_there(tmp_path: Path) -> None:
    assert run(tmp_path, "--regions", "A.regions.bed").exit_code == 0
    examples = read_examples(tmp_path / "out.json")
    assert (examples.sample, examples.model, examples.labelled) == ("A", "cnn", True)
    assert [one.kind for one in examples.places] == ["best", "missed", "false"]


def test_without_labels_the_best_calls_are(tmp_path: Path) -> None:
    assert run(tmp_path).exit_code == 0
    assert [one.kind for one in read_examples(tmp_path / "out.json").places] == ["best"]


def test_no_call_at_all_is_no_example(tmp_path: Path) -> None:
    (tmp_path / "A.cnn.bed").write_text("")
    assert run(tmp_path).exit_code == 0
    assert read_examples(tmp_path / "out.json").places == ()


def test_calls_of_other_classes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "A.cnn.bed").write_text(CALL.replace("enhancer", "poised_enhancer"))
    with pytest.raises(InputError, match="line 1: expected a call"):
        run(tmp_path)
    assert not (tmp_path / "out.json").exists()
