"""describe_windows.py compared with distances computed for each window."""

from pathlib import Path

import numpy as np
import pytest
from samples.cells import cells

from describe_windows import describe_windows

TEST = {"chr17": 400_000, "chr18": 300_000}


@pytest.fixture
def described(tmp_path: Path) -> tuple[Path, list[tuple[str, int, str]], dict[str, list[int]]]:
    """Windows of 2 kb, DHSs of 1 bp, and the table that the script made of them."""
    rng = np.random.default_rng(3)
    places = [
        (chrom, int(start) * 2000, ("background", "enhancer", "promoter")[n % 3])
        for chrom, size in {"chr1": 400_000, **TEST}.items()
        for n, start in enumerate(sorted(rng.choice(size // 2000, 30, replace=False)))
    ]
    dhs = {chrom: rng.integers(0, size, 20).tolist() for chrom, size in TEST.items()}
    (tmp_path / "regions.bed").write_text(
        "".join(
            f"{c}\t{s}\t{s + 2000}\t{name}\t.\t{'train' if c == 'chr1' else 'test'}\n"
            for c, s, name in places
        )
    )
    (tmp_path / "dhs.bed").write_text(
        "".join(f"{c}\t{at}\t{at + 1}\n" for c, points in dhs.items() for at in points)
    )
    (tmp_path / "tss.bed").write_text("chr17\t5000\t5001\n")
    (tmp_path / "sizes").write_text("".join(f"{c}\t{n}\n" for c, n in TEST.items()))
    words = ["--sample", "A", "--classes", "3", "--regions", str(tmp_path / "regions.bed")]
    for name in ("dhs.bed", "tss.bed"):
        words += [f"--{name[:3]}", str(tmp_path / name)]
    words += ["--chrom_sizes", str(tmp_path / "sizes"), "--output", str(tmp_path / "out.tsv")]
    words += ["--plot", str(tmp_path / "out.png")]
    describe_windows.main(words, standalone_mode=False)
    return tmp_path, places, dhs


def nearest(start: int, points: list[int]) -> int:
    return min(max(start - at, at - (start + 1999), 0) for at in points)


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
        if all(
            abs(start - s) > 2000 for c, s, name in places if c == chrom and name != "background"
        )
    ]
    natural = by_key["natural", "background", "dhs"]
    assert int(natural["n"]) == len(every)
    assert int(natural["within_2kb"]) == sum(d <= 2000 for d in every)
    # chr18 has no TSS: its windows are infinitely far, and so is the upper quartile.
    assert by_key["labelled", "enhancer", "tss"]["upper_quartile"] == "."
