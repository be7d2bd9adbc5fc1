"""Statistics of degenerate data are a number, or missing with a reason; never NaN in a table."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples.cells import cells
from samples.refusals import refuses
from samples.small_evaluation import write_world

from compare_models import compare_models
from deepregfinder.counting.rules import BinCounts, BinGrid, CountRules, ReadTally
from deepregfinder.counting.store import Library, open_counts, write_counts
from deepregfinder.differential.compare import Elements, change_of_mark, changes_of_marks
from deepregfinder.errors import InputError
from deepregfinder.evaluation.cross_validation import (
    Score,
    draw_folds,
    read_scores,
    summarised,
    write_scores,
)
from deepregfinder.evaluation.metrics import (
    FEW_WINDOWS,
    bootstrap_weights,
    interval,
    measure,
    one_hot_membership,
    reliability,
    roc_curve,
    tally,
)
from deepregfinder.labels.tensors import Tensors, open_tensors, write_tensors
from deepregfinder.models.calibration import fit_bias, fit_temperature
from deepregfinder.quality.libraries import measure_libraries
from deepregfinder.quality.tables import write_correlation, write_libraries
from evaluate_model import evaluate_model

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")

CALL = "chr3\t5000\t7000\tenhancer\t912\t.\t5900\t6100\t230,159,0\n"
# Infinity is the value of these: docs/output.md says what it means there.
INFINITE = {("roc_curve.tsv", "threshold"), ("marks.tsv", "prior_df")}

Kept = Callable[[Tensors], np.ndarray]


def all_but(*classes: int) -> Kept:
    return lambda windows: (windows.split != 2) | ~np.isin(windows.y, classes)


def first_of_each(windows: Tensors) -> np.ndarray:
    kept = windows.split != 2
    for index in range(len(windows.classes)):
        kept[np.flatnonzero((windows.split == 2) & (windows.y == index))[0]] = True
    return kept


# Labelled windows to keep, calls, replicates of the bootstrap, members of the model.
RUNS: dict[str, tuple[Kept, str, int, int]] = {
    "a class without a window": (all_but(1), CALL, 20, 1),
    "background only": (all_but(1, 2), CALL, 20, 1),
    "no background and no replicate": (all_but(0), CALL, 0, 2),
    "one window of each class": (first_of_each, CALL, 20, 1),
    "no call and one replicate": (all_but(), "", 1, 1),
}


def written_world(folder: Path, kept: Kept, calls: str, members: int) -> None:
    write_world(folder, n_members=members)
    windows = open_tensors(folder / "tensors.safetensors")
    rows = np.flatnonzero(kept(windows))
    arrays = {name: getattr(windows, name)[rows] for name in ("x", "y", "split", "chrom", "start")}
    write_tensors(folder / "tensors.safetensors", replace(windows, **arrays))
    (folder / "calls.bed").write_text(calls)


def evaluation(folder: Path, model: str, bootstrap: int) -> dict[str, object]:
    return {
        **{"sample": "K562", "model": model, "bundle": folder / "bundle"},
        **{"tensors": folder / "tensors.safetensors", "calls": folder / "calls.bed", "seed": 1},
        **{"probabilities": (folder / "1.zip", folder / "2.zip"), "bootstrap": bootstrap},
        **{"output": folder / model, "model_card": folder / f"{model}.md"},
    }


def words(options: dict[str, object]) -> list[str]:
    pairs = [
        (name, one)
        for name, value in options.items()
        for one in (value if isinstance(value, tuple) else (value,))
    ]
    return [text for name, value in pairs for text in (f"--{name}", str(value))]


def no_nonsense_in(folder: Path) -> None:
    """No cell of a numeric column is another text, and no cell is empty."""
    tables = sorted(folder.rglob("*.tsv"))
    assert tables
    for path in tables:
        for row in cells(path):
            for column, cell in row.items():
                if (path.name, column) not in INFINITE:
                    assert cell, (path, column)
                    assert cell.lower() not in ("nan", "inf", "-inf", "none"), (path, row)


def unexplained(metrics: dict[str, Any]) -> Iterator[str]:
    """Paths of figures that are null without a reason."""
    reasons = metrics["reasons"]
    for where, part in (("", metrics), ("natural.", metrics["natural"])):
        calls = part.get("calls") or {"per_class": {}}
        for prefix, section in ((where, part), (f"{where}calls.", calls)):
            for name, figures in section["per_class"].items():
                for figure, value in figures.items():
                    path = f"{prefix}per_class.{name}.{figure}"
                    if value is None and path not in reasons:
                        yield path
            for figure in ("map", "accuracy", "ece", "brier", "intervals"):
                path = f"{prefix}{figure}"
                if figure in section and section[figure] is None and path not in reasons:
                    yield path


@pytest.mark.parametrize("case", RUNS)
def test_an_evaluation_of_degenerate_data_explains_what_it_lacks(case, tmp_path):
    kept, calls, bootstrap, members = RUNS[case]
    written_world(tmp_path, kept, calls, members)
    given = words(evaluation(tmp_path, "cnn", bootstrap))
    evaluate_model.main(given, standalone_mode=False)
    shutil.copytree(tmp_path / "cnn", tmp_path / "mlp")
    given = words(
        {
            **{"evaluation": (tmp_path / "cnn", tmp_path / "mlp"), "plots": tmp_path / "all"},
            "output": tmp_path / "comparison.tsv",
        }
    )
    compare_models.main(given, standalone_mode=False)
    assert (tmp_path / "comparison.tsv").stat().st_size
    assert (tmp_path / "all_confusion.png").stat().st_size
    no_nonsense_in(tmp_path)
    metrics = json.loads((tmp_path / "cnn/metrics.json").read_text())
    assert list(unexplained(metrics)) == []
    few = [name for name, n in metrics["n_test"].items() if n < FEW_WINDOWS]
    card = (tmp_path / "cnn.md").read_text()
    for name in few:
        assert f"{metrics['n_test'][name]} of {name}" in card
    assert ("There are few test windows" in card) == bool(few)


def test_an_evaluation_without_a_test_window_is_refused(tmp_path):
    written_world(tmp_path, lambda windows: windows.split != 2, CALL, 1)
    said = "none of 68 labelled windows can test cnn (test chromosomes: chr3, chr4)"
    refuses(evaluate_model, evaluation(tmp_path, "cnn", 20), said, tmp_path)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_figures_are_shares_or_missing_whatever_the_windows(data):
    n, n_blocks = data.draw(st.integers(1, 12)), data.draw(st.integers(1, 6))
    levels = st.lists(st.integers(1, 4), min_size=3 * n, max_size=3 * n)
    weights = np.array(data.draw(levels), float).reshape(3, n)
    probabilities = weights / weights.sum(axis=0)
    of_windows = {"min_size": n, "max_size": n}
    truth = np.array(data.draw(st.lists(st.integers(0, 2), **of_windows)))
    block = np.array(data.draw(st.lists(st.integers(0, n_blocks - 1), **of_windows)))
    membership = one_hot_membership(truth, 3)
    tallies = tally(probabilities, truth, membership, block, n_blocks)
    drawn = measure(tallies, bootstrap_weights(n_blocks, 10, 1))
    measures = measure(tallies)
    for figures in (measures, drawn):
        for values in (*figures.per_class.values(), *figures.overall.values()):
            known = values[~np.isnan(values)]
            assert ((known >= 0) & (known <= 2)).all()
            assert interval(values.ravel()) is None or np.isfinite(interval(values.ravel())).all()
    present = np.bincount(truth, minlength=3) > 0
    assert (np.isnan(measures.per_class["average_precision"][0]) == ~present).all()
    assert (np.isnan(measures.per_class["recall"][0]) == ~present).all()
    assert (reliability(tallies)[:, 2] == 0).tolist() == np.isnan(
        reliability(tallies)[:, 4]
    ).tolist()
    for ranking in tallies.rankings:
        assert np.isfinite(roc_curve(ranking)[:, 1:]).all()


counts = st.lists(st.lists(st.integers(0, 3), min_size=4, max_size=4), min_size=0, max_size=130)


@given(counts, st.integers(0, 3))
@settings(max_examples=100, deadline=None)
def test_a_test_of_reads_always_has_a_p(rows, constant):
    """Also without elements, without reads, and with identical replicates."""
    for table in (np.array(rows, np.int64).reshape(-1, 4), np.full((len(rows), 4), constant)):
        sizes = np.array([1e6, 2e6]), np.array([1e6, 1e6])
        change = change_of_mark("M", (table[:, :2], table[:, 2:]), sizes)
        assert change.p is not None
        assert ((change.p >= 0) & (change.p <= 1)).all()
        assert np.isfinite(change.log2fc).all()
        assert np.isfinite(change.factors).all()


def test_without_replicates_there_is_no_p():
    table = np.array([[5, 0], [0, 7]])
    change = change_of_mark("M", (table[:, :1], table[:, 1:]), (np.ones(1), np.ones(1)))
    assert (change.p, change.prior_df) == (None, None)
    assert np.isfinite(change.log2fc).all()


GRID = BinGrid({"chr1": 1_000_000}, 100)
LIBRARIES = {
    "no read": np.zeros(GRID.n_bins),
    "one read": np.arange(GRID.n_bins) == 5,
    "the same everywhere": np.full(GRID.n_bins, 3),
    "one full bin": 60_000 * (np.arange(GRID.n_bins) == 7),
}


def counted(folder: Path, key: str, values: np.ndarray) -> Path:
    n = int(values.sum())
    tally_of = ReadTally(n, 0, 0, 0, 0, 0, 0, 0, n, n, n, False)
    rules = CountRules(0, "keep", "reads", "overlap", 0, 0)
    path = folder / f"{key}.zip"
    library = Library(*((key, *key.split("."))))
    write_counts(path, library, BinCounts(GRID, values.astype(np.uint32), tally_of), rules, None)
    return path


@pytest.mark.parametrize("case", LIBRARIES)
def test_a_library_without_any_shape_is_compared_all_the_same(case, tmp_path):
    usual = np.random.default_rng(1).poisson(2, GRID.n_bins)
    paths = [counted(tmp_path, "A.M.1", LIBRARIES[case]), counted(tmp_path, "A.N.1", usual)]
    libraries = measure_libraries([open_counts(path) for path in paths], {})
    write_libraries(tmp_path / "libraries.tsv", libraries, {}, {})
    write_correlation(tmp_path / "correlation.tsv", libraries)
    no_nonsense_in(tmp_path)


def test_a_library_without_reads_is_not_held_against_others(tmp_path):
    empty = open_counts(counted(tmp_path, "A.M.1", np.zeros(GRID.n_bins)))
    other = open_counts(counted(tmp_path, "B.M.1", np.ones(GRID.n_bins)))
    elements = Elements({"chr1": np.array([2000])}, 2000)
    with pytest.raises(InputError, match=r"A\.M\.1: the library has 0 usable reads"):
        changes_of_marks(elements, ([empty], [other]))


@pytest.mark.parametrize("fit", [fit_temperature, fit_bias])
def test_calibration_on_no_window_is_refused(fit):
    with pytest.raises(InputError, match=r"no validation window to calibrate .* --validation_ch"):
        fit(np.empty((0, 3)), np.empty(0, np.int64))


def test_folds_that_measured_nothing_leave_no_row_and_an_empty_plot(tmp_path):
    rows = [
        Score("cnn", fold, ("chr1",), "test", name, "average_precision", value)
        for fold in (1, 2, 3)
        for name, value in (("enhancer", np.nan), ("promoter", 0.5 if fold == 1 else np.nan))
    ]
    write_scores(tmp_path / "folds.tsv", rows)
    no_nonsense_in(tmp_path)
    read = read_scores([tmp_path / "folds.tsv"])
    assert [(row.class_, row.figure, row.folds) for row in summarised(read)] == [
        ("promoter", "average_precision", 1)
    ]
    draw_folds(tmp_path / "folds.png", read)
    assert (tmp_path / "folds.png").stat().st_size
