#!/usr/bin/env python3
"""Score the models of a run on real counts: real_counts.py RESULTS DATA (see part `real` of run).

DATA/real_hg19 has counts of seven marks, DNase and input of two cell lines in bins of 200 bp, on
two stretches of 500 kb. Each model is applied to its own and to the other line, on these stretches,
twice: on the simulated reads of the run and on the real counts. The stretches are on chromosomes
that the run neither trained nor validated on.

Both kinds of reads are treated alike. Real counts have no library size, because they cover 1 Mb.
Marks of the run without real counts are left out; only portable models do without them.
For each mark, the kind with more reads on the stretches is thinned binomially to the number of the
other, and both get the same library size: that of the simulated reads, thinned likewise. The real
reads of a mark are therefore as many reads per million on the stretches as the simulated ones, and
only their places differ. Which half of a bin of 200 bp a read lies in is drawn at random, with
probability 1/2. Outside the stretches, both have the simulated reads. Average precision is the mean
over several thinnings (--thinnings).

Average precision is that of windows every 100 bp: of the promoter probability at open TSSs (RefSeq
TSSs with a DHS within 1 kb), of the enhancer probability at distal DHSs (more than 2.5 kb from any
TSS). Distances of positive and negative windows are those of labels.ground_truth. Active distal
DHSs overlap an H3K27ac peak; the other distal DHSs are then left out. Brackets hold 95 % intervals
of a bootstrap over blocks of 50 kb, which are the same for all models, lines and kinds of reads.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bin"))
from panels import write_panel

from deepregfinder.classes import ENHANCER, PROMOTER
from deepregfinder.command_line import plain_errors
from deepregfinder.errors import InputError
from deepregfinder.evaluation.metrics import bootstrap_weights, measure, tally, with_interval
from deepregfinder.genome.bedtools import near
from deepregfinder.genome.intervals import read_intervals
from deepregfinder.labels.elements import midpoints
from deepregfinder.labels.ground_truth import LEFT_OUT, POSITIVE, label_windows
from deepregfinder.models.bundle import Bundle, read_bundle
from deepregfinder.models.protocol import ChromosomeSignal
from deepregfinder.prediction.sample_signal import check_signal, rows_of, select_rows
from deepregfinder.prediction.scorers import load_scorer, probabilities_at
from deepregfinder.signal.store import Signal, mark_depths, open_signal
from deepregfinder.simulation.encode import find_lists

REAL_BIN, BLOCK = 200, 50_000
TSS_DHS, DISTAL = 1000, 2500
KINDS = ("simulated", "real")
TARGETS = {
    "open TSSs": PROMOTER.name,
    "distal DHSs": ENHANCER.name,
    "active distal DHSs": ENHANCER.name,
}
AVERAGED = 2  # The first two targets: the third is a part of the second.


@dataclass(frozen=True)
class Stretch:
    """Real counts of one stretch.

    start : bp
    counts : int64, shape (marks, bins); bins are 200 bp
    """

    chrom: str
    start: int
    counts: np.ndarray

    def bins(self, bin_size: int) -> slice:
        """The bins of `bin_size` bp of the chromosome that the stretch covers."""
        end = self.start + self.counts.shape[1] * REAL_BIN
        return slice(self.start // bin_size, end // bin_size)


@dataclass(frozen=True)
class Windows:
    """Windows of all stretches of a line, one stretch after another.

    starts : for each stretch, int64, the first bins of its windows
    membership : int8, shape (targets, windows); POSITIVE, NEGATIVE or LEFT_OUT
    block : int64, shape (windows,), from 0 to n_blocks - 1
    sites : number of positive sites of each target on the stretches
    """

    starts: tuple[np.ndarray, ...]
    membership: np.ndarray
    block: np.ndarray
    n_blocks: int
    sites: tuple[int, ...]

    @property
    def chance(self) -> np.ndarray:
        """Share of positive among all windows that count, of each target: float64, (targets,)."""
        positive, counted = self.membership == POSITIVE, self.membership != LEFT_OUT
        share: np.ndarray = positive.sum(axis=1) / counted.sum(axis=1)
        return share


Areas = dict[tuple[str, str, str, str], np.ndarray]
"""Trained on, applied to, model and kind of reads -> average precision, float64, shape
(1 + replicates, targets), the estimate first."""


def read_stretches(path: Path, marks: Sequence[str]) -> list[Stretch]:
    """The stretches of a table of counts, with the given marks."""
    table = pd.read_csv(path, sep="\t")
    if missing := [mark for mark in marks if mark not in table]:
        raise InputError(f"{path} has no counts of {', '.join(missing)}.")
    stretches = []
    for chrom, rows in table.groupby("chrom", sort=False):
        start = int(rows["start"].iloc[0])
        if not np.array_equal(rows["start"], start + REAL_BIN * np.arange(len(rows))):
            raise InputError(f"{path}: the bins of {chrom} are not consecutive.")
        stretches.append(Stretch(str(chrom), start, rows[list(marks)].to_numpy(np.int64).T))
    return stretches


def halved(counts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Reads of each bin, each of them in either half with probability 1/2.

    counts : int64, shape (marks, bins). Returns int64, shape (marks, 2 bins)
    """
    left = rng.binomial(counts, 0.5)
    return np.stack([left, counts - left], axis=-1).reshape(len(counts), -1)


