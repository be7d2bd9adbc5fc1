"""Read JSON from untrusted sources: every field is checked."""

import re
from pathlib import Path
from typing import Any, TypeVar

from deepregfinder.errors import InputError

_PLAIN_NAME = re.compile(r"[^\x00-\x1f/\\]{1,200}")
_T = TypeVar("_T")


class JsonFields:
    """The fields of a JSON object, each of which must exist and have the expected type."""

    def __init__(self, content: Any, where: Path) -> None:
        if not isinstance(content, dict):
            raise InputError(f"{where} is damaged: expected a JSON object.")
        self.content: dict[str, Any] = content
        self.where = where

    def fault(self, key: str, problem: str) -> InputError:
        """The error to raise for a field."""
        return InputError(f"{self.where} is damaged: {key}: {problem}.")

    def of(self, key: str, *kinds: type[_T]) -> _T:
        """A value of one of the types; like all methods below, raises InputError for any other."""
        if key not in self.content:
            raise self.fault(key, "it is missing")
        value = self.content[key]
        if not isinstance(value, kinds) or isinstance(value, bool):
            expected = " or ".join(kind.__name__ for kind in kinds)
            raise self.fault(key, f"expected {expected}, found {str(value)[:60]!r}")
        return value

    def text(self, key: str) -> str:
        """A plain name."""
        value = self.of(key, str)
        if not _PLAIN_NAME.fullmatch(value):
            raise self.fault(key, f"{value[:60]!r} is not a plain name")
        return value

    def names(self, key: str) -> tuple[str, ...]:
        """A list of 1 to 1,000 plain names, each once."""
        values = self.of(key, list)
        plain = all(isinstance(value, str) and _PLAIN_NAME.fullmatch(value) for value in values)
        if not plain or not 1 <= len(values) <= 1000 or len(set(values)) < len(values):
            raise self.fault(key, "expected plain names, each once")
        return tuple(values)

    def integer(self, key: str, low: int, high: int) -> int:
        """A whole number from low to high."""
        value = self.of(key, int)
        if not low <= value <= high:
            raise self.fault(key, f"{value} is not between {low} and {high}")
        return value

    def number(self, key: str, low: float, high: float) -> float:
        """A number from low to high."""
        value = self.of(key, int, float)
        if not low <= value <= high:
            raise self.fault(key, f"{value} is not between {low} and {high}")
        return float(value)

    def sizes(self, key: str) -> dict[str, int]:
        """A table of names and lengths (bp), above 0."""
        table = self.of(key, dict)
        for name, size in table.items():
            if not _PLAIN_NAME.fullmatch(name) or type(size) is not int or not 0 < size < 1 << 40:
                raise self.fault(key, f"{name[:60]!r}: {str(size)[:60]} is not a length")
        return table
