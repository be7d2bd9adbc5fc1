"""Two baselines of classical machine learning: a random forest and gradient boosted trees.

Both are trained by scikit-learn, turned into plain arrays, and evaluated here without it. Classes
weigh the same in training, however many windows each has.

rf    Random forest (Breiman 2001, Machine Learning 45:5-32, Definition 1.1, Section 4) on all
      marks x bins values of a window. 300 trees on bootstrap samples, each split chosen among
      sqrt(marks x bins) values; the weight of a class is the inverse of its share of each bootstrap
      sample. Leaves hold at least 5 windows, so that the share of a class in a leaf estimates a
      probability. The probability of a class is the mean of these shares over all trees.
gbm   Gradient boosting (Friedman 2001, Annals of Statistics 29:1189-1232, Algorithm 6) on binned
      values, its trees grown leaf by leaf (Ke et al. 2017, NIPS, Section 2.1). 200 rounds of trees
      with at most 31 leaves of at least 20 windows, shrunk by 0.1; 63 bins for each feature; each
      split looks at a random half of the features. Loss: cross-entropy, a window weighted by the
      inverse of its class's share. A round adds one tree for each class, or a single one for the
      log-odds of class 1 where there are two. The number of rounds is fixed: stopping early by a
      random split would measure on windows that overlap windows of the training.
      Features are all marks x bins values, then the mean of each mark, then its maximum, then its
      contrast: mean of the central quarter of the bins (or as few more as make both flanks equally
      wide) minus mean of the flanks.

Arrays of a model of T trees with N nodes and L leaves
------------------------------------------------------
window : int32, shape (2,): marks and bins
offset : int32, shape (T + 1,), first node of each tree; those of boosting go round by round
feature : int32, shape (N,), what a node looks at; -1 in leaves
threshold : float32, shape (N,); a window goes left where its feature <= threshold
right : int32, shape (N,), right child, as number among all nodes; in leaves the row of `value`. The
    left child is the node that follows.
value : float32, shape (L, classes) with shares of classes, or (L, 1) with terms of a log-odds
baseline : float64, shape (classes,), or (1,) for two of them: what boosting starts from; only gbm
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numba import float32, float64, int32, int64, njit, types

from deepregfinder.errors import InputError

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

TREE_NAMES = ("rf", "gbm")

_FOREST: Mapping[str, Any] = {
    "n_estimators": 300,
    "max_features": "sqrt",
    "min_samples_leaf": 5,
    "class_weight": "balanced_subsample",
}
# The quantiles that divide weighted values into bins take scikit-learn longer than all trees
# with its 255 bins, and a quarter of that with 63.
_BOOSTING: Mapping[str, Any] = {
    "max_iter": 200,
    "learning_rate": 0.1,
    "max_leaf_nodes": 31,
    "min_samples_leaf": 20,
    "max_features": 0.5,
    "max_bins": 63,
    "class_weight": "balanced",
    "early_stopping": False,
}

# Windows that go through a tree before the next tree: small enough to stay in a core's cache.
_BLOCK = 512
_STAGES = 10

_DTYPES = {
    "window": np.int32,
    "offset": np.int32,
    "feature": np.int32,
    "threshold": np.float32,
    "right": np.int32,
    "value": np.float32,
    "baseline": np.float64,
}


def _read_only(item: types.Type, dimensions: int) -> types.Array:
    return types.Array(item, dimensions, "C", readonly=True)


class _Tree(NamedTuple):
    """A tree as scikit-learn has it: nodes numbered from 0, and a row of values for each leaf."""

    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    is_leaf: np.ndarray
    value: np.ndarray


def fit_trees(
    name: str, x: np.ndarray, y: np.ndarray, n_classes: int, seed: int, threads: int
) -> dict[str, np.ndarray]:
    """Train a model on labelled windows; its arrays are the same with any number of threads.

    Parameters
    ----------
    name : "rf" or "gbm"
    x : float32, shape (n, marks, bins), normalised and finite; at least 4 bins
    y : integers, shape (n,), classes 0 ... n_classes - 1, each of which must occur

    Raises InputError for an unknown name, ValueError where a class does not occur.
    """
    boosted = _is_boosted(name)
    if not np.array_equal(np.unique(y), np.arange(n_classes)):
        raise ValueError(f"y does not hold each of the classes 0 to {n_classes - 1}")
    x = np.ascontiguousarray(x, np.float32)
    if not boosted:
        forest = random_forest(seed, threads).fit(x.reshape(len(x), -1), y)
        return _packed([_of_forest(tree.tree_) for tree in forest.estimators_], x.shape[1:])

    from threadpoolctl import threadpool_limits

    with threadpool_limits(threads, user_api="openmp"):
        boosting = gradient_boosting(seed).fit(_bins_and_summaries(x), y)
    trees = [_of_boosting(tree.nodes) for round_ in boosting._predictors for tree in round_]
    baseline = np.array(boosting._baseline_prediction, np.float64).reshape(-1)
    return {**_packed(trees, x.shape[1:]), "baseline": baseline}


def parameters(name: str) -> Mapping[str, Any]:
    """What scikit-learn is given to train "rf" or "gbm"."""
    return _BOOSTING if _is_boosted(name) else _FOREST


def random_forest(seed: int, threads: int) -> "RandomForestClassifier":
    """The forest before its training."""
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(**_FOREST, random_state=seed, n_jobs=threads)


def gradient_boosting(seed: int) -> "HistGradientBoostingClassifier":
    """The boosted trees before their training."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(**_BOOSTING, random_state=seed)


