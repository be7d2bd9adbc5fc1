"""What labels are made of: in tables, in JSON, in words."""

import json
from pathlib import Path
from typing import Any

import pytest
from samples.region_samples import evidence, peaks

from deepregfinder.errors import InputError
from deepregfinder.labels.sources import (
    ENHANCER_LABELS,
    LabelSource,
    enhancer_labels,
    read_sources,
    seen_marks,
    sources_from_json,
    sources_to_json,
    write_sources,
)

ACTIVE = (
    LabelSource("enhancers", "h3k27ac", None, None),
    LabelSource("dhs", "reads", "ATAC-seq", 12),
    LabelSource("h3k27ac", "peaks", None, 7),
    LabelSource("promoter_marks", "none", None, 0),
)


def test_sources_survive_a_table_and_json(tmp_path: Path) -> None:
    write_sources(tmp_path / "sources.tsv", ACTIVE)
    assert read_sources(tmp_path / "sources.tsv") == ACTIVE
    assert sources_from_json(json.loads(json.dumps(sources_to_json(ACTIVE)))) == ACTIVE


def test_sources_of_evidence_say_what_was_given_called_or_lacking() -> None:
    two = peaks(("chr1", 0, 10), ("chr1", 20, 30))
    lists = evidence(dhs=two, h3k27ac={"k": two}, called={"dhs": "ATAC"})
    assert lists.sources("h3k27ac") == (
        LabelSource("enhancers", "h3k27ac", None, None),
        LabelSource("dhs", "reads", "ATAC", 2),
        LabelSource("h3k27ac", "peaks", None, 2),
        LabelSource("promoter_marks", "none", None, 0),
    )
    assert lists.sources("vista")[0] == LabelSource("enhancers", "vista", None, 0)


def test_a_model_sees_the_marks_that_its_labels_are_made_of() -> None:
    assert seen_marks(ACTIVE, ("ATAC-seq", "H3K4me1", "h3k27ac")) == ("ATAC-seq", "h3k27ac")
    assert seen_marks(ACTIVE, ("H3K4me1", "H3K4me3")) == ()
    factors = (LabelSource("enhancers", "factors", None, 5), *ACTIVE[2:])
    assert seen_marks(factors, ("ATAC-seq", "H3K27ac")) == ()
    assert seen_marks((), ("H3K27ac",)) == ()


def test_what_is_not_recorded_are_factors() -> None:
    assert enhancer_labels(()) == "factors"
    assert enhancer_labels(ACTIVE) == "h3k27ac"


@pytest.mark.parametrize(
    "content",
    [
        {"enhancers": "factors"},
        ["enhancers"],
        [{"list_": "enhancers", "source": "factors"}],
        [{"list_": "enhancers", "source": "peaks", "mark": None, "intervals": 1}],
        [{"list_": "dhs", "source": "<b>", "mark": None, "intervals": 1}],
        [{"list_": "tfbs", "source": "peaks", "mark": None, "intervals": 1}],
        [{"list_": "dhs", "source": "reads", "mark": 7, "intervals": 1}],
        [{"list_": "dhs", "source": "reads", "mark": "[x](http://y)", "intervals": 1}],
        [{"list_": "dhs", "source": "reads", "mark": "ATAC", "intervals": "many"}],
    ],
)
def test_other_json_is_refused(content: Any) -> None:
    with pytest.raises(ValueError, match=r"expected|no source|not valid"):
        sources_from_json(content)


def test_another_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.tsv").write_text("list\tsource\tmark\tintervals\ndhs\tguessed\t.\t1\n")
    with pytest.raises(InputError, match="is not a table of label sources: 'dhs' has no source"):
        read_sources(tmp_path / "x.tsv")


def test_kinds_of_enhancers_are_those_of_schema_and_sheet(repository: Path) -> None:
    schema = json.loads((repository / "nextflow_schema.json").read_text())
    rule = schema["$defs"]["region_rules"]["properties"]["enhancer_labels"]
    sheet = json.loads((repository / "assets/schema_labels.json").read_text())["items"]
    pattern = sheet["properties"]["enhancer_labels"]["pattern"]
    assert rule["enum"] == list(ENHANCER_LABELS) == pattern.strip("^$()").split("|")
