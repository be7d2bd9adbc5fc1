"""Damaged BAM files: the native counter must refuse them, or count what pysam reads from them.

This is a separate program, so that a crash does not end the test: it prints the number of each file
before it counts it, and the result. Either the compressed blocks are damaged, or the content, which
is then compressed again with correct checksums, so that only the counter can detect it.
"""

import gzip
import os
import random
import resource
import signal
import struct
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pysam
from fuzz.blocks import packed, random_blocks
from samples.alignment_samples import MAIN, brute_force, random_bam

from deepregfinder.counting.counter import count_reads
from deepregfinder.counting.file_format import END_OF_FILE
from deepregfinder.counting.read_ends import EndSampler
from deepregfinder.counting.rules import BinCounts, BinGrid, CountRules
from deepregfinder.errors import InputError
from deepregfinder.inputs.alignments import Identity, inspect_alignments
from deepregfinder.quality.cross_correlation import quality_of

IDENTITY = Identity("K562_H3K27ac_1", "K562", "H3K27ac", "1", "chip")

SECONDS = 120
MEMORY = 1 << 31

EXTREMES = (-(1 << 31), -2, -1, 0, 1, 0xFF, 0xFFFF, 1 << 28, (1 << 31) - 1)


def flip_bits(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 8])):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def overwrite_number(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) - 4)
    return data[:at] + struct.pack("<i", rng.choice(EXTREMES)) + data[at + 4 :]


def cut_short(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(1, len(data))]


