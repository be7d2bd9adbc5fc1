"""The model bundle: a folder that holds all that prediction needs, and nothing that executes.

model.json         what the model is, what it was trained on, its normalisation and its temperature
model.safetensors  arrays: `member0.<name>`, ... for each member, and `normalisation.quantiles`

A bundle may come from elsewhere, so reading checks everything. model.json holds the digest of
model.safetensors, which reveals a mixture of two bundles or a damaged copy.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from deepregfinder.classes import CLASS_SETS, class_names
from deepregfinder.counting.assays import ASSAYS
from deepregfinder.counting.rules import CountRules
from deepregfinder.errors import InputError
from deepregfinder.genome.grid import Geometry
from deepregfinder.genome.splits import SPLITS, SplitPlan
from deepregfinder.labels.sources import LabelSource, sources_from_json
from deepregfinder.models import registry
from deepregfinder.models.calibration import combine_members, shift_priors
from deepregfinder.models.catalogue import MODEL_NAMES, ModelFacts, facts
from deepregfinder.models.natural import Natural, natural_from_json, natural_to_json
from deepregfinder.models.protocol import Size, Trained
from deepregfinder.signal.scale import Normalisation, transform_signal
from deepregfinder.storage.atomic import written_whole
from deepregfinder.storage.untrusted_json import JsonFields

FORMAT = "deepregfinder-bundle"
FORMAT_VERSION = 6
"""Version 5 had no maps to natural prevalence."""
DESCRIPTION = "model.json"
WEIGHTS = "model.safetensors"

_MAX_JSON_BYTES = 1 << 26
_MAX_WEIGHT_BYTES = 1 << 31


@dataclass(frozen=True)
class Member:
    """One network or forest of a bundle.

    best_epoch : the epoch (from 1) that was kept; of a forest, its number of trees
    validation_map : mean average precision over non-background classes on the validation windows;
        None without labelled windows
    restarts : number of times that training diverged and restarted, last at `learning_rate`
    """

    seed: int
    best_epoch: int
    validation_map: float | None
    restarts: int
    learning_rate: float


@dataclass(frozen=True)
class Bundle:
    """A trained model: members of one design, from several seeds, whose probabilities are averaged.

    sample : the sample it was trained on; marks : rows of a window, in this order
    split : how labelled windows were divided
    temperature : of the averaged probabilities (calibration.combine_members)
    thresholds : for each class but background, the lowest probability of a called window
    labelled_bias : argument of calibration.shift_priors for labelled windows, if the model was
        calibrated on windows with other class frequencies; otherwise zeros
    natural : maps of its probabilities to natural prevalence; None if no chromosome was left for
        them (--split random), or without labelled windows
    n_windows : labelled windows by split and class; training : parameters of the training
    provenance : further facts about the training data, such as `counting`, the rules by which its
        reads were counted (counting.rules), and `labels`, what the labels are made of
        (labels.sources); versions : of the programs
    weights : for each member, its arrays by name
    """

    model: str
    sample: str
    classes: tuple[str, ...]
    marks: tuple[str, ...]
    bin_size: int
    window_bins: int
    chrom_sizes: Mapping[str, int]
    split: SplitPlan
    normalisation: Normalisation
    temperature: float
    thresholds: tuple[float, ...]
    labelled_bias: tuple[float, ...]
    natural: Natural | None
    members: tuple[Member, ...]
    n_windows: Mapping[str, Mapping[str, int]]
    training: Mapping[str, Any]
    provenance: Mapping[str, Any]
    versions: Mapping[str, str]
    weights: tuple[Mapping[str, np.ndarray], ...] = field(repr=False)

    @property
    def facts(self) -> ModelFacts:
        """The entry of the model in the catalogue."""
        return facts(self.model)

    @property
    def portable(self) -> bool:
        """Whether it takes samples that lack marks, have few reads or are of another genome."""
        return self.training.get("portable") is True

    @property
    def trained(self) -> Trained:
        """What the model needs to score windows."""
        size = Size(len(self.marks), self.window_bins, len(self.classes))
        return Trained(self.weights, size, self.normalisation)

    @property
    def label_sources(self) -> tuple[LabelSource, ...]:
        """What the labels are made of; empty if not recorded, or without labels."""
        return sources_from_json(self.provenance.get("labels", []))

    @property
    def has_labels(self) -> bool:
        """Whether it was trained, or calibrated, on labelled windows."""
        return any(number for counts in self.n_windows.values() for number in counts.values())

    @property
    def geometry(self) -> Geometry:
        return Geometry(self.bin_size, self.window_bins)

    def labelled_probabilities(self, members: np.ndarray) -> np.ndarray:
        """Calibrated probabilities of labelled windows: (members, n, classes) -> (n, classes)."""
        return shift_priors(combine_members(members, self.temperature), self.labelled_bias)

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple(member.seed for member in self.members)


def write_bundle(folder: Path, bundle: Bundle) -> None:
    """Write the two files of a bundle; equal bundles give equal bytes."""
    arrays = {
        f"member{number}.{key}": np.asarray(value, order="C")
        for number, weights in enumerate(bundle.weights)
        for key, value in weights.items()
    }
    normalisation = bundle.normalisation.to_dict()
    arrays["normalisation.quantiles"] = np.asarray(normalisation.pop("quantiles"), np.float32)
    packed = save(arrays)
    description = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "model": bundle.model,
        "sample": bundle.sample,
        "classes": list(bundle.classes),
        "marks": list(bundle.marks),
        "bin_size": bundle.bin_size,
        "window_bins": bundle.window_bins,
        "chrom_sizes": dict(bundle.chrom_sizes),
        "split": bundle.split.to_dict(),
        "normalisation": normalisation,
        "temperature": bundle.temperature,
        "thresholds": list(bundle.thresholds),
        "labelled_bias": list(bundle.labelled_bias),
        "natural": natural_to_json(bundle.natural),
        "members": [vars(member) for member in bundle.members],
        "n_windows": {split: dict(counts) for split, counts in bundle.n_windows.items()},
        "training": dict(bundle.training),
        "provenance": dict(bundle.provenance),
        "versions": dict(bundle.versions),
        "weights_sha256": hashlib.sha256(packed).hexdigest(),
    }
    text = json.dumps(description, indent=2, allow_nan=False) + "\n"
    with written_whole(Path(folder) / WEIGHTS) as part:
        part.write_bytes(packed)
    with written_whole(Path(folder) / DESCRIPTION) as part:
        part.write_text(text)


def read_bundle(folder: Path) -> Bundle:
    """Read and check a bundle.

    All names, shapes and ranges are checked. Raises InputError for a bundle that is missing,
    damaged, inconsistent, or of another format or version.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder} is not a model bundle: expected a folder with {DESCRIPTION}.")
    fields = JsonFields(_read_json(folder / DESCRIPTION), folder / DESCRIPTION)
    if fields.content.get("format") != FORMAT:
        raise InputError(f"{folder / DESCRIPTION} does not describe a DeepRegFinder model bundle.")
    version = fields.content.get("format_version")
    if version != FORMAT_VERSION:
        raise InputError(
            f"{folder / DESCRIPTION} has format version {version!r}; this release reads version "
            f"{FORMAT_VERSION}. Train the model again, or use the release that wrote it."
        )
    model = fields.text("model")
    if model not in MODEL_NAMES:
        known = ", ".join(MODEL_NAMES)
        raise InputError(f"{folder}: there is no model {model!r}; known models: {known}.")
    classes = fields.names("classes")
    if len(classes) not in CLASS_SETS or classes != class_names(len(classes)):
        raise InputError(f"{folder}: {', '.join(classes)} is not a set of classes.")
    marks = fields.names("marks")
    bin_size = fields.integer("bin_size", 1, 100_000)
    window_bins = fields.integer("window_bins", 4, 1000)
    members = tuple(_member(item, folder) for item in fields.of("members", list))
    if not 1 <= len(members) <= 1000:
        raise fields.fault("members", "expected between 1 and 1000 of them")
    arrays = _read_arrays(folder / WEIGHTS, fields.text("weights_sha256"))
    size = Size(len(marks), window_bins, len(classes))
    weights = tuple(
        _checked_arrays(arrays, f"member{number}.", model, size, folder)
        for number in range(len(members))
    )
    expected = {f"member{n}.{key}" for n, member in enumerate(weights) for key in member}
    if surplus := sorted(set(arrays) - expected - {"normalisation.quantiles"}):
        raise InputError(f"{folder / WEIGHTS} holds arrays of something else: {surplus[0]!r}, ...")
    return Bundle(
        model=model,
        sample=fields.text("sample"),
        classes=classes,
        marks=marks,
        bin_size=bin_size,
        window_bins=window_bins,
        chrom_sizes=fields.sizes("chrom_sizes"),
        split=_split(fields),
        normalisation=_normalisation(fields, marks, arrays),
        temperature=fields.number("temperature", 1e-3, 1e3),
        thresholds=_numbers(fields, "thresholds", len(classes) - 1, 0, 1),
        labelled_bias=_numbers(fields, "labelled_bias", len(classes), -100, 100),
        natural=_natural(fields, len(classes)),
        members=members,
        n_windows=_n_windows(fields, classes),
        training=fields.of("training", dict),
        provenance=_provenance(fields),
        versions=fields.of("versions", dict),
        weights=weights,
    )


