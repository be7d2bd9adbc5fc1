"""Active and poised: two clusters of elements by their nascent RNA.

Promoters and enhancers are clustered apart: transcripts of enhancers are rarer than those of
genes by orders of magnitude, and together nearly every enhancer would be called poised. With
strand-specific reads, each strand is clustered by itself, and an element whose strands disagree
is dropped.
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
from deepregfinder.storage.tables import Digits6, write_rows

log = logging.getLogger(__name__)

NascentTransform = Literal["none", "log2"]

MIN_CLUSTER = MIN_WINDOWS["train"]
"""A cluster of fewer windows is taken for outliers: no class could be trained on it."""

MIN_FOLD = 2.0
"""Active windows must hold on average so many times the reads of poised ones."""

_CHANCE = 3.0


@dataclass(frozen=True)
class Clustering:
    """How one list of nascent reads divides the windows of one element.

    reads : name of the list: nascent, sense or antisense
    poised, active : windows of the two clusters
    poised_mean, active_mean : their mean read counts (as counted, whatever the transform)
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
    """What is left of the windows of one element when all its lists of reads are asked."""

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
    """The exact 2-means clustering of numbers: where the upper cluster begins.

    Sorted, both clusters are contiguous; of all places to cut between different values, take the
    one with the smallest sum of squared distances to the two means. Unlike Lloyd's iterations
    from a random start it is the optimum, and always the same.

    Returns
    -------
    The smallest value of the upper cluster; of several optima, the lowest. NaN if all are equal.
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    ordered_from_mean = ordered - ordered.mean() if len(ordered) else ordered
    sums = np.cumsum(ordered_from_mean)
    lower = np.arange(1, len(ordered))
    # The sum of squares within falls as that between the means rises: with the overall mean at 0,
    # that is S^2/k + S^2/(n - k) for the sum S of the lower k.
    between = sums[:-1] ** 2 * (1 / lower + 1 / (len(ordered) - lower))
    cuts = np.flatnonzero(np.diff(ordered) > 0)
    if not len(cuts):
        return float("nan")
    return float(ordered[cuts[np.argmax(between[cuts])] + 1])


def cluster_windows(
    counts: np.ndarray, element: str, reads: str, transform: NascentTransform
) -> tuple[np.ndarray, Clustering]:
    """Divide windows in poised and active by 2-means on their counts, or on log2(count + 1).

    Raises InputError, with the numbers, where that means nothing:
    - no window has a read, or all have the same number;
    - a cluster has fewer than MIN_CLUSTER windows;
    - active windows have less than MIN_FOLD times the mean count of poised ones;
    - counts vary as little as chance alone makes them: their variance is at most
      1 + 3 sqrt(2 / (n - 1)) times their mean, the upper limit (3 standard errors) of Poisson's
      index of dispersion.

    Returns
    -------
    is_active : bool, shape (windows,)
    """
    what = f"{len(counts)} {element} windows, {reads} reads"
    if not len(counts) or not counts.any():
        raise InputError(
            f"Active and poised cannot be told apart ({what}): no read lies in any of them. Is the "
            "nascent RNA of this cell type and assembly? Do reads pass --min_mapq?"
        )
    values = np.log2(counts + 1.0) if transform == "log2" else counts.astype(np.float64)
    first_active = two_means(values)
    if np.isnan(first_active):
        raise InputError(
            f"Active and poised cannot be told apart ({what}): every window holds {counts[0]}."
        )
    is_active = values >= first_active
    clustering = Clustering(
        element=element,
        reads=reads,
        windows=len(counts),
        poised=int((~is_active).sum()),
        active=int(is_active.sum()),
        poised_mean=float(counts[~is_active].mean()),
        active_mean=float(counts[is_active].mean()),
        boundary=float(counts[~is_active].max()),
    )
    numbers = (
        f"{clustering.poised} poised windows hold {clustering.poised_mean:.4g} reads on average, "
        f"{clustering.active} active ones {clustering.active_mean:.4g}"
    )
    advice = (
        " A few very strong windows do that: try --nascent_transform log2."
        if transform == "none" and clustering.active < clustering.poised
        else ""
    )
    if min(clustering.poised, clustering.active) < MIN_CLUSTER:
        raise InputError(
            f"Active and poised cannot be told apart ({what}): {numbers}, and each state needs at "
            f"least {MIN_CLUSTER} windows.{advice}"
        )
    if clustering.active_mean < MIN_FOLD * clustering.poised_mean:
        raise InputError(
            f"Active and poised do not separate ({what}): {numbers}, less than {MIN_FOLD:g} times "
            "as many. The reads look like background."
        )
    dispersion = counts.var(ddof=1) / counts.mean()
    by_chance = 1 + _CHANCE * np.sqrt(2 / (len(counts) - 1))
    if dispersion <= by_chance:
        raise InputError(
            f"Active and poised do not separate ({what}): {numbers}, but chance alone makes counts "
            f"so different (variance / mean is {dispersion:.3g}; up to {by_chance:.3g} is chance). "
            "There are too few reads, or they are background."
        )
    return is_active, clustering


@dataclass(frozen=True)
class States:
    """Candidates with the classes of a 5-class run, and how they came about.

    candidates : the region table; elements have a state and the class that goes with it
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
    """Give every promoter and enhancer a state; background passes as it is.

    Parameters
    ----------
    candidates : region table of `define_candidates`
    nascent : counts by name: {"nascent": ...}, or {"sense": ..., "antisense": ...}

    Raises
    ------
    InputError as `cluster_windows`, for everything at once; and where strands agree on too few
    windows.
    """
    candidates = candidates.reset_index(drop=True)
    element = candidates["class"].to_numpy(dtype=object)
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
                is_active, clustering = cluster_windows(in_windows, name, reads, transform)
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
    kept = state != ""
    labelled = candidates.copy()
    labelled["class"] = [names.get(pair, pair[0]) for pair in zip(element, state, strict=True)]
    labelled["state"] = state.astype(str)
    labelled = labelled[kept].reset_index(drop=True)
    return States(labelled, tuple(clusterings), tuple(agreements))


def write_summary(path: Path, states: States) -> None:
    """Write a table: a row for each clustering, and one (reads "all") for what is left together."""
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
