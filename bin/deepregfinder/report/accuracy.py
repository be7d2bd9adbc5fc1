"""The figures of accuracy of a result, arranged as the page shows them: tables with intervals."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deepregfinder.report.collect import Result

FIGURES = {
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "average_precision": "AP",
    "auroc": "AUROC",
}
OVERALL = {"map": "mAP", "accuracy": "accuracy", "ece": "ECE", "brier": "Brier score"}


@dataclass(frozen=True)
class Figure:
    """A value with its 95 % interval; it is None if not available, for the reason `reason`."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation over the members of a model, each alone."""

    mean: float | None
    sd: float | None


Cell = Figure | Spread | int


@dataclass(frozen=True)
class Scope:
    """One way of measuring: a table with a row for each class.

    columns : headings of the cells
    rows : class -> cells
    overall : figures over all classes, by name
    """

    title: str
    explanation: str
    columns: tuple[str, ...]
    rows: Mapping[str, tuple[Cell, ...]]
    overall: Mapping[str, Figure | Spread]


@dataclass(frozen=True)
class Glance:
    """What matters most of one class of a result; `of_calls` is on the whole test chromosomes."""

    class_: str
    calls: int | None
    validated: float | None
    precision: Figure
    recall: Figure
    of_calls: Figure
    of_windows: Figure


def glances(result: Result) -> Iterator[Glance]:
    """A row for each class but background."""
    metrics, calls = result.metrics or {}, result.natural_calls
    for name in result.classes:
        row = result.validated(name)
        of_calls = {
            figure: _figure(
                calls["per_class"][name], figure, (calls["intervals"] or {}).get(name, {})
            )
            if calls
            else Figure(reason=str(metrics.get("natural_reason") or "no labels"))
            for figure in ("precision", "recall", "average_precision")
        }
        yield Glance(
            name,
            row.calls if row else None,
            row.rate if row else None,
            of_calls["precision"],
            of_calls["recall"],
            of_calls["average_precision"],
            _of_class(metrics, name, "average_precision") if metrics else Figure(),
        )


def scopes(result: Result) -> Iterator[Scope]:
    """The tables of a result that was evaluated."""
    metrics = result.metrics
    if metrics is None:
        return
    yield Scope(
        "Labelled test windows",
        "Windows of the test split, selected like the training windows. Elements are far more "
        "frequent among them than on the genome.",
        ("windows", *FIGURES.values()),
        _rows(metrics, metrics["classes"], metrics["n_test"]),
        {label: _figure(metrics, name, metrics["intervals"]) for name, label in OVERALL.items()},
    )
    natural = metrics["natural"]
    if natural is None:
        return
    where = listed(natural["chromosomes"])
    yield Scope(
        "Every window of the test chromosomes",
        f"Natural prevalence: all windows of {where}, nearly all of them background. ECE is of "
        "windows with a probability of at least 0.05 at natural prevalence.",
        ("windows", *FIGURES.values(), "ECE"),
        {
            name: (*cells, _class_error(natural, name))
            for name, cells in _rows(natural, metrics["classes"], natural["n_windows"]).items()
        },
        {
            label: _figure(natural, name, natural["intervals"])
            for name, label in OVERALL.items()
            if name != "ece"  # a constant has a small one
        },
    )
    calls = natural["calls"]
    if calls is None:
        return
    intervals = calls["intervals"] or {}
    yield Scope(
        "Calls on the test chromosomes",
        "Calls compared with labelled elements: the accuracy to expect of the BED file. A call is "
        "correct if it matches a labelled element of its class; each element counts once.",
        ("calls", "correct", "labelled", "recovered", "precision", "recall", "F1", "AP"),
        {
            name: (
                *(figures[count] for count in ("calls", "right", "elements", "found")),
                *(_figure(figures, figure, intervals.get(name)) for figure in list(FIGURES)[:4]),
            )
            for name, figures in calls["per_class"].items()
        },
        {OVERALL["map"]: Figure(calls["map"])},
    )


def spreads(result: Result) -> Iterator[Scope]:
    """Tables of mean and standard deviation over members; none where there is only one."""
    metrics = result.metrics
    if metrics is None or len(metrics["seeds"]["seeds"]) < 2:
        return
    parts = [("labelled test windows", metrics)]
    if metrics["natural"]:
        parts.append(("every window of the test chromosomes", metrics["natural"]))
    for title, part in parts:
        mean, sd = part["seeds"]["mean"], part["seeds"]["sd"]
        yield Scope(
            f"Individual members: {title}",
            "",
            tuple(FIGURES.values()),
            {
                name: tuple(
                    Spread(mean["per_class"][name][figure], sd["per_class"][name][figure])
                    for figure in FIGURES
                )
                for name in metrics["classes"]
            },
            {label: Spread(mean[name], sd[name]) for name, label in OVERALL.items()},
        )


def listed(words: Sequence[str]) -> str:
    """a, b and c."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def _rows(
    part: Mapping[str, Any], classes: Sequence[str], windows: Mapping[str, int]
) -> dict[str, tuple[Cell, ...]]:
    return {
        name: (windows[name], *(_of_class(part, name, figure) for figure in FIGURES))
        for name in classes
    }


def _class_error(natural: Mapping[str, Any], name: str) -> Figure:
    of_class = (natural["class_calibration"] or {}).get(name)
    return Figure(of_class["ece"], *(of_class["interval"] or ())) if of_class else Figure()


def _of_class(part: Mapping[str, Any], name: str, figure: str) -> Figure:
    intervals = (part["intervals"] or {}).get("per_class", {}).get(name)
    return _figure(part["per_class"][name], figure, intervals)


def _figure(values: Mapping[str, Any], name: str, intervals: Mapping[str, Any] | None) -> Figure:
    low, high = (intervals or {}).get(name) or (None, None)
    return Figure(values[name], low, high)
