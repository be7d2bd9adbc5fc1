"""The methods paragraph says what the run did, and cites only works that CITATIONS.md has."""

from dataclasses import replace
from pathlib import Path

import pytest
from samples.report_samples import Plan, made_up

from deepregfinder.report import references
from deepregfinder.report.methods_text import MODELS, methods
from deepregfinder.report.references import Reference

WORKS = [one for one in vars(references).values() if isinstance(one, Reference)]


@pytest.mark.parametrize("work", WORKS, ids=lambda work: work.cite)
def test_every_work_stands_in_the_citations(repository: Path, work: Reference) -> None:
    text = " ".join((repository / "CITATIONS.md").read_text().replace("*", "").split())
    assert work.entry.rstrip(".").partition(". ")[2] in text


def test_every_model_has_words(repository: Path) -> None:
    import json

    schema = json.loads((repository / "nextflow_schema.json").read_text())
    (pattern,) = (
        group["properties"]["models"]["pattern"]
        for group in schema["$defs"].values()
        if "models" in group["properties"]
    )
    assert set(pattern.split("(")[1].split(")")[0].split("|")) == set(MODELS)


def test_it_says_what_the_parameters_say(tmp_path: Path) -> None:
    run = made_up(tmp_path, Plan(models=("cnn", "rfecs")))
    changed = {"counter": "featurecounts", "min_mapq": 7, "control": "subtract", "seeds": 3}
    run = replace(run, parameters={**run.parameters, **changed})
    text_of_methods = methods(run)
    text = " ".join(text_of_methods.paragraphs)
    for said in (
        "Enhancers and promoters were predicted from ChIP-seq of 1 histone mark (H3K27ac) in A",
        "featureCounts (Liao et al. 2014) if they had a mapping quality of at least 7.",
        "controls were subtracted",
        "a vector random forest after RFECS (Rajagopal et al. 2013)",
        "Networks of windows (cnn; 3 seeds, averaged)",
        "A: 280 background, 280 enhancer, 280 promoter",
        "training 1-7, validation 8-16, test 17-22,X,Y",
    ):
        assert said in text
    assert "None" not in text
    assert references.RFECS in text_of_methods.references
    assert references.CHROMHMM not in text_of_methods.references
    assert "active" not in text


def test_each_network_is_described_as_it_is_kept(tmp_path: Path) -> None:
    best, average = "the epoch with the best validation", "an exponential moving average"
    for models, told in {
        ("drf",): (False, True),
        ("cnn",): (True, False),
        ("cnn", "drf"): (True, True),
    }.items():
        folder = tmp_path / "_".join(models)
        folder.mkdir()
        text = " ".join(methods(made_up(folder, Plan(models=models))).paragraphs)
        assert (best in text, average in text) == told


def test_it_says_whether_drf_knows_the_start_sites(tmp_path: Path) -> None:
    run = made_up(tmp_path, Plan(models=("drf",)))
    for known in (True, False):
        told = replace(run, parameters={**run.parameters, "tss_input": known})
        text = " ".join(methods(told).paragraphs)
        assert ("knows the transcription start sites" in text) == known


def test_what_was_not_done_is_not_told(tmp_path: Path) -> None:
    text = " ".join(methods(made_up(tmp_path, Plan(labels=False))).paragraphs)
    assert "trained" not in text
    assert "labelled" not in text.lower()
    assert "Accuracy" not in text


def test_works_that_are_cited_twice_are_listed_once(tmp_path: Path) -> None:
    text_of_methods = methods(made_up(tmp_path, Plan(models=("cnn", "rnn"))))
    assert text_of_methods.references.count(references.DEEPREGFINDER) == 1
    assert " ".join(text_of_methods.paragraphs).count(references.DEEPREGFINDER.cite) > 1
