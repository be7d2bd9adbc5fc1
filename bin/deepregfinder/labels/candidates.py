"""Labelled windows: from peak lists to candidates, and the files that hold them.

A region file is BED-like and without a header: chrom, start, end, class, state, split. In
candidates, class is the element (promoter, enhancer, background) and state is ".";
`assign_states` and `build_tensors` put the class of the run there. split is "." as long as chance
has not decided it.
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
from deepregfinder.labels.elements import enhancers, promoters
from deepregfinder.labels.rules import Drop, Evidence, RegionRules, Sieve
from deepregfinder.storage.atomic import written_whole

log = logging.getLogger(__name__)

COLUMNS = ("chrom", "start", "end", "class", "state", "split")


@dataclass(frozen=True)
class Candidates:
    """Windows before the choice by signal, and what each rule dropped.

    windows : table with COLUMNS; promoters and enhancers sorted, then background in drawing order
    drops : element by element, in the order of the rules
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
    """Find promoters and enhancers and draw background (blueprint, section 3, after the paper).

    Parameters
    ----------
    chrom_sizes : the main chromosomes, in the order of the run
    seed : of the choice of background

    Returns
    -------
    Candidates for any number of classes: promoters become background only in `build_tensors`.
    """
    if evidence.dhs is None:
        log.warning(
            "no list of DHSs is given: promoters and enhancers need no open chromatin, "
            "and background may hold it."
        )
    if not evidence.promoter_marks:
        log.warning("no H3K4me3 peaks are given: enhancers may be unknown promoters.")
    tables, drops = [], []
    for find in (promoters, enhancers):
        sieve = find(evidence, rules, geometry, chrom_sizes)
        _set_splits(sieve, plan)
        tables.append(sieve.intervals.assign(**{"class": sieve.element}))
        drops.extend(sieve.drops)
        log.info("%ss: %d windows", sieve.element, len(sieve.intervals))
    elements = sort_regions(pd.concat(tables, ignore_index=True).assign(state="."))
    far, far_drops = background(evidence, rules, geometry, chrom_sizes, plan, seed)
    log.info("background: %d windows drawn of %d", len(far), far_drops[-1].dropped + len(far))
    far = far.assign(**{"class": "background", "state": "."})
    windows = pd.concat([elements, far], ignore_index=True)[list(COLUMNS)]
    return Candidates(windows, (*drops, *far_drops))


def _set_splits(sieve: Sieve, plan: SplitPlan) -> None:
    splits = [plan.of(chrom) or "" for chrom in sieve.intervals["chrom"]]
    sieve.intervals = sieve.intervals.assign(split=pd.Series(splits, dtype=str))
    if plan.mode == "chromosome":
        sieve.drop("on a chromosome of no split", sieve.intervals["split"] == "")


def check_enough(candidates: Candidates, n_classes: int, plan: SplitPlan) -> None:
    """Raise InputError where an element of the run has too few windows in a split.

    It tells how many each rule dropped, and which rule dropped most.
    """
    problems = []
    for element in dict.fromkeys(member.element for member in class_set(n_classes)):
        windows = candidates.windows[candidates.windows["class"] == element]
        if plan.mode == "random":
            needed = {"all splits together": -(-MIN_WINDOWS["train"] * 10 // 6)}
            found = {"all splits together": len(windows)}
        else:
            needed = dict(MIN_WINDOWS)
            found = {split: int((windows["split"] == split).sum()) for split in SPLITS}
        short = [name for name, least in needed.items() if found[name] < least]
        if short:
            listed = ", ".join(f"{found[name]} in {name} ({needed[name]} needed)" for name in short)
            rows = [drop for drop in candidates.drops if drop.element == element]
            problems.append(f"Too few {element} windows: {listed}. {blame(rows)}")
    if problems:
        raise InputError.of(problems)


def blame(rows: Sequence[Drop]) -> str:
    """A sentence that says what each rule dropped, and one that names the rule to look at."""
    given, *rest = rows
    steps = [f"{row.rule}: {row.dropped}" for row in rest if row.dropped]
    if not steps:
        return f"There were {given.left} {given.rule}, and no rule dropped any."
    worst = max(rest, key=lambda row: row.dropped / max(row.dropped + row.left, 1))
    return (
        f"Of {given.left} {given.rule} were dropped: {'; '.join(steps)}. Look first at the rule "
        f"'{worst.rule}': it dropped {worst.dropped} of the {worst.dropped + worst.left} that came "
        "to it."
    )


def sort_regions(regions: pd.DataFrame) -> pd.DataFrame:
    """Sort as `LC_ALL=C sort -k1,1 -k2,2n` sorts a region file."""
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

    Raises InputError where it has another form.
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
            f"{path} is no file of regions (chrom, start, end, class, state, split): {error}."
        ) from error
