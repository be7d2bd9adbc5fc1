#!/usr/bin/env python3
"""Fit the shapes of marks in the simulator to real counts, and print how far it is from them.

usage: tools/accuracy/fit_simulator.py [--fit [MARK ...]] [--seeds N]

The real counts are those of DRF_SHARED_DATA/real_hg19 (default ../shared/data): seven marks of
GM12878 and K562 on two stretches of 500 kb. Each seed simulates these stretches at the depth of the
real counts; the numbers are those of DRF_SHARED_DATA/../tools/real-gap, averaged over seeds. The
parameters of a mark are the same in both lines, and none belongs to a place.

--fit   of all marks, or of some: start from one shape for sharp marks and one for broad marks, and
        change one parameter of one mark at a time while this reduces the mean of |log2(simulated /
        real)| over these numbers and some of the background; parameters far from the start cost
        extra. Writes bin/deepregfinder/simulation/shapes.csv.

The last table compares with reads that were not used: K562 on chr1:22.5-25.0 Mb
(DRF_SHARED_DATA/reads_hg19_chr1).
"""

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.machinery import SourceFileLoader
from pathlib import Path

import numpy as np
import pandas as pd
import pysam

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bin"))
from deepregfinder.simulation.bam import REVERSE
from deepregfinder.simulation.cells import Cell, Genome, random_numbers
from deepregfinder.simulation.encode import find_lists, real_cell, real_genome
from deepregfinder.simulation.enrichment import mark_of, mark_rate
from deepregfinder.simulation.landscape import STEP, Ground, control_rate, ground_of
from deepregfinder.simulation.reads import Library, chip_reads
from deepregfinder.simulation.shapes import TABLE, Shape, read_shapes, write_shapes
from deepregfinder.simulation.valued_intervals import Intervals, Track

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("DRF_SHARED_DATA", ROOT / "../shared/data")).resolve()
JUDGE = SourceFileLoader("real_gap", str(DATA.parent / "tools/real-gap")).load_module()

CELLS, MARKS = ("GM12878", "K562"), JUDGE.MARKS
MARGIN, BIN, SHIFT = 200_000, 200, 75

# The reads that are not used for fitting: line, chromosome, start and end.
HELD_OUT = ("K562", "chr1", 22_500_000, 25_000_000)

# First change of each parameter: relative, or absolute for those that can be zero.
RELATIVE = {"reach": 0.25, "plateau": 0.4, "active": 0.2, "weak": 0.4}
ABSOLUTE = {"strength": 0.12, "hollow": 0.2, "texture": 0.15, "patchy": 0.15}
HOLLOW = ("H3K4me1", "H3K36me3")

# Where the fit starts: sharp marks, broad marks, and transcribed genes, which have no H3K36me3 at
# their promoters.
SHARP = Shape(400, 0.3, 0.4, 0, 0.5, 0.4, 0.08, 0.9, length=2000, shared=0.5)
BROAD = Shape(800, 3, 0, 0, 0.5, 0.2, 0.05, 1, length=10_000, shared=0.2)
START = dict.fromkeys(MARKS, SHARP) | {
    "H3K4me1": replace(SHARP, strength=0, hollow=0.3),
    "H3K36me3": replace(BROAD, reach=1200, hollow=0.6, active=0.5),
    "H3K27me3": BROAD,
    "H3K9me3": BROAD,
}


@dataclass(frozen=True)
class Stretch:
    """A part of the genome, with the lists of a cell type moved to its start."""

    chrom: str
    start: int
    end: int
    cell: Cell
    genome: Genome


@dataclass(frozen=True)
class Truth:
    """Real counts of a cell type and what the judge needs: strips, fold in bins, sites."""

    counts: Mapping[str, np.ndarray]
    fold: Mapping[str, np.ndarray]
    strips: Mapping[str, pd.DataFrame]
    tss: Mapping[str, np.ndarray]
    distal: Mapping[str, np.ndarray]
    stretches: Sequence[Stretch]


