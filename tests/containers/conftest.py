"""The images, and a pipeline that every user of the machine can start.

All runs that share a launch folder follow one another with -resume: the local one first, then those
in containers. After the local run the Python environment is taken away, so that whatever runs then
runs in an image.
"""

import dataclasses
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from engines import Images, built_images
from nextflow_runs import SMALL, Pipeline, Run, copied_pipeline


@pytest.fixture(scope="session")
def images() -> Images:
    return built_images()


@pytest.fixture(scope="session")
def pipeline(repository: Path) -> Iterator[Pipeline]:
    """With the panel where -profile test looks for it and with jars that everyone may read."""
    folder = Path(tempfile.mkdtemp(prefix="deepregfinder-"))
    folder.chmod(0o755)
    made = copied_pipeline(repository, folder)
    panel = made.code / "demo/panel"
    panel.parent.mkdir()
    made.panel.rename(panel)
    jars = made.code / ".tools/nextflow"
    if jars.is_dir():
        kept = jars.resolve()
        (made.code / ".tools").unlink()
        shutil.copytree(kept, jars)
    yield dataclasses.replace(made, panel=panel)
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def local_run(pipeline: Pipeline) -> Run:
    done = pipeline.run("local", "-profile", "test", *SMALL, resume=False)
    assert done.exit_code == 0, done.output
    (pipeline.code / ".venv").unlink()
    return done


@pytest.fixture(scope="session")
def sealed(pipeline: Pipeline) -> Path:
    """A site configuration: tasks in Docker have no network, and only their folder is writable."""
    config = pipeline.launch / "sealed.config"
    options = "-u $(id -u):$(id -g) --network none --read-only --tmpfs /tmp"
    config.write_text(f"docker.runOptions = '{options}'\n")
    return config


@pytest.fixture(scope="session")
def docker_run(pipeline: Pipeline, images: Images, local_run: Run, sealed: Path) -> Run:
    """As the current user, from the launch folder of the local run."""
    done = pipeline.run("docker", "-c", sealed, "-profile", "docker,test", *SMALL)
    assert done.exit_code == 0, done.output
    return done
