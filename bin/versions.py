#!/usr/bin/env python3
"""Print the version of each named program or Python package, one per line: name, tab, version.

`cuda` is the CUDA release that PyTorch was built with, `gpu` the GPUs that the task may use, with
their driver. The script runs once in every task, so it imports neither click nor the packages.
"""

import os
import platform
import re
import subprocess
import sys
from importlib.metadata import files, version

PROGRAMS = {"bedtools": ["bedtools", "--version"], "featureCounts": ["featureCounts", "-v"]}


def version_of(name: str) -> str:
    if name == "python":
        return platform.python_version()
    if name == "cuda":
        return cuda_of_torch()
    if name == "gpu":
        return visible_gpus()
    if name in PROGRAMS:
        number = re.search(r"\d+(\.\d+)+", output_of(PROGRAMS[name]) or "")
        return number.group() if number else "not installed"
    return version(name)


def cuda_of_torch() -> str:
    """From the version file of PyTorch, since importing PyTorch takes seconds."""
    source = next(file for file in files("torch") or [] if str(file) == "torch/version.py")
    release = re.search(r"^cuda\b.*= '([\d.]+)'", source.read_text(), re.MULTILINE)
    return release.group(1) if release else "built without"


def visible_gpus() -> str:
    """Names and drivers of GPUs, of those in CUDA_VISIBLE_DEVICES if it is set."""
    command = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    lines = output_of(command + ([f"--id={chosen}"] if chosen else [])) or ""
    cards = [line.replace(", ", " (driver ") + ")" for line in lines.splitlines()]
    return ", ".join(sorted(set(cards))) or "none visible"


def output_of(command: list[str]) -> str | None:
    """The output of a program, or None if it is missing or fails."""
    try:
        run = subprocess.run(command, capture_output=True, text=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        return None
    return run.stdout + run.stderr


if __name__ == "__main__":
    for tool in sys.argv[1:]:
        print(f"{tool}\t{version_of(tool)}")
