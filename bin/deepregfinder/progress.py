"""How far a long step is, told from time to time in the log of its task."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Progress:
    """Tells at most every `interval` seconds how far a step is.

    what : the step, e.g. a file that is read; noun : what is counted, in the plural
    total : what `done` of `reach` comes to in the end
    """

    log: logging.Logger
    what: str
    noun: str
    total: float
    interval: float = 10.0
    clock: Callable[[], float] = time.monotonic
    _started: float = field(init=False)
    _told: float = field(init=False)

    def __post_init__(self) -> None:
        self._started = self._told = self.clock()

    def reach(self, done: float, number: int) -> None:
        """Tell, if it is time, that `done` of the total is behind us, and `number` of the nouns."""
        now = self.clock()
        if now - self._told < self.interval or done <= 0:
            return
        self._told = now
        passed = now - self._started
        share = min(done / self.total, 1.0) if self.total else 1.0
        rate = number / passed
        self.log.info(
            "%s: %.0f %% done, %s %s (%s a second), about %.0f s left",
            self.what, 100 * share, f"{number:,}", self.noun, f"{rate:,.{int(rate < 1)}f}",
            passed * (1 - share) / share,
        )  # fmt: skip
