import json
from pathlib import Path

import pytest
from samples.small_evaluation import elements, write_world

from deepregfinder.classes import class_names
from deepregfinder.errors import InputError
from evaluate_model import evaluate_model

PLOTS = ("pr_curve", "roc_curve", "confusion_matrix", "calibration", "learning_curve")


def run(folder: Path, *more: str, **changed: str) -> None:
    """Evaluate in this process, with paths in `folder`; an error is raised."""
    options = {
        "sample": "K562",
        "model": "cnn",
        "bundle": folder / "bundle",
        "tensors": folder / "tensors.safetensors",
        "bootstrap": "40",
        "seed": "1",
        "output": folder / "out",
    } | changed
    options["model_card"] = f"{options['output']}/model_card.md"
    arguments = [str(text) for name, value in options.items() for text in (f"--{name}", value)]
    files = [str(folder / text) if "." in text else text for text in more]
    evaluate_model.main([*arguments, *files], standalone_mode=False)


SCAN = ("--probabilities", "1.zip", "--probabilities", "2.zip", "--calls", "calls.bed")


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an evaluation (twice) of a bundle of two members."""
    folder = tmp_path_factory.mktemp("evaluated")
    write_world(folder, n_members=2)
    (folder / "calls.bed").write_text(
        "chr3\t5000\t7000\tenhancer\t912\t.\t5900\t6100\t230,159,0\n"
        "chr4\t25000\t27000\tpromoter\t800\t.\t25900\t26100\t0,114,178\n"
    )
    for output in ("out", "again"):
        run(folder, *SCAN, output=str(folder / output))
    return folder


def test_every_file_of_the_contract_is_there(evaluated: Path) -> None:
    for name in ("metrics.json", "seeds.tsv", "model_card.md"):
        assert (evaluated / "out" / name).stat().st_size
    for plot in (*PLOTS, "natural_pr_curve", "natural_calibration"):
        assert (evaluated / "out" / f"{plot}.png").read_bytes().startswith(b"\x89PNG")
        assert len((evaluated / "out" / f"{plot}.tsv").read_text().splitlines()) > 3


def test_the_same_input_gives_the_same_bytes(evaluated: Path) -> None:
    files = sorted(path.name for path in (evaluated / "out").iterdir())
    assert files == sorted(path.name for path in (evaluated / "again").iterdir())
    for name in files:
        one, two = ((evaluated / run / name).read_bytes() for run in ("out", "again"))
        assert one == two, name
        assert b"matplotlib v" not in one.lower(), "no version of the program"


def test_metrics_keep_the_contract(evaluated: Path) -> None:
    metrics = json.loads((evaluated / "out" / "metrics.json").read_text())
    windows = elements()
    rows = windows.select("test")
    assert metrics["classes"] == list(class_names(3))
    for index, name in enumerate(metrics["classes"]):
        assert metrics["n_test"][name] == (windows.y[rows] == index).sum()
        assert sum(metrics["confusion_matrix"][index]) == metrics["n_test"][name]
    for section in (metrics, metrics["natural"], metrics["seeds"]["mean"]):
        areas = [section["per_class"][name]["average_precision"] for name in class_names(3)[1:]]
        assert section["map"] == pytest.approx(sum(areas) / 2, abs=1e-5)
    assert metrics["seeds"]["seeds"] == [0, 1]
    assert metrics["seeds"]["sd"]["map"] > 0
    for key in ("map", "accuracy", "ece", "brier"):
        low, high = metrics["intervals"][key]
        assert low <= high
    low, high = metrics["natural"]["intervals"]["per_class"]["enhancer"]["average_precision"]
    assert low < metrics["natural"]["per_class"]["enhancer"]["average_precision"] < high
    # The scan was made to find elements; the untrained network was not.
    assert metrics["natural"]["map"] > 0.5
    calls = metrics["natural"]["calls"]["per_class"]
    assert calls["enhancer"]["calls"] == calls["promoter"]["calls"] == 1
    assert metrics["natural"]["chromosomes"] == ["chr3", "chr4"]
    assert metrics["natural_reason"] is None


def test_the_table_of_seeds_holds_the_members(evaluated: Path) -> None:
    rows = [line.split("\t") for line in (evaluated / "out" / "seeds.tsv").read_text().splitlines()]
    assert rows[0] == ["scope", "seed", "class", "metric", "value"]
    metrics = json.loads((evaluated / "out" / "metrics.json").read_text())
    values = [float(row[4]) for row in rows if row[0] == "test" and row[3] == "map"]
    assert len(values) == 2
    assert sum(values) / 2 == pytest.approx(metrics["seeds"]["mean"]["map"], abs=1e-5)


def test_the_model_card_says_what_a_user_has_to_know(evaluated: Path) -> None:
    card = (evaluated / "out" / "model_card.md").read_text()
    for words in (
        "H3K27ac, H3K4me1, H3K4me3",
        "K562",
        "CBP sites are incomplete",
        "Intended use",
        "seed",
    ):
        assert words in card
    metrics = json.loads((evaluated / "out" / "metrics.json").read_text())
    assert f"{metrics['map']:.3f}" in card


@pytest.mark.parametrize("n_classes", [2, 5])
def test_other_numbers_of_classes(tmp_path: Path, n_classes: int) -> None:
    write_world(tmp_path, n_classes)
    run(tmp_path, *SCAN[:4])
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert metrics["classes"] == list(class_names(n_classes))
    assert metrics["natural"]["calls"] is None
    assert metrics["reasons"]["natural.calls"]
    assert metrics["seeds"]["sd"]["map"] is None
    assert metrics["reasons"]["seeds.sd"]


def test_without_a_scan_natural_is_null_with_a_reason(tmp_path: Path) -> None:
    write_world(tmp_path)
    run(tmp_path, bootstrap="0")
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert metrics["natural"] is None
    assert "not predicted" in metrics["natural_reason"]
    assert metrics["intervals"] is None
    assert metrics["reasons"]["intervals"] == "--bootstrap 0"


def test_a_bundle_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    write_world(tmp_path, 2)
    write_world(tmp_path / "other", 3)
    with pytest.raises(InputError, match="--classes 3"):
        run(tmp_path, bundle=str(tmp_path / "other" / "bundle"))
    assert not (tmp_path / "out").exists()
