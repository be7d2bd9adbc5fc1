"""Everything that a run leaves for people to read, gathered by sample and model."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deepregfinder.classes import class_named, class_set
from deepregfinder.errors import InputError
from deepregfinder.report.examples import Examples, read_examples
from deepregfinder.report.points import Points, read_points
from deepregfinder.report.tables import (
    AnnotationScore,
    CallCount,
    Channel,
    Cluster,
    ComparedMark,
    Correlation,
    Crispr,
    Doubt,
    Drop,
    InputFile,
    Library,
    LibraryQuality,
    SeedValidation,
    Selected,
    Surrounding,
    Transition,
    Validation,
    Version,
    read_rows,
)

# Plots of an explanation, in the order in which the page shows them.
EXPLAINING = (
    *("mark_importance", "mark_elimination", "signal_profiles", "attributions"),
    *("filter_activations", "filter_weights", "states"),
)


@dataclass(frozen=True)
class Files:
    """The files that a report is made of. Tables of one sample or model are told by their names."""

    inputs: Path
    versions: Path
    parameters: Path
    counts: Sequence[Path] = ()
    libraries: Sequence[Path] = ()
    doubts: Sequence[Path] = ()
    correlation: Sequence[Path] = ()
    signal: Sequence[Path] = ()
    dropped: Sequence[Path] = ()
    states: Sequence[Path] = ()
    regions: Sequence[Path] = ()
    test_windows: Sequence[Path] = ()
    test_windows_plots: Sequence[Path] = ()
    evaluations: Sequence[Path] = ()
    explanations: Sequence[Path] = ()
    calls: Sequence[Path] = ()
    examples: Sequence[Path] = ()
    validation: Sequence[Path] = ()
    seeds: Sequence[Path] = ()
    transitions: Sequence[Path] = ()
    transition_pictures: Sequence[Path] = ()
    model_plots: Sequence[Path] = ()
    compared_marks: Sequence[Path] = ()
    across: Sequence[Path] = ()
    annotations: Sequence[Path] = ()
    crispr: Sequence[Path] = ()


@dataclass(frozen=True)
class TrainingSet:
    """How the labelled windows of a sample came about, and what those that test lie near."""

    sample: str
    drops: tuple[Drop, ...] = ()
    states: tuple[Cluster, ...] = ()
    windows: tuple[Selected, ...] = ()
    surroundings: tuple[Surrounding, ...] = ()
    surroundings_plot: bytes = b""


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
    seeds : the validation table of each network alone
    crispr : empty where no experiment was given for the sample
    """

    sample: str
    model: str
    evaluated: Evaluated | None = None
    explained: Explained | None = None
    calls: tuple[CallCount, ...] = ()
    validation: tuple[Validation, ...] = ()
    seeds: tuple[SeedValidation, ...] = ()
    crispr: tuple[Crispr, ...] = ()

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
        return self.model.partition("_from_")[2] or self.sample

    @property
    def natural_calls(self) -> Mapping[str, Any] | None:
        """The accuracy of calls at natural prevalence, where it can be told."""
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

    def validated(self, name: str) -> Validation | None:
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
        found = [row for row in self.transitions if row.class_a != row.class_b and row.elements]
        return tuple(sorted(found, key=lambda row: -row.elements))

    @property
    def tested(self) -> tuple[str, ...]:
        return tuple(row.mark for row in self.marks if row.tested)


@dataclass(frozen=True)
class Run:
    """A run as the report shows it.

    model_plots : sample -> plots of all its models, by their names
    across : model -> plot of its average precision between samples
    annotations : sample -> scores of annotations made by others
    """

    inputs: tuple[InputFile, ...]
    libraries: tuple[Library, ...]
    channels: tuple[Channel, ...]
    training_sets: tuple[TrainingSet, ...]
    results: tuple[Result, ...]
    versions: tuple[Version, ...]
    parameters: Mapping[str, Any]
    qualities: tuple[LibraryQuality, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    correlations: tuple[Correlation, ...] = ()
    examples: tuple[Examples, ...] = ()
    comparisons: tuple[Compared, ...] = ()
    model_plots: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict)
    across: Mapping[str, bytes] = field(default_factory=dict)
    annotations: Mapping[str, tuple[AnnotationScore, ...]] = field(default_factory=dict)
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
    def classes(self) -> tuple[str, ...]:
        """The classes but background."""
        for result in self.results:
            return result.classes
        return tuple(one.name for one in class_set(int(self.parameters.get("classes", 3)))[1:])

    @property
    def tells_states(self) -> bool:
        """Whether the classes are active and poised ones."""
        return any(class_named(name).state != "." for name in self.classes)


