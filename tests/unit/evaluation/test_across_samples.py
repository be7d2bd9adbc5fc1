"""Models between samples: cells of the matrix against what evaluations of one sample say."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from samples.small_evaluation import PLAN, bundle, elements
from samples.small_models import MARKS

from deepregfinder.errors import InputError
from deepregfinder.evaluation.across_samples import Cell, draw_across, measure_across, scores
from deepregfinder.evaluation.evaluate import Subject, evaluate
from deepregfinder.evaluation.metrics import Bootstrap
from deepregfinder.labels.tensors import Tensors
from deepregfinder.models.bundle import Bundle
from deepregfinder.prediction.labelled_windows import predict_test_windows

A, B = elements(), replace(elements(seed=1), sample="GM12878")
CLASSES = A.classes


def measured(bundles: list[Bundle], samples: list[Tensors]) -> dict[tuple[str, str, bool], Cell]:
    # Networks of windows look at no signal beyond them.
    cells = measure_across(bundles, [(sample, None) for sample in samples], Bootstrap(20, 1))  # type: ignore[misc]
    return {(cell.trained_on, cell.tested_on, cell.quantile_map): cell for cell in cells}


def rows(cells: dict[tuple[str, str, bool], Cell]) -> list[dict[str, object]]:
    return [vars(one) for one in scores("cnn", CLASSES, list(cells.values()))]


def test_a_cell_says_what_the_evaluation_of_the_sample_says() -> None:
    made = bundle()
    cells = measured([made], [A, B])
    for sample in (A, B):
        members = predict_test_windows(made, sample, None, False)
        evaluated = evaluate(
            Subject("x", "cnn", made, sample, members), bootstrap=Bootstrap(20, 1)
        ).test
        areas = cells["K562", sample.sample, False].areas
        assert areas is not None
        assert evaluated.replicates is not None
        for row, figures in ((areas[:1], evaluated.figures), (areas[1:], evaluated.replicates)):
            np.testing.assert_allclose(row[:, :-1], figures.per_class["average_precision"][:, 1:])
            np.testing.assert_allclose(row[:, -1], figures.overall["map"])


def test_the_same_model_under_another_name_loses_nothing() -> None:
    cells = measured([bundle(), replace(bundle(), sample="GM12878")], [A, B])
    assert len(cells) == 6, "two samples of their own, two of others with and without mapping"
    for row in rows(cells):
        if row["trained_on"] == row["tested_on"]:
            assert np.isnan(row["difference"])  # type: ignore[call-overload]
        elif not row["quantile_map"]:
            assert row["difference"] == row["difference_low"] == row["difference_high"] == 0


def test_quantile_mapping_undoes_another_depth() -> None:
    norm = B.normalisation
    deeper = replace(B, x=B.x * 8, normalisation=replace(norm, quantiles=norm.quantiles * 8))
    plain = measured([bundle()], [A, B])["K562", "GM12878", False].areas
    cells = measured([bundle()], [A, deeper])
    deep, mapped = (cells["K562", "GM12878", on].areas for on in (False, True))
    assert plain is not None
    assert deep is not None
    assert mapped is not None
    assert np.abs(deep[0] - plain[0]).max() > 0.03
    np.testing.assert_allclose(mapped[0], plain[0], atol=0.005)


def test_a_sample_without_a_mark_is_left_out_by_name(tmp_path: Path) -> None:
    cells = measured([bundle()], [A, B.with_marks(MARKS[1:])])
    other, own = rows(cells)[0], rows(cells)[-1]
    assert own["lacking_marks"] == ()
    assert other["lacking_marks"] == (MARKS[0],)
    assert np.isnan(other["average_precision"])  # type: ignore[call-overload]
    draw_across(tmp_path / "across.cnn.png", scores("cnn", CLASSES, list(cells.values())))
    drawing = (tmp_path / "across.cnn.svg").read_text()
    for text in ("lacks", "GM12878", "K562", "quantile map", f"{own['average_precision']:.2f}"):
        assert text in drawing


def test_windows_divided_at_random_are_refused() -> None:
    at_random = replace(B, split_plan=replace(PLAN, mode="random"))
    with pytest.raises(InputError, match=r"GM12878 .* has a random split"):
        measured([bundle()], [A, at_random])
