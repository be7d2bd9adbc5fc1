"""Calls compared with an implementation that loops over bases, on random probabilities."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from deepregfinder.classes import class_named, class_names
from deepregfinder.prediction.calling import TssZone, call_genome, find_runs

Row = tuple[int, int, int, float, int]


def runs_by_walking(p: np.ndarray, step: int, window: int, threshold: float) -> list[Row]:
    rows: list[list] = []
    last_class, last_start = 0, 0
    for i in range(p.shape[1]):
        k = 1 + int(p[1:, i].argmax())
        value, start = p[k, i], i * step
        if value < np.float32(threshold):
            continue
        if rows and last_class == k and start <= last_start + window:
            rows[-1][1] = start + window
            if value > rows[-1][3]:
                rows[-1][3:] = [value, start + window // 2]
        else:
            rows.append([start, start + window, k, value, start + window // 2])
        last_class, last_start = k, start
    return [tuple(row) for row in rows]


def calls_by_walking(
    p: np.ndarray, n_classes: int, step: int, window: int, threshold: float, tss: list[int], d: int
) -> list[Row]:
    names = class_names(n_classes)
    rows = [
        row
        for row in runs_by_walking(p, step, window, threshold)
        if class_named(names[row[2]]).element != "enhancer"
        or not any(row[0] - d <= site < row[1] + d for site in tss)
    ]
    n_bases = p.shape[1] * step + window
    owner = np.zeros(n_bases, int)  # class of each base; calls of one class may share bases
    placed: list[Row] = []
    for row in sorted(rows, key=lambda row: (-row[3], row[0])):
        start, end, k, value, summit = row
        free = [owner[b] in (0, k) for b in range(n_bases)]
        if not free[summit]:
            continue
        low = summit
        while low > start and free[low - 1]:
            low -= 1
        high = summit + 1
        while high < end and free[high]:
            high += 1
        if high - low >= step:
            owner[low:high] = k
            placed.append((low, high, k, value, summit))
    merged: list[Row] = []
    for row in sorted(placed):
        if merged and merged[-1][2] == row[2] and row[0] <= merged[-1][1]:
            best = max(merged[-1], row, key=lambda r: r[3])
            merged[-1] = (merged[-1][0], max(merged[-1][1], row[1]), row[2], best[3], best[4])
        else:
            merged.append(row)
    return merged


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n_classes=st.sampled_from([2, 3, 5]),
    shape=st.sampled_from([(2, 8), (3, 8), (2, 7), (4, 4)]),
    n_windows=st.integers(1, 60),
    levels=st.sampled_from([4, 50]),
)
def test_calls_equal_those_found_by_walking_over_bases(
    seed: int, n_classes: int, shape: tuple[int, int], n_windows: int, levels: int
) -> None:
    step, window = shape
    rng = np.random.default_rng(seed)
    p = rng.integers(0, levels, (n_classes, n_windows)) + 1.0
    p *= np.repeat(rng.uniform(0.5, 3, (n_classes, -(-n_windows // 5))), 5, axis=1)[:, :n_windows]
    p = (p / p.sum(axis=0)).astype(np.float32)
    p = np.round(p, 2)  # ties
    tss = sorted(rng.integers(0, n_windows * step + window, rng.integers(0, 3)).tolist())
    sites = pd.DataFrame({"chrom": ["chr1"] * len(tss), "start": tss, "end": [t + 1 for t in tss]})
    runs = {"chr1": find_runs(p, step, window, 0.4)}
    # bedtools starts once for each example: only examples with TSSs need it.
    zone = TssZone(sites, 3) if tss else None
    calls = call_genome(runs, class_names(n_classes), step, zone)["chr1"]
    rows = list(
        zip(
            calls.start.tolist(), calls.end.tolist(), calls.class_index.tolist(),
            calls.score.tolist(), strict=True,
        )
    )  # fmt: skip
    wanted = calls_by_walking(p, n_classes, step, window, 0.4, tss, 3)
    assert rows == [(s, e, k, float(v)) for s, e, k, v, _ in wanted]
    assert (calls.start[1:] >= calls.end[:-1]).all()
    assert (calls.end - calls.start >= step).all()
    assert ((calls.start <= calls.summit) & (calls.summit < calls.end)).all()
