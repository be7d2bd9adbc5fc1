"""conf/gpu_task.sh: which GPU a task gets, and what is said where there is none."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest


@pytest.fixture
def gpus(tmp_path, monkeypatch):
    """A driver with so many GPUs, in front of the PATH. The names, and locks, are of this test."""

    def named(n: int) -> list[str]:
        names = [f"GPU-{tmp_path.name}-{i}" for i in range(n)]
        program = tmp_path / "nvidia-smi"
        program.write_text("#!/bin/bash\n" + "".join(f"echo {name}\n" for name in names))
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        return names

    yield named
    for lock in Path("/tmp").glob(f"deepregfinder-*{tmp_path.name}*.lock"):
        lock.unlink()


@pytest.fixture
def task(repository):
    """Start a task as Nextflow would: source the script, then go on."""

    def start(work: str, device="cuda", engine="none", executor="local") -> subprocess.Popen[str]:
        source = f"source '{repository}/conf/gpu_task.sh' {device} {engine} {executor}; {work}"
        return subprocess.Popen(
            ["/bin/bash", "-euo", "pipefail", "-c", source],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip

    return start


def test_two_tasks_never_share_the_one_gpu(gpus, task, tmp_path):
    gpus(1)
    busy = tmp_path / "busy"
    work = f"mkdir {busy}; sleep 0.5; rmdir {busy}"  # mkdir fails where another is at work
    tasks = [task(work) for _ in range(3)]
    assert [t.communicate()[1] for t in tasks] == ["", "", ""]
    assert [t.returncode for t in tasks] == [0, 0, 0]


def test_every_gpu_is_used(gpus, task, tmp_path):
    names = gpus(2)
    both = f"touch {tmp_path}/$CUDA_VISIBLE_DEVICES; until [ -e {tmp_path}/{names[0]} ] && "
    both += f"[ -e {tmp_path}/{names[1]} ]; do sleep 0.1; done; echo $CUDA_VISIBLE_DEVICES"
    tasks = [task(both) for _ in range(2)]
    assert sorted(t.communicate(timeout=60)[0].strip() for t in tasks) == names


def test_only_gpus_that_the_user_left_visible(gpus, task, monkeypatch):
    names = gpus(2)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", names[1])
    assert task("echo $CUDA_VISIBLE_DEVICES").communicate()[0].strip() == names[1]


def test_a_killed_task_gives_its_gpu_back(gpus, task):
    gpus(1)
    first = task("echo started; sleep 600")
    assert first.stdout.readline() == "started\n"
    second = task("echo mine")
    time.sleep(0.5)
    assert second.poll() is None
    os.killpg(first.pid, signal.SIGKILL)
    assert second.communicate(timeout=60)[0] == "mine\n"


def test_a_scheduler_gives_out_gpus_itself(gpus, task):
    gpus(1)
    held = [
        task("echo ${CUDA_VISIBLE_DEVICES-left alone}; sleep 1", executor="slurm") for _ in "ab"
    ]
    assert [t.communicate()[0] for t in held] == ["left alone\n"] * 2


@pytest.mark.parametrize("engine", ["docker", "podman"])
def test_engines_that_fail_without_a_driver_are_not_started(gpus, task, engine):
    gpus(0)
    stopped = task("echo started", engine=engine)
    out, err = stopped.communicate()
    assert (stopped.returncode, out) == (1, "")
    assert "--device cuda was asked for but no GPU is visible" in err
    assert "driver" in err
    assert "cuda image" in err
    assert "drop the profile gpu" in err


def test_without_a_gpu_the_script_of_the_task_speaks(gpus, task):
    gpus(0)
    for engine in ("none", "singularity", "apptainer", "charliecloud"):
        assert task("echo started", engine=engine).communicate() == ("started\n", "")
    assert task("echo started", device="auto", engine="docker").communicate()[0] == "started\n"
