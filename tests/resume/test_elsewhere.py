"""What -resume makes whole again, and what it takes from the cache where files have moved."""

import os
import re
import shutil
from dataclasses import replace

import pytest
from machines.killed_runs import fresh_launch

pytestmark = pytest.mark.pipeline


def test_published_files_that_are_half_or_gone_are_whole_after_resume(
    pipeline, arguments, undisturbed
):
    """But for the record of whose results these are: it is written first, and whole."""
    published = [
        path
        for path in sorted(undisturbed.results.rglob("*"))
        if path.is_file() and not path.name.startswith(("execution_", "pipeline_dag"))
    ]
    content = {path: path.read_bytes() for path in published}
    intact = undisturbed.results / "calls/A/A.cnn.bed"
    inode = intact.stat().st_ino
    kept = {intact, undisturbed.results / "pipeline_info/settings.json"}
    for n, path in enumerate(path for path in published if path not in kept):
        if n % 3 == 0:
            path.unlink()
        else:
            os.truncate(path, len(content[path]) // 2)
    done = pipeline.run("results", *arguments)
    assert done.exit_code == 0, done.output
    assert done.executed == set()
    wrong = [path for path in published if not path.exists() or path.read_bytes() != content[path]]
    assert wrong == []
    assert intact.stat().st_ino == inode, "what is whole is left alone"


def test_the_same_commit_in_another_folder_runs_the_report_only(
    pipeline, arguments, undisturbed, tmp_path
):
    """The report shows the command, and with it the folder. Dates are new, as after a checkout."""
    clone = tmp_path / "clone"
    shutil.copytree(pipeline.code, clone, symlinks=True, copy_function=shutil.copy)
    done = replace(pipeline, code=clone).run("results", *arguments)
    assert done.exit_code == 0, done.output
    assert done.executed == {"MAKE_REPORT"}
    assert done.data_files() == undisturbed.data_files()


def test_a_launch_folder_that_moved_keeps_its_cache_behind_a_link(pipeline, arguments):
    old = fresh_launch(pipeline, "old")
    assert old.run("results", *arguments, "-stub", resume=False).exit_code == 0
    new = replace(old, launch=old.launch.with_name("new"))
    old.launch.rename(new.launch)
    old.launch.symlink_to(new.launch)
    behind = new.run("results", *arguments, "-stub")
    assert behind.exit_code == 0, behind.output
    assert behind.executed <= {"MAKE_REPORT"}, "the name of the results folder has changed"
    old.launch.unlink()
    moved = new.run("results", *arguments, "-stub")
    assert moved.exit_code == 0, moved.output
    assert moved.executed == {task["process"] for task in moved.tasks}


def test_the_lenient_cache_of_the_documents_overlooks_dates(pipeline, arguments, repository):
    usage = (repository / "docs/usage.md").read_text()
    snippet = re.search(r"```groovy\n(// nfs\.config.*?)```", usage, re.S)
    assert snippet
    fresh = fresh_launch(pipeline, "lenient")
    config = fresh.launch / "nfs.config"
    config.write_text(snippet[1])
    lenient = [*arguments, "-stub", "-c", config]
    assert fresh.run("results", *lenient, resume=False).exit_code == 0
    inputs = [path for path in fresh.panel.rglob("*") if path.is_file()]
    dates = {path: path.stat() for path in inputs}
    try:
        for path in inputs:
            os.utime(path, (dates[path].st_atime, dates[path].st_mtime + 60))
        done = fresh.run("results", *lenient)
    finally:
        for path in inputs:
            os.utime(path, ns=(dates[path].st_atime_ns, dates[path].st_mtime_ns))
    assert done.exit_code == 0, done.output
    assert done.executed == set()
