import json
from pathlib import Path

import numpy as np
import pytest
from samples.cells import cells
from samples.small_evaluation import write_world

from compare_models import compare_models
from deepregfinder.errors import InputError
from deepregfinder.evaluation.bootstrap_replicates import read_replicates
from deepregfinder.evaluation.compare_models import by_chromosome
from evaluate_model import evaluate_model


def evaluate(folder: Path, model: str, scan: str = "", bootstrap: int = 40, seed: int = 1) -> None:
    """Evaluate the bundle of `folder` under a name; probabilities may come from another folder."""
    words = (
        f"--sample K562 --model {model} --bundle {folder}/bundle --seed {seed} "
        f"--tensors {folder}/tensors.safetensors --bootstrap {bootstrap} --output {folder}/{model} "
        f"--model_card {folder}/{model}.md --calls {folder}/calls.bed "
        f"--probabilities {folder}/1{scan}.zip --probabilities {folder}/2{scan}.zip"
    )
    evaluate_model.main(words.split(), standalone_mode=False)


def compare(folder: Path, *models: str) -> list[dict[str, str]]:
    words = [text for model in models for text in ("--evaluation", str(folder / model))]
    output = folder / "comparison.tsv"
    words += ["--plots", str(folder / "K562.comparison")]
    for table in sorted(folder.glob("K562.*.validation.tsv")):
        words += ["--validation", str(table)]
    compare_models.main([*words, "--output", str(output)], standalone_mode=False)
    return cells(output)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two identical models, and one with another bootstrap seed."""
    folder = tmp_path_factory.mktemp("compared")
    write_world(folder, n_members=2)
    (folder / "calls.bed").write_text(
        "chr3\t15000\t97000\tenhancer\t912\t.\t15900\t16100\t230,159,0\n"
        "chr4\t25000\t97000\tpromoter\t800\t.\t25900\t26100\t0,114,178\n"
    )
    evaluate(folder, "cnn")
    evaluate(folder, "mlp")
    evaluate(folder, "rf", seed=2)
    return folder


def test_a_model_never_differs_from_its_copy(world: Path) -> None:
    rows = [row for row in compare(world, "mlp", "cnn") if row["model"] == "mlp"]
    assert {row["setting"] for row in rows} == {"test", "natural", "calls"}
    compared = [row for row in rows if row["difference"] != "."]
    assert len(compared) > 30
    for row in compared:
        assert row["reference"] == "cnn"
        assert float(row["difference"]) == 0
        assert row["excludes_zero"] in ("no", ".")
    ratios = [row for row in rows if row["figure"] == "false_calls_ratio_at_equal_recall"]
    assert {row["value"] for row in ratios} <= {"1.000000", "."}


def test_every_plot_names_every_model(world: Path) -> None:
    header = "class\tcalls\tvalidated\trate\tmarker\n"
    for model, calls in (("cnn", 40), ("mlp", 60)):
        rows = f"enhancer\t{calls}\t20\t0.5\tDHS\npromoter\t10\t.\t.\t.\n"
        (world / f"K562.{model}.validation.tsv").write_text(header + rows)
    compare(world, "mlp", "cnn")
    for name in ("pr", "natural_pr", "bars", "confusion", "chromosomes", "calls"):
        drawing = (world / f"K562.comparison_{name}.svg").read_text()
        assert (world / f"K562.comparison_{name}.png").read_bytes().startswith(b"\x89PNG")
        for text in ("cnn", "mlp", *(() if name == "confusion" else ("enhancer",))):
            assert text in drawing, (name, text)


def test_chromosomes_are_measured_alone(world: Path) -> None:
    models = [read_replicates(world / "cnn")]
    whole, alone = by_chromosome(models, "test")["cnn", "enhancer"]
    row = next(
        row
        for row in compare(world, "cnn")
        if (row["setting"], row["class"], row["figure"])
        == ("test", "enhancer", "average_precision")
    )
    assert len(alone) == 2, "chr3 and chr4"
    assert f"{whole:.6f}" == row["value"]
    assert [f"{value:.6f}" for value in (min(alone), max(alone))] == [
        row["lowest_chromosome"], row["highest_chromosome"],
    ]  # fmt: skip


def test_values_and_intervals_are_those_of_metrics_json(world: Path) -> None:
    metrics = json.loads((world / "cnn" / "metrics.json").read_text())
    for row in compare(world, "cnn"):
        section = metrics if row["setting"] == "test" else metrics["natural"]
        section = section["calls"] if row["setting"] == "calls" else section
        if row["figure"] == "class_ece" and row["class"] != "mean":
            of_class = section["class_calibration"][row["class"]]
            edges = of_class["interval"]
            assert float(row["value"]) == pytest.approx(of_class["ece"], abs=1e-6)
            assert [float(row["low"]), float(row["high"])] == pytest.approx(edges, abs=1e-6)
            continue
        if row["class"] in ("enhancer", "promoter") and "false_calls" not in row["figure"]:
            if (value := section["per_class"][row["class"]][row["figure"]]) is None:
                assert (row["value"], row["low"]) == (".", ".")
                continue
            intervals = section["intervals"]
            edges = intervals.get("per_class", intervals)[row["class"]][row["figure"]]
            assert float(row["value"]) == pytest.approx(value, abs=1e-6)
            assert [float(row["low"]), float(row["high"])] == pytest.approx(edges, abs=1e-6)
        if row["class"] == "mean" and row["figure"] == "average_precision":
            assert float(row["value"]) == pytest.approx(section["map"], abs=1e-6)
        if row["figure"] == "ece_uncalibrated":
            assert float(row["value"]) == pytest.approx(section["ece_uncalibrated"], abs=1e-6)


def test_the_spread_of_seeds_and_chromosomes_holds_the_value_between_its_ends(world: Path) -> None:
    rows = {(r["setting"], r["class"], r["figure"]): r for r in compare(world, "cnn")}
    row = rows["natural", "mean", "average_precision"]
    assert float(row["lowest_chromosome"]) < float(row["value"]) < float(row["highest_chromosome"])
    low, high = float(row["seed_lowest"]), float(row["seed_highest"])
    assert float(row["seed_sd"]) == pytest.approx((high - low) / np.sqrt(2), abs=2e-6)


def test_models_that_were_resampled_otherwise_are_refused(world: Path) -> None:
    with pytest.raises(InputError, match="same --bootstrap and --seed"):
        compare(world, "cnn", "rf")


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "cnn").mkdir()
    (tmp_path / "cnn" / "replicates.safetensors").write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"replicates\.safetensors"):
        compare(tmp_path, "cnn")


def test_replicates_hold_the_estimate_first(world: Path) -> None:
    arrays = read_replicates(world / "cnn").arrays
    assert arrays["calls.weights"].shape[0] == 41
    assert (arrays["calls.weights"][0] == 1).all()
    assert arrays["test.average_precision"].shape == (41, 3)
