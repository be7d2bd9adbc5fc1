"""The walks of docs/contributing.md: their files, functions and outputs exist, in this order."""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from samples.documents import results_paths, section

WALKS = ("A BAM file", "The signal", "A labelled window", "The name of a model")
LONGEST = 12
"""Steps of a walk."""

FILE = re.compile(r"[\w<>./]+\.(?:bed|bw|html|json|safetensors|sizes|tsv|zip)")


@dataclass(frozen=True)
class Step:
    """A row of a walk. passes : pairs of file and function, in the order of the calls"""

    number: int
    passes: tuple[tuple[str, str], ...]
    value: str


def steps(document: str, walk: str) -> list[Step]:
    """The rows of the table below the heading of a walk."""
    rows = re.findall(
        r"^\| (\d+) \| (.+?) \| (.+?) \| (.+) \|$", section(document, f"### {walk}"), re.M
    )
    return [
        Step(int(number), tuple(zip(_quoted(files), _quoted(functions), strict=True)), value)
        for number, files, functions, value in rows
    ]


def _quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


@pytest.fixture(scope="module")
def document(repository: Path) -> str:
    return (repository / "docs/contributing.md").read_text()


def source_of(repository: Path, file: str) -> Path:
    """A file of a walk: of the repository, or of the library."""
    places = [folder / file for folder in (repository, repository / "bin/deepregfinder")]
    existing = [place for place in places if place.is_file()]
    assert len(existing) == 1, f"{file}: {existing or 'there is no such file'}"
    return existing[0]


def defined(path: Path) -> set[str]:
    """What a file defines: of Nextflow, workflows, processes and functions; of Python, functions
    and methods as Class.method."""
    source = path.read_text()
    if path.suffix == ".nf":
        named = set(re.findall(r"^(?:workflow|process|def) (\w+)", source, re.M))
        return named | ({"workflow"} if re.search(r"^workflow \{", source, re.M) else set())
    names = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.ClassDef):
            methods = (part for part in node.body if isinstance(part, ast.FunctionDef))
            names |= {f"{node.name}.{method.name}" for method in methods}
    return names


def outputs(repository: Path) -> set[str]:
    """Files that processes leave, with <id>, <sample>, <model>, ... for what varies."""
    files = set()
    for module in (repository / "modules").glob("*/*/main.nf"):
        text = module.read_text()
        prefix = re.search(r'^ +prefix = "(.+)"$', text, re.M)
        text = text.replace("${prefix}", prefix[1] if prefix else "")
        files |= set(FILE.findall(re.sub(r"\$\{(?:meta\.)?(\w+)\}", r"<\1>", text)))
    return files


@pytest.mark.parametrize("walk", WALKS)
def test_each_function_of_a_walk_is_in_its_file(repository: Path, document: str, walk: str) -> None:
    walked = steps(document, walk)
    assert [step.number for step in walked] == list(range(1, len(walked) + 1))
    assert 10 <= len(walked) <= LONGEST
    for step in walked:
        for file, function in step.passes:
            names = defined(source_of(repository, file))
            assert function in names, f"step {step.number}: {file} has no {function}"


@pytest.mark.parametrize("walk", WALKS)
def test_each_function_of_a_walk_is_named_where_the_walk_has_been(
    repository: Path, document: str, walk: str
) -> None:
    first, *others = [one for step in steps(document, walk) for one in step.passes]
    assert first == ("main.nf", "workflow")
    seen = source_of(repository, first[0]).read_text()
    for file, function in others:
        name = function.partition(".")[0]
        assert re.search(rf"\b{name}\b", seen), f"nothing before {file} names {function}"
        seen += source_of(repository, file).read_text()


@pytest.mark.parametrize("walk", WALKS)
def test_each_file_of_a_walk_is_an_output_and_the_last_a_result(
    repository: Path, document: str, walk: str
) -> None:
    results = results_paths((repository / "docs/output.md").read_text())
    known = outputs(repository) | results
    files = {step.number: FILE.findall(step.value) for step in steps(document, walk)}
    unknown = {file for of_step in files.values() for file in of_step} - known
    assert not unknown
    assert set(files[max(files)]) <= results
    assert files[max(files)]


def test_all_walks_are_tested(document: str) -> None:
    start, end = document.index("\n## Four walks\n"), document.index("\n## Add a parameter\n")
    assert tuple(re.findall(r"^### (.+)$", document[start:end], re.M)) == WALKS


def test_a_wrong_step_is_noticed(repository: Path) -> None:
    text = (
        "### A walk\n\n| 1 | `main.nf`, `labels/tensors.py` | `workflow`, `gone` | `<id>.none` |\n"
    )
    (step,) = steps(text, "A walk")
    assert step.passes == (("main.nf", "workflow"), ("labels/tensors.py", "gone"))
    assert "gone" not in defined(source_of(repository, "labels/tensors.py"))
    assert "Tensors.with_marks" in defined(source_of(repository, "labels/tensors.py"))
    assert "<id>.counts.zip" in outputs(repository)
    assert "<id>.none.zip" not in outputs(repository)
