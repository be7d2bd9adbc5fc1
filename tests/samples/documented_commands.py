"""Every shell block of the documents: the suite that runs it, its folder, and its placeholders.

A block is run as a user would paste it. A block of only `make` and `nextflow run` commands is split
into these commands, which are independent of each other.
tests/unit/documents/test_documented_commands.py fails where no suite runs one.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from samples.documents import blocks, commands, parameters

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]

# Words of a command (profiles one by one), and the suite that runs it: the first row of which a
# block has all words counts. Suites are files of tests/documented that ask for `parts_of(suite)`.
SUITES = (
    ({"awsbatch"}, "elsewhere"),
    ({"docker", "gpu"}, "elsewhere"),
    ({"slurm"}, "slurm"),
    ({"squeue"}, "slurm"),
    *(({word}, "containers") for word in ("docker", "apptainer", "charliecloud", "images", "sbom")),
    ({"export", "NXF_APPTAINER_CACHEDIR=/shared/images"}, "containers"),
    *(({word}, "benchmarks") for word in ("bench", "bench-quick")),
    *(({f"tools/accuracy/{word}"}, "benchmarks") for word in ("run", "ablation.py")),
    *(({"make", word}, "make") for word in ("demo", "test", "setup", "test-fast", "lint")),
    *(({"make", word}, "make") for word in ("pictures", "docs", "audit", "reproduce")),
    ({"nextflow", "run", "main.nf"}, "here"),
    ({"nextflow", "run", "..."}, "slurm"),  # clusters.md leaves out what stands further up there
)

# What is not available where the tests run, and its replacement.
INSTEAD = {
    "apptainer": "a stand-in runs tasks on this machine: Debian 12 has no Apptainer",
    "docker,gpu": "stand-ins for docker and nvidia-smi: no engine and GPU in one machine",
    "awsbatch": "the local executor with a stand-in for docker: there is no account",
    "s3://": "the launch folder: the plugin nf-amazon cannot be fetched",
    "make test": "a few tests: .ci/run runs them all",
    "make bench": "a hundredth of genome and reads, and one round",
    "make audit": "fails: the advisory database is out of reach; the test sees that it says so",
    "--gpu_type a100": "device files without a driver, called a100 to SLURM",
    "registry.example.org": "Debian's docker-registry on this machine",
    "0.1.0": "images of two packages, as 0.0.1: pushing 8 GB takes minutes, and the tag is in use",
    "DRF_SHARED_DATA": "six simulated chromosomes in the same layout",
    "/scratch/$USER": "a folder of the test",
    "/shared/": "a folder of the test",
}

MARKS = ("H3K27ac", "H3K4me1", "H3K4me3", "DNase")
SAMPLES = ("K562", "GM12878")
# Parameter -> header, and rows of a sample.
SHEETS = {
    "input": (
        "sample,mark,replicate,bam,control",
        [f"{{sample}},{mark},1,{{sample}}.{mark}.bam,input.bam" for mark in MARKS],
    ),
    "labels": (
        "sample,dhs,enhancers,promoter_marks,nascent",
        ["{sample},peaks.bed,peaks.bed,peaks.bed,nascent.bam"],
    ),
}
BUNDLE = {
    **{"format": "deepregfinder-bundle", "sample": "K562"},
    **{"classes": ["background", "enhancer", "promoter"], "marks": MARKS[:3]},
    **{"bin_size": 100, "window_bins": 20, "normalisation": {"control": "ignore"}},
}


@dataclass(frozen=True)
class Part:
    """A block of a document, or one of its commands: `clusters-3`, `README-3.1`."""

    name: str
    text: str

    def __str__(self) -> str:
        return self.name

    @property
    def commands(self) -> list[list[str]]:
        return commands(self.text)

    @property
    def runs(self) -> list[list[str]]:
        """The commands of a part that run the pipeline."""
        return [one for one in self.commands if one[0].endswith("nextflow") and one[1] == "run"]

    def with_places(self, places: Mapping[str, object]) -> "Part":
        """The part with paths that exist on this machine."""
        text = self.text
        for name, place in places.items():
            text = text.replace(name, str(place))
        return replace(self, text=text)


def _parts() -> list[Part]:
    parts = []
    for path in DOCUMENTS:
        for number, block in enumerate(blocks(path.read_text(), "bash")):
            lines = [line for line in re.split(r"(?<!\\)\n", block) if commands(line)]
            programs = [command[0] for command in commands(block)]
            if len(lines) == len(programs) > 1 and set(programs) <= {"make", "nextflow"}:
                parts += [Part(f"{path.stem}-{number}.{k}", line) for k, line in enumerate(lines)]
            else:
                parts.append(Part(f"{path.stem}-{number}", block))
    return parts


PARTS = _parts()


def suite_of(part: Part) -> str | None:
    """The suite that runs a part; None without one."""
    words = {word for command in part.commands for word in command}
    for command in part.runs:
        if "-profile" in command:
            words |= set(command[command.index("-profile") + 1].split(","))
    return next((suite for row, suite in SUITES if row <= words), None)


def parts_of(suite: str) -> list[Part]:
    return [part for part in PARTS if suite_of(part) == suite]


def launch_folder(folder: Path, samples: Sequence[str] = SAMPLES) -> Path:
    """Create every file named by the commands in a folder; BAM and peak files are empty."""
    sheets = {
        name: [header, *(row.format(sample=sample) for sample in samples for row in rows)]
        for name, (header, rows) in SHEETS.items()
    }
    schema = json.loads((ROOT / "nextflow_schema.json").read_text())
    groups = [group["properties"] for group in schema["$defs"].values()]
    rules = {name: rule for group in groups for name, rule in group.items()}
    for model in ("cnn", "drf"):
        bundle = folder / f"results/models/K562/{model}/model.json"
        bundle.parent.mkdir(parents=True)
        bundle.write_text(json.dumps({**BUNDLE, "model": model}))
    for name, text in shown_files().items():
        (folder / name).write_text(text)
    for command in [command for part in PARTS for command in part.runs]:
        for name, file in parameters(command).items():
            path = folder / Path(file).name
            if rules[name].get("format") == "file-path" and not path.exists():
                path.write_text("\n".join([*sheets.get(name, []), ""]))
    shown = [row for name, text in shown_files().items() for row in text.split()]
    for row in (*sheets["input"], *sheets["labels"], *shown):
        for cell in row.split(","):
            if cell.endswith((".bam", ".bed", ".gz", ".txt")):
                (folder / cell).touch()
    return folder


def shown_files() -> dict[str, str]:
    """The files whose content is in the documents: here-documents, a file of parameters."""
    usage = (ROOT / "docs/usage.md").read_text()
    shell = [block for path in DOCUMENTS for block in blocks(path.read_text(), "bash")]
    tables = re.findall(r"cat > (\w+\.csv) <<'END'\n(.*?)END\n", "".join(shell), re.S)
    given = re.search(r"```yaml\n# (params.yaml)\n(.*?)```", usage, re.S)
    assert {name for name, _ in tables} >= {"annotations.csv", "no_p300.csv"}
    assert given
    return dict([*tables, given.groups()])


# `...` stands for the usual sheets; where it is all that a command says, for the pipeline as well.
NEXTFLOW = """#!{python}
import os, sys
os.environ["PATH"] = {path!r}  # without this file: tools/nextflow takes what it finds there
standard = dict(zip(("--input", "--labels", "--tss"), ("samplesheet.csv", "labels.csv", "tss.bed")))
words = []
for word in sys.argv[1:]:
    if word == "...":
        words += [] if any(w.endswith("main.nf") for w in sys.argv) else {vague!r}
        words += [w for pair in standard.items() if pair[0] not in sys.argv for w in pair]
    else:
        words.append(word)
