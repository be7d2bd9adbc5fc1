"""Variants of a run: the files of each in the results folder, compared with docs/output.md."""

import json
import shutil
from pathlib import Path

import pyBigWig
import pytest
from samples.cells import cells
from samples.documents import results_paths

pytestmark = pytest.mark.pipeline

ONLY_A = ("--train_on", "A", "--predict_on", "A")
CLASSES = {
    2: {"enhancer"},
    3: {"enhancer", "promoter"},
    5: {"poised_enhancer", "active_enhancer", "poised_promoter", "active_promoter"},
}


def classes_called(bed: Path) -> set[str]:
    return {line.split("\t")[3] for line in bed.read_text().splitlines()}


def assert_complete(results: Path, sample: str, model: str, n_classes: int) -> None:
    """The files that docs/output.md promises for a trained model, with sense in them."""
    metrics = json.loads((results / f"evaluation/{sample}/{model}/metrics.json").read_text())
    assert (metrics["sample"], metrics["model"]) == (sample, model)
    assert set(metrics["classes"]) == CLASSES[n_classes] | {"background"}
    aps = [metrics["per_class"][name]["average_precision"] for name in CLASSES[n_classes]]
    assert metrics["map"] == pytest.approx(sum(aps) / len(aps), abs=1e-3)
    for plot in ("pr_curve", "roc_curve", "confusion_matrix", "calibration", "learning_curve"):
        assert (results / f"evaluation/{sample}/{model}/{plot}.png").stat().st_size > 1000
        assert (results / f"evaluation/{sample}/{model}/{plot}.tsv").stat().st_size > 10
    bundle = results / f"models/{sample}/{model}"
    assert {f.name for f in bundle.iterdir()} >= {
        "model.json",
        "model.safetensors",
        "model_card.md",
    }
    assert classes_called(results / f"calls/{sample}/{sample}.{model}.bed") <= CLASSES[n_classes]
    regions = [line.split("\t") for line in (results / f"regions/{sample}/regions.bed").open()]
    assert {row[3] for row in regions} == CLASSES[n_classes] | {"background"}
    report = (results / "report.html").read_text()
    assert sample in report
    assert 'src="http' not in report


def test_train_and_predict_in_one_go(first_run):
    for sample in ("A", "B"):
        assert_complete(first_run.results, sample, "cnn", 3)
        assert classes_called(first_run.results / f"calls/{sample}/{sample}.cnn.bed") == CLASSES[3]
        compared = (first_run.results / f"evaluation/{sample}/comparison.tsv").read_text()
        assert {line.split("\t")[0] for line in compared.splitlines()[1:]} >= {"test", "calls"}
        folder = first_run.results / f"evaluation/{sample}/cnn/explain"
        facts = json.loads((folder / "explain.json").read_text())
        assert (facts["sample"], facts["model"], facts["notes"]) == (sample, "cnn", [])
        assert len(list(folder.glob("*.png"))) == 6
    page = (first_run.results / "report.html").read_text()
    assert 'id="interpretation-A.cnn"' in page
    assert (first_run.results / "evaluation/summary.tsv").read_text().count("\n") >= 5
    for name in ("params.json", "versions.tsv", "execution_report.html", "inputs.tsv"):
        assert (first_run.results / "pipeline_info" / name).stat().st_size > 0


def test_the_end_says_what_was_found_and_what_to_open(first_run):
    end = first_run.output.partition("\nDone in ")[2].strip().splitlines()
    assert len(end) <= 10
    assert {line.split(":")[0].strip() for line in end} >= {"A cnn", "B cnn", "Open next"}
    results, paths = (
        end[1:3],
        [Path(line.split()[0]) for line in end[end.index("Open next:") + 1 :]],
    )
    assert all(
        "enhancers" in line and "mean average precision of calls" in line for line in results
    )
    assert {first_run.results / name for name in ("report.html", "igv/session.xml")} <= set(paths)
    assert all(path.exists() for path in paths)


def test_the_libraries_of_a_simulated_panel_raise_no_doubt(first_run):
    assert (first_run.results / "signal/doubts.tsv").read_text() == "kind\tids\ttext\n"
    libraries = (first_run.results / "signal/libraries.tsv").read_text().splitlines()
    assert [line.split("\t")[0] for line in libraries[1:]] == [
        f"{sample}.{library}"
        for sample in "AB"
        for library in ("H3K27ac.1", "H3K27ac.2", "H3K4me1.1", "H3K4me3.1")
    ]


