"""Prediction: a trained model over windows, over a whole chromosome, over given places.

A network of windows pads their edges with zeros, so a window has to be evaluated as a window:
sliding one dense convolution over the chromosome would be another function. Windows are gathered
from the normalised signal in batches, as a strided view without a copy per window. A model of the
genome is given the chromosome instead, and says itself what it makes of the windows on it.
"""

import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from deepregfinder.calibration import combine_members, temper
from deepregfinder.errors import InputError
from deepregfinder.genome import bare_name
from deepregfinder.models import build_network
from deepregfinder.models.bundle import Bundle, normalise_windows
from deepregfinder.models.genome import ChromosomeSignal, score_genome
from deepregfinder.models.layers import Network
from deepregfinder.probabilities import (
    ProbabilityAttributes,
    n_windows,
    scaled,
    write_probabilities,
)
from deepregfinder.signal import QuantileMap, Signal, mark_depths, mark_quantiles, match_marks

log = logging.getLogger(__name__)

# Windows of one batch: on a CPU its activations should stay in the cache; a GPU wants to be filled.
_BATCH = {"cpu": 512, "cuda": 1 << 16}


Keep = Callable[[slice, np.ndarray], None]
"""Is given the place of a batch among the starts, and its members' probabilities before
calibration: float32 (members, windows, classes)."""


class Scorer(Protocol):
    """What a model of any kind has to offer to be predicted with."""

    bundle: Bundle

    def score_starts(self, signal: ChromosomeSignal, starts: np.ndarray, keep: Keep) -> None:
        """Score windows that begin at the given bins, all of which lie inside the chromosome."""
        ...


class WindowScorer(ABC):
    """A model that sees windows one by one.

    threads : batches that may be scored at the same time
    """

    bundle: Bundle
    device: torch.device
    threads: int

    @abstractmethod
    def __call__(self, windows: Tensor) -> Tensor:
        """Normalised windows (n, marks, bins) to probabilities (members, n, classes).

        Before calibration.
        """

    def score_starts(self, signal: ChromosomeSignal, starts: np.ndarray, keep: Keep) -> None:
        if len(starts) == 0:
            return
        values = self.bundle.normalisation.apply(signal.rpm).astype(np.float32, copy=False)
        n_marks, n_bins = len(values), self.bundle.window_bins
        # Marks of a bin side by side, as networks want them: a window is one stretch of memory.
        track = torch.from_numpy(np.ascontiguousarray(values.T)).to(self.device)
        at = torch.from_numpy(np.asarray(starts, np.int64)).to(self.device)
        # (every start, bins x marks): a view, nothing is copied.
        view = track.flatten().unfold(0, n_bins * n_marks, n_marks)

        def score(part: slice) -> None:
            windows = view.index_select(0, at[part]).view(-1, n_bins, n_marks).transpose(1, 2)
            keep(part, self(windows).cpu().numpy())

        _in_batches(self, len(starts), score)


def load_networks(bundle: Bundle) -> list[Network]:
    """The networks of a bundle with their weights, folded for inference, on the CPU."""
    networks = []
    for weights in bundle.weights:
        network = build_network(
            bundle.model, len(bundle.marks), bundle.window_bins, len(bundle.classes)
        )
        network.load_state_dict(
            {key: torch.from_numpy(np.array(value)) for key, value in weights.items()}
        )
        network.eval()
        network.fold()
        networks.append(network)
    return networks


class NetworkScorer(WindowScorer):
    """The networks of a bundle, ready on a device.

    On a CPU each batch is computed by one thread, and `threads` batches at the same time. Threads
    inside of every layer, as torch has them, wait for each other hundreds of times a batch: on a
    machine that has other work, that was 15 times slower than one thread.
    """

    def __init__(self, bundle: Bundle, device: torch.device, threads: int) -> None:
        self.bundle = bundle
        self.device = device
        self.threads = threads if device.type == "cpu" else 1
        if device.type == "cpu":
            torch.set_num_threads(1)
        self._networks = [network.to(device) for network in load_networks(bundle)]

    @torch.inference_mode()
    def __call__(self, windows: Tensor) -> Tensor:
        return torch.stack([network(windows).softmax(dim=1) for network in self._networks])


class ForestScorer(WindowScorer):
    """The forests of a bundle. They are evaluated on the CPU, whatever the device."""

    device = torch.device("cpu")

    def __init__(self, bundle: Bundle, threads: int) -> None:
        from deepregfinder.models.forests import evaluate_forest  # numba: not for networks

        self.bundle = bundle
        self.threads = threads
        self._evaluate = evaluate_forest

    def __call__(self, windows: Tensor) -> Tensor:
        x = windows.contiguous().numpy()
        members = [self._evaluate(self.bundle.model, a, x) for a in self.bundle.weights]
        return torch.from_numpy(np.stack(members))


