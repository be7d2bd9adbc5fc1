"""The dilated network: what it sees, how it is run, how it is trained."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from samples.small_genome import small_genome
from samples.small_models import chromosome
from sklearn.metrics import average_precision_score

from deepregfinder.errors import InputError
from deepregfinder.genome.splits import SplitPlan
from deepregfinder.models.bundle import read_bundle
from deepregfinder.models.device import Hardware
from deepregfinder.models.drf import fit
from deepregfinder.models.drf import network as drf
from deepregfinder.models.drf.calibrate import best_cut
from deepregfinder.models.drf.data import class_weights
from deepregfinder.models.drf.network import DilatedNetwork, check_drf, features, score_drf
from deepregfinder.models.protocol import TrainingGenome, TrainingOptions
from deepregfinder.models.train import Learner, train_bundle, write_trained
from deepregfinder.prediction.scorers import load_scorer, predict_places, probabilities_at

CPU = torch.device("cpu")
OPTIONS = TrainingOptions(seed=3, seeds=2, epochs=4, batch_size=1, learning_rate=1, weight_decay=0)


def random_arrays(n_marks: int = 3, n_classes: int = 3) -> dict[str, np.ndarray]:
    torch.manual_seed(0)
    network = DilatedNetwork(n_marks, n_classes)
    arrays = {key: value.numpy() for key, value in network.state_dict().items()}
    return arrays | {"scale": np.linspace(0.5, 1, n_marks, dtype=np.float32)}


def by_one_pass(arrays, rpm, centres):
    """Probabilities from one pass over the whole chromosome, in plain torch."""
    network = drf.load_network(arrays, len(rpm), 3)
    tracks, scale = torch.from_numpy(rpm), torch.from_numpy(arrays["scale"])
    with torch.inference_mode():
        x = features(tracks, scale, slice(0, drf.n_outputs(tracks)))
        p = network(x.float()[None]).softmax(2)[0].numpy()
    outputs = [(p[max((c - 1) // 2, 0)] + p[min(c // 2, len(p) - 1)]) / 2 for c in centres]
    return np.array(outputs)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("n_bins", [1201, 640])
def test_tiles_change_nothing(monkeypatch, threads, n_bins):
    monkeypatch.setattr(drf, "TILE", {"cpu": 128})
    arrays = random_arrays()
    rpm = np.random.default_rng(1).gamma(0.5, 2, (3, n_bins)).astype(np.float32)
    starts = np.array([0, 1, 2, 297, 298, 299, 300, 301, n_bins - 20, n_bins - 21])
    probabilities = score_drf(arrays, chromosome(rpm, n_bins * 100), starts, 20, CPU, threads)
    np.testing.assert_allclose(probabilities, by_one_pass(arrays, rpm, starts + 10), atol=2e-6)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_nothing_beyond_the_halo_is_seen():
    arrays = random_arrays()
    rpm = np.random.default_rng(3).gamma(0.5, 2, (3, 1000)).astype(np.float32)
    place = np.array([490])
    before = score_drf(arrays, chromosome(rpm, 100_000), place, 20, CPU, 1)
    reach = drf.POOL * drf.HALO + max(drf.SPANS) // 2
    far, near = rpm.copy(), rpm.copy()
    far[:, : 500 - reach] += 50
    far[:, 500 + reach + 1 :] += 50
    near[:, 440] += 50
    np.testing.assert_array_equal(
        before, score_drf(arrays, chromosome(far, 100_000), place, 20, CPU, 1)
    )
    assert abs(before - score_drf(arrays, chromosome(near, 100_000), place, 20, CPU, 1)).max() > 0


def test_features_are_roots_of_means():
    rpm = np.random.default_rng(4).gamma(0.5, 2, (2, 301)).astype(np.float32)
    scale = np.array([0.5, 2], np.float32)
    values = features(torch.from_numpy(rpm), torch.from_numpy(scale), slice(0, 151)).numpy()
    assert values.shape == (302, 8)
    even = np.pad(rpm / scale[:, None], ((0, 0), (0, 1)))
    beyond = np.pad(even, ((0, 0), (50, 50)), mode="edge")
    for span, columns in zip(drf.SPANS, values.reshape(302, 4, 2).transpose(1, 0, 2), strict=True):
        half = span // 2
        for at in (0, 1, 30, 100, 299, 301):
            mean = beyond[:, 50 + at - half : 50 + at + half + 1].mean(axis=1)
            np.testing.assert_allclose(columns[at], np.sqrt(mean), rtol=2e-3)


@pytest.mark.parametrize("n_bins", [9_000, 9_001, 60])
def test_features_are_the_same_bits_in_any_stretch(n_bins):
    millions = np.array([[3.7], [11.1]])
    counts = np.random.default_rng(4).negative_binomial(0.05, 0.01, (2, n_bins))
    tracks = torch.from_numpy((counts / millions).astype(np.float32))
    n, scale = drf.n_outputs(tracks), torch.tensor([0.3, 0.07])
    whole = features(tracks, scale, slice(0, n))
    for start, end in ((0, 1), (0, n // 2), (n // 3, n // 2), (n // 2, n), (n - 1, n)):
        torch.testing.assert_close(
            features(tracks, scale, slice(start, end)), whole[2 * start : 2 * end], rtol=0, atol=0
        )


def test_few_places_take_short_stretches():
    outputs = np.array([9002, 0, 17, 500, 640, 4095, 4096, 8800, 9000])
    stretches = drf.stretches_with(outputs, 9003, CPU)
    assert [(s.start, s.stop) for s in stretches] == [
        *((0, 32), (496, 656), (4080, 4096), (4096, 4112), (8800, 8816), (8992, 9003)),
    ]
    everywhere = drf.stretches_with(np.arange(9003), 9003, CPU)
    assert [(s.start, s.stop) for s in everywhere] == [(0, 4096), (4096, 8192), (8192, 9003)]


def test_known_tsss_are_one_more_track_that_counts_near_them():
    arrays = random_arrays(4) | {"tss.5": np.array([50_050, 50_051, 99_999, 100_000])}
    rpm = np.random.default_rng(4).gamma(0.5, 2, (3, 1000)).astype(np.float32)
    starts = np.arange(0, 980, 5)

    def score(name):
        return score_drf(arrays, chromosome(rpm, 100_000, name=name), starts, 20, CPU, 1)

    track = np.zeros(1000, np.float32)
    track[[500, 999]] = 1
    probabilities = score("chr5")
    by_hand = by_one_pass(arrays, np.vstack([rpm, track]), starts + 10)
    np.testing.assert_allclose(probabilities, by_hand, atol=2e-6)
    np.testing.assert_array_equal(score("5"), probabilities)
    without = score("chr6")
    reach = drf.POOL * drf.HALO + max(drf.SPANS) // 2
    near = (abs(starts + 10 - 500) <= reach + 2) | (starts + 10 >= 999 - reach - 2)
    np.testing.assert_array_equal(probabilities[~near], without[~near])
    assert abs(probabilities - without)[near].max() > 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a.pop("output.bias"), "output.bias is missing"),
        (lambda a: a.update(scale=a["scale"] * 0), "not above 0"),
        (lambda a: a.update(scale=a["scale"][:2]), "another shape"),
        (lambda a: a.update({"enter.weight": a["enter.weight"] * np.nan}), "not a number"),
        (lambda a: a.update(more=np.zeros(1)), "something else"),
        (lambda a: a.update({"tss.1": np.array([5, 4])}), "not rising positions"),
        (lambda a: a.update({"tss.1": np.array([-1, 4])}), "not rising positions"),
        (lambda a: a.update({"tss.1": np.array([4.0])}), "not rising positions"),
        (lambda a: a.pop("tss.1"), "another shape"),
    ],
)
def test_damaged_arrays_are_refused(change, message):
    arrays = random_arrays(4) | {"tss.1": np.array([4, 4, 5])}
    check_drf(arrays, 3, 20, 3)
    change(arrays)
    with pytest.raises(ValueError, match=message):
        check_drf(arrays, 3, 20, 3)


def test_the_best_cut_has_the_highest_f1():
    rng = np.random.default_rng(5)
    truth = rng.random(400) < 0.1
    scores = np.round(rng.normal(truth * 2.0), 3)

    def f1(cut):
        called = scores >= cut
        return 2 * (called & truth).sum() / (called.sum() + truth.sum())

    assert f1(best_cut(scores, truth)) == max(f1(cut) for cut in scores)
    assert best_cut(scores, np.zeros(400, bool)) == 0.5


def test_rare_classes_weigh_more():
    y = np.array([0] * 8000 + [1] * 8 + [-1] * 50, np.int8)
    np.testing.assert_allclose(class_weights(y, 3), [1, 10, 20])


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drf")
    patch = pytest.MonkeyPatch()
    for name, value in (("STRETCH", 160), ("BATCH", 4), ("MIN_STEPS", 120)):
        patch.setattr(fit, name, value)
    genome = small_genome(folder)
    bundle, members = train_bundle(
        genome, Learner("drf", True, "all", OPTIONS), Hardware(CPU, 1), folder
    )
    yield folder, genome, bundle, members
    patch.undo()


def test_elements_are_learnt_and_the_places_between_them(trained):
    folder, genome, bundle, _ = trained
    tensors = genome.tensors
    rows = tensors.select("test")
    signal = genome.load("chr3")
    p = probabilities_at(load_scorer(bundle), signal, tensors.start[rows] // 100)
    for k in (1, 2):
        assert average_precision_score(tensors.y[rows] == k, p[:, k]) > 0.9
    between = probabilities_at(load_scorer(bundle), signal, np.arange(20, 2_900, 80))
    assert (between[:, 0] > 0.8).all()  # a place for one element in eight: no balanced classes
    assert not list(folder.glob("drf.*.npy"))


def test_where_reads_say_nothing_known_tsss_tell_promoters(trained, tmp_path):
    _, genome, _, _ = trained
    tensors = genome.tensors

    def noise(chrom):
        signal = genome.load(chrom)
        rpm = np.random.default_rng(signal.length).poisson(0.4, signal.rpm.shape)
        return replace(signal, rpm=rpm.astype(np.float32))

    promoters = tensors.y == 2
    tss = {
        chrom.removeprefix("chr"): tensors.midpoints[promoters & (tensors.chrom == index)]
        for index, chrom in enumerate(tensors.chroms)
    }
    rows = tensors.select("test")

    def promoters_found(tss):
        bundle, members = train_bundle(
            replace(genome, tensors=tensors, load=noise, tss=tss),
            Learner("drf", True, "all", replace(OPTIONS, seeds=1)),
            Hardware(CPU, 1),
            tmp_path,
        )
        write_trained(tmp_path / "bundle", bundle, members)
        scorer = load_scorer(read_bundle(tmp_path / "bundle"))
        p = probabilities_at(scorer, noise("chr3"), tensors.start[rows] // 100)
        return average_precision_score(tensors.y[rows] == 2, p[:, 2])

    assert promoters_found(tss) > 0.9
    assert promoters_found(None) < 0.6


def test_a_bundle_predicts_the_same_after_writing_and_reading(trained):
    folder, genome, bundle, members = trained
    write_trained(folder / "bundle", bundle, members)
    stored = read_bundle(folder / "bundle")
    assert stored.seeds == (3, 4)
    assert stored.thresholds == bundle.thresholds
    assert stored.thresholds != (0.5, 0.5)
    tensors = genome.tensors
    rows = tensors.select("validation")

    class Reader:
        load = staticmethod(genome.load)

    chroms = np.array(tensors.chroms)[tensors.chrom[rows]]
    got = predict_places(load_scorer(stored), Reader, chroms, tensors.start[rows] // 100)
    for member, probabilities in zip(members, got, strict=True):
        np.testing.assert_allclose(probabilities, member.validation_probabilities, atol=1e-5)


def test_interrupted_training_continues_to_the_same_weights(trained, tmp_path, monkeypatch):
    _, genome, bundle, _ = trained
    epoch = fit._train_epoch

    def killed_in_epoch_3(state, *rest):
        if len(state.curve) == 2:
            raise KeyboardInterrupt
        return epoch(state, *rest)

    monkeypatch.setattr(fit, "_train_epoch", killed_in_epoch_3)
    with pytest.raises(KeyboardInterrupt):
        train_bundle(genome, Learner("drf", True, "all", OPTIONS), Hardware(CPU, 1), tmp_path)
    epochs = []
    monkeypatch.setattr(
        fit, "_train_epoch", lambda *given: epochs.append(given[4]) or epoch(*given)
    )
    again, members = train_bundle(
        genome, Learner("drf", True, "all", OPTIONS), Hardware(CPU, 1), tmp_path
    )
    assert epochs == [3, 3, 4, 4, 4, 4]
    assert [record.epoch for record in members[0].curve] == [1, 2, 3, 4]
    for one, other in zip(bundle.weights, again.weights, strict=True):
        for key in one:
            np.testing.assert_array_equal(one[key], other[key])


def test_two_threads_train_one_member_to_the_same_weights(trained, tmp_path):
    _, genome, bundle, _ = trained
    learner = Learner("drf", True, "all", replace(OPTIONS, seeds=1))
    again, _ = train_bundle(genome, learner, Hardware(CPU, 2), tmp_path)
    for key, array in bundle.weights[0].items():
        np.testing.assert_array_equal(array, again.weights[0][key])


def test_a_damaged_checkpoint_is_not_used(trained, tmp_path):
    _, genome, bundle, _ = trained
    (tmp_path / "checkpoint.drf.seed3.safetensors").write_bytes(b"half of it")
    again, _ = train_bundle(
        genome, Learner("drf", True, "all", replace(OPTIONS, seeds=1)), Hardware(CPU, 1), tmp_path
    )
    for key, array in bundle.weights[0].items():
        np.testing.assert_array_equal(array, again.weights[0][key])


def test_what_it_cannot_learn_from_is_refused(trained, tmp_path):
    _, genome, _, _ = trained
    tensors = genome.tensors
    with pytest.raises(InputError, match="give --signal"):
        train_bundle(
            TrainingGenome(tensors),
            Learner("drf", True, "all", OPTIONS),
            Hardware(CPU, 1),
            tmp_path,
        )
    at_random = replace(tensors, split_plan=SplitPlan.parse("random", "1", "2", "3"))
    with pytest.raises(InputError, match="--split random would show it the test windows"):
        train_bundle(
            replace(genome, tensors=at_random),
            Learner("drf", True, "all", OPTIONS),
            Hardware(CPU, 1),
            tmp_path,
        )
