"""How a script ends when something goes wrong that is nobody's bug."""

import errno
from concurrent.futures.process import BrokenProcessPool

import pytest

from deepregfinder.command_line import plain_errors
from deepregfinder.errors import InputError
from deepregfinder.storage.atomic import written_whole


@pytest.mark.parametrize(
    ("fault", "code", "said"),
    [
        (InputError("a.bed, line 1: no."), 1, "ERROR: a.bed, line 1: no."),
        (OSError(errno.ENOSPC, "No space left on device"), 1, "-work-dir"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), 1, "Disk quota exceeded"),
        (MemoryError(), 137, "out of memory"),
        (BrokenProcessPool(), 137, "killed, probably because it exceeded its memory"),
    ],
    ids=["input", "disk", "quota", "memory", "killed"],
)
def test_a_fault_ends_as_one_sentence(fault, code, said, capsys):
    with pytest.raises(SystemExit) as ended, plain_errors():
        raise fault
    assert ended.value.code == code
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("ERROR: ")
    assert said in line


def test_any_other_fault_keeps_its_traceback():
    with pytest.raises(PermissionError), plain_errors():
        raise PermissionError(errno.EACCES, "Permission denied")


def test_a_library_that_calls_a_full_disk_otherwise_means_the_same(tmp_path):
    def write() -> None:
        with written_whole(tmp_path / "a") as part:
            part.write_text("half")
            raise RuntimeError("I/O error: No space left on device (os error 28)")

    with pytest.raises(OSError, match="No space left") as told:
        write()
    assert told.value.errno == errno.ENOSPC
    assert not list(tmp_path.iterdir())
