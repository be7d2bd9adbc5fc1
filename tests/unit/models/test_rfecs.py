import numpy as np
import pytest
from safetensors.numpy import load, save

from deepregfinder.models.forests.rfecs import (
    bootstrap_windows,
    check_rfecs,
    evaluate_rfecs,
    fit_rfecs,
    grow_tree,
    staged_probabilities,
)

MARKS, BINS = 6, 8


def windows(n, n_classes, seed=0, signal=1.0):
    """Class k raises mark k in the middle of the window; class 0, two of three, raises nothing."""
    rng = np.random.default_rng(seed)
    y = np.where(rng.random(n) < 2 / 3, 0, rng.integers(1, n_classes, n))
    x = rng.normal(size=(n, MARKS, BINS))
    for k in range(1, n_classes):
        x[y == k, k, 2:6] += signal
    return x.astype(np.float32), y


@pytest.fixture(scope="module")
def forest():
    return fit_rfecs(*windows(300, 3), n_classes=3, seed=0, threads=2, n_trees=5)


@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_classes_are_told_apart_on_new_windows(n_classes):
    x, y = windows(1500, n_classes, signal=1.2)
    forest = fit_rfecs(x, y, n_classes=n_classes, seed=0, threads=2)
    assert len(forest["tree_offsets"]) == 66
    check_rfecs(forest, MARKS, BINS, n_classes)
    x, y = windows(600, n_classes, seed=1, signal=1.2)
    p = evaluate_rfecs(forest, x)
    assert p.dtype == np.float32
    assert p.shape == (600, n_classes)
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-5)
    recall = [(p.argmax(axis=1) == k)[y == k].mean() for k in range(n_classes)]
    assert np.mean(recall) > 0.75


def test_labels_without_meaning_teach_nothing():
    x, y = windows(900, 3, signal=0)
    forest = fit_rfecs(x, y, n_classes=3, seed=0, threads=2, n_trees=20)
    x, y = windows(900, 3, seed=1, signal=0)
    hits = evaluate_rfecs(forest, x).argmax(axis=1) == y
    assert np.mean([hits[y == k].mean() for k in range(3)]) == pytest.approx(1 / 3, abs=0.08)


def test_a_single_informative_mark_is_found_among_noise():
    x, y = windows(1000, 2, signal=1.5)
    forest = fit_rfecs(x, y, n_classes=2, seed=0, threads=2, n_trees=60)
    # Of 6 marks a root sees 2: mark 1 is among them in a third of trees, and then wins.
    roots = forest["mark"][forest["tree_offsets"][:-1]]
    assert np.bincount(roots, minlength=MARKS).argmax() == 1
    assert 0.2 < (roots == 1).mean() < 0.5
    weights = forest["weights"][forest["tree_offsets"][:-1]][roots == 1]
    assert (weights[:, 2:6].min(axis=1) > np.abs(weights[:, [0, 1, 6, 7]]).max(axis=1)).all()


def test_where_the_drawn_marks_are_constant_another_one_is_looked_at():
    x, y = windows(300, 2, signal=3)
    x[:, [0, 2, 3, 4, 5]] = 1
    forest = fit_rfecs(x, y, n_classes=2, seed=0, threads=1, n_trees=5)
    assert set(forest["mark"].tolist()) == {-1, 1}
    assert (forest["mark"][forest["tree_offsets"][:-1]] == 1).all()
    assert (evaluate_rfecs(forest, x).argmax(axis=1) == y).mean() > 0.95


def test_windows_that_are_all_alike_give_a_leaf_with_the_balance_of_the_sample():
    forest = fit_rfecs(
        np.ones((90, 2, 4), np.float32), np.arange(90) % 3, n_classes=3, seed=0, threads=1
    )
    assert len(forest["mark"]) == 65
    np.testing.assert_allclose(forest["probabilities"], 1 / 3, rtol=1e-6)


def test_bins_constant_in_each_class_weigh_as_their_difference():
    y = np.arange(141) % 2
    means = np.random.default_rng(0).normal(size=(2, 20)).astype(np.float32)
    tree = grow_tree(means[y][:, None], y, np.arange(141), 2, np.random.default_rng(0))
    difference = means[1].astype(float) - means[0]
    expected = difference / np.linalg.norm(difference)
    np.testing.assert_allclose(tree["weights"][0], expected, rtol=1e-5)
    np.testing.assert_array_equal(tree["probabilities"][1:], [[1, 0], [0, 1]])


