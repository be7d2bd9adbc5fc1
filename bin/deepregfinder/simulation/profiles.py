"""The marks at each kind of site of the small genome.

Orders of magnitude follow the mean fold enrichments (3 to 20) and widths of ENCODE's broadPeak
lists of K562 and GM12878; the marks of each element follow Roadmap Epigenomics 2015 (Nature
518:317).
"""

from typing import NamedTuple

BODY = 10**9


class Piece(NamedTuple):
    """A mark near a site; positions are positive downstream.

    chance : probability of the mark
    fold : typical enrichment over background, minus one
    start, to : borders in bp relative to the site; BODY: to the end of the gene
    """

    mark: str
    chance: float
    fold: float
    start: float
    to: float


PROFILES: dict[str, tuple[Piece, ...]] = {
    "active_tss": (
        Piece("H3K4me3", 0.90, 11, -600, 1400),
        Piece("H3K4me2", 0.80, 6, -1200, 2000),
        Piece("H3K4me1", 0.50, 3, -2400, -800),
        Piece("H3K4me1", 0.60, 3, 1200, 3000),
        Piece("H3K27ac", 0.80, 8, -700, 1500),
        Piece("H3K9ac", 0.80, 7, -500, 1300),
        Piece("H2AZ", 0.75, 5, -700, 900),
        Piece("H3K79me2", 0.60, 4, 300, 6000),
        Piece("H4K20me1", 0.40, 2, 500, BODY),
        Piece("H3K36me3", 0.60, 3, 2500, BODY),
        Piece("H3K9me1", 0.40, 1.5, 500, 5000),
    ),
    "poised_tss": (
        Piece("H3K4me3", 0.75, 5, -500, 1000),
        Piece("H3K4me2", 0.65, 4, -900, 1300),
        Piece("H3K4me1", 0.50, 3, -1600, 1800),
        Piece("H3K27me3", 0.75, 3.5, -4000, 5000),
        Piece("H2AZ", 0.65, 5, -800, 900),
        Piece("H3K27ac", 0.10, 3, -400, 500),
    ),
    "active_enhancer": (
        Piece("H3K4me1", 0.85, 5.5, -1200, 1200),
        Piece("H3K4me2", 0.60, 4.5, -700, 700),
        Piece("H3K27ac", 0.75, 6, -800, 800),
        Piece("H3K9ac", 0.45, 3.5, -500, 500),
        Piece("H2AZ", 0.50, 3.5, -500, 500),
        Piece("H3K4me3", 0.15, 2.5, -300, 300),
        Piece("H3K79me2", 0.12, 2, -1000, 1000),
        Piece("H3K9me1", 0.30, 1.5, -1200, 1200),
    ),
    "poised_enhancer": (
        Piece("H3K4me1", 0.80, 4.5, -900, 900),
        Piece("H3K4me2", 0.35, 3, -500, 500),
        Piece("H2AZ", 0.40, 3, -400, 400),
        Piece("H3K27me3", 0.30, 2.5, -1800, 1800),
        Piece("H3K27ac", 0.08, 2.5, -400, 400),
    ),
    "on_ctcf": (
        Piece("H2AZ", 0.40, 3, -350, 350),
        Piece("H3K4me1", 0.30, 2.5, -500, 500),
        Piece("H3K4me2", 0.20, 2.5, -400, 400),
    ),
    "on_decoy": (
        Piece("H3K4me1", 0.75, 4, -1000, 1000),
        Piece("H3K27ac", 0.35, 4, -500, 500),
        Piece("H3K4me2", 0.30, 3, -500, 500),
        Piece("H3K9me1", 0.30, 1.5, -2000, 2000),
    ),
}

# Probability of open chromatin at each kind of site.
OPEN_CHANCE = {
    "active_tss": 0.95,
    "poised_tss": 0.80,
    "off_tss": 0.05,
    "active_enhancer": 0.95,
    "poised_enhancer": 0.85,
    "off_enhancer": 0.04,
    "on_ctcf": 0.90,
}

# Domains independent of sites: share of the genome, mean width in bp, fold minus one.
BLOCKS = {"H3K9me3": (0.12, 20_000, 2.5), "H3K27me3": (0.08, 15_000, 2.0)}

# Small enriched regions anywhere, as in real lists, which have tens of thousands of them: number
# per Mb, width in bp, fold minus one.
STRAY_PEAKS = {
    "H2AZ": (12, 400, 3),
    "H3K27ac": (8, 500, 3),
    "H3K27me3": (10, 1500, 2),
    "H3K36me3": (6, 1500, 2),
    "H3K4me1": (15, 600, 3),
    "H3K4me2": (8, 400, 3),
    "H3K4me3": (10, 350, 3),
    "H3K79me2": (5, 1200, 2),
    "H3K9ac": (7, 450, 3),
    "H3K9me1": (8, 1500, 1.5),
    "H3K9me3": (10, 600, 2.5),
    "H4K20me1": (5, 3000, 1.5),
}

MARKS = tuple(sorted(STRAY_PEAKS))

# Nascent RNA: rate above background near the site, and along the gene.
NASCENT = {
    "active_tss": (30.0, 4.0),
    "poised_tss": (1.5, 0.1),
    "active_enhancer": (15.0, 0.0),
    "poised_enhancer": (0.8, 0.0),
}
