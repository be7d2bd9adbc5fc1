"""Promoters and enhancers: windows around open transcription start sites and distal enhancers.

Enhancers are peaks of a list (enhancer TFs, a registry) or, without one, accessible sites with
H3K27ac. Without accessible sites, peaks of H3K4me3 and H3K27ac stand in for them.

Distances are between the edges of intervals (of a promoter, the midpoint of its merged TSSs), as
defined in `genome.bedtools`; windows are placed around midpoints after all other rules.
"""

import logging
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from deepregfinder.errors import InputError
from deepregfinder.genome.bedtools import cluster, merge, near, overlapping_pairs
from deepregfinder.genome.grid import Geometry
from deepregfinder.labels.rules import Evidence, RegionRules, Sieve
from deepregfinder.labels.sources import ENHANCER_LABELS, H3K27AC

log = logging.getLogger(__name__)


def merged_tss(tss: pd.DataFrame, chrom_sizes: Mapping[str, int], distance: int) -> pd.DataFrame:
    """TSSs of the main chromosomes, merged if they are at most `distance` bp apart."""
    return merge(tss[tss["chrom"].isin(list(chrom_sizes))], distance)


def midpoints(intervals: pd.DataFrame) -> np.ndarray:
    """Midpoints of intervals, rounded down: int64, shape (n,), in bp."""
    return ((intervals["start"] + intervals["end"]) // 2).to_numpy()


def promoters(
    evidence: Evidence,
    rules: RegionRules,
    geometry: Geometry,
    chrom_sizes: Mapping[str, int],
) -> Sieve:
    """Promoter windows: midpoints of merged TSSs that have a DHS within `promoter_slop`.

    Without DHSs, an H3K4me3 peak takes their place.
    """
    sieve = Sieve("promoter", evidence.tss, "transcription start sites given")
    sieve.drop_other_chromosomes(chrom_sizes)
    sieve.replace(
        f"merged with others within --tss_merge {rules.tss_merge}",
        merge(sieve.intervals, rules.tss_merge),
    )
    middle = midpoints(sieve.intervals)
    sieve.intervals = sieve.intervals.assign(start=middle, end=middle + 1)
    if evidence.dhs is not None:
        sieve.drop(
            f"no DHS within --promoter_slop {rules.promoter_slop}",
            ~near(sieve.intervals, evidence.dhs, rules.promoter_slop),
        )
    elif evidence.promoter_marks:
        marks = strong_peaks(evidence.promoter_marks, rules.promoter_marks_min_signal)
        sieve.drop(
            f"no H3K4me3 peak within --promoter_slop {rules.promoter_slop}",
            ~near(sieve.intervals, marks, rules.promoter_slop),
        )
    sieve.place_windows(sieve.intervals["start"].to_numpy(), geometry, chrom_sizes)
    return sieve


def enhancers(
    evidence: Evidence,
    rules: RegionRules,
    geometry: Geometry,
    chrom_sizes: Mapping[str, int],
) -> Sieve:
    """Enhancer windows: listed or active sites, away from TSSs and H3K4me3 peaks.

    Logs a warning if the rule for H3K4me3 drops more than half of the remaining peaks. Raises
    InputError without the lists that `enhancer_labels` needs.
    """
    sites = _active_sites if rules.enhancer_labels == H3K27AC else _listed_sites
    sieve = sites(evidence, rules, chrom_sizes)
    tss = merged_tss(evidence.tss, chrom_sizes, rules.tss_merge)
    sieve.drop(
        f"a TSS within --tss_distance {rules.tss_distance}",
        near(sieve.intervals, tss, rules.tss_distance),
    )
    _drop_near_promoter_marks(sieve, evidence, rules)
    sieve.place_windows(window_centres(sieve.intervals, evidence, rules), geometry, chrom_sizes)
    return sieve


def _listed_sites(evidence: Evidence, rules: RegionRules, chrom_sizes: Mapping[str, int]) -> Sieve:
    """Peaks of the lists of enhancers that are near a DHS."""
    lists = list(evidence.enhancers.values())
    if not lists:
        raise InputError(
            f"--enhancer_labels {rules.enhancer_labels} needs at least one list of enhancers: give "
            "--enhancers, or take --enhancer_labels h3k27ac."
        )
    sieve = Sieve(
        "enhancer",
        pd.concat([peaks.assign(list=n) for n, peaks in enumerate(lists)], ignore_index=True),
        f"{ENHANCER_LABELS[rules.enhancer_labels].sites} given",
    )
    sieve.drop_other_chromosomes(chrom_sizes)
    if (widest := rules.max_tf_peak_width) is not None:
        width = sieve.intervals["end"] - sieve.intervals["start"]
        sieve.drop(f"wider than --max_tf_peak_width {widest}", width > widest)
    sieve.replace("merged with peaks that they overlap or touch", merge_peaks(sieve.intervals))
    if evidence.dhs is not None:
        sieve.drop(
            f"no DHS within --enhancer_slop {rules.enhancer_slop}",
            ~near(sieve.intervals, evidence.dhs, rules.enhancer_slop),
        )
    return sieve


def _active_sites(evidence: Evidence, rules: RegionRules, chrom_sizes: Mapping[str, int]) -> Sieve:
    """Accessible sites with an H3K27ac peak nearby; H3K27ac peaks where there are no such sites."""
    if not evidence.h3k27ac:
        raise InputError(
            "--enhancer_labels h3k27ac needs at least one list of H3K27ac peaks: give --h3k27ac."
        )
    active = pd.concat(evidence.h3k27ac.values(), ignore_index=True)
    sites = active if evidence.dhs is None else evidence.dhs
    sieve = Sieve(
        "enhancer",
        sites.assign(list=0),
        "H3K27ac peaks given" if evidence.dhs is None else "accessible sites given",
    )
    sieve.drop_other_chromosomes(chrom_sizes)
    sieve.replace("merged with sites that they overlap or touch", merge_peaks(sieve.intervals))
    if evidence.dhs is not None:
        sieve.drop(
            f"no H3K27ac peak within --enhancer_slop {rules.enhancer_slop}",
            ~near(sieve.intervals, active, rules.enhancer_slop),
        )
    return sieve


def merge_peaks(peaks: pd.DataFrame) -> pd.DataFrame:
    """Merge peaks that overlap or touch, of the same list as well as of different ones.

    A merged peak takes the summit of its strongest peak (by the signal column) in the first list
    with summits, because signal is not comparable between lists.

    Parameters
    ----------
    peaks : a table of `read_intervals` with a column `list`, the number of the list a peak is from
    """
    ordered = peaks.assign(cluster=cluster(peaks), no_summit=peaks["summit"] < 0).sort_values(
        ["cluster", "no_summit", "list", "signal", "start", "end"],
        ascending=[True, True, True, False, True, True],
        kind="stable",
    )
    merged = ordered.groupby("cluster").agg(
        chrom=("chrom", "first"),
        start=("start", "min"),
        end=("end", "max"),
        summit=("summit", "first"),
    )
    return merged.sort_values(["chrom", "start", "end"], kind="stable", ignore_index=True)


def strong_peaks(lists: Mapping[str, pd.DataFrame], min_signal: float) -> pd.DataFrame:
    """The peaks of several lists with a signal of at least `min_signal` (0: all peaks).

    Raises InputError for a list without a signal column if a minimum is given.
    """
    without = [name for name, peaks in lists.items() if len(peaks) and peaks["signal"].isna().any()]
    if min_signal > 0 and without:
        raise InputError.of(
            [
                f"{name} has no signal column (narrowPeak or broadPeak, column 7), which "
                f"--promoter_marks_min_signal {min_signal:g} needs: remove that parameter, or give "
                "the peak list as written by the peak caller."
                for name in without
            ]
        )
    peaks = pd.concat(lists.values(), ignore_index=True)
    return peaks[peaks["signal"] >= min_signal] if min_signal > 0 else peaks


def _drop_near_promoter_marks(sieve: Sieve, evidence: Evidence, rules: RegionRules) -> None:
    if not evidence.promoter_marks:
        return
    minimum = rules.promoter_marks_min_signal
    marks = strong_peaks(evidence.promoter_marks, minimum)
    before = len(sieve.intervals)
    sieve.drop_as_unlabelled(
        f"an H3K4me3 peak within --promoter_marks_distance {rules.promoter_marks_distance} "
        f"(--promoter_marks_min_signal {minimum:g})",
        near(sieve.intervals, marks, rules.promoter_marks_distance),
    )
    dropped = before - len(sieve.intervals)
    if dropped > before / 2:
        log.warning(
            "H3K4me3 peaks drop %d of %d enhancers; %d remain. Lists of broad peaks include many "
            "weak ones: --promoter_marks_min_signal (now %g) ignores peaks with a lower value in "
            "their signal column; a fold enrichment of 7 is a good start.",
            dropped,
            before,
            len(sieve.intervals),
            minimum,
        )


def window_centres(peaks: pd.DataFrame, evidence: Evidence, rules: RegionRules) -> np.ndarray:
    """Centres of the windows of enhancers: int64, shape (peaks,).

    With `summit`, a peak without a summit uses its midpoint; with `dhs`, a peak that overlaps no
    DHS does. Raises InputError if no peak has a summit, or no DHSs are given.
    """
    middle = midpoints(peaks)
    if rules.center == "summit":
        summit = peaks["summit"].to_numpy()
        if len(peaks) and (summit < 0).all():
            raise InputError(
                f"--center summit: no peak of {_listed(_names(evidence, rules))} has a summit "
                "(narrowPeak, column 10): choose --center midpoint or dhs."
            )
        return np.where(summit < 0, middle, summit)
    if rules.center == "dhs":
        if evidence.dhs is None:
            raise InputError("--center dhs needs a list of DHSs (column dhs of the label sheet).")
        return _strongest_dhs(peaks, evidence.dhs, middle)
    return middle


def _strongest_dhs(peaks: pd.DataFrame, dhs: pd.DataFrame, middle: np.ndarray) -> np.ndarray:
    """Midpoint of the strongest DHS that overlaps each peak; of ties, the most central one."""
    peak, site = overlapping_pairs(peaks, dhs)
    midpoint = midpoints(dhs)[site]
    strength = dhs["signal"].fillna(0).to_numpy()[site]
    best_first = np.lexsort((midpoint, np.abs(midpoint - middle[peak]), -strength, peak))
    peak_with_dhs, first = np.unique(peak[best_first], return_index=True)
    centre = middle.copy()
    centre[peak_with_dhs] = midpoint[best_first][first]
    return centre


def _names(evidence: Evidence, rules: RegionRules) -> list[str]:
    """The lists that enhancers are taken from."""
    if rules.enhancer_labels != H3K27AC:
        return list(evidence.enhancers)
    return list(evidence.h3k27ac) if evidence.dhs is None else ["the accessible sites"]


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
