"""Parameters and sheets: help, types, and every mistake reported at once, before the first task."""

import dataclasses
import json
import re

import pytest
from samples.script_options import script_options

pytestmark = pytest.mark.pipeline


@pytest.fixture
def schema(repository):
    return json.loads((repository / "nextflow_schema.json").read_text())


@pytest.fixture
def properties(schema):
    groups = schema["$defs"].values()
    return {name: rule for group in groups for name, rule in group["properties"].items()}


def test_help_prints_every_parameter_by_group(pipeline, schema, properties):
    done = pipeline.run("help", "--help")
    assert done.exit_code == 0
    for group in schema["$defs"].values():
        assert group["title"] in done.output
    for name, rule in properties.items():
        assert re.search(rf"--{name}\s+{re.escape(rule['description'])}", done.output), name


def test_one_parameter_is_described_and_the_version_printed(pipeline, properties):
    described = pipeline.run("help", "--help", "min-mapq")
    assert described.exit_code == 0
    assert properties["min_mapq"]["description"] in described.output
    assert properties["min_mapq"]["help_text"] in described.output
    assert properties["threshold"]["description"] not in described.output
    unknown = pipeline.run("help", "--help", "min_map")
    assert unknown.exit_code != 0
    assert "did you mean --min_mapq?" in unknown.output
    version = pipeline.run("version", "--version")
    assert (version.exit_code, "deepregfinder-nf 0.1.0" in version.output) == (0, True)


def test_what_a_site_sets_for_every_pipeline_is_no_mistake(pipeline, tmp_path):
    site = tmp_path / "site.config"
    site.write_text(
        "params {\n    config_profile_description = 'HPC'\n    max_memory = 128.GB\n"
        "    igenomes_base = '/refs'\n    validationSchemaIgnoreParams = 'x'\n"
        "    custom_config_base = 'y'\n    multiqc_title = 'z'\n    email = 'a@b'\n}\n"
    )
    taken = pipeline.run("site", *pipeline.inputs_of("A"), "-c", site, "-preview")
    assert taken.exit_code == 0, taken.output
    assert "no effect" not in taken.output
    typed = pipeline.run("site", *pipeline.inputs_of("A"), "--max_memory", "8.GB", "-preview")
    assert typed.exit_code == 0, typed.output
    assert "--max_memory has no effect on this pipeline; limits and site" in typed.output


def test_the_schema_and_the_config_agree_on_defaults(repository, properties):
    config = (repository / "nextflow.config").read_text()
    block = re.search(r"^params \{\n(.*?)^\}", config, re.S | re.M).group(1)
    written = dict(re.findall(r"^    (\w+) = (.+)$", block, re.M))
    expected = {name: rule.get("default") for name, rule in properties.items()}
    assert list(written) == list(expected)
    for name, text in written.items():
        value = None if text == "null" else json.loads(text.replace("'", '"').replace("\\\\", "\\"))
        assert value == expected[name], name


def test_a_parameter_without_effect_is_named_before_the_run(pipeline):
    given = ("--transform", "log2", "--learning_rate", "0.02", "--epochs", "5")
    done = pipeline.run("deaf", *pipeline.inputs_of("A"), "--models", "drf,cnn", *given, "-preview")
    assert done.exit_code == 0, done.output
    assert "--transform log2 has no effect on drf." in done.output
    assert "--learning_rate 0.02 has no effect on drf." in done.output
    assert "--epochs" not in done.output.partition("has no effect")[2]
    assert "no effect on cnn" not in done.output


def test_all_mistakes_in_parameters_are_reported_at_once(pipeline):
    done = pipeline.run(
        "bad", "--inptu", "x.csv", "--min_mapq", "many", "--classes", "4", "--threshold", "1.5",
        "--quantile_map", "maybe", "--promoterSlop", "3"
    )  # fmt: skip
    assert done.exit_code != 0
    for said in (
        "--inptu is not a parameter of this pipeline; did you mean --input?",
        "--promoterSlop is not a parameter of this pipeline; did you mean --promoter_slop?",
        "--min_mapq many: must be a whole number.",
        "--classes 4: must be one of 2, 3, 5.",
        "--threshold 1.5: must be at most 1.",
        "--quantile_map maybe: must be true or false.",
    ):
        assert said in done.output
    assert "Submitted process" not in done.output


