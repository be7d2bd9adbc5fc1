"""Validation rate: the share of calls that independent marks of regulatory elements confirm.

A call of an enhancer class is validated by a positive marker within `--validation_slop` bp: a DHS,
an enhancer-TF peak or another TF peak that lies further than `--tss_distance` from every merged
TSS. A call of a promoter class is validated by the midpoint of a merged TSS within that slop, if
that has a DHS within the same slop. States share the marker of their element: nothing here tells
active from poised, so a rate says whether there is an element, not whether its state is right.
Within d bp means what it means for labelled regions (bedtools.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from deepregfinder.classes import class_named
from deepregfinder.genome.bedtools import near
from deepregfinder.labels.elements import midpoints
from deepregfinder.prediction.calling import Calls, calls_table
from deepregfinder.storage.atomic import written_whole

ABSENT = "."


@dataclass(frozen=True)
class Marker:
    """What validates calls of one element.

    description : for people; "." where the lists that it needs were not given
    intervals : chrom, start, end; None where the lists were not given
    """

    description: str
    intervals: pd.DataFrame | None


@dataclass(frozen=True)
class ValidationRate:
    """Calls of one class and how many of them are validated (None: cannot be told)."""

    class_name: str
    calls: int
    validated: int | None
    marker: str

    @property
    def rate(self) -> float | None:
        """validated / calls; None without calls or without marker."""
        return None if self.validated is None or not self.calls else self.validated / self.calls


def build_markers(
    tss: pd.DataFrame | None,
    dhs: pd.DataFrame | None,
    enhancers: Sequence[pd.DataFrame],
    tfbs: Sequence[pd.DataFrame],
    tss_distance: int,
    slop: int,
) -> dict[str, Marker]:
    """Build the markers of enhancer and promoter calls from what lists there are.

    Parameters
    ----------
    tss : merged TSSs (elements.merged_tss)
    dhs, enhancers, tfbs : peaks (chrom, start, end)
    tss_distance : enhancer markers lie further than this from every TSS, bp
    slop : a TSS has a DHS within this distance, bp

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
        if tss is not None:
            peaks = peaks[~near(peaks, tss, tss_distance)]
        where = "away from TSSs" if tss is not None else "anywhere (no TSSs given)"
        markers["enhancer"] = Marker(f"{' or '.join(given)} peak {where}", peaks)
    if tss is not None and dhs is not None:
        middle = midpoints(tss)
        sites = tss.assign(start=middle, end=middle + 1)
        markers["promoter"] = Marker("TSS with DHS", sites[near(sites, dhs, slop)])
    return markers


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
        count = int(validated[element][of_class].sum()) if element in validated else None
        rates.append(ValidationRate(name, int(of_class.sum()), count, markers[element].description))
    return rates


def _fields(rate: ValidationRate) -> list[str]:
    return [
        rate.class_name,
        str(rate.calls),
        ABSENT if rate.validated is None else str(rate.validated),
        ABSENT if rate.rate is None else f"{rate.rate:.4f}",
    ]


def write_validation(path: Path, rates: Sequence[ValidationRate]) -> None:
    """Write class, calls, validated, rate, marker; "." for what cannot be told."""
    rows = [("class", "calls", "validated", "rate", "marker")]
    _write_rows(path, rows + [(*_fields(rate), rate.marker) for rate in rates])


def write_seed_validation(path: Path, by_seed: Mapping[int, Sequence[ValidationRate]]) -> None:
    """Write seed, class, calls, validated, rate for the network of each seed alone."""
    rows = [("seed", "class", "calls", "validated", "rate")]
    _write_rows(
        path,
        rows + [(str(seed), *_fields(rate)) for seed, rates in by_seed.items() for rate in rates],
    )


def write_call_summary(path: Path, calls: Mapping[str, Calls], classes: Sequence[str]) -> None:
    """Write chrom, class, calls and bp covered, for every chromosome and class."""
    rows = [("chrom", "class", "calls", "bp")]
    for chrom, found in calls.items():
        for index, name in enumerate(classes[1:], 1):
            of_class = found.take(found.class_index == index)
            covered = int((of_class.end - of_class.start).sum())
            rows.append((chrom, name, str(len(of_class)), str(covered)))
    _write_rows(path, rows)


def _write_rows(path: Path, rows: Sequence[tuple[str, ...]]) -> None:
    with written_whole(path) as part:
        part.write_text("".join("\t".join(row) + "\n" for row in rows))
