"""The numbers behind the plots of an evaluation."""

from dataclasses import dataclass
from pathlib import Path

from deepregfinder.evaluation.tables import (
    ClassReliability,
    PrecisionRecall,
    RatesAtThreshold,
    Reliability,
)
from deepregfinder.models.protocol import EpochRecord
from deepregfinder.storage.tables import Row, read_rows


@dataclass(frozen=True)
class Points:
    """The tables of an evaluation folder; empty where there is none."""

    pr_curve: tuple[PrecisionRecall, ...] = ()
    natural_pr_curve: tuple[PrecisionRecall, ...] = ()
    roc_curve: tuple[RatesAtThreshold, ...] = ()
    calibration: tuple[Reliability, ...] = ()
    natural_calibration: tuple[ClassReliability, ...] = ()
    learning_curve: tuple[EpochRecord, ...] = ()


def read_points(folder: Path) -> Points:
    """Read the tables that there are. InputError for one that is something else."""

    def rows(name: str, kind: type[Row]) -> tuple[Row, ...]:
        path = Path(folder) / f"{name}.tsv"
        return read_rows(path, kind) if path.exists() else ()

    return Points(
        rows("pr_curve", PrecisionRecall),
        rows("natural_pr_curve", PrecisionRecall),
        rows("roc_curve", RatesAtThreshold),
        rows("calibration", Reliability),
        rows("natural_calibration", ClassReliability),
        rows("learning_curve", EpochRecord),
    )
