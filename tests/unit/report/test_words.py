"""The summary says in plain words what was found and what to be careful about."""

from dataclasses import replace
from pathlib import Path

import pytest
from samples.report_samples import Plan, made_up

from deepregfinder.counting.store import RecordCounts
from deepregfinder.inputs.tables import LeftOut
from deepregfinder.labels.rules import Drop
from deepregfinder.report.collect import Run
from deepregfinder.report.words import cautions, findings, headline


def said(run: Run) -> str:
    return " ".join(findings(run, run.results[0])).replace("\N{NO-BREAK SPACE}", " ")


def points(run: Run) -> dict[str, str]:
    return {one.point: one.text.replace("\N{NO-BREAK SPACE}", " ") for one in cautions(run)}


@pytest.mark.parametrize(
    ("n_classes", "samples", "title"),
    [
        (2, ("A",), "Enhancers in A"),
        (3, ("A", "B", "C"), "Enhancers and promoters in A, B and C"),
        (5, ("A", "B"), "Active and poised enhancers and promoters in A and B"),
        (3, ("A", "B", "C", "D", "E"), "Enhancers and promoters in 5 samples"),
    ],
)
def test_the_headline_names_elements_and_samples(
    tmp_path: Path, n_classes: int, samples: tuple[str, ...], title: str
) -> None:
    assert headline(made_up(tmp_path, Plan(samples=samples, n_classes=n_classes))) == title


def test_findings_quote_the_calls_at_natural_prevalence(tmp_path: Path) -> None:
    text = said(made_up(tmp_path))
    assert text.startswith("40 enhancers and 40 promoters were called. A marker lies near 75 % of")
    assert "On the test chromosomes (chr2), 25 % of the enhancer calls and 25 % of the prom" in text
    assert "75 % of the labelled enhancers and 75 % of the labelled promoters are recovered" in text
    assert "0.80" not in text, "figures of test windows are not what calls are like"


def test_findings_without_natural_figures_say_that_precision_is_not_known(tmp_path: Path) -> None:
    text = said(made_up(tmp_path, Plan(natural=False)))
    assert "average precision is 0.80 for enhancers and 0.80 for promoters" in text
    assert "The precision of calls on the whole genome is unknown" in text


def test_findings_without_labels_say_so(tmp_path: Path) -> None:
    text = said(made_up(tmp_path, Plan(labels=False)))
    assert "no labels were given for this sample" in text
    assert "%" not in text


def test_findings_of_many_results_are_short(tmp_path: Path) -> None:
    plan = Plan(samples=("A", "B"), models=("cnn", "mlp", "rnn"), n_classes=5)
    assert said(made_up(tmp_path, plan)) == (
        "160 calls in 4 classes. Mean average precision: 0.40 for calls on the test chromosomes, "
        "0.80 on labelled test windows."
    )


def test_the_first_caution_is_about_prevalence_with_the_numbers_of_the_run(tmp_path: Path) -> None:
    first = next(cautions(made_up(tmp_path)))
    assert first.point == "Test windows are enriched for elements"
    # 900 background, 100 enhancers, 100 promoters; then 10,000, 50 and 50.
    assert "1 in 11 is an enhancer" in first.text
    assert "of all windows of the test chromosomes, 1 in 202" in first.text
    assert "Report the results at natural prevalence" in first.text


def test_a_random_split_gives_its_reason(tmp_path: Path) -> None:
    run = made_up(tmp_path, Plan(natural=False))
    assert "--split random" in points(run)["Test windows are enriched for elements"]


def test_what_makes_figures_too_good_comes_first(tmp_path: Path) -> None:
    run = made_up(tmp_path)
    metrics = dict(run.results[0].metrics or {}) | {"notes": ["It has seen chr2."]}
    assert run.results[0].evaluated
    evaluated = replace(run.results[0].evaluated, metrics=metrics)
    run = replace(run, results=(replace(run.results[0], evaluated=evaluated),))
    assert next(cautions(run)).text == "It has seen chr2."


@pytest.mark.parametrize(("n_test", "few"), [(7, True), (49, True), (50, False)])
def test_few_test_windows_are_named(tmp_path: Path, n_test: int, few: bool) -> None:
    warnings = points(made_up(tmp_path, Plan(n_test=n_test, models=("cnn", "rnn"))))
    text = f"{n_test} enhancers in A and {n_test} promoters in A among"
    assert (text in warnings.get("Few test windows", "")) == few


