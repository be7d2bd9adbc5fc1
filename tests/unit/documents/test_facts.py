"""Facts that the pipeline has to write down twice, once for Nextflow and once for Python."""

import json
import re
from pathlib import Path
from typing import Any

import click
import pytest
from samples.script_options import script_options

from deepregfinder.classes import CLASS_SETS, class_names
from deepregfinder.command_line import KILLED
from deepregfinder.evaluation.cross_validation import FEWEST
from deepregfinder.models.bundle import FORMAT


@pytest.fixture(scope="module")
def parameters(repository: Path) -> dict[str, dict[str, Any]]:
    schema = json.loads((repository / "nextflow_schema.json").read_text())
    return {
        name: rule
        for group in schema["$defs"].values()
        for name, rule in group["properties"].items()
    }


def function(repository: Path, file: str, name: str) -> str:
    """The body of a function of Nextflow."""
    body = re.search(rf"^def {name}\(.*?^}}", (repository / file).read_text(), re.M | re.S)
    assert body, f"{file} has no function {name}"
    return body[0]


def test_classes_are_the_same_in_nextflow_and_python(
    repository: Path, parameters: dict[str, dict[str, Any]]
) -> None:
    lines = re.findall(
        r"^ +(\d): \[(.*)\],$", function(repository, "functions/sheets.nf", "classNames"), re.M
    )
    of_nextflow = {int(n): tuple(re.findall(r"'(\w+)'", names)) for n, names in lines}
    assert of_nextflow == {n: class_names(n) for n in CLASS_SETS}
    assert parameters["classes"]["enum"] == list(CLASS_SETS)


def test_advice_is_given_for_the_exit_codes_that_are_tried_again(repository: Path) -> None:
    """A configuration cannot include a function, so both have the list."""
    config = (repository / "conf/base.config").read_text()
    retried = re.search(
        r"exitStatus in \(\((\d+)\.\.(\d+)\) \+ \[([\d, ]+), 2147483647\]\)", config
    )
    assert retried
    first, last, others = retried.groups()
    advice = function(repository, "functions/failures.nf", "adviceOn")
    assert f"exitStatus in ({first}..{last}) + [{others}]" in advice
    assert int(first) <= KILLED <= int(last), "a script that lacks memory is tried again"
    assert f"{KILLED}: 'exit status {KILLED}" in advice


def test_what_nextflow_asks_of_a_bundle_is_what_python_writes(
    repository: Path, parameters: dict[str, dict[str, Any]]
) -> None:
    reader = function(repository, "functions/plan.nf", "readBundle")
    assert f"content.format == '{FORMAT}'" in reader
    modes = re.search(r"normalisation\.control in \[(.*)\]", reader)
    assert modes
    assert re.findall(r"'(\w+)'", modes[1]) == parameters["control"]["enum"]
    columns = json.loads((repository / "assets/schema_input.json").read_text())["items"]
    patterns = {name: columns["properties"][name]["pattern"] for name in ("sample", "mark")}
    sample = re.search(r"content\.sample ==~ /(.*)/", reader)
    assert sample
    assert f"^{sample[1]}$" == patterns["sample"]


def test_the_smallest_number_of_folds_is_the_same(repository: Path) -> None:
    plan = function(repository, "functions/plan.nf", "planned")
    assert f"options.evaluation.folds < {FEWEST} " in plan


def test_choices_and_ranges_of_options_are_those_of_the_parameters(
    repository: Path, parameters: dict[str, dict[str, Any]]
) -> None:
    compared = set()
    options = [
        (script, name, option)
        for script, of_script in script_options(repository).items()
        for name, option in of_script.items()
        if script != "simulate_panel" and name in parameters
    ]
    for script, name, option in options:
        rule = parameters[name]
        if isinstance(option.type, click.Choice) and "enum" in rule:
            assert list(option.type.choices) == rule["enum"], (script, name)
            compared.add(name)
        if isinstance(option.type, click.IntRange | click.FloatRange) and "type" in rule:
            lowest, highest = option.type.min, option.type.max
            assert lowest is None or lowest <= rule.get("minimum", lowest), (script, name)
            assert highest is None or rule.get("maximum", 0) <= highest, (script, name)
            compared.add(name)
    assert {"split", "control", "transform", "center", "paired_end", "min_mapq"} <= compared


def test_roles_of_a_bam_file_are_those_of_the_script(repository: Path) -> None:
    sources = [path.read_text() for path in (repository / "functions").glob("*.nf")]
    roles = {role for source in sources for role in re.findall(r"\brole: '(\w+)'", source)}
    role = script_options(repository)["inspect_bam"]["role"].type
    assert isinstance(role, click.Choice)
    assert roles == set(role.choices)
