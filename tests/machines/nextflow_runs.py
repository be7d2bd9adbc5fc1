"""Nextflow runs on a small simulated panel, for all suites that need them.

All runs of a session use one launch folder and -resume, as a user would, so that results are
reused. They run a copy of the repository, which a test can change.
"""

import contextlib
import csv
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from machines import hung_runs

CODE = ("main.nf", "nextflow.config", "nextflow_schema.json")
# Explanations and tracks take time: only one run includes them (conftest.first_run).
SMALL = (
    "--n_background",
    "600",
    "--epochs",
    "3",
    "--scatter",
    "1",
    "--explain",
    "false",
    "--tracks",
    "false",
    "--models",
    "cnn",
)
FOLDERS = ("assets", "bin", "conf", "functions", "modules", "subworkflows", "tools")

# Seconds after which a run counts as hung, and as starved if no task runs in them.
_PATIENCE = 600
_STARVED = 120


@dataclass(frozen=True)
class Run:
    """A finished Nextflow run: exit code, everything it printed, and its results folder."""

    exit_code: int
    output: str
    results: Path

    @property
    def tasks(self) -> list[dict[str, str]]:
        """The rows of the trace, with `process` without its workflows."""
        with (self.results / "pipeline_info/execution_trace.txt").open() as lines:
            rows = list(csv.DictReader(lines, delimiter="\t"))
        return [row | {"process": row["process"].rpartition(":")[2]} for row in rows]

    @property
    def executed(self) -> set[str]:
        """Names of processes of which at least one task was not taken from the cache."""
        return {task["process"] for task in self.tasks if task["status"] != "CACHED"}

    def data_files(self) -> dict[str, bytes]:
        """Content of all published data files, without HTML and pipeline_info, which have dates."""
        return {
            str(path.relative_to(self.results)): path.read_bytes()
            for path in sorted(self.results.rglob("*"))
            if path.is_file() and path.parent.name != "pipeline_info" and path.suffix != ".html"
        }


@dataclass(frozen=True)
class Pipeline:
    """A copy of the repository with a launch folder and a simulated panel beside it.

    launcher : the command that starts Nextflow, e.g. as another user
    """

    code: Path
    launch: Path
    panel: Path
    launcher: tuple[str, ...] = ()

    def command(self, name: str, *arguments: str | Path, resume: bool = True) -> list[str]:
        """The command line of a run, to be started in the launch folder.

        Of a parameter that is given twice, in SMALL and again, the latter counts.
        """
        given = list(arguments)
        for option in ("--models", "--explain", "--tracks"):
            if given.count(option) > 1:
                at = given.index(option)
                del given[at : at + 2]
        command = [
            *self.launcher, self.code / "tools/nextflow", "run", self.code / "main.nf",
            "-ansi-log", "false", *(["-resume"] if resume else []),
            *([] if "--outdir" in given else ["--outdir", self.launch / name]), *given,
        ]  # fmt: skip
        return list(map(str, command))

    def run(self, name: str, *arguments: str | Path, resume: bool = True) -> Run:
        """Run the pipeline, again if Nextflow starved it. -resume continues the last run from the
        launch folder, whatever became of it: only the first one there, and runs in folders of their
        own, may do without."""
        command = self.command(name, *arguments, resume=resume)
        for _ in range(2):
            if finished := self._attempt(command, name):
                return finished
        raise AssertionError(f"Nextflow starved the run twice: {command}")

    def _attempt(self, command: list[str], name: str) -> Run | None:
        """One run; None if it was starved, and killed for it."""
        with subprocess.Popen(
            command, cwd=self.launch, env=os.environ | hung_runs.ENVIRONMENT,
            start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        ) as process:  # fmt: skip
            starved = 0
            try:
                for _ in range(_PATIENCE):  # not at once: the machine may be paused
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        output, _ = process.communicate(timeout=1)
                        return Run(process.returncode, output, self.launch / name)
                    starved = starved + 1 if hung_runs.is_starved(process, self.launch) else 0
                    if starved == _STARVED:
                        break
            except BaseException:  # Ctrl-C does not reach another session
                os.killpg(process.pid, signal.SIGKILL)
                raise
            said = hung_runs.last_words(process, self.launch)
        if starved == _STARVED:
            print(f"starved, and killed:\n{said}")
            return None
        raise AssertionError(f"no end after {_PATIENCE} s:\n{said}")

    @property
    def inputs(self) -> list[str | Path]:
        """The panel's samplesheet, labels, TSSs and blacklist, as arguments."""
        return [
            "--input", self.panel / "samplesheet.csv", "--labels", self.panel / "labels.csv",
            "--tss", self.panel / "tss.bed", "--blacklist", self.panel / "blacklist.bed", *SMALL,
        ]  # fmt: skip

    def inputs_of(self, sample: str) -> list[str | Path]:
        """The same with sheets of one sample only, for runs that take nothing from a cache."""
        arguments = self.inputs
        for at in (1, 3):
            sheet = self.panel / f"{sample}.{Path(arguments[at]).name}"
            header, *rows = Path(arguments[at]).read_text().splitlines(keepends=True)
            sheet.write_text(header + "".join(r for r in rows if r.startswith(f"{sample},")))
            arguments[at] = sheet
        return arguments


def copied_pipeline(repository: Path, folder: Path) -> Pipeline:
    """A copy of the repository in a folder, with a launch folder and a simulated panel."""
    code, launch, panel = folder / "code", folder / "launch", folder / "panel"
    launch.mkdir()
    code.mkdir()
    for name in CODE:
        shutil.copy2(repository / name, code / name)
    for name in FOLDERS:
        shutil.copytree(
            repository / name, code / name, ignore=shutil.ignore_patterns("__pycache__", "*.nb?")
        )
    for name in (".venv", ".tools"):
        if (repository / name).exists():
            (code / name).symlink_to((repository / name).resolve())
    simulate = [
        sys.executable, code / "bin/simulate_panel.py", "--outdir", panel, "--samples", "A,B",
        "--marks", "H3K4me1,H3K4me3,H3K27ac", "--replicates", "1,H3K27ac=2", "--control",
        "--nascent", "stranded", "--genome_mb", "12", "--reads_per_mb", "2000",
    ]  # fmt: skip
    subprocess.run(list(map(str, simulate)), check=True)
    return Pipeline(code, launch, panel)
