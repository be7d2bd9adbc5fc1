"""Filters, profiles, importance of marks and attributions, each against an independent answer."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from samples.small_evaluation import elements
from samples.small_models import CHROM_SIZES, GEOMETRY, MARKS, random_bundle, write_random_signal
from sklearn.metrics import average_precision_score

from deepregfinder.explain import explanation
from deepregfinder.explain.attributions import centred_logits, integrated_gradients
from deepregfinder.explain.elimination import eliminate
from deepregfinder.explain.filters import (
    class_specificity,
    dot_products,
    examine_filters,
    first_components,
    first_filters,
)
from deepregfinder.explain.importance import (
    Scored,
    average_precisions,
    block_order,
    block_size,
    genome_score,
    mark_importance,
    swapped_blocks,
    windows_score,
)
from deepregfinder.explain.places import best_places
from deepregfinder.explain.profiles import average_profiles
from deepregfinder.models.protocol import ChromosomeSignal
from deepregfinder.models.windows.model import load_networks
from deepregfinder.models.windows.networks import build_network
from deepregfinder.prediction.calling import Calls
from deepregfinder.signal.scale import normalise_windows
from deepregfinder.signal.store import open_signal


def windows(n: int = 60, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.gamma(0.5, 2, (n, len(MARKS), GEOMETRY.window_bins)).astype(np.float32)


@pytest.mark.parametrize("model", ["cnn", "rnn"])
def test_filters_are_those_that_a_hook_on_the_plain_network_sees(model: str) -> None:
    """The output of the first convolution, before batch norm and ReLU, without its bias."""
    bundle = random_bundle(model)
    x = normalise_windows(bundle.normalisation, windows())
    plain = build_network(model, len(MARKS), GEOMETRY.window_bins, 3)
    plain.load_state_dict(
        {key: torch.from_numpy(value) for key, value in bundle.weights[0].items()}
    )
    plain.eval()
    seen: list[torch.Tensor] = []
    plain.block1.conv.register_forward_hook(
        lambda layer, _inputs, output: seen.append(output.squeeze(2) - layer.bias[:, None])
    )
    with torch.no_grad():
        plain(torch.from_numpy(x))
    network = load_networks(bundle.model, bundle.trained)[0]
    weights = first_filters(network, bundle.weights[0])
    assert weights is not None
    filters = examine_filters(weights, x, np.arange(60) % 3, 3)
    np.testing.assert_array_equal(filters.weights, plain.block1.conv.weight.detach().numpy())
    assert seen[0].min() < 0 < seen[0].max()
    for number in range(32):
        a = seen[0][:, number].double().numpy()
        values, vectors = np.linalg.eigh(a.T @ a)
        assert filters.explained[number] == pytest.approx(values[-1] / values.sum(), rel=1e-4)
        score = a @ vectors[:, -1] * np.sign(vectors[:, -1].sum())
        np.testing.assert_allclose(filters.scores[:, number], score, atol=1e-3)
        assert filters.scores[:, number] @ a.sum(axis=1) > 0, "high scores are high activations"


def test_activations_are_dot_products_counted_by_hand() -> None:
    """Two marks, four bins and a filter of three; bins beyond the window are 0."""
    x = np.array([[[1, 2, 0, -1], [0, 1, 3, 1]]], np.float32)
    filters = np.array([[[1, 0, -1], [0, 2, 0]], [[0, 1, 0], [0, 0, 0]]], np.float32)
    expected = [[-2 + 0, 1 - 0 + 2, 2 + 1 + 6, 0 + 2], [1, 2, 0, -1]]
    np.testing.assert_array_equal(dot_products(filters, x), [expected])


def test_a_network_without_convolution_has_no_filters() -> None:
    bundle = random_bundle("mlp")
    network = load_networks("mlp", bundle.trained)[0]
    assert first_filters(network, bundle.weights[0]) is None


def test_one_component_explains_activations_of_one_shape_and_dead_filters_nothing() -> None:
    strength, shape = np.arange(1.0, 6), np.array([0.0, 3, 4])
    scores, positions, explained = first_components(
        np.stack([strength[:, None] * shape, np.zeros((5, 3))], axis=1)
    )
    np.testing.assert_allclose(scores[:, 0], 5 * strength)
    np.testing.assert_allclose(positions[0], shape / 5)
    assert explained[0] == pytest.approx(1)
    assert np.isnan(explained[1])


def test_the_specific_filter_is_that_of_its_class() -> None:
    class_index = np.repeat([0, 1, 2], 20)
    noise = np.random.default_rng(0).normal(0, 0.1, (60, 3))
    scores = np.column_stack([class_index == 2, class_index == 1, np.zeros(60)]) + noise
    means, favourite, specificity = class_specificity(scores, class_index, 3)
    assert favourite[:2].tolist() == [2, 1]
    assert specificity[2] < 1 < min(specificity[:2])
    standard = (scores[:, 0] - scores[:, 0].mean()) / scores[:, 0].std()
    assert means[0, 2] == pytest.approx(standard[class_index == 2].mean())


def test_profiles_are_plain_averages(tmp_path: Path) -> None:
    arrays = write_random_signal(tmp_path / "signal.zip")
    rng = np.random.default_rng(1)
    calls = {
        chrom: Calls(
            *(np.zeros(40, np.int64),) * 2,
            rng.integers(1, 3, 40),
            np.ones(40, np.float32),
            rng.integers(0, CHROM_SIZES[chrom], 40),
        )
        for chrom in ("chr1", "chr2", "chr4")
    }
    rows = [2, 0, -1]  # the last mark is one that a portable model does without
    profiles = average_profiles(open_signal(tmp_path / "signal.zip"), rows, calls, 3)
    for index in (1, 2):
        cut = [
            arrays[chrom][[2, 0], middle - 50 : middle + 51]
            for chrom, here in calls.items()
            for middle in here.summit[here.class_index == index] // 100
            if middle >= 50 and middle + 50 < arrays[chrom].shape[1]
        ]
        assert profiles.calls[index] == len(cut) > 5
        np.testing.assert_allclose(profiles.rpm[index, :2], np.mean(cut, axis=0), rtol=1e-5)
        assert (profiles.rpm[index, 2] == 0).all()
    assert np.isnan(profiles.rpm[0]).all()
    assert profiles.offsets[[0, 50, -1]].tolist() == [-5000, 0, 5000]


def test_average_precision_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(2)
    y, p = rng.integers(0, 3, 80), rng.dirichlet(np.ones(3), 80)
    expected = [average_precision_score(y == index, p[:, index]) for index in range(3)]
    np.testing.assert_allclose(average_precisions(p, y), expected)
    weights = np.array([7.5, 1, 2])
    expected = [
        average_precision_score(y == index, p[:, index], sample_weight=weights[y])
        for index in range(3)
    ]
    np.testing.assert_allclose(average_precisions(p, y, weights), expected)


def test_a_sample_of_windows_stands_for_all_of_its_class() -> None:
    """Its weighted average precision is that of all windows, within the error of sampling."""
    rng = np.random.default_rng(6)
    y = rng.permutation(np.repeat([0, 1, 2], [40_000, 3_000, 200]))
    p = rng.dirichlet(np.ones(3), len(y)) + np.eye(3)[y] * 0.3
    rows = explanation._sampled(np.arange(len(y)), y, seed=0)
    assert (np.diff(rows) > 0).all()
    assert np.bincount(y[rows]).tolist() == [250, 250, 200]
    assert set(np.flatnonzero(y == 2)) < set(rows)
    weights = np.array([40_000 / 250, 3_000 / 250, 1])
    np.testing.assert_allclose(
        average_precisions(p[rows], y[rows], weights), average_precisions(p, y), atol=0.06
    )


def blind_to(mark: int, model: str = "cnn"):
    """A network whose first layer has no weights for a mark."""
    bundle = random_bundle(model)
    weights = {key: value.copy() for key, value in bundle.weights[0].items()}
    weights["block1.conv.weight"][:, mark] = 0
    return replace(bundle, weights=(weights,))


def test_a_mark_that_the_model_ignores_has_no_importance_and_the_others_have() -> None:
    bundle, x = blind_to(1), windows(400)
    truth = np.argsort(np.argsort(x[:, 0].sum(axis=1))) * 3 // 400
    block, start = np.arange(400) // 10, np.arange(400)
    score = windows_score(bundle, x, block, start, 1)
    # Labels are predictions of the model, so that all marks that it uses are important.
    y = score({}).argmax(axis=1)
    y = np.where(np.bincount(y, minlength=3).min() > 5, y, truth)
    importance = mark_importance(Scored(score, y, np.ones(3)), 3, 4, 1, 1000)
    assert (importance.drops[1] == 0).all()
    assert (np.abs(importance.drops[[0, 2]]).mean(axis=(1, 2)) > 0.01).all()


def test_the_mark_that_makes_the_classes_is_the_most_important_one() -> None:
    """With a score of the mean of mark 2 and a little of mark 0."""
    x = windows(600, seed=3)
    y = (x[:, 2].mean(axis=1) > np.median(x[:, 2].mean(axis=1))).astype(int)
    block, start = np.arange(600) // 10, np.arange(600)

    def score(marks: Mapping[int, np.random.Generator | None]) -> np.ndarray:
        seen = x.copy()
        for mark, generator in marks.items():
            seen[:, mark] = x[block_order(block, start, generator), mark]
        p = 1 / (1 + np.exp(-seen[:, 2].mean(axis=1) - 0.05 * seen[:, 0].mean(axis=1)))
        return np.column_stack([1 - p, p])

    importance = mark_importance(Scored(score, y, np.ones(2)), 3, 5, 1, 1000)
    drops = importance.map_drops.mean(axis=1)
    assert importance.drops.shape == (3, 5, 2)
    assert drops.argmax() == 2
    assert drops[2] == pytest.approx(importance.intact[1] - y.mean(), abs=0.1)
    assert drops[1] == 0


def test_marks_go_in_the_order_in_which_they_can_be_spared() -> None:
    """Mark 0 is not used; 1 and 2 are redundant, 3 has half their weight."""
    rng = np.random.default_rng(5)
    y = rng.integers(0, 2, 600)
    x = rng.normal(size=(600, 4, 1))
    twin = y[:, None] * 3 + rng.normal(size=(600, 1))
    x[:, 1], x[:, 2], x[:, 3] = twin, twin, y[:, None] * 1.5 + rng.normal(size=(600, 1))
    block, start = np.arange(600) // 10, np.arange(600)

    def score(marks: Mapping[int, np.random.Generator | None]) -> np.ndarray:
        seen = x[:, :, 0].copy()
        for mark, generator in marks.items():
            seen[:, mark] = x[block_order(block, start, generator), mark, 0]
        p = 1 / (1 + np.exp(-seen[:, 1] - seen[:, 2] - seen[:, 3]))
        return np.column_stack([1 - p, p])

    windows = Scored(score, y, np.ones(2))
    elimination = eliminate(windows, windows, 4, seed=1)
    assert elimination.order[0] == 0
    assert set(elimination.order[1:3]) & {1, 2}
    assert elimination.order[-1] in (1, 2)
    np.testing.assert_array_equal(elimination.areas[0], average_precisions(score({}), y))
    np.testing.assert_array_equal(elimination.areas[1], elimination.areas[0])
    assert elimination.areas[4, 1] == pytest.approx(0.5, abs=0.1), "guessing"
    assert elimination.areas[0, 1] > elimination.areas[2, 1] > elimination.areas[4, 1]


def test_of_many_marks_a_third_goes_at_a_time() -> None:
    """The more the numbers of the marks that are left, the less noise."""
    rng = np.random.default_rng(7)
    y, noise = rng.integers(0, 2, 4000), rng.random(4000)
    asked = []

    def score(marks: Mapping[int, np.random.Generator | None]) -> np.ndarray:
        asked.append(len(marks))
        share = sum(mark + 1 for mark in range(10) if mark not in marks) / 110
        p = share * y + (1 - share) * noise
        return np.column_stack([1 - p, p])

    windows = Scored(score, y, np.ones(2))
    elimination = eliminate(windows, windows, 10, seed=None)
    assert elimination.order == tuple(range(10))
    steps = [*[1] * 10, *[4] * 7, *[6] * 5, *[7] * 4, *[8] * 3, *[9] * 2, 10]
    assert asked == [*steps, *range(11)]


def test_blocks_of_windows_change_places_whole() -> None:
    rng = np.random.default_rng(4)
    block, start = np.repeat([0, 1, 2, 3, 4], 4), rng.permutation(20)
    order = block_order(block, start, np.random.default_rng(0))
    assert sorted(order) == list(range(20))
    by_place = np.lexsort((start, block))
    blocks_seen = block[order[by_place]].reshape(5, 4)
    assert (blocks_seen == blocks_seen[:, :1]).all()
    assert (blocks_seen[:, 0] != np.arange(5)).any()
    for row in order[by_place].reshape(5, 4):
        assert (np.diff(start[row]) > 0).all()


def test_blocks_of_a_track_change_places_whole() -> None:
    track = np.arange(10) // 4 * 10 + np.arange(10)
    swapped = swapped_blocks(track, 4, np.random.default_rng(1))
    assert sorted(swapped) == sorted(track)
    text = " ".join(map(str, swapped))
    assert all(" ".join(map(str, part)) in text for part in np.split(track, [4, 8]))
    assert block_size({"a": 10**9}) == 1_000_000
    assert block_size({"a": 6_000, "b": 4_000}) == 500


def test_genome_models_see_a_chromosome_with_one_mark_exchanged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A window model through the interface of genome models, which ignores one mark."""
    bundle = blind_to(2)
    rng = np.random.default_rng(5)
    signals = [
        ChromosomeSignal(
            name, 40_000, rng.gamma(0.5, 2, (3, 400)).astype(np.float32), np.ones(3, np.int64), 100
        )
        for name in ("chr3", "chr4")
    ]
    chrom = np.array(["chr4", "chr3"] * 50, dtype=object)
    start = np.arange(100) * 300
    score = genome_score(bundle, signals, chrom, start, 2_000, 1)
    one, again, blind, other = (
        score({mark: np.random.default_rng(0) for mark in marks}) for marks in ([], [], [2], [0])
    )
    np.testing.assert_array_equal(one, again)
    np.testing.assert_array_equal(one, blind)
    assert np.abs(one - other).max() > 0.001
    x = np.stack(
        [
            signals[int(name == "chr4")].rpm[:, at // 100 : at // 100 + 8]
            for name, at in zip(chrom, start, strict=True)
        ]
    )
    plain = windows_score(bundle, x, np.zeros(100, int), start, 1)
    np.testing.assert_allclose(one, plain({}), atol=1e-6)
    windows = Scored(score, np.arange(100) % 3, np.ones(3))
    elimination = eliminate(windows, windows, 3, seed=1)
    step = elimination.order.index(2)
    np.testing.assert_array_equal(elimination.areas[step], elimination.areas[step + 1])
    assert len({tuple(row) for row in elimination.areas}) == 3
    x[:, 0] = 0
    zeroed = windows_score(bundle, x.copy(), np.zeros(100, int), start, 1)({})
    np.testing.assert_allclose(score({0: None}), zeroed, atol=1e-6)
    x[:, 0] = 7
    np.testing.assert_array_equal(plain({0: None}), zeroed)
    assert np.abs(plain({}) - zeroed).max() > 0.001


@pytest.mark.parametrize("model", ["cnn", "rnn", "mlp"])
def test_attributions_sum_up_to_the_difference_of_the_logits(model: str) -> None:
    bundle = random_bundle(model, n_members=2)
    x = normalise_windows(bundle.normalisation, windows(12))
    nothing = np.zeros((len(MARKS), GEOMETRY.window_bins), np.float32)
    baseline = bundle.normalisation.apply(nothing)
    logits = centred_logits(load_networks(bundle.model, bundle.trained))
    attributions = integrated_gradients(logits, x, baseline, 2)
    outputs = [logits(torch.from_numpy(one)) for one in (x, baseline[None])]
    expected = (outputs[0] - outputs[1])[:, 2].numpy()
    np.testing.assert_allclose(attributions.difference, expected, atol=1e-5)
    scale = np.abs(expected).mean()
    np.testing.assert_allclose(attributions.values.sum(axis=(1, 2)), expected, atol=0.0101 * scale)
    assert attributions.error <= 0.01


def test_attributions_of_a_linear_function_are_its_terms() -> None:
    """On segments of any length, as only the function interprets them."""
    rng = np.random.default_rng(6)
    weights = torch.from_numpy(rng.normal(size=(2, 3, 50)).astype(np.float32))
    x = rng.normal(size=(4, 3, 50)).astype(np.float32)
    baseline = np.full((3, 50), 0.5, np.float32)
    attributions = integrated_gradients(
        lambda batch: torch.einsum("nmb,kmb->nk", batch, weights), x, baseline, 1
    )
    np.testing.assert_allclose(attributions.values, (x - baseline) * weights[1].numpy(), atol=1e-4)


def test_the_best_places_are_the_labelled_test_windows_with_the_highest_probability() -> None:
    """In each class, found by sorting its windows one by one; chance decides among equals."""
    tensors = elements()
    tested = tensors.select("test")
    probabilities = np.random.default_rng(7).dirichlet(np.ones(3), len(tested))
    best = best_places(tensors, probabilities, 8, 1)
    assert best.class_index.tolist() == np.repeat([0, 1, 2], 8).tolist()
    for index in range(3):
        own = [row for row, place in enumerate(tested) if tensors.y[place] == index]
        expected = sorted(own, key=lambda row: -probabilities[row, index])[:8]
        chosen = best.class_index == index
        assert best.row[chosen].tolist() == expected
        assert best.score[chosen].tolist() == probabilities[expected, index].tolist()
        where = tested[expected]
        assert best.start[chosen].tolist() == tensors.start[where].tolist()
        assert best.chrom[chosen].tolist() == [tensors.chroms[at] for at in tensors.chrom[where]]
    assert len(best_places(tensors, probabilities, 1000, 1)) == len(tested)
    equal = np.full((len(tested), 3), 1 / 3)
    assert (
        best_places(tensors, equal, 8, 1).row.tolist()
        != best_places(tensors, equal, 8, 2).row.tolist()
    )


@pytest.mark.parametrize(("enough", "chroms"), [(2, {"chr2"}), (12, {"chr1", "chr2"}), (999, None)])
def test_chromosomes_are_left_out_where_smaller_ones_have_enough_windows(
    enough: int, chroms: set[str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explanation, "ENOUGH_WINDOWS", enough)
    tensors = elements()
    rows = np.arange(len(tensors.y))
    chosen = explanation._enough(tensors, rows)
    if chroms is None:
        np.testing.assert_array_equal(chosen, rows)
    else:
        assert {tensors.chroms[index] for index in tensors.chrom[chosen]} == chroms
        assert np.bincount(tensors.y[chosen])[1:].min() >= enough