def thinned(counts: np.ndarray, share: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each read of a mark is kept with the probability `share`, float64, shape (marks,)."""
    return rng.binomial(counts, share[:, None])


def both_kinds(
    signal: Signal, stretches: Sequence[Stretch], rng: np.random.Generator
) -> Iterator[dict[str, ChromosomeSignal]]:
    """Simulated and real reads of the chromosome of each stretch, by kind.

    signal : the simulated reads, one library per mark
    stretches : with the marks of the signal
    """
    library = mark_depths(signal)
    chroms = [
        np.rint(signal.load(part.chrom) * (library[:, None] / 1e6)).astype(np.int64)
        for part in stretches
    ]
    places = [part.bins(signal.bin_size) for part in stretches]
    simulated = np.sum(
        [c[:, place].sum(axis=1) for c, place in zip(chroms, places, strict=True)], axis=0
    )
    real = np.sum([part.counts.sum(axis=1) for part in stretches], axis=0)
    share = np.minimum(1, real / simulated)
    depths = np.rint(library * share).astype(np.int64)
    for part, chrom, place in zip(stretches, chroms, places, strict=True):
        around = thinned(chrom, share, rng)
        pairs = around[:, place].reshape(len(around), -1, REAL_BIN // signal.bin_size)
        inside = {
            "simulated": pairs.sum(axis=-1),
            "real": thinned(part.counts, np.minimum(1, simulated / real), rng),
        }
        kinds = {}
        for kind in KINDS:
            counts = around.copy()
            counts[:, place] = halved(inside[kind], rng)
            rpm = (counts * (1e6 / depths[:, None])).astype(np.float32)
            length = signal.chrom_sizes[part.chrom]
            kinds[kind] = ChromosomeSignal(part.chrom, length, rpm, depths, signal.bin_size)
        yield kinds


def target_sites(data: Path, line: str, chroms: Iterable[str]) -> dict[str, pd.DataFrame]:
    """Chrom and position (bp) of the sites of each target, not only on the stretches."""
    lists = {file.name: file.path for file in find_lists(data / "encode_hg19", line)}
    tss, dhs, active = (
        table[table["chrom"].isin(list(chroms))].reset_index(drop=True)
        for table in (
            read_intervals(data / "annotation_hg19/RefSeqTSS.hg19.bed.gz"),
            read_intervals(lists["DNase"], "peaks"),
            read_intervals(lists["H3K27ac"], "peaks"),
        )
    )
    distal = dhs[~near(dhs, tss, DISTAL)]
    found = (tss[near(tss, dhs, TSS_DHS)], distal, distal[near(distal, active, 0)])
    return {
        name: table.assign(position=midpoints(table))[["chrom", "position"]].drop_duplicates()
        for name, table in zip(TARGETS, found, strict=True)
    }


def windows_of(
    stretches: Sequence[Stretch], sites: Mapping[str, pd.DataFrame], window: int, bin_size: int
) -> Windows:
    """The windows that lie inside a stretch, one from each bin on.

    sites : of each target, chrom and position
    window, bin_size : bp
    """
    starts, membership, block = [], [], []
    n_sites, n_blocks = np.zeros(len(TARGETS), np.int64), 0
    for part in stretches:
        bins = part.bins(bin_size)
        first = np.arange(bins.start, bins.stop - window // bin_size + 1)
        centres = first * bin_size + window // 2
        tss, distal, active = (
            np.sort(table.loc[table["chrom"] == part.chrom, "position"].to_numpy(np.int64))
            for table in sites.values()
        )
        nowhere = np.empty(0, np.int64)
        _, both = label_windows(centres, [nowhere, tss, distal])
        _, third = label_windows(centres, [np.setdiff1d(distal, active), active])
        starts.append(first)
        membership.append(np.vstack([both[1:], third[1:]]))
        block.append(n_blocks + (centres - part.start) // BLOCK)
        n_blocks += -(-(bins.stop - bins.start) * bin_size // BLOCK)
        low, high = bins.start * bin_size, bins.stop * bin_size
        n_sites += [np.count_nonzero((low <= p) & (p < high)) for p in (tss, distal, active)]
    joined = np.concatenate(membership, axis=1), np.concatenate(block)
    return Windows(tuple(starts), *joined, n_blocks, tuple(n_sites.tolist()))


def average_precisions(
    probabilities: np.ndarray, classes: Sequence[str], windows: Windows, weights: np.ndarray
) -> np.ndarray:
    """Average precision of each target for each weighting of the blocks.

    probabilities : shape (windows, classes); weights : shape (weightings, blocks)
    Returns float64, shape (weightings, targets)
    """
    scores = probabilities[:, [classes.index(name) for name in TARGETS.values()]].T
    unknown = np.full(len(probabilities), -1)
    tallies = tally(scores, unknown, windows.membership, windows.block, windows.n_blocks)
    return measure(tallies, weights).per_class["average_precision"]


def measure_line(
    line: str,
    results: Path,
    data: Path,
    folder: Path,
    bundles: Sequence[Bundle],
    thinnings: int,
    bootstrap: int,
    seed: int,
) -> tuple[Windows, Areas]:
    """Apply every model to a line; areas are means over independent thinnings of the reads.

    folder : for a copy of the signal
    """
    counts = data / f"real_hg19/{line}.counts_200bp.tsv.gz"
    whole = open_signal(results / f"tensors/{line}.signal.zip")
    marks = [mark for mark in whole.marks if mark in pd.read_csv(counts, sep="\t", nrows=0)]
    stretches = read_stretches(counts, marks)
    chroms = [part.chrom for part in stretches]
    write_panel(folder / f"{line}.signal.zip", whole, marks, 1, chroms)
    signal = open_signal(folder / f"{line}.signal.zip")
    for bundle in bundles:
        check_signal(bundle, signal)
        if used := [chrom for chrom in chroms if bundle.split.of(chrom) in ("train", "validation")]:
            raise InputError(f"{bundle.model} of {bundle.sample} was trained on {', '.join(used)}.")
    geometry = bundles[0].geometry
    sites = target_sites(data, line, chroms)
    windows = windows_of(stretches, sites, geometry.window, geometry.bin_size)
    scorers = [(load_scorer(bundle), rows_of(bundle, signal)) for bundle in bundles]
    classes = bundles[0].classes
    drawn = bootstrap_weights(windows.n_blocks, bootstrap, seed)
    weights = np.vstack([np.ones(windows.n_blocks), drawn])
    rng = np.random.default_rng(seed)
    areas: dict[tuple[str, str, str, str], list[np.ndarray]] = {}
    for _ in range(thinnings):
        found: dict[tuple[str, str, str, str], list[np.ndarray]] = {}
        for kinds, starts in zip(both_kinds(signal, stretches, rng), windows.starts, strict=True):
            for kind, reads in kinds.items():
                for scorer, rows in scorers:
                    shown = (select_rows(part, rows) for part in (reads.rpm, reads.depths))
                    of_model = replace(reads, **dict(zip(("rpm", "depths"), shown, strict=True)))
                    key = (scorer.bundle.sample, line, scorer.bundle.model, kind)
                    found.setdefault(key, []).append(probabilities_at(scorer, of_model, starts))
        for key, parts in found.items():
            probabilities = np.concatenate(parts)
            areas.setdefault(key, []).append(
                average_precisions(probabilities, classes, windows, weights)
            )
    return windows, {key: np.mean(parts, axis=0) for key, parts in areas.items()}


def text(values: np.ndarray, sign: str = "") -> str:
    """`0.123 (0.100 to 0.150)`; values : the estimate, then its replicates"""
    value, low, high = with_interval(values)
    return f"{value:{sign}.3f} ({low:.3f} to {high:.3f})"


def row(cells: Iterable[str]) -> None:
    print(f"| {' | '.join(cells)} |")


def header(*cells: str) -> None:
    print()
    row(cells)
    row("---" for _ in cells)


def print_means(areas: Areas, lines: Sequence[str], models: Sequence[str]) -> None:
    """The mean over lines and over the first two targets, and real - simulated, paired.

    A model of several lines together has no other line.
    """

    def mean(model: str, own: bool, kind: str) -> np.ndarray | None:
        cells = [
            of_line[:, :AVERAGED]
            for (trained_on, line, name, of_kind), of_line in areas.items()
            if (name, of_kind) == (model, kind) and (line in trained_on.split("+")) == own
        ]
        return np.mean(cells, axis=(0, 2)) if cells else None

    def best_first(model: str) -> float:
        real = mean(model, True, "real")
        return 0 if real is None else -float(real[0])

    whats = (*KINDS, "real - simulated")
    columns = [f"{whose} line, {what}" for whose in ("own", "other") for what in whats]
    header("model", *columns)
    for model in sorted(models, key=best_first):
        cells = [model]
        for own in (True, False):
            simulated, real = (mean(model, own, kind) for kind in KINDS)
            if simulated is None or real is None:
                cells += ["."] * len(whats)
            else:
                cells += [text(simulated), text(real), text(real - simulated, "+")]
        row(cells)


@click.command()
@click.argument("results", type=click.Path(path_type=Path, exists=True))
@click.argument("data", type=click.Path(path_type=Path, exists=True))
@click.option("--thinnings", type=click.IntRange(min=1), default=3, show_default=True)
@click.option(
    "--bootstrap", type=click.IntRange(min=1), default=1000, show_default=True, envvar="BOOTSTRAP"
)
@click.option("--seed", type=int, default=1, show_default=True, help="Of thinning and bootstrap.")
def real_counts(results: Path, data: Path, thinnings: int, bootstrap: int, seed: int) -> None:
    """Print AP on simulated and on real reads, as Markdown tables."""
    areas: Areas = {}
    windows: dict[str, Windows] = {}
    with plain_errors():
        folders = [path.parent for path in sorted(results.glob("models/*/*/model.json"))]
        bundles = [read_bundle(folder) for folder in folders]
        trained = list(dict.fromkeys(bundle.sample for bundle in bundles))
        lines = sorted({line for sample in trained for line in sample.split("+")})
        models = list(dict.fromkeys(bundle.model for bundle in bundles))
        if not bundles or len(bundles) < len(trained) * len(models):
            raise InputError(f"{results}/models needs the same models of each line, at least one.")
        with TemporaryDirectory() as folder:
            for line in lines:
                windows[line], found = measure_line(
                    line, results, data, Path(folder), bundles, thinnings, bootstrap, seed
                )
                areas |= found
    averaged = " and ".join(list(TARGETS)[:AVERAGED])
    print(f"Mean AP over both lines and over {averaged}")
    print_means(areas, lines, models)
    for trained_on in trained:
        for line in lines:
            print(f"\nTrained on {trained_on}, applied to {line}: AP on simulated -> real reads")
            sites = [f"{name} ({n})" for name, n in zip(TARGETS, windows[line].sites, strict=True)]
            header("model", *sites)
            row(["chance", *(f"{share:.3f}" for share in windows[line].chance)])
            for model in models:
                simulated, real = (areas[trained_on, line, model, kind].T for kind in KINDS)
                both = zip(simulated, real, strict=True)
                row([model, *(f"{before[0]:.3f} -> {text(after)}" for before, after in both)])


if __name__ == "__main__":
    real_counts()
