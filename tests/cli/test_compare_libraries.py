"""compare_libraries.py writes tables and a plot of all libraries, and warnings."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from click.testing import CliRunner
from samples.cells import cells

from compare_libraries import compare_libraries
from deepregfinder.counting.read_ends import ReadEnds
from deepregfinder.counting.rules import BinCounts, BinGrid, CountRules, ReadTally
from deepregfinder.counting.store import Library, write_counts
from deepregfinder.quality.cross_correlation import Quality, write_quality
from deepregfinder.quality.shared_reads import write_ends

GRID = BinGrid({"chr1": 1_000_000}, 100)
RULES = CountRules(0, "keep", "reads", "overlap", 0, 0)
NO_TALLY = ReadTally(*[0] * 11, False)
NOBODY = ReadEnds("chr1", 36, np.zeros(60), np.zeros(40), np.zeros(0), 0, 0)


def written(folder: Path, mark: str, duplicates: float) -> list[str]:
    """The files of one library; returns the options that name them."""
    library = Library(f"A.{mark}.1", "A", mark, "1")
    values = np.random.default_rng(len(mark)).poisson(2, GRID.n_bins).astype(np.uint32)
    total = int(values.sum())
    tally = ReadTally(total, 0, 0, 0, 0, 0, 0, 0, total, total, total, False)
    write_counts(
        folder / f"{library.id}.counts.zip", library, BinCounts(GRID, values, tally), RULES, None
    )
    write_quality(
        folder / f"{library.id}.quality.tsv", library, NOBODY, Quality(0.1, duplicates, 180)
    )
    return [
        *("--counts", str(folder / f"{library.id}.counts.zip")),
        *("--quality", str(folder / f"{library.id}.quality.tsv")),
    ]


def options(folder: Path) -> list[str]:
    (folder / "A.regions.bed").write_text("chr1\t0\t2000\tpromoter\t.\ttrain\n")
    return [
        *written(folder, "H3K4me3", 0.75),
        *written(folder, "H3K27ac", 0.1),
        *("--regions", str(folder / "A.regions.bed")),
        *("--libraries", str(folder / "libraries.tsv"), "--doubts", str(folder / "doubts.tsv")),
        *("--correlation", str(folder / "correlation.tsv")),
        *("--picture", str(folder / "correlation.png")),
    ]


def test_tables_and_picture_are_written(tmp_path: Path) -> None:
    done = CliRunner().invoke(compare_libraries, options(tmp_path), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    first, second = cells(tmp_path / "libraries.tsv")
    assert (first["id"], first["fragment_length"], first["duplicates"]) == (
        *("A.H3K27ac.1", "180"), "0.1000",
    )  # fmt: skip
    assert float(second["in_promoters"]) > 0
    assert second["in_enhancers"] == "."
    (pair,) = cells(tmp_path / "correlation.tsv")
    assert (pair["id_a"], pair["id_b"]) == ("A.H3K27ac.1", "A.H3K4me3.1")
    assert [row["ids"] for row in cells(tmp_path / "doubts.tsv")] == ["A.H3K4me3.1"]
    assert (tmp_path / "correlation.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "correlation.svg").stat().st_size


def test_doubts_are_said_aloud_and_damaged_counts_in_one_sentence(
    tmp_path: Path, repository: Path
) -> None:
    words = options(tmp_path)
    command = [sys.executable, str(repository / "bin/compare_libraries.py"), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "WARNING: 75% of the reads of A.H3K4me3.1" in done.stdout + done.stderr
    (tmp_path / "A.H3K27ac.1.counts.zip").write_text("nothing")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "A.H3K27ac.1.counts.zip" in done.stderr


def test_the_same_reads_under_two_marks_are_said_aloud(tmp_path: Path, repository: Path) -> None:
    words = options(tmp_path)
    for number, mark in enumerate(("H3K4me3", "H3K27ac", "H3K9ac")):
        rng = np.random.default_rng(min(number, 1))
        strands = [np.sort(rng.integers(0, 1_000_000, 400)) for _ in range(2)]
        ends = ReadEnds("chr1", 36, *strands, np.zeros(0), 0, 0)
        path = tmp_path / f"A.{mark}.1.ends.zip"
        write_ends(path, Library(f"A.{mark}.1", "A", mark, "1"), ends)
        words += ["--ends", str(path)]
    command = [sys.executable, str(repository / "bin/compare_libraries.py"), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "WARNING: 100% of the reads of A.H3K27ac.1 and A.H3K9ac.1 are the same" in done.stdout
    first = cells(tmp_path / "doubts.tsv")[0]
    assert (first["kind"], first["ids"]) == ("copies", "A.H3K27ac.1,A.H3K9ac.1")


def test_a_control_with_more_structure_than_its_mark_is_said_aloud(
    tmp_path: Path, repository: Path
) -> None:
    """The control is found by the pair that the samplesheet gives."""
    words = options(tmp_path)
    library = Library("control.input.1", "control", "input", "1")
    peaks = np.where(np.arange(GRID.n_bins) // 500 % 2, 6, 1)
    values = np.random.default_rng(3).poisson(peaks).astype(np.uint32)
    total = int(values.sum())
    tally = replace(NO_TALLY, total=total, usable=total, library_size=total, assigned=total)
    path = tmp_path / "control.counts.zip"
    write_counts(path, library, BinCounts(GRID, values, tally), RULES, None)
    words += ["--counts", str(path), "--controls", "A.H3K4me3.1=control.input.1"]
    command = [sys.executable, str(repository / "bin/compare_libraries.py"), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "WARNING: The control control.input.1 has more structure" in done.stdout
    assert "than its mark A.H3K4me3.1" in done.stdout
