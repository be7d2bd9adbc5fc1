"""The class of the rows of each table, by its path in docs/output.md."""

from typing import Any

from deepregfinder.counting.store import RecordCounts
from deepregfinder.differential.tables import ComparedMark, Transition
from deepregfinder.evaluation import across_samples, cross_validation, read_depth
from deepregfinder.evaluation.tables import (
    AnnotationScore,
    ClassReliability,
    ComparedFigure,
    CrisprFigures,
    PrecisionRecall,
    RatesAtThreshold,
    Reliability,
    SeedFigure,
)
from deepregfinder.inputs.tables import InputFile, LeftOut
from deepregfinder.labels.open_background import OpenBackground
from deepregfinder.labels.rules import Drop
from deepregfinder.labels.sources import LabelSource
from deepregfinder.labels.states import StateCounts
from deepregfinder.labels.window_distances import WindowDistances
from deepregfinder.labels.windows import Selection
from deepregfinder.models.protocol import EpochRecord
from deepregfinder.prediction.cutoffs import Cutoff
from deepregfinder.prediction.marker_validation import CallCount, SeedValidation, ValidationRate
from deepregfinder.quality.tables import Correlation, Doubt, FileQuality, LibraryQuality
from deepregfinder.report.collect import Version
from deepregfinder.report.summary import SummaryRow
from deepregfinder.signal.build import MarkSignal

CALLS = "calls/<sample>/<sample>.<model>"
COMPARED = "calls/differential/<a>_vs_<b>/<a>_vs_<b>.<model>"
EVALUATION = "evaluation/<sample>/<model>"

ROWS: dict[str, type[Any]] = {
    f"{CALLS}.validation.tsv": ValidationRate,
    f"{CALLS}.calls.tsv": CallCount,
    f"{CALLS}.cutoffs.tsv": Cutoff,
    f"{CALLS}.seeds.tsv": SeedValidation,
    f"{CALLS}.crispr.tsv": CrisprFigures,
    f"{COMPARED}.transitions.tsv": Transition,
    f"{COMPARED}.marks.tsv": ComparedMark,
    "regions/<sample>/regions.tsv": Selection,
    "regions/<sample>/test_windows.tsv": WindowDistances,
    "regions/<sample>/open_background.tsv": OpenBackground,
    "regions/<sample>/dropped.tsv": Drop,
    "regions/<sample>/sources.tsv": LabelSource,
    "regions/<sample>/states.tsv": StateCounts,
    "signal/libraries.tsv": LibraryQuality,
    "signal/correlation.tsv": Correlation,
    "signal/doubts.tsv": Doubt,
    "evaluation/summary.tsv": SummaryRow,
    "evaluation/<sample>/comparison.tsv": ComparedFigure,
    "evaluation/across/<model>.tsv": across_samples.Score,
    "evaluation/<sample>/depths.tsv": read_depth.Score,
    "evaluation/<sample>/folds.tsv": cross_validation.Score,
    "evaluation/<sample>/folds_summary.tsv": cross_validation.FoldSummary,
    "evaluation/<sample>/annotations.tsv": AnnotationScore,
    f"{EVALUATION}/seeds.tsv": SeedFigure,
    f"{EVALUATION}/pr_curve.tsv": PrecisionRecall,
    f"{EVALUATION}/natural_pr_curve.tsv": PrecisionRecall,
    f"{EVALUATION}/roc_curve.tsv": RatesAtThreshold,
    f"{EVALUATION}/calibration.tsv": Reliability,
    f"{EVALUATION}/natural_calibration.tsv": ClassReliability,
    f"{EVALUATION}/learning_curve.tsv": EpochRecord,
    "models/<sample>/<model>/learning_curve.tsv": EpochRecord,
    "pipeline_info/inputs.tsv": InputFile,
    "pipeline_info/left_out.tsv": LeftOut,
    "pipeline_info/versions.tsv": Version,
}
BETWEEN_STEPS: dict[str, type[Any]] = {
    "<id>.counts.tsv": RecordCounts,
    "<id>.quality.tsv": FileQuality,
    "<sample>.signal.tsv": MarkSignal,
}

# Their columns depend on the run (classes, marks), or they are numbers of a plot.
FREE_COLUMNS = {
    *(f"{CALLS}.{name}.tsv" for name in ("regions", "crispr_elements", "annotated")),
    f"{COMPARED}.tsv",
    f"{EVALUATION}/confusion_matrix.tsv",
}
FREE_FOLDERS = (f"{EVALUATION}/explain/", "multiqc/")
