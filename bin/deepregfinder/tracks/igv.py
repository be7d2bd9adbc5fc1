"""IGV sessions: XML for the desktop, JSON for igv.js, with paths relative to the sessions."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from deepregfinder.classes import class_named
from deepregfinder.genome.grid import write_chrom_sizes
from deepregfinder.storage.atomic import written_whole
from deepregfinder.tracks.contents import UNKNOWN, Contents

_SIGNAL_COLOUR = (70, 70, 70)
_UP = "../"
SIZES = "chrom.sizes"


@dataclass(frozen=True)
class _Track:
    """One row of the browser. maximum : of the axis; None to scale it to the data."""

    name: str
    path: str
    kind: str
    colour: tuple[int, int, int] | None
    maximum: float | None = None


def _rows(contents: Contents) -> Iterator[_Track]:
    for sample in contents.samples:
        for calls in contents.calls_of(sample):
            yield _Track(f"{sample} {calls.model}", calls.bed, "annotation", None)
            for name in calls.classes:
                label, colour = class_named(name).label, class_named(name).colour
                title = f"{sample} {calls.model} {label}"
                yield _Track(title, calls.bigwig(name), "wig", colour, 1.0)
        for signal in contents.signal_of(sample):
            for mark in signal.marks:
                yield _Track(f"{sample} {mark}", signal.bigwig(mark), "wig", _SIGNAL_COLOUR)


def first_locus(contents: Contents) -> str:
    """The first 200 kb of the first chromosome, which a session opens at."""
    chrom, length = next(iter(contents.chrom_sizes.items()))
    return f"{chrom}:1-{min(length, 200_000)}"


def write_sessions(folder: Path, contents: Contents) -> None:
    """Write session.xml, session.json and, for an unknown assembly, chrom.sizes."""
    folder.mkdir(parents=True, exist_ok=True)
    if contents.assembly == UNKNOWN:
        write_chrom_sizes(folder / SIZES, contents.chrom_sizes)
    with written_whole(folder / "session.xml") as part:
        tree = _desktop(contents)
        ElementTree.indent(tree)
        tree.write(part, encoding="UTF-8", xml_declaration=True)
    with written_whole(folder / "session.json") as part:
        part.write_text(json.dumps(_web(contents), indent=2) + "\n")


def _desktop(contents: Contents) -> ElementTree.ElementTree:
    genome = contents.assembly if contents.assembly != UNKNOWN else SIZES
    session = ElementTree.Element(
        "Session", genome=genome, locus=first_locus(contents), version="8", relativePath="true"
    )
    resources = ElementTree.SubElement(session, "Resources")
    panel = ElementTree.SubElement(session, "Panel", name="DataPanel")
    for track in _rows(contents):
        path = _UP + track.path
        ElementTree.SubElement(resources, "Resource", path=path, name=track.name)
        settings = {"id": path, "name": track.name, "autoScale": str(track.maximum is None).lower()}
        if track.colour:
            settings["color"] = ",".join(map(str, track.colour))
        row = ElementTree.SubElement(panel, "Track", settings)
        if track.maximum is not None:
            ElementTree.SubElement(row, "DataRange", minimum="0.0", maximum=str(track.maximum))
    return ElementTree.ElementTree(session)


def _web(contents: Contents) -> dict[str, Any]:
    known = contents.assembly != UNKNOWN
    session: dict[str, Any] = (
        {"genome": contents.assembly}
        if known
        else {
            "reference": {
                "id": UNKNOWN,
                "name": UNKNOWN,
                "format": "chromsizes",
                "fastaURL": SIZES,
            }
        }
    )
    tracks = []
    for number, track in enumerate(_rows(contents), 1):
        entry: dict[str, Any] = {
            "name": track.name,
            "type": track.kind,
            "format": "bed" if track.kind == "annotation" else "bigwig",
            "url": _UP + track.path,
            "order": number,
        }
        if track.colour:
            entry["color"] = f"rgb({','.join(map(str, track.colour))})"
        if track.maximum is not None:
            entry |= {"min": 0, "max": track.maximum}
        elif track.kind == "wig":
            entry["autoscale"] = True
        tracks.append(entry)
    return session | {"locus": first_locus(contents), "tracks": tracks}
