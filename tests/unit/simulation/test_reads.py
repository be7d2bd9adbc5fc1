"""Reads sampled from a landscape."""

import numpy as np
import pytest
from samples.level_ground import level_ground
from scipy.stats import chisquare

from deepregfinder.simulation import bam
from deepregfinder.simulation.landscape import STEP
from deepregfinder.simulation.reads import (
    Library,
    chip_reads,
    draw_positions,
    merged,
    nascent_reads,
    share_out,
    unmapped_reads,
)

LENGTH = 200_000
N = 20_000


@pytest.fixture
def ground():
    level = level_ground(LENGTH)
    level.repeats[100:110] = True
    return level


def draw(ground, seed=0, **library):
    rng = np.random.default_rng(seed)
    made = Library(depth=N, read_length=50, **library)
    return chip_reads(ground.level, N, made, ground, 0, rng)


def test_places_follow_the_rate_and_avoid_zeros():
    rate = np.repeat([1, 0, 4, 2.5], 25)
    places = draw_positions(rate, 50_000, np.random.default_rng(0))
    steps = places // STEP
    assert (np.diff(steps) >= 0).all()
    per_step = np.bincount(steps, minlength=100)
    assert per_step[25:50].sum() == 0
    kept = rate > 0
    assert chisquare(per_step[kept], rate[kept] / rate.sum() * 50_000).pvalue > 0.001


def test_depth_is_shared_out_by_mass():
    shares = share_out(10_000, [1.0, 3.0, 0.0], np.random.default_rng(0))
    assert shares.sum() == 10_000
    assert shares[2] == 0
    assert 2300 < shares[0] < 2700


def test_reads_are_sorted_and_inside_the_chromosome(ground):
    for paired in (False, True):
        reads = draw(ground, paired=paired)
        assert (np.diff(reads.position) >= 0).all()
        assert reads.position.min() >= 0
        assert reads.position.max() <= LENGTH - 50


def test_a_duplicate_copies_place_and_strand_of_another_read(ground):
    reads = draw(ground, duplicates=0.1)
    copied = (reads.flag & bam.DUPLICATE) > 0
    assert copied.sum() == N // 10
    place = list(zip(reads.position, reads.flag & bam.REVERSE, strict=True))
    originals = {where for where, copy in zip(place, copied, strict=True) if not copy}
    assert all(where in originals for where, copy in zip(place, copied, strict=True) if copy)


def test_both_strands_are_read_equally_often(ground):
    reverse = (draw(ground).flag & bam.REVERSE) > 0
    assert abs(reverse.mean() - 0.5) < 0.02


def test_reads_of_both_strands_lie_a_fragment_apart(ground):
    rate = np.zeros(LENGTH // STEP, np.float32)
    rate[1000] = 1
    library = Library(N, 50, fragment=200, fragment_sd=20)
    reads = chip_reads(rate, N, library, ground, 0, np.random.default_rng(0))
    reverse = (reads.flag & bam.REVERSE) > 0
    ends5 = np.where(reverse, reads.position + 50, reads.position)
    assert abs(ends5[reverse].mean() - ends5[~reverse].mean() - 200) < 2


def test_mates_point_at_each_other(ground):
    reads = draw(ground, paired=True)
    assert len(reads) == 2 * N
    by_name = np.argsort(reads.name, kind="stable").reshape(N, 2)
    left, right = by_name[:, 0], by_name[:, 1]
    assert (reads.name[left] == reads.name[right]).all()
    assert (reads.mate_position[left] == reads.position[right]).all()
    assert (reads.mate_position[right] == reads.position[left]).all()
    assert (reads.template_length[left] == -reads.template_length[right]).all()
    assert (reads.template_length[left] == reads.position[right] + 50 - reads.position[left]).all()
    one, other = reads.flag[left], reads.flag[right]
    assert ((one & (bam.FIRST | bam.SECOND)) ^ (other & (bam.FIRST | bam.SECOND)) == 0xC0).all()
    assert (((one & bam.REVERSE) > 0) == ((other & bam.MATE_REVERSE) > 0)).all()
    assert (((one & bam.MATE_REVERSE) > 0) == ((other & bam.REVERSE) > 0)).all()
    proper = (one & bam.PROPER) > 0
    assert 0.98 < proper.mean() < 1
    assert np.median(reads.template_length[left][proper]) == pytest.approx(200, abs=3)


def test_multi_mappers_have_low_quality_and_live_in_repeats(ground):
    reads = draw(ground)
    several = reads.hits > 1
    assert reads.mapq[several].max() <= 1
    in_repeat = (reads.position >= 100_000) & (reads.position < 110_000)
    assert several[in_repeat].mean() > 0.35
    assert 0 < several[~in_repeat].mean() < 0.02
    poor = ~several & (reads.mapq < 20)
    assert poor[in_repeat].mean() > 0.15
    assert (reads.mapq[~several & ~poor] > 20).all()


def test_nascent_reads_start_where_transcription_is(ground):
    rate = np.zeros(LENGTH // STEP, np.float32)
    rate[2000] = 1
    library = Library(500, 50)
    both = [
        nascent_reads(rate, 500, library, ground, strand, 500 * strand, np.random.default_rng(1))
        for strand in (False, True)
    ]
    plus, minus = both
    assert (plus.position // STEP == 2000).all()
    assert ((minus.position + 49) // STEP == 2000).all()
    assert (plus.flag == 0).all()
    assert (minus.flag == bam.REVERSE).all()
    together = merged(both)
    assert len(together) == 1000
    assert (np.diff(together.position) >= 0).all()
    assert len(set(together.name.tolist())) == 1000


def test_unmapped_pairs_are_flagged_as_such():
    reads = unmapped_reads(5, Library(10, 50, paired=True), first_name=10)
    assert reads.flag.tolist() == [77, 141] * 5
    assert reads.name.tolist() == [10, 10, 11, 11, 12, 12, 13, 13, 14, 14]
    assert unmapped_reads(2, Library(10, 50), 0).flag.tolist() == [4, 4]
