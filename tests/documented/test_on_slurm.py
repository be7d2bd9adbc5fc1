"""Commands for SLURM, on a real cluster of one node. Tasks are stubs; Apptainer is a stand-in."""

import os
import re
import shutil
import signal
from pathlib import Path

import pytest
from machines.slurm_cluster import output_of, running_cluster, tasks_in, wait_for
from machines.stand_ins import stand_ins
from samples.documented_commands import launch_folder, parts_of, place_of

pytestmark = pytest.mark.pipeline

SLURM = Path(__file__).parents[1] / "slurm"
PARTS = parts_of("slurm")
[CANCEL] = [part for part in PARTS if "scancel" in part.text]
SCRIPTS = [part for part in PARTS if "#SBATCH" in part.text]
RUNS = [part for part in PARTS if part.runs and part not in SCRIPTS]
# One node of two cores, with one job that runs Nextflow.
SITE = "process { resourceLimits = [cpus: 1, memory: 3.GB, time: 1.h] }\n"
ON_GPUS = {"TRAIN_MODEL", "PREDICT_GENOME"}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with running_cluster(tmp_path_factory.mktemp("node")) as cluster:
        cluster.call_gpus("a100")
        for name in ("standard", "long"):
            cluster.add_partition(name)
        yield cluster


@pytest.fixture
def engines(tmp_path):
    return stand_ins(tmp_path, "apptainer")


@pytest.fixture
def place(tmp_path, engines):
    (tmp_path / "site.config").write_text(SITE)
    (tmp_path / "launch").mkdir()
    launch = launch_folder(tmp_path / "launch", samples=["K562"])
    place = place_of(
        tmp_path, launch, "-c", SLURM / "fast.config", "-c", tmp_path / "site.config",
        vague=("main.nf", "-profile", "slurm"), programs=[engines.programs],
    )  # fmt: skip
    (launch / "tools").mkdir()
    (launch / "tools/nextflow").symlink_to(tmp_path / "shim/nextflow")
    return place


@pytest.mark.parametrize("part", RUNS, ids=str)
def test_a_run_submits_what_the_command_says(cluster, place, engines, tmp_path, part):
    part = part.with_places({"/scratch/$USER": tmp_path, "/shared/images": tmp_path})
    place.run(part)
    [words] = part.runs
    given = dict(zip(words, [*words[1:], ""], strict=True))
    profiles = given.get("-profile", "slurm").split(",")
    tasks = tasks_in(place.launch, work=given.get("-work-dir", "work"))
    assert {task.exit_code for task in tasks} == {0}
    assert {task.process for task in tasks} > ON_GPUS
    for task in tasks:
        on_gpu = "gpu" in profiles and task.process in ON_GPUS
        kind = f"{given['--gpu_type']}:" if "--gpu_type" in given else ""
        assert task.asked("-p") == given.get("--gpu_queue" if on_gpu else "--queue"), task
        assert task.asked("--gres") == (f"gpu:{kind}1" if on_gpu else None), task
    if "apptainer" in profiles:
        registry = given.get("--container_registry", "deepregfinder-nf").replace("/", "-")
        assert {call.folder for call in engines.of_tasks} == {str(task.folder) for task in tasks}
        for call in engines.of_tasks:
            assert registry in call.of_engine[-1].replace("/", "-")
    if "more.config" in part.text:
        memory = {task.asked("--mem") for task in tasks if task.process == "BUILD_SIGNAL"}
        assert memory == {"3072M"}, "48 GB, as far as this node goes"


@pytest.mark.parametrize("part", SCRIPTS, ids=str)
def test_a_script_runs_as_a_job(cluster, place, tmp_path, part):
    (place.launch / "run.sh").write_text(part.text)
    submit = f"sbatch --wait {place.launch}/run.sh"
    output_of("bash", "-c", f"cd {place.launch} && PATH={place.environment['PATH']} {submit}")
    [log] = place.launch.glob("deepregfinder.*.log")
    assert log.read_text().count("Open next:") == 1
    job = cluster.record(re.search(r"\d+", log.name)[0])
    assert (job["Partition"], job["TimeLimit"]) == ("standard", "3-00:00:00")
    assert {task.asked("-p") for task in tasks_in(place.launch)} == {"standard"}


def test_jobs_of_one_launch_folder_and_no_other_are_cancelled(cluster, place, tmp_path):
    """As after `kill -9`: Nextflow is gone, and its jobs are not."""
    bare = next(part for part in RUNS if "-profile slurm --queue" in part.text)
    (tmp_path / "site.config").write_text(SITE + "process.beforeScript = 'sleep 100'\n")
    other = Path(shutil.copytree(place.launch, tmp_path / "other launch"))
    (other / "work/ab/cdef").mkdir(parents=True)
    output_of("sbatch", "-J", "nf-other", "-D", other / "work/ab/cdef", "-o", "/dev/null",
              "--wrap", "sleep 100")  # fmt: skip
    run = place.start(bare)
    ours = wait_for("jobs", lambda: jobs if len(jobs := cluster.queue("INSPECT_BAM")) > 3 else [])
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    assert all(job.folder.is_relative_to(place.launch) for job in ours)
    place.start(CANCEL).wait(timeout=60)
    wait_for("the end of our jobs", lambda: not cluster.queue("INSPECT_BAM"))
    [left] = cluster.queue()
    assert left.name == "nf-other"
