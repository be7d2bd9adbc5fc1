"""define_regions.py: the files it writes, what it refuses."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from define_regions import define_regions

RULES = {
    "tss_merge": "500",
    "promoter_slop": "1000",
    "enhancer_slop": "1000",
    "tss_distance": "2000",
    "promoter_marks_distance": "1000",
    "promoter_marks_min_signal": "0",
    "center": "midpoint",
    "background_distance": "2000",
    "n_background": "30",
    "enhancer_labels": "factors",
}


@pytest.fixture
def lists(tmp_path: Path) -> dict[str, str]:
    """Options that name small lists: 12 promoters and 12 enhancers on each of three chromosomes."""
    chroms = ("chr1", "chr8", "chr17")
    tss, dhs, p300, k4 = [], [], [], []
    for chrom in chroms:
        for n in range(12):
            start = 10_000 * n + 5_000
            tss.append(f"{chrom}\t{start}\t{start + 1}")
            dhs.append(f"{chrom}\t{start}\t{start + 150}")
            k4.append(f"{chrom}\t{start}\t{start + 900}\t.\t0\t.\t20\t-1\t-1")
            start = 10_000 * n + 200_000
            p300.append(f"{chrom}\t{start}\t{start + 300}\t.\t0\t.\t9\t-1\t-1\t150")
            k4.append(f"{chrom}\t{start}\t{start + 900}\t.\t0\t.\t3\t-1\t-1")
            dhs.append(f"{chrom}\t{start}\t{start + 150}")
    for name, lines in (("tss.bed", tss), ("dhs.bed", dhs), ("p300.narrowPeak", p300)):
        (tmp_path / name).write_text("\n".join(lines) + "\n")
    (tmp_path / "k4.broadPeak").write_text("\n".join(k4) + "\n")
    (tmp_path / "chrom.sizes").write_text("".join(f"{chrom}\t500000\n" for chrom in chroms))
    return {
        "tss": str(tmp_path / "tss.bed"),
        "dhs": str(tmp_path / "dhs.bed"),
        "enhancers": str(tmp_path / "p300.narrowPeak"),
        "promoter_marks": str(tmp_path / "k4.broadPeak"),
        "chrom_sizes": str(tmp_path / "chrom.sizes"),
    }


def arguments(folder: Path, **options: str) -> list[str]:
    fixed = {
        "sample": "K562",
        "classes": "3",
        "bin_size": "100",
        "window_bins": "20",
        "split": "chromosome",
        "train_chroms": "1-7",
        "validation_chroms": "8-16",
        "test_chroms": "17-22,X,Y",
        "seed": "1",
        "output": str(folder / "candidates.bed"),
        "dropped": str(folder / "dropped.tsv"),
        "sources": str(folder / "sources.tsv"),
    }
    given = RULES | fixed | options
    return [word for name, value in given.items() for word in (f"--{name}", value)]


def run(folder: Path, **options: str) -> Result:
    return CliRunner().invoke(define_regions, arguments(folder, **options))


def test_candidates_and_the_account_are_written(tmp_path: Path, lists: dict[str, str]) -> None:
    result = run(tmp_path, **lists, promoter_marks_min_signal="7")
    assert result.exit_code == 0, result.output
    lines = [line.split("\t") for line in (tmp_path / "candidates.bed").read_text().splitlines()]
    assert lines[0] == ["chr1", "4000", "6000", "promoter", ".", "train"]
    table = pd.DataFrame(lines)
    assert table.groupby([3, 5]).size().to_dict() == {
        (kind, split): n
        for kind, n in (("promoter", 12), ("enhancer", 12), ("background", 20))
        for split in ("train", "validation", "test")
    }
    dropped = pd.read_csv(tmp_path / "dropped.tsv", sep="\t")
    last = dropped.groupby("element")["left"].last()
    assert last.to_dict() == {"promoter": 36, "enhancer": 36, "background": 60}


def test_sites_with_h3k27ac_are_enhancers_and_the_sources_are_written(
    tmp_path: Path, lists: dict[str, str]
) -> None:
    lists["h3k27ac"] = lists.pop("enhancers")
    result = run(
        tmp_path,
        **lists,
        promoter_marks_min_signal="7",
        enhancer_labels="h3k27ac",
        called="dhs=ATAC",
    )
    assert result.exit_code == 0, result.output
    table = pd.read_csv(tmp_path / "candidates.bed", sep="\t", header=None)
    assert (table[3] == "enhancer").sum() == 36
    assert (tmp_path / "sources.tsv").read_text().splitlines() == [
        "list\tsource\tmark\tintervals",
        "enhancers\th3k27ac\t.\t.",
        "dhs\treads\tATAC\t72",
        "h3k27ac\tpeaks\t.\t36",
        "promoter_marks\tpeaks\t.\t72",
    ]


def test_too_few_windows_fail_but_leave_the_account(tmp_path: Path, lists: dict[str, str]) -> None:
    process = subprocess.run(
        [
            *(sys.executable, Path(__file__).parents[2] / "bin" / "define_regions.py"),
            *arguments(tmp_path, **lists),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 1
    assert "ERROR: Too few enhancer windows: 0 in train (10 needed)" in process.stderr
    assert "--promoter_marks_min_signal" in process.stderr
    assert "Traceback" not in process.stderr
    assert (tmp_path / "dropped.tsv").exists()
    assert not (tmp_path / "candidates.bed").exists()
    assert not list(tmp_path.glob(".bedtools*"))


def test_the_same_options_give_the_same_bytes(tmp_path: Path, lists: dict[str, str]) -> None:
    contents = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        assert run(tmp_path / name, **lists, promoter_marks_min_signal="7").exit_code == 0
        files = (tmp_path / name / "candidates.bed", tmp_path / name / "dropped.tsv")
        contents.append([file.read_bytes() for file in files])
    assert contents[0] == contents[1]
