"""Accessibility tracks (DNase-seq, ATAC-seq) among the marks, and which models see them."""

import re
from collections.abc import Sequence

from deepregfinder.errors import InputError

ACCESSIBILITY = ("all", "needed")
"""Who sees an accessibility track: all models, or only those that cannot do without it."""

NEED_ACCESSIBILITY = ("ehmm", "ccre")

_NAMES = re.compile(r"(dnase|atac)([-_.]?seq)?|dhs", re.IGNORECASE)


def accessibility_row(marks: Sequence[str]) -> int | None:
    """The first row whose name says so (DNase, ATAC-seq, DHS, ... in any case), or None."""
    return next((row for row, mark in enumerate(marks) if _NAMES.fullmatch(mark)), None)


def marks_seen(model: str, marks: Sequence[str], accessibility: str) -> tuple[str, ...]:
    """The marks that a model is trained on, in their order.

    Raises InputError where a model that needs an accessibility track is given none.
    """
    if model in NEED_ACCESSIBILITY:
        if accessibility_row(marks) is None:
            raise InputError(
                f"{model} needs an accessibility track: add a row with the mark DNase or ATAC to "
                f"the samplesheet (there are {', '.join(marks)}), or leave {model} out of --models."
            )
    elif accessibility == "needed":
        return tuple(mark for mark in marks if not _NAMES.fullmatch(mark))
    return tuple(marks)
