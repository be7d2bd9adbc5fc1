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
from deepregfinder.atomic import written_whole
from deepregfinder.classes import CLASS_SETS
from deepregfinder.report import accuracy, browser, charts, curves, evidence, formats, words
from deepregfinder.report.collect import Run
from deepregfinder.report.methods_text import methods
from deepregfinder.report.tables import Library, Version
from deepregfinder.surroundings import MARKERS

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
    Section("between", "Between samples"),
    Section("evidence", "Evidence of others"),
    Section("interpretation", "Interpretation"),
    Section("methods", "Methods"),
    Section("repeat", "Repeat"),
)

# How to read each plot: its name for people, and a sentence.
MODEL_PLOTS = {
    "comparison_pr": (
        "Precision and recall of every model, test windows",
        "One panel a class; points are annotations of others.",
    ),
    "comparison_bars": (
        "Every model side by side, test windows",
        "Lines: 95 % intervals over blocks of the genome.",
    ),
    "comparison_natural_pr": (
        "Precision and recall of every model, whole test chromosomes",
        "The same at natural prevalence.",
    ),
    "comparison_confusion": (
        "Labelled and predicted class of every model, test windows",
        "Each row sums to 100 %; the diagonal is right.",
    ),
    "comparison_calls": (
        "Calls of every model, and their validation rate",
        "Calls on all predicted chromosomes; the rate is the share with a marker nearby. A rate is "
        "easily high where few are called: read both together.",
    ),
    "comparison_chromosomes": (
        "Every model on every test chromosome",
        "A bar: average precision on all test chromosomes together. A dot: on one of them alone.",
    ),
    "comparison_folds": (
        "Every model in every fold",
        "A dot: average precision on a group of chromosomes that the model was not trained on. A "
        "bar: their mean.",
    ),
    "comparison_depths": (
        "Every model with fewer reads",
        "Average precision on the test chromosomes with a part of the reads; models are those of "
        "all reads. Shaded: 95 % intervals over blocks of the genome.",
    ),
}
# Of these, one model makes a plot as well.
OF_ONE_MODEL = ("comparison_folds", "comparison_depths")

PLOTS = {
    "pr_curve": (
        "Precision and recall, test windows",
        "The further up and to the right, the better. Dotted: what guessing would give.",
    ),
    "natural_pr_curve": (
        "Precision and recall, whole test chromosomes",
        "The same at natural prevalence: the figure to quote.",
    ),
    "roc_curve": (
        "True and false positives, test windows",
        "Looks good even where precision is poor, as background is frequent.",
    ),
    "calibration": (
        "Probability and share correct, test windows",
        "On the diagonal, probabilities mean what they say; below it they are too high.",
    ),
    "natural_calibration": (
        "Probability and share correct, whole test chromosomes",
        "The same at natural prevalence, which the probabilities of calls should fit.",
    ),
    "learning_curve": (
        "Learning curve",
        "Validation mAP by epoch, and by number of trees for forests. Dot: the highest; networks "
        "of windows are kept as they were there, drf and forests as they end.",
    ),
}

# The same of an explanation.
EXPLAINING = {
    "mark_importance": (
        "Importance of marks",
        "What average precision on the labelled test windows loses when one mark is exchanged "
        "between places, with the spread over repeats. Marks that say the same stand in for each "
        "other, and may all seem unimportant.",
    ),
    "mark_elimination": (
        "How many marks suffice",
        "Marks are taken away one by one, each time the one that is missed least on the validation "
        "windows; average precision is that of the labelled test windows. The model is not trained "
        "again: one that is trained on the marks that are left may do better. drf sees no reads of "
        "marks that are gone, other models see those of other places.",
    ),
    "signal_profiles": (
        "Signal of calls",
        "Mean signal of each mark around the summits of all calls.",
    ),
    "attributions": (
        "Attributions",
        "Integrated gradients, mean over the windows that the model is surest of: red speaks for "
        "the class, blue against it, compared with a window without reads. Beside each mark its "
        "sum; together the marks give the whole difference.",
    ),
    "filter_activations": (
        "Filters of the first layer",
        "How strongly each filter (row) answers each window (column), clustered. Right: how much "
        "of the answer one number keeps. Coloured numbers: the filters whose weights are shown.",
    ),
    "filter_weights": (
        "Weights of filters",
        "The filters that tell one class best from the others: red marks make them answer.",
    ),
    "states": (
        "States",
        "Left: how often each state shows each mark, and its share of the training chromosomes. "
        "Right: its share of the training windows of each class over that; the highest names it.",
    ),
}

# What became of reads: custom properties of the style sheet.
_FATE_COLOURS = {fate: f"var(--f-{number})" for number, fate in enumerate(Library.FATES)}


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


def fates(libraries: Sequence[Library]) -> tuple[str, ...]:
    """What became of reads, as far as it happened to any."""
    return tuple(fate for fate in Library.FATES if any(one.fates[fate] for one in libraries))


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
