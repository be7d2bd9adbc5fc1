#!/usr/bin/env python3
"""Promoters that the list of TSSs lacks: hidden_tss.py thin TSS OUTPUT, hidden_tss.py score ...

`thin` leaves out every third site of a list (TSSs up to 500 bp apart are one site). A run with that
list labels, trains and calls without it. `score` asks how many of the promoters that are labelled
with the whole list, at a hidden site, are called (a promoter call within 500 bp), beside those at
sites that the run knew. See run beside it.
"""

import sys
from pathlib import Path

import click
import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bin"))
from deepregfinder.evaluation.natural_prevalence import credit
from deepregfinder.genome.bedtools import near
from deepregfinder.genome.intervals import read_intervals
from deepregfinder.labels.candidates import read_regions

MERGE = 500
FOUND_WITHIN = 500


def sites(tss: pd.DataFrame) -> np.ndarray:
    """The number of the site of each TSS, int64: those up to MERGE bp apart share one."""
    order = tss.sort_values(["chrom", "start"])
    apart = (order["start"].diff() > MERGE) | (order["chrom"] != order["chrom"].shift())
    numbers: np.ndarray = apart.cumsum().reindex(tss.index).to_numpy(np.int64)
    return numbers


@click.group()
def hidden_tss() -> None:
    """Hide a third of the TSSs, and score a run that did not know them."""


@hidden_tss.command()
@click.argument("tss", type=click.Path(path_type=Path, exists=True))
@click.argument("output", type=click.Path(path_type=Path))
def thin(tss: Path, output: Path) -> None:
    """Write the list without every third site."""
    table = read_intervals(tss)
    kept = table[sites(table) % 3 != 0]
    kept[["chrom", "start", "end", "name"]].to_csv(output, sep="\t", index=False, header=False)


@hidden_tss.command()
@click.argument("whole", type=click.Path(path_type=Path, exists=True))
@click.argument("results", type=click.Path(path_type=Path, exists=True))
@click.argument("thinned", type=click.Path(path_type=Path, exists=True))
@click.argument("line")
@click.option("--chroms", default="chr19,chr22", help="Test chromosomes.")
def score(whole: Path, results: Path, thinned: Path, line: str, chroms: str) -> None:
    """Print recall at hidden and at known sites. WHOLE: a run with all TSSs; RESULTS: without."""
    windows = promoters(read_regions(whole / f"regions/{line}/regions.bed"), "class", chroms)
    known = near(windows, read_intervals(thinned), FOUND_WITHIN)
    middle = ((windows["start"] + windows["end"]) // 2).to_numpy(np.int64)
    row("model", "hidden promoters", "called", "recall", "known promoters", "recall", "calls")
    row(*["---"] * 7)
    for bed in sorted(results.glob(f"calls/{line}/{line}.*.bed")):
        calls = promoters(read_intervals(bed), "name", chroms)
        called = np.zeros(len(windows), bool)
        for chrom, rows in windows.groupby("chrom").indices.items():
            there = calls[calls["chrom"] == chrom].sort_values("start")
            start, end = (there[side].to_numpy(np.int64) for side in ("start", "end"))
            called[rows] = credit(start, end, np.zeros(len(start)), middle[rows]) >= 0
        of_hidden, of_known = called[~known], called[known]
        row(
            bed.name.split(".")[1], len(of_hidden), of_hidden.sum(), f"{of_hidden.mean():.3f}",
            len(of_known), f"{of_known.mean():.3f}", len(calls),
        )  # fmt: skip


def promoters(table: pd.DataFrame, column: str, chroms: str) -> pd.DataFrame:
    """Rows of promoter classes on some chromosomes."""
    on_chroms = table["chrom"].isin(chroms.split(","))
    return table[on_chroms & table[column].str.contains("promoter")]


def row(*cells: object) -> None:
    print("| " + " | ".join(map(str, cells)) + " |")


if __name__ == "__main__":
    hidden_tss()
