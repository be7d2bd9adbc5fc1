"""The environment of -profile conda holds what the lock files pin, in lines that pip accepts."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml


@pytest.fixture(scope="module")
def text(repository: Path) -> str:
    return (repository / "conf/environment.yml").read_text()


@pytest.fixture(scope="module")
def environment(text: str) -> dict:
    return yaml.safe_load(text)


@pytest.fixture(scope="module")
def of_pip(environment: dict) -> list[str]:
    return environment["dependencies"][-1]["pip"]


def test_the_file_is_that_of_the_present_lock_files(repository: Path, text: str) -> None:
    command = [sys.executable, repository / "tools/conda_environment.py"]
    made = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert made == text, "call make lock"


def test_programs_have_the_versions_of_the_images(repository: Path, environment: dict) -> None:
    debian = dict(
        line.split(" ")[:2] for line in (repository / "docker/debian.lock").read_text().splitlines()
    )
    programs = dict(
        one.split("=") for one in environment["dependencies"] if isinstance(one, str) and "=" in one
    )
    assert programs.keys() == {"python", "bedtools", "subread"}
    for name, version in programs.items():
        there = debian["python3" if name == "python" else name]
        assert re.fullmatch(rf"{re.escape(version)}[.+-].*", there), name
    assert environment["channels"] == ["conda-forge", "bioconda"]


def test_every_python_package_has_the_version_and_the_digests_of_the_lock(
    repository: Path, of_pip: list[str]
) -> None:
    lock = (repository / "docker/requirements.lock").read_text()
    pinned = set(re.findall(r"^([\w.-]+==[^ ;]+) (?!; sys_platform == 'win32')", lock, re.M))
    assert {one.split(" ")[0] for one in of_pip} == pinned
    assert "torch" in {one.split("==")[0] for one in of_pip}
    for one in of_pip:
        digests = re.findall("--hash=sha256:([0-9a-f]{64})", one)
        at = lock.index(f"{one.partition(' --hash')[0]} \\")
        block = re.split(r"\n(?=\S)", lock[at:])[0]
        assert digests == re.findall("sha256:([0-9a-f]{64})", block), one[:40]
        assert digests, one


def test_pip_accepts_the_lines_and_needs_nothing_else(of_pip: list[str], tmp_path: Path) -> None:
    """Conda passes them on as a file of requirements. All of them are installed here."""
    (tmp_path / "requirements.txt").write_text("\n".join(of_pip) + "\n")
    command = [
        *(sys.executable, "-m", "pip", "install", "--dry-run", "--no-index", "--require-hashes"),
        *("-r", "requirements.txt"),
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Would install" not in done.stdout
