"""The folder of files that a report is made of: what a file holds is known by its name."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deepregfinder.counting.store import RecordCounts
from deepregfinder.differential.tables import ComparedMark, Transition
from deepregfinder.errors import InputError
from deepregfinder.evaluation.tables import AnnotationScore, CrisprFigures
from deepregfinder.inputs.tables import InputFile, LeftOut
from deepregfinder.labels.open_background import OpenBackground
from deepregfinder.labels.rules import Drop
from deepregfinder.labels.sources import LabelSource
from deepregfinder.labels.states import StateCounts
from deepregfinder.labels.window_distances import WindowDistances
from deepregfinder.labels.windows import Selection
from deepregfinder.prediction.cutoffs import Cutoff
from deepregfinder.prediction.marker_validation import CallCount, SeedValidation, ValidationRate
from deepregfinder.quality.tables import Correlation, Doubt, LibraryQuality
from deepregfinder.signal.build import MarkSignal
from deepregfinder.storage.tables import Row, read_rows

# The name of each table and the class of its rows. What stands for the star says what the table is
# about: A.cnn in A.cnn.calls.tsv.
TABLES: dict[str, type[Any]] = {
    "inputs.tsv": InputFile,
    "left_out.tsv": LeftOut,
    "*.counts.tsv": RecordCounts,
    "libraries.tsv": LibraryQuality,
    "doubts.tsv": Doubt,
    "correlation.tsv": Correlation,
    "*.signal.tsv": MarkSignal,
    "*.dropped.tsv": Drop,
    "*.sources.tsv": LabelSource,
    "*.states.tsv": StateCounts,
    "*.regions.tsv": Selection,
    "*.test_windows.tsv": WindowDistances,
    "*.open_background.tsv": OpenBackground,
    "*.calls.tsv": CallCount,
    "*.cutoffs.tsv": Cutoff,
    "*.validation.tsv": ValidationRate,
    "*.seeds.tsv": SeedValidation,
    "*.transitions.tsv": Transition,
    "*.marks.tsv": ComparedMark,
    "*.annotations.tsv": AnnotationScore,
    "*.crispr.tsv": CrisprFigures,
}

# Files that are not tables.
EVALUATIONS, EXPLANATIONS = "*.evaluation", "*.explanation"
EXAMPLES = "*.examples.json"
BUNDLES = "*.model.json"
TEST_WINDOWS_PLOTS, TRANSITION_PLOTS = "*.test_windows.png", "*.transitions.png"
MODEL_PLOTS, ACROSS_PLOTS = "*.comparison_*.png", "*.across.png"
OTHERS = (
    *(EVALUATIONS, EXPLANATIONS, EXAMPLES, BUNDLES),
    *(TEST_WINDOWS_PLOTS, TRANSITION_PLOTS, MODEL_PLOTS, ACROSS_PLOTS),
)


class Files:
    """All files of a folder, sorted by name, with the rows of every table among them.

    tables : class of the rows (its name) -> what a table is about -> its rows
    """

    def __init__(self, folder: Path) -> None:
        """Raises InputError for a file that no section of the report shows, and for a table that is
        not what it should be."""
        self._paths = {path.name: path for path in sorted(Path(folder).iterdir())}
        for name, path in self._paths.items():
            if not any(_starred(pattern, name) for pattern in (*TABLES, *OTHERS)):
                raise InputError(f"{path}: the report shows no file of this name.")
        self.tables: dict[str, dict[str, tuple[Any, ...]]] = {
            kind.__name__: {
                about: read_rows(path, kind) for about, path in self.named(pattern).items()
            }
            for pattern, kind in TABLES.items()
        }

    def named(self, pattern: str) -> dict[str, Path]:
        """The files of a pattern by what stands for its star, a dot between two of them."""
        return {
            ".".join(starred.groups()): path
            for name, path in self._paths.items()
            if (starred := _starred(pattern, name))
        }

    def tables_of(self, kind: type[Row]) -> Mapping[str, tuple[Row, ...]]:
        """The rows of each table of a kind, by what the table is about."""
        return self.tables[kind.__name__]

    def rows_of(self, kind: type[Row]) -> tuple[Row, ...]:
        """The rows of all tables of a kind, in the order of their names."""
        return tuple(row for rows in self.tables_of(kind).values() for row in rows)


def _starred(pattern: str, name: str) -> re.Match[str] | None:
    """The name of a file, if it fits a pattern; its groups are what stands for the stars."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", "(.+)"), name)
