"""What each profile makes of a task, recorded by stand-ins for the commands of container engines.

The tasks are stubs.
"""

import dataclasses
import http.server
import os
import re
import shutil
import subprocess
import threading
from itertools import pairwise
from pathlib import Path

import pytest
from machines.stand_ins import Call, stand_ins

pytestmark = pytest.mark.pipeline

# How the engines are told which folders a task needs to see.
BINDS = ("-v", "-B", "-b")
GPU_PROCESSES = {"TRAIN_MODEL", "PREDICT_GENOME", "SCORE_REGIONS"}


@pytest.fixture
def recorded(pipeline, tmp_path, monkeypatch):
    """Run the pipeline's stubs with a profile; returns the calls that started tasks."""
    engines = stand_ins(tmp_path)
    monkeypatch.setenv("PATH", str(engines.programs), prepend=":")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    apart = dataclasses.replace(pipeline, launch=tmp_path)

    def run(profile: str, *arguments: str | Path) -> list[Call]:
        done = apart.run(
            "results", *pipeline.inputs_of("A"), "--regions", pipeline.panel / "blacklist.bed",
            "-profile", profile, "-stub", *arguments, resume=False,
        )  # fmt: skip
        assert done.exit_code == 0, done.output
        return engines.of_tasks

    return run


# What each engine needs to pass a GPU on; Charliecloud takes no flag (docs/containers.md).
ENGINES = {
    "docker": ("docker", ["--gpus", "all"]),
    "podman": ("podman", ["--device", "nvidia.com/gpu=all"]),
    "singularity": ("singularity", ["--nv"]),
    "apptainer": ("apptainer", ["--nv"]),
    "charliecloud": ("ch-run", []),
}


@pytest.mark.parametrize("profile", ENGINES)
def test_gpu_tasks_and_only_they_get_the_cuda_image_and_the_gpu(pipeline, recorded, profile):
    calls = recorded(f"{profile},gpu")
    command, flags = ENGINES[profile]
    assert {call.command for call in calls} == {command}
    assert {call.process for call in calls} > GPU_PROCESSES
    for call in calls:
        given = call.of_engine
        on_gpu = call.process in GPU_PROCESSES
        image = next(word for word in given if re.search(r"deepregfinder-nf.0\.", word))
        assert ("-cuda" in image, "-cpu" in image) == (on_gpu, not on_gpu), call
        assert [word for word in given if word in flags] == (flags if on_gpu else []), call
        visible = {v for name, v in call.env.items() if name.endswith("CUDA_VISIBLE_DEVICES")}
        assert visible == ({"GPU-of-the-test"} if on_gpu else set()), call
        bound = [Path(after.split(":")[0]) for flag, after in pairwise(given) if flag in BINDS]
        for needed in (Path(call.folder), pipeline.panel):
            assert any(needed.is_relative_to(folder) for folder in bound), (needed, call)
        handed_over = " ".join([*given, *call.env])
        assert "CUDA_VISIBLE_DEVICES" in handed_over or not on_gpu, call


def test_only_models_that_compute_on_a_gpu_get_one(recorded):
    calls = [
        call
        for call in recorded("docker,gpu", "--models", "cnn,rf")
        if call.process in GPU_PROCESSES
    ]
    forests = [call for call in calls if "rf" in re.findall(r"\w+", call.task)]
    assert {call.process for call in forests} == GPU_PROCESSES
    assert len(calls) == 2 * len(forests)
    for call in calls:
        on_gpu = call not in forests
        assert ("--gpus" in call.of_engine) == on_gpu, call
        assert call.of_engine[-1].endswith("-cuda" if on_gpu else "-cpu"), call


@pytest.mark.parametrize(
    ("profile", "registry", "image"),
    [
        ("docker", "registry.example.org/lab", "registry.example.org/lab/deepregfinder-nf:{}-cpu"),
        ("singularity", "/shared/images", "/shared/images/deepregfinder-nf-{}-cpu.sif"),
    ],
)
def test_without_the_profile_gpu_no_task_sees_one(recorded, repository, profile, registry, image):
    config = (repository / "nextflow.config").read_text()
    version = re.search(r"^    version = '(.+)'", config, re.M)[1]
    for call in recorded(profile, "--container_registry", registry):
        assert call.of_engine[-1] == image.format(version)
        assert not {"--gpus", "--nv"} & set(call.of_engine)


@pytest.mark.parametrize(
    ("info", "user"),
    [
        ("Security Options:\n  seccomp\n  rootless\n  cgroupns\n", "-u 0:0"),
        ("Security Options:\n  seccomp\n", f"-u {os.getuid()}:{os.getgid()}"),
        ("", f"-u {os.getuid()}:{os.getgid()}"),
    ],
    ids=["rootless", "usual", "silent"],
)
def test_tasks_in_docker_write_as_the_user(repository, tmp_path, info, user):
    """In rootless Docker, root of the container is the user; any other user there is not."""
    config = (repository / "conf/containers.config").read_text()
    options = re.search(r"docker \{.*?runOptions = '(.*?)'\n", config, re.S)[1]
    (tmp_path / "info").write_text(info)
    (tmp_path / "docker").write_text(f"#!/bin/sh\ncat {tmp_path}/info\n")
    (tmp_path / "docker").chmod(0o755)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"echo {options}"],
        env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == user


