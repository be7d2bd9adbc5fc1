"""The methods paragraph says what the run did, and cites only works that CITATIONS.md has."""

from dataclasses import replace
from pathlib import Path

import pytest
from samples.report_samples import Plan, made_up

from deepregfinder.models.catalogue import MODEL_NAMES, facts
from deepregfinder.report import references
from deepregfinder.report.methods_text import methods
from deepregfinder.report.references import Reference

WORKS = [one for one in vars(references).values() if isinstance(one, Reference)]


@pytest.mark.parametrize("work", WORKS, ids=lambda work: work.cite)
def test_every_work_stands_in_the_citations(repository: Path, work: Reference) -> None:
    text = " ".join((repository / "CITATIONS.md").read_text().replace("*", "").split())
    assert work.entry.rstrip(".").partition(". ")[2] in text


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_a_model_is_described_by_its_entry_and_its_bundle(tmp_path: Path, name: str) -> None:
    run = made_up(tmp_path, Plan(models=(name,)))
    text = " ".join(methods(run).paragraphs)
    model = facts(name)
    assert model.methods in text
    assert model.training in text
    assert "(seed 1; seeds 1; epochs 7; dropout 0.25)" in text
    assert ("standardised by mark" in text) == ("standardised by mark" in model.signal)
    if model.reference is not None:
        assert getattr(references, model.reference) in methods(run).references


def test_a_transform_is_named_for_the_models_that_are_shown_it(tmp_path: Path) -> None:
    run = made_up(tmp_path, Plan(models=("cnn", "ehmm")))
    run = replace(run, parameters={**run.parameters, "transform": "log2"})
    text = " ".join(methods(run).paragraphs)
    assert "cnn was shown reads per million, log2(x + 1)-transformed, standardised by mark" in text
    assert "ehmm was shown log(reads per million + 1); it was learnt" in text


@pytest.mark.parametrize(
    ("models", "said"),
    [
        (("cnn",), "calibrated by temperature scaling (Guo et al. 2017)."),
        (("cnn", "ccre"), "by temperature scaling (Guo et al. 2017), except those of ccre."),
        (("ccre",), None),
    ],
)
def test_only_probabilities_that_were_calibrated_are_called_so(
    tmp_path: Path, models: tuple[str, ...], said: str | None
) -> None:
    text = " ".join(methods(made_up(tmp_path, Plan(models=models))).paragraphs)
    assert (said in text) if said else "temperature" not in text


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
        "A: 280 background, 280 enhancer, 280 promoter",
        "split by chromosome: train 1-7; validation 8-16; test 17-22, X, Y.",
    ):
        assert said in text
    assert "None" not in text
    assert references.RFECS in text_of_methods.references
    assert references.CHROMHMM not in text_of_methods.references
    assert "active" not in text


@pytest.mark.parametrize(
    ("model", "call_at", "n_classes", "told"),
    [
        *(("cnn", "model", 3, False), ("drf", "model", 3, True), ("drf", "model", 2, False)),
        ("cnn", "number:9", 3, True),
    ],
)
def test_where_calls_begin_is_told(
    tmp_path: Path, model: str, call_at: str, n_classes: int, told: bool
) -> None:
    run = made_up(tmp_path, Plan(models=(model,), n_classes=n_classes))
    given = {"threshold": None, "call_at": call_at, "tss": "tss.bed"}
    run = replace(run, parameters={**run.parameters, **given})
    text = " ".join(methods(run).paragraphs)
    assert ("within 500 bp of an annotated start site have a cut-off of their own" in text) == told
    assert (f"(--call_at {call_at})" in text) == (call_at != "model")
    assert ("the threshold of the model" in text) == (call_at == "model")


def test_the_annotation_that_start_sites_are_from_is_named(tmp_path: Path) -> None:
    run = made_up(tmp_path)
    given = {**run.parameters, "tss": None, "gtf": "/data/genes.gtf.gz"}
    text = " ".join(methods(replace(run, parameters=given)).paragraphs)
    assert "transcripts (protein_coding,lncRNA) in the gene annotation genes.gtf.gz." in text
    assert "of a start site were removed" in text
    more = given | {"gtf_biotypes": "all"}
    text = " ".join(methods(replace(run, parameters=more)).paragraphs)
    assert "transcripts (all) in the gene annotation genes.gtf.gz." in text
    assert "gene annotation" not in " ".join(methods(run).paragraphs)


def test_what_was_not_done_is_not_described(tmp_path: Path) -> None:
    text = " ".join(methods(made_up(tmp_path, Plan(labels=False))).paragraphs)
    assert "trained" not in text
    assert "labelled" not in text.lower()
    assert "Accuracy" not in text


def test_works_that_are_cited_twice_are_listed_once(tmp_path: Path) -> None:
    text_of_methods = methods(made_up(tmp_path, Plan(models=("cnn", "rnn"))))
    assert text_of_methods.references.count(references.DEEPREGFINDER) == 1
    assert " ".join(text_of_methods.paragraphs).count(references.DEEPREGFINDER.cite) > 1


def test_it_says_what_labels_are_made_of(tmp_path: Path) -> None:
    text = " ".join(methods(made_up(tmp_path)).paragraphs)
    assert "enhancers were peaks of enhancer factors within 1000 bp of open chromatin" in text
    assert "called from reads" not in text
    (tmp_path / "active").mkdir()
    run = made_up(tmp_path / "active", Plan(enhancer_labels="h3k27ac", called="ATAC"))
    text = " ".join(methods(run).paragraphs)
    assert "enhancers were accessible sites within 1000 bp of an H3K27ac peak, more than" in text
    assert "Sites of ATAC of A were called from reads, where 300 bp held at least 3 times" in text
    assert "enhancer factors" not in text


def test_without_labels_it_says_so(tmp_path: Path) -> None:
    run = made_up(tmp_path, Plan(models=("ccre",), labels=False, rules=True))
    text = " ".join(methods(run).paragraphs)
    assert "No labels were used. The models were the rules of the ENCODE registry" in text
    assert "Labelled windows" not in text
