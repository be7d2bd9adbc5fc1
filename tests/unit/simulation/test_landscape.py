"""What affects all libraries of a sample."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples.level_ground import level_ground

from deepregfinder.simulation.cells import Cell, Genome
from deepregfinder.simulation.landscape import (
    STEP,
    accessibility_rate,
    control_rate,
    copy_number,
    dead_zones,
    drift,
    ground_of,
    mappability,
    step_values,
)
from deepregfinder.simulation.valued_intervals import EMPTY, Intervals, free_stretches

LENGTH = 40_000
rows = st.lists(
    st.tuples(st.integers(-500, LENGTH), st.integers(STEP, 3000), st.integers(2, 50)).map(
        lambda row: (row[0], row[0] + row[1], row[2])
    ),
    max_size=12,
)


@given(rows)
def test_the_highest_value_counts_where_intervals_overlap(intervals):
    values = step_values(Intervals.of(intervals), LENGTH, otherwise=1)
    expected = np.ones(LENGTH // STEP)
    for start, end, value in intervals:
        start, end = max(start, 0), min(end, LENGTH)
        if end <= start:
            continue
        first = min((start + STEP // 2) // STEP, len(expected) - 1)
        last = max((end + STEP // 2) // STEP, first + 1)
        for step in range(first, min(last, len(expected))):
            expected[step] = max(expected[step], value)
    assert values.tolist() == expected.tolist()


@given(rows, rows)
def test_free_stretches_are_what_no_interval_covers(first, second):
    tracks = [{"chr1": Intervals.of(part).within(LENGTH)} for part in (first, second)]
    start, end = free_stretches(tracks, "chr1", LENGTH)
    covered = np.zeros(LENGTH, bool)
    for a, b, _ in (*first, *second):
        covered[max(a, 0) : max(b, 0)] = True
    free = np.zeros(LENGTH, bool)
    for a, b in zip(start, end, strict=True):
        assert not free[a:b].any()
        free[a:b] = True
    assert (free == ~covered).all()


def test_an_open_site_loses_nucleosomes_and_its_neighbours_are_positioned():
    nucleosomes = level_ground(LENGTH, [20_000]).nucleosomes
    assert nucleosomes[20_000 // STEP] == pytest.approx(0.5, abs=0.05)
    for beside in (20_000 - 270, 20_000 + 270):
        assert 1.1 < nucleosomes[beside // STEP] < 1.3
    assert (nucleosomes[: 18_000 // STEP] == 1).all()


def test_input_is_higher_in_open_chromatin_as_in_real_input():
    """Real input within 300 bp of strong open sites is 1.4 to 1.8 times that of 10 kb away."""
    input_rate = control_rate(level_ground(LENGTH, [20_000], strength=10, loose=True))
    near, far = input_rate[20_000 // STEP], input_rate[10_000 // STEP]
    assert far == pytest.approx(1, abs=0.01)
    assert 1.3 < near < 1.9


def test_accessibility_is_high_in_open_sites_only():
    sites = {"chr1": Intervals.of([(20_000, 20_150, 30)])}
    rate = accessibility_rate(sites, "chr1", level_ground(LENGTH), efficiency=1)
    assert rate[20_050 // STEP] == 15
    assert rate[19_000 // STEP] == 1


def test_active_chromatin_is_where_open_sites_are_dense():
    length = 2_000_000
    ground = level_ground(length, np.arange(500_000, 1_000_000, 5000))
    # 200 sites per Mb, where 30 are half active.
    assert ground.active[750_000 // STEP] == pytest.approx(200 / 230, abs=0.02)
    assert ground.active[300_000 // STEP] == 0
    edge = ground.active[400_000 // STEP : 600_000 // STEP]
    assert (np.diff(edge) >= -1e-6).all()


def test_dead_zones_are_long_stretches_without_anything_enriched():
    length = 9_000_000
    starts = np.concatenate([np.arange(0, 3_000_000, 50_000), np.arange(6_500_000, length, 50_000)])
    starts = np.append(starts, 4_100_000)
    track = {"chr1": Intervals.of((start, start + 800, 3) for start in starts)}
    ((start, end),) = dead_zones([track], "chr1", length)
    assert 4_100_800 < start < 4_110_000
    assert 6_490_000 < end < 6_500_000


def bins(level):
    """Means in bins of 200 bp, relative to their mean."""
    means = level[: len(level) // 4 * 4].reshape(-1, 4).mean(1)
    return means / means.mean()


def test_mappability_is_as_dispersed_as_real_background():
    """Real counts of both lines on a stretch without open sites, all marks and input together:

    beyond Poisson, the squared coefficient of variation is 0.111 in bins of 200 bp (0.083 without
    bins below 0.15 of the median), 2.8 % of the bins are below 0.15 of the median, a tenth is below
    0.49 of the mean, and the covariance falls from 0.04 with the next bin to below 0.01 with the
    tenth (`../shared/data/real_hg19`, chr10).
    """
    level = bins(mappability(20_000_000, EMPTY, np.random.default_rng(0)))
    assert 0.08 < level.var() < 0.14
    low = level < 0.15 * np.median(level)
    assert 0.01 < low.mean() < 0.045
    assert 0.45 < np.quantile(level, 0.1) < 0.75
    excess = level - 1
    covariance = [np.mean(excess[:-lag] * excess[lag:]) for lag in (1, 10, 100)]
    assert covariance[0] > 3 * covariance[1]
    assert covariance[1] < 0.02
    assert abs(covariance[2]) < 0.005


def test_open_sites_are_mappable_and_repeats_are_those_of_the_genome():
    length = 3_000_000
    places = np.arange(5000, length, 10_000)
    sites = Intervals.of((place - 75, place + 75, 1) for place in places)
    with_sites = mappability(length, sites, np.random.default_rng(4))
    without = mappability(length, EMPTY, np.random.default_rng(4))
    near = (places[:, None] + np.arange(-400, 401, STEP)) // STEP
    assert with_sites[near].min() > 0.2
    assert without[near].min() == 0
    away = np.ones(len(without), bool)
    away[((places[:, None] + np.arange(-5000, 5000, STEP)) // STEP)[:, 40:160]] = False
    same = with_sites == without
    assert same[away].mean() > 0.99


def test_cell_types_share_what_is_unmappable():
    genome = Genome({"chr1": 1_000_000}, (), (), (), {}, copy_numbers=False)
    zeros = []
    for name in "AB":
        cell = Cell(name, {}, {"chr1": Intervals.of([(0, 900_000, 1)])}, {}, {}, ())
        zeros.append(ground_of(cell, genome, "chr1", seed=1).level == 0)
    assert zeros[0].any()
    assert (zeros[0] == zeros[1]).all()


def test_open_sites_without_a_signal_are_weak_sites():
    genome = Genome({"chr1": 100_000}, (), (), (), {})
    values = (0, -1, 4, 8, 12)
    rows = [(10_000 * place, 10_000 * place + 150, value) for place, value in enumerate(values, 1)]
    for kept, expected in ((rows, [0.05, 0.05, 0.5, 1, 1.5]), (rows[:2], [0.05, 0.05])):
        cell = Cell("A", {}, {"chr1": Intervals.of(kept)}, {}, {}, ())
        assert ground_of(cell, genome, "chr1", seed=1).sites.strength.tolist() == expected


def test_ground_is_dead_in_gaps_and_piles_up_where_listed():
    cell = Cell("A", {}, {"chr1": Intervals.of([(0, 400_000, 1)])}, {}, {}, ())
    genome = Genome(
        {"chr1": 400_000},
        (),
        (),
        (),
        {"chr1": Intervals.of([(50_000, 51_000, 30)])},
        {"chr1": Intervals.of([(100_000, 120_000, 1)])},
    )
    ground = ground_of(cell, genome, "chr1", seed=1)
    assert (ground.level[100_000 // STEP : 120_000 // STEP] == 0).all()
    assert np.median(ground.level[: 100_000 // STEP]) > 0.5
    inside = ground.level[50_000 // STEP : 51_000 // STEP]
    assert np.median(inside) > 15 * np.median(ground.level[60_000 // STEP : 90_000 // STEP])


def test_copy_numbers_are_constant_over_long_segments():
    copies = copy_number(60_000_000, np.random.default_rng(3))
    assert set(np.unique(copies)) <= {0.5, 1.0, 1.5, 2.0}
    assert len(np.unique(copies)) > 1
    assert np.count_nonzero(np.diff(copies)) < 60


def test_background_drifts_slowly():
    slow = drift(1_200_000, np.random.default_rng(3))
    assert 0.04 < slow.std() < 0.15
    assert abs(np.diff(slow)).max() < 0.01
