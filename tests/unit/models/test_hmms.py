"""chromhmm and ehmm from training to scores."""

from dataclasses import replace

import numpy as np
import pytest
from samples.small_models import labelled_windows
from sklearn.metrics import average_precision_score

from deepregfinder.errors import InputError
from deepregfinder.genome.grid import Geometry
from deepregfinder.models.hmm import chromhmm, ehmm
from deepregfinder.models.hmm.chromhmm import (
    check_chromhmm,
    fit_chromhmm,
    score_chromhmm,
    state_table,
)
from deepregfinder.models.hmm.ehmm import check_ehmm, fit_ehmm, score_ehmm
from deepregfinder.models.protocol import ChromosomeSignal, TrainingGenome

MARKS = ("DNase", "H3K27ac", "H3K4me1", "H3K4me3", "H3K36me3")
W = 20
LENGTH = 600_000
CHROMS = ("chr1", "chr2", "chr3")
DEPTHS = np.full(len(MARKS), 20_000)

MODELS = {
    "chromhmm": (fit_chromhmm, check_chromhmm, score_chromhmm),
    "ehmm": (fit_ehmm, check_ehmm, score_ehmm),
}


def made_up_genome(n_classes=3, bin_size=100, seed=0) -> TrainingGenome:
    """Poisson reads; an element opens DNase in its middle, and its class shows on the flanks."""
    rng = np.random.default_rng(seed)
    n_bins = LENGTH // bin_size
    signals, x, y, chrom, start = {}, [], [], [], []
    for index, name in enumerate(CHROMS):
        rate = np.full((len(MARKS), n_bins), 0.3)
        rate[4, n_bins // 2 : n_bins // 2 + 400] = 3
        places = W * rng.permutation(n_bins // W)[:240]
        labels = np.arange(240) % (n_classes + 1)
        labels[labels == n_classes] = 0
        for place, label in zip(places, labels, strict=True):
            if label:
                rate[0, place + 9 : place + 11] = 8
                flanks = [*range(place + 4, place + 9), *range(place + 11, place + 16)]
                for mark in {1: (2,), 2: (3,), 3: (1, 2), 4: (1, 3)}[label]:
                    rate[mark, flanks] = 4
        rpm = (rng.poisson(rate) * (1e6 / DEPTHS[:, None])).astype(np.float32)
        signals[name] = ChromosomeSignal(name, LENGTH, rpm, DEPTHS, bin_size)
        x += [rpm[:, place : place + W] for place in places]
        y += labels.tolist()
        chrom += [index] * len(places)
        start += (places * bin_size).tolist()
    tensors = replace(
        labelled_windows(9, n_classes),
        x=np.array(x),
        y=np.array(y, np.uint8),
        split=np.array(chrom, np.uint8),
        chrom=np.array(chrom, np.int16),
        start=np.array(start, np.int64),
        marks=MARKS,
        geometry=Geometry(bin_size, W),
        chrom_sizes=dict.fromkeys(CHROMS, LENGTH),
    )
    return TrainingGenome(tensors, load=signals.__getitem__)


@pytest.fixture(scope="module", params=sorted(MODELS))
def trained(request):
    genome = made_up_genome()
    fit, check, score = MODELS[request.param]
    return genome, fit(genome, 1, 1), check, score


@pytest.mark.parametrize("n_classes", [2, 3, 5])
@pytest.mark.parametrize("model", sorted(MODELS))
def test_elements_of_a_new_chromosome_are_found(model, n_classes):
    genome = made_up_genome(n_classes)
    fit, check, score = MODELS[model]
    arrays = fit(genome, 1, 1)
    check(arrays, len(MARKS), W, n_classes)
    rows = genome.tensors.select("test")
    p = score(arrays, genome.load("chr3"), genome.tensors.start[rows] // 100, W)
    assert p.dtype == np.float32
    assert p.shape == (len(rows), n_classes)
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-5)
    for label in range(n_classes):
        truth = genome.tensors.y[rows] == label
        area = average_precision_score(truth, p[:, label])
        assert area - truth.mean() > 0.35 * (1 - truth.mean())


def test_scores_do_not_depend_on_what_else_is_asked(trained):
    genome, arrays, _, score = trained
    signal = genome.load("chr2")
    whole = score(arrays, signal, np.arange(signal.rpm.shape[1] - W + 1), W)
    some = np.array([0, 5980, 17, 3001, 17])
    np.testing.assert_array_equal(score(arrays, signal, some, W), whole[some])
    assert score(arrays, signal, np.empty(0, np.int64), W).shape == (0, 3)


def test_a_score_of_chromhmm_is_the_mean_over_the_central_1_kb():
    genome = made_up_genome()
    arrays = fit_chromhmm(genome, 1, 1)
    signal = genome.load("chr2")
    model = chromhmm.BernoulliModel(
        chromhmm.Chain(arrays["start"], arrays["transition"]), arrays["emission"]
    )
    patterns = chromhmm.distinct_rows([chromhmm.binarise(signal, arrays["mean_rpm"])])
    (posterior,) = chromhmm.decode(model, patterns, np.eye(len(arrays["start"])), 1)
    starts = np.array([0, 1, 2, 77, 5980])
    expected = [
        np.repeat(posterior, 2, axis=0)[start + 5 : start + 15].mean(axis=0)
        @ arrays["class_probability"]
        for start in starts
    ]
    np.testing.assert_allclose(score_chromhmm(arrays, signal, starts, W), expected, atol=1e-5)


def test_a_score_of_ehmm_is_that_of_the_bin_most_like_an_element():
    genome = made_up_genome()
    arrays = fit_ehmm(genome, 1, 1)
    signal = genome.load("chr2")
    # Of windows of one bin all is central: the posterior of each bin.
    bins = score_ehmm(arrays, signal, np.arange(6000), 1)
    starts = np.arange(0, 5980, 7)
    best = [start + 5 + bins[start + 5 : start + 15, 0].argmin() for start in starts]
    np.testing.assert_allclose(score_ehmm(arrays, signal, starts, W), bins[best], atol=1e-6)


def test_threads_change_nothing_and_test_chromosomes_are_not_seen():
    genome = made_up_genome()
    seen = []

    def load(chrom):
        seen.append(chrom)
        return genome.load(chrom)

    for fit, _, _ in MODELS.values():
        one = fit(replace(genome, load=load), 3, 1)
        two = fit(genome, 3, 2)
        assert one.keys() == two.keys()
        for name, array in one.items():
            np.testing.assert_array_equal(array, two[name])
    assert set(seen) == {"chr1"}


def test_labels_of_test_windows_are_not_seen():
    genome = made_up_genome()
    tensors = genome.tensors
    others = tensors.split > 0
    shuffled = np.where(others, (tensors.y + 1) % 3, tensors.y).astype(np.uint8)
    noise = np.where(others[:, None, None], 7, tensors.x).astype(np.float32)
    other = replace(genome, tensors=replace(tensors, y=shuffled, x=noise))
    for fit, _, _ in MODELS.values():
        for name, array in fit(genome, 1, 1).items():
            np.testing.assert_array_equal(array, fit(other, 1, 1)[name])


def damaged(name, change):
    def damage(arrays):
        arrays[name] = change(arrays[name].copy())

    return damage


def nan(array):
    array.flat[0] = np.nan
    return array


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda arrays: arrays.pop("transition"), "transition is missing"),
        (lambda arrays: arrays.pop("start"), "start is missing"),
        (lambda arrays: arrays.update(more=np.zeros(1)), "something else"),
        (damaged("start", nan), "not numbers"),
        (damaged("start", lambda a: a * 2), "start do not sum to 1"),
        (damaged("transition", lambda a: a * 0.5), "transition do not sum to 1"),
        (damaged("transition", lambda a: a[:, :-1]), "shape"),
        (damaged("transition", lambda a: a.astype(np.float32)), "float32"),
        (damaged("start", lambda a: a[:2]), "shape|too short"),
    ],
)
def test_damaged_arrays_are_refused(trained, damage, reason):
    _, arrays, check, _ = trained
    broken = dict(arrays)
    damage(broken)
    with pytest.raises(ValueError, match=reason):
        check(broken, len(MARKS), W, 3)


