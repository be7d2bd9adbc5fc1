"""tools/setup reports in one sentence a program that it cannot install."""

import shutil
import subprocess
from pathlib import Path

import pytest

TOOLS = ("bash", "dirname", "env", "id", "sha256sum", "cut")


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A folder with the few programs that any system has, to be the whole PATH."""
    for name in TOOLS:
        (tmp_path / name).symlink_to(shutil.which(name))
    return tmp_path


def setup(repository: Path, path: Path) -> str:
    """What tools/setup says, in one line, when it fails with this PATH and an empty cache."""
    done = subprocess.run(
        [repository / "tools/setup"], env={"PATH": str(path), "HOME": str(path)},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    return line


def test_without_a_package_manager_it_names_what_to_install(repository, bare):
    line = setup(repository, bare)
    for package in ("bedtools", "subread", "python3-venv", "default-jre-headless", "maven"):
        assert package in line
    assert "package manager" in line


def test_without_root_it_names_the_command_for_an_administrator(repository, bare):
    (bare / "id").unlink()
    for name, text in (("id", "echo 1000"), ("apt-get", "exit 1")):
        (bare / name).write_text(f"#!{shutil.which('bash')}\n{text}\n")
        (bare / name).chmod(0o755)
    line = setup(repository, bare)
    assert "apt-get install python3-venv bedtools" in line
    assert "no sudo" in line
