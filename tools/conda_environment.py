#!/usr/bin/env python3
"""Print the Conda environment of tasks, conf/environment.yml. `make lock` calls this.

Python packages are those of docker/requirements.lock, with their digests. Python itself and
programs have the versions of docker/debian.lock, without the revisions of Debian.
"""

import re
from pathlib import Path

DOCKER = Path(__file__).resolve().parents[1] / "docker"
HEAD = """\
# The environment of tasks under -profile conda and mamba, for Linux on x86_64. `make lock` makes it
# of docker/requirements.lock and docker/debian.lock. PyTorch is the build with CUDA, which runs on
# machines without a GPU as well.
name: deepregfinder-nf
channels:
  - conda-forge
  - bioconda
dependencies:
"""


def programs(lock: str) -> list[str]:
    """Packages of Conda: Python of the same minor version, programs of the same version."""
    versions = {name: version for name, version, _digest in map(str.split, lock.splitlines())}
    python = re.match(r"\d+\.\d+", versions["python3"])[0]
    upstream = {name: re.split("[+-]", versions[name])[0] for name in ("bedtools", "subread")}
    return [f"python={python}", "pip", *(f"{name}={version}" for name, version in upstream.items())]


def requirements(lock: str) -> list[str]:
    """The requirements of pip, each with its digests, a line of the file for each."""
    text = re.sub(r"^ *#.*\n", "", lock, flags=re.M).replace(" \\\n", "\n")
    each = re.split(r"\n(?=\S)", text.rstrip("\n"))
    return [one for one in each if "sys_platform == 'win32'" not in one]


if __name__ == "__main__":
    pip = requirements((DOCKER / "requirements.lock").read_text())
    lines = [f"  - {package}" for package in programs((DOCKER / "debian.lock").read_text())]
    # YAML folds the lines of an entry into one.
    entries = ["      - " + "\n        ".join(map(str.strip, one.splitlines())) for one in pip]
    print(HEAD + "\n".join([*lines, "  - pip:", *entries]))
