"""What to know of pretrained models before their results are read, in sentences."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from deepregfinder.inputs.alignments import AlignmentSummary
from deepregfinder.inputs.check import is_portable
from deepregfinder.inputs.tables import LeftOut
from deepregfinder.models.catalogue import accessibility_row
from deepregfinder.storage.untrusted_json import JsonFields


def pretrained_notes(
    models: Sequence[Path], summaries: Sequence[AlignmentSummary]
) -> Iterator[LeftOut]:
    """What each model says of its training, and the marks that each sample lacks.

    models : descriptions of bundles (model.json)
    """
    marks: dict[str, set[str]] = {}
    for one in summaries:
        if one.role == "chip":
            marks.setdefault(one.sample, set()).add(one.mark)
    for path in models:
        facts = JsonFields(json.loads(path.read_text()), path)
        name = f"{facts.content.get('model')} of {facts.text('sample')}"
        provenance = facts.content.get("provenance")
        if isinstance(provenance, dict) and "remark" in provenance:
            yield LeftOut("pretrained", f"{name}: {provenance['remark']}")
        if is_portable(facts):
            for sample, own in sorted(marks.items()):
                if lacking := lacking_marks(facts.names("marks"), sorted(own)):
                    yield LeftOut(
                        "marks",
                        f"{sample} lacks {', '.join(lacking)}, which {name} learnt from: it "
                        "predicts without, and finds less.",
                    )


def lacking_marks(of_model: Sequence[str], own: Sequence[str]) -> list[str]:
    """Marks of a portable model that a sample lacks; ATAC stands for DNase, and DNase for ATAC."""
    track = accessibility_row(of_model)
    has_track = accessibility_row(own) is not None
    return [
        mark
        for row, mark in enumerate(of_model)
        if mark not in own and not (row == track and has_track)
    ]
