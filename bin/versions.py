#!/usr/bin/env python3
"""Print the version of each named program or Python package, one a line: name, tab, version.

A script without click and without imports of what it asks for: it runs once in every task.
"""

import platform
import re
import subprocess
import sys
from importlib.metadata import version

PROGRAMS = {"bedtools": ["bedtools", "--version"], "featureCounts": ["featureCounts", "-v"]}


def version_of(name: str) -> str:
    if name == "python":
        return platform.python_version()
    if name in PROGRAMS:
        try:
            run = subprocess.run(PROGRAMS[name], capture_output=True, text=True, check=True)
        except FileNotFoundError:
            return "not installed"
        found = re.search(r"\d+(\.\d+)+", run.stdout + run.stderr)
        return found.group() if found else "unknown"
    return version(name)


if __name__ == "__main__":
    for tool in sys.argv[1:]:
        print(f"{tool}\t{version_of(tool)}")
