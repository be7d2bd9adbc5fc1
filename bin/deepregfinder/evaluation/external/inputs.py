"""Annotations and experiments as the checks before counting see them."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from deepregfinder.classes import class_names
from deepregfinder.evaluation.external.crispr_table import TESTED, read_table
from deepregfinder.evaluation.external.labels import no_element, parse_mapping, read_annotation
from deepregfinder.inputs.references import ExternalList


def annotation_list(
    path: Path, mapping: str, chain: Path | None, classes: Sequence[str]
) -> ExternalList:
    """A list of --annotations, with its mapping."""

    def read() -> tuple[pd.DataFrame, list[str]]:
        pairs = parse_mapping(mapping, classes)
        intervals = read_annotation(path, pairs, classes)
        problem = no_element(intervals["name"].unique(), pairs, classes, f"{path} (--annotations)")
        return intervals, [problem] if problem and len(intervals) else []

    return ExternalList(path, "--annotations", read, chain)


def crispr_list(path: Path, cell_type: str | None, chain: Path | None) -> ExternalList:
    """The table of --crispr; an element between two bases ends at the base after it."""

    def read() -> tuple[pd.DataFrame, list[str]]:
        elements = read_table(path, cell_type)
        used = elements[elements["use"] == TESTED]
        return used.assign(end=used[["start", "end"]].max(axis=1)), []

    return ExternalList(path, "--crispr", read, chain)


def all_lists(
    annotations: Sequence[tuple[Path, str, str]],
    crispr: tuple[Path | None, str | None, Path | None],
    n_classes: int,
) -> list[ExternalList]:
    """All of a run.

    annotations : list, mapping and chain file ("" for none) of each
    crispr : table, cell type and chain file
    """
    names = class_names(n_classes)
    lists = [
        annotation_list(path, mapping, Path(chain) if chain else None, names)
        for path, mapping, chain in annotations
    ]
    table, cell_type, chain_file = crispr
    return lists + ([crispr_list(table, cell_type, chain_file)] if table else [])
