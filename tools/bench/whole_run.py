"""The time of the whole pipeline, from BAM files to calls, by step, from its trace."""

import csv
import logging
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from contestants import BIN, CODE
from measure import measured
from tables import memory

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Task:
    """A task in the raw trace.

    start, seconds : start and duration of its script, in seconds
    cpu : seconds of CPU time; memory : bytes
    """

    process: str
    start: float
    seconds: float
    cpu: float
    memory: int

    @property
    def end(self) -> float:
        return self.start + self.seconds


def real_data() -> Path | None:
    """The folder of real peak lists for the panel; None without it."""
    folder = Path(os.environ.get("DRF_SHARED_DATA", CODE / "../shared/data")).resolve()
    return folder if (folder / "encode_hg19").is_dir() else None


def panel(folder: Path, data: Path) -> Path:
    """K562: 12 marks on hg19, 1,500 reads per Mb and mark."""
    outdir = folder / "K562"
    if not (outdir / "samplesheet.csv").exists():
        log.info("simulating a panel of 12 marks on a whole genome")
        annotation = data / "annotation_hg19"
        command = (
            *(sys.executable, BIN / "simulate_panel.py", "--outdir", outdir, "--samples", "K562"),
            *("--peaks", data / "encode_hg19", "--tss", annotation / "RefSeqTSS.hg19.bed.gz"),
            *("--chrom_sizes", annotation / "hg19.chrom.sizes"),
            *("--blacklist", annotation / "hg19-blacklist.v2.bed"),
            *("--reads_per_mb", "1500", "--threads", "2"),
        )
        measured(command, folder, folder / "panel.log.txt")
    return outdir


def whole_run(folder: Path, data: Path) -> list[str]:
    """Run the pipeline on the panel without cache; returns the lines of the tables."""
    sheets, place = panel(folder, data), folder / "runs/whole_run"
    place.mkdir(parents=True, exist_ok=True)
    command = (
        *(CODE / "tools/nextflow", "run", CODE / "main.nf", "-ansi-log", "false"),
        *("-c", CODE / "tools/bench/trace.config", "--input", sheets / "samplesheet.csv"),
        *("--labels", sheets / "labels.csv", "--blacklist", sheets / "blacklist.bed"),
        *("--tss", data / "annotation_hg19/RefSeqTSS.hg19.bed.gz", "--models", "cnn"),
        *("--promoter_marks_min_signal", "7", "--max_tf_peak_width", "5000"),
        *("--explain", "false", "--outdir", "results"),
    )
    cost = measured(command, place, place / "log.txt")
    tasks = read_trace(place / "results/pipeline_info/execution_trace.txt")
    idle = cost.wall - busy_seconds(tasks)
    path = critical_path(tasks)
    return [
        f"The run from BAM files to the report took {cost.wall / 60:.1f} minutes. The peak memory "
        f"of all processes, including Nextflow's Java, was {memory(cost.memory)}. No task ran in "
        f"{100 * idle / cost.wall:.0f} % of the time.",
        "",
        f"Tasks on the critical path, which waited for each other's input or cores, took "
        f"{100 * sum(task.seconds for task in path) / cost.wall:.0f} % of the time; the rest is "
        f"Nextflow's. They are: {_listed(path)}.",
        "",
        *by_step(tasks),
        "",
    ]


def read_trace(path: Path) -> list[Task]:
    """The completed tasks of a raw trace."""
    with path.open() as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    return [
        Task(
            process=row["process"].rpartition(":")[2],
            start=int(row["start"]) / 1000,
            seconds=(seconds := int(row["realtime"]) / 1000),
            cpu=seconds * float(row["%cpu"]) / 100,
            memory=int(row["peak_rss"]),
        )
        for row in rows
        if row["status"] == "COMPLETED"
    ]


def busy_seconds(tasks: Iterable[Task]) -> float:
    """Total time with at least one running task."""
    total, until = 0.0, float("-inf")
    for task in sorted(tasks, key=lambda task: task.start):
        total += max(0.0, task.end - max(task.start, until))
        until = max(until, task.end)
    return total


def critical_path(tasks: Iterable[Task]) -> list[Task]:
    """The chain of tasks that the last one waited for: each follows the last task that had ended.

    That task provided its input, or freed its cores.
    """
    left = sorted(tasks, key=lambda task: task.end)
    path = left[-1:]
    while left := [task for task in left if task.end <= path[0].start]:
        path.insert(0, left[-1])
    return path


def _listed(path: Sequence[Task]) -> str:
    """`2 COUNT_BINS, BUILD_SIGNAL`, in the order of the path."""
    numbers = Counter(task.process for task in path)
    return ", ".join(f"{n} {name}" if n > 1 else name for name, n in numbers.items())


def by_step(tasks: Sequence[Task]) -> list[str]:
    """Lines of a table with a row for each process, in the order of their first tasks."""
    steps: dict[str, list[Task]] = defaultdict(list)
    for task in sorted(tasks, key=lambda task: task.start):
        steps[task.process].append(task)
    lines = [
        "| step | tasks | total time | longest task | total CPU time | peak memory of a task |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, own in steps.items():
        lines.append(
            f"| {name} | {len(own)} | {sum(task.seconds for task in own):.0f} s "
            f"| {max(task.seconds for task in own):.0f} s | {sum(task.cpu for task in own):.0f} s "
            f"| {memory(max(task.memory for task in own))} |"
        )
    return lines
