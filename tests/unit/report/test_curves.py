"""Curves lie at their values, and carry them for the script."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from samples.report_samples import Plan, made_up

from deepregfinder.report.curves import Axis, Curve, plot, plots_of


def lines(svg: str) -> list[ET.Element]:
    return list(ET.fromstring(svg).iter("polyline"))


def places(line: ET.Element) -> list[tuple[float, ...]]:
    return [tuple(map(float, pair.split(","))) for pair in line.attrib["points"].split()]


def test_a_curve_goes_from_corner_to_corner_of_its_frame() -> None:
    svg = plot("title", [Curve("a", "red", (2, 4), (10, 30))], Axis("x", 2, 4), Axis("y", 10, 30))
    frame = next(one.attrib for one in ET.fromstring(svg).iter("rect"))
    x, y, width, height = (float(frame[key]) for key in ("x", "y", "width", "height"))
    assert places(lines(svg)[0]) == [(x, y + height), (x + width, y)]
    assert lines(svg)[0].attrib["data-x"] == "2 4"


def test_a_value_keeps_its_digits_and_its_note() -> None:
    (line,) = lines(
        plot("t", [Curve("a", "red", (0.12345,), (1,), ("threshold <9>",))], Axis("x"), Axis("y"))
    )
    assert line.attrib["data-x"] == "0.1235"
    assert line.attrib["data-note"] == "threshold <9>"


def test_ticks_of_epochs_are_whole() -> None:
    assert Axis("epoch", 1, 3, whole=True).ticks == [1, 2, 3]
    assert Axis("recall").ticks == [0, 0.25, 0.5, 0.75, 1]


def test_no_curve_is_no_plot() -> None:
    assert plot("title", [], Axis("x"), Axis("y")) == ""


def test_an_evaluation_has_a_curve_for_each_class_and_seed(tmp_path: Path) -> None:
    (result,) = made_up(tmp_path, Plan(n_classes=5, seeds=(1, 2))).results
    plots = plots_of(result)
    assert {name: len(lines(svg)) for name, svg in plots.items()} == {
        **{
            "pr_curve": 4,
            "natural_pr_curve": 4,
            "roc_curve": 5,
            "calibration": 2,
            "natural_calibration": 4,
        },
        "learning_curve": 2,
    }
    bins = places(lines(plots["calibration"])[0])
    assert len(bins) == 2, "a bin without windows has no point"


@pytest.mark.parametrize("plan", [Plan(natural=False), Plan(labels=False)])
def test_what_was_not_measured_is_not_drawn(tmp_path: Path, plan: Plan) -> None:
    (result,) = made_up(tmp_path, plan).results
    assert "natural_pr_curve" not in plots_of(result)


def test_long_curves_are_thinned_and_keep_their_ends(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    (result,) = made_up(folder, Plan()).results
    assert result.evaluated
    points = result.evaluated.points
    from dataclasses import replace

    row = points.pr_curve[0]
    many = tuple(replace(row, recall=n / 999) for n in range(1000))
    longer = replace(result.evaluated, points=replace(points, pr_curve=many))
    (line,) = lines(plots_of(replace(result, evaluated=longer))["pr_curve"])
    recalls = line.attrib["data-x"].split(" ")
    assert len(recalls) <= 160
    assert (recalls[0], recalls[-1]) == ("0", "1")
