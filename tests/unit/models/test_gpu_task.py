"""conf/gpu_task.sh: which GPU a task gets, and what is said where there is none."""

import os
import shutil
import signal
import stat
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
    for lock in Path("/tmp").glob(f"deepregfinder-*/gpu-*{tmp_path.name}*.lock"):
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


@pytest.fixture
def locks(tmp_path, gpus):
    """The folder of locks of a user whom only this test has."""
    gpus(1)
    user = f"test-{os.getpid()}-{tmp_path.name}"
    program = tmp_path / "id"
    program.write_text(f"#!/bin/bash\necho {user}\n")
    program.chmod(0o755)
    folder = Path(f"/tmp/deepregfinder-{user}")
    yield folder
    if folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder)
    else:
        folder.unlink(missing_ok=True)


def test_only_the_user_can_write_to_the_folder_of_locks(locks, task):
    assert task("echo started").communicate() == ("started\n", "")
    assert stat.S_IMODE(locks.stat().st_mode) == 0o700
    assert len(list(locks.iterdir())) == 1


KINDS = ["link to a folder", "link to a file", "file"]
if os.geteuid() == 0:  # only root can make a folder for another user
    KINDS.append("other owner")


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_of_locks_made_by_somebody_else_is_refused(locks, task, tmp_path, kind):
    precious = tmp_path / "precious"
    if kind == "link to a folder":
        precious.mkdir()
        locks.symlink_to(precious)
    elif kind == "other owner":
        locks.mkdir()
        os.chown(locks, 65534, 65534)
    else:
        precious.write_text("unchanged")
        locks.symlink_to(precious) if kind == "link to a file" else locks.write_text("unchanged")
    stopped = task("echo started")
    out, err = stopped.communicate()
    assert (stopped.returncode, out) == (1, "")
    assert f"ERROR: the locks of GPUs cannot be kept in {locks}" in err
    assert not locks.is_dir() or not list(locks.iterdir())
    assert not precious.is_file() or precious.read_text() == "unchanged"


def test_a_part_of_a_gpu_has_a_lock(locks, task, monkeypatch):
    """Older drivers name it with slashes."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "MIG-GPU-1a2b/1/0")
    assert task("echo $CUDA_VISIBLE_DEVICES").communicate() == ("MIG-GPU-1a2b/1/0\n", "")


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