class GenomeScorer:
    """A model that sees the whole chromosome. All but `drf` are evaluated on the CPU."""

    def __init__(self, bundle: Bundle, device: torch.device, threads: int) -> None:
        self.bundle = bundle
        self._device = device
        self._threads = threads

    def score_starts(self, signal: ChromosomeSignal, starts: np.ndarray, keep: Keep) -> None:
        if len(starts) == 0:
            return
        members = [
            score_genome(
                self.bundle.model, arrays, signal, starts, self.bundle.window_bins,
                device=self._device, threads=self._threads,
            )
            for arrays in self.bundle.weights
        ]  # fmt: skip
        keep(slice(0, len(starts)), np.stack(members))


def load_scorer(bundle: Bundle, device: torch.device | str = "cpu", threads: int = 1) -> Scorer:
    """The scorer for the bundle's kind of model."""
    if bundle.kind == "genome":
        return GenomeScorer(bundle, torch.device(device), threads)
    return _window_scorer(bundle, torch.device(device), threads)


def _window_scorer(bundle: Bundle, device: torch.device, threads: int) -> WindowScorer:
    if bundle.kind == "forest":
        return ForestScorer(bundle, threads)
    return NetworkScorer(bundle, device, threads)


def predict_windows(
    bundle: Bundle, x: np.ndarray, device: torch.device | str = "cpu", threads: int = 1
) -> np.ndarray:
    """Probabilities of each member of a model of windows, before calibration.

    Parameters
    ----------
    x : reads per million (not normalised), float32 (n, marks, bins), marks as in the bundle

    Returns
    -------
    float32 (members, n, classes). `calibration.combine_members(..., bundle.temperature)` makes of
    it the calibrated probabilities (n, classes) that calls rest on.
    """
    scorer = _window_scorer(bundle, torch.device(device), threads)
    members = np.empty((len(bundle.members), len(x), len(bundle.classes)), np.float32)

    def score(part: slice) -> None:
        windows = torch.from_numpy(normalise_windows(bundle.normalisation, x[part]))
        members[:, part] = scorer(windows.to(scorer.device)).cpu().numpy()

    _in_batches(scorer, len(x), score)
    return members


def predict_places(
    scorer: Scorer, reader: "SignalReader", chroms: np.ndarray, starts: np.ndarray
) -> np.ndarray:
    """Probabilities of each member, before calibration, of windows anywhere on the genome.

    chroms : names, (n,); starts : int64 (n,), in bins; returns float32 (members, n, classes)
    """
    bundle = scorer.bundle
    members = np.empty((len(bundle.members), len(starts), len(bundle.classes)), np.float32)
    for chrom in dict.fromkeys(chroms.tolist()):
        rows = np.flatnonzero(chroms == chrom)

        def keep(part: slice, found: np.ndarray, rows: np.ndarray = rows) -> None:
            members[:, rows[part]] = found

        scorer.score_starts(reader.load(chrom), starts[rows], keep)
    return members


class SignalReader:
    """The signal of a sample, as a bundle wants it.

    Checks on making that the sample fits: InputError where marks are missing (all are named), bins
    are of another size, the assembly is another one, or controls were handled in another way.

    quantile_map : give each mark the distribution that it had in the training sample
    """

    def __init__(self, bundle: Bundle, signal: Signal, quantile_map: bool) -> None:
        check_signal(bundle, signal)
        self._signal = signal
        self._marks = match_marks(bundle.marks, signal)
        self._depths = mark_depths(signal)[self._marks]
        self._map: QuantileMap | None = None
        if quantile_map:
            # Those that the bundle's quantiles come from, where this sample has them.
            chroms = bundle.split.training_chroms(signal.chrom_sizes) or signal.chrom_sizes
            target = np.asarray(bundle.normalisation.quantiles, np.float32)
            source = mark_quantiles(signal, chroms, n=target.shape[1])[self._marks]
            self._map = QuantileMap(source, target)
            log.info("Each mark is given the distribution that it had in %s.", bundle.sample)

    def load(self, chrom: str) -> ChromosomeSignal:
        """The signal of a chromosome, marks in the order of the bundle."""
        rpm = self._signal.load(chrom)
        if self._marks != list(range(len(rpm))):
            rpm = rpm[self._marks]
        if self._map is not None:
            rpm = self._map.apply(rpm)
        length = self._signal.chrom_sizes[chrom]
        return ChromosomeSignal(chrom, length, rpm, self._depths, self._signal.bin_size)


