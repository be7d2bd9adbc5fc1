"""Probabilities of all windows of a genome: the file from prediction to calling.

Arrays (see storage/zarr_zip.py), for each chromosome:
  <chrom>          uint16 (classes, windows): calibrated probability x 65,535, rounded
  members.<chrom>  uint16 (members, classes, windows), only if the bundle has several members; each
                   is calibrated with the temperature of the bundle
Window i starts at i x step; all of it lies inside the chromosome. This module needs no torch.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from deepregfinder.errors import InputError
from deepregfinder.genome.grid import natural_order
from deepregfinder.models.natural import (
    LEVELS,
    Natural,
    natural_from_json,
    natural_to_json,
)
from deepregfinder.storage.zarr_zip import open_arrays, read_array, write_arrays

SCALE = LEVELS - 1
_MEMBERS = "members."


@dataclass(frozen=True)
class ProbabilityAttributes:
    """Attributes of one scan of a genome.

    sample : the sample that was scanned; trained_on : the sample that the model was trained on
    step, window : in bp; seeds : of the members; chrom_sizes : all main chromosomes, scanned or not
    thresholds : for each class except background, the lowest probability of a called window
    natural : maps of the model to natural prevalence; None if it has none
    """

    sample: str
    model: str
    trained_on: str
    classes: tuple[str, ...]
    step: int
    window: int
    seeds: tuple[int, ...]
    temperature: float
    thresholds: tuple[float, ...]
    natural: Natural | None
    quantile_map: bool
    chrom_sizes: Mapping[str, int]


@dataclass(frozen=True)
class Probabilities(ProbabilityAttributes):
    """One scan, opened from one or several files; arrays are read on demand."""

    groups: Mapping[str, zarr.Group]

    @property
    def chroms(self) -> tuple[str, ...]:
        """The scanned chromosomes, in natural order."""
        return tuple(sorted(self.groups, key=natural_order))

    def centres(self, n: int) -> np.ndarray:
        """Centres of the first n windows of a chromosome: int64 (n,), bp."""
        return np.arange(n, dtype=np.int64) * self.step + self.window // 2

    def load(self, chrom: str) -> np.ndarray:
        """Calibrated probabilities of a chromosome: float32 (classes, windows)."""
        return _unscaled(self.groups[chrom], chrom)

    def load_class(self, chrom: str, index: int) -> np.ndarray:
        """Calibrated probabilities of one class on a chromosome: float32 (windows,)."""
        return _unscaled(self.groups[chrom], chrom, index)

    def load_members(self, chrom: str) -> np.ndarray:
        """Calibrated probabilities of each member: float32 (members, classes, windows)."""
        if len(self.seeds) == 1:
            return self.load(chrom)[np.newaxis]
        return _unscaled(self.groups[chrom], _MEMBERS + chrom)


def n_windows(length: int, step: int, window: int) -> int:
    """Windows of width `window` at 0, step, 2 step, ... that lie entirely in `length` bp."""
    return max(0, (length - window) // step + 1)


def scaled(probabilities: np.ndarray) -> np.ndarray:
    """Stored form of probabilities: uint16, p x 65,535 rounded."""
    stored: np.ndarray = np.rint(np.asarray(probabilities) * SCALE).astype(np.uint16)
    return stored


def as_stored(probabilities: np.ndarray) -> np.ndarray:
    """Probabilities as they are read from a file that they were written to. Same shape; float32."""
    return scaled(probabilities).astype(np.float32) / np.float32(SCALE)


def write_probabilities(
    path: Path,
    scans: Iterable[tuple[str, np.ndarray, np.ndarray | None]],
    attributes: ProbabilityAttributes,
) -> None:
    """Write (chrom, scaled probabilities, scaled members or None), one chromosome at a time."""

    def arrays() -> Iterable[tuple[str, np.ndarray]]:
        for chrom, probabilities, members in scans:
            yield chrom, probabilities
            if members is not None:
                yield _MEMBERS + chrom, members

    facts = asdict(attributes)
    facts["chrom_sizes"] = dict(attributes.chrom_sizes)
    facts["natural"] = natural_to_json(attributes.natural)
    write_arrays(path, arrays(), {"format": "probabilities", "scale": SCALE, **facts})


def open_probabilities(paths: Sequence[Path]) -> Probabilities:
    """Open the files of one scan, one for each group of chromosomes.

    Raises InputError if a file is damaged, if files are not of one scan, or if two of them have the
    same chromosome.
    """
    if not paths:
        raise InputError("No file of probabilities is given.")
    attributes: ProbabilityAttributes | None = None
    groups: dict[str, zarr.Group] = {}
    for path in sorted(map(Path, paths)):
        group = open_arrays(path, "probabilities")
        of_file = _attributes(path, group)
        if attributes is not None and of_file != attributes:
            unlike = [key for key, value in vars(of_file).items() if value != vars(attributes)[key]]
            raise InputError(
                f"{path} is from another scan than the other files: {', '.join(unlike)} differ."
            )
        attributes = of_file
        for name in group.array_keys():
            if name.startswith(_MEMBERS):
                continue
            if name in groups:
                raise InputError(f"{path}: chromosome {name} is also in another file.")
            _check_shapes(path, group, name, of_file)
            groups[name] = group
    assert attributes is not None
    return Probabilities(**vars(attributes), groups=groups)


def _attributes(path: Path, group: zarr.Group) -> ProbabilityAttributes:
    try:
        facts: dict[str, Any] = {
            field.name: group.attrs[field.name] for field in fields(ProbabilityAttributes)
        }
        for name in ("classes", "seeds", "thresholds"):
            facts[name] = tuple(facts[name])
        facts["natural"] = natural_from_json(facts["natural"], len(facts["classes"]))
        if group.attrs["scale"] != SCALE:
            raise ValueError("unknown scale")
        if len(facts["thresholds"]) != len(facts["classes"]) - 1:
            raise ValueError("thresholds")
        return ProbabilityAttributes(**facts)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} is damaged (attribute {error}).") from None


def _check_shapes(
    path: Path, group: zarr.Group, chrom: str, attributes: ProbabilityAttributes
) -> None:
    length = attributes.chrom_sizes.get(chrom)
    if length is None:
        raise InputError(f"{path} is damaged: {chrom} has no length.")
    shape = (len(attributes.classes), n_windows(length, attributes.step, attributes.window))
    shapes: dict[str, tuple[int, ...]] = {chrom: shape}
    if len(attributes.seeds) > 1:
        shapes[_MEMBERS + chrom] = (len(attributes.seeds), *shape)
    for name, expected in shapes.items():
        if name not in group or group[name].shape != expected:  # type: ignore[union-attr]
            raise InputError(f"{path} is damaged: {name} is missing or has another shape.")


def _unscaled(group: zarr.Group, name: str, row: int | None = None) -> np.ndarray:
    return read_array(group, name, row).astype(np.float32) / np.float32(SCALE)
