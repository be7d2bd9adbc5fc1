"""The pipeline under a real Charliecloud, from Debian, in a folder made from Docker's image."""

import dataclasses
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from machines.engines import Images, have
from machines.nextflow_runs import SMALL, Pipeline
from samples.documented_commands import parts_of

pytestmark = pytest.mark.pipeline


@pytest.fixture
def folder(pipeline: Pipeline, images: Images) -> Iterator[Path]:
    """A folder with the cpu image unpacked, by the commands of docs/containers.md."""
    have("ch-run", "charliecloud-runtime")
    folder = pipeline.launch.parent / "images"
    [part] = [part for part in parts_of("containers") if "charliecloud" in part.text]
    unpack, run, _ = part.with_places({"/shared/images": folder}).text.partition("nextflow run")
    assert images.cpu in unpack
    assert run
    subprocess.run(["bash", "-euo", "pipefail", "-c", unpack], check=True, capture_output=True)
    yield folder
    shutil.rmtree(folder)


def test_results_are_those_of_docker(pipeline, folder, docker_run):
    named = dataclasses.replace(
        pipeline, launcher=("env", f"USER={pwd.getpwuid(os.geteuid()).pw_name}")
    )
    done = named.run(
        "charliecloud", "-profile", "charliecloud,test", "--container_registry", folder, *SMALL
    )
    assert done.exit_code == 0, done.output
    assert {task["status"] for task in done.tasks} == {"COMPLETED"}
    assert done.data_files() == docker_run.data_files()
