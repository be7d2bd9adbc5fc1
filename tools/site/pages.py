"""What the site adds to docs/: a hook of MkDocs, named in mkdocs.yml.

- Files at the top of the repository become pages; README.md is the first one.
- Links between files of the repository lead to their pages. A link to a file without a page, such
  as a script, becomes plain text. A link to a missing file stays, and the build refuses it.
- Each package and module of the library has a page, which mkdocstrings fills from the source.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "bin"
LIBRARY = SOURCES / "deepregfinder"

TOP_LEVEL = {
    "README.md": "index.md",
    "LICENSE": "project/license.md",
    **{
        f"{name}.md": f"project/{name.lower()}.md"
        for name in ("CHANGELOG", "CITATIONS", "CODE_OF_CONDUCT", "CONTRIBUTING", "SECURITY")
    },
}
SOURCE_OF = {page: source for source, page in TOP_LEVEL.items()}
ASSETS = ("iframe-worker.js", "site.css")


def on_config(config: MkDocsConfig) -> None:
    config.nav = [*(config.nav or []), {"Library": _navigation(LIBRARY)}]
    config.watch += [str(ROOT / name) for name in (*TOP_LEVEL, "bin/deepregfinder", "tools/site")]


def on_files(files: Files, config: MkDocsConfig) -> None:
    texts = {page: (ROOT / name).read_text() for name, page in TOP_LEVEL.items()}
    texts[TOP_LEVEL["LICENSE"]] = f"# License\n\n```text\n{texts[TOP_LEVEL['LICENSE']]}```\n"
    texts |= {_page(path): _reference(path) for path in _modules(LIBRARY)}
    texts |= {f"assets/{name}": (ROOT / "tools/site" / name).read_text() for name in ASSETS}
    for name, text in texts.items():
        files.append(File.generated(config, name, content=text))


def on_page_markdown(text: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """The Markdown of a document, for Python-Markdown and with links between pages."""
    if page.file.src_uri.startswith("library/"):
        return text
    source = SOURCE_OF.get(page.file.src_uri, f"docs/{page.file.src_uri}")
    parts = re.split(r"(^ *```.*?^ *```$)", text, flags=re.M | re.S)
    texts = [
        part if part.lstrip().startswith("```") else _linked(part, source, page.file.src_uri)
        for part in parts
    ]
    return _for_python_markdown("".join(texts))


def _linked(text: str, source: str, page: str) -> str:
    """The text of a file of the repository, with the links of its page."""

    def link(match: re.Match[str]) -> str:
        image, words, target = match.groups()
        path, hash_sign, anchor = target.partition("#")
        if not path or re.match(r"\w+:", path):
            return match[0]
        file = normpath((PurePosixPath(source).parent / path).as_posix())
        to = TOP_LEVEL.get(file, file.removeprefix("docs/"))
        if to == file and (ROOT / file).exists():
            return words
        return f"{image}[{words}]({relpath(to, PurePosixPath(page).parent)}{hash_sign}{anchor})"

    return re.sub(r"(!?)\[([^\[\]]*)\]\(([^()\s]+)\)", link, text)


def _for_python_markdown(text: str) -> str:
    """GitHub's Markdown, changed where Python-Markdown differs.

    Lines that continue an item of a list are indented by four spaces instead of two or three. A
    list needs a blank line before it. In a table, `|` in code needs no backslash.
    """
    lines: list[str] = []
    inside = 0  # the number of spaces that belong to the item
    in_code = False
    for line in text.splitlines():
        item = None if in_code else re.match(r"([-*]|\d+\.) +", line)
        indent = len(line) - len(line.lstrip())
        if line.lstrip().startswith("```"):
            in_code = not in_code
        if item:
            if not inside and lines and lines[-1] and not lines[-1].startswith("#"):
                lines.append("")
            inside = len(item[0])
        elif line and inside and indent >= inside:
            line = " " * 4 + line[inside:]
        elif line and not in_code:
            inside = 0
        if line.startswith("|"):
            line = re.sub(r"`[^`]*`", lambda code: code[0].replace("\\|", "|"), line)
        lines.append(line)
    return "\n".join([*lines, ""])


def _inside(package: Path) -> list[Path]:
    """The packages and modules of a package, packages first."""
    packages = [path.parent for path in sorted(package.glob("*/__init__.py"))]
    return packages + [path for path in sorted(package.glob("*.py")) if path.stem != "__init__"]


def _modules(path: Path) -> Iterator[Path]:
    """A package or module, and all below it."""
    yield path
    for one in _inside(path) if path.is_dir() else []:
        yield from _modules(one)


def _page(path: Path) -> str:
    parts = ("library", *path.relative_to(LIBRARY).parts)
    return "/".join([*parts, "index.md"] if path.is_dir() else parts).replace(".py", ".md")


def _navigation(package: Path) -> list:
    """The pages of a package, for `nav` of MkDocs."""
    pages = {one.stem: _navigation(one) if one.is_dir() else _page(one) for one in _inside(package)}
    return [_page(package), *({name: page} for name, page in pages.items())]


def _reference(path: Path) -> str:
    """The page of a package or module."""
    name = ".".join(path.relative_to(SOURCES).with_suffix("").parts)
    # Users look for documents: a search ranks these pages lower.
    lines = ["---", "search:", "  boost: 0.3", "---", "", f"# `{name}`", "", f"::: {name}", ""]
    if path.is_dir():
        lines += ["| module | content |", "| --- | --- |"]
        here = PurePosixPath(_page(path)).parent
        for one in _inside(path):
            lines.append(f"| [`{one.stem}`]({relpath(_page(one), here)}) | {_summary(one)} |")
    return "\n".join([*lines, ""])


def _summary(path: Path) -> str:
    """The first paragraph of the docstring of a package or module."""
    source = (path / "__init__.py" if path.is_dir() else path).read_text()
    paragraph = (ast.get_docstring(ast.parse(source)) or "").partition("\n\n")[0]
    return " ".join(paragraph.split()).replace("|", "\\|").replace("<", "&lt;")
