"""Reads sampled from a landscape, with duplicates, multi-mapping reads and low qualities."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from deepregfinder.simulation import bam
from deepregfinder.simulation.bam import Reads
from deepregfinder.simulation.landscape import REPEAT_BLOCK, STEP, Ground

_ODD_PAIRS = 0.01


@dataclass(frozen=True)
class Library:
    """The parameters of a library.

    depth : number of mapped fragments over all chromosomes
    fragment, fragment_sd : mean and standard deviation of fragment lengths in bp
    duplicates : share of fragments that are PCR copies of another
    unmapped : unmapped reads (or pairs) for each mapped fragment
    """

    depth: int
    read_length: int
    paired: bool = False
    fragment: float = 200
    fragment_sd: float = 35
    duplicates: float = 0.08
    unmapped: float = 0.02


def share_out(depth: int, masses: Sequence[float], rng: np.random.Generator) -> np.ndarray:
    """Number of fragments of each chromosome, in proportion to the sums of their rates: int64."""
    total = np.asarray(masses, dtype=np.float64)
    return rng.multinomial(depth, total / total.sum())


def draw_positions(rate: np.ndarray, number: int, rng: np.random.Generator) -> np.ndarray:
    """Positions drawn in proportion to `rate`: int64, shape (number,), sorted by step.

    Sums of exponential gaps are uniform order statistics (Devroye 1986, V.3.1): no sort is needed.
    """
    if number == 0:
        return np.zeros(0, dtype=np.int64)
    cumulated = np.cumsum(rate, dtype=np.float64)
    gaps = np.cumsum(rng.exponential(size=number + 1))
    step = np.searchsorted(cumulated, gaps[:-1] * (cumulated[-1] / gaps[-1]), side="right")
    step = np.minimum(step, np.flatnonzero(rate)[-1])
    positions: np.ndarray = step * STEP + rng.integers(0, STEP, size=number)
    return positions


def chip_reads(
    rate: np.ndarray,
    number: int,
    library: Library,
    ground: Ground,
    first_name: int,
    rng: np.random.Generator,
) -> Reads:
    """Single reads from either end of `number` fragments, or both mates, sorted by position.

    rate : of fragment midpoints, shape (steps,)
    """
    copies = round(number * library.duplicates) if number > 1 else 0
    middle = draw_positions(rate, number - copies, rng)
    length = np.clip(
        rng.normal(library.fragment, library.fragment_sd, size=len(middle)),
        library.read_length,
        None,
    ).astype(np.int64)
    length = np.minimum(length, ground.length)
    start = np.clip(middle - length // 2, 0, ground.length - length)
    forward = rng.random(len(middle)) < 0.5
    mapq, hits = mapping_quality(start, ground, rng)
    origin = np.concatenate(
        [np.arange(len(middle)), rng.integers(0, max(len(middle), 1), size=copies)]
    )
    copied = np.arange(number) >= len(middle)
    start, length, forward = start[origin], length[origin], forward[origin]
    mapq, hits = mapq[origin], hits[origin]
    names = first_name + np.arange(number)
    right = start + length - library.read_length
    flags = np.where(copied, bam.DUPLICATE, 0)
    if not library.paired:
        position = np.where(forward, start, right)
        flags = flags | np.where(forward, 0, bam.REVERSE)
        no_mate = np.full(number, -1), np.zeros(number, dtype=np.int64)
        return _sorted(position, flags, mapq, hits, *no_mate, names)
    proper = rng.random(number) >= _ODD_PAIRS
    shared = flags | bam.PAIRED | np.where(proper, bam.PROPER, 0)
    left_flags = shared | bam.MATE_REVERSE | np.where(forward, bam.FIRST, bam.SECOND)
    right_flags = shared | bam.REVERSE | np.where(forward, bam.SECOND, bam.FIRST)
    # The mate of an improper pair is far away on the same chromosome.
    far = rng.integers(0, max(ground.length - library.read_length, 1), size=number)
    right = np.where(proper, right, np.maximum(far, start))
    span = right + library.read_length - start
    return _sorted(
        np.concatenate([start, right]),
        np.concatenate([left_flags, right_flags]),
        np.concatenate([mapq, mapq]),
        np.concatenate([hits, hits]),
        np.concatenate([right, start]),
        np.concatenate([span, -span]),
        np.concatenate([names, names]),
    )


def nascent_reads(
    rate: np.ndarray,
    number: int,
    library: Library,
    ground: Ground,
    reverse: bool,
    first_name: int,
    rng: np.random.Generator,
) -> Reads:
    """Single reads of one strand with 5' ends sampled from `rate`, sorted by position."""
    end5 = draw_positions(rate, number, rng)
    position = end5 - library.read_length + 1 if reverse else end5
    position = np.clip(position, 0, ground.length - library.read_length)
    mapq, hits = mapping_quality(position, ground, rng)
    flags = np.full(number, bam.REVERSE if reverse else 0)
    no_mate = np.full(number, -1), np.zeros(number, dtype=np.int64)
    return _sorted(position, flags, mapq, hits, *no_mate, first_name + np.arange(number))


def merged(parts: Sequence[Reads]) -> Reads:
    """Merge several sets of reads of one chromosome, sorted by position."""
    columns = zip(*(_columns(part) for part in parts), strict=True)
    return _sorted(*(np.concatenate(column) for column in columns))


def unmapped_reads(number: int, library: Library, first_name: int) -> Reads:
    """Unmapped reads (or pairs), for the end of the file."""
    mates = 2 if library.paired else 1
    flags = np.full(number * mates, bam.UNMAPPED)
    if library.paired:
        flags |= bam.PAIRED | bam.MATE_UNMAPPED
        flags |= np.tile([bam.FIRST, bam.SECOND], number)
    zero, nowhere = np.zeros(len(flags), dtype=np.int64), np.full(len(flags), -1)
    names = first_name + np.arange(number).repeat(mates)
    return _sorted(nowhere, flags, zero, zero, nowhere, zero, names)


def mapping_quality(
    position: np.ndarray, ground: Ground, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Mapping qualities and numbers of places found (NH), worse in repeats."""
    repeat = ground.repeats[np.clip(position // REPEAT_BLOCK, 0, len(ground.repeats) - 1)]
    chance = rng.random(len(position))
    several = chance < np.where(repeat, 0.45, 0.005)
    poor = ~several & (chance < np.where(repeat, 0.70, 0.025))
    mapq = np.where(rng.random(len(position)) < 0.9, 42, rng.integers(23, 42, size=len(position)))
    mapq[poor] = rng.integers(3, 20, size=int(poor.sum()))
    mapq[several] = rng.integers(0, 2, size=int(several.sum()))
    hits = np.ones(len(position), dtype=np.int64)
    hits[several] = rng.integers(2, 11, size=int(several.sum()))
    return mapq, hits


def _columns(reads: Reads) -> tuple[np.ndarray, ...]:
    return (
        reads.position,
        reads.flag,
        reads.mapq,
        reads.hits,
        reads.mate_position,
        reads.template_length,
        reads.name,
    )


def _sorted(
    position: np.ndarray,
    flag: np.ndarray,
    mapq: np.ndarray,
    hits: np.ndarray,
    mate_position: np.ndarray,
    template_length: np.ndarray,
    name: np.ndarray,
) -> Reads:
    order = np.argsort(position, kind="stable")
    return Reads(
        position[order].astype(np.int32),
        flag[order].astype(np.uint16),
        mapq[order].astype(np.uint8),
        hits[order].astype(np.uint8),
        mate_position[order].astype(np.int32),
        template_length[order].astype(np.int32),
        name[order].astype(np.uint32),
    )
