"""The library's docstrings as Markdown: an extension of Griffe, named in mkdocs.yml.

Docstrings are prose with lists of arguments and fields (`name : what it is`), with or without a
heading of the numpy style. Both kinds become lists; the signatures show the types.
"""

import re
from typing import Any

from griffe import Extension, Object

HEADING = re.compile(r"^(\S.*)\n-{3,}$", re.M)
# `name : text` or `a, b : text`, with indented lines of the same item; `; name : text` is another.
NAMES = r"([*\w.]+(?:, [*\w.]+)*) : "
ENTRY = re.compile(rf"^{NAMES}(.*(?:\n +\S.*)*)$", re.M)
# Below Raises, the exception stands in a line above its text.
RAISED = re.compile(r"^([A-Z]\w+)\n((?: +\S.*\n?)+)", re.M)


def as_markdown(docstring: str) -> str:
    """A docstring with the headings, lists and escapes of Markdown."""
    text = re.sub(r"`[^`]*`|<", lambda one: one[0] if one[0] != "<" else "&lt;", docstring)
    text = HEADING.sub(r"**\1**\n", text)
    text = RAISED.sub(lambda one: _item(one[1], one[2]) + "\n", text)
    text = ENTRY.sub(lambda one: _item(one[1], one[2]), text)
    # A list needs a blank line before its first item.
    return re.sub(r"^((?!- ).*\S.*)\n(?=- )", r"\1\n\n", text, flags=re.M)


def _item(names: str, text: str) -> str:
    marked = ", ".join(f"`{name}`" for name in names.split(", "))
    first, *more = re.split(rf"; {NAMES}", " ".join(text.split()))
    others = [_item(*pair) for pair in zip(more[::2], more[1::2], strict=True)]
    return "\n".join([f"- {marked}: {first}", *others])


class Docstrings(Extension):
    """Give mkdocstrings every docstring as Markdown, and hide attributes without one.

    The signature shows the fields of a dataclass; what `__init__` assigns is private.
    """

    def on_instance(self, *, obj: Object, **_more: Any) -> None:
        if obj.docstring:
            obj.docstring.value = as_markdown(obj.docstring.value)
        elif obj.is_attribute and obj.parent:
            assigned = obj.parent.is_class and (obj.parent.decorators or not obj.annotation)
            if assigned or obj.name == "log":
                obj.public = False
