"""Peak lists of the small genome as from an experiment, with missed, false and shifted peaks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from deepregfinder.simulation.cells import PeakList
from deepregfinder.simulation.profiles import OPEN_CHANCE
from deepregfinder.simulation.sites import LiveSite
from deepregfinder.simulation.valued_intervals import Track


@dataclass(frozen=True)
class _Factor:
    """How a peak list is simulated.

    chance : probability of a peak at an open site of each kind
    jitter : standard deviation of the peak midpoint in bp
    """

    name: str
    column: str
    chance: Mapping[str, float]
    jitter: float
    false_per_mb: float


_FACTORS = (
    _Factor("DNase", "dhs", dict.fromkeys(OPEN_CHANCE, 0.95), 15, 4),
    _Factor(
        "p300",
        "enhancers",
        {"active_enhancer": 0.75, "poised_enhancer": 0.60, "active_tss": 0.45, "poised_tss": 0.10},
        60,
        1.5,
    ),
    _Factor(
        "CBP",
        "enhancers",
        {"active_enhancer": 0.60, "poised_enhancer": 0.50, "active_tss": 0.40, "poised_tss": 0.10},
        90,
        1.5,
    ),
    _Factor(
        "FOS",
        "tfbs",
        {"active_enhancer": 0.55, "poised_enhancer": 0.25, "active_tss": 0.15},
        20,
        3,
    ),
)


def label_lists(
    cell: str,
    live: Sequence[LiveSite],
    marks: Mapping[str, Track],
    chrom_sizes: Mapping[str, int],
    rng: np.random.Generator,
) -> tuple[PeakList, ...]:
    """Open chromatin, enhancer factors, another factor, and a peak list of every mark."""
    lists = [
        PeakList(
            f"{cell}.{factor.name}.narrowPeak",
            factor.column,
            _lines(_bound(factor, live, chrom_sizes, rng), narrow=True),
        )
        for factor in _FACTORS
    ]
    for mark, track in marks.items():
        column = "promoter_marks" if mark == "H3K4me3" else None
        peaks = _lines(_called(track, chrom_sizes, rng), narrow=False)
        lists.append(PeakList(f"{cell}.{mark}.broadPeak", column, peaks))
    return tuple(lists)


def _bound(
    factor: _Factor,
    live: Sequence[LiveSite],
    chrom_sizes: Mapping[str, int],
    rng: np.random.Generator,
) -> Iterator[tuple[str, int, int, float]]:
    for live_site in live:
        # Weak sites are missed more often.
        detected = rng.random() < factor.chance.get(live_site.profile, 0) * min(
            1, 0.6 + 0.5 * live_site.strength
        )
        middle = live_site.site.position + int(rng.normal(0, factor.jitter))
        signal = 20 * live_site.strength * np.exp(rng.normal(0, 0.3))
        width = int(rng.uniform(100, 200))
        if detected and live_site.is_open:
            yield live_site.site.chrom, middle - width, middle + width, signal
    for chrom, length in chrom_sizes.items():
        for start in rng.integers(
            0, length - 500, size=rng.poisson(length / 1e6 * factor.false_per_mb)
        ):
            yield chrom, int(start), int(start) + 250, 4 * np.exp(rng.normal(0, 0.4))


def _called(
    track: Track, chrom_sizes: Mapping[str, int], rng: np.random.Generator
) -> Iterator[tuple[str, int, int, float]]:
    for chrom, part in sorted(track.items()):
        part = part.within(chrom_sizes[chrom])
        detected = rng.random(len(part)) < np.clip(part.value / 5, 0.2, 0.97)
        edges = rng.normal(0, 60, size=(2, len(part)))
        measured = part.value * np.exp(rng.normal(0, 0.2, size=len(part)))
        for row in np.flatnonzero(detected):
            start = max(0, int(part.start[row] + edges[0, row]))
            end = min(chrom_sizes[chrom], int(part.end[row] + edges[1, row]))
            if end > start:
                yield chrom, start, end, float(measured[row])


def _lines(rows: Iterator[tuple[str, int, int, float]], narrow: bool) -> tuple[str, ...]:
    """ENCODE narrowPeak (with a summit) or broadPeak lines, sorted."""
    lines = []
    for chrom, start, end, signal in sorted(rows):
        score = min(1000, round(10 * signal))
        summit = f"\t{(end - start) // 2}" if narrow else ""
        lines.append(f"{chrom}\t{start}\t{end}\t.\t{score}\t.\t{signal:.4f}\t-1\t-1{summit}")
    return tuple(lines)
