"""describe_windows.py compared with distances computed for each window."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from samples.cells import cells
from samples.region_samples import BY_CHROMOSOME, GEOMETRY
from samples.small_models import labelled_windows

from deepregfinder.labels.tensors import write_tensors
from describe_windows import describe_windows

CLASSES = ("background", "enhancer", "promoter")
TEST = {"chr17": 400_000, "chr18": 300_000}
UNLABELLED = 100_000  # of chr17


@pytest.fixture
def described(tmp_path: Path) -> tuple[Path, list[tuple[str, int, str]], dict[str, list[int]]]:
    """Windows of 2 kb, DHSs of 1 bp, and the table that the script made of them."""
    rng = np.random.default_rng(3)
    places = [
        (chrom, int(start) * 2000, CLASSES[n % 3])
        for chrom, size in {"chr1": 400_000, **TEST}.items()
        for n, start in enumerate(sorted(rng.choice(size // 2000, 30, replace=False)))
    ]
    dhs = {chrom: rng.integers(0, size, 20).tolist() for chrom, size in TEST.items()}
    chroms = ["chr1", *TEST]
    tensors = replace(
        labelled_windows(len(places)),
        y=np.array([CLASSES.index(name) for *_, name in places], np.uint8),
        split=np.array([0 if c == "chr1" else 2 for c, *_ in places], np.uint8),
        chrom=np.array([chroms.index(c) for c, *_ in places], np.int16),
        start=np.array([s for _, s, _ in places]),
        geometry=GEOMETRY,
        chrom_sizes={"chr1": 400_000, **TEST},
        split_plan=BY_CHROMOSOME,
        unlabelled=np.array([[1, UNLABELLED]]),
    )
    write_tensors(tmp_path / "tensors", tensors)
    (tmp_path / "dhs.bed").write_text(
        "".join(f"{c}\t{at}\t{at + 1}\n" for c, points in dhs.items() for at in points)
    )
    (tmp_path / "tss.bed").write_text("chr17\t5000\t5001\n")
    run_on(tmp_path, "--dhs", str(tmp_path / "dhs.bed"))
    return tmp_path, places, dhs


def run_on(folder: Path, *more: str) -> None:
    words = [
        "--sample",
        "A",
        "--tensors",
        str(folder / "tensors"),
        "--tss",
        str(folder / "tss.bed"),
    ]
    for option, name in (("output", "out.tsv"), ("plot", "out.png"), ("background", "open.tsv")):
        words += [f"--{option}", str(folder / name)]
    describe_windows.main([*words, *more], standalone_mode=False)


def nearest(start: int, points: list[int]) -> int:
    return min(max(start - at, at - (start + 1999), 0) for at in points)


def is_background(chrom: str, at: int, places: list[tuple[str, int, str]]) -> bool:
    elements = [s + 1000 for c, s, name in places if c == chrom and name != "background"]
    return all(abs(at - e) > 2000 for e in elements + [UNLABELLED] * (chrom == "chr17"))


def test_distances_are_those_found_window_by_window(described) -> None:
    folder, places, dhs = described
    rows = cells(folder / "out.tsv")
    assert (folder / "out.png").read_bytes().startswith(b"\x89PNG")
    by_key = {(row["windows"], row["class"], row["marker"]): row for row in rows}
    for name in ("background", "enhancer", "promoter"):
        distances = sorted(nearest(s, dhs[c]) for c, s, n in places if n == name and c in TEST)
        row = by_key["labelled", name, "dhs"]
        assert int(row["n"]) == len(distances) == 20
        assert int(row["touching"]) == distances.count(0)
        assert int(row["within_10kb"]) == sum(d <= 10_000 for d in distances)
        assert int(row["median"]) == distances[9]
    every = [
        nearest(start, dhs[chrom])
        for chrom, size in TEST.items()
        for start in range(0, size, 2000)
        if is_background(chrom, start + 1000, places)
    ]
    natural = by_key["natural", "background", "dhs"]
    assert int(natural["n"]) == len(every)
    assert int(natural["within_2kb"]) == sum(d <= 2000 for d in every)
    # chr18 has no TSS: its windows are infinitely far, and so is the upper quartile.
    assert by_key["labelled", "enhancer", "tss"]["upper_quartile"] == "."


def test_background_at_open_chromatin_is_counted_window_by_window(described) -> None:
    folder, places, dhs = described
    centres = [
        (chrom, start + 1000)
        for chrom, size in TEST.items()
        for start in range(0, size - 1999, 100)
        if is_background(chrom, start + 1000, places)
    ]
    at_dhs = sum(any(abs(at - site) <= 500 for site in dhs[chrom]) for chrom, at in centres)
    sites = sum(is_background(chrom, at, places) for chrom, points in dhs.items() for at in points)
    assert 0 < sites < 40
    (row,) = cells(folder / "open.tsv")
    assert list(row.values()) == [
        *(str(len(centres)), str(at_dhs), f"{at_dhs / len(centres):.6f}"),
        *("40", str(sites), f"{sites / 40:.6f}"),
    ]


def test_without_dhs_only_background_is_counted(described) -> None:
    folder, *_ = described
    (before,) = cells(folder / "open.tsv")
    run_on(folder)
    (row,) = cells(folder / "open.tsv")
    assert list(row.values()) == [before["windows"], *"....."]
    assert {line["marker"] for line in cells(folder / "out.tsv")} == {"tss"}
