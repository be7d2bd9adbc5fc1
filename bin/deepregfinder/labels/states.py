"""Active and poised elements: two clusters by nascent RNA.

Promoters and enhancers are clustered separately: enhancer transcripts are rarer than those of genes
by orders of magnitude, and nearly all enhancers would be poised in a joint clustering. The clusters
are those of the training windows; validation and test windows belong to the nearer one. With
strand-specific reads, each strand is clustered separately, and elements whose strands disagree are
left out.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from deepregfinder.classes import class_set
from deepregfinder.counting.store import Counts
from deepregfinder.errors import InputError
from deepregfinder.genome.grid import Geometry
from deepregfinder.genome.splits import MIN_WINDOWS
from deepregfinder.labels.candidates import UNLABELLED
from deepregfinder.storage.tables import Digits6, write_rows

log = logging.getLogger(__name__)

NascentTransform = Literal["none", "log2"]

MIN_CLUSTER = MIN_WINDOWS["train"]
"""Smallest number of windows in a cluster: fewer are outliers, too few to train on."""

MIN_FOLD = 2.0
"""Smallest ratio of the mean read counts of active and poised windows."""

_CHANCE = 3.0


@dataclass(frozen=True)
class Clustering:
    """Clustering of the windows of one element by one library of nascent RNA.

    reads : the library: nascent, sense or antisense
    windows : number of all windows, of any split
    poised, active : number of windows in the two clusters
    poised_mean, active_mean : their mean read counts (before any transform)
    boundary : windows with more reads than this are active
    """

    element: str
    reads: str
    windows: int
    poised: int
    active: int
    poised_mean: float
    active_mean: float
    boundary: float


@dataclass(frozen=True)
class Agreement:
    """The windows of one element, by agreement between all libraries of nascent RNA."""

    element: str
    windows: int
    poised: int
    active: int
    disagree: int


@dataclass(frozen=True)
class StateCounts:
    """A row of `<sample>.states.tsv`: a Clustering, or an Agreement with reads "all"."""

    element: str
    reads: str
    windows: int
    poised: int
    active: int
    disagree: int | None
    poised_mean: Digits6 | None
    active_mean: Digits6 | None
    boundary: Digits6 | None


def window_counts(counts: Counts, windows: pd.DataFrame, geometry: Geometry) -> np.ndarray:
    """Reads in each window, the sum over its bins: int64, shape (windows,)."""
    totals = np.zeros(len(windows), dtype=np.int64)
    for chrom, rows in windows.groupby("chrom").indices.items():
        up_to = np.concatenate([[0], np.cumsum(counts.load(str(chrom)), dtype=np.int64)])
        first = windows["start"].to_numpy()[rows] // geometry.bin_size
        totals[rows] = up_to[first + geometry.window_bins] - up_to[first]
    return totals


def two_means(values: np.ndarray) -> float:
    """Exact 2-means clustering of numbers: the start of the upper cluster.

    The clusters are contiguous in sorted order, so the best of all cuts between different values is
    the one with the smallest sum of squared distances to the two means. Unlike Lloyd's algorithm
    from a random start, this is the optimum, and deterministic.

    Returns
    -------
    The smallest value of the upper cluster; of ties, the lowest. NaN if all values are equal.
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    ordered_from_mean = ordered - ordered.mean() if len(ordered) else ordered
    sums = np.cumsum(ordered_from_mean)
    lower = np.arange(1, len(ordered))
    # The sum of squares within clusters is smallest where that between them is largest: with an
    # overall mean of 0, it is S^2/k + S^2/(n - k) for the sum S of the lower k values.
    between = sums[:-1] ** 2 * (1 / lower + 1 / (len(ordered) - lower))
    cuts = np.flatnonzero(np.diff(ordered) > 0)
    if not len(cuts):
        return float("nan")
    return float(ordered[cuts[np.argmax(between[cuts])] + 1])


def cluster_windows(
    counts: np.ndarray, trained: np.ndarray, element: str, reads: str, transform: NascentTransform
) -> tuple[np.ndarray, Clustering]:
    """Divide windows into poised and active by 2-means of their counts, or of log2(count + 1).

    Parameters
    ----------
    counts : int64, shape (windows,)
    trained : bool, shape (windows,): the windows that are clustered. The others join the cluster
        whose mean is nearer.

    Raises InputError, with the numbers, if the clusters are not meaningful:
    - no window has a read, or all have the same number;
    - a cluster has fewer than MIN_CLUSTER windows;
    - active windows have less than MIN_FOLD times the mean count of poised ones;
    - counts vary no more than expected by chance: their variance is at most
      1 + 3 sqrt(2 / (n - 1)) times their mean, the upper limit (3 standard errors) of the index of
      dispersion of a Poisson distribution.

    Returns
    -------
    is_active : bool, shape (windows,)
    """
    all_counts, counts = counts, counts[trained]
    what = f"{len(counts)} {element} windows to train on, {reads} reads"
    if not len(counts) or not counts.any():
        raise InputError(
            f"Active and poised cannot be distinguished ({what}): none of them has a read. Is the "
            "nascent RNA of this cell type and assembly? Do reads pass --min_mapq?"
        )
    values = np.log2(counts + 1.0) if transform == "log2" else counts.astype(np.float64)
    first_active = two_means(values)
    if np.isnan(first_active):
        raise InputError(
            f"Active and poised cannot be distinguished ({what}): every window has {counts[0]}."
        )
    is_active = values >= first_active
    poised, active = counts[~is_active], counts[is_active]
    numbers = (
        f"{len(poised)} poised windows have {poised.mean():.4g} reads on average, "
        f"{len(active)} active ones {active.mean():.4g}"
    )
    advice = (
        " A few very strong windows can cause this: try --nascent_transform log2."
        if transform == "none" and len(active) < len(poised)
        else ""
    )
    if min(len(poised), len(active)) < MIN_CLUSTER:
        raise InputError(
            f"Active and poised cannot be distinguished ({what}): {numbers}, and each state needs "
            f"at least {MIN_CLUSTER} windows.{advice}"
        )
    if active.mean() < MIN_FOLD * poised.mean():
        raise InputError(
            f"Active and poised cannot be distinguished ({what}): {numbers}, less than "
            f"{MIN_FOLD:g} times as many. The reads look like background."
        )
    dispersion = counts.var(ddof=1) / counts.mean()
    by_chance = 1 + _CHANCE * np.sqrt(2 / (len(counts) - 1))
    if dispersion <= by_chance:
        raise InputError(
            f"Active and poised cannot be distinguished ({what}): {numbers}, but counts vary no "
            f"more than by chance (variance / mean is {dispersion:.3g}; chance explains up to "
            f"{by_chance:.3g}). There are too few reads, or they are background."
        )
    between = (values[is_active].mean() + values[~is_active].mean()) / 2
    boundary = float(np.exp2(between) - 1 if transform == "log2" else between)
    # A value at the very middle belongs to the cluster that 2-means gave it.
    boundary = min(max(boundary, float(poised.max())), np.nextafter(float(active.min()), 0))
    is_active = all_counts > boundary
    return is_active, Clustering(
        element=element,
        reads=reads,
        windows=len(all_counts),
        poised=int((~is_active).sum()),
        active=int(is_active.sum()),
        poised_mean=float(all_counts[~is_active].mean()),
        active_mean=float(all_counts[is_active].mean()),
        boundary=boundary,
    )


