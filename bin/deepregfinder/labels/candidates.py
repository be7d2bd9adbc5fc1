"""Candidates for labelled windows, from peak lists, and their files.

A region file is BED-like, without a header: chrom, start, end, class, state, split. In a file of
candidates, class is the element (promoter, enhancer, background) and state is ".";
`assign_states` and `build_tensors` replace it by the class of the run. split is "." before a random
split. Candidates of class UNLABELLED may be elements, but no rule says which: `build_tensors` turns
them into places that are neither elements nor background.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from deepregfinder.classes import class_set
from deepregfinder.errors import InputError
from deepregfinder.genome.grid import Geometry
from deepregfinder.genome.splits import MIN_WINDOWS, SPLITS, SplitPlan
from deepregfinder.labels.background import background
from deepregfinder.labels.elements import enhancers, midpoints, promoters
from deepregfinder.labels.rules import (
    Drop,
    Evidence,
    RegionRules,
    Sieve,
    are_inside,
    windows_around,
)
from deepregfinder.storage.atomic import written_whole

log = logging.getLogger(__name__)

COLUMNS = ("chrom", "start", "end", "class", "state", "split")
UNLABELLED = "unlabelled"


@dataclass(frozen=True)
class Candidates:
    """Windows before the selection by signal, and the numbers dropped by each rule.

    windows : table with COLUMNS; promoters and enhancers sorted, then background in drawing order
    drops : by element, in the order of the rules
    """

    windows: pd.DataFrame
    drops: tuple[Drop, ...]


def define_candidates(
    evidence: Evidence,
    rules: RegionRules,
    geometry: Geometry,
    chrom_sizes: Mapping[str, int],
    plan: SplitPlan,
    seed: int,
) -> Candidates:
    """Define promoters and enhancers and draw background, as in the paper.

    Parameters
    ----------
    chrom_sizes : the main chromosomes, in the order of the run
    seed : of the random choice of background

    Returns
    -------
    Candidates for any number of classes: promoters become background only in `build_tensors`.
    """
    if evidence.dhs is None:
        log.warning(
            "no list of DHSs is given: promoters and enhancers are defined without open chromatin, "
            "by peaks of H3K4me3 and H3K27ac where there are any, and background may include it."
        )
    if not evidence.promoter_marks:
        log.warning("no H3K4me3 peaks are given: enhancers may include unannotated promoters.")
    tables, drops = [], []
    for define in (promoters, enhancers):
        sieve = define(evidence, rules, geometry, chrom_sizes)
        _set_splits(sieve, plan)
        tables.append(sieve.intervals.assign(**{"class": sieve.element}))
        around = windows_around(sieve.unlabelled["chrom"], midpoints(sieve.unlabelled), geometry)
        inside = around[are_inside(around, chrom_sizes)]
        tables.append(inside.assign(**{"class": UNLABELLED, "split": "."}))
        drops.extend(sieve.drops)
        log.info("%ss: %d windows", sieve.element, len(sieve.intervals))
    elements = sort_regions(pd.concat(tables, ignore_index=True).assign(state="."))
    background_windows, background_drops = background(
        evidence, rules, geometry, chrom_sizes, plan, seed
    )
    log.info(
        "background: %d windows drawn of %d",
        len(background_windows),
        background_drops[-1].dropped + len(background_windows),
    )
    background_windows = background_windows.assign(**{"class": "background", "state": "."})
    windows = pd.concat([elements, background_windows], ignore_index=True)[list(COLUMNS)]
    return Candidates(windows, (*drops, *background_drops))


def _set_splits(sieve: Sieve, plan: SplitPlan) -> None:
    splits = [plan.of(chrom) or "" for chrom in sieve.intervals["chrom"]]
    sieve.intervals = sieve.intervals.assign(split=pd.Series(splits, dtype=str))
    if plan.mode == "chromosome":
        sieve.drop("on a chromosome of no split", sieve.intervals["split"] == "")


def check_enough(candidates: Candidates, n_classes: int, plan: SplitPlan) -> None:
    """Raise InputError if an element of the run has too few windows in a split.

    The message gives the number dropped by each rule, and the rule that dropped most.
    """
    problems = []
    for element in dict.fromkeys(member.element for member in class_set(n_classes)):
        windows = candidates.windows[candidates.windows["class"] == element]
        if plan.mode == "random":
            needed = {"all splits together": -(-MIN_WINDOWS["train"] * 10 // 6)}
            available = {"all splits together": len(windows)}
        else:
            needed = dict(MIN_WINDOWS)
            available = {split: int((windows["split"] == split).sum()) for split in SPLITS}
        short = [name for name, least in needed.items() if available[name] < least]
        if short:
            listed = ", ".join(
                f"{available[name]} in {name} ({needed[name]} needed)" for name in short
            )
            rows = [drop for drop in candidates.drops if drop.element == element]
            problems.append(f"Too few {element} windows: {listed}. {explain_drops(rows)}")
    if problems:
        raise InputError.of(problems)


def explain_drops(rows: Sequence[Drop]) -> str:
    """Sentences with the number dropped by each rule, and the rule to check first."""
    given, *rest = rows
    steps = [f"{row.rule}: {row.dropped}" for row in rest if row.dropped]
    if not steps:
        return f"There were {given.left} {given.rule}, and no rule dropped any."
    worst = max(rest, key=lambda row: row.dropped / max(row.dropped + row.left, 1))
    return (
        f"Of {given.left} {given.rule}, these were dropped: {'; '.join(steps)}. Check the rule "
        f"'{worst.rule}' first: it dropped {worst.dropped} of {worst.dropped + worst.left}."
    )


def sort_regions(regions: pd.DataFrame) -> pd.DataFrame:
    """Sort as `LC_ALL=C sort -k1,1 -k2,2n` does."""
    return regions.sort_values(
        [name for name in COLUMNS if name in regions], kind="stable", ignore_index=True
    )


def write_regions(path: Path, regions: pd.DataFrame) -> None:
    """Write a region file in the order of the table."""
    with written_whole(path) as part:
        regions.to_csv(
            part, sep="\t", header=False, index=False, columns=list(COLUMNS), lineterminator="\n"
        )


def read_regions(path: Path) -> pd.DataFrame:
    """Read a region file, in its order: COLUMNS, start and end int64, the others str.

    Raises InputError for any other file.
    """
    types = {name: np.int64 if name in ("start", "end") else str for name in COLUMNS}
    if not Path(path).stat().st_size:
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in types.items()})
    try:
        return pd.read_csv(
            path,
            sep="\t",
            header=None,
            names=list(COLUMNS),
            dtype=types,
            keep_default_na=False,
            index_col=False,
        )
    except ValueError as error:
        raise InputError(
            f"{path} is not a file of regions (chrom, start, end, class, state, split): {error}."
        ) from error
