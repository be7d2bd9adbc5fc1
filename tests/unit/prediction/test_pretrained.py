"""What a run says of pretrained models, from their descriptions and the inspected files."""

import json
from pathlib import Path
from typing import Any

import pytest

from deepregfinder.inputs.alignments import AlignmentSummary
from deepregfinder.prediction.pretrained import other_assays, pretrained_notes

MODEL = {"H3K27ac": "chip", "DNase": "dnase"}


@pytest.mark.parametrize(
    ("own", "other"),
    [
        ({"H3K27ac": "chip", "DNase": "dnase"}, []),
        ({"H3K27ac": "cuttag"}, ["H3K27ac is cuttag, not chip"]),
        ({"ATAC": "atac"}, ["ATAC is atac, not dnase"]),  # it stands for DNase
        ({"DNase": "dnase", "ATAC": "dnase"}, []),
        ({"H3K9me3": "cuttag"}, []),  # the model does not see it
    ],
)
def test_assays_are_compared_mark_by_mark(own, other):
    assert other_assays(MODEL, own) == other


def notes(folder: Path, model: dict[str, Any], **assays: str) -> list[tuple[str, str]]:
    path = folder / "model.json"
    path.write_text(json.dumps({"model": "drf", "sample": "K562", "marks": [*MODEL], **model}))
    summaries = [
        AlignmentSummary(f"B.{mark}.1", "B", mark, "1", "chip", "b.bam", assay=assay)
        for mark, assay in assays.items()
    ]
    return [(note.kind, note.text) for note in pretrained_notes([path], summaries)]


def test_a_model_without_assays_was_counted_by_the_rules_of_its_run(tmp_path):
    assert notes(tmp_path, {}, H3K27ac="chip", DNase="chip") == []
    ((kind, text),) = notes(tmp_path, {}, H3K27ac="cuttag", DNase="chip")
    assert kind == "assays"
    assert "drf of K562 was trained on other assays than those of B (H3K27ac is cuttag" in text


def test_assays_that_are_recorded_and_marks_that_lack_are_both_told(tmp_path):
    model = {
        "training": {"portable": True},
        "provenance": {"remark": "A remark.", "counting": {"assays": {"DNase": "dnase"}}},
    }
    kinds = [kind for kind, _ in notes(tmp_path, model, ATAC="atac")]
    assert kinds == ["pretrained", "marks", "assays"]
    assert [kind for kind, _ in notes(tmp_path, model, H3K27ac="chip", DNase="dnase")] == [
        "pretrained"
    ]


@pytest.mark.parametrize("provenance", [None, {}, {"counting": None}])
def test_what_a_bundle_does_not_record_is_no_other_assay(provenance, tmp_path):
    assert notes(tmp_path, {"provenance": provenance}, H3K27ac="chip") == []
