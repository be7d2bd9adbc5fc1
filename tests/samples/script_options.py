"""The options of the scripts, from click."""

import importlib
from pathlib import Path

import click


def script_options(repository: Path) -> dict[str, dict[str, click.Option]]:
    """Script (without .py) -> name of an option (without --) -> the option."""
    scripts = {}
    for path in sorted((repository / "bin").glob("*.py")):
        command = getattr(importlib.import_module(path.stem), path.stem, None)
        if isinstance(command, click.Command):
            options = [param for param in command.params if isinstance(param, click.Option)]
            scripts[path.stem] = {option.opts[0].removeprefix("--"): option for option in options}
    return scripts
