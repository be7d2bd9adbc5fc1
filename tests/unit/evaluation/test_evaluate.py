from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from samples.small_evaluation import PLAN, bundle, elements, write_scan

from deepregfinder.errors import InputError
from deepregfinder.evaluation.evaluate import Evaluation, Evidence, Subject, evaluate
from deepregfinder.evaluation.metrics import Bootstrap
from deepregfinder.evaluation.metrics_json import to_json
from deepregfinder.genome.splits import SplitPlan
from deepregfinder.labels.sources import LabelSource
from deepregfinder.labels.tensors import Tensors
from deepregfinder.models.bundle import Bundle
from deepregfinder.models.calibration import temper
from deepregfinder.prediction.labelled_windows import labelled_windows
from deepregfinder.prediction.probabilities import (
    ProbabilityAttributes,
    open_probabilities,
    scaled,
    write_probabilities,
)


def planted(windows: Tensors, n_classes: int = 3, n_members: int = 1) -> np.ndarray:
    """Probabilities of the test windows that mostly give the true class the highest."""
    y = windows.y[windows.select("test")]
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(n_members, len(y), n_classes)) + 2 * np.eye(n_classes)[y]
    return np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)


def measured(windows: Tensors, made: Bundle, **changed: object) -> Evaluation:
    given: dict = {
        "scan": None,
        "members": planted(windows, len(made.classes), len(made.members)),
    } | changed
    members = given.pop("members")
    return evaluate(
        Subject("K562", "cnn", made, windows, members), Evidence(**given), Bootstrap(20, 1)
    )


def test_a_random_split_has_no_natural_prevalence() -> None:
    plan = replace(PLAN, mode="random")
    evaluation = measured(replace(elements(), split_plan=plan), replace(bundle(), split=plan))
    assert evaluation.natural is None
    assert "--split random" in str(to_json(evaluation)["natural_reason"])
    assert evaluation.notes == ()
    assert to_json(evaluation)["intervals"]["replicates"] == 20


def test_a_note_says_that_a_model_saw_the_test_chromosomes() -> None:
    seen = replace(bundle(), split=SplitPlan.parse("chromosome", "3", "2", "1"))
    assert "chr3" in measured(elements(), seen).notes[0]
    at_random = replace(bundle(), sample="GM12878", split=replace(PLAN, mode="random"))
    assert "all chromosomes" in measured(elements(), at_random).notes[0]
    assert measured(elements(), bundle()).notes == ()
    given_tss = bundle()
    given_tss = replace(
        given_tss, weights=tuple(w | {"tss.1": np.array([5])} for w in given_tss.weights)
    )
    assert "is given the TSSs" in measured(elements(), given_tss).notes[0]


def test_a_note_says_that_a_model_sees_the_marks_of_its_labels() -> None:
    sources = (LabelSource("enhancers", "h3k27ac", None, None),)
    (note,) = measured(replace(elements(), sources=sources), bundle()).notes
    assert "are made of H3K27ac, which the model also sees" in note
    factors = (LabelSource("enhancers", "factors", None, 9),)
    assert measured(replace(elements(), sources=factors), bundle()).notes == ()


def test_temperature_changes_calibration_but_not_accuracy() -> None:
    cold = to_json(measured(elements(), replace(bundle(), temperature=1.0)))
    hot = to_json(measured(elements(), replace(bundle(), temperature=3.0)))
    assert cold["ece"] == cold["ece_uncalibrated"] == hot["ece_uncalibrated"]
    assert hot["brier"] != hot["brier_uncalibrated"]
    assert cold["accuracy"] == hot["accuracy"]