def whole_cell(name: str) -> tuple[Genome, Cell]:
    annotation, lists = DATA / "annotation_hg19", find_lists(DATA / "encode_hg19", name)
    genome = real_genome(
        annotation / "hg19.chrom.sizes",
        annotation / "RefSeqTSS.hg19.bed.gz",
        annotation / "hg19-blacklist.v2.bed",
        None,
        lists,
        seed=1,
    )
    return genome, real_cell(name, lists, genome, seed=1)


def stretch_of(chrom: str, start: int, end: int, genome: Genome, cell: Cell) -> Stretch:
    """A stretch with a margin; other chromosomes keep their open sites, for the median strength."""
    first, last = start - MARGIN, end + MARGIN

    def moved(track: Track) -> Track:
        part = track.get(chrom, Intervals.of(()))
        kept = (part.end > first) & (part.start < last)
        return {
            "stretch": Intervals(part.start[kept] - first, part.end[kept] - first, part.value[kept])
        }

    marks = {mark: moved(track) for mark, track in cell.marks.items()}
    open_sites = {**cell.open_sites, **moved(cell.open_sites)}
    here = replace(cell, marks=marks, open_sites=open_sites, plus={}, minus={})
    sizes = {"stretch": last - first}
    return Stretch(chrom, start, end, here, replace(genome, chrom_sizes=sizes, pileups={}))


def truth_of(name: str) -> Truth:
    table = pd.read_csv(DATA / "real_hg19" / f"{name}.counts_200bp.tsv.gz", sep="\t")
    strips = {str(chrom): part for chrom, part in table.groupby("chrom", sort=False)}
    genome, cell = whole_cell(name)
    stretches = [
        stretch_of(chrom, int(part.start.iloc[0]), int(part.end.iloc[-1]), genome, cell)
        for chrom, part in strips.items()
    ]
    tss, distal = sites_of(genome, cell, strips)
    fold = {mark: fold_in_bins(cell.marks[mark], table) for mark in MARKS}
    counts = {mark: table[mark].to_numpy(float) for mark in MARKS}
    return Truth(counts, fold, strips, tss, distal, stretches)


