"""The pipeline in Docker: the results of a run without it, for every user, sealed off."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest
from machines.engines import SHARED_TOOLS, comparable
from machines.nextflow_runs import SMALL

pytestmark = pytest.mark.pipeline

SOCKET = Path("/var/run/docker.sock")
STRANGER = 12345


def owners(folder: Path) -> set[int]:
    return {path.lstat().st_uid for path in folder.rglob("*")}


def test_results_are_those_of_a_local_run(local_run, docker_run):
    assert comparable(docker_run) == comparable(local_run)


def test_results_belong_to_who_started_nextflow(docker_run):
    assert owners(docker_run.results) == {os.geteuid()}


def test_each_task_ran_in_the_cpu_image_and_sealed_off(pipeline, images, docker_run):
    for task in docker_run.tasks:
        [script] = pipeline.launch.glob(f"work/{task['hash']}*/.command.run")
        [command] = [line for line in script.read_text().splitlines() if "docker run" in line]
        assert f" {images.cpu} " in command
        assert "--network none --read-only" in command


def test_moving_to_docker_runs_everything_there_and_what_has_run_stays(
    pipeline, local_run, docker_run, sealed
):
    """Nextflow hashes the image of a task with its inputs."""
    assert {task["status"] for task in docker_run.tasks} == {"COMPLETED"}
    again = pipeline.run("docker", "-c", sealed, "-profile", "docker,test", *SMALL)
    assert (again.exit_code, again.executed) == (0, set()), again.output
    back = pipeline.run("local", "-profile", "test", *SMALL)
    assert (back.exit_code, back.executed) == (0, set()), back.output


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may start Nextflow as another user")
def test_a_user_without_name_or_home_gets_the_same_results(pipeline, images, docker_run, sealed):
    launch = pipeline.launch.parent / "stranger"
    launch.mkdir()
    os.chown(launch, STRANGER, STRANGER)
    as_stranger = (
        "setpriv", f"--reuid={STRANGER}", f"--regid={STRANGER}",
        f"--groups={SOCKET.stat().st_gid}", "env", "-u", "HOME", f"NXF_HOME={launch}/.nextflow",
    )  # fmt: skip
    apart = dataclasses.replace(pipeline, launch=launch, launcher=as_stranger)
    done = apart.run("docker", "-c", sealed, "-profile", "docker,test", *SMALL, resume=False)
    assert done.exit_code == 0, done.output
    assert done.data_files() == docker_run.data_files()
    assert owners(launch) == {STRANGER}


def test_results_keep_the_contract_of_outputs(docker_run):
    if not SHARED_TOOLS.is_dir():
        pytest.skip(f"{SHARED_TOOLS} is not there: this machine has an engine of its own")
    tool = SHARED_TOOLS / "check-outputs"
    done = subprocess.run(
        [sys.executable, tool, docker_run.results], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
