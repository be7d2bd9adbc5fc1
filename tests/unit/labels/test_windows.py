"""From candidates to labelled windows: selection by signal, classes, splits, no leakage."""

import logging
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from samples.labelled_windows import MARKS, SIZES, arrays, candidates, make_signal
from samples.region_samples import AT_RANDOM, BY_CHROMOSOME

from deepregfinder.errors import InputError
from deepregfinder.genome.splits import SPLITS
from deepregfinder.labels.candidates import sort_regions
from deepregfinder.labels.windows import (
    LabelledWindows,
    WindowRules,
    choose_windows,
    chrom_indices,
    class_indices,
    gather,
    write_summary,
)
from deepregfinder.signal.store import Signal


def build(signal: Signal, windows: pd.DataFrame, **changed: Any) -> LabelledWindows:
    options: dict[str, Any] = {
        "n_classes": 3,
        "window_bins": 20,
        "min_nonzero": 5,
        "n_background": 30,
        "transform": "none",
    }
    plan = changed.pop("plan", BY_CHROMOSOME)
    seed = changed.pop("seed", 1)
    return choose_windows(signal, windows, WindowRules(**(options | changed)), plan, seed)


def test_x_is_the_signal_of_each_window(tmp_path: Path) -> None:
    values = arrays()
    built = build(make_signal(tmp_path, values), candidates())
    tensors = built.tensors
    assert tensors.x.shape == (150, 3, 20)
    assert tensors.x.dtype == np.float32
    for row, (chrom, start) in enumerate(built.regions[["chrom", "start"]].to_numpy().tolist()):
        first = start // 100
        assert np.array_equal(tensors.x[row], values[chrom][:, first : first + 20])


def test_rows_are_those_of_the_region_table(tmp_path: Path) -> None:
    built = build(make_signal(tmp_path, arrays()), candidates())
    tensors, regions = built.tensors, built.regions
    assert regions.equals(sort_regions(regions))
    assert [tensors.classes[one] for one in tensors.y] == regions["class"].tolist()
    assert [SPLITS[one] for one in tensors.split] == regions["split"].tolist()
    assert [tensors.chroms[one] for one in tensors.chrom] == regions["chrom"].tolist()
    assert tensors.start.tolist() == regions["start"].tolist()
    assert tensors.midpoints.tolist() == (regions["start"] + 1000).tolist()
    assert tensors.chroms == tuple(SIZES)
    assert len(tensors.select("validation")) == 50


def test_windows_with_dropped_min_nonzero_are_dropped_and_counted(tmp_path: Path) -> None:
    values = arrays()
    values["chr1"][:, 0:20] = 0
    values["chr1"][:2, 0:2] = 1
    values["chr1"][:, 25:45] = 0
    values["chr1"][:, 26] = 1
    values["chr1"][:2, 30] = 1
    built = build(make_signal(tmp_path, values), candidates())
    kept = built.regions[built.regions["chrom"] == "chr1"]["start"].tolist()
    assert 0 not in kept
    assert 2_500 in kept
    promoter = next(one for one in built.selections if one.class_ == "promoter")
    assert (promoter.candidates, promoter.dropped_min_nonzero) == (60, 1)
    assert promoter.windows == {"train": 19, "validation": 20, "test": 20}


@pytest.mark.parametrize(("n_classes", "poor"), [(3, [1_000, 51_000]), (2, [51_000])])
def test_what_may_be_an_element_is_listed_as_unlabelled(
    tmp_path: Path, n_classes: int, poor: list[int]
) -> None:
    """A promoter and an enhancer with too little signal, and candidates without a class, twice."""
    values = arrays()
    for window in (0, 500):
        values["chr1"][:, window : window + 20] = 0
    windows = candidates()
    places = [("chr17", 7_000, 9_000), ("chr8", 3_000, 5_000), ("chr8", 3_000, 5_000)]
    unclear = pd.DataFrame(places, columns=["chrom", "start", "end"])
    unclear = unclear.assign(**{"class": "unlabelled", "state": ".", "split": "."})
    built = build(
        make_signal(tmp_path, values),
        pd.concat([windows, unclear], ignore_index=True),
        n_classes=n_classes,
    )
    assert built.tensors.unlabelled.tolist() == (
        [[0, place] for place in poor] + [[1, 4_000], [2, 8_000]]
    )
    assert "unlabelled" not in set(built.regions["class"])
    assert sum(one.candidates for one in built.selections) == len(windows)


