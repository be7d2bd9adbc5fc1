"""Before the first task, the log says in a few lines what a run does and what it leaves out."""

import json
import os
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.pipeline

ROOT = Path(__file__).resolve().parents[2]
MARKS = ("H3K27ac", "H3K4me1", "H3K4me3")
# Sample -> its marks, with the number of replicates.
SAMPLES = {
    "A": {"H3K27ac": 2, "H3K4me1": 1},
    "B": {"H3K27ac": 2, "H3K4me1": 1},
    "C": {"H3K27ac": 1, "H3K4me1": 1},
}
MANY = {f"S{n:02}": dict.fromkeys(MARKS, 1) for n in range(50)}
UNLIKE = {f"S{n:02}": {f"H3K{k}ac": 1 for k in range(9, n + 10)} for n in range(50)}
GOOD = {"input": "in.csv", "labels": "labels.csv", "tss": "tss.bed"}
CASES = {
    "usual": GOOD,
    "everything": GOOD
    | {"classes": 5, "control": "subtract", "predict_on": "A,B", "train_on": "A"}
    | {"fasta": "tss.bed", "regions": "tss.bed", "blacklist": "tss.bed", "folds": 3},
    "together": GOOD | {"models": "drf", "train_together": True, "genome": "hg38", "tss": None},
    "alone": GOOD | {"input": "one.csv", "labels": "one_labels.csv", "models": "drf,gbm"},
    "random": GOOD | {"split": "random", "models": "cnn", "tracks": False},
    "rules": {"input": "many.csv", "models": "ccre", "tss": "tss.bed"},
    "built in": {"input": "in.csv", "pretrained": "builtin"},
    "many": {"input": "many.csv", "labels": "many_labels.csv", "tss": "tss.bed"},
    "unlike": {"input": "unlike.csv", "pretrained": "builtin"},
}


def write_sheets(
    folder: Path, name: str, samples: dict[str, dict[str, int]], labelled: str
) -> None:
    rows = ["sample,mark,replicate,bam,control"]
    rows += [
        f"{sample},{mark},{n},{sample}.{mark}.{n}.bam,input.bam"
        for sample, marks in samples.items()
        for mark, count in marks.items()
        for n in range(1, count + 1)
    ]
    for row in rows[1:]:
        (folder / row.split(",")[3]).touch()
    (folder / f"{name}.csv").write_text("\n".join(rows) + "\n")
    lists = ["sample,dhs,enhancers,promoter_marks,nascent"]
    lists += [f"{sample},x.bed,x.bed,x.bed,n.bam" for sample in samples if sample in labelled]
    (folder / f"{name}_labels.csv").write_text("\n".join(lists) + "\n")


@pytest.fixture(scope="module", params=["v1", "v2"])
def summaries(request, tmp_path_factory) -> dict[str, list[str]]:
    folder = tmp_path_factory.mktemp("summaries")
    for name in ("x.bed", "tss.bed", "n.bam", "input.bam"):
        (folder / name).touch()
    write_sheets(folder, "in", SAMPLES, "A,B")
    (folder / "in_labels.csv").rename(folder / "labels.csv")
    write_sheets(folder, "one", {"A": SAMPLES["A"]}, "A")
    write_sheets(folder, "many", {n: m | {"DNase": 1} for n, m in MANY.items()}, ",".join(MANY))
    write_sheets(folder, "unlike", UNLIKE, "")
    (folder / "cases.json").write_text(json.dumps(CASES))
    command = [
        *(ROOT / "tools/nextflow", "-q", "run", ROOT / "tests/pipeline/start_summary.nf"),
        *("--cases", folder / "cases.json", "--answers", folder / "answers.json"),
    ]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=300,
        env=os.environ | {"NXF_SYNTAX_PARSER": request.param},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((folder / "answers.json").read_text())


def test_it_shows_samples_models_genome_and_what_is_left_out(summaries):
    assert summaries["usual"] == [
        "What this run does:",
        "  sample  marks             files  labels  trained on  predicted by",
        "  A, B    H3K27ac, H3K4me1  3      yes     yes         cnn, drf",
        "  C       H3K27ac, H3K4me1  2      no      no          "
        "cnn_from_A, cnn_from_B, drf_from_A, drf_from_B",
        "  models: cnn, drf, trained on each of A, B; classes: background, enhancer, promoter",
        "  genome: not named (--genome); TSSs of tss.bed",
        "  left out: accuracy on C, without labels",
        "  left out: nascent RNA of the label sheet, which only --classes 5 uses",
        "  left out: controls of the samplesheet (--control ignore)",
        "  not asked for: --fasta, --regions, --folds, --depths, --annotations, --crispr, "
        "--multiqc",
    ]


@pytest.mark.parametrize(
    ("case", "says"),
    [
        ("everything", "trained on A; classes: background, poised_enhancer, active_enhancer, "),
        ("everything", "TSSs of tss.bed, blacklist of tss.bed"),
        ("everything", "left out: samples neither trained on nor predicted: C"),
        ("everything", "not asked for: --depths, --annotations, --crispr, --multiqc"),
        ("together", "models: drf, trained on all of A, B; classes"),
        ("together", "  A, B    H3K27ac, H3K4me1  3      yes     yes         drf\n"),
        ("together", "drf_from_A+B"),
        ("together", "genome: hg38; TSSs of --genome, blacklist of --genome"),
        ("together", "models on test windows of other samples (--train_together)"),
        ("alone", "models: drf, gbm, trained on A; classes"),
        ("alone", "left out: comparison of samples, as one is predicted"),
        ("alone", "models on test windows of other samples (only one sample has labels)"),
        ("random", "models on test windows of other samples (--split random)"),
        ("random", "not asked for: --tracks, --fasta"),
        ("rules", "models: ccre, rules without labels, on S00, S01, S02 and 47 more; classes"),
        ("rules", "left out: accuracy, as no sample has labels"),
        ("unlike", "comparison of samples, as 50 are predicted (--compare names pairs, or all)"),
        ("rules", "comparison of samples, as no model predicts two of them"),
        ("built in", "models: drf of GM12878+K562, trained before; classes"),
        ("built in", "left out: the filter of enhancer calls near TSSs"),
    ],
)
def test_it_says_so(summaries, case, says):
    assert says in "\n".join(summaries[case])


@pytest.mark.parametrize(
    ("case", "silent"),
    [
        ("everything", "controls"),
        ("everything", "nascent"),
        ("everything", "accuracy"),
        ("together", "comparison of samples"),
        ("usual", "test windows of other samples"),
        ("rules", "test windows of other samples"),
        ("usual", "neither trained on"),
    ],
)
def test_it_does_not_name_what_is_done(summaries, case, silent):
    assert silent not in "\n".join(summaries[case])


def test_it_is_short_for_fifty_samples(summaries):
    assert max(map(len, summaries.values())) <= 15
    assert "  S00, S01, S02 and 47 more  DNase, H3K27ac, H3K4me1, H3K4me3  4  " in "\n".join(
        summaries["many"]
    )
    assert "  and 47 more samples" in summaries["unlike"]
    assert max(len(line) for lines in summaries.values() for line in lines) <= 160


def test_a_preview_shows_it_and_computes_nothing(pipeline):
    done = pipeline.run("previewed", *pipeline.inputs, "-preview")
    assert done.exit_code == 0, done.output
    assert "What this run does:\n  sample  marks" in done.output
    assert "Preview: no task was started" in done.output
    assert not (done.results / "pipeline_info/settings.json").exists()
