"""Evaluation of a model: on labelled test windows and on every window of the test chromosomes.

Results are arrays; evaluation/metrics_json.py gives them names.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from deepregfinder.errors import InputError
from deepregfinder.evaluation.class_calibration import class_errors, tally_calibration
from deepregfinder.evaluation.metrics import (
    NO_BOOTSTRAP,
    Blocks,
    Bootstrap,
    Figures,
    Tallies,
    block_weights,
    blocks_of_test_windows,
    measure,
    one_hot_membership,
    tally,
)
from deepregfinder.evaluation.natural_prevalence import (
    CallTallies,
    measure_calls,
    tally_calls,
    tally_genome,
    tally_uncalibrated,
)
from deepregfinder.evaluation.ranking import RankedCalls, rank_calls, ranked_average_precision
from deepregfinder.labels.ground_truth import labelled_elements
from deepregfinder.labels.sources import seen_marks
from deepregfinder.labels.tensors import Tensors
from deepregfinder.models.bundle import Bundle
from deepregfinder.models.calibration import combine_members
from deepregfinder.models.tss_input import is_tss_array
from deepregfinder.prediction.calling import Calls, TssZone
from deepregfinder.prediction.cutoffs import Cutoff
from deepregfinder.prediction.natural_scan import CLASS_SHARES, NaturalScan
from deepregfinder.prediction.probabilities import Probabilities

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Subject:
    """One model on the labelled windows of one sample.

    model : its name in the run
    predictions : probabilities of each member for the test windows, in their order and before
        calibration: float32, shape (members, windows, classes)
    """

    sample: str
    model: str
    bundle: Bundle
    windows: Tensors
    predictions: np.ndarray


@dataclass(frozen=True)
class Evidence:
    """Predictions of the same model on the genome of the sample.

    scan : None if the genome was not predicted; natural prevalence is then not measured
    calls : None if calls are not measured
    cutoffs : where these calls begin, None for the thresholds of the bundle; they are only reported
    zone : where enhancer calls were removed, and enhancer candidates are; None if they were not
    class_share : the parameter of that name, for `NaturalScan`
    """

    scan: Probabilities | None = None
    calls: Mapping[str, Calls] | None = None
    cutoffs: Sequence[Cutoff] | None = None
    zone: TssZone | None = None
    class_share: str = CLASS_SHARES[0]


NO_EVIDENCE = Evidence()


@dataclass(frozen=True)
class Measured:
    """Tallies of the averaged probabilities, and metrics of these and of each member.

    blocks : of the tallies and of the bootstrap
    figures, by_seed : metrics with one weighting (estimates); by_seed has one row per member
    replicates : the bootstrap distribution; None with too few blocks or without replicates
    """

    blocks: Blocks
    tallies: Tallies
    figures: Figures
    replicates: Figures | None
    by_seed: tuple[Figures, ...]


@dataclass(frozen=True)
class MeasuredCalls:
    """Calls on the test chromosomes: counts, and metrics with the average precision of candidates.

    weights : of the blocks in each replicate; None without replicates
    """

    tallies: CallTallies
    ranked: Sequence[RankedCalls]
    weights: np.ndarray | None
    figures: Mapping[str, np.ndarray]
    replicates: Mapping[str, np.ndarray] | None


@dataclass(frozen=True)
class ClassCalibration:
    """Calibration of each class at natural prevalence (class_calibration.py).

    bins : float64 (blocks, classes - 1, N_BINS, 3)
    errors, replicates : float64 (1 or replicates, classes), NaN for background
    """

    bins: np.ndarray
    errors: np.ndarray
    replicates: np.ndarray | None


@dataclass(frozen=True)
class Evaluation:
    """All metrics of one model on one sample.

    test : calibrated probabilities of the labelled test windows
    uncalibrated : the same before calibration
    natural, calls : None if they cannot be measured; natural_reason has the reason
    natural_uncalibrated : natural before calibration
    class_calibration : None also without maps to natural prevalence
    chroms : the test chromosomes of natural
    thresholds : for each class except background, the lowest probability of a called window away
        from known TSSs; None if there is none
    notes : caveats for the reader of the metrics
    """

    sample: str
    model: str
    bundle: Bundle
    thresholds: tuple[float | None, ...]
    n_replicates: int
    test: Measured
    uncalibrated: Measured
    natural: Measured | None
    natural_uncalibrated: Measured | None
    class_calibration: ClassCalibration | None
    calls: MeasuredCalls | None
    natural_reason: str | None
    chroms: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Natural:
    """Metrics on whole test chromosomes, as in `Evaluation`."""

    calibrated: Measured | None
    uncalibrated: Measured | None
    class_calibration: ClassCalibration | None
    calls: MeasuredCalls | None
    chroms: tuple[str, ...]


NOT_MEASURED = Natural(None, None, None, None, ())


def evaluate(
    subject: Subject, evidence: Evidence = NO_EVIDENCE, bootstrap: Bootstrap = NO_BOOTSTRAP
) -> Evaluation:
    """Evaluate a model on the test windows of a sample and, with a scan, at natural prevalence.

    Raises InputError if there is no test window, or if the scan is of another model.
    """
    bundle, windows = subject.bundle, subject.windows
    scan = evidence.scan
    if scan is not None and (scan.trained_on, scan.seeds) != (bundle.sample, bundle.seeds):
        raise InputError(
            f"The genome was predicted with another model: trained on {scan.trained_on} with seeds "
            f"{', '.join(map(str, scan.seeds))}, and the bundle is of {bundle.sample} with seeds "
            f"{', '.join(map(str, bundle.seeds))}."
        )
    rows = windows.select("test")
    if not len(rows):
        raise InputError(
            f"{subject.sample}: none of {len(windows.y):,} labelled windows can test "
            f"{subject.model} ({_tested_on(windows)}). Choose other chromosomes with --test_chroms."
        )
    is_random = windows.split_plan.mode == "random"
    chroms = windows.split_plan.chromosomes.select(windows.chroms, "test")
    blocks, block = blocks_of_test_windows(windows)
    weights = block_weights(blocks, bootstrap)
    truth = windows.y[rows].astype(np.int64)
    log.info(
        "%s, %s: %d test windows in %d blocks", subject.sample, subject.model, len(rows),
        len(blocks),
    )  # fmt: skip

    def tally_windows(probabilities: np.ndarray) -> Tallies:
        membership = one_hot_membership(truth, len(bundle.classes))
        return tally(probabilities.T, truth, membership, block, len(blocks))

    predictions = subject.predictions
    by_seed = [tally_windows(bundle.labelled_probabilities(member[None])) for member in predictions]
    calibrated = tally_windows(bundle.labelled_probabilities(predictions))
    raw = tally_windows(combine_members(predictions, 1.0))

    natural = NOT_MEASURED
    reason = _why_not_natural(is_random, chroms, scan)
    if scan is not None and reason is None:
        natural = _at_natural_prevalence(subject, scan, evidence, chroms, bootstrap)
    return Evaluation(
        sample=subject.sample,
        model=subject.model,
        bundle=bundle,
        thresholds=bundle.thresholds
        if evidence.cutoffs is None
        else tuple(row.probability for row in evidence.cutoffs),
        n_replicates=bootstrap.samples,
        test=_measured(blocks, calibrated, by_seed, weights),
        uncalibrated=_measured(blocks, raw, [], None),
        natural=natural.calibrated,
        natural_uncalibrated=natural.uncalibrated,
        class_calibration=natural.class_calibration,
        calls=natural.calls,
        natural_reason=reason,
        chroms=natural.chroms,
        notes=(
            *_split_notes(bundle, windows),
            *_label_notes(bundle, windows),
            *_tss_note(bundle),
            *_removed_calls_note(natural.calls, evidence),
        ),
    )


def _at_natural_prevalence(
    subject: Subject,
    scan: Probabilities,
    evidence: Evidence,
    test_chroms: Sequence[str],
    bootstrap: Bootstrap,
) -> Natural:
    """Evaluate every window, and the calls, of the test chromosomes that were predicted."""
    windows = subject.windows
    chroms = tuple(chrom for chrom in test_chroms if chrom in scan.chroms)
    if absent := sorted(set(test_chroms) - set(chroms)):
        log.warning("Test chromosomes that were not predicted: %s", ", ".join(absent))
    elements = labelled_elements(windows, chroms)
    blocks = Blocks.over({chrom: windows.chrom_sizes[chrom] for chrom in chroms})
    weights = block_weights(blocks, bootstrap)
    log.info("%s, %s: every window of %s", subject.sample, subject.model, ", ".join(chroms))
    several = len(scan.seeds) > 1
    averaged, by_member = tally_genome(scan, elements, blocks, with_members=several)
    raw = tally_uncalibrated(scan, elements, blocks)
    calls: MeasuredCalls | None = None
    if evidence.calls is not None:
        tallies = tally_calls(evidence.calls, elements, len(subject.bundle.classes), blocks)
        ranked = rank_calls(scan, elements, blocks, evidence.zone)
        calls = MeasuredCalls(
            tallies,
            ranked,
            weights,
            call_figures(tallies, ranked, np.ones((1, len(blocks)))),
            None if weights is None else call_figures(tallies, ranked, weights),
        )
    class_calibration = None
    if scan.natural is not None:
        # By reads alone: without a known TSS, no label can tell whether there is a promoter.
        by_reads = NaturalScan(scan, None, evidence.class_share)
        bins = tally_calibration(by_reads, elements, blocks)
        drawn = None if weights is None else class_errors(bins, weights)
        class_calibration = ClassCalibration(bins, class_errors(bins), drawn)
    return Natural(
        calibrated=_measured(blocks, averaged, by_member or [averaged], weights),
        uncalibrated=_measured(blocks, raw, [], None),
        class_calibration=class_calibration,
        calls=calls,
        chroms=chroms,
    )


def call_figures(
    tallies: CallTallies, ranked: Sequence[RankedCalls], weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Metrics of calls (`measure_calls`), and the average precision of candidates."""
    areas = [ranked_average_precision(of_class, weights) for of_class in ranked]
    none = np.full(len(weights), np.nan)
    return measure_calls(tallies, weights) | {"average_precision": np.stack([none, *areas], axis=1)}