def test_neighbouring_numbers_of_float32_can_be_separated():
    y = np.arange(40) % 2
    low = np.nextafter(np.float32(1), np.float32(0))
    x = np.where(y, np.float32(1), low).astype(np.float32)[:, None, None]
    tree = grow_tree(x, y, np.arange(40), 2, np.random.default_rng(0))
    assert tree["threshold"][0] == low
    np.testing.assert_array_equal(tree["probabilities"][1:], [[1, 0], [0, 1]])


def test_nodes_with_fewer_than_ten_windows_are_leaves():
    x, y = windows(400, 3, signal=0.5)
    tree = grow_tree(x, y, np.arange(400), 3, np.random.default_rng(0))
    size = np.zeros(len(tree["mark"]), int)
    size[0] = 400
    for node in np.flatnonzero(tree["mark"] >= 0):
        left = tree["left"][node]
        # Shares of the children, weighted by their sizes, give those of the parent.
        a, b, c = tree["probabilities"][[node, left, left + 1]].astype(float)
        part = ((a - c) @ (b - c)) / ((b - c) @ (b - c))
        size[left] = round(part * size[node])
        size[left + 1] = size[node] - size[left]
    pure = tree["probabilities"].max(axis=1) == 1
    assert (size[tree["mark"] >= 0] >= 10).all()
    assert (pure | (size < 10))[tree["mark"] < 0].all()


def test_a_tree_sees_each_class_as_often_as_the_smallest_has_windows():
    y = np.repeat([0, 1, 2], [500, 40, 90])
    draws = [bootstrap_windows(y, 3, np.random.default_rng(seed)) for seed in range(50)]
    assert all((np.bincount(y[drawn]) == 40).all() for drawn in draws)
    distinct = np.mean([len(set(drawn[y[drawn] == 1].tolist())) for drawn in draws])
    assert distinct == pytest.approx(40 * (1 - (1 - 1 / 40) ** 40), abs=1)
    assert set(np.concatenate(draws).tolist()) > set(range(500, 630))


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_do_not_change_the_forest(forest, threads):
    again = fit_rfecs(*windows(300, 3), n_classes=3, seed=0, threads=threads, n_trees=5)
    assert again.keys() == forest.keys()
    assert all(again[name].tobytes() == forest[name].tobytes() for name in forest)


def test_another_seed_gives_another_forest(forest):
    other = fit_rfecs(*windows(300, 3), n_classes=3, seed=1, threads=1, n_trees=5)
    assert save(other) != save(forest)


def test_more_trees_begin_with_the_same_ones(forest):
    more = fit_rfecs(*windows(300, 3), n_classes=3, seed=0, threads=1, n_trees=6)
    n_nodes = forest["tree_offsets"][-1]
    assert all(np.array_equal(more[k][:n_nodes], forest[k]) for k in forest if k != "tree_offsets")


