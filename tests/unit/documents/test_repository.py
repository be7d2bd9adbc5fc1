"""The files that a maintainer expects beside the code: they are there, well-formed, and agree."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from deepregfinder import __version__

EXPECTED = (
    *("README.md", "LICENSE", "CHANGELOG.md", "CITATIONS.md", "CITATION.cff"),
    *("CONTRIBUTING.md", "CODE_OF_CONDUCT.md", "SECURITY.md"),
    *(".editorconfig", ".gitattributes", ".gitignore", ".pre-commit-config.yaml"),
    *(".github/PULL_REQUEST_TEMPLATE.md", ".github/workflows/ci.yml"),
    *(f".github/ISSUE_TEMPLATE/{name}.yml" for name in ("bug", "feature", "config")),
)
# The parts of a release in the changelog, in the order of keepachangelog.com.
KINDS = ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")


def read_yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


@pytest.fixture(scope="module")
def tracked(repository: Path) -> list[Path]:
    """The files that git knows."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=repository, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip("this is a copy without git")
    return [repository / name for name in done.stdout.split("\0") if name]


@pytest.fixture(scope="module")
def makefile(repository: Path) -> str:
    return (repository / "Makefile").read_text()


@pytest.fixture(scope="module")
def workflow(repository: Path) -> dict:
    return read_yaml(repository / ".github/workflows/ci.yml")


@pytest.mark.parametrize("name", EXPECTED)
def test_it_is_there(repository: Path, name: str) -> None:
    assert (repository / name).read_text().strip()


def test_the_citation_is_that_of_this_version_and_of_the_paper(repository: Path) -> None:
    citation = read_yaml(repository / "CITATION.cff")
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    assert citation["cff-version"] == "1.2.0"
    assert str(citation["version"]) == __version__
    licence = (repository / "LICENSE").read_text()
    assert licence.startswith(f"{citation['license']} License\n")
    for author in citation["authors"]:
        assert f"Copyright (c) 2026 {author['name']}\n" in licence
    [paper] = citation["references"]
    authors = ", ".join(f"{one['family-names']} {one['given-names']}" for one in paper["authors"])
    cited = f"{authors}. *{paper['title']}.* {paper['journal']} {paper['year']}, {paper['start']}."
    assert cited in " ".join((repository / "CITATIONS.md").read_text().split())


def test_the_manifest_agrees_with_licence_and_citation(repository: Path) -> None:
    citation = read_yaml(repository / "CITATION.cff")
    config = (repository / "nextflow.config").read_text()
    manifest = re.search(r"^manifest \{\n(.*?)^\}", config, re.S | re.M)
    assert manifest
    fields = dict(re.findall(r"^    (\w+) = (.*)$", manifest[1], re.M))
    assert fields["license"] == f"'{citation['license']}'"
    assert f"name: '{citation['authors'][0]['name']}'" in fields["contributors"]
    project = (repository / "pyproject.toml").read_text()
    for text in (fields["description"].strip("'"), f'license = "{citation["license"]}"'):
        assert text in project


def ci_targets(text: str) -> tuple[set[str], set[str]]:
    """Targets of make that .ci/run calls: always, and with DRF_LONG."""
    always, long = set(), set()
    for line in text.splitlines():
        called = re.search(r"\bmake ([a-z -]+)", line.partition("#")[0])
        if called:
            (long if "DRF_LONG" in line else always).update(called[1].split())
    return always, long


def test_workflows_call_the_suites_of_ci(repository: Path, workflow: dict, makefile: str) -> None:
    always, long = ci_targets((repository / ".ci/run").read_text())
    matrices = {name: job["strategy"]["matrix"] for name, job in workflow["jobs"].items()}
    jobs = {name: set(matrix["target"]) for name, matrix in matrices.items()}
    assert jobs["suites"] | jobs["site"] == always
    assert not jobs["suites"] & jobs["site"]
    assert jobs["long"] == long
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.M))
    for name, job in workflow["jobs"].items():
        assert jobs[name] <= targets, name
        assert job["steps"][-1] == {"run": "make ${{ matrix.target }}"}, name
        for action in [step["uses"] for step in job["steps"] if "uses" in step]:
            assert re.search(r"@v\d+\.\d+\.\d+$", action), action


def test_hooks_before_a_commit_need_no_network(repository: Path) -> None:
    repositories = read_yaml(repository / ".pre-commit-config.yaml")["repos"]
    assert [one["repo"] for one in repositories] == ["local"]
    for hook in repositories[0]["hooks"]:
        assert hook["language"] in ("system", "pygrep"), hook["id"]
        for name in re.findall(r"(?<!\S)(?:tests|tools)/\S+", hook["entry"]):
            assert (repository / name).exists(), name


@pytest.mark.parametrize("name", ["bug", "feature"])
def test_issue_forms_have_fields_with_names(repository: Path, name: str) -> None:
    form = read_yaml(repository / f".github/ISSUE_TEMPLATE/{name}.yml")
    assert {"name", "description", "body"} <= set(form)
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    assert len({field["id"] for field in fields}) == len(fields) > 1
    assert all(field["attributes"]["label"] for field in fields)


def test_the_changelog_is_ordered_by_release_and_kind(repository: Path) -> None:
    text = (repository / "CHANGELOG.md").read_text()
    releases = re.findall(r"^## (.*)$", text, re.M)
    assert releases[0].startswith(__version__)
    for release in releases:
        assert re.fullmatch(r"\d+\.\d+\.\d+ - (unreleased|\d{4}-\d\d-\d\d)", release), release
    for part in re.split(r"^## .*$", text, flags=re.M)[1:]:
        kinds = re.findall(r"^### (.*)$", part, re.M)
        assert kinds == [kind for kind in KINDS if kind in kinds]
        for entries in re.split(r"^### .*$", part, flags=re.M)[1:]:
            assert all(re.match(r"- |  |#### |$", line) for line in entries.splitlines())


def test_text_files_are_as_editors_should_leave_them(tracked: list[Path]) -> None:
    """What .editorconfig and .gitattributes ask for: Unix line ends, one at the end of a file."""
    for path in tracked:
        content = path.read_bytes() if path.is_file() else b""
        if content and b"\0" not in content:
            assert b"\r\n" not in content, path
            assert content.endswith(b"\n"), path
