#!/usr/bin/env python3
"""Print what a list of TSSs adds after the prediction: tss_list.py RESULTS LINE TSS (see run).

Promoters are labelled on TSSs of the list and enhancers away from them, so whoever has the list can
drop promoters away from a TSS and enhancers near one. The table gives every model that list, and
has a row for the list alone, without any read: the promoter probability of a window falls with the
distance to the nearest TSS. Brackets hold 95 % intervals of the paired block bootstrap.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bin"))
from deepregfinder.classes import class_named
from deepregfinder.evaluation.metrics import (
    Blocks,
    Bootstrap,
    block_weights,
    interval,
    measure,
)
from deepregfinder.evaluation.natural_prevalence import tally_genome
from deepregfinder.evaluation.ranking import rank_calls, ranked_average_precision
from deepregfinder.genome.grid import bare_name
from deepregfinder.labels.ground_truth import (
    POSITIVE_WITHIN,
    Elements,
    distance_to_nearest,
    labelled_elements,
)
from deepregfinder.labels.tensors import open_tensors
from deepregfinder.models.tss_input import read_tss
from deepregfinder.prediction.probabilities import Probabilities, as_stored, open_probabilities

ENHANCERS_BEYOND = 2000
"""`--tss_distance`, bp."""

LIST_ALONE = "TSS list alone, no reads"


@dataclass(frozen=True)
class WithList(Probabilities):
    """A scan whose windows have no promoter away from the TSSs, and no enhancer near them.

    tss : as of `read_tss`; alone : whether the list is all there is
    """

    tss: Mapping[str, np.ndarray]
    alone: bool = False

    def load(self, chrom: str) -> np.ndarray:
        track = super().load(chrom)
        sites = self.tss.get(bare_name(chrom), np.empty(0, np.int64))
        distance = distance_to_nearest(sites, self.centres(track.shape[1]))
        for index, name in enumerate(self.classes[1:], 1):
            is_promoter = class_named(name).element == "promoter"
            if self.alone:
                track[index] = as_stored(1 / (2 + distance / 100)) if is_promoter else 0
            allowed = distance <= POSITIVE_WITHIN if is_promoter else distance > ENHANCERS_BEYOND
            track[index, ~allowed] = 0
        return track


def average_precisions(
    scan: Probabilities, elements: Elements, blocks: Blocks, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """On every window and of ranked calls: float64 (weightings, classes - 1) each."""
    tallies, _ = tally_genome(scan, elements, blocks, with_members=False)
    windows = measure(tallies, weights).per_class["average_precision"][:, 1:]
    ranked = rank_calls(scan, elements, blocks)
    calls = [ranked_average_precision(of_class, weights) for of_class in ranked]
    return windows, np.stack(calls, axis=1)


def cells(values: np.ndarray, ours: np.ndarray | None) -> list[str]:
    """The estimate, and how far ours is ahead of it."""
    if ours is None:
        return [f"{values[0]:.3f}", ""]
    lead = ours - values
    low, high = interval(lead[1:]) or (np.nan, np.nan)
    return [f"{values[0]:.3f}", f"{lead[0]:+.3f} ({low:.3f} to {high:.3f})"]


def row(*texts: str) -> None:
    print(f"| {' | '.join(texts)} |")


@click.command()
@click.argument("results", type=click.Path(path_type=Path, exists=True))
@click.argument("line")
@click.argument("tss", type=click.Path(path_type=Path, exists=True))
@click.option("--chroms", default="chr19,chr22", help="Test chromosomes.")
@click.option("--ours", default="drf", help="The model that others are compared with.")
def tss_list(results: Path, line: str, tss: Path, chroms: str, ours: str) -> None:
    """Print one table for a sample of a run that kept tensors and probabilities."""
    windows = open_tensors(results / f"tensors/{line}.tensors.safetensors")
    names = chroms.split(",")
    elements = labelled_elements(windows, names)
    blocks = Blocks.over({chrom: windows.chrom_sizes[chrom] for chrom in names})
    drawn = block_weights(blocks, Bootstrap(200, 1))
    weights = np.vstack([np.ones((1, len(blocks))), *([] if drawn is None else [drawn])])
    files: dict[str, list[Path]] = {}
    for path in sorted(results.glob(f"tensors/{line}.*.probabilities.zip")):
        files.setdefault(path.name.split(".")[1], []).append(path)
    own = {model: open_probabilities(paths) for model, paths in files.items()}
    scans = {
        model: WithList(**vars(scan), tss=read_tss(tss))
        for model, scan in own.items()
        if scan.trained_on == line
    }
    scans[LIST_ALONE] = replace(scans[ours], alone=True)
    measured = {
        model: average_precisions(scan, elements, blocks, weights) for model, scan in scans.items()
    }
    classes: Sequence[str] = windows.classes[1:]
    lead = f"{ours} - model"
    row(
        "model, with the TSS list", "every window", lead, "ranked calls", lead,
        *(f"{name} AP, every window" for name in classes),
    )  # fmt: skip
    row(*["---"] * (5 + len(classes)))
    for model in sorted(measured, key=lambda name: -measured[name][0][0].mean()):
        texts = [model]
        for of_model, of_ours in zip(measured[model], measured[ours], strict=True):
            first = None if model == ours else of_ours.mean(axis=1)
            texts += cells(of_model.mean(axis=1), first)
        row(*texts, *(f"{value:.3f}" for value in measured[model][0][0]))


if __name__ == "__main__":
    tss_list()
