"""The model card of a bundle: what it was trained on, how good it is, and what it is not for.

After Mitchell et al., Model cards for model reporting (FAT* 2019).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deepregfinder.classes import class_named
from deepregfinder.counting.assays import ASSAYS
from deepregfinder.evaluation.metrics import FEW_WINDOWS
from deepregfinder.genome.splits import SPLITS, chromosome_list
from deepregfinder.labels.sources import COLUMNS, ENHANCER_LABELS, H3K27AC, enhancer_labels
from deepregfinder.models.bundle import Bundle
from deepregfinder.models.catalogue import ModelFacts
from deepregfinder.models.tss_input import is_tss_array
from deepregfinder.signal.scale import TRANSFORMS
from deepregfinder.storage.atomic import written_whole

_PROBABILITIES = {
    "labelled": "Probabilities are frequencies among labelled windows, where elements are far more "
    "frequent than on the genome. On the genome they are too high.",
    "natural": "Probabilities are those at natural prevalence. On a balanced set of windows they "
    "are too low; `labelled_bias` of the bundle corrects them there.",
    "rule": "Probabilities say how far a window lies from the border of a rule, not how often it "
    "is an element.",
}
_CURVE = {"epoch": "best epoch", "tree": "trees", "fit": "fits"}


def model_card(bundle: Bundle, metrics: Mapping[str, Any]) -> str:
    """Write the card as Markdown. metrics : content of metrics.json of this bundle."""
    facts = bundle.facts
    many = len(bundle.members) > 1
    averaged = f" of {len(bundle.members)} members are averaged and" if many else " are"
    fitted_on = bundle.training.get("temperature_fitted_on")
    truth = ENHANCER_LABELS[enhancer_labels(bundle.label_sources)]
    calibration = (
        f"Probabilities{averaged} calibrated with temperature {bundle.temperature:.3f}, fitted on "
        f"{fitted_on}."
        if fitted_on
        else "Probabilities are not calibrated, so that 0.5 stays the border of a rule."
    )
    signal = shown_signal(facts, bundle.normalisation.transform)
    geometry = bundle.geometry
    split = bundle.split.to_dict()
    promoters = (
        "Promoters belong to the background."
        if len(bundle.classes) == 2
        else "Promoters: merged transcription start sites with open chromatin."
    )
    n_tss = sum(len(sites) for name, sites in bundle.weights[0].items() if is_tss_array(name))
    lines = [
        f"# {bundle.model} trained on {bundle.sample}",
        "",
        f"A {facts.summary}. It distinguishes "
        f"{_listed([class_named(c).label for c in bundle.classes])} by the reads in "
        f"{'and around ' if facts.sees_chromosome else ''}a window of {geometry.window:,} bp "
        f"({geometry.window_bins} bins of {geometry.bin_size} bp). It was made by "
        f"DeepRegFinder-NF. {calibration}",
        "",
        "## Training data",
        "",
        f"- Sample: {bundle.sample}",
        f"- Marks, in this order: {', '.join(bundle.marks)}",
        f"- Reads: {_reads(bundle.provenance)}",
        f"- Signal: {signal}; input control: {bundle.normalisation.control}",
        f"- Split: {split_text(split)}",
        *_remark(bundle.provenance),
        *([f"- Transcription start sites that it is given: {n_tss:,}"] if n_tss else []),
        "",
        *_table(
            ("labelled windows", *(class_named(c).label for c in bundle.classes)),
            [
                (part, *(f"{bundle.n_windows[part][c]:,}" for c in bundle.classes))
                for part in SPLITS
            ],
        ),
        "",
        *_labels(bundle, promoters),
        "",
        "## Training",
        "",
        *(f"- {setting}" for setting in in_words(bundle.training)),
        "",
        *_table(
            ("seed", _CURVE[facts.progress], "validation mAP", "restarts"),
            [
                (str(m.seed), str(m.best_epoch), _figure(m.validation_map), str(m.restarts))
                for m in bundle.members
            ],
        ),
        "",
        *_accuracy(metrics),
        "## Intended use",
        "",
        f"{_use(bundle)} Scores rank candidates for experiments; they do not demonstrate function.",
        "",
        "## Limits",
        "",
        *([f"- {truth.limits}"] if bundle.has_labels else []),
        "- Labels are chosen by open chromatin and transcription start sites: elements that have "
        "neither are not learnt, and promoters without annotation may be called enhancers.",
        f"- {_PROBABILITIES[facts.calibrated]}",
        "- Intervals show the spread over blocks of the genome, not over cell types, laboratories "
        "or sequencing depths.",
        "- Other antibodies, depths or marks change the signal; --quantile_map true can help.",
        *(["- Poised and active are defined by nascent RNA at the time of the experiment."]
          if len(bundle.classes) == 5 else []),
        *_few_windows(metrics["n_test"]),
        *(f"- {note}" for note in metrics["notes"]),
        "",
        "## Versions",
        "",
        ", ".join(f"{name} {version}" for name, version in sorted(bundle.versions.items())),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _labels(bundle: Bundle, promoters: str) -> list[str]:
    """What the labels are made of: a sentence, and a list of their sources if recorded."""
    if not bundle.has_labels:
        return ["There were no labels: the model needs none."]
    sources = bundle.label_sources
    listed = [
        f"- {COLUMNS[one.list_]}: {one.words} ({one.intervals:,})"
        for one in sources
        if one.intervals is not None and one.list_ != "enhancers"
    ]
    kind = enhancer_labels(sources)
    near = "" if kind == H3K27AC else " with open chromatin"
    return [
        f"{promoters} Enhancers: {ENHANCER_LABELS[kind].words}{near}, away from transcription "
        "start sites and promoter marks. Background: windows away from all of these.",
        *(["", *listed] if listed else []),
    ]


def _few_windows(n_test: Mapping[str, int]) -> list[str]:
    few = [f"{n} of {name}" for name, n in n_test.items() if n < FEW_WINDOWS]
    if not few:
        return []
    return [
        f"- There are few test windows ({', '.join(few)}): the figures of these classes say "
        "little. More chromosomes to test on (--test_chroms) give more."
    ]


def write_model_card(path: Path, bundle: Bundle, metrics: Mapping[str, Any]) -> None:
    """Write `model_card` to a file."""
    with written_whole(path) as part:
        part.write_text(model_card(bundle, metrics))


def _use(bundle: Bundle) -> str:
    """What the model can be applied to."""
    if bundle.portable:
        return (
            "Calling regulatory elements from aligned reads of any of the marks above, at any "
            "depth and on any genome; the fewer marks and reads, the less is found."
        )
    return (
        "Calling regulatory elements from aligned reads of the marks above, on the same genome "
        "assembly, in the training sample or in others whose reads were processed alike."
    )


def _remark(provenance: Mapping[str, Any]) -> list[str]:
    """What whoever made the bundle says of it."""
    return [f"- **{provenance['remark']}**"] if "remark" in provenance else []


def _reads(provenance: Mapping[str, Any]) -> str:
    """How the reads of the training sample were counted."""
    counting = dict(provenance.get("counting", {}))
    assays, own = counting.pop("assays", {}), counting.pop("row_rules", {})
    words = in_words(counting)
    words += [f"{mark} by the rules of {ASSAYS[assay].words}" for mark, assay in assays.items()]
    words += [f"{library} with {' '.join(in_words(rules))}" for library, rules in own.items()]
    return ", ".join(words) or "counting rules not recorded"


def shown_signal(facts: ModelFacts, transform: str) -> str:
    """What a model is shown in a run with that --transform, in words."""
    _, transformed = TRANSFORMS[transform]
    return facts.signal.format(transformed=f", {transformed}" if transformed else "")


def in_words(settings: Mapping[str, Any]) -> list[str]:
    """Settings of a model or of counting: `learning rate 0.01`, ..."""
    return [f"{key.replace('_', ' ')} {_value(value)}" for key, value in settings.items()]


def _value(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _accuracy(metrics: Mapping[str, Any]) -> list[str]:
    chosen = ("precision", "recall", "f1", "average_precision", "auroc")
    lines = ["## Accuracy", ""]
    sections: list[tuple[str, Mapping[str, Any]]] = [
        (f"Labelled test windows of {metrics['sample']}", metrics)
    ]
    if metrics["natural"] is not None:
        where = ", ".join(metrics["natural"]["chromosomes"])
        sections.append((f"Natural prevalence: every window of {where}", metrics["natural"]))
    for title, section in sections:
        intervals = section["intervals"] or {}
        rows = [
            (
                class_named(name).label,
                *(
                    _figure(values[key], intervals.get("per_class", {}).get(name, {}).get(key))
                    for key in chosen
                ),
            )
            for name, values in section["per_class"].items()
        ]
        lines += [f"### {title}", ""]
        lines += _table(("class", *(key.replace("_", " ") for key in chosen)), rows)
        overall = ", ".join(
            f"{name} {_figure(section[key], intervals.get(key))}"
            for key, name in (
                ("map", "mAP"),
                ("accuracy", "accuracy"),
                ("ece", "ECE"),
                ("brier", "Brier score"),
            )
        )
        lines += ["", overall, ""]
    if metrics["natural"] is not None and metrics["natural"]["calls"] is not None:
        lowest = ", ".join(
            f"{class_named(name).label} {'-' if value is None else f'{value:g}'}"
            for name, value in metrics["thresholds"].items()
        )
        lines += [f"### Calls there, with a probability of at least: {lowest}", ""]
        rows = [
            (
                class_named(name).label,
                f"{values['calls']:,}",
                f"{values['elements']:,}",
                *(_figure(values[key]) for key in ("precision", "recall", "average_precision")),
            )
            for name, values in metrics["natural"]["calls"]["per_class"].items()
        ]
        header = ("class", "calls", "labelled elements", "precision", "recall", "average precision")
        lines += [*_table(header, rows), ""]
    if metrics["natural"] is None:
        lines += [f"Natural prevalence was not measured: {metrics['natural_reason']}.", ""]
    spread = metrics["seeds"]["sd"]["map"]
    if spread is not None:
        lines += [
            f"Over {len(metrics['seeds']['seeds'])} seeds, each member alone: test mAP "
            f"{metrics['seeds']['mean']['map']:.3f} (standard deviation {spread:.3f}).",
            "",
        ]
    if metrics["intervals"] is not None:
        lines += [
            "In brackets: 95 % intervals of a bootstrap over blocks of "
            f"{metrics['intervals']['block_bp']:,} bp.",
            "",
        ]
    return lines


def _figure(value: float | None, interval: Sequence[float] | None = None) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" + (f" ({interval[0]:.3f}-{interval[1]:.3f})" if interval else "")


def split_text(split: Mapping[str, Any]) -> str:
    """How labelled windows were split, from `split` of a bundle."""
    if split["split"] == "random":
        return "60:20:20 at random within each class, overlapping windows together"
    return "by chromosome: " + "; ".join(
        f"{part} {chromosome_list(split[f'{part}_chroms'])}" for part in SPLITS
    )


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [header, ["---"] * len(header), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]
