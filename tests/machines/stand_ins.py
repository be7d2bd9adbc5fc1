"""Stand-ins for the commands of container engines that are not available everywhere.

A stand-in records its call and the calling task, and then runs the command of the container on this
machine. An image to pull or build becomes an empty file.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

COMMANDS = ("docker", "podman", "singularity", "apptainer", "ch-run", "ch-image")
STAND_IN = """#!{python}
import json, os, sys, uuid
from pathlib import Path
name, given = Path(sys.argv[0]).name, sys.argv[1:]
run = Path(".command.run")
task = run.read_text().split("### name: '")[1].split("'")[0] if run.exists() else ""
call = dict(command=name, arguments=given, task=task, folder=os.getcwd(), env=dict(os.environ))
(Path("{record}") / uuid.uuid4().hex).write_text(json.dumps(call))
if "pull" in given:
    Path(given[given.index("pull") + 1 :][-2]).touch() if name != "ch-image" else None
elif given[:1] == ["build"]:
    image, source = given[1:]
    Path(source.removeprefix("docker-archive:")).stat()
    Path(image).touch()
elif "/bin/bash" in given:
    at = given.index("/bin/bash")
    os.execv("/bin/bash", given[at:])
"""


@dataclass(frozen=True)
class Call:
    """One call of an engine's command."""

    command: str
    arguments: list[str]
    task: str
    folder: str
    env: dict[str, str]

    @property
    def process(self) -> str:
        return self.task.split(" ")[0].rpartition(":")[2]

    @property
    def of_engine(self) -> list[str]:
        """The arguments of the engine, without the command that runs inside."""
        return self.arguments[: self.arguments.index("/bin/bash")]


@dataclass(frozen=True)
class StandIns:
    """A folder of programs to put first in the PATH, and their records."""

    programs: Path
    record: Path

    @property
    def calls(self) -> list[Call]:
        return [Call(**json.loads(path.read_text())) for path in self.record.iterdir()]

    @property
    def of_tasks(self) -> list[Call]:
        """The calls that started tasks."""
        return [call for call in self.calls if "/bin/bash" in call.arguments]


def stand_ins(folder: Path, *names: str) -> StandIns:
    """Stand-ins of some engines (all where none is named), and a GPU that nvidia-smi finds."""
    folders = StandIns(folder / "programs", folder / "record")
    folders.programs.mkdir()
    folders.record.mkdir()
    python = Path(sys.executable).resolve()
    for name in names or COMMANDS:
        (folders.programs / name).write_text(STAND_IN.format(python=python, record=folders.record))
    (folders.programs / "nvidia-smi").write_text("#!/bin/bash\necho GPU-of-the-test\n")
    for program in folders.programs.iterdir():
        program.chmod(0o755)
    return folders
