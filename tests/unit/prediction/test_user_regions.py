import csv
import logging

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from deepregfinder.genome.grid import Geometry
from deepregfinder.genome.intervals import read_intervals
from deepregfinder.prediction.cutoffs import Cutoffs
from deepregfinder.prediction.user_regions import (
    RegionScores,
    best_windows,
    region_windows,
    write_scores,
)

GEOMETRY = Geometry(bin_size=100, window_bins=10)
HALF = Cutoffs.everywhere((0.5, 0.5))
SIZES = {"chr1": 10_050, "chr2": 4_000, "chr3": 700}


def frame(*rows):
    columns = ["chrom", "start", "end", "name"]
    return pd.DataFrame([(*row, ".") if len(row) == 3 else row for row in rows], columns=columns)


@given(st.integers(0, 12_000), st.integers(1, 6_000), st.integers(1, 12_000), st.integers(1, 12))
def test_windows_of_a_region(start, width, length, step_bins):
    step = 100 * step_bins
    starts = region_windows(start, start + width, length, step, GEOMETRY)
    if length < 1_000 or start >= length:
        assert len(starts) == 0
        return
    # Whole in the chromosome, on the grid, ascending, each once.
    assert (starts >= 0).all()
    assert (starts + 1_000 <= length).all()
    assert (starts % 100 == 0).all()
    assert (np.diff(starts) > 0).all()
    end = min(start + width, length)
    if end - start <= 1_000:
        assert len(starts) == 1
        if 600 <= (start + end) // 2 <= length - 700:
            assert abs(starts[0] + 500 - (start + end) // 2) < 100
    else:
        # Both ends are covered, but for the last bin of the chromosome that is not whole.
        assert starts[0] <= start or starts[0] == (length - 1_000) // 100 * 100
        assert starts[-1] + 1_000 >= min(end, length // 100 * 100)
        assert (np.diff(starts) <= step).all()


def test_a_wide_region_is_tiled_from_its_start_and_over_its_end():
    starts = region_windows(1_250, 3_010, 10_000, 400, GEOMETRY)
    assert starts.tolist() == [1_200, 1_600, 2_000, 2_100]


def score(chrom, bins):
    """Probabilities that depend on the place: an enhancer around bin 30, a promoter at bin 50."""
    enhancer = np.exp(-(((bins - 30) / 4) ** 2)) * 0.9
    promoter = np.where(bins == 50, 0.95 * (chrom == "chr1"), 0.02)
    enhancer = np.minimum(enhancer, 1 - promoter)
    return np.stack([1 - enhancer - promoter, enhancer, promoter], axis=1)


def test_scores_are_the_maximum_over_windows():
    regions = frame(
        ("chr1", 3_400, 3_600), ("chr1", 0, 10_000), ("chr2", 2_000, 3_500), ("chr1", 0, 300)
    )
    scored = best_windows(regions, SIZES, HALF, 200, GEOMETRY, score)
    expected = [
        score("chr1", np.array([30])).max(axis=0),
        score("chr1", np.array([*range(0, 90, 2), 90])).max(axis=0),
        score("chr2", np.array([20, 22, 24, 25])).max(axis=0),
        score("chr1", np.array([0])).max(axis=0),
    ]
    np.testing.assert_allclose(scored.probabilities, expected)
    # The wide region holds background windows, an enhancer and, highest of all, a promoter.
    assert scored.best.tolist() == [1, 2, 0, 0]


def test_regions_may_come_in_any_order_and_share_windows():
    rng = np.random.default_rng(0)
    starts = rng.integers(0, 9_000, 60)
    rows = [
        (str(chrom), int(start), int(start + width))
        for chrom, start, width in zip(
            rng.choice(list(SIZES), 60), starts, rng.integers(50, 5_000, 60), strict=True
        )
    ]
    together = best_windows(frame(*rows), SIZES, HALF, 200, GEOMETRY, score)
    for place, row in enumerate(rows):
        alone = best_windows(frame(row), SIZES, HALF, 200, GEOMETRY, score)
        np.testing.assert_array_equal(alone.probabilities[0], together.probabilities[place])
        assert alone.best[0] == together.best[place]


def test_regions_outside_are_counted_and_get_no_score(caplog):
    caplog.set_level(logging.INFO)
    regions = frame(("chrUn", 0, 100), ("chrUn", 5, 50), ("chr3", 0, 100), ("chr2", 5_000, 5_100))
    scored = best_windows(regions, SIZES, HALF, 200, GEOMETRY, score)
    assert np.isnan(scored.probabilities).all()
    assert scored.best.tolist() == [-1] * 4
    assert "chrUn is not in the signal: 2 regions" in caplog.text
    assert "chr2: 1 regions are outside" in caplog.text
    assert "chr3: 1 regions are outside" in caplog.text


def test_table_has_a_line_for_each_region(tmp_path):
    regions = frame(("chr1", 0, 10, "mine"), ("chrUn", 0, 5))
    scores = RegionScores(np.array([[0.25, 0.75], [np.nan, np.nan]]), np.array([1, -1]))
    write_scores(tmp_path / "s.tsv", regions, scores, ("background", "enhancer"))
    with (tmp_path / "s.tsv").open() as file:
        lines = list(csv.reader(file, delimiter="\t"))
    assert lines == [
        ["chrom", "start", "end", "name", "class", "probability", "background", "enhancer"],
        ["chr1", "0", "10", "mine", "enhancer", "0.7500", "0.2500", "0.7500"],
        ["chrUn", "0", "5", ".", ".", ".", ".", "."],
    ]


def test_names_are_written_as_they_stand_in_the_list(tmp_path):
    # R's write.table puts names in quotes; awk, bedtools and grep join them as they are.
    names = ['"peak_1"', 'a"b', "'c'", "d,e"]
    lines = [f"chr1\t{10 * row}\t{10 * row + 5}\t{name}" for row, name in enumerate(names)]
    (tmp_path / "list.bed").write_text("\n".join(lines) + "\n")
    scores = RegionScores(np.tile([0.25, 0.75], (4, 1)), np.ones(4, np.int64))
    regions = read_intervals(tmp_path / "list.bed")
    write_scores(tmp_path / "s.tsv", regions, scores, ("background", "enhancer"))
    written = (tmp_path / "s.tsv").read_text().splitlines()[1:]
    assert ["\t".join(line.split("\t")[:4]) for line in written] == lines


def test_no_region_is_no_error():
    assert best_windows(frame(), SIZES, HALF, 200, GEOMETRY, score).probabilities.shape == (
        0,
        3,
    )
