"""Prediction of whole chromosomes with a trained model."""

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from deepregfinder.errors import InputError
from deepregfinder.genome.assembly import few
from deepregfinder.models.calibration import combine_members, temper
from deepregfinder.models.protocol import ChromosomeSignal
from deepregfinder.prediction.probabilities import (
    ProbabilityAttributes,
    n_windows,
    scaled,
    write_probabilities,
)
from deepregfinder.prediction.sample_signal import SignalReader
from deepregfinder.signal.store import Signal

if TYPE_CHECKING:  # scorers import torch, which calling and evaluation do not need
    from deepregfinder.prediction.scorers import BundleScorer

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ScanOptions:
    """How a genome is scanned.

    step : distance between windows, bp
    quantile_map : give each mark the distribution that it had in the training sample
    """

    step: int
    quantile_map: bool


def scan_genome(
    path: Path, scorer: "BundleScorer", signal: Signal, chroms: Sequence[str], options: ScanOptions
) -> None:
    """Scan the named chromosomes and write their probabilities (probabilities.py) to `path`.

    Raises InputError if the sample does not fit the model, or if a chromosome is unknown.
    """
    bundle = scorer.bundle
    check_step(options.step, bundle.bin_size)
    if unknown := [chrom for chrom in chroms if chrom not in signal.chrom_sizes]:
        raise InputError(
            f"{signal.sample} has no chromosome {', '.join(unknown)}; it has "
            f"{few(signal.chrom_sizes, 3)}."
        )
    reader = SignalReader(bundle, signal, options.quantile_map)
    attributes = ProbabilityAttributes(
        sample=signal.sample,
        model=bundle.model,
        trained_on=bundle.sample,
        classes=bundle.classes,
        step=options.step,
        window=bundle.geometry.window,
        seeds=bundle.seeds,
        temperature=bundle.temperature,
        thresholds=bundle.thresholds,
        natural=bundle.natural,
        quantile_map=options.quantile_map,
        chrom_sizes=signal.chrom_sizes,
    )

    def scans() -> Iterator[tuple[str, np.ndarray, np.ndarray | None]]:
        started, all_bp = time.monotonic(), sum(signal.chrom_sizes[chrom] for chrom in chroms)
        done_bp = windows = 0
        for number, chrom in enumerate(chroms, 1):
            length = signal.chrom_sizes[chrom]
            best, each = scan_chromosome(scorer, reader.load(chrom), options.step)
            done_bp += length
            windows += best.shape[1]
            passed = time.monotonic() - started
            log.info(
                "%s with %s: %s scanned (%d of %d), %s windows (%s a second), about %.0f s left",
                signal.sample, bundle.model, chrom, number, len(chroms), f"{windows:,}",
                f"{windows / max(passed, 1e-9):,.0f}", passed / done_bp * (all_bp - done_bp),
            )  # fmt: skip
            yield chrom, best, each

    write_probabilities(path, scans(), attributes)


def scan_chromosome(
    scorer: "BundleScorer", signal: ChromosomeSignal, step: int
) -> tuple[np.ndarray, np.ndarray | None]:
    """Score all windows of a chromosome.

    Parameters
    ----------
    step : between windows in bp, a multiple of the bin size

    Returns
    -------
    Input of `probabilities.write_probabilities`: calibrated probabilities x 65,535, uint16
    (classes, windows), and those of each member, uint16 (members, classes, windows), None for a
    bundle of one member.
    """
    bundle = scorer.bundle
    check_step(step, bundle.bin_size)
    n = n_windows(signal.length, step, bundle.geometry.window)
    starts = np.arange(n, dtype=np.int64) * (step // bundle.bin_size)
    shape = (len(bundle.classes), n)
    best = np.empty(shape, np.uint16)
    several = len(bundle.members) > 1
    each = np.empty((len(bundle.members), *shape), np.uint16) if several else None

    def keep(part: slice, members: np.ndarray) -> None:
        best[:, part] = scaled(combine_members(members, bundle.temperature)).T
        if each is not None:
            each[:, :, part] = scaled(temper(members, bundle.temperature)).transpose(0, 2, 1)

    scorer.score_starts(signal, starts, keep)
    return best, each


def check_step(step: int, bin_size: int) -> None:
    """Raise InputError unless all windows start at the border of a bin."""
    if step < bin_size or step % bin_size:
        raise InputError(
            f"--step {step} is not a multiple of --bin_size {bin_size}: choose {bin_size}, "
            f"{2 * bin_size}, ..."
        )
