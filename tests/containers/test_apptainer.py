"""The pipeline under a real Apptainer, in an image made from Docker's as docs/containers.md says.

Debian's stable release has no Apptainer: `install-apptainer` unpacks that of the unstable one. Not
part of `make test-containers`: the image alone takes minutes (`make test-apptainer`).
"""

import dataclasses
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from machines.engines import Images, comparable, version
from machines.nextflow_runs import SMALL, Pipeline, Run

pytestmark = pytest.mark.pipeline

CACHE = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser()
# Root of a virtual machine lacks this one, and Apptainer gives root in a container all there are.
RUN_OPTIONS = "--drop-caps CAP_SYS_RESOURCE"


@pytest.fixture(scope="module")
def programs() -> Path:
    """The folder of Apptainer's program."""
    if apptainer := shutil.which("apptainer"):
        return Path(apptainer).parent
    if os.geteuid() != 0:
        pytest.fail("apptainer is missing: install it", pytrace=False)
    folder = CACHE / "deepregfinder/apptainer"
    if not (folder / "usr/bin/apptainer").exists():
        subprocess.run([Path(__file__).parent / "install-apptainer", folder], check=True)
    return folder / "usr/bin"


@pytest.fixture(scope="module")
def folder(pipeline: Pipeline, images: Images, programs: Path) -> Iterator[Path]:
    """A folder with the .sif of the cpu image."""
    folder = pipeline.launch.parent / "sif"
    folder.mkdir()
    archive, sif = folder / "cpu.tar", folder / f"deepregfinder-nf-{version()}-cpu.sif"
    build = ["build", "--mksquashfs-args", "-comp zstd -Xcompression-level 1"]
    environment = os.environ | {"TMPDIR": str(folder), "APPTAINER_CACHEDIR": str(folder / "cache")}
    subprocess.run(["docker", "save", "-o", archive, images.cpu], check=True)
    subprocess.run(
        [programs / "apptainer", *build, sif, f"docker-archive:{archive}"],
        check=True, env=environment, capture_output=True,
    )  # fmt: skip
    archive.unlink()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def apptainer_run(
    pipeline: Pipeline, local_run: Run, programs: Path, folder: Path, tmp_path_factory
) -> Run:
    site = tmp_path_factory.mktemp("site") / "site.config"
    site.write_text(f"apptainer.runOptions = '{RUN_OPTIONS}'\n")
    path = f"{programs}:{os.environ['PATH']}"
    named = dataclasses.replace(pipeline, launcher=("env", f"PATH={path}"))
    done = named.run(
        "apptainer", "-c", site, "-profile", "apptainer,test", "--container_registry", folder,
        *SMALL,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    return done


def test_results_are_those_of_a_local_run(local_run, apptainer_run):
    assert {task["status"] for task in apptainer_run.tasks} == {"COMPLETED"}
    assert comparable(apptainer_run) == comparable(local_run)


def test_each_task_ran_in_the_sif(pipeline, folder, apptainer_run):
    for task in apptainer_run.tasks:
        [script] = pipeline.launch.glob(f"work/{task['hash']}*/.command.run")
        [command] = [line for line in script.read_text().splitlines() if "apptainer exec" in line]
        assert f" {folder}/deepregfinder-nf-{version()}-cpu.sif " in command
