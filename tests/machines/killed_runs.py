"""Nextflow runs in the background, which can be killed with all processes that they started."""

import contextlib
import os
import random
import re
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from machines.nextflow_runs import Pipeline, Run

# In their order; a run is killed at some of them.
PROCESSES = (
    "INSPECT_BAM", "COUNT_BINS", "DEFINE_REGIONS", "BUILD_SIGNAL", "BUILD_TENSORS", "TRAIN_MODEL",
    "PREDICT_GENOME", "CALL_ELEMENTS", "EVALUATE_MODEL",
)  # fmt: skip


@dataclass(frozen=True)
class Kill:
    """One kill: its planned moment, and the tasks that were running."""

    moment: str
    tasks: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.moment} ({', '.join(self.tasks) or 'no task was running'})"


@dataclass
class LiveRun:
    """A run in the background. Each of its processes, whatever group it put itself into, has
    inherited a variable by which it is found again."""

    pipeline: Pipeline
    results: Path
    process: subprocess.Popen[bytes]
    mark: bytes
    log: Path

    @property
    def output(self) -> str:
        return self.log.read_text()

    def finish(self, timeout: float = 600) -> Run:
        code = self.process.wait(timeout)
        return Run(code, self.output, self.results)

    def wait_until(self, condition: Callable[[], bool], delay: float = 0) -> bool:
        """Wait for the condition and then the delay; False if the run ended before."""
        while not condition():
            if self.process.poll() is not None:
                return False
            time.sleep(0.02)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(delay)
        return self.process.poll() is None

    def has_reached(self, process: str) -> bool:
        """Whether a task of the process was submitted, or taken from the cache."""
        return bool(re.search(rf"(Submitted|Cached) process > \S*:{process}\b", self.output))

    def processes(self) -> list[int]:
        """All live processes of this run, that of Nextflow first."""
        pids = []
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and self.mark in (entry / "environ").read_bytes():
                    pids.append(int(entry.name))
        return sorted(pids, key=lambda pid: (pid != self.process.pid, pid))

    def tasks(self) -> dict[Path, list[int]]:
        """The work folders of the running tasks, with the processes of each."""
        work = self.pipeline.launch / "work"
        pids_by_task: dict[Path, list[int]] = {}
        for pid in self.processes():
            with contextlib.suppress(OSError):
                folder = Path(f"/proc/{pid}/cwd").readlink()
                if work in folder.parents:
                    task = work.joinpath(*folder.relative_to(work).parts[:2])
                    pids_by_task.setdefault(task, []).append(pid)
        return pids_by_task

    def runs(self, process: str) -> list[int]:
        """The processes of the running tasks of one Nextflow process."""
        tasks = self.tasks().items()
        return [
            pid for folder, pids in tasks if task_name(folder).startswith(process) for pid in pids
        ]

    def kill(self, moment: str, orphans: bool = False) -> Kill:
        """SIGKILL for Nextflow and, unless they should continue as orphans, all of its tasks."""
        tasks = tuple(sorted(task_name(folder) for folder in self.tasks()))
        self.process.kill()
        self.process.wait(60)
        while not orphans and (left := self.processes()):
            kill_all(left)
            time.sleep(0.01)
        return Kill(moment, tasks)


def kill_all(processes: list[int]) -> None:
    for pid in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def task_name(folder: Path) -> str:
    """INSPECT_BAM (A.H3K4me1.1): the name in the wrapper script of the task."""
    wrapper = (folder / ".command.run").read_text()
    match = re.search(r"^### name: '(.*)'", wrapper, re.M)
    assert match, wrapper
    return match[1].rpartition(":")[2]


@contextlib.contextmanager
def running(pipeline: Pipeline, *arguments: str | Path, parser: str = "v1") -> Iterator[LiveRun]:
    """A run with -resume (the first of a launch folder too: it may be killed before it is one).
    Whatever still lives at the end is killed."""
    mark = f"DEEPREGFINDER_TEST={uuid.uuid4()}"
    log = pipeline.launch / f"{time.time_ns()}.log"
    environment = os.environ | dict([mark.split("=")]) | {"NXF_SYNTAX_PARSER": parser}
    with log.open("wb") as output:
        process = subprocess.Popen(
            pipeline.command("results", *arguments),
            cwd=pipeline.launch, env=environment, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    live = LiveRun(pipeline, pipeline.launch / "results", process, mark.encode(), log)
    try:
        yield live
    finally:
        if process.poll() is None or live.processes():
            live.kill("the test is over")


@dataclass(frozen=True)
class Moment:
    """When to kill: so many seconds after a process was reached (none: after Nextflow was started),
    or after the first file that is published from then on."""

    process: str | None
    delay: float
    published: bool = False

    def __str__(self) -> str:
        if not self.process:
            return "Nextflow was starting"
        return f"publishing after {self.process}" if self.published else f"past {self.process}"

    def wait(self, live: LiveRun) -> bool:
        """False if the run ended before."""
        process = self.process
        if not process:
            return live.wait_until(lambda: True, self.delay)
        if not self.published:
            return live.wait_until(lambda: live.has_reached(process), self.delay)
        if not live.wait_until(lambda: live.has_reached(process)):
            return False
        last = newest_file(live.results)
        return live.wait_until(lambda: newest_file(live.results) > last, self.delay)


def newest_file(results: Path) -> int:
    """When the published file that was written last was written, in ns; Nextflow writes its trace
    all the time, so the folder where it lies does not count."""
    newest = 0
    for path in results.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            if path.parent.name != "pipeline_info":
                newest = max(newest, path.stat().st_mtime_ns)
    return newest


def course(draw: random.Random) -> list[Moment]:
    """The kills of one run, from start to end: most while tasks run, one in the start of Nextflow,
    one or more while files are published."""
    tasks = [
        Moment(PROCESSES[stop], draw.uniform(0, 2))
        for stop in sorted(draw.sample(range(len(PROCESSES)), 4))
    ]
    tasks.insert(draw.randrange(5), Moment(None, draw.uniform(0.2, 4)))
    return [
        *tasks,
        Moment("CALL_ELEMENTS", draw.uniform(0, 0.1), published=True),
        *(Moment("MAKE_REPORT", draw.uniform(0, 1.2)) for _ in range(2)),
    ]


def disturbed(
    pipeline: Pipeline, arguments: list[str | Path], moments: list[Moment], parser: str
) -> tuple[Run, list[Kill]]:
    """Kill a run at each moment and resume it; the last attempt completes."""
    kills = []
    for moment in moments:
        with running(pipeline, *arguments, parser=parser) as live:
            if not moment.wait(live):
                return live.finish(), kills
            kills.append(live.kill(str(moment)))
    with running(pipeline, *arguments, parser=parser) as live:
        return live.finish(), kills


def fresh_launch(pipeline: Pipeline, name: str) -> Pipeline:
    """The same pipeline and panel, with an empty launch folder."""
    launch = pipeline.launch.with_name(name)
    shutil.rmtree(launch, ignore_errors=True)
    launch.mkdir()
    return Pipeline(pipeline.code, launch, pipeline.panel)