def test_the_last_engine_that_is_named_is_the_only_one(recorded):
    assert {call.command for call in recorded("docker,singularity,apptainer")} == {"apptainer"}


def test_tasks_on_aws_batch_all_have_an_image_and_nothing_from_the_launch_machine(
    pipeline, recorded, tmp_path, monkeypatch
):
    """The settings of awsbatch, but carried out by the local executor: no account is needed."""
    monkeypatch.setenv("PATH", str((pipeline.code / ".venv/bin").resolve()), prepend=":")
    here = tmp_path / "here.config"
    here.write_text("process.executor = 'local'\ndocker.enabled = true\n")
    calls = recorded("awsbatch,gpu", "-c", here)
    for call in calls:
        assert call.of_engine[-1].endswith("-cuda" if call.process in GPU_PROCESSES else "-cpu")
        assert "--gpus" not in call.of_engine, "AWS Batch takes GPUs from `accelerator` only"
    for run in (tmp_path / "work").glob("*/*/.command.run"):
        assert ".venv" not in run.read_text()


def settings(pipeline, profile: str) -> dict[str, str]:
    """Every value of the configuration, as Nextflow prints it."""
    command = [pipeline.code / "tools/nextflow", "config", "-o", "flat", "-profile", profile]
    done = subprocess.run([*command, pipeline.code], capture_output=True, text=True, check=True)
    # A closure may go over several lines.
    pairs = re.findall(r"^(\S+) = (.*(?:\n(?!\S+ = ).*)*)", done.stdout, re.MULTILINE)
    return {name: value.rstrip() for name, value in pairs}


def test_the_settings_of_aws_batch(pipeline):
    """What profile awsbatch,gpu sets, value by value, and nothing else. Closures are as written."""
    standard, aws = settings(pipeline, "standard"), settings(pipeline, "awsbatch,gpu")
    gpu_queue = "task.accelerator && params.gpu_queue"
    changed = {name: value for name, value in aws.items() if standard.get(name) != value}
    engines = ("env.", "docker.", "podman.", "singularity.", "apptainer.", "charliecloud.")
    assert standard.keys() <= aws.keys()
    assert {name: value for name, value in changed.items() if not name.startswith(engines)} == {
        "params.device": "'cuda'",
        "workDir": "'work'",
        "process.executor": "'awsbatch'",
        "process.container": aws["process.container"],
        "process.queue": f"{{ {gpu_queue} ? params.gpu_queue : params.queue }}",
        "process.resourceLimits": "[cpus:16, memory:'64 GB', time:'3d']",
        "process.beforeScript": "''",
        "aws.region": "null",
        "aws.batch.cliPath": "null",
        "aws.batch.maxTransferAttempts": "5",
        "aws.batch.delayBetweenAttempts": "'10 sec'",
        "aws.batch.terminateUnschedulableJobs": "true",
    }
    assert {name for name in changed if name.startswith("env.")} == {
        "env.HOME", "env.XDG_CACHE_HOME", "env.TORCH_HOME",
    }  # fmt: skip
    assert "accelerator" in aws["process.container"]
    assert aws["process.'withLabel:process_gpu'.accelerator"] == (
        "{ task.ext.device == 'cpu' ? null : [request: params.gpus, type: params.gpu_type] }"
    )


class AnyFile(http.server.BaseHTTPRequestHandler):
    """Every address holds a file of one line."""

    def do_HEAD(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()

    def do_GET(self):
        self.do_HEAD()
        self.server.asked.add(self.path)
        self.wfile.write(b"x\n")

    def log_message(self, *_):
        pass


def test_the_full_test_asks_for_every_file_that_it_names(pipeline, tmp_path):
    """Its addresses, on a server of our own: sheets, parameters and remote files are sound."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), AnyFile)
    server.asked = set()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    shutil.copytree(pipeline.code, tmp_path / "code", symlinks=True)
    named = set()
    for file in (
        "assets/test_full_samplesheet.csv",
        "assets/test_full_labels.csv",
        "conf/test_full.config",
    ):
        text = (tmp_path / "code" / file).read_text()
        named |= set(re.findall(r"https://[^/]+(/[^,;'\s]+)", text))
        here = re.sub(r"https://[^/]+/", f"http://127.0.0.1:{server.server_port}/", text)
        (tmp_path / "code" / file).write_text(here)
    apart = dataclasses.replace(pipeline, code=tmp_path / "code", launch=tmp_path)
    done = apart.run("results", "-profile", "test_full", "-stub", resume=False)
    server.shutdown()
    assert done.exit_code == 0, done.output
    assert len(named) == 11 * 2 + 2 + 9 + 2  # alignments, their inputs, peaks, TSSs and blacklist
    # With --control ignore it is enough that the inputs are there.
    marks = {path for path in named if path.endswith(".bam") and "ControlStd" not in path}
    assert server.asked == named | {f"{path}.bai" for path in marks}
    assert {path.name for path in (done.results / "calls").iterdir()} == {"K562", "GM12878"}
