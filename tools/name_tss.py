#!/usr/bin/env python3
"""Name the TSSs of a genome after genes: tools/name_tss.py TSS GENES > NAMED

A TSS has the name of a gene on its strand that holds it, or begins within 1 kb of it; of several,
the one whose own start is nearest. Both lists are BED files with names and strands. How
assets/genomes/hg19 and hg38 were made; `gzip -n` writes the same bytes each time.
"""

import sys
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bin"))
from deepregfinder.genome.intervals import read_intervals
from deepregfinder.storage.tables import ABSENT

BEFORE = 1000


def named(tss: pd.DataFrame, genes: pd.DataFrame) -> pd.Series:
    """The name of a gene for each TSS, or ABSENT."""
    genes = genes.assign(
        first=genes["start"].where(genes["strand"] == "+", genes["end"] - 1),
    )
    names = pd.Series(ABSENT, index=tss.index)
    by_strand = dict(tuple(genes.groupby(["chrom", "strand"])))
    for place, sites in tss.groupby(["chrom", "strand"]):
        if (here := by_strand.get(place)) is None:
            continue
        for row, at in sites["start"].items():
            holding = here[(here["start"] - BEFORE <= at) & (at < here["end"] + BEFORE)]
            if len(holding):
                names[row] = holding.loc[(holding["first"] - at).abs().idxmin(), "name"]
    return names


if __name__ == "__main__":
    tss, genes = (read_intervals(Path(path)) for path in sys.argv[1:])
    tss = tss.assign(name=named(tss, genes), score=0)
    tss[["chrom", "start", "end", "name", "score", "strand"]].to_csv(
        sys.stdout, sep="\t", header=False, index=False
    )
