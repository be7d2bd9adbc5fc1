"""The signal of a sample as input of a trained model."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from deepregfinder.counting.rules import different_rules
from deepregfinder.errors import InputError
from deepregfinder.genome.assembly import few, unlike_model
from deepregfinder.genome.grid import bare_name
from deepregfinder.models.bundle import Bundle
from deepregfinder.models.catalogue import accessibility_row
from deepregfinder.models.protocol import ChromosomeSignal
from deepregfinder.signal.scale import QuantileMap, mark_quantiles
from deepregfinder.signal.store import Signal, mark_depths, match_marks

log = logging.getLogger(__name__)

# Smallest share of the genome that the chromosomes of a model and of a sample have in common.
SAME_GENOME = 0.9


class SignalReader:
    """The signal of a sample as input of a bundle.

    Creation raises InputError if the sample does not fit: marks are missing (all are named), or the
    bin size, the assembly, the counting rules or the use of controls are different. A portable
    model takes any of its marks, and other assemblies: marks that are missing have no reads, and
    the signal is brought to the mean of the model's genome.

    quantile_map : give each mark the distribution that it had in the training sample
    """

    def __init__(self, bundle: Bundle, signal: Signal, quantile_map: bool) -> None:
        check_signal(bundle, signal)
        self._signal = signal
        self._marks = rows_of(bundle, signal)
        self._depths = select_rows(mark_depths(signal), self._marks)
        self._scale = _of_genome(signal, bundle) if bundle.portable else np.float32(1)
        self._map: QuantileMap | None = None
        if quantile_map:
            # The chromosomes of the bundle's quantiles, if this sample has them.
            chroms = bundle.split.training_chroms(signal.chrom_sizes) or signal.chrom_sizes
            target = np.asarray(bundle.normalisation.quantiles, np.float32)
            own = select_rows(mark_quantiles(signal, chroms, n=target.shape[1]), self._marks)
            lacking = np.asarray(self._marks)[:, np.newaxis] < 0
            source = np.where(lacking, target, own * self._scale)
            self._map = QuantileMap(source, target)
            log.info("Each mark is given the distribution that it had in %s.", bundle.sample)

    def load(self, chrom: str) -> ChromosomeSignal:
        """The signal of a chromosome, marks in the order of the bundle."""
        rpm = self._signal.load(chrom)
        if self._marks != list(range(len(rpm))):
            rpm = select_rows(rpm, self._marks)
        if self._scale != 1:
            rpm = rpm * self._scale
        if self._map is not None:
            rpm = self._map.apply(rpm)
        length = self._signal.chrom_sizes[chrom]
        return ChromosomeSignal(chrom, length, rpm, self._depths, self._signal.bin_size)


def rows_of(bundle: Bundle, signal: Signal) -> list[int]:
    """The row of the signal for each mark of the bundle; -1 for one that a portable model lacks.

    A portable model takes ATAC for DNase, and the other way round. Raises InputError where a mark
    is missing, or all marks of a portable model are.
    """
    if not bundle.portable:
        return match_marks(bundle.marks, signal)
    rows = [signal.marks.index(mark) if mark in signal.marks else -1 for mark in bundle.marks]
    track, own = accessibility_row(bundle.marks), accessibility_row(signal.marks)
    if track is not None and own is not None and rows[track] < 0:
        rows[track] = own
    return rows if max(rows) >= 0 else match_marks(bundle.marks, signal)


def _of_genome(signal: Signal, bundle: Bundle) -> np.float32:
    """Length of the sample's genome over that of the model's: RPM times it has the same mean."""
    lengths = [sum(of.chrom_sizes.values()) for of in (signal, bundle)]
    return np.float32(lengths[0] / lengths[1])


def select_rows(values: np.ndarray, rows: Sequence[int]) -> np.ndarray:
    """Rows of an array, zeros for the row -1."""
    chosen = values[rows]
    chosen[np.asarray(rows) < 0] = 0
    return chosen


def check_signal(bundle: Bundle, signal: Signal) -> None:
    """Raise InputError unless bins, assembly, counting and controls are those of the bundle."""
    problems = []
    name = f"the model trained on {bundle.sample}"
    if signal.bin_size != bundle.bin_size:
        problems.append(
            f"The signal of {signal.sample} has bins of {signal.bin_size} bp, {name} needs "
            f"{bundle.bin_size} bp: run with --bin_size {bundle.bin_size}."
        )
    unlike = unlike_model(signal.sample, signal.chrom_sizes, name, bundle.chrom_sizes)
    if unlike and not bundle.portable:
        problems.append(unlike)
    elif not bundle.portable:
        _tell_other_library_sizes(bundle, signal, name)
    problems += counted_otherwise(bundle, signal.sample, signal.counting)
    expected = bundle.normalisation.control
    if signal.control != expected and "subtract" in (signal.control, expected):
        problems.append(
            f"The signal of {signal.sample} was made with --control {signal.control}, {name} "
            f"needs --control {expected}."
        )
    if problems:
        raise InputError.of(problems)


def counted_otherwise(bundle: Bundle, sample: str, counting: Mapping[str, Any]) -> list[str]:
    """A sentence if the reads of a sample were counted by other rules than those of the bundle.

    counting : the rules recorded with signal or windows (counting.rules). A rule that either does
        not record is not compared. Another blacklist is logged: it belongs to the assembly, and
        changes few bins.
    """
    recorded = bundle.provenance.get("counting", {})
    # A portable model may come from another assembly, whose blacklist is another one.
    if "blacklist" in recorded and "blacklist" in counting and not bundle.portable:
        mine, its = counting["blacklist"], recorded["blacklist"]
        if bool(mine) != bool(its) or (isinstance(its, str) and mine != its):
            log.warning(
                "%s was counted with %s blacklist, but the reads of the model trained on %s with "
                "%s: calls in regions that only one of them lists are not reliable.",
                *(sample, "another" if mine and its else "a" if mine else "no"),
                *(bundle.sample, "its own" if mine and its else "one" if its else "none"),
            )
    different = different_rules(recorded, counting)
    if not different:
        return []
    here = " ".join(f"--{name} {counting[name]}" for name in different)
    there = " ".join(f"--{name} {recorded[name]}" for name in different)
    return [
        f"The reads of {sample} were counted with {here}, but those of the model trained on "
        f"{bundle.sample} with {there}: count them by the rules of the model."
    ]


def _tell_other_library_sizes(bundle: Bundle, signal: Signal, name: str) -> None:
    """Library sizes count reads on the chromosomes of a run: these should be the same ones."""
    of_model = {bare_name(chrom): size for chrom, size in bundle.chrom_sizes.items()}
    of_sample = {bare_name(chrom): size for chrom, size in signal.chrom_sizes.items()}
    shared = sum(size for chrom, size in of_model.items() if chrom in of_sample)
    if shared < SAME_GENOME * max(sum(of_model.values()), sum(of_sample.values())):
        log.warning(
            "The library sizes of %s count reads on %d chromosomes (%s), those of %s on %d (%s): "
            "reads per million are not comparable, and probabilities are wrong. Choose the "
            "chromosomes of the model with --chromosomes.",
            *(signal.sample, len(of_sample), few(signal.chrom_sizes, 3)),
            *(name, len(of_model), few(bundle.chrom_sizes, 3)),
        )
