"""A task that is killed in every attempt, and jobs that nobody waits for any more."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from nextflow_runs import Pipeline, Run
from slurm_cluster import Cluster, output_of, tasks_in, wait_for

pytestmark = pytest.mark.pipeline

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def doomed(launched_from: Callable[[str], Pipeline]) -> Pipeline:
    return launched_from("doomed")


@pytest.fixture(scope="module")
def killed(slurm: Cluster, doomed: Pipeline, inputs: list[str | Path]) -> Run:
    return doomed.run(
        "killed", "-stub", "-profile", "slurm", "-c", HERE / "fast.config",
        "-c", HERE / "killed.config", *inputs, resume=False,
    )  # fmt: skip


def test_a_task_killed_in_every_attempt_ends_the_run_after_two_retries(killed, doomed):
    assert killed.exit_code != 0
    attempts = tasks_in(doomed.launch, "DEFINE_REGIONS")
    assert [task.exit_code for task in attempts] == [137, 137, 137]
    assert [task.asked("--mem") for task in attempts] == ["40M", "80M", "120M"]


def test_the_user_is_told_what_to_change(killed):
    assert "DEFINE_REGIONS was killed (exit status 137: most likely it needed more" in killed.output
    assert "process { withName: 'DEFINE_REGIONS' { memory = '48 GB' } }" in killed.output
    assert "-c more.config -resume" in killed.output
    assert "process.resourceLimits" in killed.output


def test_what_runs_beside_it_is_finished_and_nothing_new_is_started(killed, doomed):
    last = tasks_in(doomed.launch, "DEFINE_REGIONS")[-1].folder / ".exitcode"
    counted = [task for task in killed.tasks if task["process"] == "COUNT_BINS"]
    assert [task["status"] for task in counted] == ["COMPLETED"]
    beside = tasks_in(doomed.launch, "COUNT_BINS")[0].folder / ".exitcode"
    assert beside.stat().st_mtime > last.stat().st_mtime + 2
    assert "BUILD_SIGNAL" not in killed.output


def test_the_documented_command_cancels_the_jobs_of_one_work_folder(slurm, tmp_path, repository):
    page = (repository / "docs/clusters.md").read_text()
    command = re.search(r"^squeue .*\| xargs -r scancel$", page, re.MULTILINE)
    assert command
    launch = tmp_path / "my launch"
    for folder in ("work/ab/cdef", "other/ab/cdef"):
        (launch / folder).mkdir(parents=True)
        output_of("sbatch", "-J", f"nf-{folder[:4]}", "-D", launch / folder, "-o", "/dev/null",
                  "--wrap", "sleep 60")  # fmt: skip
    assert {job.name for job in slurm.queue()} >= {"nf-work", "nf-othe"}
    subprocess.run(["bash", "-c", command[0]], cwd=launch, check=True)
    wait_for("the end of the job", lambda: not slurm.queue("nf-work"))
    other = slurm.queue("nf-othe")
    assert other, "jobs of another folder go on"
    slurm.cancel(other[0])
