"""Cell types on the small genome."""

from collections import Counter

import numpy as np
import pytest

from deepregfinder.genome.splits import ChromosomeSplit
from deepregfinder.simulation.profiles import MARKS
from deepregfinder.simulation.sites import live_sites
from deepregfinder.simulation.small_genome import SCAFFOLD, small_cell, small_genome
from deepregfinder.simulation.valued_intervals import on

SEED = 1


@pytest.fixture(scope="module")
def genome_and_sites():
    return small_genome(20, 12_000, SEED)


@pytest.fixture(scope="module")
def cell(genome_and_sites):
    genome, sites = genome_and_sites
    return small_cell("A", sites, genome, SEED)


def peaks(cell, column):
    lines = [line for part in cell.lists if part.column == column for line in part.lines]
    return [(f[0], int(f[1]), int(f[2])) for f in (line.split("\t") for line in lines)]


def near(rows, chrom, position, distance=1000):
    return any(c == chrom and s - distance < position < e + distance for c, s, e in rows)


def test_every_split_has_chromosomes_and_sites(genome_and_sites):
    genome, sites = genome_and_sites
    split = ChromosomeSplit.parse("1-7", "8-16", "17-22,X,Y")
    counts = Counter((split.of(site.chrom), site.kind) for site in sites)
    for part in ("train", "validation", "test"):
        assert counts[part, "tss"] > 50
        assert counts[part, "enhancer"] > 50
    assert split.of(SCAFFOLD) is None
    assert SCAFFOLD in genome.chrom_sizes


def test_cell_types_share_promoters_more_than_enhancers(genome_and_sites):
    _, sites = genome_and_sites
    first, second = (live_sites(name, sites, SEED) for name in "AB")
    same = Counter()
    total = Counter()
    for one, other in zip(first, second, strict=True):
        total[one.site.kind] += 1
        same[one.site.kind] += one.state == other.state
    assert same["tss"] / total["tss"] > 0.75
    assert 0.3 < same["enhancer"] / total["enhancer"] < 0.6


def test_a_cell_type_does_not_depend_on_the_others(genome_and_sites, cell):
    genome, sites = genome_and_sites
    small_cell("B", sites, genome, SEED)
    again = small_cell("A", sites, genome, SEED)
    assert again.lists == cell.lists
    for mark in cell.marks:
        for chrom, part in cell.marks[mark].items():
            assert (part.value == again.marks[mark][chrom].value).all()


def test_all_marks_of_the_panel_are_there(cell):
    assert tuple(cell.marks) == MARKS
    assert len(MARKS) == 12


def test_the_average_of_a_mark_over_the_genome_is_one(genome_and_sites, cell):
    """Folds of the table are relative to the background, those of a cell to the average."""
    genome, _ = genome_and_sites
    for mark, track in cell.marks.items():
        background = cell.background[mark]
        assert 0.3 < background < 1
        total = 0.0
        for chrom, length in genome.chrom_sizes.items():
            steps = np.full(-(-length // 50), background)
            part = on(track, chrom)
            for start, end, value in zip(part.start, part.end, part.value, strict=True):
                first, last = max(0, round(start / 50)), round(end / 50)
                steps[first:last] = np.maximum(steps[first:last], value)
            total += steps.sum() * 50
        assert total / sum(genome.chrom_sizes.values()) == pytest.approx(1, abs=0.01)


def test_lists_miss_elements_and_hold_false_ones(genome_and_sites, cell):
    _, sites = genome_and_sites
    live = live_sites("A", sites, SEED)
    factor, dhs = peaks(cell, "enhancers"), peaks(cell, "dhs")
    active = [here.site for here in live if here.profile == "active_enhancer"]
    share = np.mean([near(factor, site.chrom, site.position) for site in active])
    assert 0.6 < share < 0.97
    places = [(site.chrom, site.position, site.position + 1) for site in sites]
    false = [row for row in dhs if not near(places, row[0], (row[1] + row[2]) // 2)]
    assert 0.01 < len(false) / len(dhs) < 0.15


def test_promoters_are_active_or_poised_and_so_are_enhancers(genome_and_sites):
    _, sites = genome_and_sites
    counts = Counter(here.profile for here in live_sites("A", sites, SEED))
    for profile in ("active_tss", "poised_tss", "active_enhancer", "poised_enhancer"):
        assert counts[profile] > 60


def test_transcription_is_divergent_and_stronger_at_active_sites(genome_and_sites, cell):
    _, sites = genome_and_sites
    levels = {"active_enhancer": [], "poised_enhancer": []}
    for here in live_sites("A", sites, SEED):
        if here.profile in levels:
            plus, minus = cell.plus[here.site.chrom], cell.minus[here.site.chrom]
            ahead = plus.value[plus.start == here.site.position]
            behind = minus.value[minus.end == here.site.position]
            assert len(ahead) == len(behind) == 1
            levels[here.profile].append(min(ahead[0], behind[0]))
    assert np.median(levels["active_enhancer"]) > 5 * np.median(levels["poised_enhancer"])


def test_lists_lie_inside_their_chromosomes_and_are_sorted(genome_and_sites, cell):
    genome, _ = genome_and_sites
    for part in cell.lists:
        rows = [(f[0], int(f[1]), int(f[2])) for f in (line.split("\t") for line in part.lines)]
        assert [row[:2] for row in rows] == sorted(row[:2] for row in rows)
        assert all(0 <= start < end <= genome.chrom_sizes[chrom] for chrom, start, end in rows)
