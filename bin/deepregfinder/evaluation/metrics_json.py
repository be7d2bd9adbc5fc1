"""metrics.json and seeds.tsv: the metrics of an `Evaluation` with their names.

Numbers have six decimals. A metric that cannot be computed is null, and `reasons` has the reason by
the path of the number ("natural.per_class.enhancer.precision").
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from deepregfinder.evaluation.class_calibration import LOWEST
from deepregfinder.evaluation.evaluate import Evaluation, Measured
from deepregfinder.evaluation.metrics import CALIBRATION, MIN_BLOCKS, Figures, Tallies, interval
from deepregfinder.evaluation.tables import SeedFigure
from deepregfinder.storage.atomic import written_whole
from deepregfinder.storage.tables import write_rows


def to_json(evaluation: Evaluation) -> dict[str, Any]:
    """The content of metrics.json."""
    bundle = evaluation.bundle
    reasons: dict[str, str] = {}
    test = evaluation.test
    classes = list(bundle.classes)
    content = {
        "sample": evaluation.sample,
        "model": evaluation.model,
        "trained_on": bundle.sample,
        "classes": classes,
        "seed": int(bundle.seeds[0]),
        "threshold": one_threshold(evaluation.thresholds),
        "thresholds": dict(zip(classes[1:], evaluation.thresholds, strict=True)),
        "temperature": _number(bundle.temperature),
        "notes": list(evaluation.notes),
        "n_test": _counts(classes, test.tallies),
        **_section(test, evaluation, "", reasons),
        **_before_calibration(evaluation.uncalibrated),
        "natural": None,
        "natural_reason": evaluation.natural_reason,
    }
    if evaluation.natural is not None:
        natural = evaluation.natural
        content["natural"] = {
            "chromosomes": list(evaluation.chroms),
            "n_windows": _counts(classes, natural.tallies),
            **_section(natural, evaluation, "natural.", reasons),
            **_before_calibration(evaluation.natural_uncalibrated),
            "class_calibration": _class_calibration(evaluation, reasons),
            "calls": _calls_section(evaluation, reasons),
        }
    if content["threshold"] is None:
        reasons["threshold"] = "each class has its own, see thresholds"
    content["reasons"] = reasons
    return content


def write_metrics(path: Path, metrics: Mapping[str, Any]) -> None:
    """Write metrics.json."""
    with written_whole(path) as part:
        part.write_text(json.dumps(metrics, indent=2, allow_nan=False) + "\n")


def _before_calibration(measured: Measured | None) -> dict[str, float | None]:
    """ECE and Brier score before temperature scaling; none if nothing was measured."""
    if measured is None:
        return {}
    overall = measured.figures.overall
    return {f"{name}_uncalibrated": _number(overall[name][0]) for name in CALIBRATION}


def _class_calibration(evaluation: Evaluation, reasons: dict[str, str]) -> dict[str, Any] | None:
    """Windows with a probability of at least LOWEST, and the calibration error over them."""
    measured = evaluation.class_calibration
    if measured is None:
        reasons["natural.class_calibration"] = "the model has no maps to natural prevalence"
        return None
    windows = measured.bins[..., 0].sum(axis=(0, 2))
    drawn = measured.replicates
    content = {}
    for index, name in enumerate(evaluation.bundle.classes[1:], 1):
        error = _number(measured.errors[0, index])
        content[name] = {
            "windows": int(windows[index - 1]),
            "ece": error,
            "interval": None if drawn is None else interval(drawn[:, index]),
        }
        if error is None:
            reasons[f"natural.class_calibration.{name}.ece"] = (
                f"no window has a probability of {LOWEST:g} or more"
            )
    return content


def one_threshold(thresholds: Sequence[float | None]) -> float | None:
    """The threshold of all classes; None if they differ."""
    return thresholds[0] if len(set(thresholds)) == 1 else None


def _number(value: float) -> float | None:
    return round(float(value), 6) if np.isfinite(value) else None


def _counts(classes: Sequence[str], tallies: Tallies) -> dict[str, int]:
    counts = tallies.confusion.sum(axis=(0, 2))
    return dict(zip(classes, counts.tolist(), strict=True))


def _table(
    classes: Sequence[str],
    per_class: Mapping[str, np.ndarray],
    overall: Mapping[str, np.ndarray],
    summary: Any,
) -> dict[str, Any]:
    """{per_class: {class: {figure: ...}}, map: ..., ...}; `summary` reduces the weightings."""
    return {
        "per_class": {
            name: {figure: summary(values[:, index]) for figure, values in per_class.items()}
            for index, name in enumerate(classes)
        },
        **{figure: summary(values) for figure, values in overall.items()},
    }


def _stack(figures: Sequence[Figures]) -> Figures:
    """Metrics of several members as rows of one."""
    return Figures(
        {
            name: np.concatenate([f.per_class[name] for f in figures])
            for name in figures[0].per_class
        },
        {name: np.concatenate([f.overall[name] for f in figures]) for name in figures[0].overall},
    )


def _mean(values: np.ndarray) -> float | None:
    return _number(values.mean())


def _sd(values: np.ndarray) -> float | None:
    return _number(values.std(ddof=1)) if len(values) > 1 else None


def _section(
    measured: Measured, evaluation: Evaluation, where: str, reasons: dict[str, str]
) -> dict[str, Any]:
    classes = evaluation.bundle.classes
    estimates = _table(
        classes, measured.figures.per_class, measured.figures.overall, lambda v: _number(v[0])
    )
    _explain(estimates, where, reasons)
    intervals = None
    if measured.replicates is not None:
        blocks = measured.blocks
        intervals = {
            "level": 0.95,
            "replicates": evaluation.n_replicates,
            "block_bp": blocks.size,
            "blocks": len(blocks),
            **_table(classes, measured.replicates.per_class, measured.replicates.overall, interval),
        }
    else:
        reasons[f"{where}intervals"] = _why_no_intervals(evaluation.n_replicates)
    stacked = _stack(measured.by_seed)
    if len(measured.by_seed) == 1:
        reasons[f"{where}seeds.sd"] = "one seed has no spread"
    return {
        **estimates,
        "confusion_matrix": measured.tallies.confusion.sum(axis=0).tolist(),
        "intervals": intervals,
        "seeds": {
            "seeds": list(evaluation.bundle.seeds),
            "mean": _table(classes, stacked.per_class, stacked.overall, _mean),
            "sd": _table(classes, stacked.per_class, stacked.overall, _sd),
        },
    }


def _why_no_intervals(n_replicates: int) -> str:
    if n_replicates == 0:
        return "--bootstrap 0"
    return f"fewer than {MIN_BLOCKS} blocks of the genome to draw from"


_WHY = {
    "precision": "no window is predicted as {name}",
    "recall": "no window is {name}",
    "f1": "no window is {name} or predicted so",
    "average_precision": "no window is {name}",
    "auroc": "no window is {name}, or all are",
    "map": "a class has no window",
}


def _explain(section: Mapping[str, Any], where: str, reasons: dict[str, str]) -> None:
    for name, figures in section["per_class"].items():
        for figure, value in figures.items():
            if value is None:
                reasons[f"{where}per_class.{name}.{figure}"] = _WHY[figure].format(name=name)
    for figure, value in section.items():
        if value is None:
            reasons[f"{where}{figure}"] = _WHY.get(figure, "there is no window")


def _calls_section(evaluation: Evaluation, reasons: dict[str, str]) -> dict[str, Any] | None:
    measured = evaluation.calls
    if measured is None:
        reasons["natural.calls"] = "no calls were given"
        return None
    right, wrong, credited = (
        table.sum(axis=0).astype(int)
        for table in (measured.tallies.right, measured.tallies.wrong, measured.tallies.credited)
    )
    elements = measured.tallies.elements.sum(axis=0).astype(int)
    per_class: dict[str, Any] = {}
    intervals: dict[str, Any] | None = None if measured.replicates is None else {}
    for index, name in enumerate(evaluation.bundle.classes[1:], 1):
        figures = {key: _number(values[0, index]) for key, values in measured.figures.items()}
        per_class[name] = {
            "calls": int(right[index] + wrong[index]),
            "right": int(right[index]),
            "elements": int(elements[index]),
            "found": int(credited[index]),
            **figures,
        }
        for figure, value in figures.items():
            if value is None:
                lacks_calls = figure == "precision" or (figure == "f1" and elements[index])
                lack = "call" if lacks_calls else "labelled element"
                reasons[f"natural.calls.per_class.{name}.{figure}"] = f"there is no {lack} of it"
        if intervals is not None and measured.replicates is not None:
            intervals[name] = {
                key: interval(values[:, index]) for key, values in measured.replicates.items()
            }
    mean = _number(measured.figures["average_precision"][0, 1:].mean())
    if mean is None:
        reasons["natural.calls.map"] = "a class has no labelled element"
    if intervals is None:
        reasons["natural.calls.intervals"] = _why_no_intervals(evaluation.n_replicates)
    return {"per_class": per_class, "map": mean, "intervals": intervals}


def write_seeds(path: Path, evaluation: Evaluation) -> None:
    """Write seeds.tsv: all metrics of each member, in the order of the members."""
    rows = []
    classes = evaluation.bundle.classes
    for scope, measured in (("test", evaluation.test), ("natural", evaluation.natural)):
        if measured is None:
            continue
        for seed, figures in zip(evaluation.bundle.seeds, measured.by_seed, strict=True):
            for index, name in enumerate(classes):
                for metric, values in figures.per_class.items():
                    rows.append(SeedFigure(scope, seed, name, metric, _finite(values[0, index])))
            for metric, values in figures.overall.items():
                rows.append(SeedFigure(scope, seed, "all", metric, _finite(values[0])))
    write_rows(path, SeedFigure, rows)


def _finite(value: float) -> float:
    return float(value) if np.isfinite(value) else np.nan
