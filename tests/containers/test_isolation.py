"""What AWS Batch asks of a task, proven without it: a task needs its declared inputs and bin/.

A task of every process is run again in a folder that holds nothing else, as another user, with HOME
unset, without a network and with hardly any shared memory. Nothing of the pipeline's folder, of
other tasks or of the machine can be seen there.
"""

import shutil
import subprocess
from pathlib import Path

import pytest
from samples.tasks import declared_inputs, outputs, processes

STRANGER = 12345
CACHES = ("NUMBA_CACHE_DIR=/task/.cache/numba", "MPLCONFIGDIR=/task/.cache/matplotlib")


@pytest.mark.parametrize("process", processes())
def test_a_task_needs_nothing_but_its_inputs(pipeline, tasks, images, tmp_path, process):
    task, alone = tasks[process], tmp_path / "task"
    alone.mkdir()
    inputs = declared_inputs(task)
    for where, what in inputs.items():
        (alone / where).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if what.is_dir() else shutil.copy2)(what, alone / where)
    shutil.copy2(task / ".command.sh", alone)
    shutil.copytree(
        pipeline.code / "bin", tmp_path / "bin", ignore=shutil.ignore_patterns("__pycache__")
    )
    for path in [alone, *alone.rglob("*")]:
        shutil.chown(path, STRANGER, STRANGER)
    run = [
        "docker", "run", "--rm", "--network", "none", "--shm-size", "1m",
        "-u", f"{STRANGER}:{STRANGER}",
        "-v", f"{alone}:/task", "-w", "/task", "-v", f"{tmp_path}/bin:/scripts:ro", images.cpu,
        "env", "-u", "HOME", "PATH=/scripts:/opt/deepregfinder/bin:/usr/bin:/bin", *CACHES,
        "bash", "-euo", "pipefail", ".command.sh",
    ]  # fmt: skip
    done = subprocess.run(run, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    made = {
        name: content
        for name, content in outputs(alone).items()
        if not any(Path(name).is_relative_to(where) for where in inputs)
    }
    assert made == outputs(task)
    assert not [path for path in alone.rglob("*") if path.is_symlink()], "S3 has no links"
    assert made
