"""Commands for machines that the tests have none of: AWS Batch, and an engine beside a GPU.

Settings are those of the profile, carried out by the local executor with a stand-in for docker.
Tasks are stubs.
"""

import re
from dataclasses import replace

import pytest
from machines.stand_ins import stand_ins
from samples.documented_commands import ROOT, launch_folder, parts_of, place_of

pytestmark = pytest.mark.pipeline

HERE = """
process.executor = "local"
executor { cpus = 16; memory = 64.GB }  // which they need not have
docker.enabled = true
workDir = "work"
"""
ON_GPUS = {"TRAIN_MODEL", "PREDICT_GENOME"}


@pytest.mark.parametrize("part", parts_of("elsewhere"), ids=str)
def test_tasks_run_in_the_images_that_the_command_names(tmp_path, part):
    engines = stand_ins(tmp_path, "docker")
    (tmp_path / "launch").mkdir()
    (tmp_path / "here.config").write_text(HERE)
    launch = launch_folder(tmp_path / "launch", samples=["K562"])
    aws = "awsbatch" in part.text
    # Batch gives tasks nothing of this machine: the image has the Python packages.
    place = place_of(
        tmp_path, launch, *(["-c", tmp_path / "here.config"] if aws else []),
        programs=[engines.programs, (ROOT / ".venv/bin").resolve()],
    )  # fmt: skip
    # The work folder is asked to be a bucket, and only Batch looks into it.
    here = replace(part, text=re.sub(r"s3://my-bucket/(?!work)", f"{launch}/", part.text))
    place.run(here)
    [words] = part.runs
    registry = words[words.index("--container_registry") + 1] if "registry" in part.text else ""
    calls = engines.of_tasks
    assert {call.process for call in calls} > ON_GPUS
    for call in calls:
        on_gpu = ",gpu" in part.text and call.process in ON_GPUS
        image = call.of_engine[-1]
        assert image.startswith(f"{registry}/deepregfinder-nf:".lstrip("/")), call
        assert image.endswith("-cuda" if on_gpu else "-cpu"), call
        assert ("--gpus" in call.of_engine) == (on_gpu and not aws), call
