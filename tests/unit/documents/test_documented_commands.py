"""Commands of the documents: what they name exists, and each is run by a suite."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from samples.documented_commands import DOCUMENTS, INSTEAD, PARTS, ROOT, SUITES, parts_of, suite_of
from samples.documents import blocks, commands, parameters

SHELL = [(path, block) for path in DOCUMENTS for block in blocks(path.read_text(), "bash")]

# Options of `nextflow run` that the documents use; a value follows where it is True.
OPTIONS = {
    "-resume": False,
    "-preview": False,
    **dict.fromkeys(("-profile", "-c", "-params-file", "-work-dir", "-ansi-log"), True),
}


def named(*programs: str) -> Iterator[tuple[str, list[str]]]:
    """Name of the document and words of every command that starts with one of the programs."""
    for path, block in SHELL:
        for command in commands(block):
            words = command[command[0] == ".venv/bin/python" :]
            if words[0] in programs:
                yield path.name, words


RUNS = [
    (name, command) for name, command in named("nextflow", "tools/nextflow") if command[1] == "run"
]


@pytest.fixture(scope="module")
def rules() -> dict[str, dict]:
    schema = json.loads((ROOT / "nextflow_schema.json").read_text())
    return {
        name: rule
        for group in schema["$defs"].values()
        for name, rule in group["properties"].items()
    }


def test_there_are_commands() -> None:
    assert len(SHELL) > 20
    assert len(RUNS) > 20


@pytest.mark.parametrize("part", PARTS, ids=str)
def test_a_suite_runs_it(part) -> None:
    assert suite_of(part), (
        f"no suite runs this:\n{part.text}\nAdd a row to SUITES in "
        "tests/samples/documented_commands.py."
    )


def test_parts_leave_out_nothing_of_a_block() -> None:
    of_blocks = [command for _path, block in SHELL for command in commands(block)]
    assert [command for part in PARTS for command in part.commands] == of_blocks


def test_every_suite_is_a_file_that_ci_runs() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert re.search(r"^test-documents:.*\n\t.* pytest tests/documented$", makefile, re.M)
    assert re.search(r"make [\w -]*test-documents\b", (ROOT / ".ci/run").read_text())
    files = {path: path.read_text() for path in (ROOT / "tests/documented").glob("test_*.py")}
    for suite in {suite for _words, suite in SUITES}:
        assert parts_of(suite), f"nothing is left for the suite {suite}"
        asking = [path.name for path, text in files.items() if f'parts_of("{suite}")' in text]
        assert len(asking) == 1, f"{suite}: {asking}"


def test_what_stands_in_for_something_stands_in_for_what_documents_name() -> None:
    for name in INSTEAD:
        assert any(name in part.text for part in PARTS) or name == "DRF_SHARED_DATA", name


@pytest.mark.parametrize(("path", "block"), SHELL, ids=lambda one: getattr(one, "name", ""))
def test_a_block_is_valid_shell(path: Path, block: str) -> None:
    done = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True)
    assert done.returncode == 0, f"{path.name}: {done.stderr}{block}"


def test_every_parameter_is_one_and_has_a_value_that_it_may_have(rules: dict[str, dict]) -> None:
    for name, command in RUNS:
        for parameter, text in parameters(command).items():
            assert parameter in rules, f"{name}: --{parameter}"
            rule = rules[parameter]
            value = text if rule["type"] == "string" else json.loads(text)
            fault = next(Draft202012Validator(rule).iter_errors(value), None)
            assert fault is None, f"{name}: --{parameter} {text}: {fault}"


def test_every_option_of_nextflow_is_one_that_it_has() -> None:
    for name, command in RUNS:
        assert command[2] == "..." or command[2].endswith("main.nf"), f"{name}: {command}"
        words = iter(command[3:])
        for word in words:
            if word.startswith("--"):
                assert next(words, None), f"{name}: {word}"
            elif word != "...":
                assert word in OPTIONS, f"{name}: {word} in {' '.join(command)}"
                assert not OPTIONS[word] or next(words, None), f"{name}: {word}"


def test_every_target_of_make_is_one() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.M))
    variables = set(re.findall(r"\$[({](\w+)[)}]", makefile))
    commands = list(named("make"))
    assert commands
    for name, command in commands:
        for word in command[1:]:
            known = variables if "=" in word else targets
            assert word.partition("=")[0] in known, f"{name}: make {word}"


def test_every_script_is_there_and_has_the_options() -> None:
    scripts = {
        word: None
        for _path, block in SHELL
        for command in commands(block)
        for word in command[:2]
        if re.match(r"(bin|tools)/", word)
    }
    for name, command in named(*scripts):
        script = ROOT / command[0]
        assert script.is_file(), f"{name}: {script}"
        assert script.stat().st_mode & 0o100, f"{name}: {script} cannot be executed"
        options = [word for word in command if word.startswith("--")]
        if options and command not in [run for _name, run in RUNS]:
            given = [sys.executable, script, "--help"]
            said = subprocess.run(given, capture_output=True, text=True, check=True).stdout
            assert set(options) <= set(re.findall(r"--[\w-]+", said)), f"{name}: {command}"


def test_sheets_that_are_shown_have_columns_of_their_schemas() -> None:
    sheets = {
        kind: list(
            json.loads((ROOT / f"assets/schema_{kind}.json").read_text())["items"]["properties"]
        )
        for kind in ("input", "labels", "annotations")
    }
    shown = [
        (path.name, lines.splitlines())
        for path in DOCUMENTS
        for lines in re.findall(
            r"^ *((?:sample|name),\w+,.*\n(?: *\w.*,.*\n)+)", path.read_text(), re.M
        )
    ]
    assert len(shown) >= 4
    for name, (header, *rows) in shown:
        columns = header.strip().split(",")
        assert any(set(columns) <= set(known) for known in sheets.values()), f"{name}: {header}"
        for row in rows:
            assert len(row.split(",")) == len(columns), f"{name}: {row}"


def test_parameters_of_yaml_files_that_are_shown_are_some(rules: dict[str, dict]) -> None:
    shown = [block for path in DOCUMENTS for block in blocks(path.read_text(), "yaml")]
    assert shown
    for block in shown:
        given = dict(re.findall(r"^(\w+): (.*)$", block, re.M))
        for name, text in given.items():
            value = text if rules[name]["type"] == "string" else ast.literal_eval(text)
            Draft202012Validator(rules[name]).validate(value)
