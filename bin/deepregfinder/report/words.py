"""What a run found, how good that is and what to be careful about, in sentences."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deepregfinder.classes import class_named
from deepregfinder.evaluation.metrics import FEW_WINDOWS
from deepregfinder.labels.sources import ENHANCER_LABELS, FACTORS, enhancer_labels
from deepregfinder.models.catalogue import MODEL_NAMES, design, facts, includes
from deepregfinder.report.accuracy import listed
from deepregfinder.report.collect import Result, Run
from deepregfinder.report.formats import figure, label, percent, plural

MANY_FIGURES = 8
NAMED = 4
LITTLE_USABLE = 0.5
MANY_DROPPED = 0.5


DOUBTS = {
    "copies": "The same reads in two libraries",
    "labels": "Labels do not fit the reads",
    "marks": "Two marks may be exchanged",
    "swap": "Possible sample swap",
    "unenriched": "A mark without enrichment",
    "replicates": "Replicates disagree",
    "input": "A mark resembles its input",
    "control": "A control resembles a mark",
    "depth": "Few reads",
    "accessibility": "Weak accessibility signal",
    "duplicates": "Many duplicates",
    "pairs": "Mates are missing",
    "secondary": "Reads with several alignments",
    "elsewhere": "Reads outside the chromosomes of the run",
    "uneven": "Reads outside the chromosomes differ between samples",
}
"""Titles of the warnings about libraries, by kind, the most important first."""


@dataclass(frozen=True)
class Caution:
    """Something to be careful about: the point in a few words, and the sentences behind it."""

    point: str
    text: str


def headline(run: Run) -> str:
    """What the page is about: "Enhancers and promoters in A and B"."""
    elements = list(dict.fromkeys(f"{class_named(name).element}s" for name in run.classes))
    what = listed(elements)
    what = f"active and poised {what}" if run.tells_states else what
    samples = sorted({result.sample for result in run.results}) or run.samples
    where = listed(samples) if len(samples) <= 4 else f"{len(samples)} samples"
    return f"{what[:1].upper()}{what[1:]} in {where}"


def findings(run: Run, result: Result) -> Iterator[str]:
    """Sentences on one result: the calls, and how good they are; short ones where many results
    stand beside each other."""
    if len(run.results) * len(run.classes) > MANY_FIGURES:
        yield from _brief(result)
        return
    if result.validation:
        yield _calls(result)
    if result.metrics is None:
        yield (
            "Their accuracy is unknown: no labels were given for this sample."
            if result.validation
            else ""
        )
    elif result.natural_calls:
        yield _natural(result.metrics["natural"])
    else:
        yield _windows(result.metrics)


def _brief(result: Result) -> Iterator[str]:
    if result.validation:
        total = sum(row.calls for row in result.validation)
        yield f"{plural(total, 'call')} in {plural(len(result.classes), 'class', 'classes')}."
    figures = []
    if calls := result.natural_calls:
        figures.append(f"{figure(calls['map'], 2)} for calls on the test chromosomes")
    if metrics := result.metrics:
        figures.append(f"{figure(metrics['map'], 2)} on labelled test windows")
    if figures:
        yield f"Mean average precision: {', '.join(figures)}."
    else:
        yield "Accuracy is unknown without labels."


def _calls(result: Result) -> str:
    numbers = [plural(row.calls, label(row.class_)) for row in result.validation]
    rates = [
        f"{percent(row.rate)} of the {label(row.class_)}s"
        for row in result.validation
        if row.rate is not None
    ]
    confirmed = f" A marker lies near {listed(rates)}." if rates else ""
    return f"{listed(numbers)} were called.{confirmed}"


def _natural(natural: Mapping[str, Any]) -> str:
    right, recovered = [], []
    for name, figures in natural["calls"]["per_class"].items():
        if figures["precision"] is not None:
            right.append(f"{percent(figures['precision'])} of the {label(name)} calls")
        if figures["recall"] is not None:
            recovered.append(f"{percent(figures['recall'])} of the labelled {label(name)}s")
    sentence = f"On the test chromosomes ({listed(natural['chromosomes'])})"
    parts = []
    if right:
        parts.append(f"{listed(right)} match a labelled element of their class")
    if recovered:
        parts.append(f"{listed(recovered)} are recovered")
    return f"{sentence}, {'; '.join(parts) or 'there is nothing to evaluate'}."


def _windows(metrics: Mapping[str, Any]) -> str:
    figures = [
        f"{metrics['per_class'][name]['average_precision']:.2f} for {label(name)}s"
        for name in metrics["classes"][1:]
        if metrics["per_class"][name]["average_precision"] is not None
    ]
    return (
        f"On labelled test windows, average precision is {listed(figures)}. The precision of calls "
        "on the whole genome is unknown."
    )


def doubts(run: Run) -> Iterator[Caution]:
    """Inputs that may not be what the sheets say: some sentences of each kind."""
    for kind, title in DOUBTS.items():
        texts = [doubt.text for doubt in run.doubts if doubt.kind == kind]
        for text in texts[:NAMED]:
            yield Caution(title, text)
        if len(texts) > NAMED:
            yield Caution(title, f"And {len(texts) - NAMED} more: see Quality.")


def cautions(run: Run) -> Iterator[Caution]:
    """What a reader has to keep in mind, the most important first."""
    yield from _left_out(run)
    yield from _too_good(run)
    if run.evaluated:
        yield _prevalence(run)
        yield from _truths(run)
    yield from _without_labels(run)
    if any(_of_labelled(result) for result in run.predicted):
        others = dict.fromkeys(design(one.model) for one in run.predicted if not _of_labelled(one))
        but = f" except {listed(list(others))}" if others else ""
        yield Caution(
            "Use probabilities for ranking",
            f"Probabilities of all models{but} are calibrated on labelled windows, where elements "
            "are frequent. On the genome they are too high, but they still rank calls. Calls lists "
            "what the cut-offs mean on the genome.",
        )
    if any(row.rate is not None for result in run.predicted for row in result.validation):
        yield Caution(
            "Validated calls can still be wrong",
            "A marker near a call (open chromatin, a transcription factor, a TSS) supports it. But "
            "some of these lists also define labels, so the evidence is not fully independent.",
        )
    yield from _from_other_samples(run)
    yield from _near_start_sites(run)
    yield from _few_windows(run)
    yield from _dropped_enhancers(run)
    yield from _poor_libraries(run)


def _left_out(run: Run) -> Iterator[Caution]:
    """Each kind of what the run does not use, with all of its sentences."""
    titles = {
        "chromosomes": "Chromosomes are not used",
        "reads": "Reads on sequences that are not used",
        "crowded": "Mitochondria or the like are used as chromosomes",
        "list": "Lists that cover part of the genome",
        "pretrained": "What the model was trained on",
        "marks": "Marks that a sample lacks",
        "assays": "Assays that differ from those of the model",
        "coverage": "Coverage instead of reads",
    }
    for kind, title in titles.items():
        if texts := [one.text for one in run.left_out if one.kind == kind]:
            yield Caution(title, " ".join(texts))


def _too_good(run: Run) -> Iterator[Caution]:
    """Each note of the evaluations once, with the results that it is true of."""
    noted: dict[str, list[str]] = {}
    for result in run.evaluated:
        for note in (result.metrics or {})["notes"]:
            noted.setdefault(note, []).append(f"{result.sample} {result.model}")
    for note, names in noted.items():
        of_all = len(names) == len(run.evaluated)
        title = "Optimistic estimate"
        yield Caution(title if of_all else f"{title} for {listed(names)}", note)


def _of_labelled(result: Result) -> bool:
    """Whether probabilities are frequencies among labelled windows, as far as is known."""
    name = design(result.model)
    return name not in MODEL_NAMES or facts(name).calibrated == "labelled"


def _prevalence(run: Run) -> Caution:
    """Why figures of test windows are not those of the genome, with the numbers of the run."""
    for result in run.evaluated:
        metrics = result.metrics
        if metrics and metrics["natural"]:
            name = metrics["classes"][1]
            chosen, every = (
                f"1 in {round(sum(windows.values()) / windows[name])}" if windows[name] else "none"
                for windows in (metrics["n_test"], metrics["natural"]["n_windows"])
            )
            return Caution(
                "Test windows are enriched for elements",
                f"Of the labelled test windows of {result.sample}, {chosen} is "
                f"{_article(label(name))}; of all windows of the test chromosomes, "
                f"{every}. Precision is lower there. Report the results at natural prevalence: the "
                "filled dots, and precision and recall in the table above.",
            )
    reasons = {str((result.metrics or {})["natural_reason"] or "") for result in run.evaluated}
    return Caution(
        "Test windows are enriched for elements",
        "Elements are far more frequent among labelled test windows than on the genome, where "
        "precision is lower. This run cannot measure by how much"
        + (f": {'; '.join(sorted(reasons))}" if reasons != {""} else "."),
    )


def _truths(run: Run) -> Iterator[Caution]:
    """What enhancer labels are, for each kind of them in the run."""
    kinds: dict[str, list[str]] = {}
    for one in run.training_sets:
        kinds.setdefault(enhancer_labels(one.sources), []).append(one.sample)
    for kind, samples in (kinds or {FACTORS: []}).items():
        if kind == FACTORS:
            yield Caution(
                "Labels are incomplete",
                "Lists of enhancer sites (p300, CBP) miss enhancers. A call without a labelled "
                "element may still be real, so true precision is probably somewhat higher than "
                "reported here.",
            )
        else:
            point = f"Enhancer labels of {_some(samples)}: {ENHANCER_LABELS[kind].words}"
            yield Caution(point, ENHANCER_LABELS[kind].limits)


def _without_labels(run: Run) -> Iterator[Caution]:
    """Calls of rules: no label says how good they are."""
    if run.rules:
        yield Caution(
            "Calls follow rules; their accuracy is unknown",
            f"Without labels, {listed(list(run.rules))} calls what meets its rules. Probabilities "
            "say how far a window lies from the border of a rule (0.5). They are not frequencies, "
            "and there are none at natural prevalence.",
        )


def _article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _from_other_samples(run: Run) -> Iterator[Caution]:
    pairs = [
        f"{result.sample} (model of {result.trained_on})"
        for result in run.predicted
        if not includes(result.trained_on, result.sample)
    ]
    if pairs:
        mapped = run.parameters.get("quantile_map") is True
        yield Caution(
            "Models from other samples",
            f"Applied across samples: {_some(list(dict.fromkeys(pairs)))}. Depth, antibodies and "
            "cell type differ between samples, so probabilities are less reliable than in the "
            "training sample."
            + ("" if mapped else " If the signal differs much, try --quantile_map true."),
        )


def _near_start_sites(run: Run) -> Iterator[Caution]:
    if run.predicted and not run.has_tss:
        yield Caution(
            "Enhancer calls near TSSs",
            "Neither --tss nor --gtf was given, so enhancer calls near transcription start sites "
            "were not removed. Some of them belong to promoters.",
        )


def _few_windows(run: Run) -> Iterator[Caution]:
    few = [
        f"{plural((result.metrics or {})['n_test'][name], label(name))} in {result.sample}"
        for result in run.evaluated
        for name in result.classes
        if (result.metrics or {})["n_test"][name] < FEW_WINDOWS
    ]
    if few:
        yield Caution(
            "Few test windows",
            f"There are only {_some(list(dict.fromkeys(few)))} among the labelled test windows. "
            "Differences of a few per cent are not meaningful; see the intervals.",
        )


def _dropped_enhancers(run: Run) -> Iterator[Caution]:
    for one in run.training_sets:
        for drop in one.drops:
            before = drop.dropped + drop.left
            if "--promoter_marks" in drop.rule and drop.dropped > MANY_DROPPED * before:
                yield Caution(
                    f"Most enhancers of {one.sample} were dropped",
                    f"{drop.dropped:,} of {before:,} have a peak of a promoter mark nearby. If the "
                    "list contains weak peaks, --promoter_marks_min_signal excludes them.",
                )


def _poor_libraries(run: Run) -> Iterator[Caution]:
    poor = [
        f"{library.id} ({percent(library.usable_fraction)})"
        for library in run.libraries
        if library.usable_fraction is not None and library.usable_fraction < LITTLE_USABLE
    ]
    if poor:
        yield Caution(
            "Few usable reads",
            f"Fewer than half of the reads or fragments pass the filters in {_some(poor)}: see "
            "Counts.",
        )


def _some(words: Sequence[str]) -> str:
    """All words if they are few, else the first and how many more there are."""
    if len(words) <= NAMED:
        return listed(words)
    return listed([*words[:NAMED], f"{len(words) - NAMED} more"])
