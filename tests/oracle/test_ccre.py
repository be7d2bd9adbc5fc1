"""The rules of the ENCODE registry compared with a plain implementation for each window."""

from dataclasses import replace
from math import inf, log10

import numpy as np
import pytest
import torch
from samples.small_models import labelled_windows

from deepregfinder.errors import InputError
from deepregfinder.models.ccre import (
    central_rpm,
    check_ccre,
    fit_ccre,
    rule_scores,
    score_ccre,
    tss_distance,
    z_scores,
)
from deepregfinder.models.device import Hardware
from deepregfinder.models.protocol import ChromosomeSignal, TrainingGenome, TrainingOptions
from deepregfinder.models.train import Learner, train_bundle

MARKS = ("H3K27ac", "DNase-seq", "H3K4me3")
BINS = 20


def chromosome(name="chr1", n_bins=300, seed=0):
    rng = np.random.default_rng([seed, *name.encode()])
    rpm = rng.poisson(0.2, (3, n_bins)) * rng.gamma(0.4, 4, n_bins)
    return ChromosomeSignal(name, n_bins * 100, rpm.astype(np.float32), np.full(3, 10**6), 100)


def training(n_classes=3, marks=MARKS, load=chromosome, tss=None):
    tensors = labelled_windows(60, n_classes)
    tensors = replace(tensors, marks=marks, geometry=replace(tensors.geometry, window_bins=BINS))
    sites = {"chr1": np.array([150, 9_000, 9_100, 17_777]), "chr2": np.array([], np.int64)}
    return TrainingGenome(tensors, sites if tss is None else tss, load=load)


def reference_class(signal, start, window_bins, sites, mean, sd):
    """Promoter 2, enhancer 1, else 0; and the two Z-scores behind it. Plain Python."""
    z = []
    for mark, row, reach in (("DNase", 1, 2), ("H3K4me3", 2, 7), ("H3K27ac", 0, 7)):
        del mark
        middle = start + window_bins // 2
        values = [float(v) for v in signal.rpm[row, middle - reach : middle + reach]]
        level = sum(values) / len(values)
        place = len(z)
        z.append((log10(level) - mean[place]) / sd[place] if level > 0 else -10.0)
    centre = (start + window_bins // 2) * 100
    distance = min((abs(int(site) - centre) for site in sites), default=inf)
    dnase, h3k4me3, h3k27ac = (value >= 1.64 for value in z)
    if dnase and h3k4me3 and distance <= 200:
        return 2
    if dnase and h3k27ac and not (distance <= 200 and h3k4me3):
        return 1
    return 0


@pytest.mark.parametrize("n_classes", [2, 3])
def test_every_window_has_the_class_that_the_rules_say(n_classes):
    arrays = fit_ccre(training(n_classes))
    check_ccre(arrays, 3, n_classes)
    # Lower hurdles, so that all cases occur.
    arrays["mean"] -= 1.2 * arrays["sd"]
    seen = set()
    for seed, name in ((1, "chr1"), (2, "chr1"), (3, "chr2"), (4, "1"), (5, "chr9")):
        signal = chromosome(name, 400, seed)
        starts = np.arange(400 - BINS + 1)
        p = score_ccre(arrays, signal, starts, BINS)
        assert p.dtype == np.float32
        np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-6)
        sites = arrays["tss.1"] if name in ("chr1", "1") else []
        for start in starts:
            expected = reference_class(signal, start, BINS, sites, arrays["mean"], arrays["sd"])
            called = [k for k in range(1, n_classes) if p[start, k] >= 0.5]
            assert called == ([expected] if 0 < expected < n_classes else []), (seed, start)
            seen.add(expected)
    assert seen == {0, 1, 2}


def scores(dnase, h3k4me3, h3k27ac, distance, n_classes=3):
    z = np.array([[dnase], [h3k4me3], [h3k27ac]], float)
    return rule_scores(z, np.array([float(distance)]), n_classes)[0].tolist()


LOW = 1.64 - 1e-9


