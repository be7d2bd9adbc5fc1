"""report.html: a run on one page that needs no other file and no network."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from deepregfinder import __version__
from deepregfinder.classes import CLASS_SETS
from deepregfinder.counting.store import RecordCounts
from deepregfinder.labels.ground_truth import NEGATIVE_BEYOND, POSITIVE_WITHIN
from deepregfinder.labels.sources import COLUMNS
from deepregfinder.labels.window_distances import MARKERS
from deepregfinder.report import accuracy, browser, charts, curves, evidence, formats, words
from deepregfinder.report.collect import Run, Version
from deepregfinder.report.methods_text import methods
from deepregfinder.storage.atomic import written_whole

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Section:
    """A part of the page: `sections/<key>.html.j2` fills it; navigation links to it."""

    key: str
    title: str


# In this order. A new part of the page is a line here and a template.
SECTIONS = (
    Section("summary", "Summary"),
    Section("inputs", "Inputs"),
    Section("counts", "Counts"),
    Section("quality", "Quality"),
    Section("signal", "Signal"),
    Section("regions", "Regions"),
    Section("states", "States"),
    Section("accuracy", "Accuracy"),
    Section("calls", "Calls"),
    Section("examples", "Examples"),
    Section("validation", "Validation"),
    Section("differential", "Differential elements"),
    Section("evidence", "External evidence"),
    Section("interpretation", "Interpretation"),
    Section("methods", "Methods"),
    Section("reproduce", "Reproduce this run"),
)

# How to read each plot: its name for people, and a sentence.
MODEL_PLOTS = {
    "comparison_pr": (
        "Precision and recall of all models, test windows",
        "One panel per class. Points: external annotations.",
    ),
    "comparison_bars": (
        "All models side by side, test windows",
        "Lines: 95 % block-bootstrap intervals.",
    ),
    "comparison_natural_pr": (
        "Precision and recall of all models, whole test chromosomes",
        "At natural prevalence.",
    ),
    "comparison_confusion": (
        "Confusion matrices of all models, test windows",
        "Each row (labelled class) sums to 100 %; the diagonal is correct.",
    ),
    "comparison_calls": (
        "Calls and validation rates of all models",
        "Calls on all predicted chromosomes; the rate is the fraction with a marker nearby. A high "
        "rate is easy to reach with few calls: read both together.",
    ),
    "comparison_chromosomes": (
        "All models on each test chromosome",
        "Bars: average precision on all test chromosomes together. Dots: on each one alone.",
    ),
    "comparison_folds": (
        "Cross-validation of all models",
        "Dots: average precision on a group of chromosomes not used for training. Bars: mean.",
    ),
    "comparison_depths": (
        "All models with fewer reads",
        "Average precision on the test chromosomes with a fraction of the reads; models were "
        "trained on all reads. Shaded: 95 % block-bootstrap intervals.",
    ),
}
# Of these, one model makes a plot as well.
OF_ONE_MODEL = ("comparison_folds", "comparison_depths")

PLOTS = {
    "pr_curve": (
        "Precision and recall, test windows",
        "Closer to the top right is better. Dotted: random guessing.",
    ),
    "natural_pr_curve": (
        "Precision and recall, whole test chromosomes",
        "At natural prevalence: report this result.",
    ),
    "roc_curve": (
        "ROC curve, test windows",
        "It looks good even if precision is low, because background is frequent.",
    ),
    "calibration": (
        "Calibration, test windows",
        "On the diagonal, probabilities equal the fraction correct; below it, they are too high.",
    ),
    "natural_calibration": (
        "Calibration of each class, whole test chromosomes",
        "Windows with a probability of at least 0.05 at natural prevalence. On the diagonal, it is "
        "the fraction of windows that belong to the class.",
    ),
    "learning_curve": (
        "Learning curve",
        "Validation mAP by epoch; for forests, by number of trees. Dot: maximum. Window networks "
        "are kept as they were at the maximum, drf and forests as they were at the end.",
    ),
}

# The same of an explanation.
EXPLAINING = {
    "mark_importance": (
        "Importance of marks",
        "Loss of average precision on the labelled test windows (for models that see chromosomes "
        "a sample of them) when one mark is permuted between locations, with the spread over "
        "repeats. Correlated marks can substitute for one another, so all may appear unimportant.",
    ),
    "mark_elimination": (
        "Backward elimination of marks",
        "Marks are removed, first those whose removal costs least on the validation windows (of "
        "six or more, a third at a time); average precision is as above. The model is "
        "not retrained: a model trained on the remaining marks may do better. For removed marks, "
        "drf sees no reads, and other models see the reads of other locations.",
    ),
    "signal_profiles": (
        "Signal around calls",
        "Mean signal of each mark around the summits of all calls.",
    ),
    "attributions": (
        "Attributions",
        "Integrated gradients relative to a window without reads, averaged over the labelled test "
        "windows of a class with its highest probability. Red supports the class, blue opposes it. "
        "The number beside each mark is its sum; the sums of all marks add up to the whole "
        "difference.",
    ),
    "filter_activations": (
        "Filters of the first layer",
        "Dot product of each filter (row) with the signal of each window (column), clustered. "
        "Windows: the labelled test windows of a class with its highest probability. Right: how "
        "much of the dot products one number captures. Coloured numbers: filters whose weights "
        "are shown.",
    ),
    "filter_weights": (
        "Weights of filters",
        "The filters that best separate one class from the others; red marks raise the dot "
        "product.",
    ),
    "states": (
        "States",
        "Left: how often each state emits each mark, and the fraction of the training chromosomes "
        "in the state. Right: its enrichment in the training windows of each class over that "
        "fraction; the highest enrichment names the state.",
    ),
}

# What became of reads: custom properties of the style sheet.
_FATE_COLOURS = {fate: f"var(--f-{number})" for number, fate in enumerate(RecordCounts.FATES)}


def render(run: Run) -> str:
    """The page as HTML."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do"],
    )
    environment.filters |= {
        filter_.__name__: filter_
        for filter_ in (
            *(formats.count, formats.figure, formats.percent, formats.label),
            *(formats.data_uri, formats.with_options),
        )
    }
    script = (_TEMPLATES / "report.js").read_text()
    return environment.get_template("report.html.j2").render(
        run=run,
        release=__version__,
        sections=SECTIONS,
        plots=PLOTS,
        model_plots=MODEL_PLOTS,
        of_one_model=OF_ONE_MODEL,
        explaining=EXPLAINING,
        style=Markup((_TEMPLATES / "style.css").read_text()),
        script=Markup(script),
        script_digest=digest(script),
        class_colours=class_colours(),
        accuracy=accuracy,
        browser=browser,
        charts=charts,
        curves=curves,
        evidence=evidence,
        formats=formats,
        words=words,
        methods=methods(run),
        markers=MARKERS,
        label_columns=COLUMNS,
        positive_within=POSITIVE_WITHIN,
        negative_beyond=NEGATIVE_BEYOND,
        fate_colours=_FATE_COLOURS,
        fates=fates(run.libraries),
        tools=tools(run.versions),
        by_sample=by_sample,
    )


