"""inspect_bam.py: one BAM file in, one JSON file out, and an index in the task's folder only."""

import json
import subprocess
import sys
from pathlib import Path

from samples.coverage_files import coverage_of, write_coverage
from samples.small_bams import write_bam
from samples.text_reads import Read

SIZES = {"chr1": 10_000}


def run(repository: Path, folder: Path, bam: Path, *more: str) -> subprocess.CompletedProcess:
    task = folder / "task"
    task.mkdir(exist_ok=True)
    identity = ["--id", "K.H.1", "--sample", "K", "--mark", "H", "--replicate", "1"]
    written = ["--role", "chip", "--threads", "1", "--output", "K.H.1.bam.json"]
    return subprocess.run(
        [
            sys.executable,
            repository / "bin/inspect_bam.py",
            "--bam",
            bam,
            *identity,
            *written,
            *more,
        ],
        cwd=task,
        capture_output=True,
        text=True,
    )


def test_a_file_without_index_gets_one_in_the_task_folder(repository, tmp_path):
    bam = write_bam(tmp_path / "a.bam", SIZES, [("chr1", 5)])
    assert run(repository, tmp_path, bam).returncode == 0
    assert sorted(path.name for path in (tmp_path / "task").iterdir()) == [
        "K.H.1.bai",
        "K.H.1.bam.json",
    ]
    summary = json.loads((tmp_path / "task" / "K.H.1.bam.json").read_text())
    assert summary["index"] == "made"
    assert summary["mapped"] == {"chr1": 1}
    assert summary["role"] == "chip"


def test_the_given_index_is_used(repository, tmp_path):
    bam = write_bam(tmp_path / "a.bam", SIZES, [("chr1", 5)], index=True)
    assert run(repository, tmp_path, bam, "--index", f"{bam}.bai").returncode == 0
    assert [path.name for path in (tmp_path / "task").iterdir()] == ["K.H.1.bam.json"]


def test_a_bad_file_is_written_down_and_does_not_fail(repository, tmp_path):
    bam = tmp_path / "a.bam"
    bam.write_bytes(b"")
    done = run(repository, tmp_path, bam)
    assert (done.returncode, done.stderr) == (0, "")
    summary = json.loads((tmp_path / "task" / "K.H.1.bam.json").read_text())
    assert summary["problems"] == ["a.bam (K, H, replicate 1) is empty. Copy it again."]


def test_a_file_of_text_needs_no_index(repository, tmp_path):
    fragments = tmp_path / "fragments.tsv"
    fragments.write_text("# id=x\nchr1\t5\t90\tAC-1\t2\nchr1\t7\t80\tAG-1\t1\n")
    (tmp_path / "T.txt").write_text("AG-1\n")
    done = run(repository, tmp_path, fragments, "--barcodes", str(tmp_path / "T.txt"))
    assert (done.returncode, done.stderr) == (0, "")
    assert [path.name for path in (tmp_path / "task").iterdir()] == ["K.H.1.bam.json"]
    summary = json.loads((tmp_path / "task" / "K.H.1.bam.json").read_text())
    assert (summary["mapped"], summary["problems"]) == ({"chr1": 1}, [])
    assert summary["furthest"] == {"chr1": {"start": 7, "end": 80, "line": 3}}


def test_a_file_of_coverage_needs_no_index_and_may_have_a_number(repository, tmp_path):
    sizes = {"chr1": 100_000}
    reads = [Read("chr1", at, at + 40) for at in range(0, 90_000, 300)]
    track = write_coverage(tmp_path / "a.bw", coverage_of(reads, sizes))
    done = run(repository, tmp_path, track, "--reads", "290")
    assert (done.returncode, done.stderr) == (0, "")
    assert [path.name for path in (tmp_path / "task").iterdir()] == ["K.H.1.bam.json"]
    summary = json.loads((tmp_path / "task" / "K.H.1.bam.json").read_text())
    assert (summary["mapped"], summary["problems"]) == ({"chr1": 290}, [])
    assert (summary["depth"], summary["index"]) == ("given", "none")
