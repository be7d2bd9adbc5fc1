"""Random BAM files, counted by the native counter and by featureCounts.

featureCounts counts a batch of files per call, which saves the time to start it and to read its
table of bins. Its command and table are written here independently of
deepregfinder.counting.featurecounts: otherwise both counters could share an error.
"""

import csv
import gzip
import random
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pysam
from fuzz.blocks import random_blocks, write_blocks
from samples.alignment_samples import random_bam

from deepregfinder.counting.native import count_native
from deepregfinder.counting.rules import BinGrid, CountRules

USABLE = ("Assigned", "Unassigned_NoFeatures", "Unassigned_Overlapping_Length")


@dataclass(frozen=True)
class Setting:
    """The settings of all files of a batch. share_paired : share of paired records"""

    sizes: Mapping[str, int]
    grid: BinGrid
    rules: CountRules
    share_paired: float


def random_setting(rng: random.Random) -> Setting:
    """Random references, and random rules that featureCounts supports."""
    names = [f"chr{name}" for name in (*range(1, 23), "X", "Y", "M")] + ["GL000192.1", "chrUn_7"]
    sizes = {
        name: rng.choice(
            [rng.randint(1, 300), rng.randint(300, 5_000), rng.randint(5_000, 300_000)]
        )
        for name in rng.sample(names, rng.randint(1, 8))
    }
    counted = rng.sample(list(sizes), rng.randint(1, len(sizes)))
    rules = CountRules(
        min_mapq=rng.choice([0, 0, 1, 10, 31, 255]),
        duplicates=rng.choice(["keep", "drop"]),
        paired_end="reads",
        count_at="overlap",
        extend=rng.choice([0, 0, 0, 1, 10, 100, 250, 1_000]),
        shift=rng.choice([0, 0, 0, 1, 7, 50, 150, 1_000, -1, -30, -170, -1_000]),
        secondary=rng.choice(["keep", "keep", "drop"]),
    )
    bin_size = rng.choice([25, 50, 99, 100, 100, 128, 200, 1_000])
    grid = BinGrid({chrom: sizes[chrom] for chrom in counted}, bin_size)
    return Setting(sizes, grid, rules, rng.choice([0, 0, 0.5, 1]))


def unequal_files(seed: int, n_files: int, folder: Path) -> list[str]:
    """Count each file of a batch twice; returns the differences, with the seeds of the files."""
    rng = random.Random(seed)
    setting = random_setting(rng)
    bams = []
    for number in range(n_files):
        path = random_bam(
            folder / f"{number}.bam",
            seed * n_files + number,
            rng.randint(10, 200),
            setting.share_paired,
            setting.sizes,
        )
        write_blocks(path, random_blocks(gzip.decompress(path.read_bytes()), rng))
        bams.append(path)
    expected, tallies = featurecounts(
        [_primary(bam) for bam in bams] if setting.rules.secondary == "drop" else bams,
        *(setting, folder),
    )
    unequal = []
    for number, (bam, tally) in enumerate(zip(bams, tallies, strict=True)):
        # Pieces and stretches of the usual size would not end within such small files.
        with (
            patch("deepregfinder.counting.bgzf.PIECE", rng.choice([500, 3_000, 1 << 20])),
            patch("deepregfinder.counting.stretches.SMALLEST", rng.choice([200, 1 << 20])),
        ):
            counts = count_native(bam, setting.rules, setting.grid, threads=2)
        same = np.array_equal(counts.values, expected[:, number]) and tally == (
            counts.tally.total - counts.tally.secondary,
            counts.tally.unmapped,
            counts.tally.mapq,
            counts.tally.duplicate,
            counts.tally.multimapping,
            counts.tally.usable,
            counts.tally.assigned,
        )
        if not same:
            unequal.append(f"batch {seed}, file {number}: {setting}")
    return unequal


def _primary(bam: Path) -> Path:
    """The file without mapped secondary and supplementary records, by samtools."""
    primary = bam.with_suffix(".primary.bam")
    expression = "flag.unmap || !(flag.secondary || flag.supplementary)"
    pysam.view("-e", expression, "-o", str(primary), str(bam), catch_stdout=False)
    return primary


def featurecounts(
    bams: list[Path], setting: Setting, folder: Path
) -> tuple[np.ndarray, list[tuple[int, ...]]]:
    """Counts, shape (bins, files), and the numbers of counted and excluded records per file."""
    rules, grid = setting.rules, setting.grid
    bins, table = folder / "bins.saf", folder / "counts.txt"
    lines = ["GeneID\tChr\tStart\tEnd\tStrand"]
    for chrom, size in grid.chrom_sizes.items():
        for start in range(0, size, grid.bin_size):
            end = min(start + grid.bin_size, size)
            lines.append(f"{len(lines)}\t{chrom}\t{start + 1}\t{end}\t+")
    bins.write_text("\n".join(lines) + "\n")
    command = ["featureCounts", "-F", "SAF", "-a", str(bins), "-o", str(table), "-O"]
    command += ["--fracOverlap", "0.5", "-Q", str(rules.min_mapq)]
    command += ["-p"] * (setting.share_paired > 0)
    command += ["--ignoreDup"] * (rules.duplicates == "drop")
    command += ["--readExtension3", str(rules.extend)] * (rules.extend > 0)
    if rules.shift:
        command += ["--readShiftType", "downstream" if rules.shift > 0 else "upstream"]
        command += ["--readShiftSize", str(abs(rules.shift))]
    run = subprocess.run([*command, *map(str, bams)], capture_output=True, text=True)
    if run.returncode:
        raise RuntimeError(f"featureCounts failed: {run.stderr[-2000:]}")
    values = np.zeros((grid.n_bins, len(bams)), np.uint32)
    rows = np.loadtxt(table, np.int64, skiprows=2, usecols=[0, *range(6, 6 + len(bams))], ndmin=2)
    values[rows[:, 0] - 1] = rows[:, 1:]
    return values, _tallies(table.with_name(table.name + ".summary"))


def _tallies(summary: Path) -> list[tuple[int, ...]]:
    with summary.open() as file:
        _, *rows = csv.reader(file, delimiter="\t")
    by_status = {status: np.array(numbers, int) for status, *numbers in rows}
    left_out = ("Unmapped", "MappingQuality", "Duplicate", "MultiMapping")
    columns = [
        sum(by_status.values()),
        *(by_status[f"Unassigned_{why}"] for why in left_out),
        sum(by_status[status] for status in USABLE),
        by_status["Assigned"],
    ]
    return [tuple(map(int, column)) for column in np.transpose(columns)]
