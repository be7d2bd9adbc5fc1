"""Files of calls for other programs: BED4 for GREAT, sequences for motif tools."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from deepregfinder.errors import InputError
from deepregfinder.genome.fasta import fasta_sequences
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


def write_sequences(
    paths: Mapping[str, Path], fasta: Path, calls: pd.DataFrame, top: int
) -> dict[str, int]:
    """Write WIDTH bp around the summits of the `top` best calls of each class as FASTA.

    paths : class -> its file. Sequences are trimmed at the ends of chromosomes.

    Returns the number of sequences of each class. Raises InputError if the genome cannot be read,
    or lacks a chromosome of the calls, or one of its chromosomes ends before a call.
    """
    ranked = calls.sort_values("score", ascending=False, kind="stable")
    best = {name: ranked[ranked["class"] == name].head(top) for name in paths}
    sequences = _around_summits(fasta, pd.concat(list(best.values())))
    for name, path in paths.items():
        with written_whole(path) as part, part.open("w") as out:
            for row in best[name].to_dict("records"):
                start, bases = sequences[row["id"]]
                place = f"{row['chrom']}:{start}-{start + len(bases)}"
                out.write(f">{row['id']} {place} score={row['score']}\n{bases}\n")
    return {name: len(table) for name, table in best.items()}


def _around_summits(fasta: Path, calls: pd.DataFrame) -> dict[str, tuple[int, str]]:
    """`id` of each call -> start and bases of the sequence around its summit."""
    of_chrom = {str(chrom): table for chrom, table in calls.groupby("chrom")}
    found: dict[str, tuple[int, str]] = {}
    for chrom, bases in fasta_sequences(fasta, of_chrom.keys()):
        table = of_chrom.pop(chrom)
        if table["end"].max() > len(bases):
            raise _of_another_genome(fasta, chrom)
        for id_, summit in zip(table["id"], table["summit"].tolist(), strict=True):
            start = max(summit - WIDTH // 2, 0)
            found[id_] = start, bases[start : summit + WIDTH // 2].decode("latin-1")
    if of_chrom:
        raise _of_another_genome(fasta, next(iter(of_chrom)))
    return found


def _of_another_genome(fasta: Path, chrom: str) -> InputError:
    return InputError(
        f"--fasta {fasta} has no {chrom}, or a shorter one than the reads were aligned to: "
        "give the genome of the BAM files."
    )