def test_promoter_marks_that_leave_few_enhancers_are_named_with_the_way_out(tmp_path: Path) -> None:
    run = made_up(tmp_path)
    title = "Most enhancers of A were dropped"
    assert title not in points(run)  # 200 of 500
    rule = "an H3K4me3 peak within --promoter_marks_distance 1000"
    drops = (Drop("enhancer", rule, 450, 50),)
    run = replace(run, training_sets=(replace(run.training_sets[0], drops=drops),))
    assert "450 of 500" in points(run)[title]
    assert "--promoter_marks_min_signal" in points(run)[title]


def test_what_is_not_used_comes_first_with_every_sentence(tmp_path: Path) -> None:
    run = made_up(tmp_path)
    rows = [LeftOut("list", "One list."), LeftOut("chromosomes", "Lost."), LeftOut("list", "Two.")]
    warnings = points(replace(run, left_out=tuple(rows)))
    assert list(warnings)[:2] == ["Chromosomes are not used", "Lists that cover part of the genome"]
    assert warnings["Lists that cover part of the genome"] == "One list. Two."
    assert not any("not used" in title for title in points(run))


def test_libraries_with_few_usable_reads_are_named(tmp_path: Path) -> None:
    run = made_up(tmp_path)
    assert "Few usable reads" not in points(run)
    run = replace(run, libraries=(replace(run.libraries[0], usable=490),) * 6)
    text = points(run)["Few usable reads"]
    assert "A.H3K27ac.1 (49 %)" in text
    assert "and 2 more" in text


@pytest.mark.parametrize("improper", [0, 20])
def test_pairs_are_compared_with_pairs(improper: int, tmp_path: Path) -> None:
    """Two records are one fragment: a sound library of pairs has half as many as records."""
    run = made_up(tmp_path)
    none = replace(run.libraries[0], **dict.fromkeys(RecordCounts.FATES.values(), 0))
    sound = replace(
        none,
        total_records=2 * 970 + improper + 40,
        usable=970,
        second_mates=970,
        excluded_improper_pair=improper,
        excluded_secondary=40,
    )
    assert sound.usable_fraction == 970 / (970 + improper / 2)
    assert "Few usable reads" not in points(replace(run, libraries=(sound,)))
    poor = replace(sound, usable=400, excluded_duplicate=570)
    assert "Few usable reads" in points(replace(run, libraries=(poor,)))
    firsts = replace(sound, total_records=970, second_mates=0, lone_first_mates=970)
    firsts = replace(firsts, excluded_improper_pair=0, excluded_secondary=0)
    assert firsts.usable_fraction == 1


def test_without_labels_there_is_no_word_on_truth(tmp_path: Path) -> None:
    warnings = points(made_up(tmp_path, Plan(labels=False)))
    assert list(warnings) == ["Use probabilities for ranking"]


def test_models_of_other_samples_are_named_with_what_can_help(tmp_path: Path) -> None:
    title = "Models from other samples"
    run = made_up(tmp_path, Plan(labels=False, models=("cnn_from_B", "rnn_from_B")))
    assert "Applied across samples: A (model of B)." in points(run)[title]
    assert "--quantile_map true" in points(run)[title]
    mapped = replace(run, parameters=dict(run.parameters) | {"quantile_map": True})
    assert "--quantile_map" not in points(mapped)[title]


def test_where_the_model_comes_from_is_told_by_metrics_before_its_name(tmp_path: Path) -> None:
    run = made_up(tmp_path, Plan(models=("cnn_from_B",)))  # its metrics say A
    assert "Models from other samples" not in points(run)


def test_calls_near_start_sites_are_a_caution_without_them(tmp_path: Path) -> None:
    title = "Enhancer calls near TSSs"
    run = made_up(tmp_path)
    assert title not in points(run)
    without = {name: value for name, value in run.parameters.items() if name != "tss"}
    assert title in points(replace(run, parameters=without))
    assert title not in points(replace(run, parameters=without | {"gtf": "genes.gtf"}))


def test_what_enhancer_labels_are_is_said_for_each_kind(tmp_path: Path) -> None:
    factors = points(made_up(tmp_path, Plan()))
    assert "Lists of enhancer sites (p300, CBP) miss enhancers" in factors["Labels are incomplete"]
    (tmp_path / "active").mkdir()
    said_ = points(made_up(tmp_path / "active", Plan(enhancer_labels="h3k27ac", called="ATAC")))
    text = said_["Enhancer labels of A: accessible sites with H3K27ac"]
    assert "made from H3K27ac, not from p300" in text
    assert "Labels are incomplete" not in said_
    assert "p300, CBP" not in " ".join(said_.values())


def test_rules_without_labels_are_said_to_have_no_known_accuracy(tmp_path: Path) -> None:
    plan = Plan(models=("ccre",), labels=False, rules=True)
    text = points(made_up(tmp_path, plan))["Calls follow rules; their accuracy is unknown"]
    assert "ccre calls what meets its rules" in text
    assert "none at natural prevalence" in text
