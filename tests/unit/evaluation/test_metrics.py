import numpy as np
import pytest

from deepregfinder.evaluation.metrics import (
    Blocks,
    auroc,
    average_precision,
    bootstrap_weights,
    measure,
    one_hot_membership,
    precision_recall_curve,
    roc_curve,
    tally,
)


def test_a_perfect_ranking_has_areas_of_one() -> None:
    positive, negative = np.array([3, 2, 0, 0]), np.array([0, 0, 4, 1])
    assert average_precision(positive, negative) == 1
    assert auroc(positive, negative) == 1


def test_one_score_for_all_gives_the_share_of_positives_and_a_half() -> None:
    assert average_precision(np.array([2.0]), np.array([6.0])) == 0.25
    assert auroc(np.array([2.0]), np.array([6.0])) == 0.5


def test_areas_without_positives_are_no_number() -> None:
    assert np.isnan(average_precision(np.array([0.0, 0.0]), np.array([1.0, 2.0])))
    assert np.isnan(auroc(np.array([1.0, 2.0]), np.array([0.0, 0.0])))


def test_a_class_that_is_never_predicted_has_no_precision_and_an_f1_of_zero() -> None:
    p = np.array([[0.9, 0.8, 0.7], [0.1, 0.2, 0.3]])
    truth = np.array([0, 0, 1])
    measures = measure(tally(p, truth, one_hot_membership(truth, 2), np.zeros(3, int), 1))
    assert np.isnan(measures.per_class["precision"][0, 1])
    assert measures.per_class["recall"][0, 1] == 0
    assert measures.per_class["f1"][0, 1] == 0


def test_map_leaves_background_out_and_is_no_number_where_a_class_has_no_window() -> None:
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(3), 50).T
    truth = rng.integers(0, 2, 50)
    measures = measure(tally(p, truth, one_hot_membership(truth, 3), np.zeros(50, int), 1))
    assert np.isnan(measures.overall["map"][0])
    truth[:5] = 2
    measures = measure(tally(p, truth, one_hot_membership(truth, 3), np.zeros(50, int), 1))
    assert measures.overall["map"][0] == pytest.approx(
        measures.per_class["average_precision"][0, 1:].mean()
    )


def test_a_certain_and_right_model_is_calibrated_and_a_certain_wrong_one_is_not() -> None:
    truth = np.array([0, 1, 1, 0])
    right = np.eye(2)[truth].T
    for p, ece, brier in ((right, 0, 0), (right[::-1], 1, 2)):
        measures = measure(tally(p, truth, one_hot_membership(truth, 2), np.zeros(4, int), 1))
        assert measures.overall["ece"][0] == ece
        assert measures.overall["brier"][0] == brier


def test_windows_without_a_true_class_count_in_no_confusion() -> None:
    p = np.array([[0.9, 0.2], [0.1, 0.8]])
    truth = np.array([0, -1])
    counts = tally(p, truth, np.array([[1, -1], [0, 1]]), np.zeros(2, int), 1)
    assert counts.confusion.sum() == 1
    assert counts.bins[..., 0].sum() == 1
    assert counts.hits[0, 1].tolist() == [1, 0, 0]


def test_curves_of_a_class_without_windows_are_empty() -> None:
    p = np.array([[0.9, 0.2], [0.1, 0.8]])
    truth = np.array([0, 0])
    ranking = tally(p, truth, one_hot_membership(truth, 2), np.zeros(2, int), 1).rankings[1]
    assert precision_recall_curve(ranking).shape == (0, 3)
    assert roc_curve(ranking).shape == (0, 3)


def test_blocks_are_of_5_mb_on_a_human_genome_and_smaller_on_a_small_one() -> None:
    human = Blocks.over({"chr20": 63_025_520, "chr21": 48_129_895})
    assert human.size == 5_000_000
    assert human.first == {"chr20": 0, "chr21": 13}
    assert len(human) == 13 + 10
    small = Blocks.over({"chr1": 2_400_000, "chr2": 1_600_000})
    assert small.size == 200_000
    assert len(small) == 20
    assert Blocks.over({"chr1": 300_000}).size == 100_000


def test_bootstrap_draws_as_many_blocks_as_there_are_and_depends_on_the_seed_only() -> None:
    weights = bootstrap_weights(11, 50, seed=3)
    assert (weights.sum(axis=1) == 11).all()
    np.testing.assert_array_equal(weights, bootstrap_weights(11, 50, seed=3))
    assert (weights != bootstrap_weights(11, 50, seed=4)).any()