def write_page(path: Path, run: Run) -> None:
    """Write the page. The same run gives the same bytes."""
    page = render(run)
    with written_whole(path) as part:
        part.write_text(page)


def digest(script: str) -> str:
    """What a content security policy calls the one script that may run."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def class_colours() -> Mapping[str, str]:
    """Every class and its colour, #rrggbb."""
    return {one.name: one.hex_colour for members in CLASS_SETS.values() for one in members}


def fates(libraries: Sequence[RecordCounts]) -> tuple[str, ...]:
    """What became of reads, as far as it happened to any."""
    return tuple(fate for fate in RecordCounts.FATES if any(one.fates[fate] for one in libraries))


def tools(versions: Sequence[Version]) -> list[tuple[str, str, list[str]]]:
    """Tool, version and the processes that used it, sorted."""
    rows = sorted({(row.tool, row.version, row.process) for row in versions})
    return [
        (tool, version, [process for *_, process in used])
        for (tool, version), used in groupby(rows, key=lambda row: row[:2])
    ]


def by_sample(rows: Sequence[Any]) -> list[tuple[str, list[Any]]]:
    """Rows of each sample, in the order of their first rows."""
    samples = dict.fromkeys(row.sample for row in rows)
    return [(sample, [row for row in rows if row.sample == sample]) for sample in samples]
