"""--publish_dir_mode: results are links into the work folder, with the same content and checksums.

The tasks are stubs; what they write is published by the same rules.
"""

import dataclasses
import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = [pytest.mark.pipeline, pytest.mark.variants]


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
    inputs = [*pipeline.inputs_of("A")[:2], "--pretrained", "builtin", "-stub"]
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


ONE_TASK = """
process MAKE_REPORT {
    output:
    path 'report.html'

    script:
    "touch report.html"
}

workflow {
    MAKE_REPORT()
}
"""


@pytest.mark.parametrize("parser", ["v1", "v2"])
@pytest.mark.parametrize("given", ["typed", "in a file"])
def test_both_parsers_follow_the_parameter(repository, tmp_path, parser, given):
    shutil.copytree(repository / "conf", tmp_path / "conf")
    shutil.copy(repository / "nextflow.config", tmp_path)
    (tmp_path / "main.nf").write_text(ONE_TASK)
    (tmp_path / "links.yml").write_text("publish_dir_mode: rellink\n")
    mode = ("--publish_dir_mode", "rellink") if given == "typed" else ("-params-file", "links.yml")
    done = subprocess.run(
        [repository / "tools/nextflow", "run", "main.nf", *mode],
        cwd=tmp_path, capture_output=True, text=True, timeout=300,
        env=os.environ | {"NXF_SYNTAX_PARSER": parser},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    target = (tmp_path / "results/report.html").readlink()
    assert str(target).startswith("../work/")