def test_a_window_gets_the_same_probabilities_in_any_batch(forest):
    x, _ = windows(50, 3, seed=2)
    whole = evaluate_rfecs(forest, x)
    parts = [evaluate_rfecs(forest, x[i : i + 7]) for i in range(0, 50, 7)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    assert evaluate_rfecs(forest, x[:0]).shape == (0, 3)


@pytest.mark.parametrize(
    ("n_trees", "stages"),
    [
        (1, [1]),
        (5, [1, 2, 3, 4, 5]),
        (65, [7, 13, 20, 26, 33, 39, 46, 52, 59, 65]),
    ],
)
def test_a_learning_curve_has_ten_stages_and_ends_with_the_forest(n_trees, stages):
    x, y = windows(60, 2)
    forest = fit_rfecs(x, y, n_classes=2, seed=0, threads=2, n_trees=n_trees)
    curve = list(staged_probabilities(forest, x))
    assert [number for number, _ in curve] == stages
    np.testing.assert_array_equal(curve[-1][1], evaluate_rfecs(forest, x))


def test_a_forest_survives_safetensors(forest):
    back = load(save(forest))
    check_rfecs(back, MARKS, BINS, 3)
    assert all(np.array_equal(back[name], forest[name]) for name in forest)
    assert all(back[name].dtype == forest[name].dtype for name in forest)
    x, _ = windows(50, 3, seed=2)
    np.testing.assert_array_equal(evaluate_rfecs(back, x), evaluate_rfecs(forest, x))


def inner(forest):
    return int(np.flatnonzero(forest["mark"] >= 0)[1])


def leaf(forest):
    return int(np.flatnonzero(forest["mark"] < 0)[0])


def put(name, place, value):
    def damage(forest):
        at = place(forest) if callable(place) else place
        forest[name][at] = value(forest) if callable(value) else value

    return damage


def replace(name, change):
    return lambda forest: forest.update({name: change(forest[name])})


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda forest: forest.pop("tree_offsets"), "no tree_offsets"),
        (replace("tree_offsets", lambda a: a[:1]), "no tree_offsets"),
        (replace("tree_offsets", lambda a: a.astype(np.int64)), "no tree_offsets"),
        (put("tree_offsets", 0, 1), "do not rise"),
        (put("tree_offsets", 2, 0), "do not rise"),
        (put("tree_offsets", -1, 1 << 30), "of shape"),
        (lambda forest: forest.pop("weights"), "weights of the forest is missing"),
        (lambda forest: forest.update(more=np.zeros(1)), "'more'"),
        (replace("weights", lambda a: a[:, 1:]), "weights of the forest is float32 of shape"),
        (replace("threshold", lambda a: a.astype(np.float64)), "is float64"),
        (replace("mark", lambda a: a.astype(np.int64)), "is int64"),
        (replace("probabilities", lambda a: a[:, :2]), "of shape"),
        (put("weights", 0, np.nan), "weights of the forest holds values that are not numbers"),
        (put("threshold", 0, np.inf), "not numbers"),
        (put("mark", inner, MARKS), "looks at a mark"),
        (put("mark", inner, -2), "looks at a mark"),
        (put("mark", leaf, 0), "left child"),
        (put("mark", inner, -1), "A leaf of the forest has a left child"),
        (put("right", leaf, 3), "A leaf of the forest has a right child"),
        (put("left", inner, inner), "not lie after"),
        (put("right", inner, 0), "not lie after"),
        (put("right", inner, -1), "not lie after"),
        (put("left", inner, lambda forest: forest["tree_offsets"][1]), "not lie after"),
        (put("right", -2, 1 << 30), "right child"),
        (put("probabilities", leaf, 0.5), "sum to 1"),
        (put("probabilities", leaf, [1.5, -0.5, 0]), "sum to 1"),
    ],
)
def test_damaged_arrays_are_refused(forest, damage, words):
    damaged = {name: array.copy() for name, array in forest.items()}
    check_rfecs(damaged, MARKS, BINS, 3)
    damage(damaged)
    with pytest.raises(ValueError, match=words):
        check_rfecs(damaged, MARKS, BINS, 3)


def test_a_forest_for_other_windows_is_refused(forest):
    for shape in ((MARKS - 3, BINS, 3), (MARKS, BINS + 1, 3), (MARKS, BINS, 5)):
        with pytest.raises(ValueError, match=r"of the forest|looks at a mark"):
            check_rfecs(forest, *shape)


@pytest.mark.parametrize("shape", [(4, MARKS, BINS + 1), (4, 1, BINS), (MARKS, BINS)])
def test_windows_of_another_shape_are_not_evaluated(forest, shape):
    with pytest.raises(ValueError, match="do not fit a forest"):
        evaluate_rfecs(forest, np.zeros(shape, np.float32))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda x, y: (x[:, 0], y), "do not fit"),
        (lambda x, y: (x, y[1:]), "do not fit"),
        (lambda x, y: (x[:0], y[:0]), "do not fit"),
        (lambda x, y: (np.where(x > 2, np.nan, x), y), "not numbers"),
        (lambda x, y: (np.where(x > 2, np.inf, x), y), "not numbers"),
        (lambda x, y: (x, y + 1), "not those of 3 classes"),
        (lambda x, y: (x, y - 1), "not those of 3 classes"),
        (lambda x, y: (x, np.where(y == 1, 0, y)), "Class 1 has no windows"),
    ],
)
def test_windows_that_cannot_be_learned_are_refused(change, words):
    x, y = change(*windows(100, 3))
    with pytest.raises(ValueError, match=words):
        fit_rfecs(x, y, n_classes=3, seed=0, threads=1, n_trees=1)


def test_huge_values_do_no_harm():
    x, y = windows(200, 2, signal=2)
    forest = fit_rfecs(x * np.float32(1e29), y, n_classes=2, seed=0, threads=1, n_trees=3)
    check_rfecs(forest, MARKS, BINS, 2)