def check_trees(
    name: str,
    arrays: Mapping[str, np.ndarray],
    n_marks: int,
    window_bins: int,
    n_classes: int,
) -> None:
    """Raise ValueError, with what is wrong, unless these are arrays that can be evaluated.

    Every index lies inside its array and every child behind its parent: whatever else the arrays
    hold, evaluation ends and reads nothing outside them.
    """
    boosted = _is_boosted(name)
    expected = set(_DTYPES) - (set() if boosted else {"baseline"})
    if set(arrays) != expected:
        odd = min(set(arrays) ^ expected)
        raise ValueError(f"{odd} is missing" if odd in expected else f"{odd!r} is not part of it")
    for key in sorted(expected):
        array, dimensions = arrays[key], 2 if key == "value" else 1
        if array.dtype != _DTYPES[key] or array.ndim != dimensions:
            raise ValueError(
                f"{key} is an array of {array.dtype} with {array.ndim} dimensions, not of "
                f"{np.dtype(_DTYPES[key])} with {dimensions}"
            )
        if not np.isfinite(array).all():
            raise ValueError(f"{key} holds a value that is not finite")
    feature, right, value = arrays["feature"], arrays["right"], arrays["value"]
    n_nodes = len(feature)
    if arrays["window"].tolist() != [n_marks, window_bins]:
        raise ValueError(f"its windows are not those of {n_marks} marks and {window_bins} bins")
    if len(right) != n_nodes or len(arrays["threshold"]) != n_nodes:
        raise ValueError("feature, threshold and right differ in length")
    width, columns = (1, n_classes if n_classes > 2 else 1) if boosted else (n_classes, 1)
    if value.shape[1] != width:
        raise ValueError(f"value has {value.shape[1]} columns, not {width}")
    if boosted and len(arrays["baseline"]) != columns:
        raise ValueError(f"baseline has {len(arrays['baseline'])} values, not {columns}")
    if not boosted and ((value < 0).any() or (np.abs(value.sum(axis=1) - 1) > 1e-3).any()):
        raise ValueError("value holds shares of classes that do not add up to 1")

    offset = arrays["offset"].astype(np.int64)
    n_trees, sizes = len(offset) - 1, np.diff(offset)
    if n_trees < 1 or n_trees % columns:
        raise ValueError(f"a model of {max(n_trees, 0)} trees with {columns} a round is impossible")
    if offset[0] != 0 or offset[-1] != n_nodes or (sizes < 1).any():
        raise ValueError("offset does not divide the nodes into trees")
    leaf = feature == -1
    n_features = n_marks * (window_bins + (3 if boosted else 0))
    if (~leaf & ((feature < 0) | (feature >= n_features))).any():
        raise ValueError(f"a node looks at a feature that is none of the {n_features}")
    node, end = np.arange(n_nodes), np.repeat(offset[1:], sizes)
    if (~leaf & ((right <= node + 1) | (right >= end))).any():
        raise ValueError("a child does not lie between its parent and the end of the tree")
    if (leaf & ((right < 0) | (right >= len(value)))).any():
        raise ValueError("a leaf points at no value")
    if np.count_nonzero(leaf) != len(value):
        raise ValueError(f"there are {len(value)} values for {np.count_nonzero(leaf)} leaves")