def test_a_genome_browser_finds_its_tracks(first_run, tmp_path):
    moved = shutil.copytree(first_run.results, tmp_path / "moved")
    session = json.loads((moved / "igv/session.json").read_text())
    paths = [(moved / "igv" / track["url"]).resolve() for track in session["tracks"]]
    assert {path.suffix for path in paths} == {".bed", ".bw"}
    assert all(path.stat().st_size > 0 for path in paths)
    called = (moved / "calls/A/A.cnn.bed").read_text().splitlines()
    with pyBigWig.open(str(moved / "calls/A/A.cnn.bb")) as bigbed:
        entries = [e for chrom, n in bigbed.chroms().items() for e in bigbed.entries(chrom, 0, n)]
    assert len(entries) == len(called) > 0
    assert "bigDataUrl ../../signal/B/H3K4me3.bw" in (moved / "hub/custom/trackDb.txt").read_text()


def test_the_model_learns_something(first_run):
    metrics = json.loads((first_run.results / "evaluation/A/cnn/metrics.json").read_text())
    n = metrics["n_test"]
    chance = (n["enhancer"] + n["promoter"]) / 2 / sum(n.values())
    assert metrics["map"] > 2 * chance


@pytest.mark.variants
def test_two_classes_put_promoters_into_the_background_and_forests_learn_them(pipeline, first_run):
    models = ("rf", "gbm", "rfecs")
    done = pipeline.run(
        "two", *pipeline.inputs, "--classes", "2", "--models", ",".join(models), *ONLY_A
    )
    assert done.exit_code == 0, done.output
    for model in models:
        assert_complete(done.results, "A", model, 2)
    assert "COUNT_BINS" not in done.executed
    assert "EXPLAIN_MODEL" not in {task["process"] for task in done.tasks}