@pytest.mark.parametrize(
    ("z", "distance", "enhancer", "promoter"),
    [
        ((1.64, 0.0, 1.64), inf, True, False),
        ((LOW, 0.0, 3.0), inf, False, False),
        ((3.0, 0.0, LOW), inf, False, False),
        ((3.0, 1.64, 0.0), 200, False, True),
        ((3.0, LOW, 0.0), 200, False, False),
        ((LOW, 3.0, 3.0), 0, False, False),
        ((3.0, 3.0, 3.0), 200, False, True),
        ((3.0, 3.0, 3.0), 201, True, False),
        ((3.0, 3.0, 0.0), 201, False, False),
        ((3.0, LOW, 3.0), 200, True, False),
        ((3.0, 0.0, 3.0), 2_000, True, False),
        ((3.0, 0.0, 3.0), 2_001, True, False),
        ((3.0, -10.0, 3.0), 0, True, False),
    ],
)
def test_borders_of_the_rules(z, distance, enhancer, promoter):
    _, e, p = scores(*z, distance)
    assert (e >= 0.5, p >= 0.5) == (enhancer, promoter)
    assert (scores(*z, distance, n_classes=2)[1] >= 0.5) == enhancer


def test_a_margin_is_the_smaller_of_two_through_a_logistic():
    assert scores(2.64, 0.0, 4.0, inf)[1] == pytest.approx(1 / (1 + np.exp(-1)))
    assert scores(4.0, 0.64, 0.0, 100)[2] == pytest.approx(1 / (1 + np.exp(1)))


def test_scores_never_fall_where_a_condition_is_met_better():
    rng = np.random.default_rng(0)
    z, distance = rng.normal(1.5, 2, (3, 2000)), rng.choice([0, 150, 200, 300, 5000.0], 2000)
    p = rule_scores(z, distance, 3)
    assert (p >= 0).all()
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-12)
    more = rng.exponential(1, 2000)
    for row, columns in ((0, [1, 2]), (1, [2]), (2, [1])):
        raised = z.copy()
        raised[row] += more
        near = distance <= 200
        scores = rule_scores(raised, distance, 3)
        for column in columns:
            # Far from a TSS, promoters also yield to enhancers.
            held = near | (column == 1) | (row == 1)
            assert (scores >= p - 1e-12)[held, column].all()
    nearer = np.where(distance == 5000, 300, distance)
    assert (rule_scores(z, nearer, 3)[:, 2] >= p[:, 2]).all()


def test_distances_to_the_nearest_tss():
    sites = np.array([100, 900, 950])
    distances = tss_distance(np.array([0, 100, 499, 501, 925, 2000]), sites)
    assert distances.tolist() == [100, 0, 399, 399, 25, 1050]
    assert tss_distance(np.array([5]), sites[:0]).tolist() == [inf]


