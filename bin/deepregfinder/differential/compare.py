"""Elements that differ between two samples that one model has predicted.

1. Elements: a window around the summit of every call of either sample. Windows are taken in the
   order of score. A window that overlaps one taken before is left out (Corces et al. 2018). All
   elements therefore have the same width, and do not overlap.
2. Class of a sample at an element: the class of its call with the largest overlap (of equal
   overlaps, the higher score); none without a call. Probability of a class: the highest one of the
   windows whose centre lies in the element.
3. Marks that both samples have are compared by the reads in the element. A mark is tested if both
   samples have two or more replicates of it (moderated_t.py); otherwise it has no p. The p of an
   element combines its tested marks (Simes), and the FDR is taken over all elements (Benjamini and
   Hochberg).
4. Status: `unchanged` if the class is the same; otherwise `differential` if the FDR is at most
   --fdr, and `weak` if it is higher. If no mark is tested, there is no FDR; an element is then
   `untested` if the probability of a class of the transition changes by MIN_CHANGE or more, and
   `weak` otherwise.
"""

import logging
from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import false_discovery_control

from deepregfinder.classes import BACKGROUND, class_named
from deepregfinder.counting.assays import CHIP
from deepregfinder.counting.rules import different_rules
from deepregfinder.counting.store import Counts
from deepregfinder.differential.moderated_t import log_counts, moderated_t, simes, size_factors
from deepregfinder.differential.tables import ComparedMark, Transition
from deepregfinder.errors import InputError
from deepregfinder.prediction.calling import Calls
from deepregfinder.prediction.probabilities import Probabilities
from deepregfinder.storage.atomic import written_whole
from deepregfinder.storage.tables import ABSENT, write_rows, write_table

log = logging.getLogger(__name__)

MIN_CHANGE = 0.3
NONE = "none"
NO_REPLICATES = "no replicates"
REPORTED = ("differential", "untested")
STATUSES = (*REPORTED, "weak", "unchanged")


@dataclass(frozen=True)
class Elements:
    """Regions that are compared, sorted by chromosome and start, without overlap.

    starts : chromosome -> int64, bp; width : of every element, bp
    """

    starts: Mapping[str, np.ndarray]
    width: int

    def __len__(self) -> int:
        return sum(map(len, self.starts.values()))


