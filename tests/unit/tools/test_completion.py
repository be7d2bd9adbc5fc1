"""Completion on the command line, asked of bash as a terminal does."""

import json
import subprocess
from pathlib import Path

import pytest

ASK = """
set -u
source <("$1")
COMP_WORDS=("${@:2}")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_deepregfinder
printf '%s\\n' "${COMPREPLY[@]-}"
"""


@pytest.fixture
def completed(repository: Path, tmp_path: Path):
    """What bash offers for the last word of a command."""
    (tmp_path / "reads.csv").touch()

    def offered(*words: str, run: str = str(repository / "main.nf")) -> list[str]:
        command = ["bash", "-c", ASK, "-", repository / "tools/completion.py"]
        done = subprocess.run(
            [*command, "nextflow", "run", run, *words],
            cwd=tmp_path, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stderr == ""
        return done.stdout.split()

    return offered


@pytest.fixture(scope="module")
def rules(repository: Path) -> dict[str, dict]:
    groups = json.loads((repository / "nextflow_schema.json").read_text())["$defs"].values()
    return {name: rule for group in groups for name, rule in group["properties"].items()}


def test_every_parameter_is_offered(completed, rules) -> None:
    assert completed("--") == [f"--{name}" for name in rules]
    assert completed("--min") == ["--min_mapq", "--min_nonzero"]
    assert completed("--input", "reads.csv", "--trai") == [
        "--train_together", "--train_on", "--train_chroms",
    ]  # fmt: skip


def test_values_are_those_of_the_schema(completed, rules) -> None:
    for name in ("classes", "publish_dir_mode", "enhancer_labels", "device"):
        assert completed(f"--{name}", "") == [str(value) for value in rules[name]["enum"]], name
    assert completed("--counter", "f") == ["featurecounts"]
    assert completed("--multiqc", "") == ["true", "false"]


def test_names_of_files_are_left_to_bash(completed) -> None:
    assert completed("--input", "re") == []
    assert completed("--outdir", "re") == []


@pytest.mark.parametrize("run", ["lab/deepregfinder-nf", "deepregfinder-nf"])
def test_a_repository_of_this_name_is_completed(completed, run) -> None:
    assert completed("--class", run=run) == ["--classes", "--class_share"]


@pytest.mark.parametrize("run", ["nf-core/rnaseq", "other.nf", ""])
def test_another_pipeline_is_left_alone(completed, run) -> None:
    assert completed("--", run=run) == []


def test_a_terminal_asks_for_it(repository: Path) -> None:
    """The function is bound to the commands, with names of files where it offers nothing."""
    command = 'source <("$1"); complete -p nextflow; complete -p tools/nextflow'
    done = subprocess.run(
        ["bash", "-c", command, "-", repository / "tools/completion.py"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines() == [
        "complete -o default -F _deepregfinder nextflow",
        "complete -o default -F _deepregfinder tools/nextflow",
    ]
