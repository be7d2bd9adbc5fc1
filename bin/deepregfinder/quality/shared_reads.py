"""Libraries with the same reads: one file is a copy of the other, or was made from it.

Reads are compared by their 5' ends, in the sample that is taken of every file (counting/read_ends).
These stay the same whatever a copy is called and however it was compressed, sorted, renamed or
tagged; a file that was thinned, filtered or merged shares all reads of the smaller one.

Each end (a position and strand) counts once. Of n ends of the smaller sample, m are ends of the
other one as well. By chance, that would be about c, the mean number of matches if one sample is
moved by 2 to 5 bp. The share of its reads in the other file is (m - c) / (n - c).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deepregfinder.counting.read_ends import READS, ReadEnds
from deepregfinder.counting.store import CONTROL, Library
from deepregfinder.quality.tables import Doubt
from deepregfinder.storage.zarr_zip import open_arrays, read_array, write_arrays

FORMAT = "ends"
STRANDS = ("forward", "reverse")

SHARED = 0.5
"""Independent libraries share less: at most 0.004 in real ChIP-seq, 0.11 in GRO-seq, and 0.3 where
an enzyme prefers some positions and peaks are deep (docs/methods.md)."""
_FEWEST_ENDS = 50
_MOVES = (-5, -4, -3, -2, 2, 3, 4, 5)
_CROWDED = 0.9  # share of ends that match by chance: too many to see others


@dataclass(frozen=True)
class SampledEnds:
    """The ends of a library.

    strands : forward and reverse; int32, sorted, each position once
    """

    library: Library
    chrom: str
    strands: tuple[np.ndarray, ...]


def write_ends(path: Path, library: Library, ends: ReadEnds) -> None:
    """Write the ends of a library: those of the first READS reads along the chromosome."""
    both = np.concatenate([ends.forward, ends.reverse])
    last = np.partition(both, READS)[READS] if len(both) > READS else np.inf
    arrays = (
        (name, np.unique(positions[positions < last]).astype(np.int32))
        for name, positions in zip(STRANDS, (ends.forward, ends.reverse), strict=True)
    )
    write_arrays(path, arrays, {"format": FORMAT, **vars(library), "chrom": ends.chrom})


def open_ends(path: Path) -> SampledEnds:
    """Read a file of `write_ends`; raises InputError for any other file."""
    group = open_arrays(path, FORMAT)
    library = Library(*(str(group.attrs[key]) for key in ("id", "sample", "mark", "replicate")))
    strands = tuple(read_array(group, name) for name in STRANDS)
    return SampledEnds(library, str(group.attrs["chrom"]), strands)


def shared_fraction(one: SampledEnds, other: SampledEnds, at_least: float = 0) -> float | None:
    """Share of the reads of the smaller sample that are in the other one, where both have reads.

    None for samples of different chromosomes, of few ends, or with ends almost everywhere, and if
    it is below `at_least`.
    """
    if one.chrom != other.chrom or not all(map(_number, (one.strands, other.strands))):
        return None
    spans = [
        (min(part[0] for part in ends if len(part)), max(part[-1] for part in ends if len(part)))
        for ends in (one.strands, other.strands)
    ]
    low, high = max(span[0] for span in spans), min(span[1] for span in spans)
    a, b = (_within(ends, low, high) for ends in (one.strands, other.strands))
    if _number(b) < _number(a):
        a, b = b, a
    number = _number(a)
    if number < _FEWEST_ENDS:
        return None
    matches = _matches(a, b, 0)
    if matches < at_least * number:  # chance only lowers the share
        return None
    chance = float(np.mean([_matches(a, b, move) for move in _MOVES]))
    share = (matches - chance) / (number - chance) if chance < _CROWDED * number else None
    return share if share is not None and share >= at_least else None


def _number(strands: Sequence[np.ndarray]) -> int:
    return sum(map(len, strands))


def _within(strands: Sequence[np.ndarray], low: int, high: int) -> list[np.ndarray]:
    return [
        ends[np.searchsorted(ends, low) : np.searchsorted(ends, high, side="right")]
        for ends in strands
    ]


def _matches(a: Sequence[np.ndarray], b: Sequence[np.ndarray], move: int) -> int:
    """Ends of `a` that are ends of `b` if they are moved by so many bp."""
    total = 0
    for ends, others in zip(a, b, strict=True):
        if len(ends) and len(others):
            at = np.minimum(np.searchsorted(others, ends + move), len(others) - 1)
            total += int(np.count_nonzero(others[at] == ends + move))
    return total


def same_reads(samples: Sequence[SampledEnds]) -> Iterator[Doubt]:
    """A warning for each library with the reads of one before it, in the order of ids.

    Two controls may be the same file: samples and marks often share one input.
    """
    ordered = sorted(samples, key=lambda sample: sample.library.id)
    for place, one in enumerate(ordered):
        shares = [
            (share, other.library.id)
            for other in ordered[:place]
            if not one.library.sample == other.library.sample == CONTROL
            and (share := shared_fraction(one, other, SHARED)) is not None
        ]
        if shares:
            share, other_id = max(shares)
            yield Doubt(
                "copies",
                (other_id, one.library.id),
                f"{share:.0%} of the reads of {other_id} and {one.library.id} are the same, by "
                "position and strand: one file is a copy of the other, or was made from it. Give "
                "each row of the samplesheet the reads of its own experiment.",
            )
