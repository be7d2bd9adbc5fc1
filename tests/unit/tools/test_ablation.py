"""The ablation of drf: the scripts that it calls and the parts that it replaces are all there."""

import ast
import importlib
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[3] / "tools/accuracy"


@pytest.fixture
def ablation(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    yield importlib.import_module("ablation")
    sys.modules.pop("ablation", None)


def test_every_variant_replaces_what_its_module_has(ablation):
    for variant, parts in ablation.VARIANTS.items():
        for module, values in parts().items():
            assert all(hasattr(module, name) for name in values), variant


def test_scripts_are_given_their_options():
    tree = ast.parse((TOOLS / "ablation.py").read_text())
    shared = {
        node.targets[0].id: {key.value for key in node.value.keys}
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Dict)
        and all(isinstance(key, ast.Constant) for key in node.value.keys)
    }
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "callback"
    ]
    assert len(calls) == 4
    for call in calls:
        given = {keyword.arg for keyword in call.keywords if keyword.arg}
        for keyword in call.keywords:
            given |= shared[keyword.value.id] if keyword.arg is None else set()
        name = call.func.value.id
        command = getattr(importlib.import_module(name), name)
        assert given == {parameter.name for parameter in command.params}, name
