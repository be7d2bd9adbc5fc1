"""Sites of the small genome, which can have marks, and their state in each cell type.

TSSs, enhancers, CTCF sites and decoys (marked regions without open chromatin) are the same in all
cell types, but their states differ. Most promoters have the same state in all cell types, most
enhancers do not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from deepregfinder.simulation.cells import random_numbers
from deepregfinder.simulation.profiles import OPEN_CHANCE

_KINDS, _KIND_SHARES = ("tss", "enhancer", "ctcf", "decoy"), (0.36, 0.46, 0.09, 0.09)
_STATES = {
    "tss": (("active", "poised", "off"), (0.52, 0.24, 0.24)),
    "enhancer": (("active", "poised", "off"), (0.38, 0.27, 0.35)),
    "ctcf": (("on", "off"), (0.9, 0.1)),
    "decoy": (("on", "off"), (0.6, 0.4)),
}
_KEEPS_STATE = {"tss": 0.85, "enhancer": 0.35, "ctcf": 0.9, "decoy": 0.4}


@dataclass(frozen=True)
class Site:
    """A site that can have marks. reach : length of the gene from its TSS, in bp"""

    chrom: str
    position: int
    kind: str
    strand: str
    reach: int


@dataclass(frozen=True)
class LiveSite:
    """A site in one cell type. strength : 1 for a typical site"""

    site: Site
    state: str
    strength: float
    is_open: bool

    @property
    def profile(self) -> str:
        return f"{self.state}_{self.site.kind}"


def place_sites(
    chrom: str,
    length: int,
    spacing: int,
    excluded: Sequence[tuple[int, int]],
    rng: np.random.Generator,
) -> list[Site]:
    """Sites every `spacing` bp on average, away from the `excluded` intervals of the chromosome."""
    closest = min(5000, spacing // 2)
    gaps = closest + rng.exponential(spacing - closest, size=2 * length // spacing + 20)
    positions = np.cumsum(gaps).astype(int)
    sites = []
    for position in positions[positions < length - 5000].tolist():
        kind = str(rng.choice(_KINDS, p=_KIND_SHARES))
        strand = "+" if rng.random() < 0.5 else "-"
        reach = int(np.clip(np.exp(rng.normal(9.2, 0.8)), 2000, 60_000))
        if all(position < start - 4000 or position > end + 4000 for start, end in excluded):
            sites.append(Site(chrom, position, kind, strand, reach))
    return sites


def live_sites(name: str, sites: Sequence[Site], seed: int) -> list[LiveSite]:
    """The state of every site in the cell type `name`."""
    common = random_numbers(seed, "states")
    of_cell = random_numbers(seed, "states", name)
    live = []
    for site in sites:
        states, shares = _STATES[site.kind]
        common_state, own_state = common.choice(states, p=shares), of_cell.choice(states, p=shares)
        kept = of_cell.random() < _KEEPS_STATE[site.kind]
        state = str(common_state if kept else own_state)
        strength = float(np.exp(of_cell.normal(0, 0.5)))
        is_open = of_cell.random() < OPEN_CHANCE.get(f"{state}_{site.kind}", 0)
        live.append(LiveSite(site, state, strength, bool(is_open)))
    return live


def site_lines(live: Sequence[LiveSite]) -> tuple[str, ...]:
    """The true sites as BED6: name is state and kind, score 100 x strength."""
    lines = []
    for live_site in live:
        site, score = live_site.site, min(1000, round(100 * live_site.strength))
        interval = f"{site.chrom}\t{site.position}\t{site.position + 1}"
        lines.append(f"{interval}\t{live_site.profile}\t{score}\t{site.strand}")
    return tuple(sorted(lines, key=bed_order))


def bed_order(line: str) -> tuple[str, int, int, str]:
    """Sort key of a BED line: by chromosome and position."""
    chrom, start, end, rest = line.split("\t", 3)
    return chrom, int(start), int(end), rest