def _read_json(path: Path) -> Any:
    if not path.is_file():
        raise InputError(f"{path.parent} is not a model bundle: it has no {path.name}.")
    if path.stat().st_size > _MAX_JSON_BYTES:
        raise InputError(f"{path} is far too large for the description of a model.")
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError, OSError) as error:
        raise InputError(f"{path} is damaged ({str(error)[:80]}).") from None


def _read_arrays(path: Path, digest: str) -> dict[str, np.ndarray]:
    if not path.is_file():
        raise InputError(f"{path.parent} is not a complete model bundle: it has no {path.name}.")
    if path.stat().st_size > _MAX_WEIGHT_BYTES:
        raise InputError(f"{path} is far too large for the weights of a model.")
    packed = path.read_bytes()
    if hashlib.sha256(packed).hexdigest() != digest:
        raise InputError(
            f"{path} is damaged, or does not belong to the {DESCRIPTION} beside it. "
            "Copy both again."
        )
    try:
        return load(packed)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is damaged ({error}).") from None


def _member(content: Any, folder: Path) -> Member:
    fields = JsonFields(content, folder / DESCRIPTION)
    return Member(
        seed=fields.integer("seed", 0, 1 << 40),
        best_epoch=fields.integer("best_epoch", 1, 1 << 20),
        validation_map=None
        if fields.content.get("validation_map", 0) is None
        else fields.number("validation_map", 0, 1),
        restarts=fields.integer("restarts", 0, 1000),
        learning_rate=fields.number("learning_rate", 0, 1),
    )


