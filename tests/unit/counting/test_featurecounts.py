import dataclasses
import os
from pathlib import Path

import pytest
from samples.alignment_samples import MAIN, bam_of

from deepregfinder.counting.featurecounts import count_featurecounts
from deepregfinder.counting.first_reads import preview_reads
from deepregfinder.counting.rules import BinGrid, CountRules
from deepregfinder.errors import InputError

RULES = CountRules(0, "keep", "reads", "overlap", 0, 0)
GRID = BinGrid(MAIN, 100)
SINGLE = "s\t0\tchr1\t1001\t30\t36M\t*\t0\t0\t*\t*"
MATE = "p\t67\tchr1\t2001\t30\t36M\t=\t2301\t336\t*\t*"


@pytest.fixture(autouse=True)
def _in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def count(bam: Path, rules: CountRules = RULES, grid: BinGrid = GRID):
    return count_featurecounts(bam, preview_reads(bam), rules, grid, threads=1)


def fake_program(folder: Path, monkeypatch, body: str, version: str = "2.0.3") -> None:
    program = folder / "bin" / "featureCounts"
    program.parent.mkdir()
    says = f'if [ "$1" = -v ]; then echo "featureCounts v{version}" >&2; exit 0; fi'
    program.write_text(f"#!/bin/sh\n{says}\n{body}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")


def test_what_the_program_cannot_do_is_refused_with_the_way_out(tmp_path):
    pairs = bam_of(tmp_path / "pairs.bam", [MATE])
    fragments = dataclasses.replace(RULES, paired_end="fragments")
    with pytest.raises(InputError, match=r"pairs\.bam holds paired-end.*--paired_end reads"):
        count(pairs, fragments)
    with pytest.raises(InputError, match="midpoint: use --counter native"):
        count(pairs, dataclasses.replace(RULES, count_at="midpoint"))


def test_pairs_that_show_up_late_are_found(tmp_path):
    late = bam_of(tmp_path / "late.bam", [SINGLE] * 10_001 + [MATE])
    assert not preview_reads(late).paired_end
    counts = count(late)
    assert counts.tally.paired_end
    assert (counts.values[10], counts.values[20]) == (10_001, 1)
    with pytest.raises(InputError, match=r"late\.bam holds paired-end reads"):
        count(late, dataclasses.replace(RULES, paired_end="fragments"))


def test_a_name_that_the_program_would_take_for_another_is_refused(tmp_path):
    sizes = {"chr1": 5_000, "1": 5_000, "Un": 5_000}
    bam = bam_of(tmp_path / "both.bam", [SINGLE], sizes)
    with pytest.raises(InputError, match="has both 1 and chr1"):
        count(bam, grid=BinGrid({"chr1": 5_000}, 100))
    assert count(bam, grid=BinGrid({"chr1": 5_000, "1": 5_000}, 100)).tally.assigned == 1


def test_its_exit_status_and_last_words_are_told(tmp_path, monkeypatch):
    fake_program(tmp_path, monkeypatch, "echo '||  no space left on device  ||' >&2; exit 3")
    with pytest.raises(InputError, match="failed with exit status 3: no space left on device"):
        count(bam_of(tmp_path / "a.bam", [SINGLE]))
    assert not list(tmp_path.glob("featurecounts-*"))


def test_success_without_results_is_no_success(tmp_path, monkeypatch):
    fake_program(tmp_path, monkeypatch, "exit 0")
    with pytest.raises(InputError, match="wrote no summary"):
        count(bam_of(tmp_path / "a.bam", [SINGLE]))


def test_an_old_version_is_refused(tmp_path, monkeypatch):
    fake_program(tmp_path, monkeypatch, "exit 0", version="2.0.1")
    with pytest.raises(InputError, match=r"featureCounts v?2\.0\.1 is too old: 2\.0\.2 or later"):
        count(bam_of(tmp_path / "a.bam", [SINGLE]))


def test_a_missing_program_is_named(tmp_path, monkeypatch):
    bam = bam_of(tmp_path / "a.bam", [SINGLE])
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="featureCounts is not installed"):
        count(bam)


def test_nothing_is_left_behind(tmp_path):
    bam = bam_of(tmp_path / "a.bam", [SINGLE])
    count(bam)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.bam", "a.sam"]


def test_names_of_chromosomes_may_have_any_character(tmp_path):
    sizes = {"GRCh38#0#chr1": 5_000, "gi|5|ref|NC_1.1|": 5_000, "x;y&$z": 5_000}
    reads = [SINGLE.replace("chr1", name) for name in sizes]
    counts = count(bam_of(tmp_path / "a.bam", reads, sizes), grid=BinGrid(sizes, 100))
    assert counts.values.reshape(3, 50)[:, 10].tolist() == [1, 1, 1]
    assert counts.tally.assigned == 3
