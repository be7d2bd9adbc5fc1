"""Progress is logged with correct numbers, and not too often."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from deepregfinder.progress import Progress


def test_share_rate_and_time_left_are_told_at_most_once_an_interval(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = [100.0]
    log = logging.getLogger("progress")
    progress = Progress(log, "a.bam", "records", 1000, interval=10, clock=lambda: now[0])
    with caplog.at_level(logging.INFO):
        for second, done in ((5, 50), (10, 250), (15, 300), (20, 500)):
            now[0] = 100.0 + second
            progress.reach(done, 40 * done)
    assert caplog.messages == [
        "a.bam: 25 % done, 10,000 records (1,000 a second), about 30 s left",
        "a.bam: 50 % done, 20,000 records (1,000 a second), about 20 s left",
    ]


def test_nothing_done_is_no_reason_to_divide_by_it(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    progress = Progress(logging.getLogger("p"), "a", "b", 0, interval=1, clock=lambda: now[0])
    with caplog.at_level(logging.INFO):
        now[0] = 2.0
        progress.reach(0, 0)
        progress.reach(5, 5)
    assert caplog.messages == ["a: 100 % done, 5 b (2 a second), about 0 s left"]


def test_what_is_slow_is_told_with_a_decimal(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    progress = Progress(logging.getLogger("p"), "a", "b", 8, interval=1, clock=lambda: now[0])
    with caplog.at_level(logging.INFO):
        now[0] = 10.0
        progress.reach(2, 2)
    assert caplog.messages == ["a: 25 % done, 2 b (0.2 a second), about 30 s left"]


SAYS = """
import logging, warnings
from deepregfinder.command_line import plain_errors
with plain_errors():
    logging.getLogger("matplotlib.font_manager").warning("building the font cache")
    logging.getLogger("numba.core").error("a fault of numba")
    logging.getLogger("deepregfinder2").warning("a stranger")
    logging.warning("from nobody")
    warnings.warn("deprecated")
    print("a library prints")
    logging.getLogger("deepregfinder.labels.rules").warning("few peaks")
    logging.getLogger("deepregfinder.labels.rules").info("progress")
"""


def test_only_warnings_of_the_pipeline_reach_the_terminal(repository: Path) -> None:
    """The terminal shows the stdout of a task; the rest stays in its log."""
    done = subprocess.run(
        [sys.executable, "-c", SAYS], cwd=repository / "bin", capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "WARNING: few peaks\n"
    for kept in ("font cache", "numba", "stranger", "nobody", "deprecated", "prints", "few peaks"):
        assert kept in done.stderr


def test_every_warning_of_the_pipeline_is_known_as_its_own(repository: Path) -> None:
    """A logger of another name would be silent in the terminal."""
    for path in (repository / "bin").rglob("*.py"):
        for line in path.read_text().splitlines():
            if "getLogger(" in line:
                library = path.parent != repository / "bin" and "getLogger(__name__)" in line
                assert library or 'getLogger("deepregfinder' in line, (path, line)
