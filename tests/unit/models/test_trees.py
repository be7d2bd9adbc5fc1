"""Forests and boosted trees as arrays: what is refused, and what must not change a byte."""

from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save
from samples.small_models import grow_fewer_trees

from deepregfinder.errors import InputError
from deepregfinder.models.forests import trees

MARKS, BINS, CLASSES = 2, 6, 3
SHAPE = (MARKS, BINS, CLASSES)


@pytest.fixture(autouse=True)
def few_trees(monkeypatch):
    grow_fewer_trees(monkeypatch, forest=12, boosting=12)


def windows(n=300, n_classes=CLASSES):
    rng = np.random.default_rng(4)
    y = rng.integers(0, n_classes, n)
    x = rng.normal(size=(n, MARKS, BINS)).astype(np.float32)
    x[:, 1, 2:4] += y[:, None]
    return x, y


@cache
def fitted(name, n_classes=CLASSES):
    return trees.fit_trees(name, *windows(n_classes=n_classes), n_classes, seed=1, threads=1)


def as_bytes(arrays):
    return {key: (array.dtype, array.shape, array.tobytes()) for key, array in arrays.items()}


@pytest.mark.parametrize("name", trees.TREE_NAMES)
def test_the_number_of_threads_changes_no_byte(name):
    x, y = windows(3000)
    one, two, three = (trees.fit_trees(name, x, y, CLASSES, 7, threads) for threads in (1, 2, 3))
    assert as_bytes(one) == as_bytes(two) == as_bytes(three)


@pytest.mark.parametrize("name", trees.TREE_NAMES)
def test_another_seed_gives_another_model(name):
    other = trees.fit_trees(name, *windows(), CLASSES, seed=2, threads=1)
    assert as_bytes(other) != as_bytes(fitted(name))


@pytest.mark.parametrize("name", trees.TREE_NAMES)
def test_a_round_trip_through_safetensors_changes_no_byte(name):
    x, _ = windows()
    read = load(save(fitted(name)))
    trees.check_trees(name, read, *SHAPE)
    assert as_bytes(read) == as_bytes(fitted(name))
    expected = trees.evaluate_trees(name, fitted(name), x).tobytes()
    assert trees.evaluate_trees(name, read, x).tobytes() == expected
    for array in read.values():
        array.flags.writeable = False
    assert trees.evaluate_trees(name, read, x).tobytes() == expected


@pytest.mark.parametrize("name", trees.TREE_NAMES)
def test_the_size_of_a_batch_changes_no_byte(name):
    x, _ = windows(1200)
    whole = trees.evaluate_trees(name, fitted(name), x)
    parts = [trees.evaluate_trees(name, fitted(name), part) for part in np.split(x, [0, 1, 700])]
    assert np.concatenate(parts).tobytes() == whole.tobytes()


@pytest.mark.parametrize("name", trees.TREE_NAMES)
def test_the_last_stage_is_the_whole_model(name):
    x, _ = windows()
    *_, (_, last) = trees.staged_probabilities(name, fitted(name), x)
    assert last.tobytes() == trees.evaluate_trees(name, fitted(name), x).tobytes()


@pytest.mark.parametrize("name", trees.TREE_NAMES)
@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_where_nothing_tells_them_apart_rare_classes_are_as_probable_as_others(name, n_classes):
    x = np.ones((400, MARKS, BINS), np.float32)
    y = np.repeat(np.arange(n_classes), [400 - 20 * (n_classes - 1)] + [20] * (n_classes - 1))
    arrays = trees.fit_trees(name, x, y, n_classes, seed=1, threads=1)
    trees.check_trees(name, arrays, MARKS, BINS, n_classes)
    assert (arrays["feature"] == -1).all()
    probabilities = trees.evaluate_trees(name, arrays, x[:5])
    np.testing.assert_allclose(probabilities, 1 / n_classes, rtol=0, atol=1e-6)


def test_the_centre_is_a_quarter_or_what_leaves_equal_flanks():
    for bins, width in ((4, 2), (5, 1), (8, 2), (9, 3), (10, 2), (20, 6), (40, 10)):
        x = np.zeros((1, 1, bins), np.float32)
        flank = (bins - width) // 2
        x[0, 0, flank : bins - flank] = 1
        assert trees._bins_and_summaries(x)[0, -1] == 1, bins
        assert np.count_nonzero(x) == width


def test_a_class_without_windows_is_refused():
    x, y = windows(n_classes=2)
    with pytest.raises(ValueError, match="each of the classes 0 to 2"):
        trees.fit_trees("rf", x, y, 3, seed=1, threads=1)


def test_an_unknown_name_is_refused():
    with pytest.raises(InputError, match="choose rf, gbm"):
        trees.evaluate_trees("svm", {}, np.zeros((1, 1, 4), np.float32))


def test_windows_of_another_shape_are_refused():
    x, _ = windows()
    with pytest.raises(ValueError, match="do not fit"):
        trees.evaluate_trees("rf", fitted("rf"), x.transpose(0, 2, 1))