def _checked_arrays(
    arrays: Mapping[str, np.ndarray], prefix: str, model: str, size: Size, folder: Path
) -> dict[str, np.ndarray]:
    of_member = {key.removeprefix(prefix): a for key, a in arrays.items() if key.startswith(prefix)}
    try:
        registry.load(model).check(of_member, size)
    except ValueError as error:
        raise InputError(f"{folder / WEIGHTS} is damaged: {prefix}{error}.") from None
    return of_member


def _normalisation(
    fields: JsonFields, marks: tuple[str, ...], arrays: Mapping[str, np.ndarray]
) -> Normalisation:
    table = fields.of("normalisation", dict)
    quantiles = arrays.get("normalisation.quantiles")
    try:
        if quantiles is None or quantiles.ndim != 2 or len(quantiles) != len(marks):
            raise ValueError("quantiles are missing or of another shape")
        if quantiles.dtype != np.float32 or not 2 <= quantiles.shape[1] <= 100_000:
            raise ValueError("quantiles are missing or of another shape")
        if not np.isfinite(quantiles).all() or (np.diff(quantiles, prepend=0) < 0).any():
            raise ValueError("quantiles do not rise from 0")
        normalisation = Normalisation.from_dict({**table, "quantiles": quantiles.tolist()})
        mean, sd = (np.asarray(getattr(normalisation, name), np.float64) for name in ("mean", "sd"))
        transform_signal(np.zeros(1, np.float32), normalisation.transform)
        if normalisation.control not in ("ignore", "subtract", "channel"):
            raise ValueError("unknown control")
        if tuple(normalisation.marks) != marks:
            raise ValueError("its marks are not those of the model")
        if mean.shape != (len(marks),) or sd.shape != (len(marks),):
            raise ValueError("expected one mean and sd for each mark")
        if not (np.isfinite(mean).all() and np.isfinite(sd).all() and (sd > 0).all()):
            raise ValueError("a mean or sd is not a number, or an sd is not above 0")
    except (KeyError, TypeError, ValueError, InputError) as error:
        raise fields.fault("normalisation", str(error)) from None
    return normalisation


