"""Quality of ATAC-seq and DNase-seq libraries: enrichment at TSSs, and reads in their sites."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from deepregfinder.counting.assays import ASSAYS, CHIP
from deepregfinder.counting.enriched_sites import chromosome_sites, mean_reads
from deepregfinder.counting.store import CONTROL, Counts
from deepregfinder.genome.grid import bare_name
from deepregfinder.genome.intervals import read_intervals

FLANK = 2_000
"""bp on both sides of a TSS; the reads in the outermost bins are what is expected (ENCODE)."""

WIDEST_BIN = 500
"""bp; wider bins do not tell a TSS from its surroundings."""


@dataclass(frozen=True)
class Accessibility:
    """What is measured of a library of an assay of accessibility.

    tss_enrichment : highest mean of a bin within FLANK of a TSS over that of the outermost bins;
        None without TSSs, without reads there, or in bins above WIDEST_BIN
    in_sites : share of the reads on main chromosomes in the sites that are called from them
    """

    tss_enrichment: float | None
    in_sites: float


def measure_all(opened: Sequence[Counts], tss: Path | None) -> dict[str, Accessibility]:
    """Id -> what is measured of the library, for marks whose assay counts cuts. tss : a BED file"""
    marks = [one for one in opened if one.attributes["sample"] != CONTROL]
    cuts = [one for one in marks if counts_cuts(one.attributes.get("assay", CHIP))]
    sites = read_intervals(tss) if tss and cuts else None
    return {one.attributes["id"]: measure_accessibility(one, sites) for one in cuts}


def counts_cuts(assay: str) -> bool:
    """Whether the signal of an assay are the cuts of its enzyme."""
    return ASSAYS[assay].rules.get("count_at") == "five_prime"


def measure_accessibility(counts: Counts, tss: pd.DataFrame | None) -> Accessibility:
    """Measure one library; tss : a table of `read_intervals`, None without a list."""
    profile = np.zeros(2 * (FLANK // counts.attributes["bin_size"]) + 1)
    mean = mean_reads(counts.load, list(counts.attributes["chrom_sizes"]))
    inside = total = 0.0
    for chrom in counts.attributes["chrom_sizes"]:
        reads = counts.load(chrom)
        sites = chromosome_sites(reads, mean, counts.attributes["bin_size"])
        up_to = np.concatenate([[0], np.cumsum(reads, dtype=np.float64)])
        inside += float((up_to[sites.last + 1] - up_to[sites.first]).sum())
        total += float(up_to[-1])
        if tss is not None:
            profile += _around(reads, _bins_of(tss, chrom, counts.attributes["bin_size"]), profile)
    flanks = (profile[0] + profile[-1]) / 2
    measurable = flanks > 0 and counts.attributes["bin_size"] <= WIDEST_BIN
    enrichment = float(profile.max() / flanks) if measurable else None
    return Accessibility(enrichment, inside / total if total else 0.0)


def _bins_of(tss: pd.DataFrame, chrom: str, bin_size: int) -> np.ndarray:
    """Bins of a chromosome that hold a TSS: int64, each once."""
    here = tss[tss["chrom"].map(lambda name: bare_name(str(name))) == bare_name(chrom)]
    bins: np.ndarray = np.unique(
        ((here["start"] + here["end"]) // 2 // bin_size).to_numpy(np.int64)
    )
    return bins


def _around(reads: np.ndarray, bins: np.ndarray, profile: np.ndarray) -> np.ndarray:
    """Reads around these bins, summed: float64, as long as the profile, without cut-off ones."""
    reach = len(profile) // 2
    whole = bins[(bins >= reach) & (bins + reach < len(reads))]
    sums: np.ndarray = np.zeros(len(profile))
    for place in range(len(profile)):
        sums[place] = reads[whole + place - reach].sum(dtype=np.float64)
    return sums
