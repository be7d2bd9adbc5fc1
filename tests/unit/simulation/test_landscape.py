"""Expected numbers of simulated reads."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from deepregfinder.simulation.cells import Cell, Genome
from deepregfinder.simulation.landscape import (
    STEP,
    Ground,
    control_rate,
    copy_number,
    dead_zones,
    drift,
    ground_of,
    mark_rate,
    open_site_profiles,
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


def level_ground(sites=EMPTY):
    steps = LENGTH // STEP
    nucleosomes, openness = open_site_profiles(sites, steps)
    return Ground(LENGTH, np.ones(steps, np.float32), nucleosomes, openness, np.zeros(40, bool))


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


def test_rate_of_a_mark_is_its_fold_times_background():
    track = {"chr1": Intervals.of([(10_000, 12_000, 8), (11_000, 11_500, 20)])}
    rate = mark_rate(track, "chr1", level_ground(), efficiency=1)
    assert rate[10_500 // STEP] == 8
    assert rate[11_200 // STEP] == 20
    assert rate[9_000 // STEP] == 1
    assert mark_rate(track, "chr1", level_ground(), efficiency=0.5)[10_500 // STEP] == 4.5


def test_marks_dip_at_an_open_site_and_rise_beside_it():
    site = Intervals.of([(20_000, 20_150, 30)])
    track = {"chr1": Intervals.of([(18_000, 22_000, 10)])}
    rate = mark_rate(track, "chr1", level_ground(site), efficiency=1)
    assert rate[20_075 // STEP] < 6
    assert rate[(20_075 - 275) // STEP] > 11
    assert rate[(20_075 + 275) // STEP] > 11
    assert abs(rate[18_500 // STEP] - 10) < 0.01
    control = control_rate(level_ground(site))
    assert control[20_075 // STEP] > control[18_500 // STEP] == 1


def test_dead_zones_keep_off_whatever_is_enriched():
    rng = np.random.default_rng(1)
    length = 3_000_000
    starts = np.concatenate([rng.integers(0, 1_000_000, 60), rng.integers(2_000_000, length, 60)])
    track = {"chr1": Intervals.of((start, start + 800, 3) for start in starts)}
    zones = dead_zones([track], "chr1", length, rng)
    for start, end in zones:
        assert not ((starts < end) & (starts + 800 > start)).any()
    assert any(start < 1_500_000 < end and end - start > 500_000 for start, end in zones)
    assert sum(end - start < 10_000 for start, end in zones) > 10


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
    assert (ground.level[: 100_000 // STEP] > 0).all()
    inside = ground.level[50_000 // STEP : 51_000 // STEP]
    assert inside.min() > 15 * np.median(ground.level[60_000 // STEP : 90_000 // STEP])


def test_background_drifts_with_the_copy_number():
    rng = np.random.default_rng(3)
    copies = copy_number(60_000_000, rng)
    assert set(np.unique(copies)) <= {0.5, 1.0, 1.5, 2.0}
    assert len(np.unique(copies)) > 1
    assert np.count_nonzero(np.diff(copies)) < 60
    slow = drift(len(copies), rng)
    assert 0.1 < slow.std() < 0.3
    assert abs(np.diff(slow)).max() < 0.01
