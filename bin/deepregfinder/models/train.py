"""From labelled windows to a model bundle: one member per seed, and a calibrated average."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np

from deepregfinder import __version__
from deepregfinder.counting.assays import different_assays
from deepregfinder.counting.rules import different_rules
from deepregfinder.errors import InputError
from deepregfinder.genome.splits import SPLITS
from deepregfinder.labels.sources import sources_to_json
from deepregfinder.labels.tensors import Tensors
from deepregfinder.models import registry
from deepregfinder.models.bundle import Bundle, Member, write_bundle
from deepregfinder.models.catalogue import facts, is_given_tss, marks_seen
from deepregfinder.models.device import Hardware
from deepregfinder.models.natural import fit_natural
from deepregfinder.models.protocol import (
    ChromosomeSignal,
    EpochRecord,
    Trained,
    TrainedMember,
    TrainingGenome,
    TrainingOptions,
    no_signal,
)
from deepregfinder.models.tss_input import read_tss
from deepregfinder.signal.scale import pooled
from deepregfinder.signal.store import mark_depths, match_marks, open_signal
from deepregfinder.storage.tables import write_rows


@dataclass(frozen=True)
class Learner:
    """A model to train, what it is shown, and how it is trained.

    tss_input, accessibility : the pipeline parameters of these names
    withheld : marks that labels may be made of, but that the model does not see
    """

    model: str
    tss_input: bool
    accessibility: str
    training: TrainingOptions
    withheld: tuple[str, ...] = ()


def train_bundle(
    training: TrainingGenome, learner: Learner, hardware: Hardware, folder: Path
) -> tuple[Bundle, tuple[TrainedMember, ...]]:
    """Train a model on labelled windows and calibrate it on the validation chromosomes.

    A model of rules also takes a genome without labelled windows; it is then not calibrated.
    Returns the bundle and its trained members with their learning curves. `folder` holds a
    checkpoint of each member; the same call after an interruption continues from there and gives
    the same bundle. Raises InputError where windows of a class are lacking, the sample lacks what
    the model needs, or training diverges.
    """
    model, options = learner.model, learner.training
    if facts(model).sees_chromosome:
        _require_chromosomes(model, training)
    tensors = training.tensors
    if len(tensors.y):
        for sample in training.samples:
            _ = sample.windows  # refused before anything is computed where they lack a class
    elif facts(model).needs_labels:
        raise InputError(f"{model} learns from labelled windows, and there are none: give labels.")
    fitted = registry.load(model).fit(training, options, hardware, folder)
    natural = None
    if len(tensors.y) and training.load is not no_signal and tensors.split_plan.mode != "random":
        weights = tuple(member.weights for member in fitted.members)
        trained = Trained(weights, training.size, tensors.normalisation)
        scorer = registry.load(model).scorer(trained, hardware)
        natural = fit_natural(scorer, fitted.temperature, training)
    bundle = Bundle(
        model=model,
        sample="+".join(sample.tensors.sample for sample in training.samples),
        classes=tuple(tensors.classes),
        marks=tuple(tensors.marks),
        bin_size=tensors.geometry.bin_size,
        window_bins=tensors.geometry.window_bins,
        chrom_sizes=tensors.chrom_sizes,
        split=tensors.split_plan,
        normalisation=pooled([s.tensors.normalisation for s in training.samples]),
        temperature=fitted.temperature,
        thresholds=fitted.thresholds,
        labelled_bias=fitted.labelled_bias,
        natural=natural,
        members=tuple(
            Member(m.seed, m.best_epoch, m.validation_map, m.restarts, m.learning_rate)
            for m in fitted.members
        ),
        n_windows=_count_windows([sample.tensors for sample in training.samples]),
        training={"seed": options.seed, "seeds": len(fitted.members), **fitted.parameters},
        provenance={
            "seed": tensors.seed,
            "control": tensors.control,
            "filters": tensors.filters,
            "counting": tensors.counting,
            "labels": sources_to_json(tensors.sources),
        },
        versions={
            "deepregfinder": __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in ("numpy", "scikit-learn", "torch")},
        },
        weights=tuple(member.weights for member in fitted.members),
    )
    return bundle, fitted.members


def _require_chromosomes(model: str, training: TrainingGenome) -> None:
    """Raise InputError where there is no signal, or windows were divided at random.

    With a random split, the surroundings of the training windows contain test windows.
    """
    if training.load is no_signal:
        raise InputError(f"{model} learns from whole chromosomes: give --signal.")
    if training.tensors.split_plan.mode == "random":
        raise InputError(
            f"{model} sees the chromosome around a window, so that --split random would show it "
            "the test windows: use --split chromosome."
        )


def write_trained(output: Path, bundle: Bundle, members: Sequence[TrainedMember]) -> None:
    """Write the bundle and, beside it, learning_curve.tsv if there is one."""
    write_bundle(output, bundle)
    if records := [record for member in members for record in member.curve]:
        write_rows(output / "learning_curve.tsv", EpochRecord, records)


def open_training(
    samples: Sequence[Tensors], learner: Learner, signals: Sequence[Path], tss: Path | None
) -> TrainingGenome:
    """The training data of a model: windows with its marks, their chromosomes, and TSSs.

    signals : one for each sample, or none
    tss : the list of the run; only some models are given it (catalogue.is_given_tss)

    Raises InputError where a signal is of another sample, or lacks a mark, and where the samples
    do not fit together.
    """
    model = learner.model
    if len(samples) > 1:
        _require_alike(model, samples)
    windows = [
        tensors.with_marks(
            marks_seen(model, tensors.marks, learner.accessibility, learner.withheld)
        )
        for tensors in samples
    ]
    if not signals:
        return TrainingGenome(windows[0])
    is_given = is_given_tss(model, learner.tss_input)
    first, *others = (
        open_genome(tensors, signal, tss, is_given)
        for tensors, signal in zip(windows, signals, strict=True)
    )
    return replace(first, others=tuple(others))


def _require_alike(model: str, samples: Sequence[Tensors]) -> None:
    """Raise InputError unless one model can be trained on all samples together."""
    if not facts(model).trains_together:
        raise InputError(f"{model} learns from one sample: leave out --train_together.")
    first = samples[0]
    problems = [
        f"{first.sample} and {other.sample} cannot be trained on together: they differ in {what}."
        for other in samples[1:]
        for what, different in {
            f"marks ({', '.join(first.marks)}; {', '.join(other.marks)})": first.marks
            != other.marks,
            "classes": first.classes != other.classes,
            "chromosomes": first.chrom_sizes != other.chrom_sizes,
            "bins": first.geometry != other.geometry,
            "the split": first.split_parameters != other.split_parameters,
            "the use of controls": first.control != other.control,
            "counting rules": bool(different_rules(first.counting, other.counting)),
            "assays": bool(different_assays(first.counting, other.counting)),
        }.items()
        if different
    ]
    if problems:
        raise InputError.of(problems)


def open_genome(
    tensors: Tensors, signal: Path, tss: Path | None, is_given: bool = True
) -> TrainingGenome:
    """The chromosomes that labelled windows come from, with the marks of the windows.

    is_given : whether the model is given the TSSs

    Raises InputError where the signal is of another sample, was counted otherwise, or lacks a mark.
    """
    opened = open_signal(signal)
    if opened.sample != tensors.sample:
        raise InputError(f"{signal} is the signal of {opened.sample}, not of {tensors.sample}.")
    different = different_rules(tensors.counting, opened.counting)
    if different := different + different_assays(tensors.counting, opened.counting):
        raise InputError(
            f"{signal} and the labelled windows of {tensors.sample} were counted by other rules "
            f"({', '.join(different)}): make both from the same counts."
        )
    rows = match_marks(tensors.marks, opened)
    depths = mark_depths(opened)[rows]

    def load(chrom: str) -> ChromosomeSignal:
        length = opened.chrom_sizes[chrom]
        return ChromosomeSignal(chrom, length, opened.load(chrom)[rows], depths, opened.bin_size)

    sites = read_tss(tss) if tss else None
    return TrainingGenome(tensors, sites if is_given else None, sites, load)


def _count_windows(samples: Sequence[Tensors]) -> dict[str, dict[str, int]]:
    """Labelled windows of all samples by split and class."""
    classes = samples[0].classes
    counts = {}
    for split in SPLITS:
        y = np.concatenate([tensors.y[tensors.select(split)] for tensors in samples])
        in_split = np.bincount(y, minlength=len(classes))
        counts[split] = dict(zip(classes, in_split.tolist(), strict=True))
    return counts