def sites_of(
    genome: Genome, cell: Cell, chroms: Iterator[str] | Mapping[str, pd.DataFrame]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """TSSs with an open site within 1 kb, and open sites more than 2.5 kb from any TSS."""
    tss, distal = {}, {}
    for chrom in chroms:
        lines = [line.split("\t") for line in genome.tss if line.startswith(f"{chrom}\t")]
        starts = np.unique([int(fields[1]) for fields in lines])
        middle = cell.open_sites[chrom].midpoint
        tss[chrom] = starts[nearest(starts, middle) <= 1000]
        distal[chrom] = middle[nearest(middle, starts) > 2500]
    return tss, distal


def nearest(places: np.ndarray, others: np.ndarray) -> np.ndarray:
    others = np.concatenate([[-(10**10)], np.sort(others), [10**10]])
    after = np.searchsorted(others, places)
    return np.minimum(places - others[after - 1], others[after] - places)


def fold_in_bins(track: Track, table: pd.DataFrame) -> np.ndarray:
    """The highest fold that touches each bin; 1 outside peaks."""
    fold = np.ones(len(table))
    for chrom, part in track.items():
        for start, end, value in zip(part.start, part.end, part.value, strict=True):
            if not (table.chrom.values == chrom).any():
                break
            hit = (table.chrom.values == chrom) & (table.start.values < end)
            hit &= table.end.values > start
            fold[hit] = np.maximum(fold[hit], value)
    return fold


def simulated(
    mark: str | None,
    stretches: Sequence[Stretch],
    grounds: Sequence[Ground],
    shape: Shape | None,
    depth: float,
    seed: int,
    efficiency: float = 1.0,
) -> np.ndarray:
    """Counts in bins of 200 bp as the judge counts, `depth` reads over all stretches."""
    rates = []
    for stretch, ground in zip(stretches, grounds, strict=True):
        if mark is None or shape is None:
            rates.append(control_rate(ground))
            continue
        rng = random_numbers(seed, "shape", stretch.cell.name, mark, stretch.chrom)
        description = replace(mark_of(mark, stretch.cell), shape=shape)
        rates.append(mark_rate(description, "stretch", ground, efficiency, rng))
    total = sum(float(rate[MARGIN // STEP : -MARGIN // STEP].sum()) for rate in rates)
    counts = []
    for stretch, ground, rate in zip(stretches, grounds, rates, strict=True):
        rng = random_numbers(seed, "reads", stretch.cell.name, mark, stretch.chrom)
        number = int(rng.poisson(float(rate.sum()) / total * depth))
        library = Library(number, 50)
        reads = chip_reads(rate, number, library, ground, 0, rng)
        back = (reads.flag & REVERSE) > 0
        place = np.where(back, reads.position + 49 - SHIFT, reads.position + SHIFT) - MARGIN
        bins = (stretch.end - stretch.start) // BIN
        inside = place[(place >= 0) & (place < bins * BIN)] // BIN
        counts.append(np.bincount(inside, minlength=bins))
    return np.concatenate(counts).astype(float)


def numbers(truth: Truth, mark: str, counts: np.ndarray) -> dict[str, float]:
    fold = truth.fold[mark]
    found: dict[str, float] = JUDGE.figures(
        counts, fold > 1.5, fold == 1, truth.strips, truth.tss, truth.distal
    )
    return found


def background_numbers(truth: Truth, mark: str, counts: np.ndarray) -> dict[str, float]:
    """Of bins outside peaks of the richer stretch, relative to those of the other; inside, spread.

    Counts over fold inside peaks: the first and last tenth, over the mean.
    """
    fold = truth.fold[mark]
    rich = np.concatenate(
        [np.full(len(strip), index == 0) for index, strip in enumerate(truth.strips.values())]
    )
    outside = counts[rich & (fold == 1)]
    mean = outside.mean()
    inside = (counts / fold)[fold > 1.5]
    return {
        "step": mean / max(counts[~rich].mean(), 1e-9),
        "spread": max((outside.var() - mean) / mean**2, 0.01),
        "top": np.sort(outside)[-len(outside) // 50 :].mean() / mean,
        "low": (np.quantile(inside, 0.1) + 0.05) / inside.mean(),
        "high": np.quantile(inside, 0.9) / inside.mean(),
    }


def distance(real: Mapping[str, float], simulated: Mapping[str, float]) -> np.ndarray:
    """|log2(simulated / real)| of the numbers that both have."""
    both = [name for name in real if np.isfinite(real[name]) and np.isfinite(simulated[name])]
    floor = 1e-3
    return np.array([abs(np.log2(max(simulated[n], floor) / max(real[n], floor))) for n in both])


class Fit:
    """Compares shapes with the truth, for fixed random numbers."""

    def __init__(self, truths: Sequence[Truth], seeds: Sequence[int]) -> None:
        self.truths, self.seeds = truths, seeds
        self.grounds = {
            (index, seed): [
                ground_of(stretch.cell, stretch.genome, "stretch", seed)
                for stretch in truth.stretches
            ]
            for index, truth in enumerate(truths)
            for seed in seeds
        }

    def counts(self, index: int, seed: int, mark: str, shape: Shape) -> np.ndarray:
        truth = self.truths[index]
        depth = truth.counts[mark].sum()
        stretches, grounds = truth.stretches, self.grounds[index, seed]
        return simulated(mark, stretches, grounds, shape, depth, seed)

    def loss(self, mark: str, shape: Shape, start: Shape) -> float:
        gap, background = [], []
        for index, truth in enumerate(self.truths):
            real = truth.counts[mark]
            for seed in self.seeds:
                counts = self.counts(index, seed, mark, shape)
                gap.append(distance(numbers(truth, mark, real), numbers(truth, mark, counts)))
                pair = (background_numbers(truth, mark, one) for one in (real, counts))
                background.append(np.minimum(distance(*pair), 2))
        far = [
            (np.log((getattr(shape, n) + 0.01) / (getattr(start, n) + 0.01)) / (4 * size)) ** 2
            for n, size in RELATIVE.items()
        ]
        far += [
            ((getattr(shape, n) - getattr(start, n)) / (4 * size)) ** 2
            for n, size in ABSOLUTE.items()
        ]
        loss = np.mean(np.concatenate(gap)) + 0.3 * np.mean(np.concatenate(background))
        return float(loss + 0.02 * sum(far))

    def fitted(self, mark: str, start: Shape, rounds: int = 5) -> Shape:
        best, least = start, self.loss(mark, start, start)
        for number in range(rounds):
            for name, size in {**RELATIVE, **ABSOLUTE}.items():
                if name == "hollow" and mark not in HOLLOW:
                    continue
                for direction in (1, -1):
                    change = direction * size * 0.7**number
                    value = getattr(best, name)
                    new = (value + 0.01) * np.exp(change) - 0.01 if name in RELATIVE else None
                    new = value + change if new is None else new
                    if name != "strength":
                        new = max(new, 0.0)
                    if name == "hollow":
                        new = min(new, 0.95)
                    tried = replace(best, **{name: float(new)})
                    loss = self.loss(mark, tried, start)
                    if loss < least - 1e-4:
                        best, least = tried, loss
                        break
        return best


def tell_apart(real: np.ndarray, simulated: np.ndarray) -> float:
    """AUC of boosted trees, as the judge measures it. real, simulated : shape (marks, bins)"""
    blocks = real.shape[1] // 10
    x = np.concatenate(
        [part.reshape(len(part), blocks, 10).transpose(1, 0, 2).reshape(blocks, -1)
         for part in (real, simulated)]
    )  # fmt: skip
    y, groups = np.repeat([1, 0], blocks), np.tile(np.arange(blocks) // 25, 2)
    trees = JUDGE.HistGradientBoostingClassifier(max_iter=150, random_state=0)
    p = JUDGE.cross_val_predict(
        trees, x, y, groups=groups, cv=JUDGE.GroupKFold(5), method="predict_proba"
    )
    return float(JUDGE.roc_auc_score(y, p[:, 1]))


def report(fit: Fit, shapes: Mapping[str, Shape]) -> None:
    for index, (name, truth) in enumerate(zip(CELLS, fit.truths, strict=True)):
        print(f"\n{name}: real / simulated, mean over seeds {', '.join(map(str, fit.seeds))}")
        tables = {seed: [] for seed in fit.seeds}
        gaps = {seed: [] for seed in fit.seeds}
        for mark in MARKS:
            real = numbers(truth, mark, truth.counts[mark])
            found = []
            for seed in fit.seeds:
                counts = fit.counts(index, seed, mark, shapes[mark])
                tables[seed].append(counts)
                found.append(numbers(truth, mark, counts))
                gaps[seed].append(distance(real, found[-1]))
            mean = {key: np.mean([one[key] for one in found]) for key in real}
            print(f"{mark:9s}" + "".join(f" {k} {real[k]:.2f}/{mean[k]:.2f}" for k in real))
        real = np.stack([truth.counts[mark] for mark in MARKS])
        gap = [np.mean(np.concatenate(part)) for part in gaps.values()]
        auc = [tell_apart(real, np.stack(part)) for part in tables.values()]
        print(
            f"{name}: mean |log2(simulated / real)| {np.mean(gap):.3f} "
            f"({min(gap):.3f} to {max(gap):.3f}), "
            f"tell_apart {np.mean(auc):.3f} ({min(auc):.3f} to {max(auc):.3f})",
            flush=True,
        )


def held_out(shapes: Mapping[str, Shape], seeds: Sequence[int]) -> None:
    """The same numbers on reads that were not used, which are of another experiment than the lists.

    Its share of reads in peaks is that of its antibody. The second line of a mark has the
    efficiency at which the simulated share is the same.
    """
    name, chrom, start, end = HELD_OUT
    genome, cell = whole_cell(name)
    stretch = stretch_of(chrom, start, end, genome, cell)
    edges = np.arange(start, end + 1, BIN)
    strip = pd.DataFrame({"chrom": chrom, "start": edges[:-1], "end": edges[1:]})
    tss, distal = sites_of(genome, cell, {chrom: strip})
    grounds = {seed: ground_of(stretch.cell, stretch.genome, "stretch", seed) for seed in seeds}
    print(f"\n{name}, {chrom}:{start}-{end}, not used for fitting: real / simulated")
    for mark in ("H3K4me3", "H3K36me3", "Input"):
        real = real_counts(DATA / "reads_hg19_chr1" / f"{name}_{mark}.bam", chrom, edges)
        peaks = mark if mark in MARKS else "H3K4me3"
        fold = fold_in_bins(cell.marks[peaks], strip)
        truth = Truth({}, {peaks: fold}, {chrom: strip}, tss, distal, [stretch])
        wanted = numbers(truth, peaks, real)
        track, shape = (mark, shapes[mark]) if mark in MARKS else (None, None)
        efficiencies = [1.0]
        while len(efficiencies) < (3 if shape else 2):
            found = [
                numbers(
                    truth,
                    peaks,
                    simulated(
                        track, [stretch], [grounds[seed]], shape, real.sum(), seed, efficiencies[-1]
                    ),
                )
                for seed in seeds
            ]
            mean = {key: np.mean([one[key] for one in found]) for key in wanted}
            gap = np.mean([distance(wanted, one).mean() for one in found])
            print(
                f"{mark:9s}"
                + "".join(f" {k} {wanted[k]:.2f}/{mean[k]:.2f}" for k in wanted)
                + f"; mean |log2| {gap:.3f}, efficiency {efficiencies[-1]:.1f}"
            )
            odds = [share / (1 - share) for share in (wanted["in_peaks"], mean["in_peaks"])]
            efficiencies.append(efficiencies[-1] * odds[0] / odds[1])


def real_counts(path: Path, chrom: str, edges: np.ndarray) -> np.ndarray:
    """Counts of single reads or first mates: 5' ends, moved downstream as the judge does."""
    places = []
    with pysam.AlignmentFile(str(path)) as file:
        for read in file.fetch(until_eof=True):
            if read.reference_name != chrom or read.is_read2 or read.is_secondary:
                continue
            end = read.reference_end or read.reference_start + 1
            places.append(end - 1 - SHIFT if read.is_reverse else read.reference_start + SHIFT)
    return np.histogram(places, edges)[0].astype(float)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fit", nargs="*", metavar="MARK", choices=MARKS)
    parser.add_argument("--seeds", type=int, default=4)
    options = parser.parse_args()
    shapes = dict(read_shapes(TABLE))
    truths = [truth_of(name) for name in CELLS]
    if options.fit is not None:
        fit = Fit(truths, range(1, options.seeds + 1))
        for mark in options.fit or MARKS:
            start = START[mark]
            before = fit.loss(mark, start, start)
            shapes[mark] = fit.fitted(mark, start)
            after = fit.loss(mark, shapes[mark], start)
            print(f"{mark:9s} loss {before:.3f} -> {after:.3f}", flush=True)
        write_shapes(TABLE, shapes)
    # Not with the random numbers of the fit.
    fresh = range(101, 101 + options.seeds)
    report(Fit(truths, fresh), shapes)
    held_out(shapes, fresh)


if __name__ == "__main__":
    main()
