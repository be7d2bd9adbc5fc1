import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from machines import hung_runs

TASK = "import pathlib, time; pathlib.Path('ready').touch(); time.sleep(100)"
# As Nextflow it lives through SIGQUIT, and has a Python task.
RUN = """trap '' QUIT; echo started; cd work/ab/cd; "$0" -c "$1" 2> .command.err; sleep 100"""


def test_a_run_that_hangs_is_killed_and_says_where_its_task_was(tmp_path):
    task = tmp_path / "work/ab/cd"
    task.mkdir(parents=True)
    (tmp_path / ".nextflow.log").write_text("a line of the log\n")
    run = subprocess.Popen(
        ["bash", "-c", RUN, sys.executable, TASK],
        cwd=tmp_path, env=os.environ | hung_runs.ENVIRONMENT, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    while not (task / "ready").exists():
        time.sleep(0.01)
    said = hung_runs.last_words(run, tmp_path)
    assert run.returncode == -9
    for words in ("started", "a line of the log", "time.sleep(100)", str(task), 'File "<string>"'):
        assert words in said


@pytest.mark.parametrize(
    ("executor", "command", "starved"),
    [
        ("local", "exec sleep 100", True),
        ("local", "sleep 100; true", False),
        ("slurm", "exec sleep 100", False),
    ],
)
def test_only_a_local_run_without_a_task_is_starved(tmp_path, executor, command, starved):
    log = f"DEBUG - Creating task monitor for executor '{executor}' > capacity: 2\n"
    (tmp_path / ".nextflow.log").write_text(log)
    with subprocess.Popen(["bash", "-c", command], start_new_session=True) as run:
        while b"sleep" not in (Path("/proc") / f"{run.pid}/cmdline").read_bytes():
            time.sleep(0.01)  # the shell, or the program that replaces it
        time.sleep(0.1)
        assert hung_runs.is_starved(run, tmp_path) == starved
        os.killpg(run.pid, signal.SIGKILL)
