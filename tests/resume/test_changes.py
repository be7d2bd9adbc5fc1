"""-resume runs again exactly what depends on what has changed."""

import os
import random
import shutil

import pytest

pytestmark = pytest.mark.pipeline

AFTER_EVALUATION = {"EVALUATE_MODEL", "COMPARE_MODELS", "MAKE_REPORT"}
AFTER_CALLING = {"CALL_ELEMENTS", "SHOW_EXAMPLES"} | AFTER_EVALUATION
OTHERS_THAT_DRAW = {"COMPARE_LIBRARIES", "DESCRIBE_WINDOWS", "EVALUATE_ACROSS"}


def test_a_second_identical_run_is_cached_whole(pipeline, first_run):
    again = pipeline.run("first", *pipeline.inputs)
    assert again.exit_code == 0, again.output
    assert again.executed == set()


def test_a_changed_parameter_reruns_what_depends_on_it(pipeline, first_run):
    done = pipeline.run("threshold", *pipeline.inputs, "--threshold", "0.6")
    assert done.exit_code == 0, done.output
    assert done.executed == AFTER_CALLING


def test_other_settings_are_refused_and_leave_results_and_notes_alone(pipeline, first_run):
    note = pipeline.launch / "noted/calls/A/my notes.txt"
    note.parent.mkdir(parents=True)
    note.write_text("mine")
    done = pipeline.run("noted", *pipeline.inputs)
    assert done.exit_code == 0, done.output
    info = "pipeline_info/checksums.sha256"
    assert (done.results / info).read_bytes() == (first_run.results / info).read_bytes()
    before = done.data_files()
    for changed in (("--models", "rf"), ("--threshold", "0.6"), ("--predict_on", "A")):
        refused = pipeline.run("noted", *pipeline.inputs, *changed)
        assert refused.exit_code != 0
        assert f"holds results of another run, which differs in {changed[0]}." in refused.output
        assert "executor >" not in refused.output
    again = pipeline.run("noted", *pipeline.inputs)
    assert again.exit_code == 0, again.output
    assert again.data_files() == before
    assert (done.results / info).read_bytes() == (first_run.results / info).read_bytes()
    assert note.read_text() == "mine"


def test_a_shuffled_samplesheet_changes_no_byte(pipeline, first_run):
    sheet = pipeline.panel / "samplesheet.csv"
    header, *rows = sheet.read_text().splitlines(True)
    kept = sheet.read_text()
    random.Random(1).shuffle(rows)
    try:
        sheet.write_text(header + "".join(rows))
        assert sheet.read_text() != kept
        done = pipeline.run("first", *pipeline.inputs)
    finally:
        sheet.write_text(kept)
    assert done.exit_code == 0, done.output
    assert done.executed == set()


def test_a_changed_bam_reruns_its_sample_only(pipeline, first_run):
    bam = pipeline.panel / "bam/A.H3K4me1.rep1.bam"
    assert bam.exists(), sorted(path.name for path in bam.parent.iterdir())
    before = bam.stat()
    try:
        os.utime(bam, (before.st_atime, before.st_mtime + 60))
        done = pipeline.run("first", *pipeline.inputs)
    finally:
        os.utime(bam, (before.st_atime, before.st_mtime))
    assert done.exit_code == 0, done.output
    new = [task for task in done.tasks if task["status"] != "CACHED"]
    counted = [task["tag"] for task in new if task["process"] == "COUNT_BINS"]
    assert counted == ["A.H3K4me1.1"]


@pytest.mark.parametrize(
    ("file", "rerun"),
    [
        ("bin/deepregfinder/prediction/calling.py", AFTER_CALLING),
        ("bin/deepregfinder/figure.py", AFTER_EVALUATION | OTHERS_THAT_DRAW),
        ("bin/make_report.py", {"MAKE_REPORT"}),
        ("bin/deepregfinder/report/templates/style.css", {"MAKE_REPORT"}),
        ("README.md", set()),
    ],
)
def test_a_changed_line_reruns_the_steps_that_use_it(pipeline, first_run, file, rerun):
    path = pipeline.code / file
    kept = path.with_name(path.name + ".kept")
    if path.exists():
        shutil.copy2(path, kept)
    try:
        with path.open("a") as lines:
            lines.write("\n# changed\n")
        done = pipeline.run("first", *pipeline.inputs)
    finally:
        if kept.exists():
            shutil.move(kept, path)
        else:
            path.unlink()
    assert done.exit_code == 0, done.output
    assert done.executed <= rerun
    assert bool(done.executed) == bool(rerun)


def test_the_locale_changes_nothing(pipeline, first_run, monkeypatch):
    """In the locale C of a bare container or cluster node, Java takes files for ASCII."""
    monkeypatch.setenv("NXF_OPTS", "-Dfile.encoding=US-ASCII")
    done = pipeline.run("first", *pipeline.inputs)
    assert done.exit_code == 0, done.output
    assert done.executed == set()