@pytest.mark.parametrize(
    ("model", "name", "change"),
    [
        ("chromhmm", "emission", lambda a: a * 0),
        ("chromhmm", "class_probability", lambda a: a * 2),
        ("chromhmm", "share", lambda a: a - 2),
        ("ehmm", "sd", lambda a: a * 0),
        ("ehmm", "sd", lambda a: a * 1e9),
        ("ehmm", "mean", lambda a: a + 1e9),
    ],
)
def test_values_without_meaning_are_refused(model, name, change):
    fit, check, _ = MODELS[model]
    arrays = fit(made_up_genome(), 1, 1)
    with pytest.raises(ValueError, match=name):
        check({**arrays, name: change(arrays[name])}, len(MARKS), W, 3)


def test_each_state_is_named_after_the_class_it_is_enriched_in():
    genome = made_up_genome()
    arrays = fit_chromhmm(genome, 1, 1)
    table = state_table(arrays, MARKS, genome.tensors.classes)
    assert table["share"].is_monotonic_decreasing
    assert table["share"].sum() == pytest.approx(1)
    assert table.loc[0, "class"] == "background"
    assert set(table["class"]) == set(genome.tensors.classes)
    for _, row in table.iterrows():
        folds = {name: row[f"fold_{name}"] for name in genome.tensors.classes}
        assert row["class"] == max(folds, key=folds.get)
    marked = table[table["class"] == "promoter"]
    assert (marked["H3K4me3"] > marked["H3K4me1"]).any()


