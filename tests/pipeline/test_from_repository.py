"""`nextflow run <owner>/deepregfinder-nf -r <version>`: the repository has all that a run needs."""

import dataclasses
import os
import shutil
import subprocess

import pytest

pytestmark = [pytest.mark.pipeline, pytest.mark.variants]


def test_a_tag_of_a_repository_runs_without_a_clone(pipeline, tmp_path, monkeypatch):
    hosted, source = tmp_path / "lab/deepregfinder-nf.git", tmp_path / "source"
    ignored = shutil.ignore_patterns(".venv", ".tools", "__pycache__", "*.nb?")
    shutil.copytree(pipeline.code, source, ignore=ignored)
    identity = ("-c", "user.name=Test", "-c", "user.email=test@lab.example")
    for command in (
        ("init", "-q", source),
        ("-C", source, "add", "--all"),
        ("-C", source, *identity, "commit", "-q", "-m", "All"),
        ("-C", source, "tag", "1.0"),
        ("clone", "-q", "--bare", source, hosted),
    ):
        subprocess.run(["git", *map(str, command)], check=True)
    shutil.rmtree(source)
    monkeypatch.setenv("NXF_ASSETS", str(tmp_path / "assets"))
    monkeypatch.setenv("NXF_OFFLINE", "false")
    # In place of an image.
    monkeypatch.setenv("PATH", str((pipeline.code / ".venv/bin").resolve()), prepend=os.pathsep)
    apart = dataclasses.replace(pipeline, launch=tmp_path)
    command = apart.command(
        "results", *pipeline.inputs_of("A")[:2], "--pretrained", "builtin", "--tracks", "false",
        "-r", "1.0", "-stub", resume=False,
    )  # fmt: skip
    command[command.index(str(pipeline.code / "main.nf"))] = f"file:{hosted}"
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=580)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "[1.0]" in done.stdout
    assert [path.name for path in (tmp_path / "results/calls").iterdir()] == ["A"]
    assert (tmp_path / "results/report.html").exists()
