"""What tasks are given: it grows with input and attempt, keeps to limits, and is tried again."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from machines.nextflow_runs import Pipeline
from machines.slurm_cluster import Cluster, Task, nextflow, tasks_in

pytestmark = pytest.mark.pipeline

# The local executor refuses what the machine lacks, unless it is told that it has it.
FAST = ("-c", Path(__file__).parent / "fast.config")
ROOMY = """
    process.resourceLimits = [cpus: 8, memory: 1.TB, time: 100.h]
    executor { cpus = 8; memory = 1.TB }
"""
KILLED = [*range(130, 146), 104, 175]


@dataclass(frozen=True)
class Given:
    """CPUs, megabytes and hours of an attempt, as its task saw them."""

    cpus: int
    megabytes: int
    hours: int
    attempt: int


@dataclass(frozen=True)
class Probed:
    exit_code: int
    output: str
    tasks: list[Task]

    def given(self, process: str) -> list[Given]:
        logs = [task.log for task in self.tasks if task.process == process]
        matches = [
            re.search(r"^given: (\d+) (\d+) (\d+) (\d+)$", log, re.MULTILINE) for log in logs
        ]
        return [Given(*map(int, line.groups())) for line in matches if line]


@pytest.fixture
def run_probe(
    probe: Path, launched_from: Callable[[str], Pipeline], tmp_path: Path
) -> Callable[..., Probed]:
    def run(config: str, only: str, codes: str, *arguments: str | Path, size: int = 0) -> Probed:
        site = tmp_path / "site.config"
        site.write_text(config)
        place = launched_from("probed")
        process = nextflow(
            place, probe / "main.nf", "-c", site, "--only", only, "--codes", codes,
            "--bytes", str(size), *arguments,
        )  # fmt: skip
        exit_code = process.wait(timeout=300)
        output = (place.launch / "nextflow.out").read_text()
        return Probed(exit_code, output, tasks_in(place.launch))

    return run


def test_memory_grows_with_input_and_attempt_and_time_with_attempt(run_probe):
    done = run_probe(ROOMY, "SINGLE,LOW,GPU", "137,140,0", size=100 * 2**20)
    assert done.exit_code == 0, done.output
    tries = (1, 2, 3)
    assert done.given("SINGLE") == [Given(1, 2048 * n, 4 * n, n) for n in tries]
    assert done.given("LOW") == [Given(1, (6144 + 100) * n, 4 * n, n) for n in tries]
    assert done.given("GPU") == [Given(2, (6144 + 400) * n, 8 * n, n) for n in tries]


def test_requests_stay_within_the_machine_where_nextflow_runs(run_probe):
    megabytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**20
    done = run_probe("", "HIGH", "137,137,0")
    assert done.exit_code == 0, done.output
    first, *_, last = done.given("HIGH")
    assert first.cpus == min(8, os.cpu_count())
    assert 0.8 * min(16384, megabytes) < first.megabytes <= min(16384, 0.9 * megabytes)
    assert 0.8 * min(49152, megabytes) < last.megabytes <= min(49152, 0.9 * megabytes)


def test_every_status_of_a_killed_task_is_tried_again(run_probe):
    done = run_probe(ROOMY, "SINGLE", ";".join(f"{code},0" for code in KILLED))
    assert done.exit_code == 0, done.output
    assert sorted(task.exit_code for task in done.tasks) == [0] * len(KILLED) + sorted(KILLED)


def test_a_task_that_fails_by_itself_is_not_tried_again_and_keeps_to_the_limits(run_probe):
    laptop = "process.resourceLimits = [cpus: 1, memory: 3.GB, time: 2.h]\n"
    done = run_probe(laptop, "HIGH", "1,0")
    assert done.exit_code != 0
    assert done.given("HIGH") == [Given(1, 3072, 2, 1)]


def test_a_site_that_speaks_of_labels_is_obeyed(slurm: Cluster, run_probe):
    site = """
        process {
            resourceLimits = [cpus: 2, memory: 3.GB, time: 5.h]
            withLabel: 'process_low' { queue = 'main'; time = 2.h }
            withLabel: 'process_gpu' {
                queue = 'gpu'
                cpus = 1
                memory = 1.GB
                clusterOptions = '--gres=gpu:2 --comment=ours'
            }
        }
    """
    done = run_probe(
        site, "SINGLE,LOW,HIGH,GPU", "0", "-profile", "slurm,gpu", "--device", "auto", *FAST
    )
    assert done.exit_code == 0, done.output
    asked = {
        task.process: [task.asked(o) for o in ("-p", "-c", "--mem", "-t", "--gres", "--comment")]
        for task in done.tasks
    }
    assert asked == {
        "SINGLE": [None, None, "2048M", "04:00:00", None, None],
        "LOW": ["main", None, "3072M", "02:00:00", None, None],
        "HIGH": [None, "2", "3072M", "05:00:00", None, None],
        "GPU": ["gpu", None, "1024M", "05:00:00", "gpu:2", "ours"],
    }
    visible = [task.log for task in done.tasks if task.process == "GPU"]
    assert "visible: 0,1\n" in visible[0]


def test_a_site_without_our_profile_brings_its_own_executor(slurm: Cluster, run_probe):
    site = """
        process {
            executor = 'slurm'
            queue = 'main'
            resourceLimits = [cpus: 2, memory: 4.GB, time: 24.h]
            clusterOptions = { "--comment=${task.process.toLowerCase()}" }
            withLabel: 'process_gpu' { queue = 'gpu'; clusterOptions = '--gres=gpu:1' }
        }
        executor.account = 'nobody'
    """
    done = run_probe(site, "SINGLE,GPU", "0", "-profile", "gpu", "--device", "auto", *FAST)
    assert done.exit_code == 0, done.output
    asked = {
        task.process: [task.asked(o) for o in ("-p", "--mem", "--gres", "--comment", "-A")]
        for task in done.tasks
    }
    assert asked == {
        "SINGLE": ["main", "2048M", None, "single", "nobody"],
        "GPU": ["gpu", "4096M", "gpu:1", None, "nobody"],
    }


def test_a_job_that_no_node_can_hold_is_refused_with_what_to_set(slurm: Cluster, run_probe):
    site = """
        process {
            resourceLimits = [cpus: 64, memory: 9.TB, time: 72.h]
            withLabel: 'process_single' { memory = 9.TB }
        }
    """
    done = run_probe(site, "SINGLE", "0", "-profile", "slurm", *FAST)
    assert done.exit_code != 0
    assert "Memory specification can not be satisfied" in done.output
    assert len(done.tasks) == 1, "to ask once more for the same would not help"
