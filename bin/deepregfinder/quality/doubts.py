"""Warnings about the libraries of a run, in sentences.

The rules compare libraries with each other, not with fixed thresholds, because the values of a good
library depend on the mark. They use correlations corrected for counting noise, and skip libraries
that are mostly noise.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from deepregfinder.counting.assays import ASSAYS
from deepregfinder.counting.store import RecordCounts
from deepregfinder.genome.assembly import few
from deepregfinder.quality.accessibility import Accessibility
from deepregfinder.quality.exchanges import exchanged_marks, sample_contrast
from deepregfinder.quality.label_doubts import label_doubts
from deepregfinder.quality.libraries import Identity, Libraries
from deepregfinder.quality.library_doubts import (
    shallow_libraries,
    structured_controls,
    weak_accessibility,
)
from deepregfinder.quality.shared_reads import SampledEnds, same_reads
from deepregfinder.quality.tables import Doubt
from deepregfinder.storage.tables import write_rows

# Smallest difference between two correlations.
MARGIN = 0.05
# A mark is as flat as its input if its strength is at most this multiple of that of the input.
AS_FLAT = 1.25
LIKE_INPUT = 0.9
# A library fits another sample by at least so many other marks; by one, if the other sample has the
# same mark and the contrast of both (exchanges.py), in sound panels 0.1 or more, is below MARGIN.
FEWEST_MARKS = 3
SWAP_NOISE = 6  # over the root of the number of bins: more than regions of sound panels show
DUPLICATED = 0.5
# Shares of the usable reads that are not on main chromosomes: of a library, and the difference
# between two samples.
ELSEWHERE = 0.1
UNEVEN = 0.05
MANY_LONE = 0.05
MANY_SECONDARY = 0.01


def find_doubts(
    libraries: Libraries,
    duplicates: Mapping[str, float | None],
    ends: Sequence[SampledEnds] = (),
    controls: Mapping[str, str] | None = None,
    accessibility: Mapping[str, Accessibility] | None = None,
) -> list[Doubt]:
    """All warnings, in the order of the rules and of the libraries.

    duplicates : id -> share of reads with the position of an earlier one
    ends : sampled read ends of the libraries
    controls : id of a library -> id of its control
    accessibility : id of a library of such an assay -> what was measured of it
    """
    swapped = _swapped(libraries)
    swapped_ids = {name for doubt in swapped for name in doubt.ids}
    return [
        *same_reads(ends),
        *label_doubts(libraries, swapped_ids),
        *swapped,
        *exchanged_marks(libraries, swapped_ids),
        *_replicates(libraries),
        *_like_input(libraries),
        *structured_controls(libraries, controls or {}),
        *shallow_libraries(libraries, controls or {}),
        *weak_accessibility(accessibility or {}),
        *_duplicated(libraries, duplicates),
        *_elsewhere(libraries),
        *_uneven(libraries),
    ]


def _like_input(libraries: Libraries) -> Iterator[Doubt]:
    """A mark that is as flat as a control and correlates with it."""
    chips, controls = _of_role(libraries, "chip"), _of_role(libraries, "control")
    for one in chips:
        for control in controls:
            correlation = libraries.corrected[one, control]
            flat = libraries.strength[one] <= AS_FLAT * libraries.strength[control]
            if flat and correlation >= LIKE_INPUT:
                name, other = libraries.identities[one].id, libraries.identities[control].id
                yield Doubt(
                    "input",
                    (name, other),
                    f"{name} looks like its input {other} (correlation {correlation:.2f}, similar "
                    "variation along the genome): the antibody may not have worked, or the file is "
                    "an input.",
                )
                break


def _replicates(libraries: Libraries) -> Iterator[Doubt]:
    """Replicates that correlate less with each other than one of them with another mark."""
    chips = _of_role(libraries, "chip")
    for place, one in enumerate(chips):
        for two in chips[place + 1 :]:
            a, b = libraries.identities[one], libraries.identities[two]
            if (a.sample, a.mark) != (b.sample, b.mark):
                continue
            correlation = libraries.corrected[one, two]
            closer = [
                (libraries.corrected[replicate, other], libraries.identities[other].id)
                for replicate in (one, two)
                for other in chips
                if libraries.identities[other].sample == a.sample
                and libraries.identities[other].mark != a.mark
                and libraries.corrected[replicate, other] > correlation + MARGIN
            ]
            if closer:
                best, other = max(closer)
                yield Doubt(
                    "replicates",
                    (a.id, b.id),
                    f"Replicates {a.id} and {b.id} disagree: their correlation is "
                    f"{correlation:.2f}, and one of them correlates better with {other} "
                    f"({best:.2f}). One of the files may be of another mark, or the experiment "
                    "failed.",
                )


def _swapped(libraries: Libraries) -> list[Doubt]:
    """Libraries that correlate better with the other marks of another sample.

    One library that is swapped also lowers the fit of the others; these gain less than half as much
    and are not reported.
    """
    better = [
        (*max(fits), identity)
        for one, identity in enumerate(libraries.identities)
        if identity.role == "chip" and (fits := _other_fits(libraries, one))
    ]
    limit = max(MARGIN, SWAP_NOISE / np.sqrt(max(libraries.n_bins, 1)))
    gains = [gain for gain, *_ in better if gain > limit]
    return [
        Doubt(
            "swap",
            (identity.id,),
            f"{identity.id} correlates better with the other marks of {sample} (mean "
            f"{other_fit:.2f}) than with those of {identity.sample} ({own_fit:.2f}): the file "
            "may belong to another sample.",
        )
        for gain, sample, own_fit, other_fit, identity in better
        if gain > limit and gain >= max(gains) / 2
    ]


def _other_fits(libraries: Libraries, one: int) -> list[tuple[float, str, float, float]]:
    """How much better a library fits each other sample: gain, sample, own fit and that one."""
    identity = libraries.identities[one]
    own_marks = _of_sample(libraries, identity.sample, identity)
    samples = {libraries.identities[other].sample for other in _of_role(libraries, "chip")}
    fits = []
    for sample in sorted(samples - {identity.sample}):
        other_marks = _of_sample(libraries, sample, identity)
        marks = [
            mark
            for mark in own_marks.keys() & other_marks.keys()
            if not np.isnan([_mean(libraries, one, own_marks[mark]),
                             _mean(libraries, one, other_marks[mark])]).any()
        ]  # fmt: skip
        contrast = sample_contrast(libraries, identity.sample, sample, identity.mark)
        fewest = FEWEST_MARKS if contrast is None else 1
        if len(marks) >= fewest and (contrast is None or contrast < MARGIN):
            own_fit, other_fit = (
                float(np.mean([_mean(libraries, one, group[mark]) for mark in sorted(marks)]))
                for group in (own_marks, other_marks)
            )
            fits.append((other_fit - own_fit, sample, own_fit, other_fit))
    return fits


def _duplicated(libraries: Libraries, duplicates: Mapping[str, float | None]) -> Iterator[Doubt]:
    """Libraries of mostly duplicates, but those of assays whose rules keep duplicates."""
    for identity in libraries.identities:
        share = duplicates.get(identity.id)
        if ASSAYS[identity.assay].rules.get("duplicates") == "keep":
            continue
        if share is not None and share > DUPLICATED:
            yield Doubt(
                "duplicates",
                (identity.id,),
                f"{share:.0%} of the reads of {identity.id} are duplicates by position: the "
                "library has far fewer fragments than reads. --duplicates drop excludes those that "
                "are marked.",
            )


def _elsewhere(libraries: Libraries) -> Iterator[Doubt]:
    """Libraries with many reads on sequences that are not counted."""
    many = [number for number in range(len(libraries)) if libraries.elsewhere[number] > ELSEWHERE]
    if many:
        ids = tuple(libraries.identities[number].id for number in many)
        shares = few(
            f"{libraries.elsewhere[one]:.0%} of {libraries.identities[one].id}" for one in many
        )
        yield Doubt(
            "elsewhere",
            ids,
            f"Of the usable reads, {shares} lie on sequences that --chromosomes leaves out. They "
            "are not part of the library size. Mitochondria, viruses and spike-ins are rightly "
            "left out; if chromosomes are missing, change --chromosomes.",
        )


def _uneven(libraries: Libraries) -> Iterator[Doubt]:
    """Samples whose share of reads elsewhere differs much from that of another sample."""
    shares = {}
    for sample in sorted({identity.sample for identity in libraries.identities}):
        rows = [n for n in _of_role(libraries, "chip") if libraries.identities[n].sample == sample]
        if rows:
            usable = int(libraries.usable[rows].sum())
            shares[sample] = 1 - int(libraries.sizes[rows].sum()) / max(usable, 1)
    if not shares:
        return
    by_share = sorted(shares, key=lambda sample: shares[sample])
    low, high = by_share[0], by_share[-1]
    if shares[high] - shares[low] > UNEVEN:
        yield Doubt(
            "uneven",
            tuple(one.id for one in libraries.identities if one.sample in (low, high)),
            f"{shares[high]:.0%} of the usable reads of {high}, but {shares[low]:.0%} of those of "
            f"{low}, lie on sequences that --chromosomes leaves out. The library sizes do not "
            "include them, but the samples were prepared, aligned or filtered differently.",
        )


def find_record_doubts(files: Iterable[RecordCounts], rule: str) -> list[Doubt]:
    """Warnings about the records of files: mates without the other one, and secondary records.

    rule : --secondary of the counts
    """
    ordered = sorted(files, key=lambda one: one.id)
    return [*_lone_mates(ordered), *_secondary(ordered, rule)]


def _lone_mates(files: Sequence[RecordCounts]) -> Iterator[Doubt]:
    for one in files:
        first, second = one.lone_first_mates, one.lone_second_mates
        fragments = one.second_mates + first + second
        if first + second > MANY_LONE * max(fragments, 1):
            yield Doubt(
                "pairs",
                (one.id,),
                f"{first + second:,} of {fragments:,} fragments of {one.id} have only one mate in "
                f"the file ({first:,} first and {second:,} second mates): mates were removed, or "
                "the two mates of a pair do not have one name, and are then counted twice.",
            )


def _secondary(files: Sequence[RecordCounts], rule: str) -> Iterator[Doubt]:
    for one in files:
        number = one.secondary_without_nh
        if rule == "drop_reads" or number <= MANY_SECONDARY * one.total_records:
            continue
        how = (
            "each is counted, so that a read counts several times. --secondary drop counts it once;"
            if rule == "keep"
            else "they are not counted, but the primary records of the same reads are;"
        )
        yield Doubt(
            "secondary",
            (one.id,),
            f"{number:,} of {one.total_records:,} records of {one.id} are secondary ones without "
            f"an NH tag: {how} --secondary drop_reads excludes reads that map to several places.",
        )


def _of_role(libraries: Libraries, role: str) -> list[int]:
    return [n for n, identity in enumerate(libraries.identities) if identity.role == role]


def _of_sample(libraries: Libraries, sample: str, but: Identity) -> dict[str, list[int]]:
    """The libraries of each mark of a sample, except the mark of `but`."""
    by_mark: dict[str, list[int]] = {}
    for number in _of_role(libraries, "chip"):
        identity = libraries.identities[number]
        if identity.sample == sample and identity.mark != but.mark:
            by_mark.setdefault(identity.mark, []).append(number)
    return by_mark


def _mean(libraries: Libraries, one: int, others: list[int]) -> float:
    return float(np.mean(libraries.corrected[one, others]))


def write_doubts(path: Path, warnings: Sequence[Doubt]) -> None:
    """Write a table with a row for each warning."""
    write_rows(path, Doubt, warnings)
