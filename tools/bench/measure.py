"""The cost of a command: wall time, CPU time, and memory of all its processes."""

import os
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

_EVERY = 0.02


@dataclass(frozen=True)
class Cost:
    """The cost of one run of a command.

    wall, cpu : seconds; cpu includes all children that the command waited for
    memory : bytes; peak of the resident set, summed over all processes
    """

    wall: float
    cpu: float
    memory: int


def measured(command: Sequence[str | Path], folder: Path, log: Path) -> Cost:
    """Run a command in `folder`; raises SystemExit with its output if it fails."""
    with log.open("wb") as output:
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=subprocess.STDOUT)
        watch = _Watch(process.pid)
        watch.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        watch.stop()
    if process.returncode:
        end = log.read_text(errors="replace")[-2000:]
        raise SystemExit(f"bench: {' '.join(map(str, command))} failed:\n{end}")
    # Not ru_maxrss, which starts from the memory of the forking process.
    return Cost(wall, usage.ru_utime + usage.ru_stime, watch.peak)


def typical(costs: Sequence[Cost]) -> Cost:
    """The median of each cost."""
    return Cost(
        median(cost.wall for cost in costs),
        median(cost.cpu for cost in costs),
        int(median(cost.memory for cost in costs)),
    )


class _Watch(threading.Thread):
    """Samples the memory of a process and its descendants until it is stopped."""

    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self.peak = 0
        self._root = root
        self._done = threading.Event()

    def run(self) -> None:
        while not self._done.wait(_EVERY):
            self.peak = max(self.peak, sum(map(_resident, _tree(self._root))))

    def stop(self) -> None:
        self._done.set()
        self.join()


def _tree(root: int) -> Iterator[int]:
    """A process and its descendants."""
    yield root
    try:
        tasks = list(Path(f"/proc/{root}/task").iterdir())
    except OSError:  # it has just ended
        return
    for task in tasks:
        try:
            children = (task / "children").read_text().split()
        except OSError:  # it has just ended
            continue
        for child in children:
            yield from _tree(int(child))


def _resident(process: int) -> int:
    """Resident memory of a process in bytes; shared pages count in each process."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
