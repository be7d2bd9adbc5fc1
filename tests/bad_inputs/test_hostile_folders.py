"""Folders whose names a shell would act on: what runs before each task takes them as text."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

PROCESS = """
process TRAIN {
    label 'process_gpu'
    ext device: 'cuda'

    output:
    path 'found.txt'

    script:
    \"\"\"
    [ ${task.attempt} = 2 ] || { echo learnt > checkpoint.1.safetensors; exit 137; }
    { cat checkpoint.1.safetensors; command -v beside; echo "\\$CUDA_VISIBLE_DEVICES"; } > found.txt
    \"\"\"
}
workflow { TRAIN().subscribe { path -> path.copyTo('found.txt') } }
"""
CONFIG = """
params { device = 'cuda'; gpus = 1; gpu_type = null }
includeConfig 'conf/base.config'
"""


@pytest.mark.parametrize("parser", ["v1", "v2"])
@pytest.mark.parametrize("name", ["it's", "a $(touch .hit) b", "`touch .hit`", 'x"; touch .hit; "'])
def test_a_task_is_tried_again_in_any_folder(
    name: str, parser: str, repository: Path, tmp_path: Path
) -> None:
    """The second attempt has the checkpoint of the first, the environment and the GPU."""
    folder = tmp_path / name
    (folder / ".venv/bin").mkdir(parents=True)
    program = folder / ".venv/bin/beside"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    shutil.copytree(repository / "conf", folder / "conf")
    (folder / "main.nf").write_text(PROCESS)
    (folder / "nextflow.config").write_text(CONFIG)
    visible = {"CUDA_VISIBLE_DEVICES": f"GPU-{tmp_path.name}", "NXF_SYNTAX_PARSER": parser}
    done = subprocess.run(
        [repository / "tools/nextflow", "-q", "run", "main.nf"], env=os.environ | visible,
        cwd=folder, capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    for lock in Path("/tmp").glob(f"deepregfinder-*/gpu-GPU-{tmp_path.name}.lock"):
        lock.unlink()
    assert done.returncode == 0, done.stdout + done.stderr
    found = (folder / "found.txt").read_text().splitlines()
    assert found == ["learnt", str(program), visible["CUDA_VISIBLE_DEVICES"]]
    assert not list(tmp_path.rglob(".hit"))
