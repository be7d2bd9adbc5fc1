"""Scripts are thin: what they do lies in the library, where it has a name and tests."""

import ast
from pathlib import Path

import pytest

LONGEST = 40
"""Lines of a script below its options: the docstring and what it does, imports included."""


def bodies(source: str) -> dict[str, int]:
    """Each function of a script, and the lines from its docstring to its end."""
    functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    return {node.name: (node.end_lineno or 0) - node.body[0].lineno + 1 for node in functions}


def aliases(source: str) -> list[str]:
    """Names of the library that a script imports under another name."""
    return [
        f"{name.name} as {name.asname}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("deepregfinder")
        for name in node.names
        if name.asname
    ]


@pytest.fixture
def scripts(repository: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted((repository / "bin").glob("*.py"))}


def test_a_script_is_short_below_its_options(scripts: dict[str, str]) -> None:
    assert scripts
    long = {
        f"{script}, {function}": lines
        for script, source in scripts.items()
        for function, lines in bodies(source).items()
        if lines > LONGEST
    }
    assert not long


def test_a_script_calls_the_library_by_its_names(scripts: dict[str, str]) -> None:
    assert {name: renamed for name, source in scripts.items() if (renamed := aliases(source))} == {}


def test_a_long_script_and_an_alias_are_found() -> None:
    lines = "\n".join("    x = 1" for _ in range(LONGEST))
    assert bodies(f'def f(\n    a,\n):\n    """Text."""\n{lines}\n') == {"f": LONGEST + 1}
    assert aliases("def f():\n    from deepregfinder.labels import windows as w\n") == [
        "windows as w"
    ]
