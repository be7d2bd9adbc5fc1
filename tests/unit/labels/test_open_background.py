"""Background at open chromatin, counted by hand on one chromosome of 20 kb."""

from dataclasses import replace

import numpy as np
import pytest
from samples.region_samples import AT_RANDOM, BY_CHROMOSOME, GEOMETRY, peaks, points
from samples.small_models import labelled_windows

from deepregfinder.labels.open_background import OpenBackground, open_background
from deepregfinder.labels.tensors import Tensors


@pytest.fixture
def tensors() -> Tensors:
    """On chr17 an enhancer at 5,000 and a candidate without a label at 9,000.

    Windows of 2 kb have their centres at 1,000 to 19,000, every 100 bp. Background are those below
    3,000 (20) and above 11,000 (80).
    """
    return replace(
        labelled_windows(3),
        y=np.array([0, 1, 1], np.uint8),
        split=np.array([2, 2, 0], np.uint8),
        chrom=np.array([1, 1, 0], np.int16),
        start=np.array([0, 4_000, 10_000]),
        geometry=GEOMETRY,
        chrom_sizes={"chr1": 30_000, "chr17": 20_000},
        split_plan=BY_CHROMOSOME,
        unlabelled=np.array([[1, 9_000]]),
    )


@pytest.mark.parametrize(
    ("sites", "at_dhs", "background"),
    [
        ((15_000,), 11, 1),
        ((15_040,), 10, 1),
        # Centres from 14,500 to 15,900 lie near one of the two.
        ((15_000, 15_400), 15, 2),
        # Beyond 2,000 bp of the enhancer; one bp closer; at it; near the other candidate.
        ((2_999,), 5, 1),
        ((3_000,), 5, 0),
        ((5_200,), 0, 0),
        ((10_800,), 3, 0),
        ((19_990,), 0, 1),
    ],
)
def test_windows_and_sites_are_counted(
    tensors: Tensors, sites: tuple[int, ...], at_dhs: int, background: int
) -> None:
    found = open_background(tensors, points("chr17", *sites))
    assert found == OpenBackground(
        100, at_dhs, at_dhs / 100, len(sites), background, background / len(sites)
    )


def test_a_site_is_its_midpoint(tensors: Tensors) -> None:
    found = open_background(tensors, peaks(("chr17", 14_000, 16_000)))
    assert (found.at_dhs, found.background_dhs) == (11, 1)


def test_sites_of_other_chromosomes_do_not_count(tensors: Tensors) -> None:
    sites = peaks(("chr1", 20_000, 20_100), ("chrUn", 15_000, 15_100))
    assert open_background(tensors, sites) == OpenBackground(100, 0, 0.0, 0, 0, None)


def test_promoters_are_background_of_two_classes(tensors: Tensors) -> None:
    """As in `choose_windows`: with 2 classes a promoter has class 0."""
    two = replace(tensors, y=np.zeros(3, np.uint8), classes=("background", "enhancer"))
    found = open_background(two, points("chr17", 5_000))
    # All 181 centres but the 41 within 2,000 bp of the candidate; 11 lie within 500 bp of the site.
    assert (found.windows, found.at_dhs, found.background_dhs) == (140, 11, 1)


def test_what_is_not_available_is_none(tensors: Tensors) -> None:
    assert open_background(tensors, None) == OpenBackground(windows=100)
    at_random = replace(tensors, split_plan=AT_RANDOM)
    assert open_background(at_random, points("chr17", 15_000)) == OpenBackground()


def test_a_chromosome_shorter_than_a_window_has_none(tensors: Tensors) -> None:
    short = replace(tensors, chrom_sizes={"chr1": 30_000, "chr17": 20_000, "chr18": 1_900})
    assert open_background(short, None).windows == 100
