"""Random files of pairs, counted by the native counter, by their truth, and by featureCounts.

featureCounts counts a fragment in every bin that it overlaps, the native counter in one: they are
compared by the numbers of usable fragments of each chromosome, and of excluded ones (featureCounts
tests the reasons in another order).
"""

import csv
import gzip
import random
import subprocess
from pathlib import Path
from unittest.mock import patch

from fuzz.blocks import random_blocks, write_blocks
from fuzz.random_files import USABLE
from samples.alignment_samples import SIZES, bam_of
from samples.paired_reads import (
    CONVENTIONS,
    ENDINGS,
    FILTERS,
    ORDERS,
    PairedFile,
    Truth,
    random_pairs,
    truth,
)

from deepregfinder.counting.native import count_native
from deepregfinder.counting.rules import BinCounts, BinGrid, CountRules

FATES = ("usable", "mapq", "duplicate", "multimapping")


def unequal_pairs(seed: int, n_files: int, folder: Path) -> list[str]:
    """Count each file of a batch; returns the differences, with what was drawn for the file."""
    rng = random.Random(seed)
    rules = CountRules(
        min_mapq=rng.choice([0, 0, 10, 31]),
        duplicates=rng.choice(["keep", "drop"]),
        paired_end="fragments",
        count_at="overlap",
        extend=0,
        shift=0,
        secondary=rng.choice(["drop", "keep"]),
    )
    grid = BinGrid(SIZES, rng.choice([25, 100, 100, 1_000]))
    differences, compared = [], []
    for number in range(n_files):
        drawn = {
            "convention": rng.choice(CONVENTIONS),
            "filtered": rng.choice(FILTERS),
            "order": rng.choice(ORDERS),
            "endings": rng.choice(ENDINGS),
            "extra": rng.random() < 0.4,
            "stale": rng.choice([0, 0, 0, 5]),
        }
        file = random_pairs(rng, SIZES, rng.randint(1, 150), **drawn)
        path = bam_of(folder / f"{number}.bam", file.lines)
        write_blocks(path, random_blocks(gzip.decompress(path.read_bytes()), rng))
        # Pieces and stretches of the usual size would not end within such small files, and tables
        # of mates would not be full.
        with (
            patch("deepregfinder.counting.bgzf.PIECE", rng.choice([500, 3_000, 1 << 20])),
            patch("deepregfinder.counting.stretches.SMALLEST", rng.choice([200, 1 << 20])),
            patch("deepregfinder.counting.mates._FEWEST_ROWS", rng.choice([4, 16, 1 << 12])),
        ):
            counts = count_native(path, rules, grid, threads=2)
        expected = truth(file, rules, grid.bin_size)
        if fault := unlike(counts, expected, file):
            differences.append(f"batch {seed}, file {number}: {fault}: {drawn}, {rules}")
        joined = (
            drawn["endings"] in (("", ""), ("/1", "/2")) and not drawn["extra"] | drawn["stale"]
        )
        if joined and file.lines:  # without any read, featureCounts writes nothing
            compared.append((number, path, expected))
    tallies = _featurecounts([path for _, path, _ in compared], rules, folder) if compared else []
    for (number, _, expected), tally in zip(compared, tallies, strict=True):
        by_chrom = dict.fromkeys(SIZES, 0)
        for (chrom, _), fragments in expected.bins.items():
            by_chrom[chrom] += fragments
        excluded = sum(expected.fates.values()) - expected.fates["usable"]
        if tally != (by_chrom, excluded):
            differences.append(f"batch {seed}, file {number}: featureCounts has {tally}")
    return differences


def unlike(counts: BinCounts, expected: Truth, file: PairedFile) -> str:
    """How counts differ from the truth; nothing if they do not."""
    tally = counts.tally
    bins = {
        (chrom, index): int(values[index])
        for chrom, values in counts.grid.chromosomes(counts.values)
        for index in values.nonzero()[0]
    }
    if bins != expected.bins:
        return "other bins"
    if {fate: getattr(tally, fate) for fate in FATES} != expected.fates:
        return f"{tally} instead of {expected.fates}"
    if (tally.lone_first, tally.lone_second) != expected.lone:
        return f"{tally} instead of {expected.lone} lone mates"
    if (tally.secondary, tally.improper_pair) != (file.extra, file.improper):
        return f"{tally} instead of {file.extra} secondary, {file.improper} improper"
    return "" if tally.total == len(file.lines) else f"{tally.total} of {len(file.lines)} records"


def _featurecounts(
    bams: list[Path], rules: CountRules, folder: Path
) -> list[tuple[dict[str, int], int]]:
    """Usable fragments of each chromosome, and excluded fragments, of each file."""
    bins, table = folder / "chromosomes.saf", folder / "fragments.txt"
    lines = [f"{chrom}\t{chrom}\t1\t{size}\t+" for chrom, size in SIZES.items()]
    bins.write_text("\n".join(["GeneID\tChr\tStart\tEnd\tStrand", *lines, ""]))
    command = ["featureCounts", "-F", "SAF", "-a", str(bins), "-o", str(table), "-O"]
    command += ["-p", "--countReadPairs", "-Q", str(rules.min_mapq)]
    command += ["--ignoreDup"] * (rules.duplicates == "drop")
    run = subprocess.run([*command, *map(str, bams)], capture_output=True, text=True, cwd=folder)
    if run.returncode:
        raise RuntimeError(f"featureCounts failed: {run.stderr[-2000:]}")
    with table.open() as file:
        _, _, *rows = csv.reader(file, delimiter="\t")
    with table.with_name(table.name + ".summary").open() as file:
        _, *statuses = csv.reader(file, delimiter="\t")
    return [
        (
            {row[0]: int(row[6 + number]) for row in rows},
            sum(int(numbers[number]) for status, *numbers in statuses if status not in USABLE),
        )
        for number in range(len(bams))
    ]