@dataclass(frozen=True)
class States:
    """Candidates with the classes of a 5-class run, and the clusterings behind them.

    candidates : the region table; elements have a state and the corresponding class, or are
        UNLABELLED
    """

    candidates: pd.DataFrame
    clusterings: tuple[Clustering, ...]
    agreements: tuple[Agreement, ...]


def add_states(
    candidates: pd.DataFrame,
    nascent: Mapping[str, Counts],
    geometry: Geometry,
    transform: NascentTransform,
) -> States:
    """Assign a state to every promoter and enhancer; other candidates are unchanged.

    Elements whose strands disagree become UNLABELLED.

    Parameters
    ----------
    candidates : region table of `define_candidates`; before a random split, the clusters are those
        of all windows
    nascent : counts by name: {"nascent": ...}, or {"sense": ..., "antisense": ...}

    Raises
    ------
    InputError
        As `cluster_windows`, for all elements and libraries at once; or if the strands agree on
        too few windows.
    """
    candidates = candidates.reset_index(drop=True)
    element = candidates["class"].to_numpy(dtype=object)
    trained = candidates["split"].isin(["train", "."]).to_numpy()
    state = np.full(len(candidates), ".", dtype=object)
    clusterings: list[Clustering] = []
    agreements: list[Agreement] = []
    problems: list[str] = []
    for name in ("promoter", "enhancer"):
        rows = np.flatnonzero(element == name)
        votes = []
        for reads, counts in nascent.items():
            in_windows = window_counts(counts, candidates.iloc[rows], geometry)
            try:
                is_active, clustering = cluster_windows(
                    in_windows, trained[rows], name, reads, transform
                )
            except InputError as error:
                problems.append(str(error))
                continue
            votes.append(is_active)
            clusterings.append(clustering)
            log.info(
                "%s, %s reads: %d poised (mean %.4g), %d active (mean %.4g)",
                *(name, reads, clustering.poised, clustering.poised_mean),
                *(clustering.active, clustering.active_mean),
            )
        if len(votes) < len(nascent):
            continue
        active, poised = np.all(votes, axis=0), ~np.any(votes, axis=0)
        state[rows] = np.where(active, "active", np.where(poised, "poised", ""))
        agreement = Agreement(
            name, len(rows), int(poised.sum()), int(active.sum()), int((~active & ~poised).sum())
        )
        agreements.append(agreement)
        if min(agreement.poised, agreement.active) < MIN_CLUSTER:
            problems.append(
                f"The strands agree on too few of {len(rows)} {name} windows: {agreement.poised} "
                f"are poised and {agreement.active} active on both, {agreement.disagree} differ, "
                f"and each state needs at least {MIN_CLUSTER}. Are both strands of one experiment?"
            )
    if problems:
        raise InputError.of(problems)
    names = {(member.element, member.state): member.name for member in class_set(5)}
    unclear = state == ""
    element[unclear], state[unclear] = UNLABELLED, "."
    labelled = candidates.copy()
    labelled["class"] = [names.get(pair, pair[0]) for pair in zip(element, state, strict=True)]
    labelled["state"] = state.astype(str)
    labelled.loc[unclear, "split"] = "."
    return States(labelled, tuple(clusterings), tuple(agreements))


def write_summary(path: Path, states: States) -> None:
    """Write a table: a row for each clustering, and one (reads "all") for the agreement."""
    rows = []
    for agreement in states.agreements:
        rows += [
            StateCounts(
                *(one.element, one.reads, one.windows, one.poised, one.active),
                disagree=None,
                poised_mean=one.poised_mean,
                active_mean=one.active_mean,
                boundary=one.boundary,
            )
            for one in states.clusterings
            if one.element == agreement.element
        ]
        counts = (agreement.windows, agreement.poised, agreement.active, agreement.disagree)
        rows.append(StateCounts(agreement.element, "all", *counts, None, None, None))
    write_rows(path, StateCounts, rows)
