"""The page is whole, safe, the same each time, and shows what the run did and did not do."""

import ast
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from samples.report_samples import Plan, made_up

from deepregfinder import __version__
from deepregfinder.classes import ENHANCER
from deepregfinder.report.formats import with_options
from deepregfinder.report.page import SECTIONS, digest, render
from deepregfinder.report.words import DOUBTS

VOID = {"meta", "link", "img", "br", "hr", "input"}


class Page(HTMLParser):
    """Tags that are open, ids, links and loaded addresses, texts by section."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str]] = []
        self.section = ""
        self.texts: dict[str, str] = {}
        self.feed(text)
        self.close()
        assert self.open == [], f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag == "section":
            self.section = dict(attrs)["id"] or ""
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts[self.section] = self.texts.get(self.section, "") + data

    def values(self, *names: str) -> list[str]:
        return [value for name, value in self.attributes if name in names]


PLANS = {
    "usual": Plan(),
    "large": Plan(
        samples=("A", "B"), models=("cnn", "mlp", "rnn"), n_classes=5, seeds=(1, 2, 3), n_test=9
    ),
    "two classes": Plan(n_classes=2),
    "external evidence": Plan(samples=("A", "B"), models=("cnn", "mlp"), of_others=True),
    "random split": Plan(natural=False),
    "applied only": Plan(labels=False, simulated=False),
    "trained only": Plan(predicted=False, natural=False, explained=False),
}


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_tags_are_balanced_links_resolve_and_nothing_is_loaded(tmp_path: Path, plan: Plan) -> None:
    text = render(made_up(tmp_path, plan))
    page = Page(text)
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    sources = [one for one in page.values("src") if not one.startswith("data:")]
    assert sources == []
    inside = [one for one in page.values("href") if one.startswith("#")]
    assert {one.removeprefix("#") for one in inside} <= set(ids)
    beside = set(page.values("href")) - {*inside, "data:,"}
    places = r"(evaluation|calls|regions|signal|hub|igv)/[\w./]+"
    assert all(re.fullmatch(places, one) for one in beside), beside
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.S)
    (policy,) = (one for one in page.values("content") if one.startswith("default-src"))
    allowed = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src "
    assert policy == f"{allowed}'{digest(script)}'"
    assert "url(" not in text
    assert "@import" not in text
    assert re.findall(r"https?://", text) == []


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_every_section_says_something(tmp_path: Path, plan: Plan) -> None:
    page = Page(render(made_up(tmp_path, plan)))
    assert set(page.texts) >= {section.key for section in SECTIONS}
    for section in SECTIONS:
        said = re.sub(r"\s+", " ", page.texts[section.key]).replace(section.title, "", 1)
        assert len(said.strip()) > 30, section.key


def test_the_background_of_the_genome_is_told_where_there_is_one(tmp_path: Path) -> None:
    for name, shown in (("usual", True), ("random split", False)):
        (tmp_path / name).mkdir()
        regions = Page(render(made_up(tmp_path / name, PLANS[name]))).texts["regions"]
        assert "Distances of test windows from known sites" in regions
        assert ("On the whole test chromosomes" in regions) == shown
        counted = re.sub(r"\s+", " ", regions)
        assert ("A5,0002505.0 %400" in counted) == shown, counted
        assert ("A–––" in counted) != shown


def test_what_a_run_did_not_do_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "applied").mkdir()
    (tmp_path / "trained").mkdir()
    applied = Page(render(made_up(tmp_path / "applied", PLANS["applied only"])))
    assert "This run defined no regions" in applied.texts["regions"]
    assert "No evaluation in this run" in applied.texts["accuracy"]
    assert "requires nascent RNA" in applied.texts["states"]
    assert "Calls were not validated" in applied.texts["validation"]
    assert "Precision" not in applied.texts["summary"]
    assert "no sample of this run has any labels" in applied.texts["interpretation"]
    trained = Page(render(made_up(tmp_path / "trained", PLANS["trained only"])))
    assert "No genome was predicted" in trained.texts["calls"]
    assert "No genome was predicted" in trained.texts["examples"]
    assert "No genome was predicted" in trained.texts["validation"]
    assert "--explain true" in trained.texts["interpretation"]


def test_explanations_are_shown_with_what_they_lack(tmp_path: Path) -> None:
    page = Page(render(made_up(tmp_path, Plan(samples=("A", "B")))))
    shown = page.texts["interpretation"]
    assert shown.count("Importance of marks.") == shown.count("It has no filters.") == 2
    assert "Signal around calls." not in shown
    assert {"interpretation-A.cnn", "interpretation-B.cnn"} <= set(page.values("id"))


def test_annotations_and_experiments_stand_beside_models(tmp_path: Path) -> None:
    text = render(made_up(tmp_path, PLANS["external evidence"]))
    shown = Page(text).texts["evidence"]
    assert "3 could not be lifted to this assembly, and 7 lie on chromosomes" in shown
    assert "roadmap: recall 0.250, precision 0.250" in text
    for rule in ("central 500 bp", "any base"):
        assert f"labelled test windows, {rule}" in shown
    assert "cnn: recall 0.800, precision 0.800" in text
    assert "mlp: called negatives 0.250, recall 0.250" in text
    assert shown.count("chromosomes not used for training") == 2 * 2 * 3
    (tmp_path / "usual").mkdir()
    nothing = Page(render(made_up(tmp_path / "usual")))
    assert "No external evidence" in nothing.texts["evidence"]


def test_a_model_of_states_that_is_only_applied_still_tells_them(tmp_path: Path) -> None:
    page = Page(render(made_up(tmp_path, Plan(labels=False, n_classes=5))))
    assert "separate active from poised" in page.texts["states"]
    assert "were not separated" not in page.texts["states"]


def test_samples_without_lists_are_named_and_have_no_row(tmp_path: Path) -> None:
    run = made_up(tmp_path, Plan(samples=("A", "B")))
    bare = tuple(
        replace(row, validated=None, rate=None, marker=".") for row in run.results[1].validation
    )
    half = (run.results[0].validation[0], bare[1])
    run = replace(
        run,
        results=(
            replace(run.results[0], validation=half),
            replace(run.results[1], validation=bare),
        ),
    )
    page = Page(render(run))
    assert "were given for B (cnn)." in page.texts["validation"]
    assert page.texts["validation"].count("no list was given") == 1
    assert "Range" not in page.texts["validation"], "one network has no range"


def test_the_release_is_named(tmp_path: Path) -> None:
    assert f"DeepRegFinder-NF {__version__}" in Page(render(made_up(tmp_path))).texts["reproduce"]


def test_simulated_reads_are_announced_and_real_ones_are_not(tmp_path: Path) -> None:
    run = made_up(tmp_path, Plan(samples=("A", "B")))
    assert "These reads are simulated." in Page(render(run)).texts["summary"]
    one = replace(run, inputs=(run.inputs[0], replace(run.inputs[1], simulated=False)))
    page = Page(render(one))
    assert "(1 of 2 BAM files.)" in page.texts["summary"]
    assert page.texts["inputs"].count("simulated") == 1
    real = replace(run, inputs=tuple(replace(file, simulated=False) for file in run.inputs))
    assert "simulated" not in render(real)


@pytest.mark.parametrize(
    "samples", [("CD34+", "CD34-"), ("WT-1", "WT_1"), ("A", "A_cnn"), ("summary", "title")]
)
def test_names_that_are_alike_have_anchors_of_their_own(tmp_path: Path, samples) -> None:
    run = made_up(tmp_path, Plan())
    results = [
        replace(result, sample=sample)
        for sample in samples
        for result in run.results
        if result.sample == run.results[0].sample
    ]
    page = Page(render(replace(run, results=tuple(results))))
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {f"accuracy-{one.key}" for one in results if one.metrics} <= set(ids)
    inside = [one for one in page.values("href") if one.startswith("#")]
    assert {one.removeprefix("#") for one in inside} <= set(ids)


def test_hostile_names_do_no_harm(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    run = made_up(tmp_path, Plan(command=f"nextflow run --input '{evil}'"))
    result = run.results[0]
    metrics = dict(result.metrics or {}) | {"notes": [evil], "trained_on": evil}
    assert result.evaluated
    bad = '"><img src=x onerror=alert(1)>'
    run = replace(
        run,
        inputs=tuple(replace(file, file=evil, mark=bad, sample=bad) for file in run.inputs),
        libraries=tuple(replace(one, sample=bad, mark=evil, id=evil) for one in run.libraries),
        channels=tuple(replace(one, sample=evil, mark=bad) for one in run.channels),
        training_sets=tuple(replace(one, sample=evil) for one in run.training_sets),
        versions=tuple(replace(one, tool=evil, process=bad) for one in run.versions),
        results=(
            replace(
                result,
                **{"sample": evil, "model": bad},
                evaluated=replace(result.evaluated, metrics=metrics),
                validation=tuple(replace(row, marker=evil) for row in result.validation),
                calls=tuple(replace(row, chrom=bad) for row in result.calls),
            ),
        ),
        parameters={evil: bad},
    )
    page = Page(render(run))
    assert page.tags["script"] == 1, "the page's own"
    assert page.values("onerror") == []
    assert "alert(1)" in page.texts["reproduce"]


def test_the_same_run_gives_the_same_bytes_and_no_date(tmp_path: Path) -> None:
    run = made_up(tmp_path, PLANS["large"])
    text = render(run)
    assert text == render(run)
    assert not re.search(r"\b20\d\d-\d\d", text)


def test_pictures_are_in_the_page_with_words_for_them(tmp_path: Path) -> None:
    page = Page(render(made_up(tmp_path)))
    assert page.tags["img"] == 2
    assert all(one.startswith("data:image/png;base64,iVBOR") for one in page.values("src"))
    assert all(page.values("alt"))


def test_every_chart_is_named_for_those_who_do_not_see_it(tmp_path: Path) -> None:
    page = Page(render(made_up(tmp_path, PLANS["large"])))
    assert page.tags["svg"] > 20
    assert page.values("role").count("img") == page.tags["svg"]


def test_figures_stand_with_intervals_and_spread(tmp_path: Path) -> None:
    page = Page(render(made_up(tmp_path, Plan(seeds=(1, 2, 3)))))
    accuracy = re.sub(r"\s+", " ", page.texts["accuracy"])
    assert "0.700–0.900" in accuracy
    assert "0.300–0.500" in accuracy
    assert "± 0.010" in accuracy
    assert "seeds 1, 2, 3" in accuracy
    assert "71.0–73.0" in page.texts["validation"]


def test_one_network_has_no_spread(tmp_path: Path) -> None:
    page = Page(render(made_up(tmp_path)))
    assert "±" not in page.texts["accuracy"]
    assert "spread between members is unknown" in page.texts["accuracy"]


def test_numbers_of_tables_are_on_the_page(tmp_path: Path) -> None:
    texts = Page(render(made_up(tmp_path, Plan(n_classes=5)))).texts
    assert "A.H3K27ac.bam" in texts["inputs"]
    assert "98.57" in texts["counts"]
    assert "300 + 400" in texts["signal"]
    assert "no DHS within --promoter_slop 1000" in texts["regions"]
    assert "40.2" in texts["states"]
    assert "chr1: 10" in texts["calls"]
    assert "<sheet>.csv" in texts["reproduce"]
    assert "COUNT_BINS, TRAIN_MODEL" in texts["reproduce"]
    assert "nextflow run main.nf -profile test" in texts["reproduce"]


def test_colours_are_those_of_the_classes(tmp_path: Path) -> None:
    text = render(made_up(tmp_path))
    assert f"--c-enhancer:{ENHANCER.hex_colour};" in text
    used = set(re.findall(r"var\((--[\w-]+)", text))
    assert used - {"--colour"} <= set(re.findall(r"(--[\w-]+):", text))


def test_parameters_are_set_as_code_and_the_rest_is_escaped() -> None:
    assert with_options(
        "a <b> within --tss_merge 500 (--split, --shift 0.25, --quantile_map true)."
    ) == (
        "a &lt;b&gt; within <code>--tss_merge 500</code> "
        "(<code>--split</code>, <code>--shift 0.25</code>, <code>--quantile_map true</code>)."
    )


@pytest.mark.parametrize(
    ("replicates", "said", "unsaid"),
    [((2, 2), "Tested with replicates: H3K27ac.", "Untested"), ((2, 1), "No replicates", "FDR")],
)
def test_what_differs_between_samples_is_told_with_its_replicates(
    tmp_path: Path, replicates: tuple[int, int], said: str, unsaid: str
) -> None:
    for name in ("both", "alone"):
        (tmp_path / name).mkdir()
    text = render(made_up(tmp_path / "both", Plan(samples=("A", "B"), compared=replicates)))
    section = Page(text).texts["differential"]
    assert said in section
    assert unsaid not in section
    assert "--quantile_map was off" in section
    assert 'alt="Classes of the elements of A_vs_B"' in text
    alone = Page(render(made_up(tmp_path / "alone", Plan()))).texts["differential"]
    assert "No two samples were predicted by the same model" in alone


@pytest.mark.parametrize(("plan", "shown"), [("usual", 0), ("large", 2)])
def test_several_models_of_a_sample_are_shown_side_by_side(
    tmp_path: Path, plan: str, shown: int
) -> None:
    text = Page(render(made_up(tmp_path, PLANS[plan]))).texts["accuracy"]
    assert text.count("All models on") == shown
    assert text.count("All models side by side") == shown


@pytest.mark.parametrize(
    ("models", "said"),
    [
        (("cnn",), "Probabilities of all models are calibrated"),
        (("cnn", "drf"), "Probabilities of all models except drf are calibrated"),
        (("cnn", "ccre"), "Probabilities of all models except ccre are calibrated"),
        (("drf",), None),
        (("ccre",), None),
    ],
)
def test_only_probabilities_among_labelled_windows_are_called_too_high(
    tmp_path: Path, models: tuple[str, ...], said: str | None
) -> None:
    text = Page(render(made_up(tmp_path, Plan(models=models)))).texts["summary"]
    assert (said in text) if said else "calibrated on labelled windows" not in text


def test_quality_of_libraries_is_shown_and_doubts_reach_the_summary(tmp_path: Path) -> None:
    for name in ("fine", "doubtful"):
        (tmp_path / name).mkdir()
    fine = Page(render(made_up(tmp_path / "fine"))).texts
    assert "No problems were found" in fine["quality"]
    assert "6.2\xa0%" in fine["quality"]
    assert "4.5×" in fine["quality"]
    assert "no controls were counted" in fine["quality"]
    plan = Plan(doubts=(*["swap"] * 6, "replicates", "copies"))
    text = render(made_up(tmp_path / "doubtful", plan))
    doubtful = Page(text).texts
    assert "No problems were found" not in doubtful["quality"]
    assert "Possible sample swap" in doubtful["summary"]
    assert "And 2 more: see Quality." in doubtful["summary"]
    assert "Replicates disagree" in doubtful["summary"]
    places = [
        doubtful["summary"].index(words)
        for words in ("The same reads in two libraries", "Possible sample swap", "Replicates dis")
    ]
    assert places == sorted(places), "the most important first"
    assert places[-1] < doubtful["summary"].index("Results and their accuracy")
    assert "A.H3K27ac.2 and A.H3K27ac.1: 0.88" in text


def test_every_kind_of_doubt_has_a_title_and_is_documented(repository: Path) -> None:
    """Kinds are the first arguments of Doubt(...) in the package that finds them."""
    kinds = {
        node.args[0].value
        for path in (repository / "bin/deepregfinder/quality").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Doubt"
        and isinstance(node.args[0], ast.Constant)
    }
    assert {"copies", "labels", "swap"} < kinds
    assert kinds == set(DOUBTS)
    table = (repository / "docs/output.md").read_text().partition("### `signal/doubts.tsv`")[2]
    assert kinds <= set(re.findall(r"`(\w+)`", table.partition("\n## ")[0]))


def test_examples_are_drawn_with_their_places(tmp_path: Path) -> None:
    for name in ("labelled", "applied"):
        (tmp_path / name).mkdir()
    text = render(made_up(tmp_path / "labelled"))
    shown = Page(text).texts["examples"]
    assert shown.count("chr2:9,001-11,000") == 2 * 3
    for title in ("Best calls", "Missed elements", "Unlabelled calls"):
        assert title in shown
    assert "H3K27ac: full height 12.5 RPM" in text
    applied = Page(render(made_up(tmp_path / "applied", Plan(labels=False)))).texts["examples"]
    assert "Best calls" in applied
    assert "Missed" not in applied
    assert "labels" not in applied


def test_accessibility_is_shown_where_it_was_measured(tmp_path: Path) -> None:
    run = made_up(tmp_path, Plan())
    assert "TSS enrichment" not in Page(render(run)).texts["quality"]
    first, *others = run.qualities
    cuts = replace(first, assay="atac", tss_enrichment=8.31, in_sites=0.407)
    page = render(replace(run, qualities=(cuts, *others)))
    assert 'n">TSS enrichment</th>' in page
    assert re.search(r">8\.3</td><td class=\"n\">40\.7\W%</td>", page)
