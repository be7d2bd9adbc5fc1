"""The inputs of the contestants: simulated with fixed seeds, once per folder."""

import dataclasses
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pysam

from deepregfinder.classes import class_names
from deepregfinder.counting import store as counting_store
from deepregfinder.counting.rules import BinCounts, BinGrid, CountRules, ReadTally
from deepregfinder.genome.grid import Geometry, write_chrom_sizes
from deepregfinder.genome.splits import SplitPlan
from deepregfinder.labels.tensors import Tensors, write_tensors
from deepregfinder.signal.scale import Normalisation, mark_quantiles, mark_statistics
from deepregfinder.signal.store import open_signal, write_signal
from deepregfinder.simulation.bam import BamWriter, encode
from deepregfinder.simulation.cells import random_numbers
from deepregfinder.simulation.landscape import NO_SITES, REPEAT_BLOCK, STEP, Ground
from deepregfinder.simulation.reads import Library, chip_reads, share_out
from deepregfinder.storage.atomic import written_whole

log = logging.getLogger(__name__)

SEED = 1
GEOMETRY = Geometry(bin_size=100, window_bins=20)
READ_LENGTH = 50
MARKS = tuple(f"mark{number:02d}" for number in range(1, 13))
CLASSES = class_names(3)
SPLIT = SplitPlan.parse("chromosome", "1-7", "8-16", "17-22,X,Y")

# Main chromosomes of hg38, in bp.
HG38 = {
    "chr1": 248956422, "chr2": 242193529, "chr3": 198295559, "chr4": 190214555, "chr5": 181538259,
    "chr6": 170805979, "chr7": 159345973, "chr8": 145138636, "chr9": 138394717, "chr10": 133797422,
    "chr11": 135086622, "chr12": 133275309, "chr13": 114364328, "chr14": 107043718,
    "chr15": 101991189, "chr16": 90338345, "chr17": 83257441, "chr18": 80373285, "chr19": 58617616,
    "chr20": 64444167, "chr21": 46709983, "chr22": 50818468, "chrX": 156040895, "chrY": 57227415,
}  # fmt: skip

_ENRICHED, _FOLD = 0.01, 20
# The four quality levels of sequencers since 2017, and their frequencies.
_QUALITIES, _SHARES = np.array([2, 12, 23, 37], np.uint8), (0.02, 0.06, 0.1, 0.82)


def chrom_sizes(folder: Path, sizes: Mapping[str, int]) -> Path:
    """The table of chromosomes."""
    path = folder / f"{len(sizes)}.chrom.sizes"
    if not path.exists():
        write_chrom_sizes(path, sizes)
    return path


def alignments(folder: Path, sizes: Mapping[str, int], n_reads: int) -> Path:
    """A sorted, indexed BAM file of single reads of 50 bp, with bases and qualities.

    Bases are random, so that the size of the file is realistic.
    """
    path = folder / f"{len(sizes)}chromosomes.{n_reads}reads.bam"
    if not path.with_suffix(".bam.bai").exists():
        log.info("simulating %s reads on %d chromosomes", f"{n_reads:,}", len(sizes))
        rng = random_numbers(SEED, "bench", n_reads)
        library = Library(n_reads, READ_LENGTH)
        numbers = share_out(n_reads, list(sizes.values()), rng)
        with written_whole(path) as part, BamWriter(part, sizes, []) as writer:
            first_name = 0
            for index, (length, number) in enumerate(zip(sizes.values(), numbers, strict=True)):
                records = _chromosome(index, length, int(number), library, first_name, rng)
                writer.write(records)
                first_name += int(number)
        pysam.index(str(path))
    return path


def compressed(bam: Path) -> Path:
    """The same reads as a CRAM file without reference."""
    path = bam.with_suffix(".cram")
    if not path.exists():
        log.info("writing %s", path.name)
        options = ["--output-fmt-option", "no_ref", "-@", "2"]
        with written_whole(path) as part:
            pysam.view("-C", *options, "-o", str(part), str(bam), catch_stdout=False)
    return path


