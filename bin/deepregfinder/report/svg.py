"""The pieces of SVG that charts are made of; texts and attributes are escaped."""

from collections.abc import Sequence

from markupsafe import Markup, escape


def tag(name: str, *content: Markup | str, **attributes: object) -> Markup:
    """An element; `class_` is the attribute class, and `aria_label` is aria-label."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(short(value))}"'
        for key, value in attributes.items()
    )
    return Markup(f"<{name}{written}>{''.join(map(escape, content))}</{name}>")


def short(value: object) -> str:
    """Coordinates with two decimals at most."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def rectangle(
    x: float, y: float, width: float, height: float, *content: Markup, **attributes: object
) -> Markup:
    return tag("rect", *content, x=x, y=y, width=width, height=height, **attributes)


def line(x1: float, y1: float, x2: float, y2: float, **attributes: object) -> Markup:
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, **attributes)


def picture(
    said: str, width: int, height: int, marks: Sequence[Markup], kind: str, **attributes: object
) -> Markup:
    """A whole drawing. said : what it shows, for those who do not see it"""
    box = {"viewBox": f"0 0 {width} {height}", "width": width, "height": height}
    return tag("svg", *marks, role="img", aria_label=said, class_=kind, **box, **attributes)
