"""`--help` is fast: slow imports happen only when a script does its work."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

BIN = Path(__file__).parents[2] / "bin"
# versions.py takes names of programs, no options.
SCRIPTS = sorted(path.name for path in BIN.glob("*.py") if path.name != "versions.py")
SLOW = {"torch", "numba", "pandas", "numpy", "scipy", "sklearn", "zarr", "matplotlib", "pysam"}


@pytest.mark.parametrize("script", SCRIPTS)
def test_help_loads_nothing_slow(script):
    done = subprocess.run(
        [sys.executable, BIN / script, "--help"],
        env=os.environ | {"PYTHONPROFILEIMPORTTIME": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("Usage: ")
    # Lines of stderr: "import time: self [us] | cumulative | imported package".
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "click" in loaded
    assert not loaded & SLOW
