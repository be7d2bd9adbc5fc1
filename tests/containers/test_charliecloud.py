"""The pipeline under a real Charliecloud, from Debian, in a folder made from Docker's image."""

import dataclasses
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from engines import Images, version
from nextflow_runs import SMALL, Pipeline

pytestmark = pytest.mark.pipeline


@pytest.fixture(scope="module")
def ch_run() -> None:
    """The engine, installed where root can."""
    if not shutil.which("ch-run") and os.geteuid() == 0:
        install = "apt-get install -y -qq --no-install-recommends charliecloud-runtime"
        subprocess.run(f"apt-get update -qq && {install}", shell=True, stdout=subprocess.DEVNULL)
    if not shutil.which("ch-run"):
        pytest.fail("ch-run is missing: install the package charliecloud-runtime", pytrace=False)


@pytest.fixture
def folder(pipeline: Pipeline, images: Images) -> Iterator[Path]:
    """A folder with the cpu image unpacked, as docs/containers.md says."""
    folder = pipeline.launch.parent / "images"
    image = folder / f"deepregfinder-nf-{version()}-cpu"
    unpack = (
        f"mkdir -p {image}/ch && box=$(docker create {images.cpu}) && "
        f"docker export $box | tar -x -C {image} --exclude='dev/*' && docker rm $box && "
        "docker image inspect --format '{{range .Config.Env}}{{println .}}{{end}}' "
        f"{images.cpu} > {image}/ch/environment"
    )
    subprocess.run(["bash", "-c", f"set -o pipefail; {unpack}"], check=True, capture_output=True)
    yield folder
    shutil.rmtree(folder)


def test_results_are_those_of_docker(pipeline, ch_run, folder, docker_run):
    named = dataclasses.replace(
        pipeline, launcher=("env", f"USER={pwd.getpwuid(os.geteuid()).pw_name}")
    )
    done = named.run(
        "charliecloud", "-profile", "charliecloud,test", "--container_registry", folder, *SMALL
    )
    assert done.exit_code == 0, done.output
    assert {task["status"] for task in done.tasks} == {"COMPLETED"}
    assert done.data_files() == docker_run.data_files()
