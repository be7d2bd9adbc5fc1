"""Bootstrap replicates of one evaluation, which allow paired comparisons of models.

Every model of a sample is resampled with the same blocks and the same seed, so row i has the same
blocks for all models. The file is safetensors; its one metadata key, `classes`, has the names of
the classes as JSON:

  calls.weights                  uint16 (rows, blocks); row 0 is all ones: the estimate
  <setting>.<figure>             float64 (rows, classes), or (rows,) for ece, brier
  <setting>.by_chrom.<figure>    float64 (chromosomes, classes); each test chromosome separately
  <setting>.uncalibrated.<name>  float64 (1,); ece, brier before calibration
  natural.class_ece              as <setting>.<figure> (class_calibration.py), and by_chrom
  ranked.<class>.<field>         fields of `ranking.RankedCalls`

Settings are "test", "natural" (every window) and "calls"; the last two may be absent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from deepregfinder.errors import InputError
from deepregfinder.evaluation.class_calibration import class_errors
from deepregfinder.evaluation.evaluate import Evaluation, Measured, call_figures
from deepregfinder.evaluation.metrics import CALIBRATION, Blocks, measure
from deepregfinder.evaluation.ranking import RankedCalls
from deepregfinder.storage.checked_safetensors import read_checked, write_checked

FILE = "replicates.safetensors"
KIND = "classes"
FIGURES = ("precision", "recall", "f1", "average_precision")
CLASS_ECE = "class_ece"


@dataclass(frozen=True)
class Replicates:
    """The content of one file, and the name of the model."""

    model: str
    classes: list[str]
    arrays: Mapping[str, np.ndarray]

    def ranked(self, name: str) -> RankedCalls:
        """Candidates of a class."""
        return RankedCalls(
            *(self.arrays[f"ranked.{name}.{field.name}"] for field in fields(RankedCalls))
        )


def write_replicates(path: Path, evaluation: Evaluation) -> None:
    """Write the arrays that this module's docstring lists; equal evaluations give equal bytes."""
    arrays: dict[str, np.ndarray] = {}
    for setting, measured, before in (
        ("test", evaluation.test, evaluation.uncalibrated),
        ("natural", evaluation.natural, evaluation.natural_uncalibrated),
    ):
        if measured is not None and before is not None:
            arrays |= _of_windows(setting, measured)
            for name in CALIBRATION:
                arrays[f"{setting}.uncalibrated.{name}"] = before.figures.overall[name]
    if evaluation.class_calibration is not None and evaluation.natural is not None:
        calibration = evaluation.class_calibration
        arrays[f"natural.{CLASS_ECE}"] = _rows(calibration.errors, calibration.replicates)
        chromosomes = each_chromosome(evaluation.natural.blocks)
        arrays[f"natural.by_chrom.{CLASS_ECE}"] = class_errors(calibration.bins, chromosomes)
    if evaluation.calls is not None and evaluation.natural is not None:
        calls, blocks = evaluation.calls, evaluation.natural.blocks
        ones = np.ones((1, len(blocks)), np.uint16)
        arrays["calls.weights"] = (
            ones if calls.weights is None else np.vstack([ones, calls.weights.astype(np.uint16)])
        )
        by_chrom = call_figures(calls.tallies, calls.ranked, each_chromosome(blocks))
        for name in FIGURES:
            arrays[f"calls.{name}"] = _rows(
                calls.figures[name], None if calls.replicates is None else calls.replicates[name]
            )
            arrays[f"calls.by_chrom.{name}"] = by_chrom[name]
        for class_name, ranked in zip(evaluation.bundle.classes[1:], calls.ranked, strict=True):
            for field in fields(RankedCalls):
                arrays[f"ranked.{class_name}.{field.name}"] = getattr(ranked, field.name)
    write_checked(path, arrays, KIND, list(evaluation.bundle.classes))


def _of_windows(setting: str, measured: Measured) -> dict[str, np.ndarray]:
    arrays = {}
    by_chrom = measure(measured.tallies, each_chromosome(measured.blocks))
    drawn = measured.replicates
    for name in FIGURES:
        arrays[f"{setting}.{name}"] = _rows(
            measured.figures.per_class[name], None if drawn is None else drawn.per_class[name]
        )
        arrays[f"{setting}.by_chrom.{name}"] = by_chrom.per_class[name]
    for name in CALIBRATION:
        arrays[f"{setting}.{name}"] = _rows(
            measured.figures.overall[name], None if drawn is None else drawn.overall[name]
        )
    return arrays


def _rows(estimate: np.ndarray, replicates: np.ndarray | None) -> np.ndarray:
    return estimate if replicates is None else np.concatenate([estimate, replicates])


def each_chromosome(blocks: Blocks) -> np.ndarray:
    """Weights that select one chromosome: float64, shape (chromosomes, blocks)."""
    weights = np.zeros((len(blocks.first), len(blocks)))
    for row, (chrom, first) in enumerate(blocks.first.items()):
        weights[row, first : first + blocks.count[chrom]] = 1
    return weights


def read_replicates(folder: Path) -> Replicates:
    """Read the file in the folder of a model: `<sample>.<model>.evaluation`, or named as the model.
    Raises InputError if the file is damaged."""
    path = Path(folder) / FILE
    try:
        arrays, classes = read_checked(path, KIND)
        return Replicates(_model_of(Path(folder).name), classes, arrays)
    except ValueError as error:
        raise InputError(f"{path} cannot be read ({error}): evaluate the model again.") from None


def _model_of(folder: str) -> str:
    """Names of samples and models hold no dot."""
    _, dot, named = folder.removesuffix(".evaluation").partition(".")
    return named if dot else folder