def test_a_minimum_of_zero_keeps_empty_windows(tmp_path: Path) -> None:
    values = arrays()
    values["chr1"][:, :20] = 0
    built = build(make_signal(tmp_path, values), candidates(), min_nonzero=0)
    assert built.selections[2].windows["train"] == 20


def test_background_is_taken_in_drawing_order_skipping_poor_windows(tmp_path: Path) -> None:
    windows = candidates()
    drawn = windows[(windows["class"] == "background") & (windows["chrom"] == "chr8")]["start"]
    values = arrays()
    poor = int(drawn.iloc[1]) // 100
    values["chr8"][:, poor : poor + 20] = 0
    built = build(make_signal(tmp_path, values), windows, n_background=30)
    regions = built.regions
    chosen = regions[(regions["class"] == "background") & (regions["chrom"] == "chr8")]["start"]
    assert sorted(chosen) == sorted(drawn.drop(drawn.index[1]).iloc[:10])
    background = built.selections[0]
    assert background.windows == {"train": 10, "validation": 10, "test": 10}
    assert background.candidates == 60
    assert background.dropped_min_nonzero + background.not_needed == 30


def test_too_little_background_is_taken_whole_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        built = build(make_signal(tmp_path, arrays()), candidates(), n_background=3000)
    assert built.selections[0].windows == {"train": 20, "validation": 20, "test": 20}
    assert "3000 background windows are needed, but 60 have enough signal" in caplog.text


def test_promoters_are_background_with_two_classes(tmp_path: Path) -> None:
    built = build(make_signal(tmp_path, arrays()), candidates(), n_classes=2)
    assert built.tensors.classes == ("background", "enhancer")
    assert set(built.regions["class"]) == {"background", "enhancer"}
    assert built.selections[0].windows == {"train": 30, "validation": 30, "test": 30}


def test_five_classes_take_the_states(tmp_path: Path) -> None:
    windows = candidates(states=True)
    built = build(make_signal(tmp_path, arrays()), windows, n_classes=5)
    merged = built.regions.merge(windows, on=["chrom", "start"], suffixes=("", "_given"))
    elements = merged[merged["class"] != "background"]
    assert len(elements) == 120
    assert elements["class"].equals(elements["class_given"])
    assert elements["state"].equals(elements["state_given"])


def test_five_classes_without_states_are_refused() -> None:
    with pytest.raises(InputError, match="give the file of assign_states"):
        class_indices(candidates(), 5)


def test_states_are_forgotten_with_three_classes(tmp_path: Path) -> None:
    signal = make_signal(tmp_path, arrays())
    built = build(signal, candidates(states=True))
    assert set(built.regions["state"]) == {"."}
    assert np.array_equal(built.tensors.y, build(signal, candidates()).tensors.y)


def test_statistics_do_not_see_validation_and_test_chromosomes(tmp_path: Path) -> None:
    """Leakage: changing all held-out data must not change the training data."""
    before, after = arrays(), arrays()
    for chrom in ("chr8", "chr17"):
        after[chrom] = after[chrom] * 50 + 3
    one, other = (
        build(make_signal(tmp_path / name, values), candidates()).tensors
        for name, values in (("a", before), ("b", after))
    )
    assert one.normalisation.to_dict() == other.normalisation.to_dict()
    rows = one.select("train")
    assert np.array_equal(one.x[rows], other.x[other.select("train")])
    assert not np.array_equal(one.x[one.select("test")], other.x[other.select("test")])


def test_statistics_are_those_of_all_bins_of_the_training_chromosomes(tmp_path: Path) -> None:
    values = arrays()
    built = build(make_signal(tmp_path, values), candidates(), transform="asinh")
    scaled = np.arcsinh(values["chr1"].astype(float))
    normalisation = built.tensors.normalisation
    assert normalisation.marks == MARKS
    np.testing.assert_allclose(normalisation.mean, scaled.mean(axis=1), rtol=1e-6)
    np.testing.assert_allclose(normalisation.sd, scaled.std(axis=1), rtol=1e-6)