DAMAGE = {
    "feature": [(0, MARKS * (BINS + 3), "looks at a feature"), (0, -2, "looks at a feature")],
    "right": [
        (0, 1, "a child does not lie"),
        (0, 0, "a child does not lie"),
        (0, -5, "a child does not lie"),
        (0, 1 << 30, "a child does not lie"),
        (-1, 1 << 30, "points at no value"),
        (-1, -1, "points at no value"),
    ],
    "offset": [
        (0, 1, "does not divide"),
        (-1, 3, "does not divide"),
        (1, 0, "does not divide"),
        (1, 1 << 30, "does not divide"),
        (2, -1, "does not divide"),
        (1, 1, "a child does not lie"),
    ],
    "window": [(0, MARKS + 1, "not those of 2 marks and 6 bins")],
    "threshold": [(0, np.nan, "threshold holds a value that is not finite")],
    "value": [((0, 0), np.inf, "value holds a value that is not finite")],
    "baseline": [(0, np.nan, "baseline holds a value that is not finite")],
}


@pytest.mark.parametrize(
    ("name", "key", "at", "value", "reason"),
    [
        (name, key, *case)
        for name in trees.TREE_NAMES
        for key, cases in DAMAGE.items()
        for case in cases
        if (name, key) != ("rf", "baseline")
    ],
)
def test_a_damaged_value_is_refused(name, key, at, value, reason):
    arrays = {k: array.copy() for k, array in fitted(name).items()}
    arrays[key][at] = value
    with pytest.raises(ValueError, match=reason):
        trees.check_trees(name, arrays, *SHAPE)


@pytest.mark.parametrize("name", trees.TREE_NAMES)
@pytest.mark.parametrize("key", ["window", "offset", "feature", "threshold", "right", "value"])
def test_arrays_of_another_kind_are_refused(name, key):
    good = fitted(name)
    for bad in (
        good[key].astype(np.float16),
        good[key][None],
        good[key][:-1],
        good[key][:0],
        np.concatenate([good[key], good[key]]),
    ):
        if key == "value" and bad.ndim == 2 and len(bad) > len(good[key]):
            continue  # more values than leaves point at do no harm
        with pytest.raises(ValueError, match=r"\w"):
            trees.check_trees(name, {**good, key: bad}, *SHAPE)
    missing = {k: array for k, array in good.items() if k != key}
    with pytest.raises(ValueError, match=f"{key} is missing"):
        trees.check_trees(name, missing, *SHAPE)
    with pytest.raises(ValueError, match="'extra' is not part of it"):
        trees.check_trees(name, {**good, "extra": good[key]}, *SHAPE)


def test_a_model_of_other_classes_or_another_kind_is_refused():
    with pytest.raises(ValueError, match="value has 3 columns, not 2"):
        trees.check_trees("rf", fitted("rf"), MARKS, BINS, 2)
    with pytest.raises(ValueError, match="baseline has 3 values, not 1"):
        trees.check_trees("gbm", fitted("gbm"), MARKS, BINS, 2)
    with pytest.raises(ValueError, match="baseline has 1 values, not 3"):
        trees.check_trees("gbm", fitted("gbm", 2), *SHAPE)
    with pytest.raises(ValueError, match="baseline is missing"):
        trees.check_trees("gbm", fitted("rf"), *SHAPE)


def test_boosting_in_half_a_round_is_refused():
    good = fitted("gbm")
    n_nodes = good["offset"][-2]
    cut = {k: good[k][:n_nodes] for k in ("feature", "threshold", "right")}
    with pytest.raises(ValueError, match="35 trees with 3 a round"):
        trees.check_trees("gbm", {**good, **cut, "offset": good["offset"][:-1]}, *SHAPE)


def test_shares_of_a_forest_add_up_to_one():
    good = fitted("rf")
    for bad in (good["value"] * 2, good["value"] - np.float32([1, -1, 0])):
        with pytest.raises(ValueError, match="shares of classes"):
            trees.check_trees("rf", {**good, "value": bad}, *SHAPE)


def walk(arrays, tree, features):
    """One window through one tree, with every index looked at before it is used."""
    node, steps = int(arrays["offset"][tree]), 0
    while True:
        assert 0 <= node < len(arrays["feature"])
        assert steps <= len(arrays["feature"])
        feature, right = int(arrays["feature"][node]), int(arrays["right"][node])
        if feature == -1:
            assert 0 <= right < len(arrays["value"])
            return
        assert 0 <= feature < len(features)
        node = node + 1 if features[feature] <= arrays["threshold"][node] else right
        steps += 1


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(
    name=st.sampled_from(trees.TREE_NAMES),
    damage=st.lists(
        st.tuples(
            st.sampled_from(["offset", "feature", "right"]),
            st.floats(0, 1, exclude_max=True),
            st.integers(-3, 40) | st.integers(-(1 << 31), (1 << 31) - 1),
        ),
        min_size=1,
        max_size=4,
    ),
)
def test_what_is_not_refused_ends_and_stays_inside_its_arrays(name, damage):
    arrays = {key: array.copy() for key, array in fitted(name).items()}
    for key, place, value in damage:
        arrays[key][int(place * len(arrays[key]))] = value
    try:
        trees.check_trees(name, arrays, *SHAPE)
    except ValueError:
        return
    x, _ = windows(5)
    features = trees._bins_and_summaries(x) if name == "gbm" else x.reshape(5, -1)
    for tree in range(len(arrays["offset"]) - 1):
        for row in features:
            walk(arrays, tree, row)
    assert np.isfinite(trees.evaluate_trees(name, arrays, x)).all()
