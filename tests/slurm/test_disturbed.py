"""A run on a cluster to which everything happens that happens there, and what comes of it."""

import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from machines.nextflow_runs import Pipeline, Run
from machines.slurm_cluster import Cluster, Job, Task, nextflow, tasks_in, wait_for

pytestmark = pytest.mark.pipeline

HERE = Path(__file__).parent
CLUSTER = ("-profile", "slurm", "-c", HERE / "fast.config", "-c", HERE / "disturbed.config")


@dataclass(frozen=True)
class Disturbed:
    """The run that was finished in the end, and the jobs that something happened to."""

    run: Run
    launch: Path
    orphans: list[Job]
    copies: list[Job]
    lost: Job
    cancelled: Job

    def attempts(self, process: str, tag: str) -> list[Task]:
        """Tasks of the second start of Nextflow; those of the first are orphans."""
        orphans = [job.folder for job in self.orphans]
        tasks = tasks_in(self.launch, process)
        return [task for task in tasks if task.tag == tag and task.folder not in orphans]


@pytest.fixture(scope="module")
def away(launched_from: Callable[[str], Pipeline]) -> Pipeline:
    return launched_from("away")


@pytest.fixture(scope="module")
def disturbed(slurm: Cluster, away: Pipeline, inputs: list[str | Path]) -> Disturbed:
    """Nextflow is killed while jobs count; then, of the resumed run, a job exceeds its memory,
    training is cancelled after an epoch, and a predicting job is lost with all its processes."""
    main, results = away.code / "main.nf", away.launch / "results"
    arguments = ("--outdir", results, *inputs)

    first = nextflow(away, main, *CLUSTER, "-c", HERE / "slow.config", *arguments)
    wait_for("jobs that count", lambda: len(slurm.queue("COUNT_BINS")) >= 4)
    first.send_signal(signal.SIGKILL)
    first.wait()
    orphans = slurm.queue("COUNT_BINS")

    second = nextflow(away, main, *CLUSTER, "-resume", *arguments)

    def new_jobs() -> list[Job]:
        known = {job.id for job in orphans}
        return [job for job in slurm.queue("COUNT_BINS") if job.id not in known]

    copies = wait_for(
        "second copies of jobs that count", lambda: new_jobs() if len(new_jobs()) >= 4 else []
    )
    checkpoint = wait_for("a checkpoint", lambda: list(away.launch.glob("work/*/*/checkpoint.*")))
    cancelled = next(j for j in slurm.queue("TRAIN_MODEL") if j.folder == checkpoint[0].parent)
    slurm.cancel(cancelled)

    # Not one of the copies: Nextflow cannot find again what was tried again beside an orphan.
    running = wait_for(
        "a job that predicts",
        lambda: [job for job in slurm.queue("PREDICT_GENOME") if job.state == "RUNNING"],
    )
    lost = running[0]
    slurm.lose(lost)

    exit_code = second.wait(timeout=600)
    output = (away.launch / "nextflow.out").read_text()
    run = Run(exit_code, output, results)
    return Disturbed(run, away.launch, orphans, copies, lost, cancelled)


def test_it_finishes_with_the_results_of_an_undisturbed_local_run(disturbed, local_run):
    assert disturbed.run.exit_code == 0, disturbed.run.output
    assert disturbed.run.data_files() == local_run.data_files()
    assert "calls/A/A.cnn.regions.tsv" in local_run.data_files()


def test_jobs_that_a_killed_nextflow_left_behind_do_no_harm(disturbed):
    assert len(disturbed.orphans) == 4
    assert {job.name for job in disturbed.copies} == {job.name for job in disturbed.orphans}
    folders = [job.folder for job in disturbed.orphans + disturbed.copies]
    assert len(set(folders)) == len(folders), "each copy has a folder of its own"


def test_a_cancelled_training_continues_from_its_checkpoint_with_more_memory(disturbed):
    first, second = disturbed.attempts("TRAIN_MODEL", "A cnn")
    assert first.folder == disturbed.cancelled.folder
    assert (first.exit_code, second.exit_code) == (143, 0)
    assert "epoch 1 of 40" in first.log
    assert "continues after epoch" in second.log
    assert "epoch 1 of 40" not in second.log
    assert "epoch 40 of 40" in second.log
    megabytes = [int(task.asked("--mem").removesuffix("M")) for task in (first, second)]
    assert megabytes[1] >= 2 * megabytes[0] - 1 >= 2 * 6144
    assert (first.asked("-t"), second.asked("-t")) == ("08:00:00", "16:00:00")


def test_a_job_that_vanished_is_started_again(disturbed):
    lost = next(task for task in tasks_in(disturbed.launch) if task.folder == disturbed.lost.folder)
    assert lost.exit_code is None
    again = disturbed.attempts("PREDICT_GENOME", lost.tag)
    assert [task.exit_code for task in again] == [None, 0]
    assert "terminated for an unknown reason" in disturbed.run.output


def test_a_job_out_of_memory_is_started_again_with_more(disturbed):
    first, second = disturbed.attempts("BUILD_TENSORS", "A")
    assert (first.exit_code, second.exit_code) == (137, 0)
    assert "oom-kill" in first.log
    assert (first.asked("--mem"), second.asked("--mem")) == ("40M", "2048M")


def test_without_a_gpu_asked_for_no_job_asks_for_one(disturbed):
    assert {task.asked("--gres") for task in tasks_in(disturbed.launch)} == {None}


def test_users_see_sample_names_in_the_queue(disturbed):
    assert "nf-SIGNAL_COUNT_BINS_(A.H3K4me3.1)" in {job.name for job in disturbed.copies}


def test_the_same_command_again_is_cached_whole(slurm, away, disturbed, inputs):
    again = away.run("results", *CLUSTER, *inputs)
    assert again.exit_code == 0, again.output
    assert again.executed <= {"MAKE_REPORT"}
