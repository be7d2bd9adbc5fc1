"""Everything that a run leaves for people to read, gathered by sample and model."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deepregfinder.classes import class_named, class_set
from deepregfinder.counting.store import RecordCounts
from deepregfinder.differential.tables import ComparedMark, Transition
from deepregfinder.errors import InputError
from deepregfinder.evaluation.tables import AnnotationScore, CrisprFigures
from deepregfinder.inputs.tables import InputFile, LeftOut
from deepregfinder.labels.open_background import OpenBackground
from deepregfinder.labels.rules import Drop
from deepregfinder.labels.sources import LabelSource
from deepregfinder.labels.states import StateCounts
from deepregfinder.labels.window_distances import WindowDistances
from deepregfinder.labels.windows import Selection
from deepregfinder.models.catalogue import training_sample
from deepregfinder.prediction.cutoffs import Cutoff
from deepregfinder.prediction.marker_validation import CallCount, SeedValidation, ValidationRate
from deepregfinder.quality.tables import Correlation, Doubt, LibraryQuality
from deepregfinder.report.examples import Examples, read_examples
from deepregfinder.report.files import (
    ACROSS_PLOTS,
    BUNDLES,
    EVALUATIONS,
    EXAMPLES,
    EXPLANATIONS,
    MODEL_PLOTS,
    TEST_WINDOWS_PLOTS,
    TRANSITION_PLOTS,
    Files,
)
from deepregfinder.report.points import Points, read_points
from deepregfinder.signal.build import MarkSignal
from deepregfinder.storage.tables import read_rows

# Plots of an explanation, in the order in which the page shows them.
EXPLAINING = (
    *("mark_importance", "mark_elimination", "signal_profiles", "attributions"),
    *("filter_activations", "filter_weights", "states"),
)


@dataclass(frozen=True)
class Version:
    """A row of versions.tsv, which Nextflow puts together: a tool that a process used."""

    process: str
    tool: str
    version: str


@dataclass(frozen=True)
class TrainingSet:
    """How the labelled windows of a sample came about, and what those that test lie near."""

    sample: str
    drops: tuple[Drop, ...] = ()
    states: tuple[StateCounts, ...] = ()
    windows: tuple[Selection, ...] = ()
    window_distances: tuple[WindowDistances, ...] = ()
    window_distances_plot: bytes = b""
    open_background: tuple[OpenBackground, ...] = ()
    sources: tuple[LabelSource, ...] = ()


@dataclass(frozen=True)
class Evaluated:
    """An evaluation folder: the content of metrics.json, and the points of its plots."""

    metrics: Mapping[str, Any]
    points: Points


@dataclass(frozen=True)
class Explained:
    """A folder of explanations: the content of explain.json, and plots as PNG by their names."""

    facts: Mapping[str, Any]
    figures: Mapping[str, bytes]


@dataclass(frozen=True)
class Result:
    """What one model did for one sample.

    evaluated : None where the sample has no labels; explained : likewise, and where nobody asked
    validation, calls : empty where the sample was not predicted
    seeds : the validation table of each member alone
    crispr : empty where no experiment was given for the sample
    """

    sample: str
    model: str
    evaluated: Evaluated | None = None
    explained: Explained | None = None
    calls: tuple[CallCount, ...] = ()
    cutoffs: tuple[Cutoff, ...] = ()
    validation: tuple[ValidationRate, ...] = ()
    seeds: tuple[SeedValidation, ...] = ()
    crispr: tuple[CrisprFigures, ...] = ()

    @property
    def key(self) -> str:
        """The name of the result in links and file names."""
        return f"{self.sample}.{self.model}"

    @property
    def metrics(self) -> Mapping[str, Any] | None:
        return self.evaluated.metrics if self.evaluated else None

    @property
    def trained_on(self) -> str:
        """The sample that the model was trained on; without metrics, its name tells."""
        if self.metrics:
            return str(self.metrics["trained_on"])
        return training_sample(self.model) or self.sample

    @property
    def natural_calls(self) -> Mapping[str, Any] | None:
        """The accuracy of calls at natural prevalence, if available."""
        natural = self.metrics["natural"] if self.metrics else None
        return natural["calls"] if natural else None

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes but background, in the order of the model."""
        if self.metrics:
            return tuple(self.metrics["classes"][1:])
        return tuple(row.class_ for row in self.validation)

    @property
    def n_seeds(self) -> int | None:
        if self.metrics:
            return len(self.metrics["seeds"]["seeds"])
        return len({row.seed for row in self.seeds}) or None

    @property
    def could_be_validated(self) -> bool:
        """Whether the lists for any class were given."""
        return any(row.validated is not None for row in self.validation)

    def validated(self, name: str) -> ValidationRate | None:
        """The validation rate of the calls of a class."""
        return next((row for row in self.validation if row.class_ == name), None)