def _numbers(fields: JsonFields, key: str, n: int, low: float, high: float) -> tuple[float, ...]:
    values = fields.of(key, list)
    if len(values) != n or not all(type(v) in (int, float) and low <= v <= high for v in values):
        raise fields.fault(key, f"expected {n} numbers between {low} and {high}")
    return tuple(float(value) for value in values)


def _natural(fields: JsonFields, n_classes: int) -> Natural | None:
    if "natural" not in fields.content:
        raise fields.fault("natural", "it is missing")
    try:
        return natural_from_json(fields.content["natural"], n_classes)
    except ValueError as error:
        raise fields.fault("natural", str(error)) from None


def _split(fields: JsonFields) -> SplitPlan:
    table = JsonFields(fields.of("split", dict), fields.where)
    if (mode := table.text("split")) not in ("chromosome", "random"):
        raise table.fault("split", f"{mode!r} is not a split mode")
    for name in SPLITS:
        chroms = table.of(f"{name}_chroms", list)
        if not all(isinstance(chrom, str) for chrom in chroms):
            raise table.fault(f"{name}_chroms", "expected names")
    return SplitPlan.from_dict(table.content)


def _provenance(fields: JsonFields) -> dict[str, Any]:
    """Facts about the training data, of which the counting rules and label sources are used."""
    table = fields.of("provenance", dict)
    counting = JsonFields(table.get("counting", {}), fields.where)
    for name, kind in get_type_hints(CountRules).items():
        if name in counting.content:
            counting.of(name, int if kind is int else str)
    if "assays" in counting.content:
        for mark, assay in counting.of("assays", dict).items():
            if assay not in ASSAYS:
                raise counting.fault("assays", f"this version has no assay {assay!r} ({mark})")
    if "remark" in table:
        JsonFields(table, fields.where).of("remark", str)
    try:
        sources_from_json(table.get("labels", []))
    except ValueError as error:
        raise fields.fault("provenance", f"labels: {error}") from None
    return table


def _n_windows(fields: JsonFields, classes: tuple[str, ...]) -> dict[str, dict[str, int]]:
    table = fields.of("n_windows", dict)
    for split in SPLITS:
        counts = table.get(split)
        if not isinstance(counts, dict) or set(counts) != set(classes):
            raise fields.fault("n_windows", f"expected a count for each class in split {split}")
        if not all(type(count) is int and count >= 0 for count in counts.values()):
            raise fields.fault("n_windows", f"the numbers of windows in {split} are not counts")
    return table
