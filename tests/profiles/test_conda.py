"""What -profile conda and mamba ask of Conda: a stand-in makes the environment a link to .venv."""

import dataclasses
import os
import subprocess

import pytest

pytestmark = pytest.mark.pipeline

STAND_IN = """#!/bin/bash
echo "$(basename "$0") $*" >> '{folder}/calls'
case $1 in
    info) printf '{{\\n  "conda_prefix": "{folder}/base",\\n}}\\n' ;;
    env) ln -s '{venv}' "$(sed 's/.*--prefix \\([^ ]*\\).*/\\1/' <<< "$*")" ;;
esac
"""


@pytest.mark.parametrize("parser", ["v1", "v2"])
@pytest.mark.parametrize("profile", ["conda", "mamba"])
def test_the_settings_of_conda(pipeline, monkeypatch, parser, profile):
    monkeypatch.setenv("NXF_SYNTAX_PARSER", parser)
    command = [pipeline.code / "tools/nextflow", "config", "-o", "flat", "-profile", profile]
    done = subprocess.run([*command, pipeline.code], capture_output=True, text=True, check=True)
    set_to = dict(line.split(" = ", 1) for line in done.stdout.splitlines() if " = " in line)
    assert set_to["process.conda"] == f"'{pipeline.code}/conf/environment.yml'"
    assert set_to["conda.enabled"] == "true"
    assert set_to["conda.useMamba"] == str(profile == "mamba").lower()
    assert "process.container" not in set_to
    for engine in ("docker", "singularity", "apptainer", "podman", "charliecloud"):
        assert set_to[f"{engine}.enabled"] == "false"


@pytest.mark.parametrize("profile", ["conda", "mamba"])
def test_every_task_runs_in_one_environment_made_once(pipeline, tmp_path, monkeypatch, profile):
    base = tmp_path / "base/bin/activate"
    base.parent.mkdir(parents=True)
    base.write_text('export CONDA_PREFIX="$1" PATH="$1/bin:$PATH"\n')
    programs = tmp_path / "programs"
    programs.mkdir()
    venv = (pipeline.code / ".venv").resolve()
    for name in ("conda", "mamba"):
        (programs / name).write_text(STAND_IN.format(folder=tmp_path, venv=venv))
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    apart = dataclasses.replace(pipeline, launch=tmp_path)
    done = apart.run(
        "results", *pipeline.inputs_of("A"), "-profile", profile, "-stub", resume=False
    )
    assert done.exit_code == 0, done.output
    calls = (tmp_path / "calls").read_text().splitlines()
    created = [call for call in calls if " env create " in call]
    assert len(created) == 1
    assert created[0].startswith(f"{profile} env create ")
    assert created[0].endswith(f"--file {pipeline.code}/conf/environment.yml")
    runs = list((tmp_path / "work").glob("??/*/.command.run"))
    assert len(runs) == len(done.tasks)
    for run in runs:
        lines = run.read_text()
        # Activated last, its programs come before those of .venv.
        assert lines.index("/bin/activate ") > lines.index("# beforeScript directive"), run
