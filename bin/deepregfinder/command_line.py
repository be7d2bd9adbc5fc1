"""What all scripts share: types of options, options that travel together, how an error ends them.

Groups of options lie in the package `options`, one module each. The code digest follows the imports
of a script, so `-resume` runs a step again only after a change to a group that its script uses.
"""

import contextlib
import errno
import functools
import gc
import inspect
import os
import re
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor
from pathlib import Path
from typing import Any

import click

from deepregfinder.errors import InputError
from deepregfinder.progress import log_to_stderr

PATH = click.Path(path_type=Path)
EXISTING_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)

Command = Callable[..., None]
Decorator = Callable[[Command], Command]

KILLED = 137
"""Exit code of a process that was killed (128 + SIGKILL), most often for memory."""

_MEMORY_REFUSED = re.compile(
    r"can'?(?:t|not) allocate memory|out of memory|_ALLOC_FAILED|std::bad_alloc", re.IGNORECASE
)
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


def option_group(
    name: str, *options: Callable[[Command], Command]
) -> Callable[[Callable[..., object]], Decorator]:
    """Turn a function that makes one object of several options into a decorator of commands.

    The command receives the object as its argument `name`, and none of the options. Parameters of
    the function are named as the options are.
    """

    def decorator_from(make: Callable[..., object]) -> Decorator:
        members = tuple(inspect.signature(make).parameters)

        def decorate(command: Command) -> Command:
            @functools.wraps(command)
            def with_object(**values: Any) -> None:
                values[name] = make(**{member: values.pop(member) for member in members})
                command(**values)

            decorated: Command = with_object
            for option in reversed(options):
                decorated = option(decorated)
            return decorated

        return functools.update_wrapper(decorate, make, assigned=("__doc__", "__name__"))

    return decorator_from


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory was refused, on the machine or on a GPU; PyTorch says so in a RuntimeError."""
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return isinstance(error, MemoryError) or _MEMORY_REFUSED.search(str(error)) is not None


@contextlib.contextmanager
def plain_errors() -> Iterator[None]:
    """Run a script: progress goes to stderr; an InputError ends it as one message, exit code 1.

    So does a full disk. Where memory is refused, or a process that it started was killed, it ends
    as if it had been killed itself (KILLED): Nextflow then tries the task again with more memory.
    """
    log_to_stderr()
    # A library may print, and the user sees stdout: only what was asked for goes there.
    asked = "--help" in sys.argv[1:]
    try:
        with contextlib.nullcontext() if asked else contextlib.redirect_stdout(sys.stderr):
            yield
    except InputError as error:
        print(f"ERROR: {error}", file=sys.stderr)
        sys.exit(1)
    except BrokenExecutor:
        print(
            "ERROR: a process of this task was killed, probably because it exceeded its memory.",
            file=sys.stderr,
        )
        sys.exit(KILLED)
    except (MemoryError, OSError, RuntimeError) as error:
        if is_out_of_memory(error):
            print("ERROR: this task ran out of memory.", file=sys.stderr)
            sys.exit(KILLED)
        if not isinstance(error, OSError) or error.errno not in _NO_ROOM:
            raise
        print(
            f"ERROR: a disk is full ({os.strerror(error.errno)}); this task works in {Path.cwd()}. "
            "Free some space, or choose another work folder with -work-dir; continue with -resume.",
            file=sys.stderr,
        )
        sys.exit(1)
    finally:
        gc.freeze()  # else Python looks through all of the loaded libraries before it ends: 0.15 s
