"""How a script ends when something goes wrong that is nobody's bug."""

import errno
import subprocess
import sys
from concurrent.futures.process import BrokenProcessPool

import click
import pytest
from click.testing import CliRunner

from deepregfinder.command_line import option_group, plain_errors
from deepregfinder.errors import InputError
from deepregfinder.storage.atomic import written_whole

TORCH_ON_CPU = (
    "[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory: you "
    "tried to allocate 1152921504606846976 bytes. Error code 12 (Cannot allocate memory)"
)


@pytest.mark.parametrize(
    ("fault", "code", "said"),
    [
        (InputError("a.bed, line 1: no."), 1, "ERROR: a.bed, line 1: no."),
        (OSError(errno.ENOSPC, "No space left on device"), 1, "-work-dir"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), 1, "Disk quota exceeded"),
        (MemoryError(), 137, "out of memory"),
        (RuntimeError(TORCH_ON_CPU), 137, "out of memory"),
        (RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB."), 137, "out of memory"),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling"), 137, "out of memory"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), 137, "out of memory"),
        (BrokenProcessPool(), 137, "killed, probably because it exceeded its memory"),
    ],
    ids=["input", "disk", "quota", "memory", "torch", "cuda", "cublas", "fork", "killed"],
)
def test_a_fault_ends_as_one_sentence(fault, code, said, capsys):
    with pytest.raises(SystemExit) as ended, plain_errors():
        raise fault
    assert ended.value.code == code
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("ERROR: ")
    assert said in line


@pytest.mark.parametrize(
    "fault", [PermissionError(errno.EACCES, "Permission denied"), RuntimeError("shapes differ")]
)
def test_any_other_fault_keeps_its_traceback(fault):
    with pytest.raises(type(fault)), plain_errors():
        raise fault


def test_memory_that_torch_is_refused_ends_as_if_the_task_had_been_killed(repository):
    code = (
        "import torch; from deepregfinder.command_line import plain_errors\n"
        "with plain_errors(): torch.empty(1 << 60, dtype=torch.uint8)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=repository / "bin", capture_output=True, text=True
    )
    assert done.returncode == 137, done.stderr
    assert done.stderr.splitlines() == ["ERROR: this task ran out of memory."]


def test_a_library_that_calls_a_full_disk_otherwise_means_the_same(tmp_path):
    def write() -> None:
        with written_whole(tmp_path / "a") as part:
            part.write_text("half")
            raise RuntimeError("I/O error: No space left on device (os error 28)")

    with pytest.raises(OSError, match="No space left") as raised:
        write()
    assert raised.value.errno == errno.ENOSPC
    assert not list(tmp_path.iterdir())


@option_group("size", click.option("--width", type=int), click.option("--height", type=int))
def size_options(width: int, height: int) -> tuple[int, int]:
    if width > height:
        raise InputError("too wide.")
    return width, height


@click.command()
@click.option("--name")
@size_options
@click.option("--height_of", default="it")
def measure(name: str, size: tuple[int, int], height_of: str) -> None:
    """Say a size."""
    click.echo(f"{name} {size} {height_of}")


def test_a_group_of_options_arrives_as_one_object():
    done = CliRunner().invoke(measure, ["--name", "a", "--width", "1", "--height", "2"])
    assert done.output == "a (1, 2) it\n"


def test_options_of_a_group_have_their_place_in_the_help():
    options = [parameter.name for parameter in measure.params]
    assert options == ["name", "width", "height", "height_of"]
    assert "Say a size." in CliRunner().invoke(measure, ["--help"]).output


def test_a_command_can_be_called_by_the_names_of_its_options(capsys):
    assert measure.callback is not None
    measure.callback(name="a", width=1, height=2, height_of="b")
    assert capsys.readouterr().out == "a (1, 2) b\n"


def test_options_that_make_no_object_are_an_input_error():
    with pytest.raises(InputError, match="too wide"):
        measure.main(["--width", "3", "--height", "2"], standalone_mode=False)
