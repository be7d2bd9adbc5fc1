"""Runs that need nothing but this machine, as a user would paste them, from the first task to the
last. The files are empty, and stubs leave those of every task empty."""

import shutil

import pytest
from samples.documented_commands import launch_folder, parts_of, place_of

pytestmark = pytest.mark.pipeline


@pytest.fixture(scope="module")
def launch(tmp_path_factory):
    return launch_folder(tmp_path_factory.mktemp("documented"))


@pytest.mark.parametrize("part", parts_of("here"), ids=str)
def test_a_command_runs_from_the_first_task_to_the_last(launch, tmp_path, part):
    place_of(tmp_path, shutil.copytree(launch, tmp_path / "launch")).run(part)
