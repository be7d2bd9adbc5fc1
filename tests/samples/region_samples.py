"""Small tables of intervals and region rules for tests."""

from typing import Any

import pandas as pd

from deepregfinder.genome.grid import Geometry
from deepregfinder.genome.splits import SplitPlan
from deepregfinder.labels.rules import Evidence, RegionRules

GEOMETRY = Geometry(100, 20)
BY_CHROMOSOME = SplitPlan.parse("chromosome", "1-7", "8-16", "17-22,X,Y")
AT_RANDOM = SplitPlan.parse("random", "1-7", "8-16", "17-22,X,Y")


def peaks(*rows: tuple) -> pd.DataFrame:
    """A table as from `read_intervals`; rows are chrom, start, end[, signal[, summit]]."""
    filled = [(*row, *(float("nan"), -1)[len(row) - 3 :]) for row in rows]
    frame = pd.DataFrame(filled, columns=["chrom", "start", "end", "signal", "summit"])
    types = {"chrom": str, "start": "int64", "end": "int64", "signal": float, "summit": "int64"}
    return frame.astype(types).assign(name=".", strand=".")


def points(chrom: str, *positions: int) -> pd.DataFrame:
    return peaks(*((chrom, position, position + 1) for position in positions))


def rules(**changed: Any) -> RegionRules:
    """The default region rules."""
    given: dict[str, Any] = {
        "tss_merge": 500,
        "promoter_slop": 1000,
        "enhancer_slop": 1000,
        "tss_distance": 2000,
        "promoter_marks_distance": 1000,
        "promoter_marks_min_signal": 0,
        "max_tf_peak_width": None,
        "center": "midpoint",
        "background_distance": 2000,
        "n_background": 30,
        "enhancer_labels": "factors",
    }
    return RegionRules(**(given | changed))


def evidence(
    tss: pd.DataFrame | None = None,
    dhs: pd.DataFrame | None = None,
    enhancers: pd.DataFrame | None = None,
    **more: Any,
) -> Evidence:
    """Evidence with empty tables for lists that are not given."""
    empty = peaks()
    return Evidence(
        tss=empty if tss is None else tss,
        dhs=empty if dhs is None else dhs,
        enhancers={"p300.narrowPeak": empty if enhancers is None else enhancers},
        **more,
    )
