"""Progress of long steps, in the log of a task."""

import logging
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field


def log_to_stderr(level: int = logging.INFO) -> None:
    """Log to stderr with the time of day, and warnings of the pipeline to stdout as well.

    Nextflow shows only the stdout of a task to the user (process.debug). What other libraries say,
    such as matplotlib while it builds its font cache, stays in the log of the task.
    """
    progress = logging.StreamHandler(sys.stderr)
    progress.setFormatter(logging.Formatter("%(asctime)s %(message)s", datefmt="%H:%M:%S"))
    warnings = logging.StreamHandler(sys.stdout)
    warnings.setLevel(logging.WARNING)
    warnings.addFilter(logging.Filter("deepregfinder"))
    warnings.setFormatter(logging.Formatter("WARNING: %(message)s"))
    logging.basicConfig(level=level, handlers=[progress, warnings])


@dataclass
class Progress:
    """Logs the progress of a step, at most every `interval` seconds.

    what : the step, e.g. a file that is read; noun : what is counted, in the plural
    total : the value of `done` (see `reach`) at the end
    """

    log: logging.Logger
    what: str
    noun: str
    total: float
    interval: float = 10.0
    clock: Callable[[], float] = time.monotonic
    _started: float = field(init=False)
    _logged: float = field(init=False)

    def __post_init__(self) -> None:
        self._started = self._logged = self.clock()

    def reach(self, done: float, number: int) -> None:
        """Log, if it is time, that `done` of the total and `number` of the nouns are finished."""
        now = self.clock()
        if now - self._logged < self.interval or done <= 0:
            return
        self._logged = now
        passed = now - self._started
        share = min(done / self.total, 1.0) if self.total else 1.0
        rate = number / passed
        self.log.info(
            "%s: %.0f %% done, %s %s (%s a second), about %.0f s left",
            self.what, 100 * share, f"{number:,}", self.noun, f"{rate:,.{int(rate < 1)}f}",
            passed * (1 - share) / share,
        )  # fmt: skip
