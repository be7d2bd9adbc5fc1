"""The messages of the main workflow for many sets of parameters, from one run of Nextflow."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What `error` of Nextflow throws; anything else is a fault of the program, not of its user.
STOPPED = "WorkflowScriptErrorException"


def answers(
    folder: Path, cases: Mapping[str, Mapping[str, object]], pipeline: Path = ROOT
) -> dict[str, str]:
    """The message that each run would stop with, or "" if its first task would start.

    folder : where Nextflow is launched
    cases : name -> parameters, without the dashes
    pipeline : folder of the pipeline whose driver is asked
    """
    (folder / "cases.json").write_text(json.dumps(cases))
    command = [
        *(pipeline / "tools/nextflow", "-q", "run", pipeline / "tests/bad_inputs/driver.nf"),
        *("--cases", folder / "cases.json", "--answers", folder / "answers.json"),
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    raw_answers = json.loads((folder / "answers.json").read_text())
    assert raw_answers.keys() == cases.keys()
    return {name: said(answer) for name, answer in raw_answers.items()}


def said(answer: Mapping[str, str] | None) -> str:
    if answer is None:
        return ""
    return answer["message"] if answer["kind"] == STOPPED else f"{answer['kind']}: {answer}"