def cut_out(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + data[at + rng.choice([1, 2, 30, 300]) :]


def repeat(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    part = data[at : at + rng.choice([1, 2, 30, 300])]
    return data[:at] + part * rng.choice([2, 2, 50]) + data[at + len(part) :]


def insert_noise(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + rng.randbytes(rng.choice([1, 4, 100])) + data[at:]


DAMAGE: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    *(flip_bits, overwrite_number, cut_short, cut_out, repeat, insert_noise),
)


def lie_in_header(block: bytes, rng: random.Random) -> bytes:
    """Change the length of the extra field, or of the block."""
    at = rng.choice([10, 14, 16])
    return block[:at] + struct.pack("<H", rng.randrange(1 << 16)) + block[at + 2 :]


def lie_in_footer(block: bytes, rng: random.Random) -> bytes:
    """Change the checksum, or the size of the content."""
    wrong = struct.pack(
        "<I", rng.choice([0, 1, 0xFFFF, 1 << 16, (1 << 32) - 1, rng.getrandbits(32)])
    )
    return block[:-8] + wrong + block[-4:] if rng.random() < 0.5 else block[:-4] + wrong


def damaged(payload: bytes, rng: random.Random) -> tuple[str, bytes]:
    """Damage a BAM file; returns the kind of damage, and the bytes."""
    where = rng.choice(["bytes", "content", "content", "blocks"])
    change = rng.choice(DAMAGE)
    if where == "content":
        return f"content: {change.__name__}", _file(random_blocks(change(payload, rng), rng))
    blocks = random_blocks(payload, rng)
    if where == "bytes":
        whole = change(b"".join(blocks), rng) if rng.random() < 0.5 else change(_file(blocks), rng)
        # A file with its end-of-file block is not refused immediately.
        return f"bytes: {change.__name__}", whole + END_OF_FILE * (rng.random() < 0.7)
    at = rng.randrange(len(blocks))
    what = rng.choice(["header", "footer", "repeated", "missing", "swapped", "empty"])
    if what == "header":
        blocks[at] = lie_in_header(blocks[at], rng)
    elif what == "footer":
        blocks[at] = lie_in_footer(blocks[at], rng)
    elif what == "repeated":
        blocks[at:at] = [blocks[at]] * rng.choice([1, 20])
    elif what == "missing":
        del blocks[at]
    elif what == "swapped":
        other = rng.randrange(len(blocks))
        blocks[at], blocks[other] = blocks[other], blocks[at]
    else:
        blocks[at:at] = [packed(b"")]
    return f"blocks: {what}", _file(blocks)


def _file(blocks: list[bytes]) -> bytes:
    return b"".join(blocks) + END_OF_FILE


def judged(path: Path, rng: random.Random) -> str:
    """Count one file: "refused", "equal", or the error in the result."""
    rules = CountRules(
        min_mapq=rng.choice([0, 10]),
        duplicates=rng.choice(["keep", "drop"]),
        paired_end=rng.choice(["reads", "reads", "fragments"]),
        count_at=rng.choice(["overlap", "overlap", "midpoint"]),
        extend=rng.choice([0, 0, 200]),
        shift=rng.choice([0, 0, 75, -75]),
        secondary=rng.choice(["keep", "drop", "drop_reads"]),
    )
    grid = BinGrid(MAIN, rng.choice([50, 100, 1_000]))
    try:
        inspect_alignments(path, IDENTITY, path.parent)
        sampler = EndSampler(MAIN, rules.min_mapq)
        with patch("deepregfinder.counting.stretches.SMALLEST", 200):
            counts = count_reads(path, "native", rules, grid, None, rng.choice([1, 3]), sampler)
        quality_of(sampler.ends())
    except InputError as error:
        sentence = str(error)
        return "refused" if str(path) in sentence and sentence.endswith(".") else sentence
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    try:
        return _compared(path, counts, rules)
    except (OSError, ValueError) as error:
        return f"counted, but pysam says {error}"


def _compared(path: Path, counts: BinCounts, rules: CountRules) -> str:
    """Compare counts with pysam; for rules beyond those of featureCounts, only the records."""
    beyond = rules.secondary == "drop_reads" or rules.paired_end == "fragments"
    if beyond or rules.count_at == "midpoint":
        with pysam.AlignmentFile(str(path), check_sq=False) as alignments:
            total = sum(1 for _ in alignments.fetch(until_eof=True))
        return (
            "equal" if total == counts.tally.total else f"{counts.tally.total} of {total} records"
        )
    expected = brute_force(path, rules, counts.grid.bin_size)
    for chrom, values in counts.grid.chromosomes(counts.values):
        if not np.array_equal(values, expected.bins[chrom]):
            return f"other counts on {chrom}"
    names = ("total", "usable", "library_size", "assigned")
    tally = tuple(getattr(counts.tally, name) for name in names)
    wanted = tuple(getattr(expected, name) for name in names)
    return "equal" if tally == wanted else f"tally {tally}, expected {wanted}"


def write_damaged(path: Path, number: int) -> tuple[str, random.Random]:
    """Write file `number`; returns its damage, and the random choices for counting it."""
    rng = random.Random(number)
    paired = rng.choice([0, 0.5])
    whole = random_bam(path.with_suffix(".whole.bam"), number, rng.randint(2, 60), paired)
    what, content = damaged(gzip.decompress(whole.read_bytes()), rng)
    path.write_bytes(content)
    return what, rng


def count_damaged(first: int, stop: int, folder: Path) -> tuple[Counter[str], list[str]]:
    """Files [first, stop): numbers refused and counted equally, and all other results."""
    endings: Counter[str] = Counter()
    faults = []
    while first < stop:
        command = [sys.executable, "-m", "fuzz.mutated_files", str(first), str(stop), str(folder)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        run = subprocess.run(
            command, capture_output=True, text=True, errors="replace", env=environment
        )
        lines = run.stdout.splitlines()
        for line in lines:
            number, what, ending = line.split("\t")
            if ending in ("refused", "equal"):
                endings[ending] += 1
            elif ending != "begun":
                faults.append(f"file {number} ({what}): {ending}")
        if run.returncode == 0:
            break
        if not lines:
            raise RuntimeError(f"mutated_files.py did not start: {run.stderr[-2000:]}")
        number = int(lines[-1].split("\t")[0])
        faults.append(f"file {number}: ended with status {run.returncode}: {run.stderr[-500:]}")
        first = number + 1
    return endings, faults


def main(first: int, stop: int, folder: Path) -> None:
    """Count files [first, stop), each within SECONDS and MEMORY; prints a line before and after."""
    pysam.set_verbosity(0)
    import deepregfinder.counting.native  # noqa: F401  (loading it takes seconds, of no file's time)

    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    path = folder / "damaged.bam"
    for number in range(first, stop):
        what, rng = write_damaged(path, number)
        print(number, what, "begun", sep="\t", flush=True)
        signal.alarm(SECONDS)
        ending = judged(path, rng)
        signal.alarm(0)
        print(number, what, " ".join(ending.split()), sep="\t", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
