"""Elements, their classes, probabilities, reads and transitions compared with plain slow code."""

from types import SimpleNamespace

import numpy as np
import pytest

from deepregfinder.differential.compare import (
    Elements,
    MarkChange,
    classes_at,
    compare,
    consensus,
    probabilities_at,
    reads_at,
    transition_matrix,
)
from deepregfinder.prediction.calling import Calls

SIZES = {"chr1": 40_050, "chr10": 25_000, "chr2": 30_000}
CLASSES = ("background", "enhancer", "promoter")
WIDTH, BIN, STEP = 2000, 100, 200


def random_calls(rng):
    """Chromosome -> calls that do not overlap, of random classes and widths."""
    calls = {}
    for chrom, size in SIZES.items():
        edges = np.sort(rng.choice(np.arange(2, size // 200), 16, replace=False)) * 200
        start, end = edges[::2], edges[1::2]
        summit = start + (end - start) // 2
        score = rng.integers(500, 520, 8).astype(np.float32) / 1000
        calls[chrom] = Calls(start, end, rng.integers(1, 3, 8), score, summit)
    return calls


def slow_consensus(samples):
    consensus = {}
    for chrom in sorted({chrom for calls in samples for chrom in calls}):
        wanted = []
        for calls in samples:
            for summit, score in zip(calls[chrom].summit, calls[chrom].score, strict=True):
                start = int(summit - WIDTH // 2) // BIN * BIN
                last = (SIZES[chrom] - WIDTH) // BIN * BIN
                wanted.append((-score, min(max(start, 0), last)))
        taken = []
        for _, start in sorted(wanted):
            if all(abs(start - other) >= WIDTH for other in taken):
                taken.append(start)
        consensus[chrom] = sorted(taken)
    return consensus


def slow_class(calls, start):
    best = (0, 0.0, 0)
    for low, high, index, score in zip(
        calls.start, calls.end, calls.class_index, calls.score, strict=True
    ):
        overlap = min(high, start + WIDTH) - max(low, start)
        if overlap > 0 and (overlap, score) > best[:2]:
            best = (overlap, score, index)
    return best[2]


@pytest.mark.parametrize("seed", range(8))
def test_elements_and_everything_about_them_equal_plain_code(seed):
    rng = np.random.default_rng(seed)
    samples = random_calls(rng), random_calls(rng)
    elements = consensus(samples, WIDTH, BIN, SIZES)
    assert {chrom: one.tolist() for chrom, one in elements.starts.items()} == slow_consensus(
        samples
    )
    places = [(chrom, start) for chrom, one in elements.starts.items() for start in one.tolist()]
    classes = [classes_at(elements, calls) for calls in samples]
    for calls, comparison in zip(samples, classes, strict=True):
        assert comparison.tolist() == [slow_class(calls[chrom], start) for chrom, start in places]

    tracks = {c: rng.random((3, (n - WIDTH) // STEP + 1), np.float32) for c, n in SIZES.items()}
    scan = SimpleNamespace(window=WIDTH, step=STEP, classes=CLASSES, load=tracks.__getitem__)
    best = probabilities_at(elements, scan)
    for (chrom, start), row in zip(places, best, strict=True):
        centre = np.arange(tracks[chrom].shape[1]) * STEP + WIDTH // 2
        inside = (centre >= start) & (centre < start + WIDTH)
        assert row.tolist() == tracks[chrom][:, inside].max(axis=1).tolist()

    bins = {chrom: rng.poisson(3, -(-size // BIN)) for chrom, size in SIZES.items()}
    counts = SimpleNamespace(attributes={"bin_size": BIN}, load=bins.__getitem__)
    reads = [bins[chrom][start // BIN : (start + WIDTH) // BIN].sum() for chrom, start in places]
    assert reads_at(elements, counts).tolist() == reads

    n = len(elements)
    mark = MarkChange("H3K27ac", (2, 2), np.zeros(n), rng.random(n) ** 4, 3.0, np.ones(4))
    comparison = compare(elements, CLASSES, tuple(classes), (best, best[::-1]), (mark,), 0.2)
    matrix = transition_matrix(comparison)
    assert matrix.sum() == n
    for a in range(3):
        for b in range(3):
            pairs = zip(*(one.tolist() for one in classes), strict=True)
            assert matrix[a, b] == sum(pair == (a, b) for pair in pairs)
    order = np.argsort(mark.p)
    adjusted = np.minimum.accumulate((np.sort(mark.p) * n / np.arange(1, n + 1))[::-1])[::-1]
    np.testing.assert_allclose(comparison.fdr[order], adjusted)
    changed = classes[0] != classes[1]
    expected = np.where(
        ~changed, "unchanged", np.where(comparison.fdr <= 0.2, "differential", "weak")
    )
    assert comparison.status.tolist() == expected.tolist()


def test_without_replicates_there_is_no_fdr_and_the_change_of_probability_decides():
    elements = Elements({"chr1": np.array([0, 2000, 4000, 6000])}, WIDTH)
    called = np.array([0, 0, 1, 1]), np.array([1, 1, 2, 1])
    before = np.array([[1, 0.2, 0.1], [0.5, 0.45, 0], [0, 0.9, 0.1], [0, 0.9, 0]])
    after = np.array([[0, 0.8, 0.1], [0.4, 0.55, 0], [0, 0.5, 0.6], [0, 0.6, 0]])
    mark = MarkChange("H3K27ac", (1, 2), np.full(4, 3.0), None, None, np.ones(3))
    comparison = compare(elements, CLASSES, called, (before, after), (mark,), 0.05)
    assert comparison.fdr is None
    assert comparison.p is None
    assert comparison.status.tolist() == ["untested", "weak", "untested", "unchanged"]
