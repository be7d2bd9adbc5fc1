"""From candidates to labelled windows: selection by signal, classes, splits and statistics."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

from deepregfinder.classes import class_named, class_set
from deepregfinder.errors import InputError
from deepregfinder.genome.grid import Geometry
from deepregfinder.genome.splits import (
    MIN_WINDOWS,
    SPLITS,
    SplitPlan,
    overlap_groups,
    quotas,
    random_splits,
)
from deepregfinder.labels.candidates import UNLABELLED, sort_regions
from deepregfinder.labels.sources import LabelSource
from deepregfinder.labels.tensors import Tensors
from deepregfinder.signal.scale import Normalisation, mark_quantiles, mark_statistics
from deepregfinder.signal.store import Signal
from deepregfinder.storage.tables import write_rows

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Selection:
    """Numbers of candidates of one class, dropped and kept: a row of `<sample>.regions.tsv`.

    dropped_min_nonzero : candidates with fewer than min_nonzero non-zero entries
    not_needed : background beyond n_background
    train, validation, test : windows kept
    """

    class_: str
    candidates: int
    dropped_min_nonzero: int
    not_needed: int
    train: int
    validation: int
    test: int

    @property
    def windows(self) -> dict[str, int]:
        """Number of windows kept in each split."""
        return {split: getattr(self, split) for split in SPLITS}


@dataclass(frozen=True)
class LabelledWindows:
    """The tensors, the region table with the same rows, and the numbers dropped and kept."""

    tensors: Tensors
    regions: pd.DataFrame
    selections: tuple[Selection, ...]


@dataclass(frozen=True)
class WindowRules:
    """How candidates are selected, and how their signal is normalised.

    n_classes : of the run: 2, 3 or 5
    window_bins : bins of a window
    min_nonzero : smallest number of non-zero entries (of marks x bins) of a window
    n_background : number of drawn background windows to keep, a third for each split; promoters,
        which are background in a 2-class run, are not counted
    transform : applied to the signal before mean and standard deviation are computed
    """

    n_classes: int
    window_bins: int
    min_nonzero: int
    n_background: int
    transform: str


def choose_windows(
    signal: Signal,
    candidates: pd.DataFrame,
    rules: WindowRules,
    plan: SplitPlan,
    seed: int,
    sources: Sequence[LabelSource] = (),
) -> LabelledWindows:
    """Select windows by their signal, divide them into splits and compute the normalisation.

    Parameters
    ----------
    candidates : region table of `define_candidates` or `assign_states`; background in drawing order
    seed : of a random split
    sources : what the labels are made of, to be recorded

    Raises
    ------
    InputError
        Candidates do not fit the signal or the number of classes; or a class has too few windows.
    """
    geometry = Geometry(signal.bin_size, rules.window_bins)
    _check_candidates(signal, candidates, geometry)
    is_unlabelled = candidates["class"] == UNLABELLED
    unlabelled = candidates[is_unlabelled]
    candidates = candidates[~is_unlabelled].reset_index(drop=True)
    y = class_indices(candidates, rules.n_classes)
    x, rich = gather(signal, candidates, rules.window_bins, rules.min_nonzero)
    drawn = (candidates["class"] == "background").to_numpy()
    needed = ~drawn | _first_of_each_split(rich & drawn, candidates, rules.n_background, plan)
    kept = np.flatnonzero(rich & needed)
    x_row = np.cumsum(rich) - 1

    regions = candidates.iloc[kept].reset_index(drop=True)
    classes = class_set(rules.n_classes)
    if plan.mode == "random":
        groups = overlap_groups(
            regions["chrom"].to_numpy(), regions["start"].to_numpy(), geometry.window
        )
        split = random_splits(y[kept], groups, seed)
        regions["split"] = [SPLITS[one] for one in split]
    regions["class"] = [classes[one].name for one in y[kept]]
    regions["state"] = [classes[one].state for one in y[kept]]
    regions["row"] = kept
    regions = sort_regions(regions)
    rows = regions.pop("row").to_numpy()

    selections = tuple(
        Selection(
            class_=member.name,
            candidates=int((y == index).sum()),
            dropped_min_nonzero=int(((y == index) & ~rich).sum()),
            not_needed=int(((y == index) & rich & ~needed).sum()),
            **{
                split: int(((regions["class"] == member.name) & (regions["split"] == split)).sum())
                for split in SPLITS
            },
        )
        for index, member in enumerate(classes)
    )
    _check_enough(selections, rules.min_nonzero)
    if (n_kept := int(drawn[kept].sum())) < rules.n_background:
        log.warning(
            "%d background windows are needed, but %d have enough signal: all are used.",
            rules.n_background,
            n_kept,
        )
    unlabelled = pd.concat([unlabelled, candidates[~rich & (y > 0)]])
    tensors = Tensors(
        x=x[x_row[rows]],
        y=y[rows],
        split=np.array([SPLITS.index(one) for one in regions["split"]], dtype=np.uint8),
        chrom=chrom_indices(regions["chrom"], tuple(signal.chrom_sizes)),
        start=regions["start"].to_numpy(np.int64),
        sample=signal.sample,
        classes=tuple(member.name for member in classes),
        marks=tuple(signal.marks),
        geometry=geometry,
        chrom_sizes=dict(signal.chrom_sizes),
        split_plan=plan,
        normalisation=training_normalisation(signal, plan, rules.transform),
        seed=seed,
        control=signal.control,
        filters={"min_nonzero": rules.min_nonzero, "n_background": rules.n_background},
        counting=signal.counting,
        unlabelled=places(unlabelled, signal.chrom_sizes, geometry),
        sources=tuple(sources),
    )
    return LabelledWindows(tensors, regions, selections)


def no_windows(
    signal: Signal, n_classes: int, window_bins: int, transform: str, plan: SplitPlan
) -> Tensors:
    """Tensors without a window, for models that need no labels: marks, chromosomes, statistics.

    Raises InputError if the signal has no training chromosome.
    """
    nothing = np.empty(0, np.int64)
    return Tensors(
        x=np.empty((0, len(signal.marks), window_bins), np.float32),
        y=nothing.astype(np.uint8),
        split=nothing.astype(np.uint8),
        chrom=nothing.astype(np.int16),
        start=nothing,
        sample=signal.sample,
        classes=tuple(member.name for member in class_set(n_classes)),
        marks=tuple(signal.marks),
        geometry=Geometry(signal.bin_size, window_bins),
        chrom_sizes=dict(signal.chrom_sizes),
        split_plan=plan,
        normalisation=training_normalisation(signal, plan, transform),
        seed=0,
        control=signal.control,
        filters={},
        counting=signal.counting,
    )


def training_normalisation(signal: Signal, plan: SplitPlan, transform: str) -> Normalisation:
    """Statistics of every mark over all bins of the training chromosomes.

    Raises InputError if the signal has no training chromosome.
    """
    chroms = plan.training_chroms(signal.chrom_sizes)
    if not chroms:
        raise InputError(
            "The signal has no training chromosome: see --train_chroms (the signal has "
            f"{', '.join(signal.chrom_sizes)})."
        )
    mean, sd = mark_statistics(signal, chroms, transform)
    return Normalisation(
        marks=tuple(signal.marks),
        transform=transform,
        control=signal.control,
        mean=mean,
        sd=sd,
        quantiles=mark_quantiles(signal, chroms),
    )


def places(windows: pd.DataFrame, chrom_sizes: Mapping[str, int], geometry: Geometry) -> np.ndarray:
    """Chromosome (index) and midpoint (bp) of windows, sorted, once each: int64, (places, 2)."""
    chrom = chrom_indices(windows["chrom"], tuple(chrom_sizes)).astype(np.int64)
    middle = windows["start"].to_numpy(np.int64) + geometry.window // 2
    return np.unique(np.column_stack([chrom, middle]), axis=0)


def chrom_indices(names: pd.Series, chroms: Sequence[str]) -> np.ndarray:
    """Place of each name among the chromosomes: int16, or int32 where int16 is too small."""
    places = {chrom: place for place, chrom in enumerate(chroms)}
    too_many = len(chroms) - 1 > np.iinfo(np.int16).max
    return names.map(places).to_numpy(np.int32 if too_many else np.int16)


def class_indices(candidates: pd.DataFrame, n_classes: int) -> np.ndarray:
    """Index of the class of the run for each candidate: uint8, shape (windows,).

    Raises InputError if candidates of a 5-class run have no states.
    """
    classes = class_set(n_classes)
    by_element = {(member.element, member.state): place for place, member in enumerate(classes)}
    indices = {}
    for name in candidates["class"].unique():
        candidate_class = class_named(name)
        state = candidate_class.state if n_classes == 5 else "."
        index = by_element.get((candidate_class.element, state))
        if index is None and n_classes == 5:
            raise InputError(
                f"Candidates of class {name!r} have no state, which 5 classes need: give the file "
                "of assign_states."
            )
        # Without promoters among the classes (2), a promoter is background.
        indices[name] = 0 if index is None else index
    return candidates["class"].map(indices).to_numpy(np.uint8)


def gather(
    signal: Signal, windows: pd.DataFrame, window_bins: int, min_nonzero: int
) -> tuple[np.ndarray, np.ndarray]:
    """The signal of the windows that have enough of it; reads each chromosome once.

    Returns
    -------
    x : float32, shape (rich windows, marks, bins), in the order of the table
    rich : bool, shape (windows,): at least `min_nonzero` of marks x bins are not zero
    """
    rich = np.zeros(len(windows), dtype=bool)
    rows_of, values_of = [], []
    for chrom, rows in windows.groupby("chrom").indices.items():
        values = signal.load(str(chrom))
        first = windows["start"].to_numpy()[rows] // signal.bin_size
        up_to = np.concatenate([[0], np.cumsum((values != 0).sum(axis=0, dtype=np.int64))])
        enough = up_to[first + window_bins] - up_to[first] >= min_nonzero
        rich[rows] = enough
        rows_of.append(rows[enough])
        tiled = sliding_window_view(values, window_bins, axis=1)
        values_of.append(tiled[:, first[enough]].transpose(1, 0, 2))
    x = np.empty((int(rich.sum()), len(signal.marks), window_bins), dtype=np.float32)
    place = np.cumsum(rich) - 1
    for rows, values in zip(rows_of, values_of, strict=True):
        x[place[rows]] = values
    return x, rich


def _first_of_each_split(
    available: np.ndarray, candidates: pd.DataFrame, n_needed: int, plan: SplitPlan
) -> np.ndarray:
    """The first available background windows of each split: bool, shape (windows,)."""
    needed = quotas(n_needed) if plan.mode == "chromosome" else {".": n_needed}
    chosen = np.zeros(len(candidates), dtype=bool)
    for split, n in needed.items():
        rows = np.flatnonzero(available & (candidates["split"] == split).to_numpy())
        chosen[rows[:n]] = True
    return chosen


def _check_candidates(signal: Signal, candidates: pd.DataFrame, geometry: Geometry) -> None:
    problems = []
    if unknown := sorted(set(candidates["chrom"]) - set(signal.chrom_sizes)):
        problems.append(
            f"Windows are on {', '.join(unknown)}, where sample {signal.sample} has no signal."
        )
    width = candidates["end"] - candidates["start"]
    if ((width != geometry.window) | (candidates["start"] % geometry.bin_size != 0)).any():
        problems.append(
            f"Windows are not {geometry.window} bp wide on bins of {geometry.bin_size} bp, like "
            "the signal: they were defined with another --bin_size or --window_bins."
        )
    if problems:
        raise InputError.of(problems)


def _check_enough(selections: Sequence[Selection], min_nonzero: int) -> None:
    problems = []
    for one in selections:
        if any(one.windows[split] < least for split, least in MIN_WINDOWS.items()):
            listed = ", ".join(
                f"{one.windows[split]} in {split} ({least} needed)"
                for split, least in MIN_WINDOWS.items()
            )
            problems.append(
                f"Too few windows of class {one.class_}: {listed}. Of {one.candidates} "
                f"candidates, {one.dropped_min_nonzero} were dropped by --min_nonzero "
                f"{min_nonzero} (fewer non-zero bins over all marks); the table of dropped regions "
                "has the numbers that each rule dropped before."
            )
    if problems:
        raise InputError.of(problems)


def write_summary(path: Path, selections: Sequence[Selection]) -> None:
    """Write a table with a row for each class."""
    write_rows(path, Selection, selections)