def test_bins_of_other_sizes_become_the_next_multiple_above_200_bp():
    assert [chromhmm.bins_per_place(size) for size in (50, 100, 150, 200, 500)] == [4, 2, 2, 1, 1]
    rpm = np.zeros((1, 5), np.float32)
    rpm[0, 1:3] = 3
    signal = ChromosomeSignal("chr1", 480, rpm, np.array([1_000_000]), 100)
    # Three reads in each of the first two places, none in the last, of one bin.
    assert chromhmm.binarise(signal, np.array([0.005])).tolist() == [[True, True, False]]
    deeper = replace(signal, depths=np.array([100_000_000]))
    assert chromhmm.binarise(deeper, np.array([3.0])).tolist() == [[False, False, False]]


def test_distinct_rows_of_more_marks_than_a_number_has_bits():
    rng = np.random.default_rng(0)
    bins = [rng.random((70, n)) < 0.01 for n in (300, 200)]
    patterns = chromhmm.distinct_rows(bins)
    assert len(np.unique(patterns.distinct, axis=0)) == len(patterns.distinct)
    for one, codes in zip(bins, patterns.codes, strict=True):
        np.testing.assert_array_equal(patterns.distinct[codes].T, one)


def test_a_genome_without_any_read_still_gives_a_model():
    genome = made_up_genome()
    empty = ChromosomeSignal("chr1", LENGTH, np.zeros((5, 6000), np.float32), DEPTHS, 100)
    silent = replace(
        genome,
        tensors=replace(genome.tensors, x=np.zeros_like(genome.tensors.x)),
        load=lambda chrom: empty,
    )
    for fit, check, score in MODELS.values():
        arrays = fit(silent, 1, 1)
        check(arrays, len(MARKS), W, 3)
        assert np.isfinite(score(arrays, empty, np.arange(5), W)).all()


def test_ehmm_says_what_it_needs():
    genome = made_up_genome()
    marks = ("H2AZ", *MARKS[1:])
    with pytest.raises(InputError, match="accessibility track"):
        fit_ehmm(replace(genome, tensors=replace(genome.tensors, marks=marks)), 1, 1)
    narrow = replace(genome.tensors, geometry=Geometry(1000, 2), x=genome.tensors.x[:, :, :2])
    with pytest.raises(InputError, match="three bins"):
        fit_ehmm(replace(genome, tensors=narrow), 1, 1)


def test_the_whole_chain_begins_elements_at_their_prevalence():
    background = np.array([[0.9, 0.1], [0.2, 0.8]])
    stays = [np.array([0.5, 0.6, 0.7])] * 2
    chain = ehmm.compose(ehmm.Chain(np.array([1.0, 0.0]), background), stays, rates=[0.01, 0.002])
    np.testing.assert_allclose(chain.transition.sum(axis=1), 1)
    np.testing.assert_allclose(chain.start[:2], [2 / 3, 1 / 3])
    begins = chain.transition[:2]
    np.testing.assert_allclose(begins[:, 2:8].sum(axis=1), 0.01)
    np.testing.assert_allclose(begins[:, 8:].sum(axis=1), 0.002)
    assert np.count_nonzero(begins[0, 2:]) == 4
    # N1, A, N2 and, mirrored, N2, A, N1 of the first class.
    np.testing.assert_allclose(np.diag(chain.transition)[2:8], [0.5, 0.6, 0.7, 0.7, 0.6, 0.5])
    np.testing.assert_allclose(chain.transition[4, :2], 0.3 * np.array([2 / 3, 1 / 3]))
    np.testing.assert_allclose(chain.transition[7, :2], 0.5 * np.array([2 / 3, 1 / 3]))
