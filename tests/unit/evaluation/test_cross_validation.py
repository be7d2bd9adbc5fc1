"""Cross-validation over groups of chromosomes."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deepregfinder.errors import InputError
from deepregfinder.evaluation.cross_validation import (
    Score,
    assigned,
    fold_plan,
    read_scores,
    summarised,
    write_scores,
)

COUNTS = {"chr1": 9, "chr2": 7, "chr3": 5, "chr4": 4, "chr5": 3, "chr6": 1}


def candidates() -> pd.DataFrame:
    """Elements as COUNTS says, and background everywhere, also on chr7."""
    rows = [(chrom, 2000 * i, "promoter") for chrom, n in COUNTS.items() for i in range(n)]
    rows += [(chrom, 200_000, "background") for chrom in (*COUNTS, "chr7")]
    table = pd.DataFrame(rows, columns=["chrom", "start", "class"])
    return table.assign(end=table["start"] + 2000, state=".", split="train")


@pytest.mark.parametrize("n_folds", [3, 4, 6])
def test_every_chromosome_with_elements_is_tested_in_exactly_one_fold(n_folds):
    plans = [fold_plan(candidates(), n_folds, fold).chromosomes for fold in range(1, n_folds + 1)]
    tested = [chrom for plan in plans for chrom in plan.test]
    assert sorted(tested) == sorted(chrom.removeprefix("chr") for chrom in COUNTS)
    for plan in plans:
        assert plan.train
        assert plan.validation
        parts = [plan.train, plan.validation, plan.test]
        assert sum(map(len, parts)) == len(frozenset().union(*parts)) == len(COUNTS)


def test_folds_hold_about_as_many_elements_each():
    tested = [fold_plan(candidates(), 3, fold).chromosomes.test for fold in (1, 2, 3)]
    assert sorted(sum(COUNTS[f"chr{c}"] for c in part) for part in tested) == [9, 10, 10]


def test_candidates_get_the_splits_of_their_fold_and_none_is_left_elsewhere():
    plan = fold_plan(candidates(), 3, 2)
    table = assigned(candidates(), plan)
    assert set(table["chrom"]) == set(COUNTS)
    for chrom, split in zip(table["chrom"], table["split"], strict=True):
        assert split == plan.of(chrom)


def test_too_few_folds_or_chromosomes_are_refused():
    with pytest.raises(InputError, match=r"--folds 2: .* at least 3 folds"):
        fold_plan(candidates(), 2, 1)
    with pytest.raises(InputError, match="--folds 7: only 6 chromosomes"):
        fold_plan(candidates(), 7, 1)


def test_the_summary_is_over_folds_that_have_a_value(tmp_path: Path):
    values = [0.2, 0.4, np.nan]
    rows = [
        Score("cnn", n, ("chr1",), "test", "enhancer", "average_precision", value)
        for n, value in enumerate(values, 1)
    ]
    write_scores(tmp_path / "a.tsv", rows[:1])
    write_scores(tmp_path / "b.tsv", rows[1:])
    (row,) = summarised(read_scores([tmp_path / "b.tsv", tmp_path / "a.tsv"]))
    values = tuple(vars(row).values())
    assert values[:5] == ("cnn", "test", "enhancer", "average_precision", 2)
    np.testing.assert_allclose(values[5:], [0.3, np.std([0.2, 0.4], ddof=1), 0.2, 0.4])


def test_a_damaged_table_is_refused(tmp_path: Path):
    path = tmp_path / "bad.tsv"
    path.write_text("model\tfold\ncnn\t1\n")
    with pytest.raises(InputError, match=r"bad\.tsv: there is no column chromosomes"):
        read_scores([path])
