"""Files of calls for other programs: BED4 for GREAT, sequences for motif tools."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pysam

from deepregfinder.errors import InputError
from deepregfinder.storage.atomic import written_whole

WIDTH = 500
"""Length of a sequence around a summit, in bp."""


def named(annotated: pd.DataFrame) -> pd.DataFrame:
    """The calls with a unique `id`: the class and the rank by score."""
    ranked = annotated.sort_values("score", ascending=False, kind="stable")
    number = ranked.groupby("class").cumcount() + 1
    return ranked.assign(id=ranked["class"] + "_" + number.astype(str)).sort_index()


def write_bed4(path: Path, calls: pd.DataFrame) -> None:
    """Write chrom, start, end and a unique name, the input of GREAT."""
    with written_whole(path) as part:
        calls[["chrom", "start", "end", "id"]].to_csv(part, sep="\t", index=False, header=False)


def write_sequences(path: Path, fasta: Path, calls: pd.DataFrame, top: int) -> int:
    """Write WIDTH bp around the summits of the `top` best calls as FASTA; returns their number.

    Sequences are trimmed at the ends of chromosomes. Raises InputError if the genome lacks a
    chromosome of the calls, or one of its chromosomes ends before a call.
    """
    best = calls.sort_values("score", ascending=False, kind="stable").head(top)
    try:
        genome = pysam.FastaFile(str(fasta))
    except (OSError, ValueError) as error:
        raise InputError(
            f"--fasta {fasta} cannot be read ({error}): expected a genome, plain or bgzipped."
        ) from None
    with genome, written_whole(path) as part, part.open("w") as out:
        sizes = dict(zip(genome.references, genome.lengths, strict=True))
        _check(fasta, best, sizes)
        for row in best.to_dict("records"):
            start = max(row["summit"] - WIDTH // 2, 0)
            end = min(row["summit"] + WIDTH // 2, sizes[row["chrom"]])
            sequence = genome.fetch(row["chrom"], start, end)
            out.write(f">{row['id']} {row['chrom']}:{start}-{end} score={row['score']}\n")
            out.write(f"{sequence}\n")
    return len(best)


def _check(fasta: Path, calls: pd.DataFrame, sizes: dict[str, int]) -> None:
    ends: pd.Series = calls.groupby("chrom")["end"].max()
    bad: Sequence[str] = [c for c, end in ends.items() if sizes.get(str(c), -1) < end]  # type: ignore[misc]
    if bad:
        raise InputError(
            f"--fasta {fasta} has no {bad[0]}, or a shorter one than the reads were aligned to: "
            "give the genome of the BAM files."
        )
