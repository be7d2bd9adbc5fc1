"""Models of rules without labels: the same rules as beside labels, and nothing that labels give."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from samples.report_samples import Plan, metrics
from samples.small_genome import WORLD_PLAN, write_genome

from deepregfinder.errors import InputError
from deepregfinder.evaluation.model_card import model_card
from deepregfinder.genome.splits import SplitChoice
from deepregfinder.labels.tensors import open_tensors
from deepregfinder.models.bundle import Bundle, read_bundle, write_bundle
from deepregfinder.models.catalogue import MODEL_NAMES, facts
from deepregfinder.models.device import Hardware
from deepregfinder.models.protocol import TrainingOptions
from deepregfinder.models.rules import make_rules
from deepregfinder.models.train import Learner, open_training, train_bundle, write_trained

MARKS = ("ATAC", "H3K27ac", "H3K4me3")
CHOICE = SplitChoice.parse("chromosome", "1", "2", "3")


@pytest.fixture
def genome(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Tensors, signal and TSSs."""
    tensors, signal = write_genome(tmp_path, marks=MARKS)
    sites = tmp_path / "tss.bed"
    lines = (f"chr{n}\t{at}\t{at + 1}\n" for n in (1, 2, 3) for at in (5_000, 9_000))
    sites.write_text("".join(lines))
    return tensors, signal, sites


def with_labels(tensors: Path, signal: Path, tss: Path, folder: Path) -> Bundle:
    learner = Learner("ccre", False, "all", TrainingOptions(1, 1, 1, 32, 0.01, 0))
    training = open_training([open_tensors(tensors)], learner, [signal], tss)
    return train_bundle(training, learner, Hardware(torch.device("cpu"), 1), folder)[0]


def test_rules_are_the_same_with_and_without_labels(genome, tmp_path: Path) -> None:
    tensors, signal, tss = genome
    beside = with_labels(tensors, signal, tss, tmp_path)
    alone = make_rules("ccre", signal, tss, 3, 20, CHOICE)
    assert alone.split == WORLD_PLAN == beside.split
    assert (alone.marks, alone.thresholds, alone.temperature) == (MARKS, (0.5, 0.5), 1)
    (one,), (other,) = alone.weights, beside.weights
    assert one.keys() == other.keys()
    assert all(np.array_equal(one[name], other[name]) for name in one)


def test_a_bundle_without_labels_is_read_back_and_says_so(genome, tmp_path: Path) -> None:
    _, signal, tss = genome
    bundle = make_rules("ccre", signal, tss, 3, 20, CHOICE)
    assert bundle.natural is None
    assert not bundle.has_labels
    write_bundle(tmp_path / "bundle", bundle)
    read = read_bundle(tmp_path / "bundle")
    assert read.members == bundle.members
    assert read.members[0].validation_map is None
    given = metrics(Plan(natural=False), "K562", "ccre") | {"intervals": None}
    card = model_card(read, given)
    assert "There were no labels: the model needs none." in card
    assert "p300" not in card


def test_no_empty_learning_curve_is_written(genome, tmp_path: Path) -> None:
    _, signal, tss = genome
    write_trained(tmp_path / "bundle", make_rules("ccre", signal, tss, 3, 20, CHOICE), ())
    names = {path.name for path in (tmp_path / "bundle").iterdir()}
    assert names == {"model.json", "model.safetensors"}


def test_only_rules_need_no_labels(genome) -> None:
    _, signal, tss = genome
    assert [name for name in MODEL_NAMES if not facts(name).needs_labels] == ["ccre"]
    for model in ("cnn", "drf", "chromhmm"):
        with pytest.raises(InputError, match=f"{model} learns from labelled windows, and there"):
            make_rules(model, signal, tss, 3, 20, CHOICE)


def test_everything_that_the_rules_lack_is_named_at_once(tmp_path: Path) -> None:
    _, signal = write_genome(tmp_path, n_classes=5, marks=("H3K27ac", "H3K4me1"))
    with pytest.raises(InputError, match=r"(?s)3 problems.*poised.*--tss.*H3K4me3; there is"):
        make_rules("ccre", signal, None, 5, 20, CHOICE)


def test_withheld_marks_are_not_shown(genome, tmp_path: Path) -> None:
    tensors, signal, tss = genome
    learner = Learner("gbm", False, "all", TrainingOptions(1, 1, 1, 32, 0.01, 0), ("H3K27ac",))
    training = open_training([open_tensors(tensors)], learner, [signal], tss)
    assert training.tensors.marks == ("ATAC", "H3K4me3")
    assert training.load("chr1").rpm.shape[0] == 2
    with pytest.raises(InputError, match="leaves no mark for gbm"):
        open_training([open_tensors(tensors)], replace(learner, withheld=MARKS), [signal], tss)
