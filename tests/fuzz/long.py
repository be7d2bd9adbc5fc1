"""The long fuzz (`make fuzz`): prints its progress and a table, which `--write` puts into
docs/reliability.md. Ends with exit code 1 if any file was counted wrongly or ended otherwise.
"""

import argparse
import datetime
import platform
import re
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import pysam
from fuzz.mutated_files import count_damaged
from fuzz.random_files import unequal_files

BATCH = 50
DAMAGED_AT_A_TIME = 500
DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"
START, END = "<!-- written by make fuzz -->\n", "<!-- end -->\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="Fuzz the native counter.")
    parser.add_argument("--files", type=int, default=10_000, help="random BAM files")
    parser.add_argument("--damaged", type=int, default=5_000, help="damaged BAM files")
    parser.add_argument("--seed", type=int, default=1, help="other seeds give other files")
    parser.add_argument("--write", action="store_true", help="write docs/reliability.md")
    given = parser.parse_args()
    pysam.set_verbosity(0)
    table, faults = [], []

    n_batches = -(-given.files // BATCH)
    for batch in range(n_batches):
        with tempfile.TemporaryDirectory() as folder:
            faults += unequal_files(given.seed * 1_000_000 + batch, BATCH, Path(folder))
        if batch % 10 == 9:
            print(f"random: {(batch + 1) * BATCH:,} files, {len(faults)} unequal", flush=True)
    n_files = n_batches * BATCH
    table.append(("random files, counted by both", n_files))
    table.append(("... with equal counts and equal tallies", n_files - len(faults)))

    refused = equal = 0
    wrong: list[str] = []
    first = given.seed * 1_000_000
    for start in range(first, first + given.damaged, DAMAGED_AT_A_TIME):
        stop = min(start + DAMAGED_AT_A_TIME, first + given.damaged)
        with tempfile.TemporaryDirectory() as folder:
            endings, found = count_damaged(start, stop, Path(folder))
        refused += endings["refused"]
        equal += endings["equal"]
        wrong += found
        print(f"damaged: {stop - first:,} files, {len(wrong)} ended otherwise", flush=True)
    table.append(("damaged files", given.damaged))
    table.append(("... refused with a sentence", refused))
    table.append(("... counted as pysam reads them", equal))
    table.append(("... wrong counts, tracebacks, crashes, time-outs", len(wrong)))

    figures = _markdown(table, given)
    print(figures, *faults, *wrong, sep="\n")
    if given.write:
        before, _, rest = DOCUMENT.read_text().partition(START)
        DOCUMENT.write_text(before + START + figures + END + rest.partition(END)[2])
    sys.exit(bool(faults or wrong))


def _markdown(table: list[tuple[str, int]], given: argparse.Namespace) -> str:
    run = subprocess.run(["featureCounts", "-v"], capture_output=True, text=True)
    found = re.search(r"v(\S+)", run.stdout + run.stderr)
    programs = {
        "featureCounts": found.group(1) if found else "?",
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
