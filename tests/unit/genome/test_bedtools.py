"""Distances, merging and tiling by bedtools; no temporary file remains."""

import tempfile
from pathlib import Path

import pytest
from samples.region_samples import peaks, points

from deepregfinder.genome.bedtools import (
    cluster,
    distances,
    merge,
    near,
    overlapping_pairs,
    tiles_without,
)


@pytest.mark.parametrize(
    ("distance", "position", "expected"),
    [
        *((0, 99, False), (0, 100, True), (0, 199, True), (0, 200, False)),
        *((50, 49, False), (50, 50, True), (50, 249, True), (50, 250, False)),
    ],
)
def test_within_means_that_nearest_bases_differ_by_at_most_the_distance(
    distance: int, position: int, expected: bool
) -> None:
    interval, point = peaks(("chr1", 100, 200)), points("chr1", position)
    assert near(interval, point, distance).tolist() == [expected]
    assert near(point, interval, distance).tolist() == [expected]


def test_near_answers_in_the_order_of_the_rows() -> None:
    intervals = peaks(("chr2", 500, 510), ("chr1", 10, 20), ("chr1", 900, 910), ("chr1", 10, 20))
    assert near(intervals, points("chr1", 15), 100).tolist() == [False, True, False, True]


def test_near_nothing_is_never() -> None:
    assert near(points("chr1", 1, 2), peaks(), 1000).tolist() == [False, False]
    assert near(peaks(), points("chr1", 1), 1000).tolist() == []


def test_distances_are_those_of_the_nearest_bases_in_the_order_of_the_rows() -> None:
    intervals = peaks(
        ("chr2", 500, 510), ("chr1", 1000, 1100), ("chrX", 0, 5), ("chr1", 210, 220),
        ("chr1", 150, 160), ("chr1", 200, 210),
    )  # fmt: skip
    others = peaks(("chr1", 1300, 1400), ("chr2", 100, 200), ("chr1", 100, 200))
    assert distances(intervals, others).tolist() == [301, 201, float("inf"), 11, 0, 1]
    near_enough = [near(intervals, others, d).tolist() for d in (0, 11, 201)]
    assert near_enough == [(distances(intervals, others) <= d).tolist() for d in (0, 11, 201)]
    assert distances(intervals, peaks()).tolist() == [float("inf")] * 6


def test_merge_joins_across_gaps_of_at_most_the_distance() -> None:
    merged = merge(points("chr1", 600, 0, 501, 1200), 500)
    assert merged.to_numpy().tolist() == [["chr1", 0, 601], ["chr1", 1200, 1201]]


def test_cluster_numbers_belong_to_rows() -> None:
    numbers = cluster(peaks(("chr1", 50, 60), ("chr2", 0, 10), ("chr1", 0, 10), ("chr1", 5, 20)))
    assert numbers[2] == numbers[3]
    assert len(set(numbers.tolist())) == 3


def test_pairs_are_every_overlap() -> None:
    sites = peaks(("chr1", 0, 100), ("chr2", 0, 100))
    others = peaks(("chr2", 99, 120), ("chr1", 100, 120), ("chr2", 0, 5))
    one, other = overlapping_pairs(sites, others)
    assert sorted(zip(one.tolist(), other.tolist(), strict=True)) == [(1, 0), (1, 2)]


def test_tiles_are_whole_and_in_the_order_of_the_chromosomes() -> None:
    tiles, counts = tiles_without({"chr2": 250, "chr10": 99, "chr1": 200}, 100, [])
    assert tiles.to_numpy().tolist() == [
        ["chr2", 0, 100],
        ["chr2", 100, 200],
        ["chr1", 0, 100],
        ["chr1", 100, 200],
    ]
    assert counts == [4]


def test_tiles_count_what_each_zone_leaves() -> None:
    far, elsewhere = (points("chr1", 50), 350), (points("chr9", 1), 0)
    zones = [(points("chr1", 150), 0), (peaks(), 10), far, elsewhere]
    tiles, counts = tiles_without({"chr1": 1000}, 100, zones)
    assert counts == [10, 9, 9, 5, 5]
    assert tiles["start"].tolist() == [500, 600, 700, 800, 900]


def test_no_tile_may_be_left() -> None:
    tiles, counts = tiles_without({"chr1": 300}, 100, [(points("chr1", 150), 1000)])
    assert tiles.empty
    assert counts == [3, 0]


def test_temporary_files_lie_in_the_current_folder_and_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    original = tempfile.NamedTemporaryFile

    def recorded(*args, **kwargs):  # type: ignore[no-untyped-def]
        opened = original(*args, **kwargs)
        seen.append(Path(opened.name))
        return opened

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "NamedTemporaryFile", recorded)
    before = tempfile.tempdir
    near(points("chr1", 1), points("chr1", 1), 5)
    assert seen
    assert all(tmp_path in path.parents for path in seen)
    assert list(tmp_path.iterdir()) == []
    assert tempfile.tempdir == before


def test_temporary_files_are_removed_after_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    broken = points("chr1", 1).assign(start="no number")
    with pytest.raises(Exception, match="bedtools"):
        near(broken, points("chr1", 1), 5)
    assert list(tmp_path.iterdir()) == []


LEGAL = [
    *("GRCh38#0#chr1", "gi|5|ref|NC_1.1|", "#x", "x;y&$z", "HLA-A*01:01", "@x", "!", '"q"', "1,5"),
    *("chrom", "chr", "track", "track1", "browser", "visibility1", "NA", "nan", "None", "007"),
]


@pytest.mark.parametrize("name", LEGAL)
def test_any_name_that_sam_allows_is_a_chromosome(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    intervals, others = peaks((name, 10, 20), (name, 500, 510), ("zz", 10, 20)), points(name, 15)
    assert near(intervals, others, 0).tolist() == [True, False, False]
    assert distances(intervals, others).tolist() == [0, 485, float("inf")]
    assert [rows.tolist() for rows in overlapping_pairs(intervals, others)] == [[0], [0]]
    in_order = sorted([[name, 10, 20], [name, 500, 510], ["zz", 10, 20]])
    assert merge(intervals).to_numpy().tolist() == in_order
    assert len(set(cluster(intervals).tolist())) == 3
    tiles, counts = tiles_without({"zz": 500, name: 1000}, 100, [(others, 0)])
    assert counts == [15, 14]
    assert tiles["chrom"].tolist() == ["zz"] * 5 + [name] * 9
    assert capfd.readouterr().err == ""


def test_many_names_keep_their_order() -> None:
    names = [f"s{i}" for i in range(120)]
    merged = merge(peaks(*((name, 0, 5) for name in names)))
    assert merged["chrom"].tolist() == sorted(names)
