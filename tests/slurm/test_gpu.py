"""Who asks for a GPU, and what becomes of it on a node without a driver."""

from pathlib import Path

import pytest
from machines.nextflow_runs import Pipeline, Run
from machines.slurm_cluster import Cluster, tasks_in

pytestmark = pytest.mark.pipeline

FAST = ("-c", Path(__file__).parent / "fast.config")
ON_GPUS = {"TRAIN_MODEL", "PREDICT_GENOME", "SCORE_REGIONS"}
AFTER_TRAINING = ON_GPUS | {
    *("CALL_ELEMENTS", "EVALUATE_MODEL", "COMPARE_MODELS", "SHOW_EXAMPLES", "MAKE_REPORT"),
}


@pytest.fixture(scope="module")
def moved(slurm: Cluster, here: Pipeline, local_run: Run, inputs: list[str | Path]) -> Run:
    """The local run, continued on the cluster."""
    done = here.run("moved", "-profile", "slurm", *FAST, *inputs)
    assert done.exit_code == 0, done.output
    return done


@pytest.fixture(scope="module")
def auto(moved: Run, here: Pipeline, inputs: list[str | Path], tmp_path_factory) -> Run:
    """Continued with a GPU asked for and none found; tasks write down which one SLURM gave them."""
    seen = tmp_path_factory.mktemp("site") / "seen.config"
    seen.write_text("process.afterScript = 'echo ${CUDA_VISIBLE_DEVICES-none} > .visible'\n")
    done = here.run(
        "auto", "-profile", "slurm,gpu", "--device", "auto", "--gpu_queue", "gpu", "--queue",
        "main", *FAST, "-c", seen, *inputs,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    return done


def test_a_local_run_goes_on_on_the_cluster_without_computing_anything_again(moved, local_run):
    assert moved.executed == {"MAKE_REPORT"}, "the report tells the command, which is another"
    assert moved.data_files() == local_run.data_files()


def test_gpu_tasks_and_only_they_ask_for_a_gpu_in_the_gpu_queue(auto, slurm):
    assert auto.executed == AFTER_TRAINING
    new = [task for task in auto.tasks if task["status"] != "CACHED"]
    granted = {task["process"]: slurm.record(task["native_id"]) for task in new}
    for process, record in granted.items():
        asked = process in ON_GPUS
        assert record.get("TresPerNode") == ("gres:gpu:1" if asked else None), process
        assert record["Partition"] == ("gpu" if asked else "main"), process


def test_gpu_tasks_and_only_they_see_one_gpu(auto, here):
    new = [task for task in auto.tasks if task["status"] != "CACHED"]
    for task in new:
        folder = next((here.launch / "work").glob(f"{task['hash']}*"))
        visible = (folder / ".visible").read_text().strip()
        assert visible in ("0", "1") if task["process"] in ON_GPUS else visible == "none"
    headers = {task.asked("--gres") for task in tasks_in(here.launch) if task.process in ON_GPUS}
    assert headers <= {None, "gpu:1"}


def test_without_a_driver_auto_computes_the_same_on_cpus(auto, local_run):
    calls = "calls/A/A.cnn.bed"
    assert auto.data_files()[calls] == local_run.data_files()[calls]


def test_a_gpu_that_is_not_there_stops_the_run_with_a_plain_sentence(auto, here, inputs):
    done = here.run("cuda", "-profile", "slurm,gpu", "--gpu_queue", "gpu", *FAST, *inputs)
    assert done.exit_code != 0
    assert "--device cuda was asked for but no GPU is visible" in done.output
    for word in ("driver", "image", "profile gpu"):
        assert word in done.output
    attempts = [task for task in done.tasks if task["process"] == "TRAIN_MODEL"]
    assert [(task["exit"], task["attempt"]) for task in attempts] == [("1", "1")]
    assert "was killed" not in done.output, "advice for killed tasks would mislead here"