def test_booleans_given_as_text_mean_what_they_say_to_the_newer_parser(
    pipeline, tmp_path, monkeypatch
):
    """To the older one: test_runs.py::test_random_split."""
    monkeypatch.setenv("NXF_SYNTAX_PARSER", "v2")
    parameters = tmp_path / "flag.json"
    parameters.write_text('{"quantile_map": "false", "seeds": "1"}')
    # A launch folder of its own: the two parsers do not share a cache.
    apart = dataclasses.replace(pipeline, launch=tmp_path)
    given = [*pipeline.inputs_of("A"), "-params-file", parameters]
    done = apart.run("out", *given, resume=False)
    assert done.exit_code == 0, done.output
    written = json.loads((done.results / "pipeline_info/params.json").read_text())
    assert written["quantile_map"] is False


def test_all_mistakes_in_a_sheet_are_reported_with_row_and_column(pipeline):
    sheet = pipeline.launch / "bad.csv"
    bam = next((pipeline.panel / "bam").glob("*.bam"))
    sheet.write_text(
        "sample,mark,replicate,bam,control\n"
        f"A,H3K27ac,1,{bam},\n"
        "A,H3K27ac,1,nowhere.bam,\n"
        f",H3 K4me1,1,{bam},\n"
        "A,H3K4me1,1,notes.txt,\n"
    )
    done = pipeline.run("bad", "--input", sheet, *pipeline.inputs[2:])
    assert done.exit_code != 0
    for said in (
        "row 3, column bam: there is no file",
        "row 4, column sample: the value is missing",
        "row 4, column mark: 'H3 K4me1' is not allowed",
        "row 5, column bam: 'notes.txt' is not allowed",
    ):
        assert said in done.output
    assert "Submitted process" not in done.output


def test_label_sheet_of_an_unknown_sample_and_missing_nascent_rna(pipeline):
    sheet = pipeline.panel / "bad_labels.csv"
    header, row, *_ = (pipeline.panel / "labels.csv").read_text().splitlines()
    first = dict(zip(header.split(","), row.split(","), strict=False))
    first |= dict.fromkeys(("nascent", "nascent_sense", "nascent_antisense"), "") | {"sample": "C"}
    sheet.write_text(header + "\n" + ",".join(first[name] for name in header.split(",")) + "\n")
    done = pipeline.run(
        "bad", *pipeline.inputs[:2], "--labels", sheet, *pipeline.inputs[4:],
        "--classes", "5"
    )  # fmt: skip
    assert done.exit_code != 0
    assert "sample 'C' is not in --input" in done.output
    assert "5 classes need nascent RNA" in done.output


def test_all_mistakes_in_a_sheet_of_annotations_are_reported_at_once(pipeline):
    sheet = pipeline.launch / "bad_annotations.csv"
    bed = pipeline.panel / "tss.bed"
    sheet.write_text(
        "name,sample,bed,mapping,chain\n"
        f"one,C,{bed},1_TssA=promoter,\n"
        f"two,A,{bed},1_TssA=promotor;*Enh*=active_enhancer,\n"
        f"three,,{bed},*=enhancer,\n"
        f"three,B,{bed},*=enhancer,\n"
    )
    done = pipeline.run("bad", *pipeline.inputs, "--annotations", sheet)
    assert done.exit_code != 0
    for said in (
        "row 2: sample 'C' has no row in --labels",
        "row 3, column mapping: '1_TssA=promotor' does not name a class of this run",
        "row 3, column mapping: '*Enh*=active_enhancer' does not name a class of this run",
        "rows 4, 5: duplicate name, sample (three, B).",
    ):
        assert said in done.output
    assert "Submitted process" not in done.output


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"format": "deepregfinder-bundle", ', "model.json is damaged"),
        ('{"format": "deepregfinder-bundle", "sample": "A"}', "does not describe"),
        ('{"sample": "Z;touch pwned;", "model": "cnn"}', "does not describe"),
    ],
)
def test_a_bundle_that_is_not_what_it_claims_is_refused(pipeline, content, said):
    """Its names go into scripts and file names: nothing but plain names may come from it."""
    bundle = pipeline.launch / "bundle"
    bundle.mkdir(exist_ok=True)
    content = json.loads(content) if content.endswith("}") else content
    if isinstance(content, dict) and "model" in content:
        rest = {"classes": ["background", "enhancer", "promoter"], "marks": ["H3K27ac"]}
        rest |= {"bin_size": 100, "window_bins": 20, "normalisation": {"control": "ignore"}}
        content |= {"format": "deepregfinder-bundle"} | rest
    text = content if isinstance(content, str) else json.dumps(content)
    (bundle / "model.json").write_text(text)
    done = pipeline.run("bad", *pipeline.inputs[:2], "--pretrained", bundle)
    assert done.exit_code != 0
    assert said in done.output
    assert "Submitted process" not in done.output


