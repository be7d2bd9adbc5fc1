"""Places worth looking at: the best calls, and on test chromosomes the missed and the false ones.

What is missed or false is decided as for the accuracy of calls (natural.credit): an element is
found by a call of its class within 500 bp of its midpoint. Around each place the signal of all
marks is taken, as whole numbers from 0 to HEIGHT, on one scale for each mark: that of all but the
highest 2 % of its points, so that a pile of reads somewhere does not flatten the rest.
"""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from deepregfinder.errors import InputError
from deepregfinder.evaluation.natural_prevalence import credit
from deepregfinder.prediction.calling import Calls, calls_table
from deepregfinder.signal.store import Signal
from deepregfinder.storage.atomic import written_whole

Kind = Literal["best", "missed", "false"]

REACH = 10_000  # bp to either side of the middle
POINTS = 100
HEIGHT = 24
CLIPPED = 0.02
MOST: Mapping[Kind, int] = {"best": 3, "missed": 2, "false": 2}


@dataclass(frozen=True)
class Interval:
    """A call or a labelled element that is in sight."""

    start: int
    end: int
    class_: str


@dataclass(frozen=True)
class Example:
    """One place, and what lies around it.

    start, end : of the call or labelled window; low, high : of what is shown
    score : probability of the call; None for a missed element
    profiles : a row for each mark, of POINTS numbers from 0 to HEIGHT
    """

    kind: Kind
    class_: str
    chrom: str
    start: int
    end: int
    score: float | None
    low: int
    high: int
    calls: tuple[Interval, ...]
    elements: tuple[Interval, ...]
    profiles: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Examples:
    """The places of a result. scales : RPM at the full height, or above, for each mark"""

    sample: str
    model: str
    marks: tuple[str, ...]
    scales: tuple[float, ...]
    labelled: bool
    places: tuple[Example, ...]


@dataclass(frozen=True)
class _Place:
    kind: Kind
    class_: str
    chrom: str
    start: int
    end: int
    score: float | None


def find_examples(
    signal: Signal,
    model: str,
    calls: Mapping[str, Calls],
    classes: Sequence[str],
    regions: pd.DataFrame | None,
) -> Examples:
    """Choose places and take the signal around them.

    Parameters
    ----------
    signal : of the sample
    calls : chromosome -> calls
    classes : names, background first
    regions : labelled windows of the sample, if it has any; missed and false places are looked for
        on chromosomes of which all windows are of the test split
    """
    places = _best(calls, classes)
    if regions is not None:
        places += _wrong(calls, classes, regions, signal)
    table = calls_table(calls).assign(class_=lambda t: [classes[i] for i in t["class_index"]])
    elements = (
        regions[regions["class"] != "background"].rename(columns={"class": "class_"})
        if regions is not None
        else pd.DataFrame({"chrom": [], "start": [], "end": [], "class_": []})
    )
    profiles = _profiles(signal, places)
    scales = np.array([_scale(profiles[:, mark]) for mark in range(len(signal.marks))])
    heights = np.rint(np.minimum(profiles / scales[:, None], 1) * HEIGHT).astype(int)
    shown = []
    for place, rows in zip(places, heights, strict=True):
        low, high = _span(place)
        shown.append(
            Example(
                **vars(place),
                low=low,
                high=high,
                calls=_in_sight(table, place.chrom, low, high),
                elements=_in_sight(elements, place.chrom, low, high),
                profiles=tuple(tuple(row) for row in rows.tolist()),
            )
        )
    return Examples(
        signal.sample,
        model,
        signal.marks,
        tuple(round(float(scale), 2) for scale in scales),
        regions is not None,
        tuple(shown),
    )


def _best(calls: Mapping[str, Calls], classes: Sequence[str]) -> list[_Place]:
    """The calls of the highest score of each class; of equal ones the first on the genome."""
    places: list[_Place] = []
    for index, name in enumerate(classes[1:], 1):
        places += _highest("best", name, calls, {chrom: c.class_index == index
                                                  for chrom, c in calls.items()})  # fmt: skip
    return places


