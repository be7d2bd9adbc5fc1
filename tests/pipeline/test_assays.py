"""A run whose rows have assays: counts, tables, report, and a model that hands its assays on."""

import csv
import dataclasses
import json
from pathlib import Path

import pytest

pytestmark = [pytest.mark.pipeline, pytest.mark.variants]

ASSAYS = {"H3K4me3": ("dnase", "min_mapq=0"), "H3K27ac": ("cuttag", ""), "H3K4me1": ("chip", "")}
"""The panel has no accessibility track: an H3K4me3 library stands for one."""


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file, delimiter="\t" if path.suffix == ".tsv" else ","))


@pytest.fixture(scope="module")
def runs(pipeline, tmp_path_factory):
    """A run that trains with assays, and one of its model on a sheet without them."""
    folder = tmp_path_factory.mktemp("assays")
    sheets = {}
    for name, sample in (("trained", "A"), ("applied", "B")):
        sheets[name] = folder / f"{name}.csv"
        with sheets[name].open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["sample", "mark", "replicate", "bam", "control", "assay", "counting"])
            for row in rows_of(pipeline.panel / "samplesheet.csv"):
                if row["sample"] == sample:
                    assay, own = ASSAYS[row["mark"]] if name == "trained" else ("", "")
                    control = "" if assay == "cuttag" else pipeline.panel / row["control"]
                    cells = row["sample"], row["mark"], row["replicate"]
                    writer.writerow([*cells, pipeline.panel / row["bam"], control, assay, own])
    labels = (pipeline.panel / "labels.csv").read_text().splitlines()
    (pipeline.panel / "labels.assays.csv").write_text("\n".join(labels[:2]) + "\n")
    apart = dataclasses.replace(pipeline, launch=folder)
    given = list(pipeline.inputs)
    given[1], given[3] = sheets["trained"], pipeline.panel / "labels.assays.csv"
    trained = apart.run("trained", *given, "--control", "subtract", resume=False)
    applied = apart.run(
        "applied",
        *("--input", sheets["applied"], "--pretrained", trained.results / "models/A/cnn"),
        *("--tss", pipeline.panel / "tss.bed", "--tracks", "false"),
    )
    return {"trained": trained, "applied": applied}


def test_each_row_is_counted_by_its_rules(runs):
    for run in runs.values():
        assert run.exit_code == 0, run.output
    results = runs["trained"].results
    inputs = {row["id"]: row for row in rows_of(results / "pipeline_info/inputs.tsv")}
    assert (inputs["A.H3K4me3.1"]["assay"], inputs["A.H3K4me3.1"]["rules"]) == (
        *("dnase", "min_mapq=0"),
    )
    assert inputs["A.H3K27ac.2"]["assay"] == "cuttag"
    # The control is counted by the rules of each assay that it serves.
    controls = {name: row["assay"] for name, row in inputs.items() if row["role"] == "control"}
    assert sorted(controls.values()) == ["chip", "dnase"]
    libraries = {row["id"]: row for row in rows_of(results / "signal/libraries.tsv")}
    assert float(libraries["A.H3K4me3.1"]["tss_enrichment"]) > 2
    assert 0 < float(libraries["A.H3K4me3.1"]["in_sites"]) < 1
    assert {libraries[name]["tss_enrichment"] for name in (*controls, "A.H3K27ac.1")} == {"."}


def test_the_model_says_by_which_rules_and_hands_its_assays_on(runs):
    results = runs["trained"].results
    bundle = json.loads((results / "models/A/cnn/model.json").read_text())
    assert bundle["provenance"]["counting"]["assays"] == {"H3K27ac": "cuttag", "H3K4me3": "dnase"}
    card = (results / "models/A/cnn/model_card.md").read_text()
    assert "H3K27ac by the rules of CUT&Tag" in card
    assert "A.H3K4me3.1 with min mapq 0" in card
    assert (
        "Reads of H3K27ac (CUT&amp;Tag) were counted by other rules"
        in (results / "report.html").read_text()
    )
    inputs = rows_of(runs["applied"].results / "pipeline_info/inputs.tsv")
    assays = {row["mark"]: row["assay"] for row in inputs if row["role"] == "chip"}
    assert assays == {mark: assay for mark, (assay, _) in ASSAYS.items()}
    assert (runs["applied"].results / "calls/B/B.cnn_from_A.bed").stat().st_size
