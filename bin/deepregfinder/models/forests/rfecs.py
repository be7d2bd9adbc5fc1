"""RFECS: a random forest whose nodes look at the whole profile of one mark, not at single bins.

An ordinary forest asks at each node about one number. Here the features are vectors, the binned
profile of one mark over a window. A node takes a few marks at random; for each it finds the
direction in the space of bins that separates the classes of its windows best (a linear
discriminant), projects every profile onto it, and looks for the best threshold. The mark that
separates best wins, and the window goes left or right. 65 such trees, each grown on its own
bootstrap sample, are averaged.

Method: Rajagopal et al., "RFECS: a random-forest based algorithm for enhancer identification from
chromatin state", PLoS Computational Biology 2013, 9(3):e1002968, Methods; forests in general:
Breiman, "Random forests", Machine Learning 2001. Written from the description of the method, not
from its program. Decided here, without a claim that the original program does the same:

Marks of a node: the square root of their number, to the nearest whole. Where none of these allows
    a split (constant profiles), further ones are tried, in random order.
Discriminant: Fisher's, with a diagonal covariance: bin by bin the difference of the two means over
    the variance within the two sides, pooled. RIDGE times the mean of these variances is added to
    each, so that a bin without variance neither divides by zero nor silences all others.
Threshold: that of the lowest Gini impurity (Breiman et al., 1984, CART), not the midpoint of the
    two means. The midpoint is best for equal variances only, whereas signal in elements varies far
    more than in the background; and the Gini split never makes a node worse.
More than two classes: each class in the node against all others gives a direction; the impurity
    that chooses among directions and marks is always that of all classes.
Class balance: a bootstrap sample draws from each class, with replacement, as many windows as the
    smallest class has (balanced random forest: Chen, Liaw and Breiman, "Using random forest to
    learn imbalanced data", Berkeley report 666, 2004). RFECS was trained on nine windows of others
    for one enhancer (README of its program); balance makes probabilities mean the same as those
    of the networks, whose epochs are balanced as well. Repeating rare windows until each class
    fills its share of len(y), as the networks do, makes trees learn the repeats by heart.
Output: the mean over trees of the shares of classes in the leaf, where RFECS counts votes (its
    README): where the trees agree, shares still tell which windows are the surer.

A node is a leaf if it is pure, has fewer than SMALLEST_SPLIT windows, or no split improves it.
"""

import math
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numba import njit

N_TREES = 65
SMALLEST_SPLIT = 10
RIDGE = 0.01

# Of a window's values. Sums of their squares then stay far from the ends of float64.
LARGEST_VALUE = 1e30

# Impurities that differ by less are equal but for rounding: the split that was found first stays.
_ROUNDING = 1e-12
# A variance within the sides that is a smaller part of the whole is 0 but for rounding.
_NO_VARIANCE = 1e-10
_LEAF = -1
_N_STAGES = 10


def fit_rfecs(
    x: np.ndarray, y: np.ndarray, n_classes: int, seed: int, threads: int, n_trees: int = N_TREES
) -> dict[str, np.ndarray]:
    """Grow a forest; the same data and seed give the same arrays, whatever the number of threads.

    x : float32 (n, marks, bins), normalised for each mark; y : (n,) class indices

    Returns
    -------
    Arrays by name; nodes of all trees lie one behind the other, a tree begins with its root:
    tree_offsets : int32 (trees + 1,), the first node of each tree, then the number of nodes
    mark : int32 (nodes,), row of a window that a node looks at, -1 in a leaf
    weights : float32 (nodes, bins), direction of unit length, 0 in a leaf
    threshold : float32 (nodes,), a window with a projection up to this goes left
    left, right : int32 (nodes,), numbers of the children, counted over all trees; -1 in a leaf
    probabilities : float32 (nodes, classes), shares of the classes among a node's windows

    Raises ValueError where shapes do not fit, a value is not a number or out of range, or a class
    has no window.
    """
    x = np.ascontiguousarray(x, dtype=np.float32)
    y = np.ascontiguousarray(y, dtype=np.int64)
    if x.ndim != 3 or y.shape != x.shape[:1] or 0 in x.shape:
        raise ValueError(f"Windows of shape {x.shape} and labels of shape {y.shape} do not fit.")
    if not (np.abs(x) <= LARGEST_VALUE).all():
        raise ValueError(f"A window holds values that are not numbers or above {LARGEST_VALUE:g}.")
    if n_classes < 2 or n_trees < 1 or threads < 1:
        raise ValueError("A forest needs at least two classes, one tree and one thread.")
    if y.min() < 0 or y.max() >= n_classes:
        raise ValueError(f"Labels {y.min()} to {y.max()} are not those of {n_classes} classes.")
    if (empty := np.flatnonzero(np.bincount(y, minlength=n_classes) == 0)).size:
        raise ValueError(f"Class {empty[0]} has no windows to train on.")

    def grown(tree: int) -> dict[str, np.ndarray]:
        rng = np.random.default_rng([seed, tree])
        return grow_tree(x, y, bootstrap_windows(y, n_classes, rng), n_classes, rng)

    with ThreadPoolExecutor(threads) as pool:
        trees = list(pool.map(grown, range(n_trees)))
    offsets = np.cumsum([0, *(len(tree["mark"]) for tree in trees)])
    if offsets[-1] > np.iinfo(np.int32).max:
        raise ValueError(f"{n_trees} trees on {len(y)} windows are too large for one forest.")
    for tree, offset in zip(trees, offsets, strict=False):
        for child in (tree["left"], tree["right"]):
            child[child != _LEAF] += np.int32(offset)
    joined = {name: np.concatenate([tree[name] for tree in trees]) for name in trees[0]}
    return {"tree_offsets": offsets.astype(np.int32), **joined}


