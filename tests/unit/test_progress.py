"""Progress is logged with correct numbers, and not too often."""

import logging

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
