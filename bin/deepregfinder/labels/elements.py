"""Promoters and enhancers: windows around open transcription start sites and distal TF peaks.

Distances are taken between the edges of intervals (a promoter: the midpoint of its merged TSSs), as
`deepregfinder.bedtools` defines them; windows are laid around midpoints only after all rules.
"""

import logging
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from deepregfinder.errors import InputError
from deepregfinder.genome.bedtools import cluster, merge, near, overlapping_pairs
from deepregfinder.genome.grid import Geometry
from deepregfinder.labels.rules import Evidence, RegionRules, Sieve

log = logging.getLogger(__name__)


def merged_tss(tss: pd.DataFrame, chrom_sizes: Mapping[str, int], distance: int) -> pd.DataFrame:
    """TSSs of the main chromosomes, merged where at most `distance` bp lie between them."""
    return merge(tss[tss["chrom"].isin(list(chrom_sizes))], distance)


def midpoints(intervals: pd.DataFrame) -> np.ndarray:
    return ((intervals["start"] + intervals["end"]) // 2).to_numpy()


def promoters(
    evidence: Evidence,
    rules: RegionRules,
    geometry: Geometry,
    chrom_sizes: Mapping[str, int],
) -> Sieve:
    """Promoter windows: midpoints of merged TSSs that have a DHS within `promoter_slop`."""
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
    sieve.place_windows(sieve.intervals["start"].to_numpy(), geometry, chrom_sizes)
    return sieve


def enhancers(
    evidence: Evidence,
    rules: RegionRules,
    geometry: Geometry,
    chrom_sizes: Mapping[str, int],
) -> Sieve:
    """Enhancer windows: TF peaks with a DHS near, away from every TSS and from H3K4me3.

    Logs a warning where H3K4me3 drops more than half of the peaks that came to its rule.
    """
    lists = list(evidence.enhancers.values())
    if not lists:
        raise InputError(
            "Enhancers need at least one list of TF peaks (p300, CBP): give --enhancers."
        )
    sieve = Sieve(
        "enhancer",
        pd.concat([peaks.assign(list=n) for n, peaks in enumerate(lists)], ignore_index=True),
        "enhancer-TF peaks given",
    )
    sieve.drop_other_chromosomes(chrom_sizes)
    if (widest := rules.max_tf_peak_width) is not None:
        width = sieve.intervals["end"] - sieve.intervals["start"]
        sieve.drop(f"wider than --max_tf_peak_width {widest}", width > widest)
    if len(lists) > 1:
        sieve.replace("merged with peaks of another list", merge_across_lists(sieve.intervals))
    if evidence.dhs is not None:
        sieve.drop(
            f"no DHS within --enhancer_slop {rules.enhancer_slop}",
            ~near(sieve.intervals, evidence.dhs, rules.enhancer_slop),
        )
    tss = merged_tss(evidence.tss, chrom_sizes, rules.tss_merge)
    sieve.drop(
        f"a TSS within --tss_distance {rules.tss_distance}",
        near(sieve.intervals, tss, rules.tss_distance),
    )
    _drop_near_promoter_marks(sieve, evidence, rules)
    sieve.place_windows(centres(sieve.intervals, evidence, rules), geometry, chrom_sizes)
    return sieve


def merge_across_lists(peaks: pd.DataFrame) -> pd.DataFrame:
    """Merge overlapping peaks of different lists to one; peaks of one list stay as they were
    called.

    A merged peak takes the summit of its strongest member (by the signal column) from the first
    list that gives summits: signal is not comparable between lists.

    Parameters
    ----------
    peaks : a table of `read_intervals` with a column `list`, the number of the list a peak is from
    """
    peaks = peaks.assign(cluster=cluster(peaks))
    shared = peaks.groupby("cluster")["list"].transform("nunique") > 1
    together = (
        peaks[shared]
        .assign(no_summit=peaks["summit"] < 0)
        .sort_values(
            ["cluster", "no_summit", "list", "signal", "start", "end"],
            ascending=[True, True, True, False, True, True],
            kind="stable",
        )
    )
    merged = together.groupby("cluster", as_index=False).agg(
        chrom=("chrom", "first"),
        start=("start", "min"),
        end=("end", "max"),
        summit=("summit", "first"),
    )
    columns = ["chrom", "start", "end", "summit"]
    # Without any merged peak, pandas cannot know that its columns are whole numbers.
    merged = merged.astype({name: peaks[name].dtype for name in columns})
    both = pd.concat([peaks.loc[~shared, columns], merged[columns]])
    return both.sort_values(["chrom", "start", "end"], kind="stable", ignore_index=True)


def strong_peaks(lists: Mapping[str, pd.DataFrame], min_signal: float) -> pd.DataFrame:
    """The peaks of several lists with signal of at least `min_signal` (0: all of them).

    Raises InputError for a list without a signal column where a minimum is asked for.
    """
    without = [name for name, peaks in lists.items() if len(peaks) and peaks["signal"].isna().any()]
    if min_signal > 0 and without:
        raise InputError.of(
            [
                f"{name} has no signal column (narrowPeak or broadPeak, column 7), which "
                f"--promoter_marks_min_signal {min_signal:g} needs: leave that out, or give the "
                "peak list as the peak caller wrote it."
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
    sieve.drop(
        f"an H3K4me3 peak within --promoter_marks_distance {rules.promoter_marks_distance} "
        f"(--promoter_marks_min_signal {minimum:g})",
        near(sieve.intervals, marks, rules.promoter_marks_distance),
    )
    dropped = before - len(sieve.intervals)
    if dropped > before / 2:
        log.warning(
            "H3K4me3 peaks drop %d of %d enhancers, %d are left. Lists of broad peaks "
            "hold many weak ones: --promoter_marks_min_signal (now %g) ignores peaks whose signal "
            "column is lower; a fold enrichment of 7 is a good start.",
            dropped,
            before,
            len(sieve.intervals),
            minimum,
        )


def centres(peaks: pd.DataFrame, evidence: Evidence, rules: RegionRules) -> np.ndarray:
    """Where the windows of enhancers are centred: int64, shape (peaks,).

    `summit` falls back to the midpoint for a peak without a summit, `dhs` for one that no DHS
    overlaps. Raises InputError where no peak has a summit, or no DHS is given.
    """
    middle = midpoints(peaks)
    if rules.center == "summit":
        summit = peaks["summit"].to_numpy()
        if len(peaks) and (summit < 0).all():
            raise InputError(
                f"--center summit: no peak of {_listed(list(evidence.enhancers))} has a summit "
                "(narrowPeak, column 10): choose --center midpoint or dhs."
            )
        return np.where(summit < 0, middle, summit)
    if rules.center == "dhs":
        if evidence.dhs is None:
            raise InputError("--center dhs needs a list of DHSs (column dhs of the label sheet).")
        return _strongest_dhs(peaks, evidence.dhs, middle)
    return middle


def _strongest_dhs(peaks: pd.DataFrame, dhs: pd.DataFrame, middle: np.ndarray) -> np.ndarray:
    """Midpoint of the strongest DHS that overlaps each peak; the most central of equal ones."""
    peak, site = overlapping_pairs(peaks, dhs)
    place = midpoints(dhs)[site]
    strength = dhs["signal"].fillna(0).to_numpy()[site]
    best_first = np.lexsort((place, np.abs(place - middle[peak]), -strength, peak))
    owner, first = np.unique(peak[best_first], return_index=True)
    centre = middle.copy()
    centre[owner] = place[best_first][first]
    return centre


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
