"""The state of a Nextflow run that does not end, for the log of CI."""

import contextlib
import os
import re
import signal
import subprocess
import time
from pathlib import Path

# With it, Python prints the stack of each thread on SIGABRT.
ENVIRONMENT = {"PYTHONFAULTHANDLER": "1"}

_TIME_TO_SPEAK = 5
_EXECUTOR = re.compile(r"task monitor for executor '(\w+)'")


def is_starved(run: subprocess.Popen[str], launch: Path) -> bool:
    """Whether a run of the local executor has no task. If it stays so, Nextflow has lost count of
    its free CPUs: it adds and subtracts in two threads without a lock (nextflow-io/nextflow #7652).
    """
    log = launch / ".nextflow.log"
    executors = set(_EXECUTOR.findall(log.read_text(errors="replace"))) if log.exists() else set()
    return executors == {"local"} and set(_of_session(run.pid)) == {run.pid}


def last_words(run: subprocess.Popen[str], launch: Path) -> str:
    """Kill a run that was started in a session of its own, with all that it has started; what it
    printed, where the threads of Nextflow were, the end of its log, and where those of its tasks
    were."""
    processes = _of_session(run.pid)
    for pid, command in processes.items():
        if "python" in command.partition(" ")[0]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGABRT)
    run.send_signal(signal.SIGQUIT)  # Java prints the same and goes on
    time.sleep(_TIME_TO_SPEAK)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(run.pid, signal.SIGKILL)
    printed, _ = run.communicate()
    said = {
        str(error.parent): text
        for error in sorted(launch.glob("work/*/*/.command.err"))
        if "Fatal Python error: Aborted" in (text := error.read_text(errors="replace"))
    }
    logs = launch.glob(".nextflow.log")  # none, if Nextflow hangs from the start
    log = [line for path in logs for line in path.read_text(errors="replace").splitlines()[-100:]]
    listed = "\n".join(f"{pid} {command}" for pid, command in processes.items())
    tasks = "\n".join(f"{folder}\n{text}" for folder, text in said.items())
    return "\n\n".join([printed, "\n".join(log), listed, tasks])


def _of_session(session: int) -> dict[int, str]:
    """The command line of each process of a session."""
    processes = {}
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            if os.getsid(int(entry.name)) == session:
                processes[int(entry.name)] = (
                    (entry / "cmdline").read_text(errors="replace").replace("\0", " ").strip()
                )
    return processes
