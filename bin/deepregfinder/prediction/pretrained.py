"""What to know of pretrained models before their results are read, in sentences."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from deepregfinder.counting.assays import CHIP, assays_of
from deepregfinder.inputs.alignments import AlignmentSummary
from deepregfinder.inputs.check import is_portable
from deepregfinder.inputs.tables import LeftOut
from deepregfinder.models.catalogue import accessibility_row
from deepregfinder.storage.untrusted_json import JsonFields


def pretrained_notes(
    models: Sequence[Path], summaries: Sequence[AlignmentSummary]
) -> Iterator[LeftOut]:
    """What each model says of its training, and the marks and assays in which samples differ.

    models : descriptions of bundles (model.json)
    """
    assays: dict[str, dict[str, str]] = {}
    for one in summaries:
        if one.role == "chip":
            assays.setdefault(one.sample, {})[one.mark] = one.assay
    for path in models:
        facts = JsonFields(json.loads(path.read_text()), path)
        name = f"{facts.content.get('model')} of {facts.text('sample')}"
        provenance = facts.content.get("provenance") or {}
        if "remark" in provenance:
            yield LeftOut("pretrained", f"{name}: {provenance['remark']}")
        recorded = assays_of(provenance.get("counting") or {})
        of_model = {mark: recorded.get(mark, CHIP) for mark in facts.names("marks")}
        for sample, own in sorted(assays.items()):
            lacking = lacking_marks([*of_model], sorted(own)) if is_portable(facts) else []
            if lacking:
                yield LeftOut(
                    "marks",
                    f"{sample} lacks {', '.join(lacking)}, which {name} learnt from: it predicts "
                    "without, and finds less.",
                )
            if other := other_assays(of_model, own):
                yield LeftOut(
                    "assays",
                    f"{name} was trained on other assays than those of {sample} "
                    f"({', '.join(other)}): its probabilities are less reliable.",
                )


def other_assays(of_model: Mapping[str, str], own: Mapping[str, str]) -> list[str]:
    """Marks of a sample by another assay than in the training of a model, in words.

    of_model, own : mark -> assay; ATAC stands for DNase, and DNase for ATAC
    """
    marks = [*of_model]
    track = accessibility_row(marks)
    learnt = {mark: mark for mark in own if mark in of_model}
    if track is not None:
        learnt |= {
            m: marks[track] for m in own if m not in of_model and accessibility_row([m]) == 0
        }
    return [
        f"{mark} is {own[mark]}, not {of_model[name]}"
        for mark, name in sorted(learnt.items())
        if own[mark] != of_model[name]
    ]


def lacking_marks(of_model: Sequence[str], own: Sequence[str]) -> list[str]:
    """Marks of a portable model that a sample lacks; ATAC stands for DNase, and DNase for ATAC."""
    track = accessibility_row(of_model)
    has_track = accessibility_row(own) is not None
    return [
        mark
        for row, mark in enumerate(of_model)
        if mark not in own and not (row == track and has_track)
    ]
