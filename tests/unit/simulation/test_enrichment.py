"""The rate of a mark inside peaks and between them."""

from dataclasses import replace

import numpy as np
import pytest
from samples.level_ground import level_ground

from deepregfinder.simulation.cells import Cell
from deepregfinder.simulation.enrichment import Mark, background_fold, mark_of, mark_rate
from deepregfinder.simulation.landscape import STEP
from deepregfinder.simulation.shapes import shape_of
from deepregfinder.simulation.valued_intervals import Intervals

APART = 20_000
N = 400
LENGTH = N * APART
PLACES = np.arange(APART // 2, LENGTH, APART)


def rate_of(name, peaks=(), ground=None, seed=1, efficiency=1.0, background=0.4, **changes):
    mark = Mark(
        {"chr1": Intervals.of(peaks)}, replace(shape_of(name), **changes), background=background
    )
    ground = level_ground(LENGTH, PLACES) if ground is None else ground
    return mark_rate(mark, "chr1", ground, efficiency, np.random.default_rng(seed))


def peaks_around(places, half_width, fold=12):
    return [(place - half_width, place + half_width, fold) for place in places]


def mean_at(rate, distance, width=200):
    """Mean rate at a distance on both sides of all places."""
    offsets = np.arange(-width // 2, width // 2, STEP)
    places = PLACES[1:-1, None] + np.concatenate([offsets - distance, offsets + distance])
    return rate[places // STEP].mean()


def test_the_average_of_the_genome_is_one():
    background = background_fold(mass=400_000, covered=50_000, length=1_000_000)
    assert background * 950_000 + 400_000 == pytest.approx(1_000_000)
    assert background_fold(mass=2_000_000, covered=50_000, length=1_000_000) > 0


@pytest.mark.parametrize("name", ["H3K4me1", "H3K4me3", "H3K27ac", "H3K36me3", "H3K9me3"])
@pytest.mark.parametrize("efficiency", [1.0, 0.5])
def test_a_peak_has_the_mean_of_the_list(name, efficiency):
    peaks = [(place - 3000, place + 2000, 2 + index % 20) for index, place in enumerate(PLACES)]
    rate = rate_of(name, peaks, efficiency=efficiency)
    for start, end, fold in peaks:
        mean = rate[start // STEP : end // STEP].mean()
        assert mean == pytest.approx(0.4 + (fold - 0.4) * efficiency, rel=1e-3)


def test_where_peaks_overlap_the_highest_counts():
    rate = rate_of("H3K36me3", [(10_000, 60_000, 3), (30_000, 40_000, 30)])
    inside = rate[30_000 // STEP : 40_000 // STEP]
    assert inside.mean() == pytest.approx(30, rel=1e-3)
    assert rate[41_000 // STEP : 60_000 // STEP].mean() < 6


def test_acetylation_falls_off_within_a_kilobase_of_an_open_site():
    """Real H3K27ac at 1-2 kb from TSSs is 0.11 (K562) to 0.24 (GM12878) of its peak."""
    rate = rate_of("H3K27ac", peaks_around(PLACES, 2500))
    rings = [mean_at(rate, distance) for distance in range(100, 2000, 200)]
    share = np.mean(rings[5:]) / max(rings[:5])
    assert 0.08 < share < 0.35
    assert rings[1] > 1.5 * rings[3] > 2 * rings[6]


@pytest.mark.parametrize("name", ["H3K4me3", "H3K27ac", "H3K4me1"])
def test_nucleosomes_beside_an_open_site_are_marked_and_not_the_site(name):
    rate = rate_of(name, peaks_around(PLACES, 2500))
    assert mean_at(rate, 0, width=2 * STEP) < 0.9 * mean_at(rate, 200, width=2 * STEP)


def test_broad_marks_have_a_plateau_and_sharp_ones_do_not():
    """At 3 kb from the open site of a wide peak, relative to the signal beside the site."""
    for name, least, most in (("H3K27me3", 0.5, 1.1), ("H3K9me3", 0.5, 1.1), ("H3K27ac", 0, 0.4)):
        rate = rate_of(name, peaks_around(PLACES, 6000, fold=4))
        assert least < mean_at(rate, 3000) / mean_at(rate, 300) < most


def test_h3k4me1_is_low_at_the_centre_of_promoters_but_not_of_weak_sites():
    """Promoters are the strongest open sites: a median strength of three times that of all."""
    ratio = []
    for strength in (8, 0.5):
        ground = level_ground(LENGTH, PLACES, strength=strength)
        rate = rate_of("H3K4me1", peaks_around(PLACES, 3000), ground, strength=0, hollow=0.5)
        plain = rate_of("H3K4me1", peaks_around(PLACES, 3000), ground, strength=0, hollow=0)
        ratio.append((mean_at(rate, 200) / mean_at(rate, 1200)) / (
            mean_at(plain, 200) / mean_at(plain, 1200)
        ))  # fmt: skip
    assert ratio[0] < 0.7
    assert ratio[1] > 0.95
    assert shape_of("H3K4me1").strength < 0.25 < shape_of("H3K4me3").strength


def test_strong_sites_have_most_of_a_peak_with_two():
    """The signals of two sites far apart in a peak are as their strengths to an exponent."""
    places = np.sort(np.concatenate([PLACES - 3000, PLACES + 3000]))
    strength = np.tile([1.0, 16.0], N)
    ground = level_ground(LENGTH, places, strength=strength)
    rate = rate_of("H3K27ac", peaks_around(PLACES, 6000), ground, texture=0, plateau=0)
    weak, strong = (
        rate[((PLACES + side)[:, None] + np.arange(-1000, 1000, STEP)) // STEP].sum(1)
        for side in (-3000, 3000)
    )
    exponent = shape_of("H3K27ac").strength
    # Nucleosomes are lost at strong sites.
    assert np.median(np.log(strong / weak)) == pytest.approx(exponent * np.log(16), abs=0.25)


def sides(rate):
    """Log of the signal on the left of each place over that on its right."""
    left, right = (
        rate[(PLACES[:, None] + side * np.arange(300, 1200, STEP)) // STEP].sum(1)
        for side in (-1, 1)
    )
    return np.log(left / right)


def test_heights_vary_and_are_correlated_between_marks():
    """Of the variance of log heights, half is common to all marks."""
    ground = level_ground(LENGTH, PLACES)
    changes = {"texture": 0, "plateau": 0}
    marks = [
        sides(rate_of(name, peaks_around(PLACES, 2500), ground, seed, **changes))
        for seed, name in enumerate(("H3K27ac", "H3K9ac"))
    ]
    # Two heights with a standard deviation of 0.5 each, minus what reaches over.
    assert 0.4 < marks[0].std() < 0.8
    assert np.corrcoef(marks)[0, 1] == pytest.approx(0.5, abs=0.12)


def test_texture_is_correlated_between_marks_as_much_as_they_share():
    ground = level_ground(LENGTH)
    wide = [(0, LENGTH, 5)]
    logs = [
        np.log(rate_of("H3K36me3", wide, ground, seed, background=0, texture=0.6, shared=0.5))
        for seed in (1, 2)
    ]  # fmt: skip
    # Of the texture 0.6 are fast, half of which is common.
    assert np.corrcoef(logs)[0, 1] == pytest.approx(0.3, abs=0.05)
    assert logs[0].std() == pytest.approx(0.6, abs=0.03)


def test_between_peaks_of_empty_chromatin_there_is_only_background():
    rate = rate_of("H3K27ac", ground=level_ground(LENGTH))
    assert rate == pytest.approx(0.4)


def test_lists_miss_weak_enrichment_of_open_sites_and_of_active_chromatin():
    dense = level_ground(LENGTH, np.arange(0, LENGTH, 5000))
    rate = rate_of("H3K27ac", ground=dense)
    assert rate.min() >= 0.4
    sites = rate[np.arange(0, LENGTH, 5000) // STEP + 5].mean()
    between = rate[np.arange(2500, LENGTH, 5000) // STEP].mean()
    assert sites > between > 0.6
    # Patchy: a few places are far above the others.
    extra = rate - 0.4
    assert np.quantile(extra, 0.99) > 4 * np.median(extra)


def test_peaks_have_borders_that_their_list_leaves_out():
    rate = rate_of("H3K9ac", peaks_around(PLACES[::2], 1000), level_ground(LENGTH), patchy=0)
    beside = rate[(PLACES[::2] + 1100) // STEP].mean()
    away = rate[(PLACES[1::2]) // STEP].mean()
    assert away == pytest.approx(0.4, abs=0.01)
    assert 0.8 < beside < 1.1


def test_marks_that_exclude_each_other_have_less_background_there():
    others = {"chr1": Intervals.of([(0, LENGTH // 2, 4)])}
    mark = Mark({}, shape_of("H3K27me3"), background=0.6, excluding=others)
    rate = mark_rate(mark, "chr1", level_ground(LENGTH), 1.0, np.random.default_rng(0))
    middle = LENGTH // 2 // STEP
    assert rate[:middle].mean() == pytest.approx(0.65 * rate[middle:].mean(), rel=0.01)


def test_replicates_have_the_same_texture_and_samples_do_not():
    peaks = peaks_around(PLACES, 2500)
    first, again, other = (rate_of("H3K27ac", peaks, seed=seed) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).mean() > 0.2


def test_a_mark_without_peaks_has_a_background_of_one():
    mark = mark_of("H3K27me3", Cell("A", {"H3K36me3": {}}, {}, {}, {}, (), {"H3K36me3": 0.5}))
    assert mark.background == 1
    assert mark.peaks == mark.excluding == {}
