"""A task of every process on a disk without room, or with room for a part of what it writes.

It ends with a sentence about the disk, or with results that are whole: never with a traceback, and
never well with a file that was cut short.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from samples.tasks import declared_inputs, outputs, processes

SAID = ("ERROR: a disk is full", "No space left on device")


@contextmanager
def small_disk(folder: Path, inputs: dict[Path, Path], room: int) -> Iterator[Path]:
    """A disk with links to the inputs of a task, and `room` bytes for what it writes."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], check=True)
    try:
        for where, what in inputs.items():
            (folder / where).parent.mkdir(parents=True, exist_ok=True)
            (folder / where).symlink_to(what)
        filler = folder / ".filler"
        filler.write_bytes(bytes(shutil.disk_usage(folder).free))
        os.truncate(filler, filler.stat().st_size - room)
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("room", [0, 40_960])
@pytest.mark.parametrize("process", processes())
def test_a_full_disk_is_told_and_leaves_nothing_cut_short(
    repository, pipeline, tasks, tmp_path, process, room
):
    task, inputs = tasks[process], declared_inputs(tasks[process])
    whole = {name: content for name, content in outputs(task).items() if content}
    places = (pipeline.code / "bin", repository / ".venv/bin", os.environ["PATH"])
    with small_disk(tmp_path / "task", inputs, room) as folder:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", task / ".command.sh"],
            cwd=folder, env=os.environ | {"PATH": ":".join(map(str, places))},
            capture_output=True, text=True,
        )  # fmt: skip
        left = {
            name: content
            for name, content in outputs(folder).items()
            if content and not any(Path(name).is_relative_to(where) for where in inputs)
        }
    for files in (whole, left):  # a bundle records the version of Python, here not the image's
        for name in [name for name in files if name.endswith("model.json")]:
            del files[name]
    said = done.stdout + done.stderr
    assert "Traceback" not in said, said
    if done.returncode == 0:
        assert room, said
        assert left == whole
    else:
        assert any(sentence in said for sentence in SAID), said
        assert left.items() <= whole.items(), f"cut short: {left.keys()}"
