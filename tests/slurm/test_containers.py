"""Jobs whose tasks run in Docker containers, outside of what SLURM can reach."""

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from machines.engines import built_images
from machines.nextflow_runs import Pipeline, Run
from machines.slurm_cluster import Cluster, Task, nextflow, output_of, tasks_in, wait_for

pytestmark = pytest.mark.pipeline

FAST = ("-c", Path(__file__).parent / "fast.config")


@dataclass(frozen=True)
class Boxed:
    """A run in containers whose training was cancelled; how many containers that training had,
    before and after."""

    run: Run
    training: list[Task]
    containers: tuple[int, int]


def containers_of(folder: Path) -> list[str]:
    """Running containers that work in a folder."""
    running = output_of("docker", "ps", "-q").split()
    place = "{{.Config.WorkingDir}}"
    done = subprocess.run(
        ["docker", "inspect", "-f", place, *running], capture_output=True, text=True
    )
    return [line for line in done.stdout.splitlines() if line == str(folder)]


@pytest.fixture(scope="module")
def image() -> str:
    return built_images().cpu


@pytest.fixture(scope="module")
def boxed(
    image: str,
    slurm: Cluster,
    launched_from: Callable[[str], Pipeline],
    inputs: list[str | Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Boxed:
    place = launched_from("boxed")
    # Docker lets a container go on for 10 s, in which this short training would come to its end.
    site = tmp_path_factory.mktemp("site") / "site.config"
    options = "-u $(id -u):$(id -g) --stop-signal KILL"
    site.write_text(f"docker.runOptions = '{options}'\n")
    results = place.launch / "results"
    process = nextflow(
        place, place.code / "main.nf", "-profile", "slurm,docker", *FAST, "-c", site,
        "--outdir", results, *inputs,
    )  # fmt: skip
    checkpoint = wait_for(
        "a checkpoint", lambda: list(place.launch.glob("work/*/*/checkpoint.*")), 400
    )
    folder = checkpoint[0].parent
    before = len(containers_of(folder))
    slurm.cancel(next(job for job in slurm.queue("TRAIN_MODEL") if job.folder == folder))
    wait_for("the end of the job", lambda: not [j for j in slurm.queue() if j.folder == folder])
    after = len(containers_of(folder))
    exit_code = process.wait(timeout=600)
    output = (place.launch / "nextflow.out").read_text()
    return Boxed(
        Run(exit_code, output, results), tasks_in(place.launch, "TRAIN_MODEL"), (before, after)
    )


def test_the_whole_run_succeeds_in_containers_with_the_local_results(boxed, local_run):
    assert boxed.run.exit_code == 0, boxed.run.output
    ours, theirs = local_run.data_files(), boxed.run.data_files()
    for name in ("calls/A/A.cnn.bed", "calls/A/A.cnn.regions.tsv", "regions/A/regions.bed"):
        assert ours[name] == theirs[name]
    assert ours.keys() == theirs.keys()


def test_cancelling_a_job_stops_its_container(boxed):
    assert boxed.containers == (1, 0)


def test_training_goes_on_from_the_checkpoint_of_the_cancelled_container(boxed):
    first, second = boxed.training
    assert second.exit_code == 0
    assert first.exit_code in range(130, 146)
    assert "continues after epoch" in second.log


def test_a_container_sees_the_gpu_that_slurm_granted(slurm, image, probe, launched_from, tmp_path):
    site = tmp_path / "site.config"
    # The image with CUDA is not needed to see which GPU was granted.
    site.write_text(f"process {{ withLabel: 'process_gpu' {{ container = '{image}' }} }}\n")
    place = launched_from("seen")
    done = nextflow(
        place, probe / "main.nf", "-profile", "slurm,docker,gpu", "--device", "auto", *FAST,
        "-c", site, "--only", "GPU,SINGLE", "--codes", "0", "--bytes", "0",
    ).wait(timeout=300)  # fmt: skip
    assert done == 0, (place.launch / "nextflow.out").read_text()
    gpu = tasks_in(place.launch, "GPU")[0]
    assert re.search(r"^visible: [01]$", gpu.log, re.MULTILINE)
    assert "docker run" in (gpu.folder / ".command.run").read_text()
