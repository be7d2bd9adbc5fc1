"""Cell types on a small artificial genome, with genes and enhancers.

The marks at each kind of site, and their strengths, are a table in `profiles`. There are also marks
away from sites, and the peak lists of an experiment (`peaks`) differ from the true sites.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from deepregfinder.simulation.cells import Cell, Genome, PeakList, random_numbers
from deepregfinder.simulation.landscape import STEP, step_values
from deepregfinder.simulation.peaks import label_lists
from deepregfinder.simulation.profiles import BLOCKS, BODY, NASCENT, PROFILES, STRAY_PEAKS
from deepregfinder.simulation.sites import (
    LiveSite,
    Site,
    bed_order,
    live_sites,
    place_sites,
    site_lines,
)
from deepregfinder.simulation.valued_intervals import Intervals, Track, on

CHROMOSOME_SHARES = {
    "chr1": 0.20,
    "chr2": 0.20,
    "chr8": 0.15,
    "chr9": 0.15,
    "chr17": 0.15,
    "chr18": 0.15,
}
SCAFFOLD, SCAFFOLD_LENGTH = "chrUn_simulated1", 60_000

_RowsByChrom = dict[str, list[tuple[float, float, float]]]
"""Rows (start, end, value) of each chromosome."""


def chromosome_sizes(megabases: float) -> dict[str, int]:
    """Six chromosomes, two for each default split, and a scaffold."""
    sizes = {
        name: max(100_000, int(megabases * share * 1000) * 1000)
        for name, share in CHROMOSOME_SHARES.items()
    }
    return sizes | {SCAFFOLD: SCAFFOLD_LENGTH}


def small_genome(megabases: float, spacing: int, seed: int) -> tuple[Genome, list[Site]]:
    """A genome of `megabases` with a site every `spacing` bp on average."""
    sizes = chromosome_sizes(megabases)
    rng = random_numbers(seed, "genome")
    sites: list[Site] = []
    blacklist, gaps = [], []
    pileups: dict[str, list[tuple[float, float, float]]] = {}
    unassembled: dict[str, list[tuple[float, float, float]]] = {}
    for chrom, length in sizes.items():
        if chrom == SCAFFOLD:
            continue
        gap = int(length * rng.uniform(0.3, 0.5)), int(length * 0.015)
        excluded = [(gap[0], gap[0] + gap[1])]
        gaps.append(f"{chrom}\t{excluded[0][0]}\t{excluded[0][1]}\tgap")
        unassembled[chrom] = [(*excluded[0], 1)]
        for _ in range(1 + length // 4_000_000):
            start = int(rng.uniform(0.05, 0.9) * length)
            excluded.append((start, start + int(rng.uniform(3000, 9000))))
        for start, end in sorted(excluded[1:]):
            blacklist.append(f"{chrom}\t{start}\t{end}\tHigh Signal Region")
            for place in rng.uniform(start, end - 600, size=3):
                pileups.setdefault(chrom, []).append((place, place + 600, rng.uniform(8, 40)))
        sites += place_sites(chrom, length, spacing, excluded, rng)
    genome = Genome(
        sizes,
        tuple(_tss_lines(sites, rng)),
        tuple(sorted(blacklist, key=bed_order)),
        tuple(sorted(gaps, key=bed_order)),
        {chrom: Intervals.of(rows) for chrom, rows in pileups.items()},
        {chrom: Intervals.of(rows) for chrom, rows in unassembled.items()},
    )
    return genome, sites


def small_cell(name: str, sites: Sequence[Site], genome: Genome, seed: int) -> Cell:
    """One cell type: tracks from the true states of sites, and simulated peak lists."""
    live = live_sites(name, sites, seed)
    rng = random_numbers(seed, "cell", name)
    rows: dict[str, dict[str, list[tuple[float, float, float]]]] = {}
    for mark, chrom, start, end, fold in _enriched(live, genome, rng):
        rows.setdefault(mark, {}).setdefault(chrom, []).append((start, end, fold))
    marks = {
        mark: {chrom: Intervals.of(part) for chrom, part in by_chrom.items()}
        for mark, by_chrom in sorted(rows.items())
    }
    plus, minus = _transcription(live, rng)
    open_rows: dict[str, list[tuple[float, float, float]]] = {}
    for live_site in live:
        if live_site.is_open:
            middle = live_site.site.position
            row = (middle - 75, middle + 75, live_site.strength)
            open_rows.setdefault(live_site.site.chrom, []).append(row)
    lists = label_lists(name, live, marks, genome.chrom_sizes, rng)
    lists += (PeakList(f"{name}.truth.bed", None, site_lines(live)),)
    open_sites = {chrom: Intervals.of(part) for chrom, part in open_rows.items()}
    background = {mark: _background(track, genome) for mark, track in marks.items()}
    relative = {mark: _scaled(track, background[mark]) for mark, track in marks.items()}
    return Cell(name, relative, open_sites, plus, minus, lists, background)


def _background(track: Track, genome: Genome) -> float:
    """Background relative to the average of the genome, from folds relative to the background."""
    total = 0.0
    for chrom, length in genome.chrom_sizes.items():
        total += float(step_values(on(track, chrom), length, otherwise=1).sum()) * STEP
    return sum(genome.chrom_sizes.values()) / total


def _scaled(track: Track, factor: float) -> Track:
    return {
        chrom: Intervals(part.start, part.end, part.value * factor) for chrom, part in track.items()
    }


def _tss_lines(sites: Sequence[Site], rng: np.random.Generator) -> Iterator[str]:
    """One to three transcripts per gene, within about 300 bp."""
    lines = []
    for number, site in enumerate(site for site in sites if site.kind == "tss"):
        shifts = [0, *rng.integers(-150, 300, size=rng.choice([0, 1, 2], p=[0.6, 0.25, 0.15]))]
        for shift in shifts:
            place = site.position + int(shift)
            lines.append(f"{site.chrom}\t{place}\t{place + 1}\tgene{number + 1}\t0\t{site.strand}")
    yield from sorted(lines, key=bed_order)


def _enriched(
    live: Sequence[LiveSite], genome: Genome, rng: np.random.Generator
) -> Iterator[tuple[str, str, float, float, float]]:
    """(mark, chrom, start, end, fold) of all enriched regions, labelled or not."""
    for live_site in live:
        site = live_site.site
        for piece in PROFILES.get(live_site.profile, ()):
            present = rng.random() < piece.chance
            stretch = rng.uniform(0.6, 1.5, size=2)
            fold = 1 + piece.fold * live_site.strength**0.8 * np.exp(rng.normal(0, 0.45))
            limit = site.reach if piece.to == BODY else piece.to * stretch[1]
            edges = sorted((piece.start * stretch[0], limit))
            if site.strand == "-":
                edges = [-edges[1], -edges[0]]
            if present and edges[1] - edges[0] > 100:
                start, end = site.position + edges[0], site.position + edges[1]
                yield piece.mark, site.chrom, start, end, fold
    for chrom, length in genome.chrom_sizes.items():
        for mark, (share, width, fold) in BLOCKS.items():
            for _ in range(int(rng.poisson(length * share / width))):
                start, size = rng.uniform(0, length), width * rng.uniform(0.3, 2)
                yield mark, chrom, start, start + size, 1 + fold * rng.uniform(0.6, 1.6)
        for mark, (per_mb, width, fold) in STRAY_PEAKS.items():
            for _ in range(int(rng.poisson(length / 1e6 * per_mb))):
                start, size = rng.uniform(0, length), width * rng.uniform(0.4, 2.5)
                yield mark, chrom, start, start + size, 1 + fold * np.exp(rng.normal(0, 0.5))


def _transcription(
    live: Sequence[LiveSite], rng: np.random.Generator
) -> tuple[dict[str, Intervals], dict[str, Intervals]]:
    """Nascent RNA of both strands: divergent at promoters and enhancers, and along genes."""
    strands: tuple[_RowsByChrom, _RowsByChrom] = {}, {}
    for live_site in live:
        if live_site.profile not in NASCENT:
            continue
        site, (level, body) = live_site.site, NASCENT[live_site.profile]
        level *= live_site.strength**0.5 * np.exp(rng.normal(0, 0.3))
        ahead, behind = (0, 1) if site.strand == "+" else (1, 0)
        antisense = level * rng.uniform(0.4, 0.9)
        for which, amount in ((ahead, level), (behind, antisense)):
            offsets = (0, 700) if which == 0 else (-700, 0)
            row = (site.position + offsets[0], site.position + offsets[1], amount)
            strands[which].setdefault(site.chrom, []).append(row)
        if body:
            far = site.position + (site.reach if site.strand == "+" else -site.reach)
            first, last = sorted((site.position, far))
            strands[ahead].setdefault(site.chrom, []).append(
                (first, last, body * live_site.strength)
            )
    plus, minus = (
        {chrom: Intervals.of(rows) for chrom, rows in by_chrom.items()} for by_chrom in strands
    )
    return plus, minus