def _tss_note(bundle: Bundle) -> list[str]:
    """The labels are defined by the same TSSs."""
    if len(bundle.classes) == 2 or not any(map(is_tss_array, bundle.weights[0])):
        return []
    return [
        f"{bundle.model} is given the TSSs of the labels. Labelled promoters lie on them and all "
        "other labelled windows lie far from them, so test windows can be separated without their "
        "reads. On every window, accuracy shows which of these TSSs are in use, not where unknown "
        "promoters are."
    ]


def _removed_calls_note(calls: MeasuredCalls | None, evidence: Evidence) -> list[str]:
    """The labels keep enhancers away from the same TSSs, which helps precision."""
    if calls is None or evidence.zone is None:
        return []
    return [
        f"Enhancer calls within {evidence.zone.distance} bp of a TSS were removed before they were "
        "measured, by the list that defines the labels: part of their precision is the list's."
    ]


def _measured(
    blocks: Blocks, tallies: Tallies, by_seed: Sequence[Tallies], weights: np.ndarray | None
) -> Measured:
    return Measured(
        blocks,
        tallies,
        measure(tallies),
        None if weights is None else measure(tallies, weights),
        tuple(measure(member) for member in by_seed),
    )


def _why_not_natural(
    is_random: bool, chroms: Sequence[str], scan: Probabilities | None
) -> str | None:
    if is_random:
        return "--split random leaves no chromosome that the model has not seen"
    if scan is None:
        return "the genome of this sample was not predicted"
    if not set(chroms) & set(scan.chroms):
        return "no test chromosome was predicted"
    return None


