"""Folders whose names a shell would act on: a run takes them as text, or does not start."""

import dataclasses
import shutil

import pytest
from machines.stand_ins import stand_ins

pytestmark = [pytest.mark.pipeline, pytest.mark.variants]


@pytest.mark.parametrize(
    ("name", "profile"), [('it\'s a "b" & c; (d)', "standard"), ("it's b & c; (d)", "docker")]
)
def test_a_launch_folder_may_have_quotes_and_spaces(pipeline, tmp_path, monkeypatch, name, profile):
    engines = stand_ins(tmp_path, "docker")
    monkeypatch.setenv("PATH", str(engines.programs), prepend=":")
    launch = tmp_path / name
    launch.mkdir()
    apart = dataclasses.replace(pipeline, launch=launch)
    done = apart.run("re's", *pipeline.inputs_of("A"), "-profile", profile, "-stub", resume=False)
    assert done.exit_code == 0, done.output
    assert (done.results / "report.html").exists()
    assert {task["status"] for task in done.tasks} == {"COMPLETED"}
    assert bool(engines.of_tasks) == (profile == "docker")


@pytest.mark.parametrize(
    ("name", "profile"), [("a$HOME", "standard"), ('a"b', "docker"), ("`a`", "apptainer")]
)
def test_a_work_folder_that_would_run_commands_is_refused(pipeline, tmp_path, name, profile):
    launch = tmp_path / name
    launch.mkdir()
    apart = dataclasses.replace(pipeline, launch=launch)
    done = apart.run(
        "results", *pipeline.inputs_of("A"), "-profile", profile, "-stub", resume=False
    )
    assert done.exit_code == 1
    assert "has a sign in its path on which a shell would act" in done.output
    assert "Submitted process" not in done.output


@pytest.mark.parametrize("name", ['x"; touch .hit; "', "a$HOME", "`touch .hit`", "a\\b"])
def test_a_folder_of_the_pipeline_that_would_run_commands_is_refused(pipeline, tmp_path, name):
    code = shutil.copytree(pipeline.code, tmp_path / name, symlinks=True)
    apart = dataclasses.replace(pipeline, code=code, launch=tmp_path)
    done = apart.run("results", *pipeline.inputs_of("A"), "-stub", resume=False)
    assert done.exit_code == 1
    assert "a path with a sign on which a shell would act" in done.output
    assert "Submitted process" not in done.output
    assert not list(tmp_path.rglob(".hit"))
