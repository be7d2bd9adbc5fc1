#!/usr/bin/env python3
"""Print the results beyond the test windows: others.py RESULTS (see run beside it).

Enhancer calls, external annotations, lower depth, fewer marks, transfer to the other sample, and
CRISPR perturbations; brackets hold 95 % intervals.
"""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bin"))
from tables import figure

from deepregfinder.models.catalogue import baseline

Row = dict[str, str]


def read(path: Path) -> list[Row]:
    with path.open() as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def number(row: Row, name: str, low: str = "", high: str = "", sign: str = "") -> str:
    """`0.123 (0.100 to 0.150)`, or a dot."""
    if row[name] == ".":
        return "."
    low, high = row[low or f"{name}_low"], row[high or f"{name}_high"]
    text = f"{float(row[name]):{sign}.3f}"
    return text if low == "." else f"{text} ({float(low):.3f} to {float(high):.3f})"


def table(title: str, header: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> None:
    """Print a table, if it has a row."""
    for n, row in enumerate(rows):
        if n == 0:
            print(f"\n{title}\n\n| {' | '.join(header)} |\n|{' --- |' * len(header)}")
        print(f"| {' | '.join(row)} |")


def enhancer_calls(results: Path, sample: str) -> Iterator[tuple[str, ...]]:
    """AP of calls, its difference from the baseline, and false calls at the baseline's recall."""
    scores = {
        (row["model"], row["figure"]): row
        for row in read(results / f"evaluation/{sample}/comparison.tsv")
        if (row["setting"], row["class"]) == ("calls", "enhancer")
    }
    models = sorted({model for model, _ in scores})
    if baseline(models) is None:
        return
    for model in models:
        area = scores[model, "average_precision"]
        false = scores.get((model, "false_calls_ratio_at_equal_recall"))
        yield (
            model,
            number(area, "value", "low", "high"),
            number(area, "difference", "difference_low", "difference_high", "+"),
            number(false, "value", "low", "high") if false else ".",
        )


def across(results: Path) -> Iterator[tuple[str, ...]]:
    """mAP of a model on the other sample, and the difference from the model trained there."""
    for path in sorted(results.glob("evaluation/across/*.tsv")):
        cells = {
            (row["trained_on"], row["tested_on"], row["quantile_map"]): row
            for row in read(path)
            if row["class"] == "mean"
        }
        for (trained_on, tested_on, mapped), row in cells.items():
            if trained_on != tested_on and mapped == "false":
                both = (row, cells[trained_on, tested_on, "true"])
                yield (
                    *(path.stem, trained_on, tested_on),
                    *(figure(cell["average_precision"]) for cell in both),
                    *(
                        number(cell, "difference", "difference_low", "difference_high", "+")
                        for cell in both
                    ),
                )


def crispr(results: Path) -> Iterator[tuple[str, ...]]:
    """Elements on held-out chromosomes that a call of any class overlaps."""
    for path in sorted(results.glob("calls/*/*.crispr.tsv")):
        rows = {(row["scope"], row["class"]): row for row in read(path)}
        row = rows["test", "any"]
        yield (
            path.name.split(".")[1],
            *(f"{row[f'called_{kind}']} of {row[kind]}" for kind in ("regulated", "negatives")),
            *(number(row, name) for name in ("recall", "negative_rate", "precision")),
            number(row, "average_precision"),
            rows["test", "promoter"]["called_regulated"],
        )


def depths(path: Path) -> Iterator[tuple[str, ...]]:
    """mAP of each model by fraction of reads, on test windows and every window."""
    scores = {
        (row["model"], row["setting"], row["share"]): figure(row["value"])
        for row in read(path)
        if (row["class"], row["figure"]) == ("mean", "average_precision")
    }
    shares = sorted({share for *_, share in scores}, key=float, reverse=True)
    for model in sorted({model for model, *_ in scores}):
        for setting in ("test", "natural"):
            if (model, setting, shares[0]) in scores:
                yield model, setting, *(scores[model, setting, share] for share in shares)


def marks(path: Path) -> Iterator[tuple[str, ...]]:
    """Average precision on test windows as marks are eliminated one by one."""
    by_step: dict[tuple[str, str], dict[str, str]] = {}
    for row in read(path):
        areas = by_step.setdefault((row["marks_left"], row["taken"]), {})
        areas[row["class"]] = figure(row["average_precision"])
    for key, areas in by_step.items():
        yield *key, areas["enhancer"], areas["promoter"], areas["map"]


def annotations(path: Path) -> Iterator[tuple[str, ...]]:
    for row in read(path):
        yield (
            *(row[key] for key in ("annotation", "setting", "class", "calls")),
            *(number(row, key) for key in ("precision", "recall", "f1")),
        )


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for place in sorted(folder.glob("evaluation/*/comparison.tsv")):
        line = place.parent.name
        table(
            f"{line}, enhancer calls",
            ("model", "AP", "difference from cnn", "false calls at equal recall, ratio to cnn"),
            enhancer_calls(folder, line),
        )
        if (given := place.parent / "annotations.tsv").exists():
            header = ("annotation", "setting", "class", "calls", "precision", "recall", "F1")
            table(f"{line}, external annotation", header, annotations(given))
        if (fewer := place.parent / "depths.tsv").exists():
            shares = sorted({row["share"] for row in read(fewer)}, key=float, reverse=True)
            header = ("model", "setting", *(f"{float(share):g}" for share in shares))
            table(f"{line}, mAP by fraction of reads", header, depths(fewer))
    for path in sorted(folder.glob("evaluation/*/drf/explain/mark_elimination.tsv")):
        header = ("marks left", "eliminated", "enhancer AP", "promoter AP", "mAP")
        table(f"{path.parts[-4]}, elimination of marks", header, marks(path))
    header = ("model", "trained on", "tested on", "mAP", "mAP, quantile mapping", "difference")
    table(
        "Transfer to the other cell line", (*header, "difference, quantile mapping"), across(folder)
    )
    header = ("model", "regulated called", "negatives called", "recall", "negative rate")
    table(
        "CRISPR, held-out chromosomes",
        (*header, "precision", "AP", "regulated called promoter"),
        crispr(folder),
    )
