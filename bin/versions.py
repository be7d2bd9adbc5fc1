#!/usr/bin/env python3
"""Print the version of each named program or Python package, one a line: name, tab, version.

`cuda` is the CUDA release that PyTorch was built with, `gpu` the GPUs that the task may use, with
their driver. A script without click and without imports of what it asks for: it runs once in every
task.
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
        found = re.search(r"\d+(\.\d+)+", output_of(PROGRAMS[name]) or "")
        return found.group() if found else "not installed"
    return version(name)


def cuda_of_torch() -> str:
    """As PyTorch's own version file has it: importing PyTorch takes seconds."""
    source = next(file for file in files("torch") or [] if str(file) == "torch/version.py")
    found = re.search(r"^cuda\b.*= '([\d.]+)'", source.read_text(), re.MULTILINE)
    return found.group(1) if found else "built without"


def visible_gpus() -> str:
    """Names and drivers, of those in CUDA_VISIBLE_DEVICES where it is set."""
    command = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    lines = output_of(command + ([f"--id={chosen}"] if chosen else [])) or ""
    cards = [line.replace(", ", " (driver ") + ")" for line in lines.splitlines()]
    return ", ".join(sorted(set(cards))) or "none visible"


def output_of(command: list[str]) -> str | None:
    """What a program prints, or None where it is missing or fails."""
    try:
        run = subprocess.run(command, capture_output=True, text=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        return None
    return run.stdout + run.stderr


if __name__ == "__main__":
    for tool in sys.argv[1:]:
        print(f"{tool}\t{version_of(tool)}")
