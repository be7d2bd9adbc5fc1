"""The numbers behind the plots of an evaluation, as curve_plots.py leaves them in tables."""

from dataclasses import dataclass
from pathlib import Path

from deepregfinder.report.tables import Row, read_rows


@dataclass(frozen=True)
class PrecisionRecall:
    """A row of pr_curve.tsv or natural_pr_curve.tsv."""

    class_: str
    threshold: float
    precision: float
    recall: float


@dataclass(frozen=True)
class Roc:
    """A row of roc_curve.tsv; the first threshold of a class is infinite."""

    class_: str
    threshold: float
    false_positive_rate: float
    true_positive_rate: float


@dataclass(frozen=True)
class Reliability:
    """A row of calibration.tsv; a bin without windows has neither confidence nor accuracy."""

    temperature_scaling: str
    windows: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True)
class Epoch:
    """A row of learning_curve.tsv."""

    seed: str
    epoch: int
    train_loss: float
    validation_loss: float
    validation_map: float


@dataclass(frozen=True)
class Points:
    """The tables of an evaluation folder; empty where there is none."""

    pr_curve: tuple[PrecisionRecall, ...] = ()
    natural_pr_curve: tuple[PrecisionRecall, ...] = ()
    roc_curve: tuple[Roc, ...] = ()
    calibration: tuple[Reliability, ...] = ()
    natural_calibration: tuple[Reliability, ...] = ()
    learning_curve: tuple[Epoch, ...] = ()


def read_points(folder: Path) -> Points:
    """Read the tables that there are. InputError for one that is something else."""

    def rows(name: str, kind: type[Row]) -> tuple[Row, ...]:
        path = Path(folder) / f"{name}.tsv"
        return read_rows(path, kind) if path.exists() else ()

    return Points(
        rows("pr_curve", PrecisionRecall),
        rows("natural_pr_curve", PrecisionRecall),
        rows("roc_curve", Roc),
        rows("calibration", Reliability),
        rows("natural_calibration", Reliability),
        rows("learning_curve", Epoch),
    )
