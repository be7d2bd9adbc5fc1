"""After a failed task, no step starts with a part of its input.

Tasks are stubs. The failed task is ignored, so that the run goes on as long as anything can start;
in a usual run, Nextflow stops it in the middle, sooner or later.
"""

import dataclasses
from pathlib import Path

import pytest

pytestmark = [pytest.mark.pipeline, pytest.mark.variants]

COLLECTING = {"COMPARE_LIBRARIES", "BROWSER_VIEWS", "COMPARE_MODELS", "MAKE_REPORT"}


@pytest.fixture
def started(pipeline, tmp_path):
    """Run stubs, with tasks that fail where a condition of Nextflow holds; returns process -> tags
    of the tasks that were started."""
    apart = dataclasses.replace(pipeline, launch=tmp_path)

    def run(process: str, condition: str, *arguments: str | Path) -> dict[str, set[str]]:
        site = tmp_path / "site.config"
        well = f"export PATH={pipeline.code}/.venv/bin:$PATH"
        site.write_text(
            f"process {{ withName: '{process}' {{ errorStrategy = 'ignore'; "
            f"beforeScript = {{ {condition} ? 'exit 1' : '{well}' }} }} }}\n"
        )
        done = apart.run(
            "results", "-c", site, *pipeline.inputs_of("A"), "-stub", *arguments, resume=False
        )
        assert done.exit_code == 0, done.output
        assert "failed and were ignored" in done.output
        tasks: dict[str, set[str]] = {}
        for task in done.tasks:
            tasks.setdefault(task["process"], set()).add(task["tag"])
        return tasks

    return run


def test_the_check_waits_for_all_files(started):
    assert started("INSPECT_BAM", "meta.mark == 'H3K4me1'").keys() == {"INSPECT_BAM"}


def test_nothing_starts_after_a_failed_check(started):
    """Also what needs no chromosomes, and models that need no training."""
    assert started("CHECK_INPUTS", "true").keys() == {"INSPECT_BAM", "CHECK_INPUTS"}


def test_libraries_are_compared_only_if_all_were_counted(started):
    tasks = started("COUNT_BINS", "meta.mark == 'H3K4me1'", "--tracks", "true")
    assert tasks.keys() == {"INSPECT_BAM", "CHECK_INPUTS", "COUNT_BINS", "DEFINE_REGIONS"}


def test_states_need_both_strands(started):
    tasks = started(
        "COUNT_BINS", "meta.mark == 'nascent.sense'",
        "--classes", "5",
    )  # fmt: skip
    assert tasks.keys() == {
        *("INSPECT_BAM", "CHECK_INPUTS", "COUNT_BINS", "DEFINE_REGIONS", "BUILD_SIGNAL"),
    }


def test_calls_need_every_group_of_chromosomes(started):
    tasks = started(
        "PREDICT_GENOME", "meta.model == 'mlp' && group == '1'",
        "--models", "cnn,mlp", "--tracks", "true",
    )  # fmt: skip
    assert tasks["CALL_ELEMENTS"] == {"A cnn"}
    assert not tasks.keys() & (COLLECTING - {"COMPARE_LIBRARIES"})
    assert "COMPARE_LIBRARIES" in tasks


@pytest.mark.parametrize(
    ("process", "missing"),
    [
        ("EVALUATE_MODEL", {"COMPARE_MODELS", "MAKE_REPORT"}),
        ("CROSS_VALIDATE", {"SUMMARISE_FOLDS"}),
        ("TRAIN_MODEL", COLLECTING - {"COMPARE_LIBRARIES"} | {"EVALUATE_DEPTHS"}),
    ],
)
def test_models_are_compared_only_if_there_are_all(started, process, missing):
    tasks = started(
        process, "meta.model == 'mlp'", "--models", "cnn,mlp", "--tracks", "true",
        "--folds", "3", "--depths", "0.5",
    )  # fmt: skip
    both = {"COMPARE_MODELS", "MAKE_REPORT", "SUMMARISE_FOLDS", "EVALUATE_DEPTHS", "BROWSER_VIEWS"}
    assert both - missing <= tasks.keys()
    assert not missing & tasks.keys()
