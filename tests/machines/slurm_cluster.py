"""A real SLURM cluster of one node with two fake GPUs, and the requests of Nextflow."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from machines.engines import SHARED_TOOLS
from machines.nextflow_runs import Pipeline

MUNGE_PID = Path("/run/munge/munged.pid")


def output_of(*command: str | Path) -> str:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)
    return done.stdout


def wait_for(what: str, look: Callable[[], Any], seconds: float = 120) -> Any:
    """Wait for the first true answer; AssertionError after a time limit."""
    end = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.05)
    return seen


@dataclass(frozen=True)
class Job:
    """A pending or running job; its folder is the work folder of its task."""

    id: str
    state: str
    folder: Path
    name: str


class Cluster:
    """The cluster of SLURM_CONF."""

    def queue(self, name: str = "") -> list[Job]:
        """Jobs whose name contains `name`, in the order of their submission."""
        lines = output_of("squeue", "-h", "-S", "i", "-o", "%i|%T|%Z|%j").splitlines()
        jobs = [line.split("|") for line in lines]
        return [Job(j[0], j[1], Path(j[2]), j[3]) for j in jobs if name in j[3]]

    def cancel(self, job: Job) -> None:
        subprocess.run(["scancel", job.id], check=True)

    def lose(self, job: Job) -> None:
        """Kill all processes of a job silently, as when its node fails."""
        # A job that has only just begun has none yet.
        wait_for("processes of a job", lambda: self._processes(job))
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for process in self._processes(job):
                with_process(process, number)

    def add_partition(self, name: str) -> None:
        """Add a partition of all nodes, without a time limit."""
        output_of("scontrol", "create", f"partitionname={name}", "nodes=ALL", "state=UP")

    def call_gpus(self, kind: str) -> None:
        """Start it anew with a type of GPUs, by which jobs may ask for them: `--gres=gpu:a100:1`.
        (`scontrol reconfigure` leaves such a node without GPUs for jobs that name no type.)"""
        conf = Path(os.environ["SLURM_CONF"])
        for file, before, after in (
            (conf, "Gres=gpu:2", f"Gres=gpu:{kind}:2"),
            (conf.with_name("gres.conf"), "Name=gpu ", f"Name=gpu Type={kind} "),
        ):
            text = file.read_text()
            assert before in text, file
            file.write_text(text.replace(before, after))
        daemons = _daemons(conf.parent)
        output_of("scontrol", "shutdown")
        wait_for("the end of SLURM", lambda: not any(map(alive, daemons)), 60)
        for daemon in (["slurmctld", "-c"], ["slurmd"]):
            subprocess.run(daemon, check=True, stderr=subprocess.DEVNULL)
        state = ["sinfo", "-h", "-o", "%T"]
        wait_for("the node", lambda: b"idle" in subprocess.run(state, capture_output=True).stdout)

    def _processes(self, job: Job) -> list[int]:
        command = ["scontrol", "listpids", job.id]
        listed = subprocess.run(command, capture_output=True, text=True).stdout.splitlines()[1:]
        return [int(line.split()[0]) for line in listed if int(line.split()[0]) > 0]

    def record(self, job_id: str) -> dict[str, str]:
        """The record of a job in SLURM: Partition, TresPerNode, ..."""
        words = output_of("scontrol", "show", "job", "-o", job_id).split()
        return dict(word.split("=", 1) for word in words if "=" in word)


def with_process(process: int, number: signal.Signals) -> None:
    try:
        os.kill(process, number)
    except ProcessLookupError:
        return


@contextmanager
def running_cluster(folder: Path) -> Iterator[Cluster]:
    """The cluster of ../shared/tools/slurm-node; nothing of it is left afterwards."""
    tool = SHARED_TOOLS / "slurm-node"
    if not tool.is_file():
        pytest.fail(f"DRF_SHARED_TOOLS: {SHARED_TOOLS} has no slurm-node (see docs/clusters.md)")
    if os.getuid() != 0:
        pytest.fail("a SLURM node can only be started by root")
    had_munge = MUNGE_PID.exists() and Path(f"/proc/{MUNGE_PID.read_text().strip()}").exists()
    started = subprocess.run([tool, "start", folder], capture_output=True, text=True)
    assert started.returncode == 0, started.stderr
    before = os.environ.get("SLURM_CONF")
    os.environ["SLURM_CONF"] = str(folder / "slurm.conf")
    cluster = Cluster()
    try:
        yield cluster
    finally:
        for job in cluster.queue():
            cluster.cancel(job)
        wait_for("the end of all jobs", lambda: not cluster.queue(), 60)
        daemons = _daemons(folder)
        subprocess.run([tool, "stop", folder], check=True)
        if not had_munge:
            daemons.append(int(MUNGE_PID.read_text()))
            with_process(daemons[-1], signal.SIGTERM)
        wait_for("the end of SLURM", lambda: not any(map(alive, daemons)), 60)
        os.environ.pop("SLURM_CONF")
        if before is not None:
            os.environ["SLURM_CONF"] = before


def _daemons(folder: Path) -> list[int]:
    """The processes of the node and of its controller."""
    return [int((folder / f"{name}.pid").read_text()) for name in ("slurmd", "slurmctld")]


def alive(process: int) -> bool:
    """Whether a process is running; a zombie is not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@dataclass(frozen=True)
class Task:
    """A work folder: the request and the state of its job."""

    folder: Path
    process: str
    tag: str
    headers: list[str]

    @cached_property
    def log(self) -> str:
        return (self.folder / ".command.log").read_text()

    @property
    def exit_code(self) -> int | None:
        """None if the job ended without an exit code."""
        file = self.folder / ".exitcode"
        return int(file.read_text()) if file.exists() and file.read_text() else None

    def asked(self, option: str) -> str | None:
        """The value of an option of sbatch in any of its forms: "--mem" gives "2048M"."""
        words = " ".join(self.headers).replace("=", " ").split()
        return words[words.index(option) + 1] if option in words else None


def tasks_in(launch: Path, process: str = "", work: str = "work") -> list[Task]:
    """All tasks started from a launch folder, oldest first."""
    tasks = []
    scripts = (launch / work).glob("*/*/.command.run")
    for script in sorted(scripts, key=lambda script: script.stat().st_mtime_ns):
        text = script.read_text()
        name = re.search(r"^### name: '(?:\w+:)*(\w+)(?: \((.*)\))?'$", text, re.MULTILINE)
        assert name, script
        headers = re.findall(r"^#SBATCH (.*)$", text, re.MULTILINE)
        if process in ("", name[1]):
            tasks.append(Task(script.parent, name[1], name[2] or "", headers))
    return tasks


def nextflow(pipeline: Pipeline, main: Path, *arguments: str | Path) -> subprocess.Popen[str]:
    """Start a run in the background; its output goes to `nextflow.out` in the launch folder."""
    command = [pipeline.code / "tools/nextflow", "run", main, "-ansi-log", "false", *arguments]
    with (pipeline.launch / "nextflow.out").open("a") as output:
        return subprocess.Popen(
            list(map(str, command)),
            cwd=pipeline.launch, stdout=output, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