def test_natural_figures_before_temperature_scaling_are_those_of_the_raw_scan(
    tmp_path: Path,
) -> None:
    windows, temperature = elements(), 1.7
    raw_bundle = replace(bundle(), temperature=1.0)
    tracks = write_scan(tmp_path / "raw.zip", windows, raw_bundle, ("chr3", "chr4"))
    raw = open_probabilities([tmp_path / "raw.zip"])
    facts = {field.name: getattr(raw, field.name) for field in fields(ProbabilityAttributes)}
    tempered = [(c, scaled(temper(p.T, temperature).T), None) for c, p in tracks.items()]
    attributes = ProbabilityAttributes(**facts | {"temperature": temperature})
    write_probabilities(tmp_path / "tempered.zip", tempered, attributes)
    content = to_json(
        measured(
            windows,
            replace(bundle(), temperature=temperature),
            scan=open_probabilities([tmp_path / "tempered.zip"]),
        )
    )["natural"]
    wanted = to_json(measured(windows, raw_bundle, scan=raw))["natural"]
    for figure in ("ece", "brier"):
        assert content[f"{figure}_uncalibrated"] == pytest.approx(wanted[figure], abs=2e-4)
        assert abs(content[figure] - wanted[figure]) > 1e-3
        assert wanted[f"{figure}_uncalibrated"] == wanted[figure]


def test_a_class_that_is_never_predicted_has_a_null_with_a_reason() -> None:
    windows = elements()
    members = planted(windows)
    members[..., 2] = 0
    content = to_json(measured(windows, bundle(), members=members / members.sum(-1, keepdims=True)))
    assert content["per_class"]["promoter"]["precision"] is None
    assert content["reasons"]["per_class.promoter.precision"] == (
        "no window is predicted as promoter"
    )
    assert content["per_class"]["promoter"]["f1"] == 0
    assert content["intervals"]["per_class"]["promoter"]["precision"] is None


def test_few_blocks_give_no_intervals() -> None:
    windows = elements()
    narrow = {"chr1": 400_000, "chr2": 300_000, "chr3": 150_000, "chr4": 150_000}
    kept = windows.start < 140_000
    kept |= windows.split != 2
    few = replace(
        windows,
        chrom_sizes=narrow,
        **{name: getattr(windows, name)[kept] for name in ("x", "y", "split", "chrom", "start")},
    )
    content = to_json(measured(few, bundle()))
    assert content["intervals"] is None
    assert "blocks" in content["reasons"]["intervals"]
    assert content["map"] > 0


def test_a_scan_of_another_model_is_refused(tmp_path: Path) -> None:
    windows = elements()
    write_scan(tmp_path / "p.zip", windows, bundle(n_members=2), ("chr3", "chr4"))
    with pytest.raises(InputError, match="another model"):
        measured(windows, bundle(), scan=open_probabilities([tmp_path / "p.zip"]))


def test_chromosomes_that_were_not_predicted_are_left_out(tmp_path: Path) -> None:
    windows = elements()
    write_scan(tmp_path / "p.zip", windows, bundle(), ("chr2", "chr4"))
    evaluation = measured(windows, bundle(), scan=open_probabilities([tmp_path / "p.zip"]))
    assert evaluation.chroms == ("chr4",)
    write_scan(tmp_path / "q.zip", windows, bundle(), ("chr2",))
    evaluation = measured(windows, bundle(), scan=open_probabilities([tmp_path / "q.zip"]))
    assert evaluation.natural is None
    assert evaluation.natural_reason == "no test chromosome was predicted"


def test_marks_are_matched_by_name() -> None:
    windows = elements()
    rows = windows.select("test")
    turned = replace(windows, marks=windows.marks[::-1], x=windows.x[:, ::-1])
    np.testing.assert_array_equal(labelled_windows(bundle(), turned, False), windows.x[rows])
    lacking = replace(windows, marks=windows.marks[:2], x=windows.x[:, :2])
    with pytest.raises(InputError, match=windows.marks[2]):
        labelled_windows(bundle(), lacking, False)


def test_quantile_mapping_gives_windows_the_distribution_of_the_training_sample() -> None:
    windows = elements()
    double = replace(windows.normalisation, quantiles=windows.normalisation.quantiles * 2)
    mapped = labelled_windows(bundle(), replace(windows, normalisation=double), True)
    highest = windows.normalisation.quantiles.max()
    plain = windows.x[windows.select("test")]
    inside = plain < highest / 2
    np.testing.assert_allclose(mapped[inside], plain[inside] / 2, rtol=1e-3, atol=0.05)
