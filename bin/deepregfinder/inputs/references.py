"""Files of a genome that the run reads late: do they belong to the assembly of the reads?

Each check gives the problems of a file as sentences, for `inputs.check`, which reports those of all
files at once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from deepregfinder.errors import InputError
from deepregfinder.genome.assembly import (
    few,
    other_lengths,
    prefix_mismatch,
    renaming_command,
)
from deepregfinder.genome.fasta import fasta_sizes
from deepregfinder.genome.grid import read_chrom_sizes

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
