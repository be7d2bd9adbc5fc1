"""A panel of one sample, the run that nothing disturbs, and the count of kills at the end."""

import os
import secrets
from pathlib import Path

import pytest
from machines.killed_runs import Kill
from machines.nextflow_runs import Pipeline, Run

KILLS = pytest.StashKey[list[Kill]]()
SEED = pytest.StashKey[int]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[KILLS] = []
    config.stash[SEED] = int(os.environ.get("DRF_KILL_SEED") or secrets.randbelow(10**6))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    kills = config.stash[KILLS]
    terminalreporter.section("kills")
    for kill in kills:
        terminalreporter.write_line(f"killed while {kill}")
    terminalreporter.write_line(
        f"survived {len(kills)} kills; the same moments again: DRF_KILL_SEED={config.stash[SEED]}"
    )


@pytest.fixture(scope="session")
def kill_seed(pytestconfig: pytest.Config) -> int:
    """Random moments are drawn from it; every session has another, unless DRF_KILL_SEED is set."""
    return pytestconfig.stash[SEED]


@pytest.fixture(scope="session")
def survived(pytestconfig: pytest.Config) -> list[Kill]:
    """The kills after which a run ended as it should, for the summary."""
    return pytestconfig.stash[KILLS]


@pytest.fixture(scope="session")
def arguments(pipeline: Pipeline) -> list[str | Path]:
    """One sample, trained and predicted."""
    return [*pipeline.inputs, "--train_on", "A", "--predict_on", "A", "--bootstrap", "20"]


@pytest.fixture(scope="session")
def undisturbed(pipeline: Pipeline, arguments: list[str | Path]) -> Run:
    done = pipeline.run("results", *arguments)
    assert done.exit_code == 0, done.output
    return done


@pytest.fixture(scope="session")
def first_run(pipeline: Pipeline) -> Run:
    """Both samples trained and predicted, from nothing, with the arguments of the runs after it."""
    done = pipeline.run("first", *pipeline.inputs, resume=False)
    assert done.exit_code == 0, done.output
    return done
