"""The long fuzz test (`make fuzz`): prints its progress and a table, which `--write` writes to
docs/reliability.md. The exit code is 1 if any file was counted wrongly or ended unexpectedly.
"""

import argparse
import datetime
import platform
import re
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from pathlib import Path

import pysam
from fuzz import paired_files
from fuzz.mutated_files import count_damaged
from fuzz.random_files import unequal_files

BATCH = 50
DAMAGED_AT_A_TIME = 250
DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"
START, END = "<!-- written by make fuzz -->\n", "<!-- end -->\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="Fuzz the native counter.")
    parser.add_argument(
        "--files", type=int, default=10_000, help="random BAM files, and as many of pairs"
    )
    parser.add_argument("--damaged", type=int, default=5_000, help="damaged BAM files")
    parser.add_argument("--seed", type=int, default=1, help="other seeds give other files")
    parser.add_argument("--jobs", type=int, default=2, help="files at the same time")
    parser.add_argument("--write", action="store_true", help="write docs/reliability.md")
    given = parser.parse_args()
    n_batches = -(-given.files // BATCH)
    seeds = range(given.seed * 1_000_000, given.seed * 1_000_000 + n_batches)
    unequal: list[str] = []
    unequal_pairs: list[str] = []
    with ProcessPoolExecutor(given.jobs) as pool:
        for what, batches, faults in (
            ("random", _random_batch, unequal),
            ("pairs", _paired_batch, unequal_pairs),
        ):
            for done, batch in enumerate(pool.map(batches, seeds), 1):
                faults += batch
                if done % 10 == 0:
                    print(f"{what}: {done * BATCH:,} files, {len(faults)} unequal", flush=True)

    first = given.seed * 1_000_000
    starts = range(first, first + given.damaged, DAMAGED_AT_A_TIME)
    stops = [min(start + DAMAGED_AT_A_TIME, first + given.damaged) for start in starts]
    endings: Counter[str] = Counter()
    wrong: list[str] = []
    with ProcessPoolExecutor(given.jobs) as pool:
        for stop, (counted, otherwise) in zip(
            stops, pool.map(_damaged_part, starts, stops), strict=True
        ):
            endings += counted
            wrong += otherwise
            print(f"damaged: {stop - first:,} files, {len(wrong)} ended otherwise", flush=True)

    n_files = n_batches * BATCH
    table = [
        ("random files, counted by both programs", n_files),
        ("... with equal counts and totals", n_files - len(unequal)),
        ("files of pairs, counted by both programs and by their truth", n_files),
        ("... with equal fragments and totals", n_files - len(unequal_pairs)),
        ("damaged files", given.damaged),
        ("... refused with a message", endings["refused"]),
        ("... with the records of pysam and correct counts", endings["equal"]),
        ("... wrong counts, tracebacks, crashes, timeouts", len(wrong)),
    ]
    figures = _markdown(table, given)
    print(figures, *unequal, *unequal_pairs, *wrong, sep="\n")
    if given.write:
        before, _, rest = DOCUMENT.read_text().partition(START)
        DOCUMENT.write_text(before + START + figures + END + rest.partition(END)[2])
    sys.exit(bool(unequal or unequal_pairs or wrong))


def _random_batch(seed: int) -> list[str]:
    pysam.set_verbosity(0)
    with tempfile.TemporaryDirectory() as folder:
        return unequal_files(seed, BATCH, Path(folder))


def _paired_batch(seed: int) -> list[str]:
    pysam.set_verbosity(0)
    with tempfile.TemporaryDirectory() as folder:
        return paired_files.unequal_pairs(seed, BATCH, Path(folder))


def _damaged_part(first: int, stop: int) -> tuple[Counter[str], list[str]]:
    with tempfile.TemporaryDirectory() as folder:
        return count_damaged(first, stop, Path(folder))


def _markdown(table: list[tuple[str, int]], given: argparse.Namespace) -> str:
    run = subprocess.run(["featureCounts", "-v"], capture_output=True, text=True)
    shown = re.search(r"v(\S+)", run.stdout + run.stderr)
    programs = {
        "featureCounts": shown.group(1) if shown else "?",
        "Python": platform.python_version(),
        **{name: version(name) for name in ("pysam", "numba", "deflate")},
    }
    options = f"--files {given.files} --damaged {given.damaged} --seed {given.seed}"
    listed = ", ".join(f"{name} {number}" for name, number in programs.items())
    return "\n".join(
        [
            f"`make fuzz ARGS='{options}'`, {datetime.date.today()}: {listed}.",
            "",
            "| | files |",
            "| --- | ---: |",
            *(f"| {what} | {number:,} |" for what, number in table),
            "",
        ]
    )


if __name__ == "__main__":
    main()
