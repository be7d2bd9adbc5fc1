"""A results folder belongs to one run: others are refused, and what lay there before stays."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from samples.driver_answers import said

ROOT = Path(__file__).resolve().parents[2]
FILES = {
    "in.csv": "sample,mark,replicate,bam,control\nK,H3K27ac,1,a.bam,\nL,H3K27ac,1,b.bam,\n",
    "only_k.csv": "sample,mark,replicate,bam\nK,H3K27ac,1,a.bam\n",
    "more_marks.csv": "sample,mark,replicate,bam\nK,H3K27ac,1,a.bam\nL,H3K27ac,1,b.bam\n"
    "K,H3K4me1,1,c.bam\nL,H3K4me1,1,d.bam\n",
    "labels.csv": "sample,dhs,enhancers,promoter_marks\nK,x.bed,x.bed,x.bed\nL,x.bed,x.bed,x.bed\n",
    "labels_of_k.csv": "sample,dhs,enhancers,promoter_marks\nK,x.bed,x.bed,x.bed\n",
    "annotations.csv": "name,bed,mapping\na,x.bed,*=enhancer\n",
    **dict.fromkeys(("a.bam", "b.bam", "c.bam", "d.bam", "x.bed", "tss.bed", "moved.bed"), ""),
}
GOOD = {"input": "in.csv", "labels": "labels.csv", "tss": "tss.bed"}
# What the run before has left: results, or nothing but records; and files of the user.
RESULTS = {"calls/K/K.drf.bed": "calls", "report.html": "page"}
TAKEN = {
    "fewer models": ({"models": "cnn"}, ["--models"]),
    "another threshold": ({"threshold": 0.7}, ["--threshold"]),
    "fewer samples": (
        {"input": "only_k.csv", "labels": "labels_of_k.csv"},
        ["--input", "--labels", "--predict_on", "--train_on"],
    ),
    "more marks": ({"input": "more_marks.csv"}, ["--input"]),
    "fewer labels": ({"labels": "labels_of_k.csv"}, ["--labels", "--train_on"]),
    "one sample to train on": ({"train_on": "K"}, ["--train_on"]),
    "no tracks": ({"tracks": False}, ["--tracks"]),
    "an annotation": ({"annotations": "annotations.csv"}, ["--annotations"]),
    "links for copies": ({"publish_dir_mode": "symlink"}, ["--publish_dir_mode"]),
    "regions": ({"regions": "x.bed"}, ["--regions"]),
    "another split": ({"test_chroms": "9", "seeds": 3}, ["--seeds", "--test_chroms"]),
}
FREE = {
    "nothing": {},
    "a file that has moved": {"tss": "moved.bed"},
    "an address": {"email": "a@b.c"},
    "other hardware": {"scatter": 2, "device": "cpu"},
    "a default that is typed": {"bin_size": 100, "train_on": "K,L"},
    "samples in another order": {"predict_on": "L,K"},
}


def claim(folder: Path, cases: dict[str, dict[str, object]], parser: str) -> dict[str, str]:
    """Message of each run, or "" if its tasks would start."""
    (folder / "cases.json").write_text(json.dumps(cases))
    command = [
        *(ROOT / "tools/nextflow", "-q", "run", ROOT / "tests/bad_inputs/results_folder.nf"),
        *("--cases", folder / "cases.json", "--answers", folder / "answers.json"),
    ]
    done = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=200,
        env=os.environ | {"NXF_SYNTAX_PARSER": parser},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    answers = json.loads((folder / "answers.json").read_text())
    return {name: said(answer) for name, answer in answers.items()}


def case(name: str, **others: object) -> dict[str, object]:
    given = {"version": "1", "preview": False, **others}
    given["parameters"] = GOOD | {"outdir": name.replace(" ", "_")} | given.get("parameters", {})
    return given


def fill(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def content(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("parser", ["v1", "v2"])
def test_a_folder_is_taken_by_the_same_settings_only(tmp_path: Path, parser: str) -> None:
    fill(tmp_path, FILES)
    own = {"notes.txt": "mine", "calls/K/mine.bed": "mine"}
    fill(tmp_path / "notes_only", own)
    fill(tmp_path / "previewed", own)
    fill(tmp_path / "unrecorded", RESULTS | {"pipeline_info/checksums.sha256": "0  ./x\n"})
    before = content(tmp_path / "unrecorded")
    names = [*TAKEN, *FREE, "no results yet", "notes only", "damaged", "another version"]
    first = {name: case(name) for name in names}
    first["previewed"] = case("previewed", preview=True)
    first["unrecorded"] = case("unrecorded")
    answers = claim(tmp_path, first, parser)
    assert "unrecorded holds results of another run, which has left no record" in answers.pop(
        "unrecorded"
    )
    assert content(tmp_path / "unrecorded") == before
    assert set(answers.values()) == {""}, answers
    assert content(tmp_path / "previewed") == own, "a preview writes nothing"
    record = json.loads((tmp_path / "notes_only/pipeline_info/settings.json").read_text())
    assert sorted(record["others"]) == sorted(own)

    for name in (*TAKEN, *FREE, "damaged", "another version"):
        fill(tmp_path / name.replace(" ", "_"), RESULTS | {"notes.txt": "mine"})
    (tmp_path / "damaged/pipeline_info/settings.json").write_text('{"settings": ')
    lying = {name: content(tmp_path / name.replace(" ", "_")) for name in names}
    second = {name: case(name, parameters=given) for name, (given, _) in TAKEN.items()}
    second |= {name: case(name, parameters=given) for name, given in FREE.items()}
    second |= {name: case(name, parameters={"models": "cnn"}) for name in names[-4:-1]}
    second["another version"] = case("another version", version="2")
    answers = claim(tmp_path, second, parser)
    for name, (_, differing) in TAKEN.items():
        folder = name.replace(" ", "_")
        assert f"--outdir {folder} holds results of another run" in answers[name]
        assert f"which differs in {', '.join(differing)}. Choose another folder" in answers[name]
    assert "left no record of its settings" in answers["damaged"]
    assert "differs in the version of the pipeline." in answers["another version"]
    for name in (*FREE, "no results yet", "notes only"):
        assert answers[name] == "", name
    for name in set(names) - {"no results yet", "notes only"}:
        assert content(tmp_path / name.replace(" ", "_")) == lying[name], name
    # Nothing of the run before lay there: the folder is that of the new settings now.
    for name in ("no results yet", "notes only"):
        path = tmp_path / name.replace(" ", "_") / "pipeline_info/settings.json"
        assert json.loads(path.read_text())["settings"]["models"] == ["cnn"]
    assert content(tmp_path / "notes_only").items() >= own.items()
