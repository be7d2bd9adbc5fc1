from pathlib import Path

import numpy as np
import pytest

from deepregfinder.errors import InputError
from deepregfinder.evaluation.curve_plots import (
    draw_calibration,
    draw_confusion,
    draw_learning_curve,
    draw_precision_recall,
    draw_roc,
)
from deepregfinder.evaluation.metrics import Tallies, measure, one_hot_membership, tally

CLASSES = ("background", "enhancer", "promoter")


def rows(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in path.read_text().splitlines()]


def tallies(truth: np.ndarray) -> Tallies:
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(3), len(truth)).T
    return tally(p, truth, one_hot_membership(truth, 3), np.zeros(len(truth), int), 1)


def test_the_table_of_a_curve_has_what_is_drawn(tmp_path: Path) -> None:
    counts = tallies(np.arange(60) % 3)
    areas = measure(counts).per_class
    draw_precision_recall(tmp_path, "pr", CLASSES, counts, areas["average_precision"][0], "title")
    table = rows(tmp_path / "pr.tsv")
    assert table[0] == ["class", "threshold", "precision", "recall"]
    assert {row[0] for row in table[1:]} == {"enhancer", "promoter"}
    last = [row for row in table if row[0] == "promoter"][-1]
    assert float(last[3]) == 1
    assert float(last[2]) == pytest.approx(1 / 3, abs=1e-6)
    draw_roc(tmp_path, "roc", CLASSES, counts, areas["auroc"][0], "title")
    assert {row[0] for row in rows(tmp_path / "roc.tsv")[1:]} == set(CLASSES)


def test_a_class_without_windows_is_left_out_of_curves(tmp_path: Path) -> None:
    counts = tallies(np.arange(60) % 2)
    areas = np.full(3, np.nan)
    draw_precision_recall(tmp_path, "pr", CLASSES, counts, areas, "title")
    draw_roc(tmp_path, "roc", CLASSES, counts, areas, "title")
    assert {row[0] for row in rows(tmp_path / "pr.tsv")[1:]} == {"enhancer"}
    assert (tmp_path / "pr.png").stat().st_size


def test_confusion_and_calibration_tables(tmp_path: Path) -> None:
    confusion = np.array([[5, 1, 0], [0, 7, 2], [0, 0, 0]])
    draw_confusion(tmp_path, "confusion", CLASSES, confusion, "title")
    assert rows(tmp_path / "confusion.tsv")[2] == ["enhancer", "0", "7", "2"]
    counts = tallies(np.arange(60) % 3)
    draw_calibration(tmp_path, "calibration", counts, counts, (0.1, 0.2), "title")
    table = rows(tmp_path / "calibration.tsv")
    assert len(table) == 31
    assert table[1] == ["before", "0.000000", "0.066667", "0", ".", "."]
    assert sum(int(row[3]) for row in table[1:]) == 120


def test_the_same_numbers_give_the_same_picture_without_date_or_version(tmp_path: Path) -> None:
    confusion = np.array([[5, 1, 0], [0, 7, 2], [0, 0, 9]])
    for name in ("one", "two"):
        draw_confusion(tmp_path, name, CLASSES, confusion, "title")
    content = (tmp_path / "one.png").read_bytes()
    assert content == (tmp_path / "two.png").read_bytes()
    assert b"tEXt" not in content
    assert b"tIME" not in content
    drawing = (tmp_path / "one.svg").read_text()
    assert drawing == (tmp_path / "two.svg").read_text()
    assert "<dc:date>" not in drawing
    assert "Matplotlib" not in drawing
    assert ">Labelled</text>" in drawing, "text stays text"


def test_a_table_that_is_no_learning_curve_is_refused(tmp_path: Path) -> None:
    (tmp_path / "learning.tsv").write_text("seed\tepoch\n1\t1\n")
    with pytest.raises(InputError, match=r"learning\.tsv"):
        draw_learning_curve(tmp_path, "curve", tmp_path / "learning.tsv", "title", "epoch")
    assert not (tmp_path / "curve.png").exists()
