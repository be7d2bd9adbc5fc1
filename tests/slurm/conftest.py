"""A SLURM cluster, and runs of the pipeline beside it."""

import dataclasses
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from machines.nextflow_runs import CODE, Pipeline, Run
from machines.slurm_cluster import Cluster, running_cluster


@pytest.fixture(scope="session")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("node")) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def launched_from(
    pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Pipeline]:
    """The same code and panel with a launch folder, and so a cache, of its own."""
    return lambda name: dataclasses.replace(pipeline, launch=tmp_path_factory.mktemp(name))


@pytest.fixture(scope="session")
def inputs(pipeline: Pipeline) -> list[str | Path]:
    """Sample A with regions of the user's own, and training of some seconds."""
    own = pipeline.panel / "own.bed"
    own.write_text("chr1\t10000\t10400\tone\nchr17\t50000\t56000\ttwo\n")
    chosen = ("--train_on", "A", "--predict_on", "A", "--regions", own, "--epochs", "40")
    return [*pipeline.inputs, *chosen]


@pytest.fixture(scope="session")
def here(launched_from: Callable[[str], Pipeline]) -> Pipeline:
    """Where the undisturbed local run is made and continued from."""
    return launched_from("here")


@pytest.fixture(scope="session")
def local_run(here: Pipeline, inputs: list[str | Path]) -> Run:
    done = here.run("local", *inputs, resume=False)
    assert done.exit_code == 0, done.output
    return done


@pytest.fixture(scope="session")
def probe(pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workflow of one process a label, under the pipeline's own configuration."""
    folder = tmp_path_factory.mktemp("probe")
    for name in CODE:
        shutil.copy2(pipeline.code / name, folder / name)
    shutil.copytree(pipeline.code / "conf", folder / "conf")
    shutil.copy2(Path(__file__).parent / "probe.nf", folder / "main.nf")
    return folder
