"""Every message of the pipeline, as written in the code, with `…` for inserted values."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

WORDS = 4
"""Shorter strings are parts of sentences, or none."""

# The texts of these files are content of results, not messages.
_CONTENT = {
    *("report", "simulation", "explain", "model_card.py", "hub.py", "bigbed.py"),
    *("figure.py", "plot.py", "curve_plots.py", "plots_of_one_model.py", "plots_of_all_models.py"),
}
_STEPS_OF_THE_REPORT = {"examples.py"}
_NOT_FOR_USERS = {"info", "debug", "ValueError"}
_FOLDERS = ("functions", "modules", "conf")
_SUMMARIES = {"functions/beginning.nf", "functions/summary.nf"}
_STATUS = ("exit status", "no exit status")
_COMMANDS = ("-u ", "source ")
_INSERTED = r"\$\{(?:[^{}]|\{[^{}]*\})*\}"


def messages(repository: Path) -> dict[str, str]:
    """Message -> its file, relative to the repository."""
    sentences = {}
    for path in sorted((repository / "bin").rglob("*.py")):
        parts = path.relative_to(repository).parts
        if not _CONTENT & set(parts) or path.name in _STEPS_OF_THE_REPORT:
            tree = ast.parse(path.read_text())
            sentences |= dict.fromkeys(_of_python(tree), "/".join(parts))
    for folder in _FOLDERS:
        for path in sorted((repository / folder).rglob("*")):
            name = str(path.relative_to(repository))
            if path.is_file() and name not in _SUMMARIES:
                sentences |= dict.fromkeys(_of_nextflow(path.read_text()), name)
    return sentences


def _of_python(tree: ast.Module) -> Iterator[str]:
    """Strings and f-strings that are sentences, except docstrings, help and progress."""
    inner: set[int] = set()
    for node in ast.walk(tree):
        unwanted: list[ast.AST] = []
        match node:
            case ast.Expr(value=ast.Constant()):
                unwanted = [node.value]
            case ast.JoinedStr():
                unwanted = list(node.values)
            case ast.keyword(arg="help"):
                unwanted = list(ast.walk(node))
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
                unwanted = list(ast.walk(node)) if name in _NOT_FOR_USERS else []
        inner |= {id(one) for one in unwanted}
    for node in ast.walk(tree):
        if id(node) not in inner and isinstance(node, ast.Constant | ast.JoinedStr):
            text = re.sub(r"%[sdg]|%\.\d[a-z]", "…", " ".join(_text(node).split()))
            if len(text.split()) >= WORDS and text.endswith("."):
                yield text


def _text(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_text(part) for part in parts)
    return "…"


def _of_nextflow(source: str) -> Iterator[str]:
    """Quoted strings with at least as many words that are sentences."""
    source = re.sub(r"^\s*/\*.*?\*/", "", source, flags=re.DOTALL | re.MULTILINE)
    for line in source.splitlines():
        code = re.sub(r"""(?<![:'"])//.*""", "", line)
        for double, single in re.findall(r'"((?:[^"\\]|\\.)*)"|\'((?:[^\'\\]|\\.)*)\'', code):
            text = re.sub(rf"{_INSERTED}|\$\([^)]*\)|\$\d", "…", double) or single
            text = text.replace("\\'", "'").strip()
            is_sentence = text.endswith((".", ")", ": …", ". …")) or text.startswith(_STATUS)
            is_long = len(text.split()) >= WORDS + text.startswith("…")
            if is_sentence and is_long and not text.startswith(_COMMANDS):
                yield text
