"""Runs without p300, and without any label, on a small genome whose enhancers are known."""

import dataclasses
import json
import subprocess
import sys

import pytest
from samples.cells import cells

from deepregfinder.genome.bedtools import near
from deepregfinder.genome.intervals import read_intervals

pytestmark = [pytest.mark.pipeline, pytest.mark.variants]


@pytest.fixture(scope="module")
def panel(pipeline, tmp_path_factory):
    """A launch folder with reads of four tracks of one sample, and a sheet that only names it."""
    folder = tmp_path_factory.mktemp("without")
    simulate = [
        sys.executable, pipeline.code / "bin/simulate_panel.py", "--outdir", folder / "panel",
        "--samples", "A", "--marks", "H3K4me1,H3K4me3,H3K27ac", "--accessibility",
        "--genome_mb", "12", "--reads_per_mb", "8000",
    ]  # fmt: skip
    subprocess.run(list(map(str, simulate)), check=True)
    (folder / "labels.csv").write_text("sample\nA\n")
    apart = dataclasses.replace(pipeline, launch=folder)
    given = [
        "--input", "panel/samplesheet.csv", "--tss", "panel/tss.bed", "--scatter", "1",
        "--blacklist", "panel/blacklist.bed", "--explain", "false", "--tracks", "false",
    ]  # fmt: skip
    return lambda name, *more: apart.run(name, *given, *more)


def found(calls, kinds):
    """Share of enhancer calls at a true site of these kinds."""
    folder = calls.parents[2].parent / "panel/peaks"
    truth = read_intervals(folder / "A.truth.bed")
    sites = truth[truth["name"].isin(kinds)]
    enhancers = calls_of(calls, "enhancer")
    return near(enhancers, sites, 1_000).mean()


def calls_of(bed, name):
    table = read_intervals(bed)
    return table[table["name"] == name]


def test_labels_of_reads_train_a_model_and_everything_says_so(panel):
    run = panel(
        "no_p300", "--labels", "labels.csv", "--enhancer_labels", "h3k27ac", "--models", "gbm",
        "--n_background", "600",
    )  # fmt: skip
    assert run.exit_code == 0, run.output
    assert "Labels of A. Enhancers: accessible sites with H3K27ac" in run.output
    assert "accessible sites: called from the reads of DNase" in run.output
    assert "made of DNase, H3K27ac, H3K4me3, which the model also sees" in run.output
    assert sum(task["process"] == "CALL_SITES" for task in run.tasks) == 3
    rows = cells(run.results / "regions/A/sources.tsv")
    assert [(row["list"], row["source"], row["mark"]) for row in rows] == [
        ("enhancers", "h3k27ac", "."),
        ("dhs", "reads", "DNase"),
        ("h3k27ac", "reads", "H3K27ac"),
        ("promoter_marks", "reads", "H3K4me3"),
    ]
    model = json.loads((run.results / "models/A/gbm/model.json").read_text())
    assert model["provenance"]["labels"][0]["source"] == "h3k27ac"
    card = (run.results / "models/A/gbm/model_card.md").read_text()
    assert "Enhancers: accessible sites with H3K27ac, away from" in card
    assert "peaks of enhancer-bound factors" not in card
    page = (run.results / "report.html").read_text()
    assert "Enhancer labels of A: accessible sites with H3K27ac" in page
    assert len(read_intervals(run.results / "regions/A/DNase.sites.narrowPeak", "peaks")) > 100
    bed = run.results / "calls/A/A.gbm.bed"
    assert len(calls_of(bed, "enhancer")) > 50
    assert found(bed, {"active_enhancer", "poised_enhancer"}) > 0.5


def test_rules_without_labels_give_calls_and_no_accuracy(panel):
    run = panel("rules", "--models", "ccre")
    assert run.exit_code == 0, run.output
    assert "FIT_RULES" in run.executed
    assert not {"TRAIN_MODEL", "DEFINE_REGIONS", "EVALUATE_MODEL"} & run.executed
    bed = run.results / "calls/A/A.ccre.bed"
    assert len(calls_of(bed, "enhancer")) > 50
    assert len(calls_of(bed, "promoter")) > 50
    assert found(bed, {"active_enhancer", "poised_enhancer"}) > 0.5
    cutoffs = cells(run.results / "calls/A/A.ccre.cutoffs.tsv")
    assert [row["probability"] for row in cutoffs] == ["0.5", "0.5"]
    assert {row["natural"] for row in cutoffs} == {row["precision"] for row in cutoffs} == {"."}
    page = (run.results / "report.html").read_text()
    assert "Calls follow rules; their accuracy is unknown" in page
    assert not list(run.results.glob("evaluation/*/*/metrics.json"))