def test_every_bundle_that_is_named_is_applied(pipeline, tmp_path):
    """Also to a sample that has the name of one that a bundle was trained on."""
    for sample in ("A", "B"):
        content = {
            "format": "deepregfinder-bundle", "sample": sample, "model": "cnn",
            "classes": ["background", "enhancer", "promoter"], "marks": ["H3K27ac"],
            "bin_size": 100, "window_bins": 20, "normalisation": {"control": "ignore"},
        }  # fmt: skip
        (tmp_path / sample).mkdir()
        (tmp_path / sample / "model.json").write_text(json.dumps(content))
    apart = dataclasses.replace(pipeline, launch=tmp_path)
    done = apart.run(
        "out", *pipeline.inputs[:2], "--pretrained", f"{tmp_path}/A,{tmp_path}/B",
        "--predict_on", "A", "-stub", resume=False,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    called = {path.name for path in (done.results / "calls/A").glob("*.bed")}
    assert called == {"A.cnn.bed", "A.cnn_from_B.bed"}


def test_pairs_that_cannot_be_compared_are_reported_at_once(pipeline):
    done = pipeline.run("bad", *pipeline.inputs, "--compare", "A:B,A:C,B:B,B:A")
    assert done.exit_code != 0
    for said in (
        "--compare A:B: no model predicts both samples.",
        "--compare: sample 'C' is not predicted (available: A, B).",
        "--compare B:B: a sample cannot be compared with itself.",
        "--compare lists A and B more than once.",
    ):
        assert said in done.output
    assert "Submitted process" not in done.output


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sample;mark;replicate;bam;control\n", "separated by semicolons"),
        ('sample,mark,replicate,bam\nA,"H3K27ac,1,a.bam\n', "cannot be read as CSV"),
        ("", "is empty"),
    ],
)
def test_a_file_that_is_no_sheet_is_refused(pipeline, text, said):
    sheet = pipeline.launch / "no_sheet.csv"
    sheet.write_text(text)
    done = pipeline.run("bad", "--input", sheet, *pipeline.inputs[2:])
    assert done.exit_code != 0
    assert said in done.output


def test_every_script_takes_the_parameters_that_its_process_gives(repository, schema):
    """Each parameter of the groups that a step uses is an option of its script.

    min_nonzero is the one rule of regions that needs signal, and build_tensors applies it; folds is
    for cross_validate, depths for evaluate_depths; across says whether evaluate_across runs at all.
    """
    uses = {
        "count_bins": ["counting"],
        "build_signal": ["signal"],
        "define_regions": ["region_rules", "split"],
        "assign_states": ["states"],
        "build_tensors": ["normalisation", "split"],
        "train_model": ["training"],
        "cross_validate": ["normalisation", "training"],
        "predict_genome": ["prediction"],
        "score_regions": ["prediction"],
        "call_elements": ["calling"],
        "compare_samples": ["differential"],
        "evaluate_model": ["evaluation"],
        "score_annotation": ["evaluation"],
        "validate_crispr": ["evaluation"],
    }
    options = script_options(repository)
    for script, groups in uses.items():
        for group in groups:
            parameters = set(schema["$defs"][group]["properties"])
            needed = parameters - {"min_nonzero", "folds", "across", "depths"}
            assert needed <= options[script].keys(), script
    assert "min_nonzero" in options["build_tensors"]
    assert "folds" in options["cross_validate"]
    assert "depths" in options["evaluate_depths"]