def _tested_on(tensors: Tensors) -> str:
    if tensors.split_plan.mode == "random":
        return "--split random"
    chroms = tensors.split_plan.chromosomes.select(tensors.chroms, "test")
    return f"test chromosomes: {', '.join(chroms) or 'none'}"


def _label_notes(bundle: Bundle, tensors: Tensors) -> list[str]:
    """Marks that the labels of the test windows are made of and that the model sees."""
    if not (seen := seen_marks(tensors.sources, bundle.marks)):
        return []
    note = (
        f"The labels of {tensors.sample} are made of {', '.join(seen)}, which the model also sees. "
        "Training with --withhold shows how accurate it is without."
    )
    log.warning("%s The metrics are too optimistic.", note)
    return [note]


def _split_notes(bundle: Bundle, tensors: Tensors) -> list[str]:
    """Overlaps of training and test data, which make the metrics too optimistic."""
    notes = []
    trained = bundle.split
    if trained.mode == "random":
        if bundle.sample != tensors.sample or tensors.split_plan.mode != "random":
            notes.append(
                "The model was trained on windows of all chromosomes (--split random), so also on "
                "the places that it is tested on here."
            )
    elif tensors.split_plan.mode == "random":
        notes.append("The model was trained on chromosomes from which test windows were drawn.")
    else:
        tested = tensors.split_plan.chromosomes.select(tensors.chroms, "test")
        seen = [
            chrom for chrom in tested if trained.chromosomes.of(chrom) in ("train", "validation")
        ]
        if seen:
            notes.append(
                f"The model was trained or calibrated on {', '.join(seen)}, which it is tested on."
            )
    for note in notes:
        log.warning("%s The metrics are too optimistic.", note)
    return notes