def collect(files: Files, command: str) -> Run:
    """Read all files of a run. Raises InputError for a file that is not what it should be."""
    return Run(
        inputs=read_rows(files.inputs, InputFile),
        libraries=tuple(row for path in files.counts for row in read_rows(path, Library)),
        qualities=tuple(row for path in files.libraries for row in read_rows(path, LibraryQuality)),
        doubts=tuple(row for path in files.doubts for row in read_rows(path, Doubt)),
        correlations=tuple(
            row for path in files.correlation for row in read_rows(path, Correlation)
        ),
        channels=tuple(row for path in files.signal for row in read_rows(path, Channel)),
        training_sets=tuple(_training_sets(files)),
        results=tuple(_results(files)),
        versions=read_rows(files.versions, Version),
        parameters=_read_json(files.parameters),
        examples=tuple(map(read_examples, files.examples)),
        comparisons=tuple(_comparisons(files)),
        model_plots=_model_plots(files),
        across={
            _named(path, ".png").removeprefix("across."): path.read_bytes()
            for path in sorted(map(Path, files.across))
        },
        annotations={
            _named(path, ".annotations.tsv"): read_rows(path, AnnotationScore)
            for path in files.annotations
        },
        command=command,
    )


def _training_sets(files: Files) -> Iterator[TrainingSet]:
    drops, states, windows, surroundings, plots = (
        {_named(path, ending): path for path in paths}
        for paths, ending in (
            (files.dropped, ".dropped.tsv"),
            (files.states, ".states.tsv"),
            (files.regions, ".regions.tsv"),
            (files.test_windows, ".test_windows.tsv"),
            (files.test_windows_plots, ".test_windows.png"),
        )
    )
    for sample in sorted(drops.keys() | states.keys() | windows.keys()):
        yield TrainingSet(
            sample,
            read_rows(drops[sample], Drop) if sample in drops else (),
            read_rows(states[sample], Cluster) if sample in states else (),
            read_rows(windows[sample], Selected) if sample in windows else (),
            read_rows(surroundings[sample], Surrounding) if sample in surroundings else (),
            plots[sample].read_bytes() if sample in plots else b"",
        )


def _results(files: Files) -> Iterator[Result]:
    evaluations, explanations = {}, {}
    for folder in files.evaluations:
        metrics = _read_json(Path(folder) / "metrics.json")
        evaluated = Evaluated(metrics, read_points(folder))
        evaluations[f"{metrics['sample']}.{metrics['model']}"] = evaluated
    for folder in files.explanations:
        facts = _read_json(Path(folder) / "explain.json")
        explained = Explained(facts, _figures(folder, EXPLAINING))
        explanations[f"{facts['sample']}.{facts['model']}"] = explained
    calls, validation, seeds, crispr = (
        {_named(path, ending): path for path in paths}
        for paths, ending in (
            (files.calls, ".calls.tsv"),
            (files.validation, ".validation.tsv"),
            (files.seeds, ".seeds.tsv"),
            (files.crispr, ".crispr.tsv"),
        )
    )
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
            read_rows(calls[key], CallCount) if key in calls else (),
            read_rows(validation[key], Validation) if key in validation else (),
            read_rows(seeds[key], SeedValidation) if key in seeds else (),
            read_rows(crispr[key], Crispr) if key in crispr else (),
        )


def _figures(folder: Path, names: Sequence[str]) -> dict[str, bytes]:
    """The plots that there are, by their names."""
    paths = {name: Path(folder) / f"{name}.png" for name in names}
    return {name: path.read_bytes() for name, path in paths.items() if path.exists()}


def _comparisons(files: Files) -> Iterator[Compared]:
    transitions, pictures, marks = (
        {_named(path, ending): path for path in paths}
        for paths, ending in (
            (files.transitions, ".transitions.tsv"),
            (files.transition_pictures, ".transitions.png"),
            (files.compared_marks, ".marks.tsv"),
        )
    )
    for key in sorted(transitions):
        pair, model = key.split(".", 1)
        yield Compared(
            pair,
            model,
            read_rows(transitions[key], Transition),
            read_rows(marks[key], ComparedMark),
            Path(pictures[key]).read_bytes(),
        )


def _model_plots(files: Files) -> dict[str, dict[str, bytes]]:
    """For each sample the plots that compare its models, by their names."""
    plots: dict[str, dict[str, bytes]] = {}
    for path in sorted(map(Path, files.model_plots)):
        sample, name = _named(path, ".png").split(".", 1)
        plots.setdefault(sample, {})[name] = path.read_bytes()
    return plots


def _named(path: Path, ending: str) -> str:
    """The part of a file's name before its ending."""
    name = Path(path).name
    if not name.endswith(ending):
        raise InputError(f"{path}: the name should end in {ending}.")
    return name.removesuffix(ending)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        fields: dict[str, Any] = json.loads(path.read_text())
        return fields
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}).") from None
    except ValueError:
        raise InputError(f"{path} is no JSON file.") from None