words = [{main!r} if word.endswith("main.nf") else word for word in words]
os.execv({program!r}, [{program!r}, *words, "-stub", *{more!r}])
"""


@dataclass(frozen=True)
class Place:
    """A launch folder, and the environment in which `nextflow` is that of the repository and runs
    the stubs of its tasks."""

    launch: Path
    environment: Mapping[str, str]

    def start(self, part: Part) -> subprocess.Popen[str]:
        """Run a part in a new shell."""
        return subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", part.text],
            cwd=self.launch, env={**os.environ, **self.environment}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip

    def run(self, part: Part, seconds: float = 900) -> str:
        """The output of a part, which has to succeed and to complete its runs."""
        process = self.start(part)
        try:
            output, _ = process.communicate(timeout=seconds)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        assert process.returncode == 0, output
        complete = [command for command in part.runs if "-preview" not in command]
        assert output.count("Open next:") >= len(complete), output
        return output


def place_of(
    folder: Path,
    launch: Path,
    *more: str | Path,
    code: Path = ROOT,
    vague: tuple[str, ...] = ("main.nf",),
    programs: Sequence[Path] = (),
) -> Place:
    """Where parts are pasted.

    folder : for programs, empty; launch : see `launch_folder`
    more : further words for each run of `code`; vague : words of `nextflow run ...`
    programs : folders whose programs go before those of this machine
    """
    path = ":".join([*map(str, programs), os.environ["PATH"]])
    shim = folder / "shim/nextflow"
    shim.parent.mkdir(parents=True)
    shim.write_text(
        NEXTFLOW.format(
            python=sys.executable, path=path, vague=list(vague), main=str(code / "main.nf"),
            program=str(code / "tools/nextflow"), more=list(map(str, more)),
        )
    )  # fmt: skip
    shim.chmod(0o755)
    return Place(launch, {"PATH": f"{shim.parent}:{path}", "NXF_ANSI_LOG": "false"})


def copied_repository(folder: Path) -> Path:
    """The files of the repository in a separate folder, before `make setup`."""
    names = (".git", ".venv", ".tools", ".nextflow*", ".*_cache", ".bench", "demo", "sbom", "work")
    ignored = shutil.ignore_patterns(*names, "__pycache__", "*.nb?", "results")
    return Path(shutil.copytree(ROOT, folder, ignore=ignored))
