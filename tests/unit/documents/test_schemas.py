"""The schemas themselves: valid JSON Schema, and every default within its own rule."""

import json
import re
from fnmatch import fnmatch

import pytest
from jsonschema import Draft202012Validator
from samples.documents import results_paths

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


def test_the_launch_form_of_a_platform_knows_sheets_icons_and_what_is_required(repository):
    schema = json.loads((repository / "nextflow_schema.json").read_text())
    assert schema["$defs"]["input_output"]["required"] == ["input"]
    for name, group in schema["$defs"].items():
        assert group["fa_icon"].startswith("fas fa-"), name
        for parameter, rule in group["properties"].items():
            if rule.get("mimetype") == "text/csv":
                assert (repository / rule["schema"]).is_file(), parameter
    groups = schema["$defs"].values()
    rules = {name: rule for group in groups for name, rule in group["properties"].items()}
    with_schema = {name for name, rule in rules.items() if "schema" in rule}
    assert with_schema == {"input", "labels", "annotations"}


# Keys and formats that launch forms know: docs/nextflow_schema of the plugin nf-schema.
KEYS = {
    *("type", "default", "description", "help_text", "fa_icon", "hidden", "enum", "pattern"),
    *("format", "exists", "mimetype", "schema", "minimum", "maximum"),
    *(
        "exclusiveMinimum",
        "multipleOf",
    ),  # of JSON Schema: checked, though not every form shows them
}
LONGEST_DESCRIPTION = 110


def test_a_launch_form_understands_every_key_and_shows_short_descriptions(repository):
    schema = json.loads((repository / "nextflow_schema.json").read_text())
    assert schema.keys() >= {"$schema", "$id", "title", "description", "type", "$defs", "allOf"}
    for group in schema["$defs"].values():
        assert group.keys() >= {"title", "description", "type", "properties", "fa_icon"}
        for name, rule in group["properties"].items():
            assert rule.keys() <= KEYS, name
            assert rule["type"] in ("string", "integer", "number", "boolean"), name
            assert rule.get("format") in (None, "file-path", "directory-path"), name
            assert rule.get("default", True) not in (None, ""), name
            assert len(rule["description"]) <= LONGEST_DESCRIPTION, name
            assert not rule["description"].endswith("."), name
            if rule.keys() & {"exists", "mimetype", "schema"}:
                assert rule["format"] == "file-path", name


def test_files_to_read_have_to_exist_and_patterns_mean_the_whole_value(repository):
    """JSON Schema looks for a pattern anywhere in a value, the pipeline at the whole of it."""
    schema = json.loads((repository / "nextflow_schema.json").read_text())
    rules = [group["properties"] for group in schema["$defs"].values()]
    for name, rule in (item for group in rules for item in group.items()):
        assert rule.get("exists", False) == (rule.get("format") == "file-path"), name
    sheets = [json.loads((repository / name).read_text()) for name in SCHEMAS[1:]]
    for name, rule in (
        item
        for group in [*rules, *(s["items"]["properties"] for s in sheets)]
        for item in group.items()
    ):
        if pattern := rule.get("pattern"):
            assert pattern.startswith("^"), name
            assert pattern.endswith("$"), name


def test_reports_of_a_platform_are_files_that_a_run_leaves(repository):
    listed = results_paths((repository / "docs/output.md").read_text())
    paths = re.findall(r'^  "(.+)":$', (repository / "tower.yml").read_text(), re.M)
    assert "report.html" in paths
    for path in paths:
        assert any(fnmatch(one, path) for one in listed), path
