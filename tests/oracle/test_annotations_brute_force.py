"""Annotations: windows and calls compared with loops over bases, elements and intervals."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from samples.small_evaluation import SIZES, elements

from deepregfinder.errors import InputError
from deepregfinder.evaluation.external.annotations import (
    by_class,
    classify,
    score,
)
from deepregfinder.evaluation.external.labels import parse_mapping
from deepregfinder.evaluation.metrics import Bootstrap
from deepregfinder.genome.splits import SplitPlan
from deepregfinder.labels.tensors import Tensors

CLASSES = ("background", "enhancer", "promoter")
MAPPING = parse_mapping(
    "1_TssA=promoter; *_Enh* = enhancer;*Prom*=promoter;3_EnhX=promoter", CLASSES
)


def segmentation(windows: Tensors, seed: int = 0) -> pd.DataFrame:
    """Intervals, many of them near labelled windows and with matching labels."""
    rng = np.random.default_rng(seed)
    labels = np.array(["25_Quies", "14_EnhA2", "1_TssA"])
    rows = []
    for chrom, size in SIZES.items():
        here = windows.chrom == windows.chroms.index(chrom)
        at = np.concatenate([windows.midpoints[here], rng.integers(0, size, 60)])
        kind = np.concatenate([windows.y[here], rng.integers(0, 3, 60)])
        kind = np.where(rng.random(len(kind)) < 0.3, rng.integers(0, 3, len(kind)), kind)
        start = np.maximum(at + rng.integers(-600, 300, len(at)), 0)
        end = np.minimum(start + rng.integers(50, 900, len(at)), size)
        rows += list(zip([chrom] * len(at), start, end, labels[kind], strict=True))
    table = pd.DataFrame(rows, columns=["chrom", "start", "end", "name"])
    return table[table["end"] > table["start"]].reset_index(drop=True)


def test_the_first_pattern_that_fits_says_the_class() -> None:
    labels = ["1_TssA", "11_TssA", "3_EnhX", "Enh", "22_PromP", "a.b"]
    table = pd.DataFrame(
        {"chrom": "chr1", "start": range(0, 600, 100), "end": range(50, 650, 100), "name": labels}
    )
    intervals = by_class(table, MAPPING, CLASSES, "x.bed")
    assert intervals[0].empty
    assert intervals[1]["start"].tolist() == [200]
    assert intervals[2]["start"].tolist() == [0, 400]
    with pytest.raises(InputError, match="no label is mapped to an element class"):
        by_class(table, parse_mapping("axb=enhancer", CLASSES), CLASSES, "x.bed")
    with pytest.raises(InputError, match="with a class of background"):
        parse_mapping("a=enhancers", CLASSES)


def brute_force_class(table: pd.DataFrame, chrom: str, middle: int) -> int:
    bases = np.zeros((3, 500), bool)
    for row in table[table["chrom"] == chrom].itertuples():
        index = {"25_Quies": 0, "14_EnhA2": 1, "1_TssA": 2}[row.name]
        low, high = (max(0, min(500, at - (middle - 250))) for at in (row.start, row.end))
        bases[index, low:high] = True
    enhancer, promoter = bases[1].sum(), bases[2].sum()
    if max(enhancer, promoter) < 100:
        return 0
    return 1 if enhancer >= promoter else 2


def brute_force_touched(table: pd.DataFrame, chrom: str, start: int, name: str) -> bool:
    """Whether an interval with this label has a base of the window of 800 bp."""
    own = table[(table["chrom"] == chrom) & (table["name"] == name)]
    window = set(range(start, start + 800))
    return any(window & set(range(row.start, row.end)) for row in own.itertuples())


def test_windows_and_calls_are_what_loops_find() -> None:
    windows = elements()
    table = segmentation(windows)
    annotation = by_class(table, MAPPING, CLASSES, "x.bed")
    rows = windows.select("test")
    chrom = np.array(windows.chroms)[windows.chrom[rows]]
    window_classes = classify(annotation, chrom, windows.midpoints[rows])
    wanted = [
        brute_force_class(table, name, middle)
        for name, middle in zip(chrom, windows.midpoints[rows].tolist(), strict=True)
    ]
    assert window_classes.tolist() == wanted
    assert set(wanted) == {0, 1, 2}

    scores = score("roadmap", annotation, windows, Bootstrap(200, 1))
    scored = {(one.setting, one.class_): vars(one) for one in scores}
    truth = windows.y[rows]
    for index, name in enumerate(CLASSES[1:], 1):
        row = scored["test_centre", name]
        chosen, positive = np.array(wanted) == index, truth == index
        assert (row["calls"], row["labelled"]) == (chosen.sum(), positive.sum())
        assert row["right"] == row["found"] == (chosen & positive).sum()
        precision, recall = row["right"] / row["calls"], row["found"] / row["labelled"]
        assert row["precision"] == pytest.approx(precision)
        assert row["recall"] == pytest.approx(recall)
        assert row["f1"] == pytest.approx(2 * precision * recall / (precision + recall))
        assert row["precision_low"] < row["precision"] < row["precision_high"]

        row = scored["test_any_base", name]
        label = ("14_EnhA2", "1_TssA")[index - 1]
        touched = np.array(
            [
                brute_force_touched(table, *place, label)
                for place in zip(chrom, windows.start[rows].tolist(), strict=True)
            ]
        )
        assert (row["calls"], row["labelled"]) == (touched.sum(), positive.sum())
        assert row["right"] == row["found"] == (touched & positive).sum()
        assert row["precision"] == pytest.approx((touched & positive).sum() / touched.sum())
        assert touched.sum() > chosen.sum()

        row = scored["calls", name]
        calls = [(one.chrom, one.start, one.end) for one in annotation[index].itertuples()]
        calls = [call for call in calls if call[0] in ("chr3", "chr4")]
        middles = [
            (where, middle)
            for where, middle in zip(chrom, windows.midpoints[rows].tolist(), strict=True)
        ]
        middles = [place for place, here in zip(middles, positive, strict=True) if here]
        credited = set()
        n_found = 0
        for where, middle in middles:
            near = [
                call
                for call in sorted(calls)
                if call[0] == where and call[1] - 500 <= middle <= call[2] - 1 + 500
            ]
            n_found += bool(near)
            credited |= set(near[:1])
        assert (row["calls"], row["right"]) == (len(calls), len(credited))
        assert (row["labelled"], row["found"]) == (len(middles), n_found)
        assert row["precision"] == pytest.approx(len(credited) / len(calls))


def test_a_random_split_has_no_calls_and_no_bootstrap_means_no_interval() -> None:
    windows = elements()
    windows = replace(windows, split_plan=SplitPlan.parse("random", "1", "2", "3-4"))
    annotation = by_class(segmentation(windows), MAPPING, CLASSES, "x.bed")
    rows = score("roadmap", annotation, windows, Bootstrap(0, 1))
    assert {row.setting for row in rows} == {"test_centre", "test_any_base"}
    assert all(np.isnan(row.f1_low) for row in rows)
