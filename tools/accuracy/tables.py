#!/usr/bin/env python3
"""Print the accuracy tables of docs/benchmarks.md: tables.py PEAKS RESULTS... (see run beside it).

Values are means over seeds with standard deviations.
"""

import csv
import json
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bin"))
from deepregfinder.genome.bedtools import near
from deepregfinder.genome.intervals import read_intervals
from deepregfinder.labels.candidates import read_regions
from deepregfinder.simulation.encode import find_lists

METRICS = ("precision", "recall", "average_precision")


def spread(values: list[float], digits: int = 3) -> str:
    """Mean and standard deviation; a dot where there is no value."""
    if not values:
        return "."
    mean = f"{np.mean(values):.{digits}f}"
    return mean if len(values) < 2 else f"{mean} ({np.std(values, ddof=1):.{digits}f})"


def figure(value: str | float | None) -> str:
    """Three decimals; a dot for what is not available, in a table (a dot) or in JSON (None)."""
    return "." if value in (None, ".") else f"{float(value):.3f}"


def row(*cells: object) -> None:
    print("| " + " | ".join(map(str, cells)) + " |")


def header(*names: str) -> None:
    row(*names)
    row(*["---"] * len(names))


def read(path: Path) -> list[dict[str, str]]:
    with path.open() as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def marked_windows(regions: Path, sample: str, peaks: Path) -> None:
    """Fraction of the labelled windows that overlap a peak of each mark."""
    windows = read_regions(regions)
    marks = {file.name: file.path for file in find_lists(peaks, sample) if file.role == "mark"}
    touched = {
        mark: near(windows, read_intervals(path, "peaks"), 0) for mark, path in marks.items()
    }
    shown = [mark for mark in ("H3K4me3", "H3K27ac", "H3K4me1", "H3K27me3") if mark in touched]
    print("\nFraction of labelled windows that overlap a peak of a mark\n")
    header("class", "windows", "any mark", *shown)
    for name, rows in windows.groupby("class").indices.items():
        share = {mark: f"{100 * hit[rows].mean():.0f} %" for mark, hit in touched.items()}
        any_mark = f"{100 * np.any([hit[rows] for hit in touched.values()], axis=0).mean():.0f} %"
        row(name, len(rows), any_mark, *(share[mark] for mark in shown))


def tables(results: Path, sample: str, peaks: Path) -> None:
    evaluations = sorted(results.glob(f"evaluation/{sample}/*/metrics.json"))
    classes = json.loads(evaluations[0].read_text())["classes"][1:]
    print(f"\n### {sample}, {len(classes) + 1} classes\n")
    header("class", *("train", "validation", "test"))
    for line in read(results / f"regions/{sample}/regions.tsv"):
        row(line["class"], line["train"], line["validation"], line["test"])
    marked_windows(results / f"regions/{sample}/regions.bed", sample, peaks)

    for scope, place in (
        ("test", "Test windows"),
        ("natural", "Every window of the test chromosomes"),
    ):
        print(f"\n{place}: mean (sd over seeds)\n")
        header("model", "mAP", *(f"{c} {m}" for c in classes for m in ("P", "R", "AP")))
        for path in evaluations:
            values = defaultdict(list)
            for line in read(path.parent / "seeds.tsv"):
                if line["scope"] == scope and line["value"] not in (".", ""):
                    values[line["class"], line["metric"]].append(float(line["value"]))
            row(
                path.parent.name,
                spread(values["all", "map"]),
                *(spread(values[c, m]) for c in classes for m in METRICS),
            )

    print("\nCalls on all chromosomes: mean (sd over seeds). Precision, recall and AP are those of")
    print("the average of all seeds on the test chromosomes\n")
    header("model", "class", "calls", "validation rate", "precision", "recall", "AP")
    for path in evaluations:
        metrics, model = json.loads(path.read_text()), path.parent.name
        by_class = defaultdict(lambda: defaultdict(list))
        for line in read(results / f"calls/{sample}/{sample}.{model}.seeds.tsv"):
            by_class[line["class"]]["calls"].append(float(line["calls"]))
            if line["rate"] != ".":
                by_class[line["class"]]["rate"].append(float(line["rate"]))
        for name in classes:
            level = metrics["natural"]["calls"]["per_class"][name]
            row(
                model, name, spread(by_class[name]["calls"], 0), spread(by_class[name]["rate"]),
                *(figure(level[key]) for key in ("precision", "recall", "average_precision")),
            )  # fmt: skip


if __name__ == "__main__":
    peaks, *folders = map(Path, sys.argv[1:])
    for folder in folders:
        for place in sorted(folder.glob("regions/*")):
            tables(folder, place.name, peaks)
