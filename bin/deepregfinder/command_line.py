"""What all scripts share: how a mistake of the user ends them."""

import errno
import gc
import os
import sys
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from pathlib import Path

from deepregfinder.errors import InputError
from deepregfinder.progress import log_to_stderr

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


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