def _wrong(
    calls: Mapping[str, Calls], classes: Sequence[str], regions: pd.DataFrame, signal: Signal
) -> list[_Place]:
    splits = regions.groupby("chrom")["split"].agg(set)
    chroms = [chrom for chrom in signal.chrom_sizes if splits.get(chrom) == {"test"}]
    places: list[_Place] = []
    for index, name in enumerate(classes[1:], 1):
        missed, false = [], {}
        for chrom in chroms:
            here = regions[(regions["chrom"] == chrom) & (regions["class"] == name)]
            here = here.sort_values("start")
            points = ((here["start"] + here["end"]) // 2).to_numpy(np.int64)
            every = calls.get(chrom)
            own = every.class_index == index if every is not None else np.zeros(0, bool)
            if every is None:
                missed.append(here)
                continue
            of_class = every.take(own)
            owner = credit(of_class.start, of_class.end, of_class.score, points)
            missed.append(here[owner < 0])
            wrong = np.zeros(len(every), bool)
            wrong[np.flatnonzero(own)[~np.isin(np.arange(len(of_class)), owner)]] = True
            false[chrom] = wrong
        places += _strongest(name, missed, signal)
        places += _highest("false", name, calls, false)
    return places


def _highest(
    kind: Kind, name: str, calls: Mapping[str, Calls], which: Mapping[str, np.ndarray]
) -> list[_Place]:
    places = [
        _Place(kind, name, chrom, int(one.start[n]), int(one.end[n]), round(float(one.score[n]), 3))
        for chrom, mask in which.items()
        for one in (calls[chrom],)
        for n in np.flatnonzero(mask)
    ]
    places.sort(key=lambda place: (-(place.score or 0), place.chrom, place.start))
    return places[: MOST[kind]]


def _strongest(name: str, missed: Sequence[pd.DataFrame], signal: Signal) -> list[_Place]:
    """The missed elements with most signal over all marks: those that one would have expected."""
    ranked = []
    for here in missed:
        if here.empty:
            continue
        chrom = here["chrom"].iloc[0]
        total = np.concatenate([[0], np.cumsum(signal.load(chrom).sum(axis=0, dtype=np.float64))])
        first, last = (
            np.minimum(here[end] // signal.bin_size, len(total) - 1) for end in ("start", "end")
        )
        for strength, start, end in zip(
            total[last] - total[first], here["start"], here["end"], strict=True
        ):
            place = _Place("missed", name, chrom, int(start), int(end), None)
            ranked.append((-float(strength), chrom, int(start), place))
    return [place for *_, place in sorted(ranked, key=lambda one: one[:3])[: MOST["missed"]]]


def _span(place: _Place) -> tuple[int, int]:
    """What is shown around a place; it may reach over the ends of the chromosome."""
    middle = (place.start + place.end) // 2
    return middle - REACH, middle + REACH


def _profiles(signal: Signal, places: Sequence[_Place]) -> np.ndarray:
    """Mean RPM around places: float64, shape (places, marks, POINTS); 0 beyond the chromosome."""
    profiles = np.zeros((len(places), len(signal.marks), POINTS))
    for chrom in dict.fromkeys(place.chrom for place in places):
        rpm = signal.load(chrom)
        for number, place in enumerate(places):
            if place.chrom != chrom:
                continue
            low, high = _span(place)
            edges = np.linspace(low, high, POINTS + 1)
            for point in range(POINTS):
                first = max(int(edges[point] // signal.bin_size), 0)
                last = max(int(-(-edges[point + 1] // signal.bin_size)), 0)
                if first < last and first < rpm.shape[1]:
                    profiles[number, :, point] = rpm[:, first:last].mean(axis=1)
    return profiles


def _scale(profiles: np.ndarray) -> float:
    """RPM at the full height: CLIPPED of the points with signal lie above it."""
    seen = profiles[profiles > 0]
    return float(np.quantile(seen, 1 - CLIPPED)) if len(seen) else 1.0


def _in_sight(table: pd.DataFrame, chrom: str, low: int, high: int) -> tuple[Interval, ...]:
    here = table[(table["chrom"] == chrom) & (table["start"] < high) & (table["end"] > low)]
    return tuple(
        Interval(int(start), int(end), name)
        for start, end, name in zip(here["start"], here["end"], here["class_"], strict=True)
    )


def write_examples(path: Path, examples: Examples) -> None:
    """Write examples as JSON."""
    with written_whole(path) as part:
        part.write_text(json.dumps(dataclasses.asdict(examples), separators=(",", ":")) + "\n")


def read_examples(path: Path) -> Examples:
    """Read what `write_examples` wrote; InputError for anything else."""
    try:
        fields = json.loads(Path(path).read_text())
        places = tuple(
            Example(
                **{
                    **place,
                    "profiles": tuple(map(tuple, place["profiles"])),
                    "calls": tuple(Interval(**one) for one in place["calls"]),
                    "elements": tuple(Interval(**one) for one in place["elements"]),
                }
            )
            for place in fields["places"]
        )
        return Examples(
            **{
                **fields,
                "marks": tuple(fields["marks"]),
                "scales": tuple(fields["scales"]),
                "places": places,
            }
        )
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(f"{path} holds no examples as show_examples.py writes them.") from None
