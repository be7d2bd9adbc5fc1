"""Candidates: background, splits, warnings, refusals, and region files."""

import logging
import subprocess
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from samples.region_samples import (
    AT_RANDOM,
    BY_CHROMOSOME,
    GEOMETRY,
    evidence,
    peaks,
    points,
    rules,
)

from deepregfinder.errors import InputError
from deepregfinder.labels.background import background, free_windows
from deepregfinder.labels.candidates import (
    COLUMNS,
    check_enough,
    define_candidates,
    read_regions,
    sort_regions,
    write_regions,
)
from deepregfinder.labels.rules import Evidence, write_drops

SIZES = {"chr1": 400_000, "chr8": 400_000, "chr17": 400_000}


@pytest.fixture
def lists() -> Evidence:
    """On each chromosome 8 open promoters and 6 enhancers far apart, in the first 200 kb."""
    tss, dhs, p300 = [], [], []
    for chrom in SIZES:
        for n in range(8):
            tss.append((chrom, 10_000 * n + 5_000, 10_000 * n + 5_001))
            dhs.append((chrom, 10_000 * n + 5_100, 10_000 * n + 5_250, 4.0))
        for n in range(6):
            p300.append((chrom, 100_000 + 15_000 * n, 100_000 + 15_000 * n + 300, 5.0))
            dhs.append((chrom, 100_000 + 15_000 * n, 100_000 + 15_000 * n + 150, 6.0))
    return evidence(tss=peaks(*tss), dhs=peaks(*dhs), enhancers=peaks(*p300))


def test_candidates_hold_elements_sorted_and_then_background(lists: Evidence) -> None:
    windows = define_candidates(lists, rules(), GEOMETRY, SIZES, BY_CHROMOSOME, 1).windows
    assert tuple(windows.columns) == COLUMNS
    assert windows["class"].value_counts().to_dict() == {
        "promoter": 24,
        "enhancer": 18,
        "background": 60,
    }
    elements = windows[windows["class"] != "background"]
    assert elements.equals(sort_regions(elements))
    assert (windows["class"].iloc[42:] == "background").all()
    assert windows["split"].iloc[42:].tolist() == (
        ["train"] * 20 + ["validation"] * 20 + ["test"] * 20
    )


def test_a_random_split_leaves_splits_open(lists: Evidence) -> None:
    windows = define_candidates(lists, rules(), GEOMETRY, SIZES, AT_RANDOM, 1).windows
    assert set(windows["split"]) == {"."}
    assert (windows["class"] == "background").sum() == 60


def test_chromosomes_of_no_split_are_dropped_and_counted(lists: Evidence) -> None:
    plan = BY_CHROMOSOME.parse("chromosome", "1", "8", "9")
    candidates = define_candidates(lists, rules(), GEOMETRY, SIZES, plan, 1)
    assert set(candidates.windows["chrom"]) == {"chr1", "chr8"}
    dropped = {
        d.element: d.dropped for d in candidates.drops if d.rule == "on a chromosome of no split"
    }
    assert dropped["promoter"] == 8
    assert dropped["enhancer"] == 6


def test_background_is_the_same_for_a_seed_and_differs_between_seeds(lists: Evidence) -> None:
    one, again, other = (
        background(lists, rules(), GEOMETRY, SIZES, BY_CHROMOSOME, seed)[0] for seed in (1, 1, 2)
    )
    assert one.equals(again)
    assert not one.equals(other)


def test_background_of_a_split_does_not_depend_on_the_other_chromosomes(lists: Evidence) -> None:
    crowded = replace(lists, blacklist=peaks(("chr1", 200_000, 390_000)))
    one, other = (
        background(each, rules(), GEOMETRY, SIZES, BY_CHROMOSOME, 1)[0] for each in (lists, crowded)
    )
    held_out = [table[table["split"] != "train"].to_numpy().tolist() for table in (one, other)]
    assert held_out[0] == held_out[1]
    assert not one.equals(other)


