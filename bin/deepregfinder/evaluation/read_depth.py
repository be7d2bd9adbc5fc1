"""Read depth: models on the test chromosomes of a sample with a fraction of its reads.

A library of lower depth is a random sample of the reads: counts are drawn from the binomial
distribution of the observed counts and the fraction. Models are trained on all reads, so the
metrics are those of a trained model that is applied to a sample with fewer reads.

The table has one row per metric: setting "test" (labelled windows) or "natural" (every window);
class "mean" is the mean over the classes except background, "all" means all windows.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from deepregfinder.classes import class_named
from deepregfinder.counting.store import Counts
from deepregfinder.errors import InputError
from deepregfinder.evaluation.evaluate import (
    NO_EVIDENCE,
    Evaluation,
    Evidence,
    Measured,
    Subject,
    evaluate,
)
from deepregfinder.evaluation.metrics import Bootstrap, with_interval
from deepregfinder.evaluation.plots_of_all_models import colours
from deepregfinder.figure import figure_of
from deepregfinder.labels.tensors import Tensors
from deepregfinder.models.bundle import Bundle
from deepregfinder.prediction.labelled_windows import predict_test_places
from deepregfinder.prediction.probabilities import open_probabilities
from deepregfinder.prediction.scan import ScanOptions, scan_genome
from deepregfinder.prediction.scorers import BundleScorer
from deepregfinder.signal.build import Controls, write_sample_signal
from deepregfinder.signal.store import open_signal
from deepregfinder.storage.tables import write_rows

log = logging.getLogger(__name__)

SETTINGS = {"test": "test windows", "natural": "every window"}
MEAN = "mean"


@dataclass(frozen=True)
class Score:
    """A row of the table.

    share : of the reads of every library; reads : of the median library, without controls
    value, low, high : estimate and 95 % interval, NaN if there is none
    """

    model: str
    share: float
    reads: int
    setting: str
    class_: str
    figure: str
    value: float
    low: float
    high: float


def parse_shares(text: str) -> tuple[float, ...]:
    """Read `0.5,0.25`: 1.0 (all reads) first, then the fractions in falling order, each once.

    Raises InputError for anything but fractions between 0 and 1.
    """
    try:
        shares = {float(item) for item in text.split(",")}
    except ValueError:
        shares = {0.0}
    if not all(0 < share < 1 for share in shares):
        raise InputError(f"--depths {text}: expected fractions between 0 and 1, such as 0.5,0.25.")
    return (1.0, *sorted(shares, reverse=True))


@dataclass(frozen=True)
class DepthSample:
    """A sample whose reads are thinned.

    windows : its labelled windows; only their places and classes are used
    counts, controls : arguments of `signal.build.write_sample_signal`
    """

    windows: Tensors
    counts: Sequence[Counts]
    controls: Controls


def measure_depths(
    models: Mapping[str, BundleScorer],
    sample: DepthSample,
    shares: Sequence[float],
    scanning: ScanOptions,
    bootstrap: Bootstrap,
) -> list[Score]:
    """Evaluate every model with every fraction of the reads.

    Parameters
    ----------
    models : name of a model in this run -> the model
    shares : of the reads; 1 for all
    scanning : of every window of the test chromosomes
    bootstrap : its seed also draws the reads

    Raises InputError if counts, windows and models do not fit together.
    """
    windows = sample.windows
    plan = windows.split_plan
    test = plan.chromosomes.select(windows.chroms, "test") if plan.mode == "chromosome" else ()
    # A quantile map is taken from the training chromosomes, and test windows may lie anywhere.
    written = test if test and not scanning.quantile_map else None
    scores: list[Score] = []
    with TemporaryDirectory(dir=Path.cwd()) as folder:
        for share in shares:
            libraries = [one.thinned(share, bootstrap.seed) for one in sample.counts]
            sizes = [one.library_size for one in sample.controls.chips(libraries)]
            reads = round(float(np.median(sizes)))
            path = Path(folder) / "signal.zip"
            write_sample_signal(path, windows.sample, libraries, sample.controls, written)
            signal = open_signal(path)
            for name, scorer in models.items():
                log.info("%s with %g of the reads", name, share)
                scanned = Path(folder) / "probabilities.zip"
                if test:
                    scan_genome(scanned, scorer, signal, test, scanning)
                predictions = predict_test_places(scorer, windows, signal, scanning.quantile_map)
                evaluation = evaluate(
                    Subject(windows.sample, name, scorer.bundle, windows, predictions),
                    Evidence(open_probabilities([scanned])) if test else NO_EVIDENCE,
                    bootstrap,
                )
                scores += _scores(evaluation, share, reads)
    return scores


def _scores(evaluation: Evaluation, share: float, reads: int) -> Iterator[Score]:
    measured = {"test": evaluation.test, "natural": evaluation.natural}
    for setting, of_setting in measured.items():
        if of_setting is not None:
            for figure in _figures(of_setting, evaluation.bundle):
                yield Score(evaluation.model, share, reads, setting, *figure)


def _figures(measured: Measured, bundle: Bundle) -> Iterator[tuple[str, str, float, float, float]]:
    """Class, metric, estimate and interval: average precision of the classes, ECE of all."""
    estimate, replicates = measured.figures, measured.replicates
    areas = [estimate.per_class["average_precision"][:, 1:]]
    errors = [estimate.overall["ece"]]
    if replicates is not None:
        areas.append(replicates.per_class["average_precision"][:, 1:])
        errors.append(replicates.overall["ece"])
    by_class = np.concatenate(areas)
    for name, values in zip(bundle.classes[1:], by_class.T, strict=True):
        yield name, "average_precision", *with_interval(values)
    yield MEAN, "average_precision", *with_interval(by_class.mean(axis=1))
    yield "all", "ece", *with_interval(np.concatenate(errors))


def write_scores(path: Path, scores: Sequence[Score]) -> None:
    """Write the table."""
    write_rows(path, Score, scores)


def draw_depths(path: Path, scores: Sequence[Score], classes: Sequence[str]) -> None:
    """Average precision against reads, one panel per setting and class, one line per model.

    classes : without background
    """
    models = list(dict.fromkeys(row.model for row in scores))
    style = colours(models)
    panels = [
        (setting, name)
        for setting in dict.fromkeys(row.setting for row in scores)
        for name in classes
    ]
    breadth, height = 3.1 * len(panels), 3.4 + 0.19 * -(-len(models) // 3)
    with figure_of(path, breadth, height, len(panels)) as drawn:
        for axes, (setting, name) in zip(drawn, panels, strict=True):
            for model in models:
                rows = [
                    row
                    for row in scores
                    if (row.model, row.setting, row.class_) == (model, setting, name)
                ]
                colour, dash = style[model]
                reads = [row.reads / 1e6 for row in rows]
                axes.plot(
                    reads, [row.value for row in rows], dash, color=colour, marker="o", ms=3.5,
                    label=model,
                )  # fmt: skip
                axes.fill_between(
                    reads, [row.low for row in rows], [row.high for row in rows], color=colour,
                    alpha=0.12, lw=0,
                )  # fmt: skip
            axes.set_xscale("log", base=2)
            axes.set_xticks(reads, [f"{one:.3g}" for one in reads])
            axes.set(ylim=(0, 1), xlabel="Million reads a library", ylabel="AP")
            axes.set_title(f"{class_named(name).label}, {SETTINGS[setting]}")
        drawn[0].legend(loc="upper left", bbox_to_anchor=(0, -0.2), ncols=3)