def consensus(
    calls: Sequence[Mapping[str, Calls]], width: int, bin_size: int, chrom_sizes: Mapping[str, int]
) -> Elements:
    """Windows around the summits of the calls of all samples, the best first (step 1 above).

    Chromosomes are in the order of `sort -k1,1`. Starts lie on the bin grid, ends inside the
    chromosome. Of windows with equal scores, the leftmost one is taken first.
    """
    chroms = sorted({chrom for one in calls for chrom in one}, key=str.encode)
    starts = {}
    for chrom in chroms:
        parts = [one[chrom] for one in calls if chrom in one]
        summit = np.concatenate([part.summit for part in parts])
        score = np.concatenate([part.score for part in parts])
        last = (chrom_sizes[chrom] - width) // bin_size * bin_size
        start = np.clip((summit - width // 2) // bin_size * bin_size, 0, max(last, 0))
        taken: list[int] = []
        for place in start[np.lexsort((start, -score))].tolist():
            at = bisect_left(taken, place)
            before = taken[at - 1] if at else -width
            after = taken[at] if at < len(taken) else place + width
            if place - before >= width and after - place >= width:
                insort(taken, place)
        starts[chrom] = np.array(taken, np.int64)
    return Elements(starts, width)


def classes_at(elements: Elements, calls: Mapping[str, Calls]) -> np.ndarray:
    """Class of a sample at each element: int64, place in class order, 0 without a call (step 2)."""
    return np.concatenate(
        [
            _classes_at(starts, elements.width, calls[chrom])
            if chrom in calls
            else np.zeros(len(starts), np.int64)
            for chrom, starts in elements.starts.items()
        ]
        or [np.empty(0, np.int64)]
    )


def _classes_at(starts: np.ndarray, width: int, calls: Calls) -> np.ndarray:
    # Calls are sorted and do not overlap, so those that overlap an element are consecutive.
    first = np.searchsorted(calls.end, starts, side="right")
    stop = np.searchsorted(calls.start, starts + width, side="left")
    class_index = np.zeros(len(starts), np.int64)
    best = np.zeros((2, len(starts)))  # overlap, score
    for step in range(int((stop - first).max(initial=0))):
        which = np.flatnonzero(first + step < stop)
        one = first[which] + step
        overlap = np.minimum(calls.end[one], starts[which] + width) - np.maximum(
            calls.start[one], starts[which]
        )
        tie = (overlap == best[0, which]) & (calls.score[one] > best[1, which])
        better = (overlap > best[0, which]) | tie
        which, one = which[better], one[better]
        class_index[which], best[0, which], best[1, which] = (
            calls.class_index[one],
            overlap[better],
            calls.score[one],
        )
    return class_index


def probabilities_at(elements: Elements, scan: Probabilities) -> np.ndarray:
    """Best probability of each class: float32, shape (elements, classes), background first.

    It is the highest one of the windows whose centre lies in the element. If there is no such
    window (at the end of a chromosome, or with wide steps), the next window is used.
    """
    half, parts = scan.window // 2, [np.empty((0, len(scan.classes)), np.float32)]
    for chrom, starts in elements.starts.items():
        track = scan.load(chrom)
        low = np.minimum(-(-(starts - half) // scan.step), track.shape[1] - 1)
        high = np.minimum(-(-(starts + elements.width - half) // scan.step), track.shape[1])
        low = np.maximum(low, 0)
        high = np.maximum(high, low + 1)
        reach = np.arange((high - low).max(initial=1))
        windows = np.minimum(low[:, np.newaxis] + reach, high[:, np.newaxis] - 1)
        parts.append(track[:, windows].max(axis=2).T)
    return np.concatenate(parts)


def reads_at(elements: Elements, counts: Counts) -> np.ndarray:
    """Reads of a library in each element (sum over its bins): int64, shape (elements,)."""
    bin_size, parts = counts.attributes["bin_size"], [np.empty(0, np.int64)]
    for chrom, starts in elements.starts.items():
        sums = np.concatenate([[0], np.cumsum(counts.load(chrom), dtype=np.int64)])
        ends = np.minimum((starts + elements.width) // bin_size, len(sums) - 1)
        parts.append(sums[ends] - sums[starts // bin_size])
    return np.concatenate(parts)


@dataclass(frozen=True)
class MarkChange:
    """How the reads of a mark differ between the samples, element by element.

    replicates : number of replicates of both samples
    log2fc : float64, shape (elements,), second sample minus first sample
    p : the same shape; None unless both samples have two replicates
    prior_df : degrees of freedom of the prior variance, which is estimated from all elements
    factors : size factors of all libraries, those of the first sample first
    """

    mark: str
    replicates: tuple[int, int]
    log2fc: np.ndarray
    p: np.ndarray | None
    prior_df: float | None
    factors: np.ndarray


def change_of_mark(
    mark: str, reads: tuple[np.ndarray, np.ndarray], library_sizes: tuple[np.ndarray, np.ndarray]
) -> MarkChange:
    """Compare the reads of a mark (step 3 above).

    reads : of both samples, shape (elements, replicates); library_sizes : shape (replicates,)
    """
    factors = size_factors(np.hstack(reads), np.concatenate(library_sizes))
    n_a, n_b = (one.shape[1] for one in reads)
    a, b = log_counts(reads[0], factors[:n_a]), log_counts(reads[1], factors[n_a:])
    if min(n_a, n_b) < 2:
        difference = b.mean(axis=1) - a.mean(axis=1)
        return MarkChange(mark, (n_a, n_b), difference, None, None, factors)
    tested = moderated_t(a, b)
    return MarkChange(mark, (n_a, n_b), tested.difference, tested.p, tested.prior_df, factors)


def changes_of_marks(
    elements: Elements, counts: tuple[Sequence[Counts], Sequence[Counts]]
) -> tuple[MarkChange, ...]:
    """Compare every mark that both samples have, sorted by name.

    Raises InputError if there is no such mark, or if a library is empty or counted otherwise.
    """
    if empty := [
        str(one.attributes["id"]) for one in (*counts[0], *counts[1]) if not one.library_size
    ]:
        raise InputError(
            f"{', '.join(empty)}: the library has 0 usable reads and cannot be compared with "
            "others. Remove it from the samplesheet."
        )
    first, *others = (*counts[0], *counts[1])
    rules = first.attributes.get("counting", {})
    for one in others:
        if different := different_rules(rules, one.attributes.get("counting", {})):
            raise InputError(
                f"{first.attributes['id']} and {one.attributes['id']} were counted by other rules "
                f"({', '.join(different)}) and cannot be compared: count both in one run."
            )
    by_mark: tuple[dict[str, list[Counts]], ...] = ({}, {})
    for of_sample, sample in zip(by_mark, counts, strict=True):
        for one in sorted(sample, key=lambda one: str(one.attributes["id"])):
            of_sample.setdefault(one.attributes["mark"], []).append(one)
    shared = _comparable(by_mark)
    if not shared:
        raise InputError(
            "The two samples have no mark of the same assay in common and cannot be compared."
        )
    changes = []
    for mark in shared:
        libraries = by_mark[0][mark], by_mark[1][mark]
        reads = [np.stack([reads_at(elements, one) for one in group], 1) for group in libraries]
        sizes = [np.array([one.library_size for one in group], float) for group in libraries]
        changes.append(change_of_mark(mark, (reads[0], reads[1]), (sizes[0], sizes[1])))
    return tuple(changes)


def _comparable(by_mark: tuple[dict[str, list[Counts]], ...]) -> list[str]:
    """Names of the marks that both samples have by the same assay."""
    assays = [
        {mark: own[0].attributes.get("assay", CHIP) for mark, own in sample.items()}
        for sample in by_mark
    ]
    shared = sorted(assays[0].keys() & assays[1].keys())
    for mark in shared:
        if assays[0][mark] != assays[1][mark]:
            log.warning(
                "%s is not compared: its assay is %s in one sample and %s in the other.",
                *(mark, assays[0][mark], assays[1][mark]),
            )
    return [mark for mark in shared if assays[0][mark] == assays[1][mark]]


@dataclass(frozen=True)
class Comparison:
    """Comparison of two samples. Arrays have one row per element.

    classes : names, `none` instead of background
    class_a, class_b : int64; probability_a, probability_b : float32, shape (elements, classes)
    p, fdr : float64; None if no mark was tested
    status : one of STATUSES
    """

    classes: tuple[str, ...]
    elements: Elements
    class_a: np.ndarray
    class_b: np.ndarray
    probability_a: np.ndarray
    probability_b: np.ndarray
    marks: tuple[MarkChange, ...]
    p: np.ndarray | None
    fdr: np.ndarray | None
    status: np.ndarray

    @property
    def tested(self) -> tuple[str, ...]:
        return tuple(one.mark for one in self.marks if one.p is not None)


def compare(
    elements: Elements,
    classes: Sequence[str],
    called: tuple[np.ndarray, np.ndarray],
    probabilities: tuple[np.ndarray, np.ndarray],
    marks: tuple[MarkChange, ...],
    max_fdr: float,
) -> Comparison:
    """Test the elements and give each its status (steps 3 and 4 above)."""
    tests = [one.p for one in marks if one.p is not None]
    p = simes(np.stack(tests, 1)) if tests else None
    fdr = None if p is None else false_discovery_control(p) if len(p) else p
    enough = class_change(called, probabilities) >= MIN_CHANGE if fdr is None else fdr <= max_fdr
    same = called[0] == called[1]
    yes = "untested" if fdr is None else "differential"
    status = np.where(same, "unchanged", np.where(enough, yes, "weak"))
    names = (NONE, *classes[1:])
    return Comparison(names, elements, *called, *probabilities, marks, p, fdr, status)


def compare_scans(
    scans: tuple[Probabilities, Probabilities],
    calls: tuple[Mapping[str, Calls], Mapping[str, Calls]],
    counts: Sequence[Counts],
    max_fdr: float,
) -> Comparison:
    """Compare what one model predicted in two samples (all steps above).

    counts : of all marks and replicates of both samples

    Raises InputError if the scans are not of one model, or if the samples share no mark.
    """
    require_one_bundle(scans)
    a, b = scans
    elements = consensus(calls, a.window, counts[0].attributes["bin_size"], a.chrom_sizes)
    comparison = compare(
        elements,
        a.classes,
        (classes_at(elements, calls[0]), classes_at(elements, calls[1])),
        (probabilities_at(elements, a), probabilities_at(elements, b)),
        changes_of_marks(elements, (_of_sample(counts, a.sample), _of_sample(counts, b.sample))),
        max_fdr,
    )
    tested = ", ".join(comparison.tested) or "no mark, as there are no replicates"
    log.info("%s and %s: %d elements; tested: %s", a.sample, b.sample, len(elements), tested)
    return comparison


def _of_sample(counts: Sequence[Counts], sample: str) -> list[Counts]:
    return [library for library in counts if library.attributes["sample"] == sample]


def class_change(
    called: tuple[np.ndarray, np.ndarray], probabilities: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    """The larger change in probability of the two called classes; 0 for no call."""
    change = np.abs(probabilities[1] - probabilities[0])
    change[:, 0] = 0
    rows = np.arange(len(change))
    larger: np.ndarray = np.maximum(change[rows, called[0]], change[rows, called[1]])
    return larger


def require_one_bundle(scans: Sequence[Probabilities]) -> None:
    """Raise InputError unless both scans are of one model, with the same options."""
    first, second = (vars(scan) for scan in scans)
    own = {"sample", "groups"}
    unlike = [name for name in first if name not in own and first[name] != second[name]]
    if unlike:
        raise InputError(
            f"{first['sample']} and {second['sample']} were not predicted by the same model in the "
            f"same way ({', '.join(unlike)} differ): their probabilities cannot be compared."
        )
    if first["sample"] == second["sample"]:
        raise InputError(f"{first['sample']} cannot be compared with itself.")


def write_comparison(folder: Path, name: str, comparison: Comparison) -> None:
    """Write <name>.tsv, .bed, .transitions.tsv and .marks.tsv (columns: docs/output.md)."""
    write_table(folder / f"{name}.tsv", [columns(comparison), *_rows(comparison)])
    with written_whole(folder / f"{name}.bed") as part, part.open("w") as out:
        out.writelines(f"{line}\n" for line in _bed(comparison))
    write_rows(folder / f"{name}.transitions.tsv", Transition, _transitions(comparison))
    marks = [
        ComparedMark(one.mark, *one.replicates, one.p is not None, one.prior_df, tuple(one.factors))
        for one in comparison.marks
    ]
    write_rows(folder / f"{name}.marks.tsv", ComparedMark, marks)


def columns(comparison: Comparison) -> tuple[str, ...]:
    """The columns of the table of elements."""
    names = comparison.classes[1:]
    return (
        *("chrom", "start", "end", "class_a", "class_b", "transition"),
        *(f"p_{sample}.{name}" for sample in "ab" for name in names),
        *(f"log2fc.{one.mark}" for one in comparison.marks),
        *("p", "fdr", "tested_marks", "status"),
    )


def _places(elements: Elements) -> list[tuple[str, int, int]]:
    return [
        (chrom, start, start + elements.width)
        for chrom, starts in elements.starts.items()
        for start in starts.tolist()
    ]


def _rows(comparison: Comparison) -> Iterator[tuple[str, ...]]:
    places, tested = _places(comparison.elements), ",".join(comparison.tested) or NO_REPLICATES
    names = comparison.classes
    for row, (chrom, start, end) in enumerate(places):
        a, b = names[comparison.class_a[row]], names[comparison.class_b[row]]
        numbers = (
            ABSENT if one is None else f"{one[row]:.4g}" for one in (comparison.p, comparison.fdr)
        )
        yield (
            *(chrom, str(start), str(end), a, b, f"{a}->{b}"),
            *(f"{p:.4f}" for p in comparison.probability_a[row, 1:]),
            *(f"{p:.4f}" for p in comparison.probability_b[row, 1:]),
            *(f"{one.log2fc[row]:.4f}" for one in comparison.marks),
            *(*numbers, tested, str(comparison.status[row])),
        )


def _bed(comparison: Comparison) -> Iterator[str]:
    """BED9 of the elements that differ, in the colour of their new class."""
    change = class_change(
        (comparison.class_a, comparison.class_b),
        (comparison.probability_a, comparison.probability_b),
    )
    places, names = _places(comparison.elements), comparison.classes
    for row in np.flatnonzero(np.isin(comparison.status, REPORTED)):
        chrom, start, end = places[row]
        a, b = names[comparison.class_a[row]], names[comparison.class_b[row]]
        colour = (class_named(b) if b != NONE else BACKGROUND).colour
        score, rgb = round(1000 * float(change[row])), ",".join(map(str, colour))
        yield f"{chrom}\t{start}\t{end}\t{a}->{b}\t{score}\t.\t{start}\t{end}\t{rgb}"


def _transitions(comparison: Comparison) -> Iterator[Transition]:
    """How many elements go from each class to each, and their status."""
    for a, class_a in enumerate(comparison.classes):
        for b, class_b in enumerate(comparison.classes):
            here = comparison.status[(comparison.class_a == a) & (comparison.class_b == b)]
            numbers = {status: int((here == status).sum()) for status in STATUSES}
            yield Transition(class_a, class_b, len(here), **numbers)


def transition_matrix(comparison: Comparison) -> np.ndarray:
    """Elements by class in the first (rows) and the second sample: int64, (classes, classes)."""
    n = len(comparison.classes)
    pairs = comparison.class_a * n + comparison.class_b
    return np.bincount(pairs, minlength=n * n).reshape(n, n)
