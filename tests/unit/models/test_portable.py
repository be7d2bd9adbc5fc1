"""A model of several samples that does with fewer marks, fewer reads and another genome."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from samples.report_samples import Plan, metrics
from samples.small_genome import WORLD_SIZES, write_genome
from sklearn.metrics import average_precision_score

from deepregfinder.errors import InputError
from deepregfinder.evaluation.model_card import model_card
from deepregfinder.explain.explanation import explain
from deepregfinder.labels.tensors import open_tensors
from deepregfinder.models.bundle import read_bundle
from deepregfinder.models.device import Hardware
from deepregfinder.models.drf import fit
from deepregfinder.models.drf.data import with_share_of_reads
from deepregfinder.models.protocol import ChromosomeSignal, TrainingOptions
from deepregfinder.models.train import Learner, open_training, train_bundle, write_trained
from deepregfinder.prediction.sample_signal import SignalReader
from deepregfinder.prediction.scorers import load_scorer, probabilities_at
from deepregfinder.signal.store import open_signal, write_signal

MARKS = ("DNase", "H3K27ac", "H3K4me3")
OPTIONS = TrainingOptions(
    seed=3, seeds=1, epochs=8, batch_size=1, learning_rate=1, weight_decay=0, portable=True
)


def learner(model="drf", options=OPTIONS):
    return Learner(model, False, "all", options)


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    """Tensors and signal of two samples with other reads; the second has other elements."""
    made = []
    for number, name in enumerate(("GM12878", "K562")):
        folder = tmp_path_factory.mktemp(name)
        made.append(write_genome(folder, 3, MARKS, seed=number, sample=name))
    return made


@pytest.fixture(scope="module")
def trained(samples, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    patch = pytest.MonkeyPatch()
    for name, value in (("STRETCH", 160), ("BATCH", 4), ("MIN_STEPS", 160)):
        patch.setattr(fit, name, value)
    training = open_training(
        [open_tensors(tensors) for tensors, _ in samples],
        learner(),
        [signal for _, signal in samples],
        None,
    )
    bundle, members = train_bundle(training, learner(), Hardware(torch.device("cpu"), 1), folder)
    write_trained(folder / "bundle", bundle, members)
    patch.undo()
    return read_bundle(folder / "bundle"), training


def test_the_bundle_is_that_of_all_samples(trained):
    bundle, training = trained
    assert bundle.sample == "GM12878+K562"
    assert bundle.portable
    for split, counts in bundle.n_windows.items():
        for index, name in enumerate(bundle.classes):
            each = [
                int((sample.tensors.y[sample.tensors.select(split)] == index).sum())
                for sample in training.samples
            ]
            assert counts[name] == sum(each)


def test_the_card_says_what_it_can_be_applied_to(trained):
    bundle, _ = trained
    given = metrics(Plan(natural=False), "K562", "drf") | {"intervals": None}
    fixed = replace(bundle, training={**bundle.training, "portable": False})
    assert "on any genome" in model_card(bundle, given)
    assert "on the same genome assembly" in model_card(fixed, given)
    remarked = replace(bundle, provenance={**bundle.provenance, "remark": "Made of sand."})
    assert "- **Made of sand.**" in model_card(remarked, given)


def areas(bundle, training, lacking=(), share=1.0):
    """AP of enhancers and promoters among the test windows of each sample."""
    scorer = load_scorer(bundle)
    for sample in training.samples:
        rows = sample.tensors.select("test")
        signal = with_share_of_reads(sample.load("chr3"), share, np.random.default_rng(1))
        rpm = signal.rpm.copy()
        rpm[[MARKS.index(mark) for mark in lacking]] = 0
        starts = sample.tensors.start[rows] // 100
        p = probabilities_at(scorer, replace(signal, rpm=rpm), starts)
        for index in (1, 2):
            yield average_precision_score(sample.tensors.y[rows] == index, p[:, index])


def test_it_finds_the_elements_of_each_sample_with_the_marks_and_reads_that_there_are(trained):
    assert min(areas(*trained)) > 0.9
    # In this genome an element has one high mark; that of the first class is H3K27ac.
    assert min(areas(*trained, lacking=["DNase"])) > 0.9
    assert min(areas(*trained, share=0.5)) > 0.7


def panel(path, marks, factor=1, sizes=WORLD_SIZES):
    """A signal file: the reads per million of each mark are its place from 1, times a factor."""
    write_signal(
        path,
        sample="other",
        marks=marks,
        bin_size=100,
        chrom_sizes=sizes,
        counting={},
        control="ignore",
        library_sizes={mark: [1000 * (row + 1)] for row, mark in enumerate(marks)},
        arrays=(
            (chrom, np.outer(np.arange(1, len(marks) + 1) * factor, np.ones(-(-size // 100))))
            for chrom, size in sizes.items()
        ),
    )
    return open_signal(path)


def test_marks_that_a_sample_lacks_have_no_reads(trained, tmp_path):
    bundle, _ = trained
    signal = panel(tmp_path / "signal.zip", ("ATAC", "H3K36me3", "H3K4me3"))
    read = SignalReader(bundle, signal, quantile_map=False).load("chr3")
    np.testing.assert_array_equal(read.rpm[:, 7], [1, 0, 3])  # ATAC stands for DNase
    np.testing.assert_array_equal(read.depths, [1000, 0, 3000])
    mapped = SignalReader(bundle, signal, quantile_map=True).load("chr3")
    assert np.isfinite(mapped.rpm).all()
    assert (mapped.rpm[1] == 0).all()


def test_what_a_model_looks_at_is_explained_without_a_mark(trained, samples):
    bundle, training = trained
    tensors = training.samples[1].tensors.with_marks(MARKS[:2])
    signal = open_signal(samples[1][1])
    names = ("DNase", "H3K27ac", "other")
    fewer = replace(signal, marks=names, library_sizes=dict.fromkeys(names, (1_000_000,)))
    explained = explain("K562", "drf", bundle, tensors, fewer, None, False, 1, 1)
    assert "K562 has no reads of H3K4me3." in explained.notes
    lost = explained.importance.drops.mean(axis=1)
    assert (lost[2] == 0).all()
    assert (lost[1] > 0).any()


def test_a_genome_of_another_size_has_the_same_mean(trained, tmp_path):
    bundle, _ = trained
    half = {chrom: size // 2 for chrom, size in WORLD_SIZES.items()}
    signal = panel(tmp_path / "signal.zip", MARKS, factor=2, sizes=half)
    read = SignalReader(bundle, signal, quantile_map=False).load("chr3")
    np.testing.assert_allclose(read.rpm[:, 0], [1, 2, 3], rtol=1e-4)


def test_a_sample_without_any_of_its_marks_is_refused(trained, tmp_path):
    bundle, _ = trained
    signal = panel(tmp_path / "signal.zip", ("H3K36me3",))
    with pytest.raises(InputError, match="lacks DNase, H3K27ac, H3K4me3"):
        SignalReader(bundle, signal, quantile_map=False)


def test_a_model_that_is_not_portable_needs_all_marks_and_the_same_genome(trained, tmp_path):
    bundle, _ = trained
    fixed = replace(bundle, training={**bundle.training, "portable": False})
    signal = panel(tmp_path / "signal.zip", ("DNase", "H3K27ac"))
    with pytest.raises(InputError, match="lacks H3K4me3"):
        SignalReader(fixed, signal, quantile_map=False)


def test_a_share_of_the_reads_has_the_same_mean():
    rng = np.random.default_rng(1)
    rpm = rng.poisson(20, (2, 5000)).astype(np.float32) / np.float32(2)
    signal = ChromosomeSignal("chr1", 500_000, rpm, np.array([2_000_000, 2_000_000]), 100)
    thinned = with_share_of_reads(signal, 0.25, rng)
    np.testing.assert_array_equal(thinned.depths, [500_000, 500_000])
    np.testing.assert_allclose(thinned.rpm.mean(axis=1), rpm.mean(axis=1), rtol=0.03)
    reads = thinned.rpm * 0.5
    np.testing.assert_allclose(reads, np.rint(reads), atol=1e-4)
    assert (reads <= rpm * 2 + 1e-4).all()
    assert with_share_of_reads(signal, 1, rng) is signal


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"marks": ("DNase", "H3K27ac", "H3K9ac")}, "marks"),
        ({"control": "subtract"}, "the use of controls"),
        ({"counting": {"min_mapq": 1}}, "counting rules"),
    ],
)
def test_samples_that_do_not_fit_together_are_refused(samples, changed, what):
    first, second = (open_tensors(tensors) for tensors, _ in samples)
    other = replace(second, **changed)
    if "counting" in changed:
        first = replace(first, counting={"min_mapq": 30})
    with pytest.raises(InputError, match=f"they differ in {what}"):
        open_training([first, other], learner(), [], None)


def test_a_model_of_one_sample_is_refused(samples):
    both = [open_tensors(tensors) for tensors, _ in samples]
    with pytest.raises(InputError, match="gbm learns from one sample"):
        open_training(both, learner("gbm"), [], None)