def _chromosome(
    index: int,
    length: int,
    number: int,
    library: Library,
    first_name: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """BAM records of one chromosome: one step in a hundred is enriched 20-fold."""
    steps, blocks = -(-length // STEP), -(-length // REPEAT_BLOCK)
    flat = np.ones(steps, np.float32)
    ground = Ground(length, flat, flat, flat, flat, flat, rng.random(blocks) < 0.04, NO_SITES)
    rate = np.where(rng.random(steps) < _ENRICHED, _FOLD, flat).astype(np.float32)
    records = encode(chip_reads(rate, number, library, ground, first_name, rng), index, READ_LENGTH)
    one_base = np.array([1, 2, 4, 8], np.uint8)
    pairs = (one_base[:, None] << 4 | one_base).ravel()
    records["sequence"] = pairs[rng.integers(0, 16, records["sequence"].shape, np.uint8)]
    levels = np.repeat(_QUALITIES, np.round(np.array(_SHARES) * 100).astype(int))
    records["quality"] = levels[rng.integers(0, 100, records["quality"].shape, np.uint8)]
    return records


def annotation(folder: Path, sizes: Mapping[str, int]) -> Path:
    """All bins as a SAF table for featureCounts, with 1-based starts."""
    path = folder / f"{len(sizes)}chromosomes.saf"
    if not path.exists():
        log.info("writing a table of all bins")
        with written_whole(path) as part, part.open("w") as table:
            table.write("GeneID\tChr\tStart\tEnd\tStrand\n")
            for chrom, length in sizes.items():
                starts = range(0, length, GEOMETRY.bin_size)
                table.writelines(
                    f"{chrom}_{start}\t{chrom}\t{start + 1}\t"
                    f"{min(start + GEOMETRY.bin_size, length)}\t+\n"
                    for start in starts
                )
    return path


def _rpm(sizes: Mapping[str, int]) -> Iterator[tuple[str, np.ndarray]]:
    """Reads per million: the noise of shallow libraries, and peaks in one stretch of a hundred."""
    for chrom, length in sizes.items():
        rng = random_numbers(SEED, "signal", chrom)
        n_bins = GEOMETRY.n_bins(length)
        peaks = np.repeat(rng.random((len(MARKS), -(-n_bins // 10))) < _ENRICHED, 10, axis=1)
        rate = np.where(peaks[:, :n_bins], 8, 0.15)
        yield chrom, (rng.poisson(rate) / np.float32(4.6)).astype(np.float32)


def signal(folder: Path, sizes: Mapping[str, int]) -> Path:
    """The signal of twelve marks."""
    path = folder / f"{len(sizes)}chromosomes.signal.zip"
    if not path.exists():
        log.info("simulating the signal of %d marks on %d chromosomes", len(MARKS), len(sizes))
        write_signal(
            path,
            sample="bench",
            marks=MARKS,
            bin_size=GEOMETRY.bin_size,
            chrom_sizes=sizes,
            counting={},
            control="ignore",
            library_sizes={mark: [4_600_000] for mark in MARKS},
            arrays=_rpm(sizes),
        )
    return path


def counts(folder: Path, sizes: Mapping[str, int]) -> list[Path]:
    """Counts of twelve marks, one file per mark, of about five million reads each."""
    grid, paths = BinGrid(sizes, GEOMETRY.bin_size), []
    rules = CountRules(0, "keep", "fragments", "overlap", 0, 0)
    for mark in MARKS:
        path = folder / f"{len(sizes)}chromosomes.{mark}.counts.zip"
        paths.append(path)
        if path.exists():
            continue
        log.info("simulating the counts of %s", mark)
        rng = random_numbers(SEED, "counts", mark)
        peaks = np.repeat(rng.random(-(-grid.n_bins // 10)) < _ENRICHED, 10)[: grid.n_bins]
        values = rng.poisson(np.where(peaks, 2, 0.15)).astype(np.uint32)
        total = int(values.sum())
        tally = ReadTally(total, 0, 0, 0, 0, 0, 0, 0, total, total, total, False)
        library = counting_store.Library(f"bench.{mark}", "bench", mark, "1")
        bin_counts = BinCounts(grid, values, tally)
        counting_store.write_counts(path, library, bin_counts, rules, blacklist=None)
    return paths


def dilated_bundle(folder: Path, bundle: Path, signal_file: Path) -> Path:
    """A drf with untrained weights, beside a trained cnn: its computing time is the same."""
    import torch

    from deepregfinder.models.bundle import read_bundle, write_bundle
    from deepregfinder.models.drf.network import SCALE, TSS_SCALE, DilatedNetwork
    from deepregfinder.models.tss_input import array_name

    path = folder / "drf_with_tss.bundle"
    if not path.exists():
        cnn = read_bundle(bundle)
        torch.manual_seed(SEED)
        network = DilatedNetwork(len(cnn.marks) + 1, len(cnn.classes))
        weights = {key: value.numpy() for key, value in network.state_dict().items()}
        opened = open_signal(signal_file)
        scale = opened.load(next(iter(opened.chrom_sizes))).mean(axis=1)
        weights[SCALE] = np.append(scale, np.float32(TSS_SCALE))
        for chrom, size in opened.chrom_sizes.items():
            rng = random_numbers(SEED, "tss", chrom)
            weights[array_name(chrom)] = np.sort(rng.integers(0, size, size // 75_000))
        write_bundle(path, dataclasses.replace(cnn, model="drf", weights=(weights,)))
    return path


def windows(folder: Path, signal_file: Path, n: int) -> Path:
    """`n` labelled training windows and a third as many validation windows.

    A tenth of them are elements, in which two marks are high.
    """
    path = folder / f"{n}windows.safetensors"
    if path.exists():
        return path
    opened = open_signal(signal_file)
    first = next(iter(opened.chrom_sizes))
    rng = random_numbers(SEED, "windows", n)
    split = np.repeat([0, 1], [n, n // 3])
    y = np.where(rng.random(len(split)) < 0.9, 0, rng.integers(1, len(CLASSES), len(split)))
    whole = opened.load(first)
    starts = rng.integers(0, whole.shape[1] - GEOMETRY.window_bins, len(split))
    view = np.lib.stride_tricks.sliding_window_view(whole, GEOMETRY.window_bins, axis=1)
    x = np.ascontiguousarray(view[:, starts].transpose(1, 0, 2))
    for label in range(1, len(CLASSES)):
        rows = np.flatnonzero(y == label)
        for mark in (0, label):
            x[rows, mark, 6:14] += rng.poisson(3, (len(rows), 8)) / np.float32(4.6)
    mean, sd = mark_statistics(opened, [first], "none")
    write_tensors(
        path,
        Tensors(
            x=x,
            y=y.astype(np.uint8),
            split=split.astype(np.uint8),
            chrom=np.zeros(len(split), np.int16),
            start=(starts * GEOMETRY.bin_size).astype(np.int64),
            sample="bench",
            classes=CLASSES,
            marks=MARKS,
            geometry=GEOMETRY,
            chrom_sizes=opened.chrom_sizes,
            split_plan=SPLIT,
            normalisation=Normalisation(
                MARKS, "none", "ignore", mean, sd, mark_quantiles(opened, [first])
            ),
            seed=SEED,
            counting={},
            control="ignore",
            filters={"min_nonzero": 5, "n_background": n},
        ),
    )
    return path
