"""Tensors: the signal of labelled windows, with their classes, splits and provenance, in one file.

The file is safetensors with a single metadata key, `tensors`, whose value is JSON: safetensors
writes several keys in no fixed order, and the same input must give the same bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from deepregfinder.errors import InputError
from deepregfinder.genome.grid import Geometry
from deepregfinder.genome.splits import SPLITS, SplitPlan
from deepregfinder.labels.sources import LabelSource, sources_from_json, sources_to_json
from deepregfinder.signal.scale import Normalisation
from deepregfinder.storage.checked_safetensors import read_checked, write_checked

KIND = "tensors"
_ARRAYS = ("x", "y", "split", "chrom", "start", "unlabelled")


@dataclass(frozen=True)
class Tensors:
    """Labelled windows in the order of regions.bed, with their provenance.

    x : float32, shape (windows, marks, bins): reads per million, NOT normalised
    y : uint8, shape (windows,), index in `classes`
    split : uint8, shape (windows,), index in genome.SPLITS
    chrom : int16, shape (windows,), index in `chroms`; int32 for more than 32,768 chromosomes
    start : int64, shape (windows,), bp, 0-based
    chroms, chrom_sizes : the main chromosomes, in the order of the run
    normalisation : from the training chromosomes only
    seed : of the random choice of background and of a random split
    filters : the parameters min_nonzero and n_background
    counting : rules by which the reads were counted
    unlabelled : int64, shape (places, 2), index in `chroms` and bp: midpoints of windows that may
        be elements, and are neither these nor background
    sources : what the labels are made of; empty if not recorded
    """

    x: np.ndarray
    y: np.ndarray
    split: np.ndarray
    chrom: np.ndarray
    start: np.ndarray
    sample: str
    classes: tuple[str, ...]
    marks: tuple[str, ...]
    geometry: Geometry
    chrom_sizes: Mapping[str, int]
    split_plan: SplitPlan
    normalisation: Normalisation
    seed: int
    control: str
    filters: Mapping[str, int]
    counting: Mapping[str, Any]
    unlabelled: np.ndarray = field(default_factory=lambda: np.empty((0, 2), np.int64))
    sources: tuple[LabelSource, ...] = ()

    @property
    def chroms(self) -> tuple[str, ...]:
        return tuple(self.chrom_sizes)

    @property
    def bin_size(self) -> int:
        return self.geometry.bin_size

    @property
    def window_bins(self) -> int:
        return self.geometry.window_bins

    @property
    def split_parameters(self) -> dict[str, Any]:
        """The split of windows, for JSON."""
        return self.split_plan.to_dict()

    @property
    def midpoints(self) -> np.ndarray:
        """Middle of each window: int64, shape (windows,), bp."""
        return self.start + self.geometry.window // 2

    def with_marks(self, marks: Sequence[str]) -> "Tensors":
        """The same windows with a subset of their marks, in the given order."""
        if tuple(marks) == self.marks:
            return self
        rows = [self.marks.index(mark) for mark in marks]
        return replace(
            self,
            x=np.ascontiguousarray(self.x[:, rows]),
            marks=tuple(marks),
            normalisation=self.normalisation.select(rows),
        )

    def select(self, split: str) -> np.ndarray:
        """Rows of `train`, `validation` or `test`: int64."""
        return np.flatnonzero(self.split == SPLITS.index(split))


def write_tensors(path: Path, tensors: Tensors) -> None:
    """Write arrays and description as one safetensors file, which `open_tensors` reads."""
    facts: dict[str, Any] = {
        "format_version": 1,
        "sample": tensors.sample,
        "classes": list(tensors.classes),
        "marks": list(tensors.marks),
        "bin_size": tensors.bin_size,
        "window_bins": tensors.window_bins,
        "chroms": list(tensors.chroms),
        "chrom_sizes": dict(tensors.chrom_sizes),
        "split": tensors.split_parameters,
        "normalisation": tensors.normalisation.to_dict(),
        "seed": tensors.seed,
        "control": tensors.control,
        "filters": dict(tensors.filters),
        "counting": dict(tensors.counting),
        "sources": sources_to_json(tensors.sources),
    }
    write_checked(path, {name: getattr(tensors, name) for name in _ARRAYS}, KIND, facts)


def open_tensors(path: Path) -> Tensors:
    """Read a file of `write_tensors`; raises InputError if it is another file, or damaged."""
    try:
        arrays, facts = read_checked(path, KIND)
    except ValueError as error:
        raise InputError(f"{path} cannot be read as a file of tensors ({error}).") from error
    return Tensors(
        **arrays,
        sample=facts["sample"],
        classes=tuple(facts["classes"]),
        marks=tuple(facts["marks"]),
        geometry=Geometry(facts["bin_size"], facts["window_bins"]),
        chrom_sizes={chrom: facts["chrom_sizes"][chrom] for chrom in facts["chroms"]},
        split_plan=SplitPlan.from_dict(facts["split"]),
        normalisation=Normalisation.from_dict(facts["normalisation"]),
        seed=facts["seed"],
        control=facts["control"],
        filters=facts["filters"],
        counting=facts["counting"],
        sources=sources_from_json(facts.get("sources", [])),
    )