def test_a_random_split_is_stratified_and_parts_no_overlap(tmp_path: Path) -> None:
    windows = candidates("random")
    elements = windows["class"] != "background"
    shifted = windows[elements].iloc[::5].copy()
    shifted[["start", "end"]] += 700
    windows = pd.concat([windows[elements], shifted, windows[~elements]], ignore_index=True)
    built = build(make_signal(tmp_path, arrays()), windows, plan=AT_RANDOM, n_background=50)
    regions = built.regions
    for (chrom, start, split), (other_chrom, other_start, other_split) in combinations(
        regions[["chrom", "start", "split"]].itertuples(index=False, name=None), 2
    ):
        if chrom == other_chrom and abs(start - other_start) < 2000:
            assert split == other_split
    for selection in built.selections:
        n = sum(selection.windows.values())
        assert abs(selection.windows["train"] - 0.6 * n) <= 4
        assert abs(selection.windows["test"] - 0.2 * n) <= 4


def test_the_seed_decides_a_random_split(tmp_path: Path) -> None:
    signal = make_signal(tmp_path, arrays())
    one, again, other = (
        build(signal, candidates("random"), plan=AT_RANDOM, seed=seed).tensors.split
        for seed in (1, 1, 2)
    )
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_too_few_windows_are_refused_with_numbers(tmp_path: Path) -> None:
    values = arrays()
    values["chr1"][:, 500:950] = 0
    with pytest.raises(InputError) as error:
        build(make_signal(tmp_path, values), candidates())
    message = str(error.value)
    assert "Too few windows of class enhancer: 2 in train (10 needed)" in message
    assert "Of 60 candidates, 18 were dropped by --min_nonzero 5" in message
    assert "promoter" not in message


def test_candidates_of_another_geometry_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="another --bin_size or --window_bins"):
        build(make_signal(tmp_path, arrays()), candidates(), window_bins=10)


def test_candidates_on_chromosomes_without_signal_are_refused(tmp_path: Path) -> None:
    windows = candidates().replace({"chrom": {"chr8": "chr9"}})
    with pytest.raises(InputError, match="Windows are on chr9"):
        build(make_signal(tmp_path, arrays()), windows)


def test_a_signal_without_training_chromosomes_is_refused(tmp_path: Path) -> None:
    plan = BY_CHROMOSOME.parse("chromosome", "2", "8", "17")
    windows = candidates()
    with pytest.raises(InputError, match="--train_chroms"):
        build(make_signal(tmp_path, arrays()), windows, plan=plan)


def test_the_last_whole_window_of_a_chromosome_can_be_gathered(tmp_path: Path) -> None:
    values = arrays()
    windows = pd.DataFrame({"chrom": ["chr17"], "start": [198_000]})
    x, rich = gather(make_signal(tmp_path, values), windows, 20, 0)
    assert rich.tolist() == [True]
    assert np.array_equal(x[0], values["chr17"][:, 1980:2000])


def test_the_summary_is_a_table(tmp_path: Path) -> None:
    built = build(make_signal(tmp_path, arrays()), candidates())
    write_summary(tmp_path / "s.tsv", built.selections)
    table = pd.read_csv(tmp_path / "s.tsv", sep="\t", index_col="class")
    assert table.columns.tolist() == [
        *("candidates", "dropped_min_nonzero", "not_needed"),
        *("train", "validation", "test"),
    ]
    assert table.loc["background"].tolist() == [60, 0, 30, 10, 10, 10]
    assert table.loc["enhancer"].tolist() == [60, 0, 0, 20, 20, 20]


@pytest.mark.parametrize(("n", "kind"), [(24, np.int16), (32_768, np.int16), (40_000, np.int32)])
def test_the_last_of_many_scaffolds_has_its_own_number(n: int, kind: type) -> None:
    scaffolds = [f"scaffold_{i}" for i in range(n)]
    found = chrom_indices(pd.Series([scaffolds[-1], scaffolds[0]]), scaffolds)
    assert found.tolist() == [n - 1, 0]
    assert found.dtype == kind
