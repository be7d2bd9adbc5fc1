"""Lift intervals from another assembly to that of the run, with a UCSC chain file (pyliftover).

The first, middle and last base of an interval are lifted. The interval is kept if each of the three
maps to exactly one position, all on one chromosome and strand and in order, and the length becomes
neither less than half nor more than double. Gaps elsewhere in the interval are allowed. All other
intervals are excluded and counted by reason. If the chain is on the other strand, start and end are
exchanged.
"""

import io
import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from pyliftover import LiftOver

from deepregfinder.errors import InputError
from deepregfinder.genome.assembly import assembly_name, few
from deepregfinder.storage.text import read_text

log = logging.getLogger(__name__)

LIFTED, UNMAPPED, AMBIGUOUS, BROKEN, RESIZED = (
    *("lifted", "unmapped", "ambiguous", "broken", "resized"),
)
REASONS = {
    UNMAPPED: "an end or the middle is in no chain",
    AMBIGUOUS: "an end or the middle is in several chains",
    BROKEN: "ends and middle map to different chromosomes or strands, or change their order",
    RESIZED: "the length becomes less than half or more than double",
}
SHRINKS_TO, GROWS_TO = 0.5, 2.0


def read_chain(path: Path, target_sizes: Mapping[str, int]) -> LiftOver:
    """Read a chain file, plain or gzipped, whatever its name.

    target_sizes : chromosome -> length (bp) of the assembly of the run

    Raises InputError if the file is damaged, not a chain file, or for another assembly.
    """
    lift = open_chain(path)
    if problem := other_target(path, lift, target_sizes):
        raise InputError(problem)
    return lift


def open_chain(path: Path) -> LiftOver:
    """Read a chain file to any assembly; raises InputError if it is damaged or not a chain file."""
    path = Path(path)
    text = read_text(path, "a UCSC chain file")
    try:
        lift = LiftOver(io.BytesIO(text.encode()))
    except Exception:  # pyliftover raises any exception, and Exception itself
        raise _damaged(path) from None
    if not lift.chain_file.chains:
        raise InputError(f"{path} is not a chain file: no line begins with `chain`.")
    return lift


def other_target(path: Path, lift: LiftOver, target_sizes: Mapping[str, int]) -> str | None:
    """Why a chain file does not lift to the assembly of the run (bp); None if it does."""
    targets = {chain.target_name: chain.target_size for chain in lift.chain_file.chains}
    known = [chrom for chrom in target_sizes if chrom in targets]
    other = [chrom for chrom in known if targets[chrom] != target_sizes[chrom]]
    if known and not other:
        return None
    sources = source_sizes(lift)
    shared = [chrom for chrom in target_sizes if chrom in sources]
    if shared and all(sources[chrom] == target_sizes[chrom] for chrom in shared):
        chrom = shared[0]
        return (
            f"{path} lifts from the assembly of the run ({chrom} has "
            f"{_length(chrom, target_sizes)}), not to it: give the chain file of the other "
            "direction."
        )
    if not known:
        return (
            f"{path} lifts to chromosomes named like {few(targets, 3)}, but those of the run are "
            f"named like {few(target_sizes, 3)}: give the chain file to the assembly of the run."
        )
    chrom = other[0]
    return (
        f"{path} lifts to an assembly in which {chrom} has {_length(chrom, targets)}, but the run "
        f"has {_length(chrom, target_sizes)}: give the chain file to its assembly."
    )


def source_sizes(lift: LiftOver) -> dict[str, int]:
    """Chromosome -> length (bp) of the assembly that a chain file lifts from."""
    return {chain.source_name: chain.source_size for chain in lift.chain_file.chains}


def lift_intervals(
    intervals: pd.DataFrame, lift: LiftOver, source: str
) -> tuple[pd.DataFrame, np.ndarray]:
    """Lift intervals (chrom, start, end) by the rules above.

    source : the file that they come from, for messages

    Returns
    -------
    lifted : the rows that were lifted, in their order, with their other columns and index
    status : LIFTED or one of REASONS for each interval

    Raises InputError if the chain is not for the assembly of the intervals.
    """
    if problem := other_source(intervals, lift, source):
        raise InputError(problem)
    lifted, status = lifted_only(intervals, lift)
    log.info("%s: %d of %d intervals were lifted", source, len(lifted), len(status))
    for reason, explanation in REASONS.items():
        if count := int((status == reason).sum()):
            log.warning("%s: %d of %d not lifted: %s", source, count, len(status), explanation)
    return lifted, status


def lifted_only(intervals: pd.DataFrame, lift: LiftOver) -> tuple[pd.DataFrame, np.ndarray]:
    """What `lift_intervals` gives, without its checks and messages."""
    places = [
        _lift_one(lift, chrom, start, end)
        for chrom, start, end in zip(
            intervals["chrom"], intervals["start"].tolist(), intervals["end"].tolist(), strict=True
        )
    ]
    status = np.array([reason for reason, *_ in places], dtype=object)
    kept = np.flatnonzero(status == LIFTED)
    lifted = intervals.iloc[kept].assign(
        chrom=[places[row][1] for row in kept],
        start=np.array([places[row][2] for row in kept], np.int64),
        end=np.array([places[row][3] for row in kept], np.int64),
    )
    return lifted, status


def _lift_one(lift: LiftOver, chrom: str, start: int, end: int) -> tuple[str, str, int, int]:
    lifted = [
        lift.convert_coordinate(chrom, position) or []
        for position in (start, (start + end - 1) // 2, end - 1)
    ]
    if not all(lifted):
        return UNMAPPED, "", 0, 0
    if any(len(places) > 1 for places in lifted):
        return AMBIGUOUS, "", 0, 0
    (target, first, strand, _), (chrom_2, middle, strand_2, _), (chrom_3, last, strand_3, _) = (
        places[0] for places in lifted
    )
    if strand == "-":
        first, last = last, first
    if not (target == chrom_2 == chrom_3 and strand == strand_2 == strand_3):
        return BROKEN, "", 0, 0
    if not first <= middle <= last:
        return BROKEN, "", 0, 0
    length = last + 1 - first
    if not SHRINKS_TO <= length / (end - start) <= GROWS_TO:
        return RESIZED, "", 0, 0
    return LIFTED, target, first, last + 1


def other_source(intervals: pd.DataFrame, lift: LiftOver, source: str) -> str | None:
    """Why a chain file does not lift from the assembly of intervals; None if it may."""
    sizes = source_sizes(lift)
    if intervals.empty:
        return None
    if not intervals["chrom"].isin(list(sizes)).any():
        return (
            f"{source} has chromosomes named like {few(intervals['chrom'].unique(), 3)}, but its "
            f"chain file lifts from {few(sizes, 3)}: give the chain file from the assembly of the "
            "list."
        )
    for chrom, end in intervals.groupby("chrom")["end"].max().items():
        if end > sizes.get(str(chrom), end):
            return (
                f"{source} has an interval that ends at {chrom}:{end:,}, but its chain file lifts "
                f"from an assembly in which {chrom} has {_length(str(chrom), sizes)}: give the "
                "chain file from the assembly of the list."
            )
    return None


def _length(chrom: str, sizes: Mapping[str, int]) -> str:
    name = assembly_name(chrom, sizes[chrom])
    return f"{sizes[chrom]:,} bp" + (f" ({name})" if name else "")


def _damaged(path: Path) -> InputError:
    return InputError(f"{path} is damaged or not a UCSC chain file: copy it again.")
