"""Numbers and texts as the page writes them."""

import base64
import re

from markupsafe import Markup, escape

from deepregfinder.classes import class_named

UNKNOWN = "–"
_SPACE = "\N{NO-BREAK SPACE}"


def count(value: int | None) -> str:
    """A number of things, such as 1,234."""
    return UNKNOWN if value is None else f"{value:,}"


def figure(value: float | None, digits: int = 3) -> str:
    """A value with a fixed number of decimals."""
    return UNKNOWN if value is None else f"{value:.{digits}f}"


def percent(value: float | None, digits: int = 0) -> str:
    """A share as a percentage."""
    return UNKNOWN if value is None else f"{100 * value:.{digits}f}{_SPACE}%"


def share(part: int, whole: int) -> float | None:
    """part / whole, where there is a whole."""
    return part / whole if whole else None


def label(class_name: str) -> str:
    """The label of a class, for readers."""
    return class_named(class_name).label


def plural(number: int, noun: str, nouns: str = "") -> str:
    """1 network, 2 networks. nouns : the plural, where it is more than an s"""
    return f"{number:,} {noun if number == 1 else nouns or f'{noun}s'}"


def data_uri(png: bytes) -> str:
    """A picture as an address that holds it."""
    return "data:image/png;base64," + base64.b64encode(png).decode()


def with_options(text: str) -> Markup:
    """Text with parameters, such as `--tss_merge 500`, set as code; the rest is escaped."""
    option = r"(--\w+(?: (?:\d+(?:\.\d+)?|true\b|false\b))?)"
    pieces = re.split(option, text)
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if re.fullmatch(option, piece) else escape(piece)
        for piece in pieces
    )
