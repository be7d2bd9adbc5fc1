"""Intervals of another assembly on the one of the run, by a chain file of UCSC (pyliftover).

An interval is lifted by its first base, its middle base and its last. It is kept where each of the
three goes to exactly one place, all on one chromosome and strand, the middle one between the others
on the right side, and the length does not change beyond a half or the double. (A gap elsewhere in
the interval does no harm.) Everything else is left out and counted by its reason. Where the chain
runs against the strand, start and end change sides.
"""

import gzip
import io
import logging
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from pyliftover import LiftOver

from deepregfinder.errors import InputError
from deepregfinder.genome.assembly import assembly_name, few

log = logging.getLogger(__name__)

LIFTED, UNMAPPED, AMBIGUOUS, BROKEN, RESIZED = (
    *("lifted", "unmapped", "ambiguous", "broken", "resized"),
)
REASONS = {
    UNMAPPED: "an end or the middle lies in no chain",
    AMBIGUOUS: "an end or the middle lies in several chains",
    BROKEN: "ends and middle go to different chromosomes or strands, or change their order",
    RESIZED: "the length changes beyond a half or the double",
}
SHRINKS_TO, GROWS_TO = 0.5, 2.0


def read_chain(path: Path, target_sizes: Mapping[str, int]) -> LiftOver:
    """Read a chain file, plain or gzipped, whatever its name.

    target_sizes : chromosome -> length (bp) of the assembly of the run

    Raises InputError where the file is no chain file, is damaged, or leads to another assembly.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
        lift = LiftOver(io.BytesIO(content))
    except OSError as error:
        if error.strerror:
            raise InputError(f"{path} cannot be read ({error.strerror}).") from None
        raise _damaged(path) from None
    except (EOFError, zlib.error):
        raise _damaged(path) from None
    except Exception:  # pyliftover raises whatever comes up, and Exception itself
        raise _damaged(path) from None
    targets = {chain.target_name: chain.target_size for chain in lift.chain_file.chains}
    if not targets:
        raise InputError(f"{path} is no chain file: it has no line that begins with `chain`.")
    known = [chrom for chrom in target_sizes if chrom in targets]
    if not known:
        raise InputError(
            f"{path} leads to chromosomes named like {few(targets, 3)}, but those of the run are "
            f"named like {few(target_sizes, 3)}: give the chain file to the assembly of the run."
        )
    for chrom in known:
        if targets[chrom] != target_sizes[chrom]:
            raise InputError(
                f"{path} leads to an assembly where {chrom} has {_length(chrom, targets)}, but the "
                f"run has {_length(chrom, target_sizes)}: give the chain file to its assembly."
            )
    return lift


def lift_intervals(
    intervals: pd.DataFrame, lift: LiftOver, source: str
) -> tuple[pd.DataFrame, np.ndarray]:
    """Lift intervals (chrom, start, end), as the head of this module defines it.

    source : the file that they come from, as messages name it

    Returns
    -------
    lifted : the rows that were lifted, in their order and with their other columns and index
    status : for every interval LIFTED or one of REASONS

    Raises InputError where the chain does not start from the assembly of the intervals.
    """
    sizes = {chain.source_name: chain.source_size for chain in lift.chain_file.chains}
    _check_source(intervals, sizes, source)
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
    log.info("%s: %d of %d intervals were lifted", source, len(kept), len(status))
    for reason, words in REASONS.items():
        if count := int((status == reason).sum()):
            log.warning("%s: %d of %d not lifted: %s", source, count, len(status), words)
    return lifted, status


def _lift_one(lift: LiftOver, chrom: str, start: int, end: int) -> tuple[str, str, int, int]:
    found = [
        lift.convert_coordinate(chrom, position) or []
        for position in (start, (start + end - 1) // 2, end - 1)
    ]
    if not all(found):
        return UNMAPPED, "", 0, 0
    if any(len(places) > 1 for places in found):
        return AMBIGUOUS, "", 0, 0
    (there, first, strand, _), (chrom_2, middle, strand_2, _), (chrom_3, last, strand_3, _) = (
        places[0] for places in found
    )
    if strand == "-":
        first, last = last, first
    if not (there == chrom_2 == chrom_3 and strand == strand_2 == strand_3):
        return BROKEN, "", 0, 0
    if not first <= middle <= last:
        return BROKEN, "", 0, 0
    length = last + 1 - first
    if not SHRINKS_TO <= length / (end - start) <= GROWS_TO:
        return RESIZED, "", 0, 0
    return LIFTED, there, first, last + 1


def _check_source(intervals: pd.DataFrame, sizes: Mapping[str, int], source: str) -> None:
    if intervals.empty:
        return
    if not intervals["chrom"].isin(list(sizes)).any():
        raise InputError(
            f"{source} has chromosomes named like {few(intervals['chrom'].unique(), 3)}, its chain "
            f"file starts from {few(sizes, 3)}: give the chain file from the assembly of the list."
        )
    for chrom, end in intervals.groupby("chrom")["end"].max().items():
        if end > sizes.get(str(chrom), end):
            raise InputError(
                f"{source} has an interval that ends at {chrom}:{end:,}, but its chain file starts "
                f"from an assembly where {chrom} has {_length(str(chrom), sizes)}: give the chain "
                "file from the assembly of the list."
            )


def _length(chrom: str, sizes: Mapping[str, int]) -> str:
    name = assembly_name(chrom, sizes[chrom])
    return f"{sizes[chrom]:,} bp" + (f" ({name})" if name else "")


def _damaged(path: Path) -> InputError:
    return InputError(f"{path} is damaged or no chain file of UCSC: copy it again.")
