"""What a user is told when an input is wrong."""

import errno
import gc
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from pathlib import Path

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


class InputError(Exception):
    """A mistake in what the user gave: what is wrong, where, and what to do, in plain sentences."""

    @classmethod
    def of(cls, problems: Sequence[str]) -> "InputError":
        """Report several problems at once, one a line."""
        if len(problems) == 1:
            return cls(problems[0])
        listed = "\n".join(f"  - {problem}" for problem in problems)
        return cls(f"{len(problems)} problems were found:\n{listed}")


def log_to_stderr(level: int = logging.INFO) -> None:
    """Show progress on stderr, with the time of day, and warnings on stdout as well.

    Nextflow keeps a task's stderr to itself and shows its stdout to the user (process.debug).
    """
    progress = logging.StreamHandler(sys.stderr)
    progress.setFormatter(logging.Formatter("%(asctime)s %(message)s", datefmt="%H:%M:%S"))
    warnings = logging.StreamHandler(sys.stdout)
    warnings.setLevel(logging.WARNING)
    warnings.setFormatter(logging.Formatter("WARNING: %(message)s"))
    logging.basicConfig(level=level, handlers=[progress, warnings])


@contextmanager
def plain_errors() -> Iterator[None]:
    """Run a script: progress goes to stderr; an InputError ends it as one message, exit code 1.

    So does a full disk. Where memory is refused, or a process that it started was killed, it ends
    as if it had been killed itself (137): Nextflow then tries the task again with more memory.
    """
    log_to_stderr()
    try:
        yield
    except InputError as error:
        print(f"ERROR: {error}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        print(
            f"ERROR: a disk is full ({os.strerror(error.errno)}); this task works in {Path.cwd()}: "
            "make room, or choose another work folder with -work-dir; -resume goes on from here.",
            file=sys.stderr,
        )
        sys.exit(1)
    except MemoryError:
        print("ERROR: this task ran out of memory.", file=sys.stderr)
        sys.exit(137)
    except BrokenExecutor:
        print("ERROR: a process of this task was killed, most likely for memory.", file=sys.stderr)
        sys.exit(137)
    finally:
        gc.freeze()  # else Python looks through all of the loaded libraries before it ends: 0.15 s
