"""What happens to disks and clocks: results are whole, or a sentence says why there are none."""

import os
import subprocess
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.pipeline


def work_folder(pipeline, run, process: str) -> Path:
    task = next(task for task in run.tasks if task["process"] == process)
    return next((pipeline.launch / "work").glob(f"{task['hash']}*"))


def test_results_on_another_file_system_are_the_same(pipeline, first_run, tmp_path):
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == pipeline.launch.stat().st_dev:
        pytest.skip("/dev/shm is no file system of its own here")
    results = memory / tmp_path.name
    try:
        done = pipeline.run("elsewhere", *pipeline.inputs, "--outdir", results)
        assert done.exit_code == 0, done.output
        assert not done.results.exists()
        digests = {
            str(path.relative_to(results)): path.read_bytes()
            for path in results.rglob("*")
            if path.is_file() and path.parent.name != "pipeline_info" and path.suffix != ".html"
        }
        assert digests == first_run.data_files()
    finally:
        subprocess.run(["rm", "-rf", results], check=True)


def test_a_read_only_disk_is_told_before_the_first_task(pipeline, tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", folder], check=False)
    if mounted.returncode != 0:
        pytest.skip("only root can mount a disk")
    try:
        done = pipeline.run("read_only", *pipeline.inputs, "--outdir", folder / "results")
    finally:
        subprocess.run(["umount", folder], check=True)
    assert done.exit_code != 0
    assert f"--outdir {folder}/results is not writable" in done.output
    assert "Submitted process" not in done.output


def test_a_full_disk_of_results_ends_the_run_and_resume_makes_them_whole(pipeline, first_run):
    disk = pipeline.launch / "small"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk]
    if subprocess.run(mount, check=False).returncode != 0:
        pytest.skip("only root can mount a disk")
    try:
        full = pipeline.run("small", *pipeline.inputs)
        assert full.exit_code != 0, full.output
        assert "No space left on device" in full.output
        assert "Open next" not in full.output
        assert not (disk / "pipeline_info/checksums.sha256").exists()
        subprocess.run(["mount", "-o", "remount,size=200m", disk], check=True)
        done = pipeline.run("small", *pipeline.inputs)
        assert done.exit_code == 0, done.output
        assert done.data_files() == first_run.data_files()
    finally:
        subprocess.run(["umount", disk], check=True)


@pytest.mark.parametrize("years", [-20, 20])
def test_a_clock_that_was_wrong_changes_no_byte(pipeline, first_run, years):
    inputs = [path for path in pipeline.panel.rglob("*") if path.is_file()]
    before = {path: path.stat().st_mtime for path in inputs}
    moved = time.time() + years * 365 * 86_400
    try:
        for number, path in enumerate(inputs):
            os.utime(path, (moved, moved + 3600 * (number % 7)))
        done = pipeline.run(f"clock{years}", *pipeline.inputs)
    finally:
        for path, stamp in before.items():
            os.utime(path, (stamp, stamp))
    assert done.exit_code == 0, done.output
    assert done.data_files() == first_run.data_files()


def test_a_damaged_file_between_two_steps_is_noticed_and_made_again(pipeline, first_run):
    task = work_folder(pipeline, first_run, "BUILD_SIGNAL")
    signal = next(task.glob("*.signal.zip"))
    content = bytearray(signal.read_bytes())
    content[len(content) // 2] ^= 1
    signal.write_bytes(content)
    changed = (*pipeline.inputs, "--n_background", "590")
    stopped = pipeline.run("damaged", *changed)
    assert stopped.exit_code != 0
    assert f"{signal.name} is damaged at" in stopped.output
    assert "Traceback" not in stopped.output

    # What docs/troubleshooting.md says to do.
    subprocess.run(["rm", "-rf", task], check=True)
    mended = pipeline.run("damaged", *changed)
    assert mended.exit_code == 0, mended.output
    again = pipeline.run("first", *pipeline.inputs)
    assert again.exit_code == 0, again.output
    assert again.data_files() == first_run.data_files()
