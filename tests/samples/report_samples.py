"""The files of an artificial run, as written by the steps before the report."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from deepregfinder.classes import class_names
from deepregfinder.counting.store import RecordCounts
from deepregfinder.differential.tables import ComparedMark, Transition
from deepregfinder.evaluation.tables import (
    AnnotationScore,
    ClassReliability,
    CrisprFigures,
    PrecisionRecall,
    RatesAtThreshold,
    Reliability,
)
from deepregfinder.genome.splits import SplitPlan
from deepregfinder.inputs.tables import InputFile
from deepregfinder.labels.open_background import OpenBackground
from deepregfinder.labels.rules import Drop
from deepregfinder.labels.sources import LabelSource
from deepregfinder.labels.states import StateCounts
from deepregfinder.labels.window_distances import WindowDistances
from deepregfinder.labels.windows import Selection
from deepregfinder.models.catalogue import design
from deepregfinder.models.protocol import EpochRecord
from deepregfinder.prediction.cutoffs import Cutoff
from deepregfinder.prediction.marker_validation import CallCount, SeedValidation, ValidationRate
from deepregfinder.quality.tables import Correlation, Doubt, LibraryQuality
from deepregfinder.report.collect import Run, Version, collect
from deepregfinder.report.examples import Example, Examples, Interval, Kind, write_examples
from deepregfinder.signal.build import MarkSignal
from deepregfinder.storage.tables import write_rows

# A picture of one pixel.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f64540"
    "0000000049454e44ae426082"
)
FIGURES = ("precision", "recall", "f1", "average_precision", "auroc")


@dataclass(frozen=True)
class Plan:
    """The properties of the run.

    figure : the value of all measures on test windows; at natural prevalence they are half of it
    explained : whether models with labels were explained
    of_others : whether annotations and an experiment were given
    natural : whether accuracy at natural prevalence could be measured
    """

    samples: Sequence[str] = ("A",)
    models: Sequence[str] = ("cnn",)
    training: Mapping[str, Any] = field(
        default_factory=lambda: {"seed": 1, "seeds": 1, "epochs": 7, "dropout": 0.25}
    )
    n_classes: int = 3
    seeds: Sequence[int] = (1,)
    labels: bool = True
    predicted: bool = True
    explained: bool = True
    natural: bool = True
    simulated: bool = True
    of_others: bool = False
    chroms: Sequence[str] = ("chr1", "chr2")
    figure: float = 0.8
    n_test: int = 100
    doubts: Sequence[str] = ()  # kinds of warnings about libraries
    compared: Sequence[int] = ()  # replicates of the mark in each of two samples
    command: str = "nextflow run main.nf -profile test"
    enhancer_labels: str = "factors"
    called: str | None = None  # the mark whose reads accessible sites are called from
    rules: bool = False  # whether models were made without labels

    @property
    def elements(self) -> Sequence[str]:
        return class_names(self.n_classes)[1:]


def metrics(plan: Plan, sample: str, model: str) -> dict[str, Any]:
    """The content of a metrics.json."""
    classes = class_names(plan.n_classes)
    natural = None
    if plan.natural:
        half = plan.figure / 2
        natural = {
            "chromosomes": list(plan.chroms[-1:]),
            "n_windows": {"background": 10_000, **dict.fromkeys(classes[1:], 50)},
            **_figures(classes, plan, half),
            **{"ece_uncalibrated": 0.3, "brier_uncalibrated": 0.4},
            "class_calibration": {
                name: {"windows": 70, "ece": 0.04, "interval": [0.03, 0.06]} for name in classes[1:]
            },
            "calls": {
                "per_class": {
                    name: {
                        **{"calls": 40, "right": 10, "elements": 20, "found": 15},
                        **{"precision": 0.25, "recall": 0.75, "f1": 0.375},
                        "average_precision": half,
                    }
                    for name in classes[1:]
                },
                "map": half,
                "intervals": {
                    name: {figure: [half - 0.1, half + 0.1] for figure in FIGURES[:4]}
                    for name in classes[1:]
                },
            },
        }
    return {
        **{"sample": sample, "model": model, "trained_on": sample, "classes": list(classes)},
        **{"seed": 1, "threshold": 0.5, "temperature": 1.5, "notes": []},
        "n_test": {"background": 9 * plan.n_test, **dict.fromkeys(classes[1:], plan.n_test)},
        **_figures(classes, plan, plan.figure),
        **{"ece_uncalibrated": 0.1, "brier_uncalibrated": 0.2, "natural": natural},
        "natural_reason": None if plan.natural else "the split is random, of --split random.",
        "reasons": {},
    }


def _figures(classes: Sequence[str], plan: Plan, value: float) -> dict[str, Any]:
    def table(cell: Any) -> dict[str, Any]:
        return {
            "per_class": {name: dict.fromkeys(FIGURES, cell) for name in classes},
            **dict.fromkeys(("map", "accuracy", "ece", "brier"), cell),
        }

    spread = table(0.01 if len(plan.seeds) > 1 else None)
    return {
        **table(value),
        "confusion_matrix": [[1] * len(classes)] * len(classes),
        "intervals": {"level": 0.95, "replicates": 200, **table([value - 0.1, value + 0.1])},
        "seeds": {"seeds": list(plan.seeds), "mean": table(value), "sd": spread},
    }


def write_run(folder: Path, plan: Plan) -> None:
    """Write the files of a run: those of its steps into the folder results, others beside it."""
    results = folder / "results"
    results.mkdir()
    _quality(results, plan)
    inputs = []
    for sample in plan.samples:
        bam = f"{sample}.H3K27ac.bam"
        inputs.append(
            (
                *(f"{sample}.H3K27ac.1", sample, "H3K27ac", "1", "chip", bam, 1000, 900, 890),
                *(False, 50, "given", plan.simulated),
            )
        )
        _counts(results, f"{sample}.H3K27ac.1", sample)
        row = (sample, "H3K27ac", "chip", 2, (300, 400), 2.5, 70.0, 0.25)
        _write(results / f"{sample}.signal.tsv", MarkSignal, [row])
        if plan.labels:
            _labels(results, plan, sample)
            for name in ("comparison_pr", "comparison_bars", "comparison_confusion"):
                (results / f"{sample}.{name}.png").write_bytes(PNG)
        if plan.of_others:
            figures = (0.25, 0.125, 0.5)
            scores = [
                (setting, "roadmap", name, 40, 10, 20, 15, *figures, *figures, *(None, None, None))
                for setting in ("test_centre", "test_any_base", "calls")
                for name in plan.elements
            ]
            _write(results / f"{sample}.annotations.tsv", AnnotationScore, scores)
        for model in plan.models:
            _model(results, plan, sample, model)
    if plan.compared:
        _compared(results, plan)
    _write(results / "inputs.tsv", InputFile, inputs)
    parameters = defaults() | {"classes": plan.n_classes, "threshold": 0.5}
    sheets = {"input": "<sheet>.csv", "tss": "tss.bed"}
    (folder / "params.json").write_text(json.dumps(sheets | parameters))
    versions = [("COUNT_BINS", "python", "3.11.2"), ("TRAIN_MODEL", "python", "3.11.2")]
    _write(folder / "versions.tsv", Version, versions)


def collected(folder: Path, command: str = "") -> Run:
    """The result of `collect` on the files of write_run."""
    return collect(folder / "results", folder / "versions.tsv", folder / "params.json", command)


def made_up(folder: Path, plan: Plan | None = None) -> Run:
    """An artificial run, read by `collect`."""
    plan = plan or Plan()
    write_run(folder, plan)
    return collected(folder, plan.command)


def _write(path: Path, kind: type[Any], rows: Iterable[Sequence[object]]) -> None:
    write_rows(path, kind, [kind(*row) for row in rows])


def _counts(folder: Path, name: str, sample: str) -> None:
    row = (name, sample, "H3K27ac", "1", "native", 1000, 700, 700, 0, 690, 0.9857, 100, 50)
    _write(folder / f"{name}.counts.tsv", RecordCounts, [(*row, 150, 0, 0, 0, 0, False)])


def _labels(folder: Path, plan: Plan, sample: str) -> None:
    drops = [
        ("promoter", "transcription start sites given", 0, 400),
        ("promoter", "no DHS within --promoter_slop 1000", 100, 300),
        ("enhancer", "enhancer-TF peaks given", 0, 500),
        ("enhancer", "an H3K4me3 peak within --promoter_marks_distance 1000", 200, 300),
    ]
    _write(folder / f"{sample}.dropped.tsv", Drop, drops)
    made_of = [
        ("enhancers", plan.enhancer_labels, None, 500),
        ("dhs", "reads" if plan.called else "peaks", plan.called, 900),
        ("promoter_marks", "none", None, 0),
    ]
    _write(folder / f"{sample}.sources.tsv", LabelSource, made_of)
    if plan.n_classes == 5:
        rows = [
            ("enhancer", "sense", 300, 100, 200, None, 1.5, 40.25, 12.0),
            ("enhancer", "all", 300, 100, 190, 10, None, None, None),
            ("promoter", "all", 250, 50, 200, None, 2.5, 50.0, 15.0),
        ]
        _write(folder / f"{sample}.states.tsv", StateCounts, rows)
    near = [
        (kind, "background", marker, 30, 3, 6, 12, 24, 150, 250, None)
        for marker in ("dhs", "tss")
        for kind in ("labelled", *(["natural"] if plan.natural else []))
    ]
    _write(folder / f"{sample}.test_windows.tsv", WindowDistances, near)
    (folder / f"{sample}.test_windows.png").write_bytes(PNG)
    counted = (5000, 250, 0.05, 400, 300, 0.75) if plan.natural else (None,) * 6
    _write(folder / f"{sample}.open_background.tsv", OpenBackground, [counted])
    kept = [(name, 300, 20, 0, 200, 40, 40) for name in class_names(plan.n_classes)]
    _write(folder / f"{sample}.regions.tsv", Selection, kept)


def _model(folder: Path, plan: Plan, sample: str, model: str) -> None:
    start = folder / f"{sample}.{model}"
    if plan.labels or plan.rules:
        split = SplitPlan.parse("chromosome", "1-7", "8-16", "17-22,X,Y").to_dict()
        windows = {"train": {"enhancer": 200 if plan.labels else 0}}
        bundle = {"model": design(model), "training": plan.training, "split": split}
        bundle |= {"n_windows": windows}
        Path(f"{start}.model.json").write_text(json.dumps(bundle))
    if plan.labels:
        evaluation = Path(f"{start}.evaluation")
        evaluation.mkdir()
        (evaluation / "metrics.json").write_text(json.dumps(metrics(plan, sample, model)))
        _points(evaluation, plan)
        if plan.explained:
            explain = Path(f"{start}.explanation")
            explain.mkdir()
            facts = {"sample": sample, "model": model, "notes": ["It has no filters."]}
            (explain / "explain.json").write_text(json.dumps(facts))
            (explain / "mark_importance.png").write_bytes(PNG)
    if not plan.predicted:
        return
    if plan.of_others:
        figures = (0.25, 0.125, 0.5)
        rows = [
            (scope, name, 70, 0, 0, 3, 7, 20, 5, 40, 10, *4 * figures, None, None, None)
            for scope in ("all", "test")
            for name in ("any", *plan.elements)
        ]
        _write(Path(f"{start}.crispr.tsv"), CrisprFigures, rows)
    _examples(Path(f"{start}.examples.json"), plan, sample, model)
    calls = [
        (chrom, name, 10 * place + index, 2000 * place, 5 * place)
        for place, chrom in enumerate(plan.chroms, 1)
        for index, name in enumerate(plan.elements)
    ]
    _write(Path(f"{start}.calls.tsv"), CallCount, calls)
    cutoffs = [
        (name, "model", 0.35, 0.05, 0.4, 0.62, 1234, 0.012, 0.034) for name in plan.elements[:-1]
    ]
    cutoffs.append((plan.elements[-1], "precision:0.9", None, None, None, None, 0, None, None))
    _write(Path(f"{start}.cutoffs.tsv"), Cutoff, cutoffs)
    rates = (40, 30, 0.75) if plan.labels else (40, None, None)
    validated = [(name, *rates, "DHS") for name in plan.elements]
    _write(Path(f"{start}.validation.tsv"), ValidationRate, validated)
    seeds = [
        (seed, name, 40, 30, round(0.7 + 0.01 * seed, 4))
        for seed in plan.seeds
        for name in plan.elements
    ]
    _write(Path(f"{start}.seeds.tsv"), SeedValidation, seeds)


def _quality(folder: Path, plan: Plan) -> None:
    """Two replicates of each sample, and the planned problems of the first one."""
    ids = [f"{sample}.H3K27ac.{replicate}" for sample in plan.samples for replicate in (1, 2)]
    rows = [
        (one, *one.split("."), "chip", 700, 0, 0.05, 0.0625, 181, None, 0.3, 0.125, 4.5, None, None)
        for one in ids
    ]
    pairs = [(a, b, 0.875, None) for n, a in enumerate(ids) for b in ids[n + 1 :]]
    doubts = [
        (kind, (ids[0],), f"{ids[0]} is a {kind} <doubt>; try --duplicates drop.")
        for kind in plan.doubts
    ]
    _write(folder / "libraries.tsv", LibraryQuality, rows)
    _write(folder / "correlation.tsv", Correlation, pairs)
    _write(folder / "doubts.tsv", Doubt, doubts)


def _examples(path: Path, plan: Plan, sample: str, model: str) -> None:
    """A best call of each class; with labels, also a missed and a false one."""
    kinds: Sequence[Kind] = ("best", "missed", "false") if plan.labels else ("best",)
    places = tuple(
        Example(
            kind, name, plan.chroms[-1], 9_000, 11_000, None if kind == "missed" else 0.875,
            0, 20_000, (Interval(9_000, 11_000, name),), (), ((0, 12, 24, 24, 3),),
        )
        for kind in kinds
        for name in plan.elements
    )  # fmt: skip
    write_examples(path, Examples(sample, model, ("H3K27ac",), (12.5,), plan.labels, places))


def _points(evaluation: Path, plan: Plan) -> None:
    """The tables behind the plots of an evaluation."""
    names, heights = class_names(plan.n_classes), (1.0, plan.figure, 0.1)
    ranked = [
        (name, 0.9 - 0.4 * n, height, n / 2)
        for name in names[1:]
        for n, height in enumerate(heights)
    ]
    for table in ("pr_curve", "natural_pr_curve"):
        if plan.natural or table == "pr_curve":
            _write(evaluation / f"{table}.tsv", PrecisionRecall, ranked)
    points = ((np.inf, 0, 0), (0.5, 0.1, 0.8), (0, 1, 1))
    rates = [(name, *point) for name in names for point in points]
    _write(evaluation / "roc_curve.tsv", RatesAtThreshold, rates)
    bins = [
        (stage, *one)
        for stage in ("before", "after")
        for one in ((0.5, 0.6, 0, None, None), (0.6, 0.8, 1234, 0.7, 0.65), (0.8, 1, 99, 0.9, 0.85))
    ]
    _write(evaluation / "calibration.tsv", Reliability, bins)
    if plan.natural:
        by_class = [
            (name, *one)
            for name in plan.elements
            for one in ((0, 0.1, 0, None, None), (0.1, 0.3, 80, 0.2, 0.15), (0.3, 1, 9, 0.6, 0.5))
        ]
        _write(evaluation / "natural_calibration.tsv", ClassReliability, by_class)
    epochs = [
        (seed, epoch, 1 / epoch, 1.1 / epoch, plan.figure * (1 - 0.5**epoch), 0.001)
        for seed in plan.seeds
        for epoch in (1, 2, 3)
    ]
    _write(evaluation / "learning_curve.tsv", EpochRecord, epochs)


def defaults() -> dict[str, Any]:
    """Every parameter with a default, as params.json has them."""
    schema = json.loads((Path(__file__).parents[2] / "nextflow_schema.json").read_text())
    return {
        name: rule["default"]
        for group in schema["$defs"].values()
        for name, rule in group["properties"].items()
        if "default" in rule
    }


def _compared(folder: Path, plan: Plan) -> None:
    """A and B: ten elements change from each class to each other one."""
    start, tested = folder / "A_vs_B.cnn_from_A", min(plan.compared) > 1
    names = ("none", *plan.elements)
    cells = [
        (a, b, 10, *((0, 0, 0, 10) if a == b else (7, 0, 3, 0) if tested else (0, 7, 3, 0)))
        for a in names
        for b in names
    ]
    _write(Path(f"{start}.transitions.tsv"), Transition, cells)
    Path(f"{start}.transitions.png").write_bytes(PNG)
    row = ("H3K27ac", *plan.compared, tested, 4.0 if tested else None, (1.0, 1.0))
    _write(Path(f"{start}.marks.tsv"), ComparedMark, [row])
