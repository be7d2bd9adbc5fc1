"""What does not fit among the libraries of a run, in sentences.

Rules compare libraries with each other, not with fixed values: what a good library looks like
depends on the mark. All of them use correlations without the noise of counting, and say nothing of
a library that is mostly noise.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deepregfinder.quality.libraries import Identity, Libraries
from deepregfinder.storage.tables import write_rows

# By how much a correlation has to lie above another one.
MARGIN = 0.05
# A mark is as flat as its input below this multiple of the input's strength.
AS_FLAT = 1.25
LIKE_INPUT = 0.9
FEWEST_MARKS = 3
DUPLICATED = 0.5


@dataclass(frozen=True)
class Doubt:
    """Something about libraries that does not fit: a row of doubts.tsv.

    kind : input, replicates, swap or duplicates; ids : the libraries that it is about
    """

    kind: str
    ids: tuple[str, ...]
    text: str


def doubts(libraries: Libraries, duplicates: Mapping[str, float | None]) -> list[Doubt]:
    """All doubts, in the order of the rules and of the libraries.

    duplicates : id -> share of reads at whose place there is another one
    """
    return [
        *_like_input(libraries),
        *_replicates(libraries),
        *_swapped(libraries),
        *_duplicated(libraries, duplicates),
    ]


def _like_input(libraries: Libraries) -> Iterator[Doubt]:
    """A mark that is as flat as a control and goes up and down with it."""
    chips, controls = _of_role(libraries, "chip"), _of_role(libraries, "control")
    for one in chips:
        for control in controls:
            alike = libraries.corrected[one, control]
            flat = libraries.strength[one] <= AS_FLAT * libraries.strength[control]
            if flat and alike >= LIKE_INPUT:
                name, other = libraries.identities[one].id, libraries.identities[control].id
                yield Doubt(
                    "input",
                    (name, other),
                    f"{name} looks like its input {other} (correlation {alike:.2f}, and no more "
                    "differences between places): the antibody may not have worked, or the file is "
                    "an input.",
                )
                break


def _replicates(libraries: Libraries) -> Iterator[Doubt]:
    """Replicates that are less alike than one of them and another mark of the sample."""
    chips = _of_role(libraries, "chip")
    for place, one in enumerate(chips):
        for two in chips[place + 1 :]:
            a, b = libraries.identities[one], libraries.identities[two]
            if (a.sample, a.mark) != (b.sample, b.mark):
                continue
            alike = libraries.corrected[one, two]
            closer = [
                (libraries.corrected[mine, other], libraries.identities[other].id)
                for mine in (one, two)
                for other in chips
                if libraries.identities[other].sample == a.sample
                and libraries.identities[other].mark != a.mark
                and libraries.corrected[mine, other] > alike + MARGIN
            ]
            if closer:
                most, other = max(closer)
                yield Doubt(
                    "replicates",
                    (a.id, b.id),
                    f"Replicates {a.id} and {b.id} disagree: their correlation is {alike:.2f}, and "
                    f"one of them is closer to {other} ({most:.2f}). One of the files may be of "
                    "another mark, or failed.",
                )


def _swapped(libraries: Libraries) -> Iterator[Doubt]:
    """A library that fits the other marks of another sample better than those of its own."""
    for one in _of_role(libraries, "chip"):
        identity = libraries.identities[one]
        own = _of_sample(libraries, identity.sample, identity)
        samples = {libraries.identities[other].sample for other in _of_role(libraries, "chip")}
        fits = []
        for sample in sorted(samples - {identity.sample}):
            there = _of_sample(libraries, sample, identity)
            marks = [
                mark
                for mark in own.keys() & there.keys()
                if not np.isnan([_mean(libraries, one, own[mark]),
                                 _mean(libraries, one, there[mark])]).any()
            ]  # fmt: skip
            if len(marks) >= FEWEST_MARKS:
                here, elsewhere = (
                    float(np.mean([_mean(libraries, one, group[mark]) for mark in marks]))
                    for group in (own, there)
                )
                fits.append((elsewhere - here, sample, here, elsewhere))
        if fits and max(fits)[0] > MARGIN:
            _, sample, here, elsewhere = max(fits)
            yield Doubt(
                "swap",
                (identity.id,),
                f"{identity.id} fits the other marks of {sample} (mean correlation "
                f"{elsewhere:.2f}) better than those of {identity.sample} ({here:.2f}): the file "
                "may belong to another sample.",
            )


def _duplicated(libraries: Libraries, duplicates: Mapping[str, float | None]) -> Iterator[Doubt]:
    for identity in libraries.identities:
        share = duplicates.get(identity.id)
        if share is not None and share > DUPLICATED:
            yield Doubt(
                "duplicates",
                (identity.id,),
                f"{share:.0%} of the reads of {identity.id} lie where another one is already: the "
                "library holds far fewer fragments than reads. --duplicates drop leaves out those "
                "that are marked.",
            )


def _of_role(libraries: Libraries, role: str) -> list[int]:
    return [n for n, identity in enumerate(libraries.identities) if identity.role == role]


def _of_sample(libraries: Libraries, sample: str, but: Identity) -> dict[str, list[int]]:
    """The libraries of each mark of a sample, without the mark of `but`."""
    by_mark: dict[str, list[int]] = {}
    for number in _of_role(libraries, "chip"):
        identity = libraries.identities[number]
        if identity.sample == sample and identity.mark != but.mark:
            by_mark.setdefault(identity.mark, []).append(number)
    return by_mark


def _mean(libraries: Libraries, one: int, others: list[int]) -> float:
    return float(np.mean(libraries.corrected[one, others]))


def write_doubts(path: Path, doubtful: Sequence[Doubt]) -> None:
    """Write a table with a row for each doubt."""
    write_rows(path, Doubt, doubtful)
