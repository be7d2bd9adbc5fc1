"""Validation rate: the fraction of calls that independent markers of regulatory elements support.

A call of an enhancer class is validated by a positive marker within `--validation_slop` bp: a DHS,
an enhancer-TF peak or another TF peak that lies further than `--tss_distance` from every merged
TSS. A call of a promoter class is validated by the midpoint of a merged TSS within that slop, if
that TSS has a DHS within the same slop. Active and poised states share the marker of their element:
a rate supports the element, not its state. "Within d bp" is defined in bedtools.py, as for labelled
regions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from deepregfinder.classes import class_named
from deepregfinder.genome.bedtools import near
from deepregfinder.genome.intervals import read_intervals
from deepregfinder.labels.elements import midpoints
from deepregfinder.models.natural import near_tss
from deepregfinder.prediction.calling import Calls, TssZone, calls_table
from deepregfinder.storage.tables import ABSENT, Decimals4, write_rows


@dataclass(frozen=True)
class Marker:
    """The marker that validates calls of one element.

    description : for reports; "." if the lists that it needs are not given
    intervals : chrom, start, end; None if these lists are not given
    """

    description: str
    intervals: pd.DataFrame | None


@dataclass(frozen=True)
class ValidationRate:
    """A row of `<sample>.<model>.validation.tsv`: calls of a class, and those with a marker.

    rate : validated / calls; validated and rate are None without a marker, rate also without calls
    marker : description of the Marker
    """

    class_: str
    calls: int
    validated: int | None
    rate: Decimals4 | None
    marker: str


@dataclass(frozen=True)
class SeedValidation:
    """A row of `<sample>.<model>.seeds.tsv`: a ValidationRate of one seed."""

    seed: int
    class_: str
    calls: int
    validated: int | None
    rate: Decimals4 | None


@dataclass(frozen=True)
class CallCount:
    """A row of `<sample>.<model>.calls.tsv`: calls of a class on a chromosome.

    at_tss : those whose summit is within 500 bp of a known TSS; None without a list
    """

    chrom: str
    class_: str
    calls: int
    bp: int
    at_tss: int | None


def build_markers(
    zone: TssZone | None,
    dhs: pd.DataFrame | None,
    enhancers: Sequence[pd.DataFrame],
    tfbs: Sequence[pd.DataFrame],
    slop: int,
) -> dict[str, Marker]:
    """Build the markers of enhancer and promoter calls from the given lists.

    Parameters
    ----------
    zone : TSSs, and the distance from them that enhancer markers exceed
    dhs, enhancers, tfbs : peaks (chrom, start, end)
    slop : promoter markers are TSSs with a DHS within this distance, bp

    Returns
    -------
    "enhancer" and "promoter" -> Marker
    """
    lists = {
        "DHS": [dhs] if dhs is not None else [],
        "enhancer TF": list(enhancers),
        "other TF": list(tfbs),
    }
    given = [name for name, tables in lists.items() if tables]
    markers = {element: Marker(ABSENT, None) for element in ("enhancer", "promoter")}
    if given:
        peaks = pd.concat(
            [table[["chrom", "start", "end"]] for tables in lists.values() for table in tables],
            ignore_index=True,
        )
        if zone is not None:
            peaks = peaks[~near(peaks, zone.sites, zone.distance)]
        where = "away from TSSs" if zone is not None else "anywhere (no TSSs given)"
        markers["enhancer"] = Marker(f"{' or '.join(given)} peak {where}", peaks)
    if zone is not None and dhs is not None:
        middle = midpoints(zone.sites)
        sites = zone.sites.assign(start=middle, end=middle + 1)
        markers["promoter"] = Marker("TSS with DHS", sites[near(sites, dhs, slop)])
    return markers


def read_markers(
    zone: TssZone | None,
    dhs: Path | None,
    enhancers: Sequence[Path],
    tfbs: Sequence[Path],
    slop: int,
) -> dict[str, Marker]:
    """`build_markers` of the peaks in files."""
    return build_markers(
        zone,
        read_intervals(dhs) if dhs else None,
        [read_intervals(path) for path in enhancers],
        [read_intervals(path) for path in tfbs],
        slop,
    )


def validation_rates(
    calls: Mapping[str, Calls], classes: Sequence[str], markers: Mapping[str, Marker], slop: int
) -> list[ValidationRate]:
    """Count calls and validated calls of every class but background, in class order."""
    table = calls_table(calls)
    class_index = table["class_index"].to_numpy()
    validated = {}
    for element, marker in markers.items():
        if marker.intervals is not None:
            rows = np.flatnonzero(
                np.isin(
                    class_index,
                    [i for i, name in enumerate(classes) if class_named(name).element == element],
                )
            )
            validated[element] = np.zeros(len(table), bool)
            validated[element][rows] = near(table.iloc[rows], marker.intervals, slop)
    rates = []
    for index, name in enumerate(classes[1:], 1):
        element = class_named(name).element
        of_class = class_index == index
        n_calls = int(of_class.sum())
        confirmed = int(validated[element][of_class].sum()) if element in validated else None
        rate = None if confirmed is None or not n_calls else confirmed / n_calls
        rates.append(ValidationRate(name, n_calls, confirmed, rate, markers[element].description))
    return rates


def write_validation(path: Path, rates: Sequence[ValidationRate]) -> None:
    """Write one row per class."""
    write_rows(path, ValidationRate, rates)


def write_seed_validation(path: Path, by_seed: Mapping[int, Sequence[ValidationRate]]) -> None:
    """Write one row per seed and class."""
    rows = [
        SeedValidation(seed, one.class_, one.calls, one.validated, one.rate)
        for seed, rates in by_seed.items()
        for one in rates
    ]
    write_rows(path, SeedValidation, rows)


def write_call_summary(
    path: Path,
    calls: Mapping[str, Calls],
    classes: Sequence[str],
    tss: Mapping[str, np.ndarray] | None,
) -> None:
    """Write one row per chromosome and class. tss : known TSSs, for `near_tss`"""
    rows = []
    for chrom, of_chrom in calls.items():
        for index, name in enumerate(classes[1:], 1):
            of_class = of_chrom.take(of_chrom.class_index == index)
            covered = int((of_class.end - of_class.start).sum())
            at_tss = None if tss is None else int(near_tss(tss, chrom, of_class.summit).sum())
            rows.append(CallCount(chrom, name, len(of_class), covered, at_tss))
    write_rows(path, CallCount, rows)
