"""Variables of the user's shell that would change what a task computes do not reach it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

PIPELINE = """
process COUNT {
    label 'process_single'

    output:
    path 'found.txt'

    script:
    "'inspect_bam.py' --help > help.txt; env > found.txt"
}
workflow { COUNT().subscribe { path -> path.copyTo('found.txt') } }
"""
CONFIG = """
params { device = 'cpu'; gpus = 1; gpu_type = null }
includeConfig 'conf/base.config'
"""
# PYTHONSAFEPATH hides the library beside a script, PYTHONINSPECT waits for input after it.
HOSTILE = {
    "PYTHONHOME": "/nowhere", "PYTHONSTARTUP": "/nowhere/start.py", "PYTHONSAFEPATH": "1",
    "PYTHONINSPECT": "1", "PYTHONOPTIMIZE": "2", "PYTHONWARNINGS": "error",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline", "MATPLOTLIBRC": "/nowhere/rc",
    "NUMBA_DISABLE_JIT": "1", "NUMBA_NUM_THREADS": "1",
}  # fmt: skip


@pytest.mark.parametrize("parser", ["v1", "v2"])
def test_a_task_has_none_of_them(repository: Path, tmp_path: Path, parser: str) -> None:
    """PYTHONPATH names a folder with other packages of the names that scripts import."""
    other, code = tmp_path / "other", tmp_path / "code"
    (other / "deepregfinder").mkdir(parents=True)
    for name in ("click.py", "numpy.py", "deepregfinder/__init__.py"):
        (other / name).write_text("raise SystemExit('a package of the user')\n")
    for name in ("conf", "bin"):
        shutil.copytree(repository / name, code / name)
    (code / ".venv").symlink_to((repository / ".venv").resolve())
    (code / "main.nf").write_text(PIPELINE)
    (code / "nextflow.config").write_text(CONFIG)
    hostile = HOSTILE | {"PYTHONPATH": str(other)}
    done = subprocess.run(
        [repository / "tools/nextflow", "-q", "run", code],
        env=os.environ | hostile | {"NXF_SYNTAX_PARSER": parser, "KEPT": "kept"},
        cwd=tmp_path, capture_output=True, text=True, timeout=200, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    found = (tmp_path / "found.txt").read_text().splitlines()
    variables = dict(line.partition("=")[::2] for line in found)
    assert not hostile.keys() & variables.keys()
    assert (variables["KEPT"], variables["PYTHONNOUSERSITE"]) == ("kept", "1")
