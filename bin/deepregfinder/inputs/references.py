"""Files of a genome that the run reads late: do they belong to the assembly of the reads?

Each check gives the problems of a file as sentences, for `inputs.check`, which reports those of all
files at once.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from deepregfinder.errors import InputError
from deepregfinder.genome.assembly import (
    few,
    misplaced,
    other_lengths,
    prefix_mismatch,
    renaming_command,
)
from deepregfinder.genome.fasta import fasta_sizes
from deepregfinder.genome.grid import read_chrom_sizes
from deepregfinder.genome.liftover import lifted_only, open_chain, other_source, other_target

LIFTED_AT_MOST = 10_000
"""Intervals of a list that are lifted to see whether any can be."""

READS = "the BAM files or chromosome sizes"


@dataclass(frozen=True)
class GenomeSequence:
    """The genome in FASTA, its index (.fai), or both.

    The index alone is given where the sequence would have to be fetched from another machine.
    """

    path: Path | None
    index: Path | None

    def sizes(self) -> dict[str, int]:
        """Lengths (bp) of its sequences; raises InputError if they cannot be read."""
        if self.path is None:
            assert self.index is not None
            return read_chrom_sizes(self.index)
        return fasta_sizes(self.path, self.index)


def unfit_sequence(genome: GenomeSequence, expected: Mapping[str, int]) -> Iterator[str]:
    """Why a sequence is not that of the reads; expected : main chromosomes, may be empty."""
    source = f"{genome.path or genome.index} (--fasta)"
    try:
        sizes = genome.sizes()
    except InputError as error:
        yield from error.problems
        return
    missing = [chrom for chrom in expected if chrom not in sizes]
    pair = prefix_mismatch(sizes, missing) if missing else None
    if pair:
        yield (
            f"{source}: sequences are named like {pair[0]!r}, but chromosomes like {pair[1]!r} in "
            f"{READS}. Rename the sequences: `{renaming_command(*pair, '>')}`."
        )
    if other := other_lengths(sizes, expected, READS):
        yield f"{source}: {other}. Give the genome that the reads were aligned to."
    if missing and not pair:
        yield (
            f"{source} lacks {few(missing)}, which {READS} have; its sequences are {few(sizes)}. "
            "Give the genome that the reads were aligned to, or leave these chromosomes out with "
            "--chromosomes."
        )


@dataclass(frozen=True)
class ExternalList:
    """Intervals that others made, on the assembly of the reads or, with a chain file, on another.

    option : the parameter that names it, for messages
    read : gives its intervals (chrom, start, end) and problems of their content, or raises
        InputError
    chain : from their assembly to that of the reads
    """

    path: Path
    option: str
    read: Callable[[], tuple[pd.DataFrame, list[str]]]
    chain: Path | None = None


def unfit_external(external: ExternalList, expected: Mapping[str, int]) -> Iterator[str]:
    """Why a list or its chain file cannot be used; expected : main chromosomes, may be empty."""
    source = f"{external.path} ({external.option})"
    intervals = lift = None
    try:
        intervals, problems = external.read()
        yield from problems
    except InputError as error:
        yield from error.problems
    if external.chain is not None:
        try:
            lift = open_chain(external.chain)
        except InputError as error:
            yield from error.problems
            return
        problem = other_target(external.chain, lift, expected) if expected else None
        if problem:
            yield problem
            return
    if intervals is None or not expected:
        return
    if lift is not None:
        if problem := other_source(intervals, lift, source):
            yield problem
            return
        every = -(-len(intervals) // LIFTED_AT_MOST) or 1
        intervals, _ = lifted_only(intervals[::every], lift)
    if problem := misplaced(intervals, expected, source):
        yield problem
