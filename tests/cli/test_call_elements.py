import subprocess
import sys
from pathlib import Path

import pytest
from samples.small_evaluation import SIZES, bundle, elements, write_scan

OPTIONS = {
    "sample": "K562",
    "model": "cnn",
    "tss_merge": "500",
    "tss_distance": "2000",
    "threshold": "0.5",
    "validation_slop": "1000",
}


def run(repository: Path, folder: Path, *more: str, **changed: str) -> subprocess.CompletedProcess:
    outputs = {
        "output": "out.bed",
        "cutoffs": "cutoffs.tsv",
        "validation": "v.tsv",
        "summary": "calls.tsv",
        "seeds_summary": "seeds.tsv",
    }
    options = OPTIONS | outputs | changed
    arguments = [text for name, value in options.items() for text in (f"--{name}", value)]
    return subprocess.run(
        [sys.executable, str(repository / "bin" / "call_elements.py"), *arguments, *more],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


def rows(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in path.read_text().splitlines()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    windows, made = elements(), bundle(n_members=3)
    write_scan(tmp_path / "a.zip", windows, made, ("chr1", "chr3"))
    write_scan(tmp_path / "b.zip", windows, made, ("chr2", "chr4"))
    for name, index in (("dhs", 1), ("sites", 2)):
        lines = [
            f"{windows.chroms[chrom]}\t{midpoint}\t{midpoint + 1}\n"
            for chrom, midpoint, y in zip(windows.chrom, windows.midpoints, windows.y, strict=True)
            if y in (index, 2)
        ]
        (tmp_path / f"{name}.bed").write_text("".join(lines))
    return tmp_path


PROBABILITIES = ("--probabilities", "a.zip", "--probabilities", "b.zip")


def test_calls_validation_and_summaries_are_written(repository: Path, folder: Path) -> None:
    lists = ("--tss", "sites.bed", "--dhs", "dhs.bed")
    done = run(repository, folder, *PROBABILITIES, *lists)
    assert done.returncode == 0, done.stderr
    calls = rows(folder / "out.bed")
    assert {row[0] for row in calls} == set(SIZES)
    order = [(row[0], int(row[1])) for row in calls]
    assert order == sorted(order)
    validation = {row[0]: row for row in rows(folder / "v.tsv")[1:]}
    counted = {name: sum(row[3] == name for row in calls) for name in ("enhancer", "promoter")}
    assert {name: int(row[1]) for name, row in validation.items()} == counted
    assert float(validation["enhancer"][3]) > 0.8
    assert float(validation["promoter"][3]) > 0.8
    per_chrom = rows(folder / "calls.tsv")[1:]
    assert sum(int(row[2]) for row in per_chrom) == len(calls)
    seeds = rows(folder / "seeds.tsv")
    assert seeds[0] == ["seed", "class", "calls", "validated", "rate"]
    assert [row[:2] for row in seeds[1:]] == [
        [seed, name] for seed in ("0", "1", "2") for name in ("enhancer", "promoter")
    ]


def test_the_same_input_gives_the_same_bytes_in_any_order(repository: Path, folder: Path) -> None:
    run(repository, folder, *PROBABILITIES, "--dhs", "dhs.bed")
    first = [(folder / name).read_bytes() for name in ("out.bed", "v.tsv", "seeds.tsv")]
    turned = ("--probabilities", "b.zip", "--probabilities", "a.zip")
    run(repository, folder, *turned, "--dhs", "dhs.bed")
    assert first == [(folder / name).read_bytes() for name in ("out.bed", "v.tsv", "seeds.tsv")]


def test_no_call_at_all_is_said_loudly_and_leaves_an_empty_file(
    repository: Path, folder: Path
) -> None:
    done = run(repository, folder, *PROBABILITIES, threshold="1")
    assert done.returncode == 0
    assert "NO CALLS" in done.stderr
    assert (folder / "out.bed").read_bytes() == b""
    assert rows(folder / "v.tsv")[1] == ["enhancer", "0", ".", ".", "."]


def test_probabilities_of_another_sample_are_refused(repository: Path, folder: Path) -> None:
    done = run(repository, folder, *PROBABILITIES, sample="GM12878")
    assert done.returncode == 1
    assert "K562" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder / "out.bed").exists()
