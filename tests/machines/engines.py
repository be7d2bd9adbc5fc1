"""The Docker engine and the pipeline's images, for suites that run tasks in containers."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from machines.nextflow_runs import Run

ROOT = Path(__file__).resolve().parents[2]
SHARED_TOOLS = Path(os.environ.get("DRF_SHARED_TOOLS", ROOT.parent / "shared" / "tools"))
BASE = "debian:bookworm-slim"


@dataclass(frozen=True)
class Images:
    """The names of the two images that `make images` builds."""

    cpu: str
    cuda: str


def start_docker() -> None:
    """Make sure that a Docker engine runs. Where an image registry cannot be reached, a tool beside
    the repository starts the engine and makes the base image; where one can, docker pulls it."""
    tool = SHARED_TOOLS / "docker-engine"
    if (not docker_does("info") or not docker_does("image", "inspect", BASE)) and tool.exists():
        subprocess.run([tool], check=True)
    if not docker_does("info"):
        pytest.fail("No Docker engine: `docker info` does not work as this user.", pytrace=False)


def docker_does(*arguments: str) -> bool:
    if not shutil.which("docker"):
        return False
    return subprocess.run(["docker", *arguments], capture_output=True).returncode == 0


def have(program: str, package: str) -> None:
    """Make sure that a program of a Debian package is installed; root can install it."""
    if not shutil.which(program) and os.geteuid() == 0:
        install = f"apt-get install -y -qq --no-install-recommends {package}"
        subprocess.run(f"apt-get update -qq && {install}", shell=True, stdout=subprocess.DEVNULL)
    if not shutil.which(program):
        pytest.fail(f"{program} is missing: install the package {package}", pytrace=False)


def built_images() -> Images:
    """Start the engine and build both images; where neither the lock file nor the script has
    changed since the last time, Docker takes them from its cache, in seconds."""
    start_docker()
    command = ["make", "images", "TORCH_INDEX=", "AWSCLI=", "MULTIQC="]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.fail(f"make images: {done.stdout[-2000:]}\n{done.stderr[-2000:]}", pytrace=False)
    name = f"deepregfinder-nf:{version()}"
    return Images(f"{name}-cpu", f"{name}-cuda")


def version() -> str:
    """The version of the pipeline, which is the tag of the images."""
    match = re.search(r"^    version = '(.+)'", (ROOT / "nextflow.config").read_text(), re.M)
    assert match
    return match[1]


def comparable(run: Run) -> dict[str, bytes]:
    """Content of every published data file, without the version of Python that model bundles name:
    the Python of an image and that of this machine may differ in their third number."""
    named = re.compile(rb'(python(?:": "| ))\d+\.\d+\.\d+')
    return {name: named.sub(rb"\1", content) for name, content in run.data_files().items()}
