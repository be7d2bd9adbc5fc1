"""The locus that README.md shows: what is drawn, and that it is drawn anew to the same bytes."""

import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from markupsafe import Markup

from deepregfinder.classes import ENHANCER, PROMOTER
from deepregfinder.tracks.bigwig import write_bigwig

TOOLS = Path(__file__).parents[3] / "tools"
SIZES = {"chr1": 100_000}
CALLS = """\
chr1\t29000\t31000\tenhancer\t900\t.\t29900\t30100\t230,159,0
chr1\t40000\t42000\tpromoter\t900\t.\t40900\t41100\t0,114,178
chr1\t90000\t92000\tpromoter\t900\t.\t90900\t91100\t0,114,178
"""
ELEMENTS = """\
chr1\t41000\t41001\tactive_tss\t90\t+
chr1\t41500\t41501\tpoised_enhancer\t90\t+
chr1\t50000\t50001\toff_enhancer\t90\t+
chr1\t80000\t80001\tactive_tss\t90\t+
"""


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(TOOLS))


@pytest.fixture
def drawn(tmp_path: Path) -> Markup:
    """A view of 30 to 60 kb."""
    import browser_view

    results, panel = tmp_path / "results", tmp_path / "panel"
    for folder in (results / "calls/A", results / "signal/A", panel / "peaks"):
        folder.mkdir(parents=True)
    (results / "calls/A/A.drf.bed").write_text(CALLS)
    (panel / "peaks/A.truth.bed").write_text(ELEMENTS)
    (panel / "tss.bed").write_text("chr1\t41000\t41001\tgene\t0\t-\nchr1\t99\t100\tgene\t0\t-\n")
    for kind in ("enhancer", "promoter"):
        path = results / f"calls/A/A.drf.{kind}.bw"
        write_bigwig(path, SIZES, [("chr1", 40_000, 42_000, 0.5)])
    for mark in browser_view.MARKS:
        entries = [("chr1", 30_000, 30_300, 4.0), ("chr1", 40_000, 40_150, 16.0)]
        write_bigwig(results / f"signal/A/{mark}.bw", SIZES, entries)
    locus = browser_view.Locus("chr1", 30_000, 60_000)
    view = browser_view.read_view(results, panel, "A", locus)
    assert [call.start for call in view.calls] == [29_000, 40_000]
    assert view.elements == [
        browser_view.Element(41_000, PROMOTER, True),
        browser_view.Element(41_500, ENHANCER, False),
    ]
    np.testing.assert_allclose(view.signal["H3K27ac"][[0, 1, 33]], [4.0, 0.0, 8.0])
    assert view.probabilities[ENHANCER].sum() == 5.0
    return browser_view.drawing_of([view], locus, panel / "tss.bed")


def test_what_lies_outside_is_cut_off(drawn: Markup) -> None:
    import browser_view

    root = ElementTree.fromstring(drawn)
    boxes = [one for one in root.iter() if one.get("rx") == "3"]
    assert [one.get("class") for one in boxes] == ["enhancer", "promoter"]
    edges = [(float(one.get("x", "")), float(one.get("width", ""))) for one in boxes]
    kilobase = (browser_view.WIDTH - browser_view.LEFT - browser_view.RIGHT) / 30
    expected = [(browser_view.LEFT, kilobase), (browser_view.LEFT + 10 * kilobase, 2 * kilobase)]
    np.testing.assert_allclose(edges, expected, atol=0.01)
    assert len([one for one in root.iter() if one.get("class") == "tip"]) == 1


def test_elements_without_a_call_are_hollow(drawn: Markup) -> None:
    assert re.findall(r'class="(\w+ missed)"', drawn) == ["enhancer missed"]
    assert "NaN" not in drawn
    assert "nan" not in drawn


def test_the_drawing_of_the_readme_is_of_this_locus_and_style(repository: Path) -> None:
    import browser_view

    drawing = repository / "docs/images/result.svg"
    text = drawing.read_text()
    assert f">{browser_view.LOCUS}</text>" in text
    for kind in (ENHANCER, PROMOTER):
        assert f".{kind.name} {{ fill: {kind.hex_colour}; }}" in text
    assert "prefers-color-scheme: dark" in text
    assert len(drawing.read_bytes()) <= 60_000
    assert "docs/images/result.svg" in (repository / "README.md").read_text()
    assert "docs/images/result.svg\n" in (repository / "Makefile").read_text()
