"""--publish_dir_mode: results are links into the work folder, with the same content and checksums.

The tasks are stubs; what they write is published by the same rules.
"""

import dataclasses
import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.pipeline


def published(results: Path) -> list[Path]:
    """Every data file and page of a results folder."""
    return [
        Path(folder, name)
        for folder, _, names in os.walk(results, followlinks=True)
        for name in names
        if Path(folder).name != "pipeline_info"
    ]


def checked(results: Path) -> set[str]:
    """The files whose checksums are right."""
    done = subprocess.run(
        ["sha256sum", "--check", "pipeline_info/checksums.sha256"],
        cwd=results, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return {line.removesuffix(": OK").removeprefix("./") for line in done.stdout.splitlines()}


def test_links_have_the_content_of_copies_and_break_with_the_work_folder(pipeline, tmp_path):
    inputs = [*pipeline.inputs_of("A"), "--explain", "true", "--tracks", "true", "-stub"]
    apart = dataclasses.replace(pipeline, launch=tmp_path)
    copies = apart.run("copies", *inputs, resume=False)
    assert copies.exit_code == 0, copies.output
    assert "The results are links" not in copies.output
    names = {str(path.relative_to(copies.results)) for path in published(copies.results)}
    assert not [path for path in copies.results.rglob("*") if path.is_symlink()]
    for mode in ("symlink", "rellink", "link"):
        done = apart.run(mode, *inputs, "--publish_dir_mode", mode)
        assert done.exit_code == 0, done.output
        files = published(done.results)
        assert {str(path.relative_to(done.results)) for path in files} == names, mode
        for path in files:
            assert path.resolve().is_relative_to(tmp_path / "work") == (mode != "link"), path
            assert path.stat().st_nlink > (mode == "link"), path
        assert checked(done.results) == {name for name in names if not name.endswith(".html")}
        warned = "WARN: The results are links to files of " in done.output.splitlines()[-1]
        assert warned == (mode != "link"), done.output
        targets = [path.readlink() for path in done.results.rglob("*") if path.is_symlink()]
        assert {target.is_absolute() for target in targets} == {
            *([True] if mode == "symlink" else [False] if mode == "rellink" else [])
        }

    other = apart.run("symlink", *inputs, "--publish_dir_mode", "copy")
    assert other.exit_code != 0
    assert "which differs in --publish_dir_mode" in other.output

    shutil.rmtree(tmp_path / "work")
    assert all(path.exists() for path in published(tmp_path / "link"))
    assert not any(path.exists() for path in published(tmp_path / "rellink"))
    again = apart.run("rellink", *inputs, "--publish_dir_mode", "rellink")
    assert again.exit_code == 0, again.output
    files = published(again.results)
    assert {str(path.relative_to(again.results)) for path in files} == names
    assert all(path.exists() for path in files)


@pytest.mark.parametrize("given", ["typed", "in a file"])
def test_the_newer_parser_links_as_well(pipeline, tmp_path, monkeypatch, given):
    monkeypatch.setenv("NXF_SYNTAX_PARSER", "v2")
    parameters = tmp_path / "links.yml"
    parameters.write_text("publish_dir_mode: rellink\n")
    mode = ("--publish_dir_mode", "rellink") if given == "typed" else ("-params-file", parameters)
    apart = dataclasses.replace(pipeline, launch=tmp_path)
    inputs = [*pipeline.inputs_of("A")[:2], "--pretrained", "builtin", "--tracks", "false"]
    done = apart.run("results", *inputs, *mode, "-stub", resume=False)
    assert done.exit_code == 0, done.output
    assert (done.results / "report.html").is_symlink()
    assert "WARN: The results are links to files of " in done.output