def test_background_takes_what_there_is_and_says_so(
    lists: Evidence, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        drawn, drops = background(
            lists, rules(n_background=1500), GEOMETRY, SIZES, BY_CHROMOSOME, 1
        )
    free, _ = free_windows(lists, rules(), GEOMETRY, SIZES)
    assert len(drawn) == len(free) == drops[-1].left
    assert "500 background windows are needed for validation" in caplog.text


def test_background_never_touches_blacklist_or_gaps() -> None:
    lists = evidence(blacklist=peaks(("chr1", 3_999, 4_001)), gaps=peaks(("chr1", 10_000, 10_001)))
    free, drops = free_windows(lists, rules(), GEOMETRY, {"chr1": 14_000})
    assert free["start"].tolist() == [0, 6_000, 8_000, 12_000]
    assert [(drop.rule, drop.dropped) for drop in drops[-2:]] == [
        ("touches --blacklist", 2),
        ("touches --gaps", 1),
    ]


def test_background_keeps_away_from_peaks_too_wide_for_enhancers() -> None:
    lists = evidence(enhancers=peaks(("chr1", 100_000, 200_000)))
    free, _ = free_windows(lists, rules(max_tf_peak_width=3_000), GEOMETRY, SIZES)
    on_chr1 = free[free["chrom"] == "chr1"]
    assert not on_chr1["start"].between(98_000, 201_998).any()


def test_lists_that_are_not_given_are_named(
    caplog: pytest.LogCaptureFixture, lists: Evidence
) -> None:
    bare = Evidence(lists.tss, None, lists.enhancers)
    with caplog.at_level(logging.WARNING):
        define_candidates(bare, rules(), GEOMETRY, SIZES, BY_CHROMOSOME, 1)
    assert "no list of DHSs" in caplog.text
    assert "no H3K4me3 peaks" in caplog.text


def test_too_few_windows_name_every_rule_and_the_one_to_look_at(lists: Evidence) -> None:
    marked = replace(lists, promoter_marks={"k4": peaks(("chr1", 90_000, 200_000, 3.0))})
    candidates = define_candidates(marked, rules(), GEOMETRY, SIZES, BY_CHROMOSOME, 1)
    with pytest.raises(InputError) as error:
        check_enough(candidates, 3, BY_CHROMOSOME)
    message = str(error.value)
    assert "enhancer windows: 0 in train (10 needed). Of 18 enhancer-TF peaks given" in message
    assert "Check the rule 'an H3K4me3 peak within" in message
    assert "it dropped 6 of 18." in message
    assert "Too few promoter windows: 8 in train (10 needed)" in message


def test_two_classes_do_not_need_promoters(lists: Evidence) -> None:
    plan = BY_CHROMOSOME.parse("chromosome", "1,8", "17", "Y")
    candidates = define_candidates(lists, rules(), GEOMETRY, SIZES, plan, 1)
    with pytest.raises(InputError) as error:
        check_enough(candidates, 2, plan)
    assert "promoter" not in str(error.value)


def test_enough_windows_pass(lists: Evidence) -> None:
    candidates = define_candidates(lists, rules(), GEOMETRY, SIZES, AT_RANDOM, 1)
    check_enough(candidates, 3, AT_RANDOM)


def test_genes_given_for_tss_are_noticed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "genes.bed").write_text("chr1\t100\t50000\nchr1\t200\t1300\n")
    with caplog.at_level(logging.WARNING):
        Evidence.read(tmp_path / "genes.bed", None, [])
    assert "look like genes" in caplog.text


def test_region_files_come_back_as_they_were(tmp_path: Path, lists: Evidence) -> None:
    windows = define_candidates(lists, rules(), GEOMETRY, SIZES, BY_CHROMOSOME, 1).windows
    write_regions(tmp_path / "candidates.bed", windows)
    pd.testing.assert_frame_equal(read_regions(tmp_path / "candidates.bed"), windows)


def test_an_empty_region_file_is_an_empty_table(tmp_path: Path) -> None:
    (tmp_path / "empty.bed").touch()
    assert tuple(read_regions(tmp_path / "empty.bed").columns) == COLUMNS


def test_other_files_are_no_region_files(tmp_path: Path) -> None:
    (tmp_path / "x.bed").write_text("chr1\tstart\tend\ta\t.\ttrain\n")
    with pytest.raises(InputError, match=r"x\.bed is not a file of regions"):
        read_regions(tmp_path / "x.bed")


def test_regions_are_sorted_as_sort_does(tmp_path: Path) -> None:
    windows = pd.DataFrame(
        [
            ("chr2", 2_000, 4_000, "enhancer", ".", "train"),
            ("chr10", 900, 2_900, "promoter", ".", "test"),
            ("chr10", 10_000, 12_000, "enhancer", ".", "test"),
            ("chr10", 900, 2_900, "background", ".", "test"),
            ("chrX", 0, 2_000, "background", ".", "test"),
        ],
        columns=list(COLUMNS),
    )
    write_regions(tmp_path / "given.bed", windows)
    write_regions(tmp_path / "ours.bed", sort_regions(windows))
    theirs = subprocess.run(
        ["sort", "-k1,1", "-k2,2n", tmp_path / "given.bed"],
        env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (tmp_path / "ours.bed").read_text() == theirs.stdout


def test_the_account_is_a_table(tmp_path: Path) -> None:
    lists = evidence(tss=points("chr1", 5_000, 5_100))
    candidates = define_candidates(lists, rules(), GEOMETRY, SIZES, BY_CHROMOSOME, 1)
    write_drops(tmp_path / "dropped.tsv", candidates.drops)
    table = pd.read_csv(tmp_path / "dropped.tsv", sep="\t")
    assert table.columns.tolist() == ["element", "rule", "dropped", "left"]
    assert table.iloc[:4]["left"].tolist() == [2, 2, 1, 0]
    assert table["element"].unique().tolist() == ["promoter", "enhancer", "background"]