@pytest.mark.variants
def test_models_that_see_the_chromosome(pipeline, first_run):
    models = ("drf", "chromhmm", "preprint")
    done = pipeline.run(
        "genome", *pipeline.inputs, *ONLY_A, "--models", ",".join(models), "--depths", "0.5",
        "--explain", "true",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    for model in models:
        assert_complete(done.results, "A", model, 3)
    assert (done.results / "evaluation/A/chromhmm/explain/states.tsv").exists()
    card = (done.results / "models/A/drf/model_card.md").read_text()
    assert "Transcription start sites that it is given: " in card
    assert "drf is given the TSSs of the labels" in card
    depths = (done.results / "evaluation/A/depths.tsv").read_text().splitlines()
    assert {line.split("\t")[0] for line in depths[1:]} == set(models)


@pytest.mark.variants
def test_five_classes_and_every_network(pipeline, first_run):
    done = pipeline.run(
        "five", *pipeline.inputs, "--train_on", "A", "--classes", "5",
        "--models", "cnn,rnn,mlp,drf", "--seeds", "2", "--epochs", "2",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    for model in ("cnn", "rnn", "mlp", "drf"):
        assert_complete(done.results, "A", model, 5)
        assert (done.results / f"calls/B/B.{model}_from_A.bed").exists()
    assert (done.results / "regions/A/states.tsv").exists()


@pytest.mark.variants
def test_random_split(pipeline, first_run, tmp_path):
    parameters = tmp_path / "flag.json"
    parameters.write_text('{"quantile_map": "false", "split": "random"}')
    done = pipeline.run("random", *pipeline.inputs, "-params-file", parameters, *ONLY_A)
    assert done.exit_code == 0, done.output
    written = json.loads((done.results / "pipeline_info/params.json").read_text())
    assert written["quantile_map"] is False, "given as text"
    assert_complete(done.results, "A", "cnn", 3)
    metrics = json.loads((done.results / "evaluation/A/cnn/metrics.json").read_text())
    assert metrics["natural"] is None


def test_a_model_also_meets_the_test_windows_of_the_other_sample(first_run):
    rows = cells(first_run.results / "evaluation/across/cnn.tsv")
    means = {
        (row["trained_on"], row["tested_on"], row["quantile_map"]): float(row["average_precision"])
        for row in rows
        if row["class"] == "mean"
    }
    for sample in ("A", "B"):
        path = first_run.results / f"evaluation/{sample}/cnn/metrics.json"
        own = json.loads(path.read_text())["map"]
        assert means[sample, sample, "false"] == pytest.approx(own, abs=1e-5)
    pairs = {("A", "B", "false"), ("A", "B", "true"), ("B", "A", "false"), ("B", "A", "true")}
    assert pairs < means.keys()
    assert "Transfer between samples" in (first_run.results / "report.html").read_text()


def test_train_on_one_sample_and_predict_another(pipeline, first_run):
    done = pipeline.run(
        "other", *pipeline.inputs, "--train_on", "A", "--predict_on", "B", "--folds", "3",
        "--depths", "0.25",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert classes_called(done.results / "calls/B/B.cnn_from_A.bed") == CLASSES[3]
    assert not (done.results / "calls/A").exists()
    metrics = json.loads((done.results / "evaluation/B/cnn_from_A/metrics.json").read_text())
    assert metrics["trained_on"] == "A"
    assert "TRAIN_MODEL" not in done.executed, "the model of A was trained before"
    rows = cells(done.results / "evaluation/A/folds.tsv")
    tested = {row["fold"]: set(row["chromosomes"].split(",")) for row in rows}
    assert sorted(tested) == ["1", "2", "3"]
    assert not tested["1"] & tested["2"], "each chromosome is tested in one fold"
    depths = cells(done.results / "evaluation/B/depths.tsv")
    means = {
        row["share"]: float(row["value"])
        for row in depths
        if (row["model"], row["setting"], row["class"]) == ("cnn_from_A", "test", "mean")
    }
    assert means["1.000000"] == pytest.approx(metrics["map"], abs=1e-5)
    assert means["1.000000"] > means["0.250000"] > 0
    assert "All models with fewer reads" in (done.results / "report.html").read_text()
    assert {row["setting"] for row in rows} == {"test", "natural"}


def test_pretrained_needs_nothing_but_bams(pipeline, first_run, repository):
    done = pipeline.run(
        "pretrained", "--input", pipeline.panel / "samplesheet.csv",
        "--pretrained", first_run.results / "models/A/cnn",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert classes_called(done.results / "calls/B/B.cnn_from_A.bed") == CLASSES[3]
    assert not (done.results / "evaluation/B").exists()
    assert not (done.results / "models").exists()
    report = (done.results / "report.html").read_text()
    assert "evaluation" in report.lower()
    # Both samples were predicted by one model, so they are compared; one mark has replicates.
    folder, name = done.results / "calls/differential/A_vs_B", "A_vs_B.cnn_from_A"
    listed = results_paths((repository / "docs/output.md").read_text())
    promised = {path.rpartition("<model>.")[2] for path in listed if "_vs_" in path}
    assert {path.name.removeprefix(f"{name}.") for path in folder.iterdir()} == promised
    rows = cells(folder / f"{name}.tsv")
    assert {row["tested_marks"] for row in rows} == {"H3K27ac"}
    assert {"differential", "unchanged"} <= {row["status"] for row in rows}
    assert "Tested with replicates: H3K27ac" in report


@pytest.mark.variants
def test_one_model_of_all_samples_takes_a_sample_with_fewer_marks(pipeline):
    together = pipeline.run(
        "together", *pipeline.inputs, "--models", "drf", "--predict_on", "A",
        "--train_together", "true", "--portable", "true",
    )  # fmt: skip
    assert together.exit_code == 0, together.output
    bundle = together.results / "models/A+B/drf"
    assert json.loads((bundle / "model.json").read_text())["sample"] == "A+B"
    for sample in "AB":  # B is not predicted, and evaluated on its test windows alone
        metrics = json.loads(
            (together.results / f"evaluation/{sample}/drf/metrics.json").read_text()
        )
        assert metrics["trained_on"] == "A+B"
    assert classes_called(together.results / "calls/A/A.drf.bed") <= CLASSES[3]
    sheet = pipeline.launch / "one_mark.csv"
    rows = (pipeline.panel / "samplesheet.csv").read_text()
    rows = rows.replace("bam/", f"{pipeline.panel}/bam/")
    kept = [row for row in rows.splitlines(True) if "sample" in row or "B,H3K27ac" in row]
    sheet.write_text("".join(kept))
    fewer = pipeline.run("one_mark", "--input", sheet, "--pretrained", bundle)
    assert fewer.exit_code == 0, fewer.output
    lacking = "B lacks H3K4me1, H3K4me3, which drf of A+B learnt from"
    assert lacking in fewer.output
    assert lacking in (fewer.results / "report.html").read_text()
    assert (fewer.results / "calls/B/B.drf_from_A+B.bed").exists()


def test_pretrained_names_missing_marks_before_any_task(pipeline, first_run):
    sheet = pipeline.launch / "fewer.csv"
    rows = (pipeline.panel / "samplesheet.csv").read_text()
    rows = rows.replace("bam/", f"{pipeline.panel}/bam/")
    sheet.write_text("".join(row for row in rows.splitlines(True) if "H3K4me1" not in row))
    done = pipeline.run(
        "fewer", "--input", sheet, "--predict_on", "B",
        "--pretrained", first_run.results / "models/A/cnn",
    )  # fmt: skip
    assert done.exit_code != 0
    assert "lacks H3K4me1" in done.output
    assert "Submitted process" not in done.output


def test_own_regions_are_scored_and_evidence_of_others_is_compared(pipeline, first_run, tmp_path):
    own = tmp_path / "own.bed"
    promoter = next(
        line.split("\t")
        for line in (first_run.results / "regions/A/regions.bed").read_text().splitlines()
        if "\tpromoter\t" in line
    )
    start, end = int(promoter[1]), int(promoter[2])
    own.write_text(
        f"{promoter[0]}\t{start + 900}\t{start + 1100}\tnarrow\n"
        f"{promoter[0]}\t{start - 5000 if start > 5000 else 0}\t{end + 5000}\twide\n"
    )
    # Another assembly, 7 bases longer at the start of each chromosome.
    sizes = dict(line.split("\t")[:2] for line in (pipeline.panel / "chrom.sizes").open())
    chain, states, pairs = (tmp_path / name for name in ("up.chain", "it's.bed", "pairs.tsv"))
    chain.write_text(
        "".join(
            f"chain 1 {chrom} {size + 7} + 7 {size + 7} {chrom} {size} + 0 {size} 1\n{size}\n\n"
            for chrom, size in ((chrom, int(size)) for chrom, size in sizes.items())
        )
    )
    labelled = (first_run.results / "regions/A/regions.bed").read_text().splitlines()
    rows = [line.split("\t") for line in labelled]
    moved = [(c, int(s) + 7, int(e) + 7, f"1_{name}'s") for c, s, e, name, *_ in rows]
    states.write_text("".join("\t".join(map(str, row)) + "\n" for row in moved))
    pairs.write_text(
        "CellType\tchrom\tchromStart\tchromEnd\tRegulated\n"
        + "".join(
            f"{'Cell A' if 'enhancer' not in name else 'B'}\t{c}\t{s}\t{e}\t"
            f"{str('promoter' in name).upper()}\n"
            for c, s, e, name in moved
        )
    )
    sheet = tmp_path / "annotations.csv"
    sheet.write_text(
        f"name,sample,bed,mapping,chain\nlabels,,{states},*promoter's=promoter;1_enh*=enhancer,"
        f"{chain}\n"
    )
    done = pipeline.run(
        "own", *pipeline.inputs, *ONLY_A, "--regions", own, "--annotations", sheet,
        "--crispr", pairs, "--crispr_sample", "A", "--crispr_chain", chain,
        "--crispr_cell_type", "cell a",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    for row in cells(done.results / "evaluation/A/annotations.tsv")[:2]:
        assert (row["setting"], row["annotation"]) == ("test_centre", "labels")
        assert float(row["recall"]) > 0.9, "the labels themselves, but for windows that overlap"
    row = cells(done.results / "calls/A/A.cnn.crispr.tsv")[0]
    assert row["not_lifted"] == row["not_predicted"] == row["not_valid"] == "0"
    assert int(row["other_cells"]) == sum("enhancer" in name for *_, name in moved)
    assert float(row["recall"]) > float(row["negative_rate"])
    page = (done.results / "report.html").read_text()
    assert "Elements perturbed with CRISPR <span>A</span>" in page
    assert "labels: recall" in page
    rows = cells(done.results / "calls/A/A.cnn.regions.tsv")
    assert [row["name"] for row in rows] == ["narrow", "wide"]
    assert float(rows[1]["promoter"]) >= float(rows[0]["promoter"])


@pytest.mark.variants
def test_featurecounts_gives_the_same_results(pipeline, first_run):
    done = pipeline.run("featurecounts", *pipeline.inputs, "--counter", "featurecounts", *ONLY_A)
    assert done.exit_code == 0, done.output
    ours, theirs = first_run.data_files(), done.data_files()
    assert ours["calls/A/A.cnn.bed"] == theirs["calls/A/A.cnn.bed"]
    assert {task["process"] for task in done.tasks if task["status"] == "CACHED"} >= {"INSPECT_BAM"}


@pytest.mark.variants
def test_options_of_counting_and_signal_reach_the_model(pipeline, first_run):
    done = pipeline.run(
        "options", *pipeline.inputs, "--train_on", "A", "--predict_on", "B",
        "--min_mapq", "10", "--duplicates", "drop", "--extend", "100",
        "--control", "subtract", "--transform", "log2", "--quantile_map", "true",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    bundle = json.loads((done.results / "models/A/cnn/model.json").read_text())
    assert bundle["normalisation"]["transform"] == "log2"
    assert bundle["normalisation"]["control"] == "subtract"
    metrics = json.loads((done.results / "evaluation/B/cnn_from_A/metrics.json").read_text())
    assert metrics["natural"]["map"] > 0
    own = json.loads((done.results / "evaluation/A/cnn/metrics.json").read_text())
    assert own["natural"] is None, "A itself is not predicted, only its test windows are"
    assert (done.results / "models/A/cnn/model_card.md").exists()
