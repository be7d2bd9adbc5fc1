"""A place is drawn as its numbers say."""

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

from deepregfinder.report.browser import draw_example, where
from deepregfinder.report.examples import HEIGHT, Example, Examples, Interval

PLACE = Example(
    "best", "enhancer", "chr1", 9_000, 11_000, 0.9, 0, 20_000,
    (Interval(5_000, 10_000, "enhancer"), Interval(19_000, 30_000, "promoter")),
    (Interval(9_000, 11_000, "enhancer"),), ((0, HEIGHT, HEIGHT, 0), (HEIGHT // 2,) * 4),
)  # fmt: skip


def drawn(labelled: bool = True) -> ET.Element:
    examples = Examples("A", "cnn", ("<one>", "two"), (8.0, 2.5), labelled, (PLACE,))
    return ET.fromstring(draw_example(examples, PLACE))


def test_calls_and_labels_lie_at_their_places_and_end_at_the_edge() -> None:
    first, second, element = drawn().findall("rect")
    left, width = float(first.attrib["x"]), float(first.attrib["width"])
    unit = width / 5_000
    assert float(second.attrib["x"]) - left == 14_000 * unit
    assert float(second.attrib["width"]) == 1_000 * unit
    assert float(element.attrib["y"]) > float(first.attrib["y"])
    assert len(drawn(labelled=False).findall("rect")) == 2


def test_a_track_is_as_high_as_its_numbers() -> None:
    one, two = (path.attrib["d"] for path in drawn().findall("path"))
    heights = [float(number) for number in re.findall(r"V([\d.]+)", one)]
    full = heights[0] - heights[1]
    assert full > 10
    assert heights[2] == heights[0] == heights[-1]
    assert [round(a - b, 1) for a, b in pairwise(map(float, re.findall(r"V([\d.]+)", two)))] == [
        -full / 2
    ]
    assert one.count("H") == 4, "runs of one height are one piece"


def test_a_place_is_written_from_1() -> None:
    assert where(PLACE) == "chr1:9,001-11,000"
