#!/usr/bin/env python3
"""Score the models of a run on sites tested in experiments: functional.py RESULTS DATA (see run).

DATA/functional_hg19 has sites of K562 that activated transcription, or did not, in STARR-seq, in
two MPRAs and in a CRISPRi screen. The score of a model is 1 - the background probability of the
window around the site; that of a peak list is the highest signal of a peak within 500 bp. AUROC is
the probability that an activating site has a higher score than a neutral one, on the test
chromosomes. Brackets hold 95 % intervals of the block bootstrap.

The reads are simulated from these very peak lists: the table shows what a model makes of them, not
what it would make of real reads.
"""

import sys
from pathlib import Path

import click
import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bin"))
from deepregfinder.command_line import plain_errors
from deepregfinder.errors import InputError
from deepregfinder.evaluation.metrics import (
    Blocks,
    bootstrap_weights,
    measure,
    one_hot_membership,
    tally,
    with_interval,
)
from deepregfinder.genome.bedtools import overlapping_pairs
from deepregfinder.genome.intervals import read_intervals
from deepregfinder.models.bundle import read_bundle
from deepregfinder.prediction.scan import ScanOptions
from deepregfinder.prediction.scorers import load_scorer
from deepregfinder.prediction.user_regions import score_regions_with
from deepregfinder.signal.store import open_signal
from deepregfinder.simulation.encode import find_lists

LINE, WITHIN = "K562", 500
DATA_SETS = {
    "STARR-seq": "starr-k562-white",
    "MPRA, Ernst": "mpra-k562-ernst",
    "MPRA, Kheradpour": "mpra-k562-kheradpour_pval",
    "CRISPRi, Fulco": "crispr-k562-fulco",
}
LISTS = {"DNase": "DNase", "H3K27ac": "H3K27ac", "H3K4me1": "H3K4me1", "P300": "p300"}


def read_sites(folder: Path) -> pd.DataFrame:
    """The sites of all data sets: chrom, start, end, data_set and activating (bool)."""
    tables = [
        pd.read_csv(folder / f"{stem}.tsv.gz", sep="\t").assign(data_set=name)
        for name, stem in DATA_SETS.items()
    ]
    sites = pd.concat(tables, ignore_index=True)
    return sites.assign(activating=sites["values"] == "activating")


def peak_scores(sites: pd.DataFrame, peaks: pd.DataFrame) -> np.ndarray:
    """The highest signal of a peak within 500 bp of each site, 0 without one: float64, (sites,)."""
    around = sites.assign(start=(sites["start"] - WITHIN).clip(lower=0), end=sites["end"] + WITHIN)
    site, peak = overlapping_pairs(around, peaks)
    highest = np.zeros(len(sites))
    np.maximum.at(highest, site, peaks["signal"].to_numpy()[peak])
    return highest


def areas(
    scores: np.ndarray, activating: np.ndarray, block: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """AUROC of each scorer for each weighting of the blocks: float64, shape (weightings, scorers).

    scores : shape (scorers, sites); activating : bool, shape (sites,); block : int, shape (sites,)
    weights : shape (weightings, blocks)
    """
    _, is_activating = one_hot_membership(activating, 2)
    membership = np.tile(is_activating, (len(scores), 1))
    unknown = np.full(len(block), -1)
    tallies = tally(scores, unknown, membership, block, weights.shape[1])
    return measure(tallies, weights).per_class["auroc"]


@click.command()
@click.argument("results", type=click.Path(path_type=Path, exists=True))
@click.argument("data", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--bootstrap", type=click.IntRange(min=1), default=1000, show_default=True, envvar="BOOTSTRAP"
)
@click.option("--seed", type=int, default=1, show_default=True, help="Of the bootstrap.")
def functional(results: Path, data: Path, bootstrap: int, seed: int) -> None:
    """Print AUROC of models and of peak lists, as a Markdown table."""
    with plain_errors():
        folders = [path.parent for path in sorted(results.glob(f"models/{LINE}/*/model.json"))]
        if not folders:
            raise InputError(f"{results} has no models of {LINE}.")
        bundles = [read_bundle(folder) for folder in folders]
        signal = open_signal(results / f"tensors/{LINE}.signal.zip")
        chroms = bundles[0].split.chromosomes.select(signal.chrom_sizes, "test")
        sites = read_sites(data / "functional_hg19")
        sites = sites[sites["chrom"].isin(chroms)].reset_index(drop=True)
        scanning = ScanOptions(step=signal.bin_size, quantile_map=False)
        scores = {
            bundle.model: 1
            - score_regions_with(load_scorer(bundle), sites, signal, scanning).probabilities[:, 0]
            for bundle in bundles
        }
        for file in find_lists(data / "encode_hg19", LINE):
            if file.name in LISTS:
                peaks = read_intervals(file.path, "peaks")
                scores[f"{LISTS[file.name]} peaks"] = peak_scores(sites, peaks)
        blocks = Blocks.over({chrom: signal.chrom_sizes[chrom] for chrom in chroms})
        block = (sites["chrom"].map(blocks.first) + sites["start"] // blocks.size).to_numpy()
        drawn = bootstrap_weights(len(blocks), bootstrap, seed)
        weights = np.vstack([np.ones(len(blocks)), drawn])

    cells: dict[str, list[str]] = {name: [] for name in scores}
    heads = []
    for data_set, rows in sites.groupby("data_set", sort=False).indices.items():
        activating = sites["activating"].to_numpy()[rows]
        heads.append(f"{data_set} ({activating.sum()} of {len(rows)} activating)")
        table = areas(np.stack(list(scores.values()))[:, rows], activating, block[rows], weights)
        for name, values in zip(scores, table.T, strict=True):
            value, low, high = with_interval(values)
            cells[name].append(f"{value:.3f} ({low:.3f} to {high:.3f})")
    print(f"AUROC of activating sites of {LINE} on {', '.join(chroms)}; simulated reads\n")
    print(f"| scored by | {' | '.join(heads)} |\n|{' --- |' * (len(heads) + 1)}")
    for name, row in cells.items():
        print(f"| {name} | {' | '.join(row)} |")


if __name__ == "__main__":
    functional()
