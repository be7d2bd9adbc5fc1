"""Signal files: reads per million (RPM) of every mark in every bin.

A signal file has one sample: a float32 array, shape (marks, bins), for each chromosome. It is
written and read only here, one chromosome at a time: memory does not grow with the genome.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from deepregfinder.errors import InputError
from deepregfinder.storage.zarr_zip import open_arrays, read_array, write_arrays

FORMAT = "signal"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Signal:
    """The signal of one sample; arrays are read from the file on demand.

    marks : names, sorted; the order of the rows of every array
    bin_size : bp
    chrom_sizes : lengths in bp of the chromosomes, in the order of the run
    control : use of input controls: "ignore", "subtract" or "channel"
    library_sizes : of each replicate of each mark (usable reads on main chromosomes)
    counting : rules by which the reads were counted (counting.rules)
    """

    sample: str
    marks: tuple[str, ...]
    bin_size: int
    chrom_sizes: dict[str, int]
    control: str
    library_sizes: dict[str, tuple[int, ...]]
    counting: dict[str, Any]
    _arrays: zarr.Group = field(repr=False, compare=False)

    def load(self, chrom: str) -> np.ndarray:
        """RPM of one chromosome: float32, shape (marks, bins). Raises InputError without it."""
        if chrom not in self.chrom_sizes:
            raise InputError(
                f"The signal of {self.sample} has no chromosome {chrom}; it has "
                f"{', '.join(self.chrom_sizes)}."
            )
        return read_array(self._arrays, chrom)

    def load_mark(self, chrom: str, row: int) -> np.ndarray:
        """RPM of one mark, by its row, on a chromosome of the signal: float32, shape (bins,)."""
        return read_array(self._arrays, chrom, row)


def write_signal(
    path: Path,
    *,
    sample: str,
    marks: Sequence[str],
    bin_size: int,
    chrom_sizes: Mapping[str, int],
    control: str,
    library_sizes: Mapping[str, Sequence[int]],
    counting: Mapping[str, Any],
    arrays: Iterable[tuple[str, np.ndarray]],
) -> None:
    """Write a signal file from pairs of chromosome and float32 array, shape (marks, bins)."""
    attributes = {
        "format": FORMAT,
        "sample": sample,
        "marks": list(marks),
        "bin_size": bin_size,
        "chrom_sizes": dict(chrom_sizes),
        "control": control,
        "library_sizes": {mark: list(library_sizes[mark]) for mark in marks},
        "counting": dict(counting),
    }
    write_arrays(path, arrays, attributes)


def open_signal(path: Path) -> Signal:
    """Open a file of `write_signal`; raises InputError for any other file."""
    group = open_arrays(path, FORMAT)
    attributes: dict[str, Any] = dict(group.attrs)
    return Signal(
        sample=attributes["sample"],
        marks=tuple(attributes["marks"]),
        bin_size=attributes["bin_size"],
        chrom_sizes=dict(attributes["chrom_sizes"]),
        control=attributes["control"],
        library_sizes={mark: tuple(sizes) for mark, sizes in attributes["library_sizes"].items()},
        counting=dict(attributes["counting"]),
        _arrays=group,
    )


def mark_depths(signal: Signal) -> np.ndarray:
    """Library size of each mark, summed over its replicates: int64, shape (marks,)."""
    return np.array([sum(signal.library_sizes[mark]) for mark in signal.marks], np.int64)


def match_marks(marks: Sequence[str], signal: Signal) -> list[int]:
    """Rows of the given marks in the signal, in the given order.

    Unused marks of the signal are logged. Raises an InputError that lists all missing marks, and
    marks of the signal that may be the same in another spelling.
    """
    missing = [mark for mark in marks if mark not in signal.marks]
    if missing:
        spellings = {_plain(mark): mark for mark in signal.marks}
        hints = [
            f" Is {spellings[_plain(mark)]} meant by {mark}? Then rename it in the sheet."
            for mark in missing
            if _plain(mark) in spellings
        ]
        raise InputError(
            f"Sample {signal.sample} lacks {', '.join(missing)}, which the model was trained on; "
            f"it has {', '.join(signal.marks)}.{''.join(hints)}"
        )
    extra = [mark for mark in signal.marks if mark not in marks]
    if extra:
        _log.info("%s: %s not used by the model", signal.sample, ", ".join(extra))
    return [signal.marks.index(mark) for mark in marks]


def _plain(mark: str) -> str:
    return "".join(character for character in mark.lower() if character.isalnum())
