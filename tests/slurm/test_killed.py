"""A task that is killed in every attempt."""

from collections.abc import Callable
from pathlib import Path

import pytest
from machines.nextflow_runs import Pipeline, Run
from machines.slurm_cluster import Cluster, tasks_in

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
    assert (
        "DEFINE_REGIONS was killed (exit status 137: it probably exceeded the memory"
        in killed.output
    )
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
