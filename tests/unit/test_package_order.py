"""Imports of the library go one way: a package imports only from those before it.

Read from the syntax tree, imports for type checking and those inside of functions included.

`options` comes last: each group of options makes an object of the package that it is for, and only
scripts use it. What all groups share lies in `command_line`, which imports no step.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

LIBRARY = "deepregfinder"

ORDER = (
    {"errors", "progress"},
    {"classes"},
    {"storage"},
    {"figure", "command_line"},
    {"genome"},
    {"counting"},
    {"inputs", "quality", "signal"},
    {"labels"},
    {"models"},
    {"prediction"},
    {"tracks", "differential", "evaluation"},
    {"explain"},
    {"report"},
    {"options"},
)
"""Packages, and modules at the root, of one line import nothing of each other."""

BESIDE = {"simulation": {"errors", "progress", "classes", "storage", "genome", "inputs"}}
"""What is used by scripts alone, and what it may import."""

AT_THE_ROOT = 8
"""Files at the root of the library, at most."""


def imports(source: str, package: str) -> Iterator[str]:
    """Modules of the library that a source names, as `a.b.c` below it; `package` is its own."""
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            whole = package.split(".")[: len(package.split(".")) + 1 - node.level]
            base = ".".join([*whole, *filter(None, [node.module])]) if node.level else node.module
            names = [f"{base}.{alias.name}" for alias in node.names]
        for name in names:
            if name.startswith(f"{LIBRARY}."):
                yield name.removeprefix(f"{LIBRARY}.")


def place(part: str) -> int:
    return next(number for number, parts in enumerate(ORDER) if part in parts)


def backward(part: str, imported: str) -> bool:
    """Whether an import between two parts of the library breaks the order."""
    if part in BESIDE or imported in BESIDE:
        return imported not in BESIDE.get(part, ())
    return place(imported) >= place(part)


def faults(library: Path) -> list[str]:
    """Imports that break the order, as `file imports module`."""
    backward_imports = []
    for file in sorted(library.rglob("*.py")):
        relative = file.relative_to(library)
        part = relative.parts[0].removesuffix(".py")
        package = ".".join([LIBRARY, *relative.parts[:-1]])
        for name in imports(file.read_text(), package):
            imported = name.split(".")[0]
            if part != "__init__" and imported not in (part, "__version__"):
                backward_imports += (
                    [f"{relative} imports {name}"] if backward(part, imported) else []
                )
    return backward_imports


def modules(library: Path) -> dict[str, set[str]]:
    """Each module of the library, and the modules that it imports."""
    names = {
        ".".join(file.relative_to(library).with_suffix("").parts): file
        for file in sorted(library.rglob("*.py"))
    }
    graph = {}
    for name, file in names.items():
        package = ".".join([LIBRARY, *file.relative_to(library).parts[:-1]])
        wanted = set()
        for imported in imports(file.read_text(), package):
            # `from package import name`: a module of that name, or something in the package itself.
            known = (
                imported,
                imported.rpartition(".")[0],
                f"{imported.rpartition('.')[0]}.__init__",
            )
            wanted |= {next((module for module in known if module in names), name)}
        graph[name] = wanted - {name}
    return graph


def circle(graph: dict[str, set[str]]) -> list[str]:
    """Modules that import each other in a circle, or nothing."""
    done: set[str] = set()

    def walk(name: str, path: list[str]) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        for imported in sorted(graph[name]):
            if closed := walk(imported, [*path, name]):
                return closed
        done.add(name)
        return []

    return next((closed for name in sorted(graph) if (closed := walk(name, []))), [])


@pytest.fixture
def library(repository) -> Path:
    return repository / "bin" / LIBRARY


def test_packages_import_only_those_before_them(library) -> None:
    assert faults(library) == []


def test_no_modules_import_each_other_in_a_circle(library) -> None:
    assert circle(modules(library)) == []


def test_every_part_has_its_place(library) -> None:
    parts = {
        path.stem for path in library.iterdir() if path.name not in ("__init__.py", "__pycache__")
    }
    assert parts == set().union(*ORDER, BESIDE)


def test_few_files_lie_at_the_root(library) -> None:
    assert len(list(library.glob("*.py"))) <= AT_THE_ROOT


@pytest.mark.parametrize(
    "line",
    [
        "from deepregfinder.report.page import write_page",
        "from deepregfinder import report",
        "import deepregfinder.report.page",
        "from ..report import page",
        "if TYPE_CHECKING:\n    from deepregfinder.quality.libraries import Library",
        "def late() -> None:\n    from deepregfinder.quality import libraries",
    ],
)
def test_an_import_against_the_order_is_found(tmp_path, line) -> None:
    (tmp_path / "counting").mkdir()
    (tmp_path / "counting" / "counter.py").write_text(f"{line}\n")
    assert len(faults(tmp_path)) == 1


def test_a_circle_within_a_package_is_found(tmp_path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "one.py").write_text("from deepregfinder.models.two import x\n")
    (tmp_path / "models" / "two.py").write_text(
        "def f():\n    from deepregfinder.models import one\n"
    )
    assert set(circle(modules(tmp_path))) == {"models.one", "models.two"}
