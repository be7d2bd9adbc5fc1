"""The methods paragraph of a paper, from the parameters of the run, and the works that it cites."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deepregfinder import __version__
from deepregfinder.counting.assays import ASSAYS, CHIP
from deepregfinder.counting.enriched_sites import FOLD, SURROUNDINGS, TAIL, WIDTH
from deepregfinder.evaluation.model_card import in_words, shown_signal, split_text
from deepregfinder.genome import biotypes
from deepregfinder.labels.sources import ENHANCER_LABELS, enhancer_labels
from deepregfinder.models.catalogue import MODEL_NAMES, ModelFacts, design, facts
from deepregfinder.report import references
from deepregfinder.report.accuracy import listed
from deepregfinder.report.collect import Run
from deepregfinder.report.formats import plural
from deepregfinder.report.references import Reference


@dataclass(frozen=True)
class Methods:
    """Paragraphs to paste, and the references in the order in which they are cited."""

    paragraphs: tuple[str, ...]
    references: tuple[Reference, ...]


@dataclass
class _Citations:
    """Writes a citation and remembers the work."""

    cited: dict[Reference, None]

    def __call__(self, *works: Reference) -> str:
        self.cited |= dict.fromkeys(works)
        return f"({'; '.join(work.cite for work in works)})"


def methods(run: Run) -> Methods:
    """What the run did, as a paper would say it; only what its parameters and results tell."""
    cite = _Citations({})
    paragraphs = [_elements(run, cite), _signal(run, cite)]
    if run.training_sets:
        paragraphs += [_labels(run), _training(run, cite)]
    elif run.rules:
        paragraphs.append(_rules(run, cite))
    if run.predicted:
        paragraphs.append(_calls(run))
    paragraphs.append(_evaluation(run, cite))
    written = tuple(paragraph for paragraph in paragraphs if paragraph)
    return Methods(written, tuple(cite.cited))


def _elements(run: Run, cite: _Citations) -> str:
    kinds = "active and poised enhancers and promoters" if run.tells_states else "enhancers"
    if not run.tells_states and "promoter" in run.classes:
        kinds += " and promoters"
    nextflow = [row.version for row in run.versions if row.tool == "nextflow"]
    return (
        f"{kinds[:1].upper()}{kinds[1:]} were predicted from ChIP-seq of "
        f"{plural(len(run.marks), 'histone mark')} ({', '.join(run.marks)}) in "
        f"{listed(run.samples)} with DeepRegFinder-NF {__version__}, an independent "
        f"implementation of DeepRegFinder {cite(references.DEEPREGFINDER)}, under "
        f"{' '.join(['Nextflow', *nextflow])} {cite(references.NEXTFLOW)}."
    )


def _signal(run: Run, cite: _Citations) -> str:
    of = run.parameters.get
    counter = "native counter of the pipeline"
    if of("counter") == "featurecounts":
        counter = f"program featureCounts {cite(references.FEATURECOUNTS)}"
    sentences = [f"Reads were counted in bins of {of('bin_size')} bp with the {counter}"]
    filters = []
    if of("min_mapq"):
        filters.append(f"a mapping quality of at least {of('min_mapq')}")
    if of("duplicates") == "drop":
        filters.append("no mark as a duplicate")
    if filters:
        sentences[0] += f" if they had {listed(filters)}"
    sentences[0] += "."
    sentences += {
        "drop_reads": ["Reads with several alignments were excluded."],
        "keep": ["Secondary and supplementary alignments of single reads were counted."],
    }.get(str(of("secondary")), [])
    if any(file.paired_end for file in run.inputs) and of("paired_end") == "fragments":
        sentences.append("Pairs counted once, at the midpoint of the fragment.")
    if of("extend") or of("shift"):
        sentences.append(
            f"Single reads were shifted by {of('shift') or 0} bp and extended by "
            f"{of('extend') or 0} bp."
        )
    places = {"midpoint": "midpoint", "five_prime": "5' end"}
    if where := places.get(str(of("count_at"))):
        sentences.append(f"Single reads were counted at their {where}.")
    if of("max_fragment"):
        sentences.append(f"Fragments above {of('max_fragment')} bp were left out.")
    sentences += _by_assay(run)
    if of("blacklist"):
        sentences.append("Blacklisted bins were set to zero.")
    control = {
        "subtract": ", controls were subtracted",
        "channel": ", controls were added as channels",
    }.get(str(of("control")), "")
    sentences.append(
        "Replicates were pooled and counts scaled to reads per million usable reads on the main "
        f"chromosomes{control}."
    )
    return " ".join(sentences)


def _by_assay(run: Run) -> Iterator[str]:
    """What was counted by other rules than those of the run."""
    for name, assay in ASSAYS.items():
        chips = [file for file in run.inputs if file.role == "chip" and file.assay == name]
        if name != CHIP and chips:
            marks = listed(sorted({file.mark for file in chips}))
            words = ", ".join(rule_in_words(rule, value) for rule, value in assay.rules.items())
            yield f"Reads of {marks} ({assay.words}) were counted by other rules: {words}."
    for file in run.inputs:
        if file.rules:
            words = ", ".join(rule_in_words(*rule.split("=")) for rule in file.rules)
            yield f"Reads of {file.id} were counted with {words}."


RULE_WORDS = {
    "min_mapq": "a mapping quality of at least {}",
    "extend": "an extension of {} bp",
    "shift": "a shift of {} bp",
    "max_fragment": "fragments of at most {} bp",
    "max_fragment=0": "fragments of any length",
    "duplicates=keep": "marked duplicates",
    "duplicates=drop": "no marked duplicates",
    "paired_end=fragments": "pairs at the midpoint of the fragment",
    "paired_end=reads": "each mate of a pair as a read",
    "count_at=overlap": "single reads in bins with half of their bases",
    "count_at=midpoint": "single reads at their midpoint",
    "count_at=five_prime": "single reads at their 5' end",
    "secondary=drop": "no secondary alignments",
    "secondary=keep": "secondary alignments of single reads",
    "secondary=drop_reads": "no reads with several alignments",
}
"""Counting rules, or one of their values, in words."""


def rule_in_words(rule: str, value: object) -> str:
    """A counting rule of the samplesheet or of an assay."""
    return RULE_WORDS.get(f"{rule}={value}", RULE_WORDS.get(rule, "")).format(value)


def _labels(run: Run) -> str:
    of = run.parameters.get
    promoters = (
        f"Promoters were transcription start sites (merged within {of('tss_merge')} bp) within "
        f"{of('promoter_slop')} bp of open chromatin; "
    )
    signal = of("promoter_marks_min_signal")
    strong = f" of a signal of at least {signal}" if signal else ""
    enhancers = (
        f"enhancers were {_enhancers(run)}, "
        f"more than {of('tss_distance')} bp from any start site and more than "
        f"{of('promoter_marks_distance')} bp from H3K4me3 peaks{strong}; "
    )
    background = (
        f"background windows were drawn at random at least {of('background_distance')} bp from all "
        "of these. "
    )
    counts = []
    for one in run.training_sets:
        numbers = [
            f"{row.train + row.validation + row.test:,} {row.class_.replace('_', ' ')}"
            for row in one.windows
        ]
        if numbers:
            counts.append(f"{one.sample}: {', '.join(numbers)}")
    states = (
        "Elements were divided into active and poised ones by 2-means clustering of their nascent "
        "RNA. "
        if any(one.states for one in run.training_sets)
        else ""
    )
    width = int(of("bin_size", 0)) * int(of("window_bins", 0))
    windows = f"Labelled windows of {width:,} bp ({'; '.join(counts)})" if counts else "Windows"
    bundle = next(iter(run.bundles.values()), None)
    how = split_text(bundle["split"]) if bundle else "into training, validation and test"
    split = f"{windows} were split {how}."
    return promoters + enhancers + background + _called(run) + states + split


def _enhancers(run: Run) -> str:
    """What enhancers are, with the samples where kinds differ."""
    kinds: dict[str, list[str]] = {}
    for one in run.training_sets:
        kinds.setdefault(enhancer_labels(one.sources), []).append(one.sample)
    slop = run.parameters.get("enhancer_slop")
    said = {kind: ENHANCER_LABELS[kind].methods.format(slop=slop) for kind in kinds}
    if len(kinds) == 1:
        return next(iter(said.values()))
    return " and ".join(f"{said[kind]} ({listed(samples)})" for kind, samples in kinds.items())


def _called(run: Run) -> str:
    """Lists that were called from reads, with the rule, and lists that were not available."""
    closed = [
        one.sample
        for one in run.training_sets
        if any((row.list_, row.source) == ("dhs", "none") for row in one.sources)
    ]
    without = (
        f"Without accessible sites in {listed(closed)}, peaks of H3K4me3 and H3K27ac took their "
        "place. "
        if closed
        else ""
    )
    called = [
        f"{row.mark} of {one.sample}"
        for one in run.training_sets
        for row in one.sources
        if row.mark
    ]
    if not called:
        return without
    return without + (
        f"Sites of {listed(called)} were called from reads, where {WIDTH} bp held at least "
        f"{FOLD:g} times as many as the mean of the training chromosomes and of the surrounding "
        f"{SURROUNDINGS // 1000} kb, with a Poisson probability below {TAIL:g}. "
    )


def _rules(run: Run, cite: _Citations) -> str:
    """Models of rules, without labels."""
    return f"No labels were used. {_training(run, cite)}"


def _training(run: Run, cite: _Citations) -> str:
    names = dict.fromkeys(design(model) for model in run.models)
    models = [facts(name) for name in names if name in MODEL_NAMES]
    named = [
        f"{one.methods} {cite(getattr(references, one.reference))}"
        if one.reference
        else one.methods
        for one in models
    ]
    sentences = [f"The models were {listed(named)}."]
    sentences += [_of_one_model(run, one, cite) for one in models]
    rules = [one.name for one in models if one.calibrated == "rule"]
    if len(rules) < len(models):
        but = f", except those of {listed(rules)}" if rules else ""
        sentences.append(
            "Probabilities were calibrated by temperature scaling "
            f"{cite(references.TEMPERATURE)}{but}."
        )
    return " ".join(sentences)


def _of_one_model(run: Run, model: ModelFacts, cite: _Citations) -> str:
    """What a model was shown and how it was trained, with the settings that its bundle records."""
    transform = str(run.parameters.get("transform", "none"))
    pytorch = f" {cite(references.PYTORCH)}" if model.runs_on == "gpu" else ""
    settings = "; ".join(in_words(run.training_of(model.name)))
    return (
        f"{model.name} was shown {shown_signal(model, transform)}; it was {model.training}{pytorch}"
        f"{f' ({settings})' if settings else ''}."
    )


def _calls(run: Run) -> str:
    of = run.parameters.get
    call_at, given = of("call_at", "model"), of("threshold")
    times = f" (--threshold {given}, on a scale on which it is 0.5)" if given is not None else ""
    threshold = (
        f"above the threshold of the model for their class{times}"
        if call_at == "model"
        else f"from the cut-off of their class on (--call_at {call_at})"
    )
    mapped = (
        " after the signal of each mark was mapped to the distribution of the training sample"
        if of("quantile_map") is True
        else ""
    )
    adapts = call_at != "model" or any(
        facts(design(model)).calibrated == "natural"
        for model in run.models
        if design(model) in MODEL_NAMES
    )
    known = (
        "; promoters within 500 bp of an annotated start site have a cut-off of their own, at "
        "the same probability at natural prevalence"
        if run.has_tss and adapts and "promoter" in " ".join(run.classes)
        else ""
    )
    distance = (
        f"; enhancer calls within {of('tss_distance')} bp of a start site were removed"
        if run.has_tss
        else ""
    )
    annotated = (
        f" Start sites were the 5' ends of transcripts ({of('gtf_biotypes') or biotypes.DEFAULT}) "
        f"in the gene annotation {Path(str(of('gtf'))).name}."
        if of("gtf")
        else ""
    )
    return (
        f"The genome was classified in windows every {of('step')} bp{mapped}; windows {threshold} "
        f"were joined into calls{known}{distance}.{annotated}"
    )


def _evaluation(run: Run, cite: _Citations) -> str:
    of = run.parameters.get
    sentences = []
    if run.evaluated:
        natural = any((result.metrics or {})["natural"] for result in run.evaluated)
        where = " and on every window and call of the test chromosomes" if natural else ""
        sentences.append(
            f"Accuracy was measured on the test windows{where}, with 95 % intervals from "
            f"{of('bootstrap')} block-bootstrap samples."
        )
    if any(result.could_be_validated for result in run.predicted):
        sentences.append(
            f"A call counted as validated with a marker within {of('validation_slop')} bp."
        )
    if any(one.tested for one in run.comparisons):
        sentences.append(
            "Differences of reads between samples were tested with moderated t-statistics "
            f"{cite(references.MODERATED)} at a false discovery rate of {of('fdr')} "
            f"{cite(references.FDR)}."
        )
    if any("attributions" in one.explained.figures for one in run.results if one.explained):
        sentences.append(
            f"Attributions are integrated gradients {cite(references.INTEGRATED_GRADIENTS)}."
        )
    return " ".join(sentences)
