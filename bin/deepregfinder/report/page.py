"""report.html: a run on one page that needs no other file and no network."""

from pathlib import Path
from typing import Any

import jinja2

from deepregfinder.atomic import written_whole
from deepregfinder.report.collect import Run

_TEMPLATES = Path(__file__).parent / "templates"


def render(run: Run) -> str:
    """The page as HTML."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= _FILTERS
    return environment.get_template("report.html.j2").render(run=run)


def data_uri(png: bytes) -> str:
    """A picture as an address that holds it."""
    import base64

    return "data:image/png;base64," + base64.b64encode(png).decode()


def figure(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def count(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"


_FILTERS: dict[str, Any] = {"data_uri": data_uri, "figure": figure, "count": count}


def write_page(path: Path, run: Run) -> None:
    with written_whole(path) as part:
        part.write_text(render(run))
