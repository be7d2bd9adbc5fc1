"""explain_model.py writes every plot with its table, and notes what does not apply to a model."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from samples.cells import cells
from samples.documents import first_cells, results_paths, section
from samples.small_evaluation import SIZES, bundle, elements, write_world
from samples.small_models import MARKS, grow_fewer_trees, random_bundle, write_random_signal

from deepregfinder.errors import InputError
from deepregfinder.explain import explanation
from deepregfinder.models.bundle import write_bundle
from deepregfinder.models.drf.network import DilatedNetwork
from deepregfinder.models.forests.model import TreesModel
from explain_model import explain_model

KINDS = ("png", "svg", "tsv")
ALWAYS = {
    "explain.json",
    *(f"{table}.{kind}" for table in ("mark_importance", "mark_elimination") for kind in KINDS),
}
PLOTS = (
    "signal_profiles",
    "attributions",
    "filter_activations",
    "filter_weights",
)


def run(folder: Path, **changed: str) -> dict:
    """Explain in this process; returns explain.json. An error is raised."""
    options = {
        **{"sample": "K562", "model": "cnn", "quantile_map": "false", "seed": "1"},
        **{"threads": "1", "output": folder / "out", "bundle": folder / "bundle"},
        **{"tensors": folder / "tensors.safetensors", "signal": folder / "signal.zip"},
    } | changed
    words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
    explain_model.main(words, standalone_mode=False)
    return json.loads((Path(options["output"]) / "explain.json").read_text())


@pytest.fixture(autouse=True)
def few_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explanation, "MOST_WINDOWS", 5)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explained")
    write_world(folder, n_members=2)
    write_random_signal(folder / "signal.zip", chrom_sizes=SIZES, sample="K562")
    lines = [
        f"{chrom}\t{at}\t{at + 800}\t{name}\t{500 + at // 1000}\t.\t{at + 300}\t{at + 500}\t0,0,0\n"
        for chrom in ("chr1", "chr3")
        for at in range(20_000, 320_000, 10_000)
        for name in [("enhancer", "promoter")[at // 10_000 % 2]]
    ]
    (folder / "calls.bed").write_text("".join(lines))
    return folder


def test_a_network_is_explained_in_full_and_the_same_each_time(world: Path) -> None:
    calls = str(world / "calls.bed")
    facts = run(world, calls=calls)
    again = world / "again"
    run(world, calls=calls, output=str(again))
    names = ALWAYS | {"filters.tsv"} | {f"{p}.{kind}" for p in PLOTS for kind in KINDS}
    assert {path.name for path in (world / "out").iterdir()} == names
    for name in names:
        assert (world / "out" / name).read_bytes() == (again / name).read_bytes(), name
    assert facts["notes"] == []
    assert facts["elimination"] == "permuted"
    assert facts["top_windows"] == {"background": 5, "enhancer": 5, "promoter": 5}
    shown = cells(world / "out/filter_activations.tsv")
    windows = elements()
    tested = {
        (windows.chroms[windows.chrom[row]], windows.start[row]): windows.classes[windows.y[row]]
        for row in windows.select("test")
    }
    assert len(shown) == 15
    for row in shown:
        assert tested[row["chrom"], int(row["start"])] == row["class"], "calls play no part"
    for name in ("enhancer", "promoter"):
        attributed = facts["attributions"][name]
        assert attributed["completeness_error"] <= attributed["tolerance"] == 0.01
        assert attributed["mean_attributed"] == pytest.approx(
            attributed["mean_difference"], abs=0.01
        )
    rows = [line.split("\t") for line in (world / "out/signal_profiles.tsv").open()]
    assert len(rows) == 1 + 2 * len(MARKS) * 101
    assert {row[1] for row in rows[1:]} == {"30"}


def test_what_is_written_is_what_the_documents_list(world: Path, repository: Path) -> None:
    text = (repository / "docs/output.md").read_text()
    where = "evaluation/<sample>/<model>/explain/"
    run(world, calls=str(world / "calls.bed"))
    left = {where + path.name for path in (world / "out").iterdir()}
    of_others = {f"{where}states.{kind}" for kind in KINDS}
    assert left == {p for p in results_paths(text) if p.startswith(where)} - of_others
    facts = json.loads((world / "out/explain.json").read_text())
    described = section(text, f"### `{where}explain.json`")
    assert all(f"`{key}`" in described for key in (*facts, *facts["attributions"]["enhancer"]))
    for name in (
        *("mark_importance", "mark_elimination", "signal_profiles", "attributions"),
        *("filter_weights", "filters"),
    ):
        with (world / f"out/{name}.tsv").open() as lines:
            header = lines.readline().rstrip("\n").split("\t")
        columns = [column for column in header if not column.startswith("mean_")]
        assert first_cells(section(text, f"### `{where}{name}.tsv`")) == columns, name


def test_importance_starts_from_the_accuracy_of_the_evaluation(world: Path) -> None:
    from deepregfinder.explain.importance import average_precisions
    from deepregfinder.models.calibration import combine_members
    from deepregfinder.prediction.scorers import predict_windows

    facts = run(world)
    windows = elements()
    rows = windows.select("test")
    made = bundle(n_members=2)
    p = combine_members(predict_windows(made, windows.x[rows]), made.temperature)
    expected = average_precisions(p, windows.y[rows])
    assert list(facts["importance"]["average_precision"].values()) == pytest.approx(
        expected, abs=1e-5
    )
    assert "was not predicted" in facts["notes"][0]
    table = [
        line.split("\t") for line in (world / "out/mark_importance.tsv").read_text().split("\n")
    ]
    assert {row[0] for row in table[1:-1]} == set(MARKS)
    eliminated = cells(world / "out/mark_elimination.tsv")
    steps = [row for row in eliminated if row["class"] == "enhancer"]
    assert [row["marks_left"] for row in steps] == ["3", "2", "1", "0"]
    assert float(steps[0]["average_precision"]) == pytest.approx(expected[1], abs=1e-5)
    assert {row["taken"] for row in steps} == {".", *MARKS}
    assert {row[1] for row in table[1:-1]} == {"map", "enhancer", "promoter"}


def test_networks_without_convolution_and_forests_say_what_they_lack(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = {"chrom_sizes": SIZES, "split": elements().split_plan}
    write_bundle(tmp_path / "mlp", replace(random_bundle("mlp"), **facts))
    grow_fewer_trees(monkeypatch, 5, 5)
    windows = elements()
    rows = windows.select("train")
    arrays = TreesModel("rf").grow(windows.x[rows], windows.y[rows].astype(int), 3, 1, 1)
    forest = replace(random_bundle("cnn"), **facts, model="rf", weights=(arrays,))
    write_bundle(tmp_path / "rf", forest)
    for model, left_out, drawn in (
        ("mlp", "mlp has no convolution", ALWAYS | {f"attributions.{k}" for k in KINDS}),
        ("rf", "rf is not a network", ALWAYS),
    ):
        explanation = run(
            world, model=model, bundle=str(tmp_path / model), output=str(tmp_path / model / "out")
        )
        assert any(left_out in note for note in explanation["notes"])
        assert {path.name for path in (tmp_path / model / "out").iterdir()} == drawn


def test_the_states_of_chromhmm_are_shown_with_the_classes_that_name_them(
    world: Path, tmp_path: Path, repository: Path
) -> None:
    arrays = {
        "mean_rpm": np.full(3, 0.5),
        "start": np.full(2, 0.5),
        "transition": np.array([[0.9, 0.1], [0.2, 0.8]]),
        "emission": np.array([[0.9, 0.1, 0.8], [0.05, 0.02, 0.01]]),
        "share": np.array([0.1, 0.9]),
        "enrichment": np.array([[0.2, 1.5, 6.0], [1.1, 0.9, 0.4]]),
        "class_probability": np.array([[0.1, 0.3, 0.6], [0.5, 0.3, 0.2]]),
    }
    made = replace(random_bundle("cnn"), chrom_sizes=SIZES, split=elements().split_plan)
    write_bundle(tmp_path / "chromhmm", replace(made, model="chromhmm", weights=(arrays,)))
    out = tmp_path / "out"
    run(world, model="chromhmm", bundle=str(tmp_path / "chromhmm"), output=str(out))
    assert {path.name for path in out.iterdir()} == ALWAYS | {f"states.{kind}" for kind in KINDS}
    states = cells(out / "states.tsv")
    assert [(row["state"], row["class"], row["share"]) for row in states] == [
        ("1", "background", "0.900000"),
        ("2", "promoter", "0.100000"),
    ]
    assert [states[1][mark] for mark in MARKS] == ["0.900000", "0.100000", "0.800000"]
    assert states[1]["fold_promoter"] == "6.000000"
    text = (repository / "docs/output.md").read_text()
    described = first_cells(section(text, "### `evaluation/<sample>/<model>/explain/states.tsv`"))
    assert described == ["state", "class", "share", "<mark>", "fold_<class>"]
    drawing = (out / "states.svg").read_text()
    assert "2  promoter  10.0%" in drawing


def test_drf_is_shown_no_reads_of_marks_that_are_gone(world: Path, tmp_path: Path) -> None:
    network = DilatedNetwork(len(MARKS), 3).state_dict()
    arrays = {key: value.numpy() for key, value in network.items()}
    arrays["scale"] = np.ones(len(MARKS), np.float32)
    made = replace(random_bundle("cnn"), chrom_sizes=SIZES, split=elements().split_plan)
    write_bundle(tmp_path / "drf", replace(made, model="drf", weights=(arrays,)))
    facts = run(world, model="drf", bundle=str(tmp_path / "drf"), output=str(tmp_path / "out"))
    assert facts["elimination"] == "without reads"
    rows = cells(tmp_path / "out/mark_elimination.tsv")
    precision = {(row["marks_left"], row["class"]): float(row["average_precision"]) for row in rows}
    y = elements().y[elements().select("test")]
    # Without a read all windows look alike, but those at the ends of a chromosome.
    for index, name in enumerate(("enhancer", "promoter"), 1):
        assert precision["0", name] == pytest.approx(np.mean(y == index), abs=0.1)
        assert precision["0", name] != precision["3", name]


def test_files_of_another_sample_are_refused(world: Path, tmp_path: Path) -> None:
    write_random_signal(tmp_path / "signal.zip", chrom_sizes=SIZES, sample="GM12878")
    with pytest.raises(InputError, match="--signal is of GM12878"):
        run(world, signal=str(tmp_path / "signal.zip"), output=str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()
