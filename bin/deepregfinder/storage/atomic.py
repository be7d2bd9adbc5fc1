"""Write files atomically: a file is complete or does not exist."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`; renamed to `path` on success, removed on failure.

    The temporary name keeps the suffix of `path`, for writers that choose a format by it. A full
    disk raises OSError, whatever the error of the library that wrote the file.
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
    """The error of a full disk, for libraries that leave a file unfinished silently."""
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def is_full(folder: Path) -> bool:
    """Whether less than 1 MB is left, so that the last file may be truncated."""
    return shutil.disk_usage(folder).free < 1 << 20