def bootstrap_windows(y: np.ndarray, n_classes: int, rng: np.random.Generator) -> np.ndarray:
    """Windows of one tree, rising, with repeats: of each class as many as the smallest has.

    y : (n,) class indices, each class at least once; returns int64 (classes * smallest,)
    """
    smallest = np.bincount(y, minlength=n_classes).min()
    drawn = [rng.choice(np.flatnonzero(y == label), smallest) for label in range(n_classes)]
    return np.sort(np.concatenate(drawn)).astype(np.int64)


def grow_tree(
    x: np.ndarray, y: np.ndarray, windows: np.ndarray, n_classes: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """One tree on the given windows (indices, repeats count): the arrays of `fit_rfecs`.

    Nodes are numbered, and draw their marks from `rng`, level by level: children come after their
    parent, and two siblings are neighbours.
    """
    n_candidates = math.floor(math.sqrt(x.shape[1]) + 0.5)
    names = ("mark", "weights", "threshold", "left", "right", "probabilities")
    return dict(zip(names, _grow(x, y, windows, n_classes, n_candidates, rng), strict=True))


def evaluate_rfecs(arrays: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """Probabilities of windows, float32 (n, classes), in one thread and without the GIL.

    arrays : of `fit_rfecs`, or accepted by `check_rfecs`: their indices are not looked at again
    x : (n, marks, bins)

    Raises ValueError where x has other marks or bins than the forest.
    """
    x = _windows(arrays, x)
    total = np.zeros((len(x), arrays["probabilities"].shape[1]))
    n_trees = len(arrays["tree_offsets"]) - 1
    _add(arrays, 0, n_trees, x, total)
    return (total / n_trees).astype(np.float32)


def staged_probabilities(
    arrays: Mapping[str, np.ndarray], x: np.ndarray
) -> Iterator[tuple[int, np.ndarray]]:
    """Pairs (number of trees, what `evaluate_rfecs` gives for the first trees), for a curve.

    About ten evenly spaced numbers; the last is all trees.
    """
    x = _windows(arrays, x)
    total = np.zeros((len(x), arrays["probabilities"].shape[1]))
    n_trees = len(arrays["tree_offsets"]) - 1
    done = 0
    for stage in range(1, _N_STAGES + 1):
        if (goal := -(-stage * n_trees // _N_STAGES)) > done:
            _add(arrays, done, goal, x, total)
            done = goal
            yield done, (total / done).astype(np.float32)


def check_rfecs(
    arrays: Mapping[str, np.ndarray], n_marks: int, window_bins: int, n_classes: int
) -> None:
    """Raise ValueError, with a sentence that says why, unless the arrays are a forest.

    What passes can be evaluated: no index leads out of an array, and since children come after
    their parent, each window arrives at a leaf.
    """
    offsets = arrays.get("tree_offsets")
    if offsets is None or offsets.dtype != np.int32 or offsets.ndim != 1 or len(offsets) < 2:
        raise ValueError("The forest has no tree_offsets that say where its trees begin.")
    if offsets[0] != 0 or (offsets[1:] <= offsets[:-1]).any():
        raise ValueError("tree_offsets of the forest do not rise from 0.")
    n_nodes = int(offsets[-1])
    expected: dict[str, tuple[type, tuple[int, ...]]] = {
        "mark": (np.int32, (n_nodes,)),
        "weights": (np.float32, (n_nodes, window_bins)),
        "threshold": (np.float32, (n_nodes,)),
        "left": (np.int32, (n_nodes,)),
        "right": (np.int32, (n_nodes,)),
        "probabilities": (np.float32, (n_nodes, n_classes)),
    }
    if surplus := sorted(set(arrays) - set(expected) - {"tree_offsets"}):
        raise ValueError(f"The forest holds an array of something else: {surplus[0]!r}.")
    for name, (dtype, shape) in expected.items():
        array = arrays.get(name)
        if array is None:
            raise ValueError(f"The array {name} of the forest is missing.")
        if array.dtype != dtype or array.shape != shape:
            raise ValueError(
                f"The array {name} of the forest is {array.dtype} of shape {array.shape}, "
                f"not {np.dtype(dtype)} of shape {shape}."
            )
        if dtype is np.float32 and not np.isfinite(array).all():
            raise ValueError(f"The array {name} of the forest holds values that are not numbers.")
    mark, probabilities = arrays["mark"], arrays["probabilities"]
    if (mark < _LEAF).any() or (mark >= n_marks).any():
        raise ValueError(f"A node of the forest looks at a mark that is none of the {n_marks}.")
    leaf = mark == _LEAF
    number = np.arange(n_nodes)
    tree_end = np.repeat(offsets[1:], np.diff(offsets))
    for name in ("left", "right"):
        child = arrays[name]
        if (child[leaf] != _LEAF).any():
            raise ValueError(f"A leaf of the forest has a {name} child.")
        if ((child <= number) | (child >= tree_end))[~leaf].any():
            raise ValueError(f"A {name} child in the forest does not lie after its parent's place.")
    if (probabilities < 0).any() or (np.abs(probabilities.sum(axis=1) - 1) > 1e-4).any():
        raise ValueError("Probabilities in a node of the forest do not sum to 1.")


def _windows(arrays: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    bins = arrays["weights"].shape[1]
    if x.ndim != 3 or x.shape[2] != bins or x.shape[1] <= arrays["mark"].max():
        raise ValueError(f"Windows of shape {x.shape} do not fit a forest for {bins} bins.")
    return np.ascontiguousarray(x, dtype=np.float32)


def _add(
    arrays: Mapping[str, np.ndarray], first: int, last: int, x: np.ndarray, total: np.ndarray
) -> None:
    _add_trees(
        arrays["tree_offsets"],
        arrays["mark"],
        arrays["weights"],
        arrays["threshold"],
        arrays["left"],
        arrays["right"],
        arrays["probabilities"],
        first,
        last,
        x,
        total,
    )


@njit(cache=True, nogil=True)
def _project(profile: np.ndarray, weights: np.ndarray) -> np.float32:
    """In float64, then rounded: growing and evaluating see the very same number."""
    total = 0.0
    for b in range(profile.shape[0]):
        total += np.float64(profile[b]) * np.float64(weights[b])
    return np.float32(total)


@njit(cache=True, nogil=True)
def _add_trees(  # type: ignore[no-untyped-def]
    offsets, mark, weights, threshold, left, right, probabilities, first, last, x, total
):
    """Add to total (n, classes) the probabilities of trees first to last - 1, tree by tree.

    A tree stays in the processor's cache while all windows pass through it.
    """
    n_classes = total.shape[1]
    for tree in range(first, last):
        root = offsets[tree]
        for i in range(x.shape[0]):
            node = root
            while mark[node] != _LEAF:
                if _project(x[i, mark[node]], weights[node]) <= threshold[node]:
                    node = left[node]
                else:
                    node = right[node]
            for k in range(n_classes):
                total[i, k] += probabilities[node, k]


@njit(cache=True, nogil=True)
def _moments(profiles, labels, sums, squares):  # type: ignore[no-untyped-def]
    """Fill sums (classes, bins) and squares (bins,), both about the first window's profile.

    About a profile of the data rounding matters little, however far from 0 all values are.
    """
    sums[:] = 0.0
    squares[:] = 0.0
    for i in range(len(labels)):
        for b in range(len(squares)):
            value = np.float64(profiles[i, b]) - np.float64(profiles[0, b])
            sums[labels[i], b] += value
            squares[b] += value * value


@njit(cache=True, nogil=True)
def _discriminant(counts, sums, squares, inside, direction):  # type: ignore[no-untyped-def]
    """Fill direction (bins,): class `inside` against the rest, unit length; False if there is none.

    The mean of `inside` minus that of the rest, over the sum of squares within both sides plus the
    ridge. A common factor, as of variances, cancels.
    """
    n_inside = counts[inside]
    n_rest = counts.sum() - n_inside
    difference = np.empty(len(squares))
    within = np.empty(len(squares))
    for b in range(len(squares)):
        own = sums[inside, b]
        rest = -own
        for k in range(len(counts)):
            rest += sums[k, b]
        difference[b] = own / n_inside - rest / n_rest
        within[b] = squares[b] - own * own / n_inside - rest * rest / n_rest
        if within[b] < _NO_VARIANCE * squares[b]:
            within[b] = 0.0
    ridge = RIDGE * within.mean()
    if ridge == 0.0:
        ridge = 1.0
    difference /= within + ridge
    length = math.sqrt((difference * difference).sum())
    if length == 0.0 or not math.isfinite(length):
        return False
    for b in range(len(squares)):
        direction[b] = difference[b] / length
    return True


@njit(cache=True, nogil=True)
def _best_threshold(projections, labels, counts, bar):  # type: ignore[no-untyped-def]
    """The purest split among all thresholds: (purity, threshold), or (bar, 0) if none exceeds bar.

    Purity is the sum over both sides of (squared class counts) / windows: the higher, the lower
    the Gini impurity, weighted by windows. The threshold lies midway between two windows.
    """
    n = len(projections)
    order = np.argsort(projections)
    left = np.zeros_like(counts)
    right = counts.copy()
    left_squares = 0
    right_squares = (counts * counts).sum()
    best, threshold = bar, np.float32(0)
    for i in range(n - 1):
        label = labels[order[i]]
        left_squares += 2 * left[label] + 1
        right_squares -= 2 * right[label] - 1
        left[label] += 1
        right[label] -= 1
        here, following = projections[order[i]], projections[order[i + 1]]
        if here == following:
            continue
        purity = left_squares / (i + 1) + right_squares / (n - i - 1)
        if purity > best * (1.0 + _ROUNDING):
            best = purity
            threshold = np.float32(0.5) * here + np.float32(0.5) * following
            # Between neighbouring numbers of float32 there is none: the middle may round up.
            if threshold >= following:
                threshold = here
    return best, threshold


@njit(cache=True, nogil=True)
def _grow(x, y, windows, n_classes, n_candidates, rng):  # type: ignore[no-untyped-def]
    """The arrays of `grow_tree` as a tuple."""
    n, n_marks, n_bins = len(windows), x.shape[1], x.shape[2]
    most = 2 * n - 1
    mark = np.full(most, _LEAF, np.int32)
    weights = np.zeros((most, n_bins), np.float32)
    threshold = np.zeros(most, np.float32)
    left = np.full(most, _LEAF, np.int32)
    right = np.full(most, _LEAF, np.int32)
    probabilities = np.zeros((most, n_classes), np.float32)

    # The windows of node i are order[begin[i] : end[i]].
    order = windows.copy()
    begin = np.zeros(most, np.int64)
    end = np.zeros(most, np.int64)
    end[0] = n
    aside = np.empty(n, np.int64)
    labels = np.empty(n, np.int64)
    profiles = np.empty((n, n_bins), np.float32)
    projections = np.empty(n, np.float32)
    direction = np.empty(n_bins, np.float32)
    sums = np.empty((n_classes, n_bins))
    squares = np.empty(n_bins)
    counts = np.empty(n_classes, np.int64)

    n_nodes = 1
    node = -1
    while node + 1 < n_nodes:
        node += 1
        members = order[begin[node] : end[node]]
        size = len(members)
        counts[:] = 0
        for i in range(size):
            labels[i] = y[members[i]]
            counts[labels[i]] += 1
        for k in range(n_classes):
            probabilities[node, k] = counts[k] / size
        if size < SMALLEST_SPLIT or counts.max() == size:
            continue

        present = np.flatnonzero(counts)
        # Of two classes, each against the other is the same line.
        contrasts = present[1:] if len(present) == 2 else present
        best = (counts * counts).sum() / size
        candidates = rng.permutation(n_marks)
        for place in range(n_marks):
            if place >= n_candidates and mark[node] != _LEAF:
                break
            candidate = candidates[place]
            for i in range(size):
                profiles[i] = x[members[i], candidate]
            _moments(profiles[:size], labels[:size], sums, squares)
            for inside in contrasts:
                if not _discriminant(counts, sums, squares, inside, direction):
                    continue
                for i in range(size):
                    projections[i] = _project(profiles[i], direction)
                purity, at = _best_threshold(projections[:size], labels[:size], counts, best)
                if purity > best:
                    best = purity
                    mark[node] = candidate
                    weights[node] = direction
                    threshold[node] = at
        if mark[node] == _LEAF:
            continue

        n_left = 0
        n_right = 0
        for i in range(size):
            window = members[i]
            if _project(x[window, mark[node]], weights[node]) <= threshold[node]:
                members[n_left] = window
                n_left += 1
            else:
                aside[n_right] = window
                n_right += 1
        members[n_left:] = aside[:n_right]
        left[node], right[node] = n_nodes, n_nodes + 1
        begin[n_nodes], end[n_nodes] = begin[node], begin[node] + n_left
        begin[n_nodes + 1], end[n_nodes + 1] = begin[node] + n_left, end[node]
        n_nodes += 2
    return (
        mark[:n_nodes].copy(),
        weights[:n_nodes].copy(),
        threshold[:n_nodes].copy(),
        left[:n_nodes].copy(),
        right[:n_nodes].copy(),
        probabilities[:n_nodes].copy(),
    )
