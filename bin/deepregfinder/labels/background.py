"""Background: windows of a regular tiling that are far from any potential element."""

import logging
from collections.abc import Mapping

import numpy as np
import pandas as pd

from deepregfinder.genome.bedtools import tiles_without
from deepregfinder.genome.grid import Geometry
from deepregfinder.genome.splits import SPLITS, SplitPlan, quotas
from deepregfinder.labels.elements import merged_tss
from deepregfinder.labels.rules import Drop, Evidence, RegionRules

log = logging.getLogger(__name__)

OVERSAMPLED = 2
"""Windows drawn per window needed: `build_tensors` drops those with too little signal."""


def background(
    evidence: Evidence,
    rules: RegionRules,
    geometry: Geometry,
    chrom_sizes: Mapping[str, int],
    plan: SplitPlan,
    seed: int,
) -> tuple[pd.DataFrame, list[Drop]]:
    """Draw background windows at random, without replacement, in the order of their use.

    Windows of the tiling are dropped if they are within `background_distance` of a TSS, a DHS, a
    peak of a list of enhancers (of any width) or another TF peak, or overlap the blacklist or an
    assembly gap. Without DHSs, peaks of H3K27ac and H3K4me3 take their place.
    Each split gets a third of `n_background`, and twice as many are drawn; with a random split,
    2 x `n_background` are drawn.

    Returns
    -------
    Table with chrom, start, end and split, sorted by split and then by drawing order; and the
    number of windows dropped by each rule. Logs a warning if there are fewer windows than needed.
    """
    free, drops = free_windows(evidence, rules, geometry, chrom_sizes)
    split_of = {chrom: plan.of(chrom) or "" for chrom in chrom_sizes}
    free = free.assign(split=free["chrom"].map(split_of).astype(str))
    needed = quotas(rules.n_background) if plan.mode == "chromosome" else {".": rules.n_background}
    if plan.mode == "chromosome":
        in_split = free[free["split"].isin(SPLITS)]
        drops.append(
            Drop(
                "background",
                "on a chromosome of no split",
                len(free) - len(in_split),
                len(in_split),
            )
        )
        free = in_split
    drawn = []
    for place, (split, n_needed) in enumerate(needed.items()):
        windows = free[free["split"] == split]
        if len(windows) < n_needed:
            log.warning(
                "%d background windows are needed%s, but there are %d: all are used.",
                n_needed,
                "" if split == "." else f" for {split}",
                len(windows),
            )
        order = np.random.default_rng([seed, place]).permutation(len(windows))
        drawn.append(windows.iloc[order[: OVERSAMPLED * n_needed]])
    chosen = pd.concat(drawn, ignore_index=True)
    drops.append(
        Drop(
            "background",
            f"not drawn ({OVERSAMPLED} x --n_background {rules.n_background} are drawn, for the "
            "choice by --min_nonzero)",
            len(free) - len(chosen),
            len(chosen),
        )
    )
    return chosen, drops


def free_windows(
    evidence: Evidence,
    rules: RegionRules,
    geometry: Geometry,
    chrom_sizes: Mapping[str, int],
) -> tuple[pd.DataFrame, list[Drop]]:
    """All windows of the tiling that pass the rules of `background`, in genome order."""
    distance = rules.background_distance
    near = f"within --background_distance {distance}"
    tss = merged_tss(evidence.tss, chrom_sizes, rules.tss_merge)
    zones = [(f"a TSS {near}", tss, distance)]
    kinds = [("an enhancer", evidence.enhancers), ("another TF", evidence.tfbs)]
    if evidence.dhs is not None:
        zones.append((f"a DHS {near}", evidence.dhs, distance))
    else:
        kinds += [("an H3K27ac", evidence.h3k27ac), ("an H3K4me3", evidence.promoter_marks)]
    for kind, lists in kinds:
        if lists:
            zones.append((f"{kind} peak {near}", pd.concat(lists.values()), distance))
    if evidence.blacklist is not None:
        zones.append(("touches --blacklist", evidence.blacklist, 0))
    if evidence.gaps is not None:
        zones.append(("touches --gaps", evidence.gaps, 0))
    windows, counts = tiles_without(
        chrom_sizes, geometry.window, [(intervals, reach) for _, intervals, reach in zones]
    )
    drops = [Drop("background", "windows that tile the genome", 0, counts[0])]
    for (rule, _, _), before, left in zip(zones, counts[:-1], counts[1:], strict=True):
        drops.append(Drop("background", rule, before - left, left))
    return windows, drops
