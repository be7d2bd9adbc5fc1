"""bin/versions.py: versions of programs, packages and GPUs."""

import os
import subprocess
import sys
from importlib.metadata import version

import pytest
import torch


@pytest.fixture
def versions(repository, tmp_path):
    """Run the script with a folder of programs of our own in front of the PATH."""

    def run(*names: str, **environment: str) -> dict[str, str]:
        done = subprocess.run(
            [sys.executable, repository / "bin/versions.py", *names],
            env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"} | environment,
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return dict(line.split("\t") for line in done.stdout.splitlines())

    return run


@pytest.fixture
def nvidia_smi(tmp_path):
    """A driver with two cards: prints those that --id asks for."""
    program = tmp_path / "nvidia-smi"
    program.write_text(
        '#!/bin/bash\ncase "$*" in *--id=1*) ;; *) echo "A100, 550.1" ;; esac\necho "L4, 550.1"\n'
    )
    program.chmod(0o755)


def test_packages_and_programs(versions):
    installed = versions("numpy", "bedtools", "featureCounts")
    assert installed["numpy"] == version("numpy")
    assert installed["bedtools"].count(".") >= 1
    assert installed["featureCounts"][0].isdigit()


def test_cuda_is_what_torch_says(versions):
    assert versions("cuda")["cuda"] == torch.version.cuda


def test_gpus_with_their_driver(versions, nvidia_smi):
    assert versions("gpu")["gpu"] == "A100 (driver 550.1), L4 (driver 550.1)"
    assert versions("gpu", CUDA_VISIBLE_DEVICES="1")["gpu"] == "L4 (driver 550.1)"


def test_no_driver_and_no_gpu(versions, tmp_path):
    (tmp_path / "nvidia-smi").write_text("#!/bin/bash\nexit 9\n")
    (tmp_path / "nvidia-smi").chmod(0o755)
    assert versions("gpu")["gpu"] == "none visible"