def check_signal(bundle: Bundle, signal: Signal) -> None:
    """Raise InputError unless bin size, assembly and control handling are those of the bundle."""
    problems = []
    name = f"the model trained on {bundle.sample}"
    if signal.bin_size != bundle.bin_size:
        problems.append(
            f"The signal of {signal.sample} has bins of {signal.bin_size} bp, {name} needs "
            f"{bundle.bin_size} bp: run with --bin_size {bundle.bin_size}."
        )
    known = {bare_name(chrom): size for chrom, size in bundle.chrom_sizes.items()}
    shared = [chrom for chrom in signal.chrom_sizes if bare_name(chrom) in known]
    unlike = [chrom for chrom in shared if signal.chrom_sizes[chrom] != known[bare_name(chrom)]]
    if not shared:
        problems.append(
            f"{signal.sample} and {name} share no chromosome: {_some(signal.chrom_sizes)} against "
            f"{_some(bundle.chrom_sizes)}. They are of different genomes."
        )
    elif unlike:
        chrom = unlike[0]
        problems.append(
            f"{signal.sample} is aligned to another assembly than {name}: {len(unlike)} of "
            f"{len(shared)} chromosomes differ in length ({chrom} is {signal.chrom_sizes[chrom]:,} "
            f"bp against {known[bare_name(chrom)]:,}). Use a model of the same assembly, or align "
            "the reads to that of the model."
        )
    expected = bundle.normalisation.control
    if signal.control != expected and "subtract" in (signal.control, expected):
        problems.append(
            f"The signal of {signal.sample} was made with --control {signal.control}, {name} "
            f"needs --control {expected}."
        )
    if problems:
        raise InputError.of(problems)


def _some(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def scan_genome(
    path: Path, scorer: Scorer, signal: Signal, chroms: Sequence[str], step: int, quantile_map: bool
) -> None:
    """Scan the named chromosomes and write their probabilities (probabilities.py) to `path`.

    Raises InputError where the sample does not fit the model, or a chromosome is unknown.
    """
    bundle = scorer.bundle
    check_step(step, bundle.bin_size)
    if unknown := [chrom for chrom in chroms if chrom not in signal.chrom_sizes]:
        raise InputError(
            f"{signal.sample} has no chromosome {', '.join(unknown)}; it has "
            f"{_some(signal.chrom_sizes)}."
        )
    reader = SignalReader(bundle, signal, quantile_map)
    attributes = ProbabilityAttributes(
        sample=signal.sample,
        model=bundle.model,
        trained_on=bundle.sample,
        classes=bundle.classes,
        step=step,
        window=bundle.geometry.window,
        seeds=bundle.seeds,
        temperature=bundle.temperature,
        thresholds=bundle.thresholds,
        quantile_map=quantile_map,
        chrom_sizes=signal.chrom_sizes,
    )

    def scans() -> Iterator[tuple[str, np.ndarray, np.ndarray | None]]:
        started, all_bp = time.monotonic(), sum(signal.chrom_sizes[chrom] for chrom in chroms)
        done_bp = windows = 0
        for number, chrom in enumerate(chroms, 1):
            length = signal.chrom_sizes[chrom]
            best, each = scan_chromosome(scorer, reader.load(chrom), step)
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
    scorer: Scorer, signal: ChromosomeSignal, step: int
) -> tuple[np.ndarray, np.ndarray | None]:
    """Score all windows of a chromosome.

    Parameters
    ----------
    step : between windows in bp, a multiple of the bin size

    Returns
    -------
    As `probabilities.write_probabilities` wants them: calibrated probabilities x 65,535, uint16
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


def probabilities_at(scorer: Scorer, signal: ChromosomeSignal, starts: np.ndarray) -> np.ndarray:
    """Calibrated probabilities, float64 (windows, classes), of windows that begin at given bins."""
    found = np.empty((len(starts), len(scorer.bundle.classes)))

    def keep(part: slice, members: np.ndarray) -> None:
        found[part] = combine_members(members, scorer.bundle.temperature)

    scorer.score_starts(signal, starts, keep)
    return found


def _in_batches(scorer: WindowScorer, n: int, score: Callable[[slice], None]) -> None:
    """Call `score` for consecutive parts of n windows, `scorer.threads` at a time."""
    size = _BATCH[scorer.device.type]
    parts = (slice(first, min(first + size, n)) for first in range(0, n, size))
    if scorer.threads == 1:
        for part in parts:
            score(part)
    else:
        with ThreadPoolExecutor(scorer.threads) as pool:
            for _ in pool.map(score, parts):
                pass


def check_step(step: int, bin_size: int) -> None:
    """Raise InputError unless windows a step apart begin at borders of bins."""
    if step < bin_size or step % bin_size:
        raise InputError(
            f"--step {step} is no multiple of --bin_size {bin_size}: choose {bin_size}, "
            f"{2 * bin_size}, ..."
        )
