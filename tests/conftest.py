"""Where the tests find the repository, its programs and the real data."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from machines.nextflow_runs import Pipeline, Run, copied_pipeline

# Tests run side by side: an OpenMP thread that has nothing to do must not keep a core from another.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

ROOT = Path(__file__).resolve().parent.parent
SHARED_DATA = Path(os.environ.get("DRF_SHARED_DATA", ROOT.parent / "shared" / "data"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With DRF_NO_SKIPS, as .ci/run has it, a test that cannot run here is a failure."""
    report = yield
    if report.skipped and os.environ.get("DRF_NO_SKIPS"):
        report.outcome = "failed"
        report.longrepr = f"skipped: {call.excinfo and call.excinfo.value}"
    return report


@pytest.fixture(scope="session")
def repository() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real ENCODE files; tests that use it carry the mark `real_data`."""
    if not SHARED_DATA.is_dir():
        pytest.fail(f"DRF_SHARED_DATA: {SHARED_DATA} is no folder (see docs/contributing.md)")
    return SHARED_DATA


@pytest.fixture(scope="session")
def pipeline(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Pipeline:
    return copied_pipeline(repository, tmp_path_factory.mktemp("pipeline"))


@pytest.fixture(scope="session")
def first_run(pipeline: Pipeline) -> Run:
    """Both samples trained, predicted and explained with three classes, from nothing."""
    done = pipeline.run(
        "first", *pipeline.inputs, "--explain", "true", "--tracks", "true", resume=False
    )
    assert done.exit_code == 0, done.output
    return done