def evaluate_trees(name: str, arrays: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """Probabilities of classes, float32 (n, classes), of windows x, float32 (n, marks, bins).

    `arrays` must have passed check_trees. Runs in the calling thread, mostly without the GIL.
    Raises ValueError where windows have another shape than those of the training.
    """
    x, sums = _start(name, arrays, x)
    n_trees = len(arrays["offset"]) - 1
    _add(name, arrays, x, 0, n_trees, sums)
    return _probabilities(name, sums, n_trees)


def staged_probabilities(
    name: str, arrays: Mapping[str, np.ndarray], x: np.ndarray
) -> Iterator[tuple[int, np.ndarray]]:
    """What evaluate_trees gives after 10 evenly spaced numbers of trees, the last being all.

    Yields the number of trees of the forest, or of rounds of boosting, and the probabilities.
    """
    x, sums = _start(name, arrays, x)
    trees_a_round = sums.shape[1] if _is_boosted(name) else 1
    n_rounds = (len(arrays["offset"]) - 1) // trees_a_round
    done = 0
    for stage in range(1, _STAGES + 1):
        rounds = n_rounds * stage // _STAGES
        if rounds > done:
            _add(name, arrays, x, done * trees_a_round, rounds * trees_a_round, sums)
            done = rounds
            yield done, _probabilities(name, sums, done)


def _is_boosted(name: str) -> bool:
    if name not in TREE_NAMES:
        raise InputError(f"There is no model named {name!r}: choose {', '.join(TREE_NAMES)}.")
    return name == "gbm"


def _of_forest(tree) -> _Tree:  # type: ignore[no-untyped-def]
    is_leaf = tree.children_left < 0
    value = tree.value[is_leaf, 0, :]
    return _Tree(
        tree.feature, tree.threshold, tree.children_left, tree.children_right, is_leaf, value
    )


def _of_boosting(nodes: np.ndarray) -> _Tree:
    is_leaf = nodes["is_leaf"].astype(bool)
    return _Tree(
        nodes["feature_idx"],
        nodes["num_threshold"],
        nodes["left"].astype(np.int64),
        nodes["right"].astype(np.int64),
        is_leaf,
        nodes["value"][is_leaf, np.newaxis],
    )


def _packed(trees: list[_Tree], window: tuple[int, ...]) -> dict[str, np.ndarray]:
    features, thresholds, lefts, rights, leaves, values = zip(*trees, strict=True)
    sizes = [len(nodes) for nodes in features]
    offset = np.cumsum([0, *sizes])
    first = np.repeat(offset[:-1], sizes)
    is_leaf = np.concatenate(leaves)
    if (np.concatenate(lefts) + first != np.arange(1, offset[-1] + 1))[~is_leaf].any():
        raise RuntimeError("this scikit-learn does not put left children behind their parents")
    right = np.where(is_leaf, np.cumsum(is_leaf) - 1, np.concatenate(rights) + first)
    return {
        "window": np.array(window, np.int32),
        "offset": offset.astype(np.int32),
        "feature": np.where(is_leaf, -1, np.concatenate(features)).astype(np.int32),
        "threshold": _rounded_down(np.where(is_leaf, 0, np.concatenate(thresholds))),
        "right": right.astype(np.int32),
        "value": np.concatenate(values).astype(np.float32),
    }


def _rounded_down(threshold: np.ndarray) -> np.ndarray:
    """The highest float32 up to each threshold: the same float32 values lie at or below both."""
    near = threshold.astype(np.float32)
    return np.where(near > threshold, np.nextafter(near, np.float32(-np.inf)), near)


def _start(
    name: str, arrays: Mapping[str, np.ndarray], x: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Windows as the loops want them, and what is summed up, before the first tree."""
    boosted = _is_boosted(name)
    if list(x.shape[1:]) != arrays["window"].tolist():
        raise ValueError(f"windows {x.shape[1:]} do not fit a model of {arrays['window'].tolist()}")
    start = arrays["baseline"] if boosted else np.zeros(arrays["value"].shape[1])
    return np.ascontiguousarray(x, np.float32), np.tile(start, (len(x), 1))


def _add(
    name: str,
    arrays: Mapping[str, np.ndarray],
    x: np.ndarray,
    first: int,
    end: int,
    sums: np.ndarray,
) -> None:
    """Add what trees first ... end - 1 say of each window to its row of `sums`."""
    boosted = _is_boosted(name)
    for at in range(0, len(x), _BLOCK):
        block = x[at : at + _BLOCK]
        features = _bins_and_summaries(block) if boosted else block.reshape(len(block), -1)
        _add_trees(
            features,
            arrays["offset"],
            arrays["feature"],
            arrays["threshold"],
            arrays["right"],
            arrays["value"],
            first,
            end,
            sums[at : at + _BLOCK],
        )


def _probabilities(name: str, sums: np.ndarray, n_rounds: int) -> np.ndarray:
    if not _is_boosted(name):
        return (sums / n_rounds).astype(np.float32)
    # With two classes, the one column is the log-odds of class 1 against class 0.
    scores = sums if sums.shape[1] > 1 else np.pad(sums, ((0, 0), (1, 0)))
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    probabilities: np.ndarray = (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32)
    return probabilities


@njit(float32[:, ::1](_read_only(float32, 3)), cache=True, nogil=True)
def _bins_and_summaries(x):  # type: ignore[no-untyped-def]
    """All values of windows (n, marks, bins), then mean, maximum and contrast of each mark."""
    n, marks, bins = x.shape
    width = bins // 4
    width += (bins - width) % 2
    start = (bins - width) // 2
    features = np.empty((n, marks * (bins + 3)), np.float32)
    for i in range(n):
        for mark in range(marks):
            total, centre, highest = 0.0, 0.0, x[i, mark, 0]
            for b in range(bins):
                value = x[i, mark, b]
                features[i, mark * bins + b] = value
                total += value
                if start <= b < start + width:
                    centre += value
                highest = max(highest, value)
            at = marks * bins + mark
            features[i, at] = total / bins
            features[i, at + marks] = highest
            features[i, at + 2 * marks] = centre / width - (total - centre) / (bins - width)
    return features


@njit(
    types.void(
        _read_only(float32, 2),
        _read_only(int32, 1),
        _read_only(int32, 1),
        _read_only(float32, 1),
        _read_only(int32, 1),
        _read_only(float32, 2),
        int64,
        int64,
        float64[:, ::1],
    ),
    cache=True,
    nogil=True,
)
def _add_trees(features, offset, feature, threshold, right, value, first, end, sums):  # type: ignore[no-untyped-def]
    """Add the leaves of trees first ... end - 1 to `sums`: whole rows, or to one column in turn."""
    width, columns = value.shape[1], sums.shape[1]
    for tree in range(first, end):
        column = tree % columns if width == 1 else 0
        for i in range(len(features)):
            node = offset[tree]
            while feature[node] >= 0:
                node = node + 1 if features[i, feature[node]] <= threshold[node] else right[node]
            for k in range(width):
                sums[i, column + k] += value[right[node], k]