@pytest.mark.parametrize(("window_bins", "bin_size"), [(20, 100), (21, 100), (8, 50), (3, 1000)])
def test_signal_is_taken_around_the_centre(window_bins, bin_size):
    rpm = np.random.default_rng(1).gamma(1, 1, (3, 60))
    starts = np.array([0, 3, 60 - window_bins])
    signal = central_rpm(rpm, starts, window_bins, bin_size)
    for row, reach in enumerate((200, 700, 700)):
        for column, start in enumerate(starts):
            window = rpm[row, start : start + window_bins]
            edge = max((window_bins // 2) - max(round(reach / bin_size), 1), 0)
            expected = window[edge : window_bins - edge].mean()
            assert signal[row, column] == pytest.approx(expected)


def test_statistics_are_those_of_accessible_windows_of_the_training_chromosomes():
    def load(chrom):
        assert chrom == "chr1"
        return chromosome(chrom)

    arrays = fit_ccre(training(load=load))
    signal, levels = chromosome(), [[], [], []]
    for start in range(300 - BINS + 1):
        middle = start + BINS // 2
        dnase = signal.rpm[1, middle - 2 : middle + 2].mean(dtype=float)
        others = [signal.rpm[r, middle - 7 : middle + 7].mean(dtype=float) for r in (2, 0)]
        for kept, level in zip(levels, (dnase, *others), strict=True):
            if dnase > 0 and level > 0:
                kept.append(log10(level))
    np.testing.assert_allclose(arrays["mean"], [np.mean(kept) for kept in levels], rtol=1e-9)
    np.testing.assert_allclose(arrays["sd"], [np.std(kept) for kept in levels], rtol=1e-9)
    assert arrays["rows"].tolist() == [1, 2, 0]
    assert arrays["tss.1"].tolist() == [150, 9_000, 9_100, 17_777]


def test_no_signal_is_far_below_all_others():
    scores = z_scores(np.array([[0, 1.0], [10, 0]]), np.zeros(2), np.array([1.0, 0.5]))
    assert scores.tolist() == [[-10, 0], [2, -10]]


def test_labels_and_other_splits_change_nothing():
    genome = training()
    rng = np.random.default_rng(0)
    tensors = genome.tensors
    noise = rng.gamma(2, 9, tensors.x.shape).astype(np.float32)
    spoilt = replace(genome, tensors=replace(tensors, x=noise, y=rng.permutation(tensors.y)))
    honest, from_spoilt = fit_ccre(genome), fit_ccre(spoilt)
    assert all(honest[name].tobytes() == from_spoilt[name].tobytes() for name in honest)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"n_classes": 5}, "no rule for poised"),
        ({"tss": {}}, "give --tss"),
        ({"tss": {"chrX": np.array([7])}}, "of the same genome"),
        ({"marks": ("H3K27ac", "DNase", "H3K4me1")}, "ccre needs H3K4me3; there is"),
        ({"marks": ("H3K4me1", "Dnase1x", "H3K4me2")}, "track .*, H3K4me3, H3K27ac; there"),
        ({"load": lambda chrom: replace(chromosome(), rpm=np.zeros((3, 300)))}, "no accessible"),
    ],
)
def test_what_the_rules_cannot_do_without_is_named(change, words):
    with pytest.raises(InputError, match=words):
        fit_ccre(training(**change))


def test_tss_lists_may_name_chromosomes_without_prefix():
    arrays = fit_ccre(training(tss={"4": np.array([300]), "Un": np.array([1])}))
    assert [name for name in arrays if "." in name] == ["tss.4"]


def test_no_temperature_moves_the_borders(tmp_path):
    tensors = labelled_windows(120)
    normalisation = replace(tensors.normalisation, marks=MARKS)
    genome = replace(training(), tensors=replace(tensors, marks=MARKS, normalisation=normalisation))
    options = TrainingOptions(1, 1, 1, 32, 0.01, 0.0001)
    cpu = torch.device("cpu")
    bundle, _ = train_bundle(
        genome, Learner("ccre", True, "all", options), Hardware(cpu, 1), tmp_path
    )
    assert bundle.temperature == 1


def test_all_problems_come_at_once():
    with pytest.raises(InputError, match=r"(?s)3 problems.*poised.*--tss.*needs"):
        fit_ccre(training(n_classes=5, tss={}, marks=("a", "b", "c")))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda a: a.pop("mean"), "mean is missing"),
        (lambda a: a.update(sd=a["sd"][:2]), "sd has another"),
        (lambda a: a.update(rows=a["rows"].astype(np.int64)), "rows has another"),
        (lambda a: a["rows"].__setitem__(0, 3), "none of the 3"),
        (lambda a: a["rows"].__setitem__(0, -1), "none of the 3"),
        (lambda a: a["mean"].__setitem__(0, np.nan), "not a number"),
        (lambda a: a["sd"].__setitem__(1, 0), "not above 0"),
        (lambda a: a["n_classes"].__setitem__(0, 2), "n_classes"),
        (lambda a: a["tss.1"].__setitem__(0, 10**9), "not rising"),
        (lambda a: a.update({"tss.1": a["tss.1"].astype(float)}), "not rising"),
        (lambda a: a.update(more=np.ones(1)), "more is not part"),
    ],
)
def test_damaged_arrays_are_refused(damage, words):
    arrays = fit_ccre(training())
    check_ccre(arrays, 3, 3)
    damage(arrays)
    with pytest.raises(ValueError, match=words):
        check_ccre(arrays, 3, 3)


def test_five_classes_are_refused_when_read():
    with pytest.raises(ValueError, match="n_classes"):
        check_ccre({**fit_ccre(training()), "n_classes": np.array([5], np.int32)}, 3, 5)