@dataclass(frozen=True)
class Compared:
    """What differs between two samples that one model has predicted."""

    pair: str
    model: str
    transitions: tuple[Transition, ...]
    marks: tuple[ComparedMark, ...]
    picture: bytes

    @property
    def changes(self) -> tuple[Transition, ...]:
        """Transitions that occur, without those that keep the class; the most frequent first."""
        changed = [row for row in self.transitions if row.class_a != row.class_b and row.elements]
        return tuple(sorted(changed, key=lambda row: -row.elements))

    @property
    def tested(self) -> tuple[str, ...]:
        return tuple(row.mark for row in self.marks if row.tested)


@dataclass(frozen=True)
class Run:
    """A run as the report shows it.

    model_plots : sample -> plots of all its models, by their names
    across : model -> plot of its average precision between samples
    annotations : sample -> scores of annotations made by others
    bundles : `sample.model` -> model.json of each model that was trained in the run
    tables : every table as it is: class of its rows (its name) -> what the table is about -> rows
    """

    inputs: tuple[InputFile, ...]
    libraries: tuple[RecordCounts, ...]
    channels: tuple[MarkSignal, ...]
    training_sets: tuple[TrainingSet, ...]
    results: tuple[Result, ...]
    versions: tuple[Version, ...]
    parameters: Mapping[str, Any]
    qualities: tuple[LibraryQuality, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    correlations: tuple[Correlation, ...] = ()
    examples: tuple[Examples, ...] = ()
    comparisons: tuple[Compared, ...] = ()
    model_plots: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict)
    across: Mapping[str, bytes] = field(default_factory=dict)
    annotations: Mapping[str, tuple[AnnotationScore, ...]] = field(default_factory=dict)
    bundles: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    tables: Mapping[str, Mapping[str, tuple[Any, ...]]] = field(default_factory=dict)
    command: str = field(default="")

    @property
    def samples(self) -> tuple[str, ...]:
        return tuple(sorted({file.sample for file in self.inputs if file.role == "chip"}))

    @property
    def marks(self) -> tuple[str, ...]:
        return tuple(sorted({file.mark for file in self.inputs if file.role == "chip"}))

    @property
    def simulated(self) -> tuple[InputFile, ...]:
        return tuple(file for file in self.inputs if file.simulated)

    @property
    def evaluated(self) -> tuple[Result, ...]:
        return tuple(result for result in self.results if result.evaluated)

    @property
    def explained(self) -> tuple[Result, ...]:
        return tuple(result for result in self.results if result.explained)

    @property
    def predicted(self) -> tuple[Result, ...]:
        return tuple(result for result in self.results if result.validation)

    @property
    def with_experiment(self) -> tuple[Result, ...]:
        return tuple(result for result in self.results if result.crispr)

    @property
    def models(self) -> tuple[str, ...]:
        return tuple(sorted({result.model for result in self.results}))

    @property
    def rules(self) -> tuple[str, ...]:
        """Models that this run made without labels."""
        made = (one for one in self.bundles.values() if not any(_windows_of(one)))
        return tuple(sorted({str(one["model"]) for one in made}))

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes but background."""
        for result in self.results:
            return result.classes
        return tuple(one.name for one in class_set(int(self.parameters.get("classes", 3)))[1:])

    def training_of(self, model: str) -> Mapping[str, Any]:
        """Settings that a model was trained with, as its first bundle has them; empty without."""
        own = (bundle for bundle in self.bundles.values() if bundle["model"] == model)
        training: Mapping[str, Any] = next(own, {"training": {}})["training"]
        return training

    @property
    def has_tss(self) -> bool:
        """Whether the run knew transcription start sites, from a list or a gene annotation."""
        return bool(self.parameters.get("tss") or self.parameters.get("gtf"))

    @property
    def tells_states(self) -> bool:
        """Whether the classes are active and poised ones."""
        return any(class_named(name).state != "." for name in self.classes)


def _windows_of(bundle: Mapping[str, Any]) -> Iterator[int]:
    """Numbers of labelled windows that a bundle was trained on, by split and class."""
    for counts in bundle["n_windows"].values():
        yield from counts.values()


def collect(results: Path, versions: Path, parameters: Path, command: str) -> Run:
    """Read all files of a run. Raises InputError for a file that is not what it should be.

    results : folder of all files that the report shows, by their names
    versions, parameters : tools and their versions (TSV); the parameters of the run (JSON)
    """
    files = Files(results)
    return Run(
        inputs=read_rows(results / "inputs.tsv", InputFile),
        left_out=files.rows_of(LeftOut),
        libraries=files.rows_of(RecordCounts),
        qualities=files.rows_of(LibraryQuality),
        doubts=files.rows_of(Doubt),
        correlations=files.rows_of(Correlation),
        channels=files.rows_of(MarkSignal),
        training_sets=tuple(_training_sets(files)),
        results=tuple(_results(files)),
        versions=read_rows(versions, Version),
        parameters=_read_json(parameters),
        examples=tuple(map(read_examples, files.named(EXAMPLES).values())),
        comparisons=tuple(_comparisons(files)),
        model_plots=_model_plots(files),
        across=_content(files, ACROSS_PLOTS),
        annotations=files.tables_of(AnnotationScore),
        bundles={key: _read_json(path) for key, path in files.named(BUNDLES).items()},
        tables=files.tables,
        command=command,
    )


def _training_sets(files: Files) -> Iterator[TrainingSet]:
    drops, states = files.tables_of(Drop), files.tables_of(StateCounts)
    windows, window_distances = files.tables_of(Selection), files.tables_of(WindowDistances)
    plots, background = _content(files, TEST_WINDOWS_PLOTS), files.tables_of(OpenBackground)
    sources = files.tables_of(LabelSource)
    for sample in sorted(drops.keys() | states.keys() | windows.keys()):
        yield TrainingSet(
            sample,
            drops.get(sample, ()),
            states.get(sample, ()),
            windows.get(sample, ()),
            window_distances.get(sample, ()),
            plots.get(sample, b""),
            background.get(sample, ()),
            sources.get(sample, ()),
        )


def _results(files: Files) -> Iterator[Result]:
    evaluations, explanations = {}, {}
    for folder in files.named(EVALUATIONS).values():
        metrics = _read_json(folder / "metrics.json")
        evaluated = Evaluated(metrics, read_points(folder))
        evaluations[f"{metrics['sample']}.{metrics['model']}"] = evaluated
    for folder in files.named(EXPLANATIONS).values():
        facts = _read_json(folder / "explain.json")
        explained = Explained(facts, _figures(folder, EXPLAINING))
        explanations[f"{facts['sample']}.{facts['model']}"] = explained
    calls, validation = files.tables_of(CallCount), files.tables_of(ValidationRate)
    cutoffs = files.tables_of(Cutoff)
    seeds, crispr = files.tables_of(SeedValidation), files.tables_of(CrisprFigures)
    keys = (
        evaluations.keys() | explanations.keys() | calls.keys() | validation.keys() | seeds.keys()
    )
    # Names of samples hold no dot, so that the first one ends the sample.
    for sample, model in sorted(tuple(key.split(".", 1)) for key in keys):
        key = f"{sample}.{model}"
        yield Result(
            sample,
            model,
            evaluations.get(key),
            explanations.get(key),
            calls.get(key, ()),
            cutoffs.get(key, ()),
            validation.get(key, ()),
            seeds.get(key, ()),
            crispr.get(key, ()),
        )


def _figures(folder: Path, names: Sequence[str]) -> dict[str, bytes]:
    """The plots that there are, by their names."""
    paths = {name: Path(folder) / f"{name}.png" for name in names}
    return {name: path.read_bytes() for name, path in paths.items() if path.exists()}


def _comparisons(files: Files) -> Iterator[Compared]:
    marks, pictures = files.tables_of(ComparedMark), _content(files, TRANSITION_PLOTS)
    for key, transitions in sorted(files.tables_of(Transition).items()):
        pair, model = key.split(".", 1)
        yield Compared(pair, model, transitions, marks[key], pictures[key])


def _model_plots(files: Files) -> dict[str, dict[str, bytes]]:
    """For each sample the plots that compare its models, by their names."""
    plots: dict[str, dict[str, bytes]] = {}
    for key, picture in _content(files, MODEL_PLOTS).items():
        sample, name = key.split(".", 1)
        plots.setdefault(sample, {})[f"comparison_{name}"] = picture
    return plots


def _content(files: Files, pattern: str) -> dict[str, bytes]:
    return {key: path.read_bytes() for key, path in files.named(pattern).items()}


def _read_json(path: Path) -> dict[str, Any]:
    try:
        fields: dict[str, Any] = json.loads(path.read_text())
        return fields
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}).") from None
    except ValueError:
        raise InputError(f"{path} is not a JSON file.") from None
