"""Charts show the numbers that they are given, and say them in words."""

import re
import xml.etree.ElementTree as ET

import pytest

from deepregfinder.errors import InputError
from deepregfinder.prediction.marker_validation import CallCount
from deepregfinder.report.accuracy import Figure
from deepregfinder.report.charts import (
    calls_by_chromosome,
    heat_map,
    interval_plot,
    rate_bar,
    share_bar,
)

CALLS = (
    CallCount("chr1", "enhancer", 40, 1, None),
    CallCount("chr1", "promoter", 20, 1, None),
    CallCount("chr2", "enhancer", 10, 1, None),
)


def rectangles(svg: str) -> list[dict[str, str]]:
    return [element.attrib for element in ET.fromstring(svg).iter("rect")]


def test_shares_lie_side_by_side_and_fill_the_bar() -> None:
    svg = share_bar({"a": (30, "red"), "none": (0, "blue"), "b": (10, "green")}, width=200)
    first, second = rectangles(svg)
    assert (float(first["x"]), float(first["width"])) == (0, 150)
    assert (float(second["x"]), float(second["width"])) == (150, 50)
    assert ET.fromstring(svg).attrib["aria-label"] == "a 30, b 10"


def test_shares_of_a_larger_whole_leave_room() -> None:
    (only,) = rectangles(share_bar({"a": (30, "red")}, width=200, whole=60))
    assert float(only["width"]) == 100


def test_an_empty_bar_is_drawn_and_says_so() -> None:
    svg = share_bar({"a": (0, "red")})
    assert rectangles(svg) == []
    assert 'aria-label="nothing"' in svg


def test_a_rate_fills_its_part_and_none_is_no_bar() -> None:
    track, filled = rectangles(rate_bar(0.25, "red"))
    assert float(filled["width"]) == pytest.approx(float(track["width"]) / 4, abs=0.01)
    assert rate_bar(None, "red") == ""


def test_names_are_escaped() -> None:
    svg = share_bar({'<script>"': (1, '"/><script>')})
    assert "<script>" not in svg
    ET.fromstring(svg)


def test_dots_and_whiskers_lie_at_their_values() -> None:
    svg = interval_plot(Figure(0.5, 0.4, 0.6), Figure(1.0), "enhancer")
    page = ET.fromstring(svg)
    zero, *_, one = (float(line.attrib["x1"]) for line in page.iter("line") if grid(line))
    calls, windows = (float(circle.attrib["cx"]) for circle in page.iter("circle"))
    assert calls == pytest.approx((zero + one) / 2)
    assert windows == one
    (whisker,) = (line.attrib for line in page.iter("line") if not grid(line))
    assert float(whisker["x2"]) - float(whisker["x1"]) == pytest.approx(0.2 * (one - zero))
    assert "calls 0.500 (0.400 to 0.600), test windows 1.000" in svg


def grid(line: ET.Element) -> bool:
    return line.attrib["class"] == "grid"


def test_figures_that_are_not_known_are_said_not_to_be() -> None:
    svg = interval_plot(Figure(), Figure(), "promoter")
    assert "average precision: not known" in svg
    assert "<circle" not in svg


def test_columns_of_all_classes_of_a_result_have_one_scale() -> None:
    enhancers = rectangles(calls_by_chromosome(CALLS, "enhancer"))
    promoters = rectangles(calls_by_chromosome(CALLS, "promoter"))
    assert [float(one["height"]) for one in enhancers] == [96, 24]
    assert [float(one["height"]) for one in promoters] == [48, 0]
    assert "enhancer calls by chromosome: chr1 40, chr2 10" in calls_by_chromosome(
        CALLS, "enhancer"
    )


def test_a_human_genome_fits_beside_the_navigation() -> None:
    chroms = [f"chr{name}" for name in (*range(1, 23), "X", "Y")]
    svg = calls_by_chromosome(
        [CallCount(one, "enhancer", 9999, 1, None) for one in chroms], "enhancer"
    )
    assert int(re.findall(r'width="(\d+)"', svg.partition(">")[0])[0]) <= 900
    texts = [text.text for text in ET.fromstring(svg).iter("text")]
    assert texts[-1] == "Y"
    assert texts.count("9,999") == 24


def test_no_calls_at_all_are_drawn_as_nothing() -> None:
    assert rectangles(calls_by_chromosome([], "enhancer")) == []


def test_a_class_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InputError):
        calls_by_chromosome(CALLS, "silencer")


def test_a_heat_map_has_a_cell_for_each_known_pair_below_the_diagonal() -> None:
    svg = heat_map(("a", "b", "<c>"), {("a", "b"): 0.5, ("<c>", "a"): -1.0, ("b", "<c>"): None})
    cells = ET.fromstring(svg).findall("rect")
    said = [cell.findtext("title") for cell in cells]
    assert said == ["b and a: 0.50", "<c> and a: -1.00"]
    assert "var(--high) 50%" in cells[0].attrib["style"]
    assert "var(--low) 100%" in cells[1].attrib["style"]
    assert float(cells[0].attrib["y"]) < float(cells[1].attrib["y"])
    assert "no correlations" in heat_map(("a",), {})
