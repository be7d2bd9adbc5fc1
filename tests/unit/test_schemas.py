"""The schemas themselves: valid JSON Schema, and every default within its own rule."""

import json

import pytest
from jsonschema import Draft202012Validator

SCHEMAS = (
    "nextflow_schema.json",
    "assets/schema_input.json",
    "assets/schema_labels.json",
    "assets/schema_annotations.json",
)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_valid(repository, name):
    Draft202012Validator.check_schema(json.loads((repository / name).read_text()))


def test_every_parameter_stands_in_one_group_and_its_default_keeps_its_rule(repository):
    schema = json.loads((repository / "nextflow_schema.json").read_text())
    names = [name for group in schema["$defs"].values() for name in group["properties"]]
    assert len(names) == len(set(names))
    for group in schema["$defs"].values():
        for name, rule in group["properties"].items():
            assert rule["description"], name
            if "default" in rule:
                Draft202012Validator(rule).validate(rule["default"])


def test_every_group_is_part_of_the_whole(repository):
    schema = json.loads((repository / "nextflow_schema.json").read_text())
    groups = [f"#/$defs/{name}" for name in schema["$defs"]]
    assert [part["$ref"] for part in schema["allOf"]] == groups
