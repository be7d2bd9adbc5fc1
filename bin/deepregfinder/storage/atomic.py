"""Files that are either whole or not there."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; rename it to `path` on success, remove it on failure.

    The temporary name keeps the suffix of `path`, for writers that choose a format by it. A full
    disk is an OSError, whatever the library that wrote calls it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".part-{os.getpid()}-{path.name}")
    try:
        yield part
        part.replace(path)
    except Exception as error:
        if os.strerror(errno.ENOSPC) in str(error) and not isinstance(error, OSError):
            raise no_room(path) from error
        raise
    finally:
        part.unlink(missing_ok=True)


def no_room(path: Path) -> OSError:
    """The error of a full disk, for what a library has left unfinished without a word."""
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def is_full(folder: Path) -> bool:
    """Whether so little room is left (1 MB) that what was written last may be cut short."""
    return shutil.disk_usage(folder).free < 1 << 20
