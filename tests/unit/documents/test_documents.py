"""The documents say what the code says: parameters, files, columns, links, cited tests."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from samples.documents import first_cells, results_paths, section
from samples.messages import messages
from samples.small_evaluation import write_world
from samples.tables import BETWEEN_STEPS, CALLS, FREE_COLUMNS, FREE_FOLDERS, ROWS

from deepregfinder import __version__
from deepregfinder.classes import CLASS_SETS
from deepregfinder.evaluation.external import crispr
from deepregfinder.prediction.user_regions import RegionScores, write_scores
from deepregfinder.storage.tables import column_names
from evaluate_model import evaluate_model

DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/usage.md",
    "docs/containers.md",
    "docs/clusters.md",
    "docs/output.md",
    "docs/methods.md",
    "docs/troubleshooting.md",
    "docs/security.md",
    "docs/reliability.md",
    "docs/contributing.md",
)

# Options of other programs that documents name.
FOREIGN = {
    *(
        "fracOverlap",
        "countReadPairs",
        "exclude",
        "check",
        "strict",
    ),  # featureCounts, tar, sha256sum, mypy
    *("files", "damaged", "seed", "jobs", "write"),  # make fuzz
    *("nv", "fakeroot", "shm", "network", "ulimit", "format"),  # container engines
    *("constraint", "cpus", "gres", "job", "me", "mem", "noheader", "output", "partition", "time"),
}

# The results folder as the blueprint fixes it (section 1, "Outputs"): these names do not change.
PLOTS = ("pr_curve", "roc_curve", "confusion_matrix", "calibration", "learning_curve")
CONTRACT = {
    "report.html",
    "evaluation/summary.tsv",
    "evaluation/<sample>/comparison.tsv",
    "evaluation/<sample>/comparison_pr.png",
    "evaluation/<sample>/comparison_bars.png",
    "evaluation/<sample>/<model>/metrics.json",
    "evaluation/<sample>/<model>/replicates.safetensors",
    *(f"evaluation/<sample>/<model>/{name}.{k}" for name in PLOTS for k in ("png", "svg", "tsv")),
    *(f"models/<sample>/<model>/{name}" for name in ("model.json", "model.safetensors")),
    "models/<sample>/<model>/model_card.md",
    "calls/<sample>/<sample>.<model>.bed",
    "calls/<sample>/<sample>.<model>.validation.tsv",
    "regions/<sample>/regions.bed",
    "pipeline_info/params.json",
    "pipeline_info/versions.tsv",
    "calls/<sample>/<sample>.<model>.bb",
    "calls/<sample>/<sample>.<model>.<class>.bw",
    "signal/<sample>/<mark>.bw",
    "hub/",
    "igv/",
}
# Their columns stand in a sentence, or are those of another table.
IN_WORDS = {
    "pipeline_info/versions.tsv",
    "evaluation/<sample>/folds_summary.tsv",
    "evaluation/<sample>/<model>/natural_pr_curve.tsv",
    "evaluation/<sample>/<model>/natural_calibration.tsv",
    "models/<sample>/<model>/learning_curve.tsv",
}
FOLDERS = (
    *("evaluation/", "models/", "calls/", "regions/", "signal/", "multiqc/", "pipeline_info/"),
    *("hub/", "igv/"),
)


@pytest.fixture(scope="module")
def texts(repository: Path) -> dict[str, str]:
    return {name: (repository / name).read_text() for name in DOCUMENTS}


@pytest.fixture(scope="module")
def schema(repository: Path) -> dict:
    return json.loads((repository / "nextflow_schema.json").read_text())


def parameter_tables(schema: dict) -> str:
    """The parameters as Markdown, a table for each group of the schema."""
    lines = []
    for group in schema["$defs"].values():
        lines += ["", f"### {group['title']}", "", group["description"], ""]
        lines += ["| parameter | default | values | what it does |", "| --- | --- | --- | --- |"]
        for name, rule in group["properties"].items():
            what = ". ".join(filter(None, (rule["description"], rule.get("help_text"))))
            cells = (f"`--{name}`", _default(rule), _values(rule), what)
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join([*lines, ""])


def _default(rule: dict) -> str:
    value = rule.get("default")
    if value is None:
        return ""
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def _values(rule: dict) -> str:
    if "enum" in rule:
        return ", ".join(f"`{value}`" for value in rule["enum"])
    if "format" in rule:
        return {"file-path": "file", "directory-path": "folder"}[rule["format"]]
    if rule["type"] == "boolean":
        return "`true`, `false`"
    kind = {"string": "text", "integer": "whole number", "number": "number"}[rule["type"]]
    limits = [
        f"{word} {rule[key]}"
        for key, word in (("minimum", "from"), ("exclusiveMinimum", "above"), ("maximum", "to"))
        if key in rule
    ]
    multiple = f", multiple of {rule['multipleOf']}" if "multipleOf" in rule else ""
    return " ".join([kind, *limits]) + multiple


def test_the_parameter_table_is_that_of_the_schema(schema: dict, texts: dict[str, str]) -> None:
    begin, end = "<!-- parameters: begin -->\n", "<!-- parameters: end -->"
    wanted = parameter_tables(schema)
    table = texts["docs/usage.md"].partition(begin)[2].partition(end)[0]
    assert table == wanted, f"docs/usage.md: put this between the two markers:\n{wanted}"


def test_every_parameter_that_a_document_names_exists(
    schema: dict, texts: dict[str, str], repository: Path
) -> None:
    parameters = {name for group in schema["$defs"].values() for name in group["properties"]}
    scripts = {path.name: path.read_text() for path in (repository / "bin").glob("*.py")}
    groups = [path.read_text() for path in (repository / "bin").glob("*/options/*.py")]
    for name, text in texts.items():
        # Messages of scripts name options of their own.
        of_scripts = "".join([*scripts.values(), *groups]) if "troubleshooting" in name else None
        code = of_scripts or scripts["simulate_panel.py"]
        named = set(re.findall(r"(?<![\w-])--([a-zA-Z]\w*)", text))
        unknown = {one for one in named - parameters - FOREIGN if f'"--{one}"' not in code}
        assert not unknown, f"{name} names --{', --'.join(sorted(unknown))}, which is no parameter"


def test_every_message_is_explained_and_none_that_is_gone(
    repository: Path, texts: dict[str, str]
) -> None:
    rows = re.findall(r"^\| (.+?) \| .*\|$", texts["docs/troubleshooting.md"], re.MULTILINE)
    listed = {row.replace("\\|", "|").replace("&lt;", "<") for row in rows}
    said = {
        text: file for text, file in messages(repository).items() if "simulate_panel" not in file
    }
    lacking = "\n".join(f"{file}: {text}" for text, file in said.items() if text not in listed)
    assert not lacking, f"docs/troubleshooting.md does not explain:\n{lacking}"
    gone = {row for row in listed if "…" in row} - said.keys()
    assert not gone, f"docs/troubleshooting.md explains what nothing says: {gone}"


def test_every_column_of_the_sheets_is_described(repository: Path, texts: dict[str, str]) -> None:
    for sheet, title in (
        ("input", "### Samplesheet"),
        ("labels", "### Label sheet"),
        ("annotations", "### Annotation sheet"),
    ):
        columns = json.loads((repository / f"assets/schema_{sheet}.json").read_text())["items"]
        table = section(texts["docs/usage.md"], title)
        assert first_cells(table) == list(columns["properties"])
        assert re.findall(r"^\| `(\w+)` \| yes ", table, re.M) == columns["required"]


def test_every_profile_that_a_document_names_exists(
    repository: Path, texts: dict[str, str]
) -> None:
    config = (repository / "nextflow.config").read_text()
    block = re.search(r"^profiles \{\n(.*?)^\}", config, re.S | re.M)
    assert block
    profiles = set(re.findall(r"^    (\w+) \{", block[1], re.M))
    for name, text in texts.items():
        named = {
            one for list_ in re.findall(r"-profile ([\w,]+)", text) for one in list_.split(",")
        }
        assert named <= profiles, f"{name}: there is no profile {', '.join(named - profiles)}"


def test_every_label_of_a_process_is_in_the_table_of_resources(
    repository: Path, texts: dict[str, str]
) -> None:
    table = section(texts["docs/clusters.md"], "## Resource requests")
    rows = [row.split(" | ") for row in table.splitlines() if row.startswith("| `process_")]
    documented = {
        process: row[0].strip("| `") for row in rows for process in re.findall("[A-Z_]{5,}", row[4])
    }
    labels = {}
    for module in (repository / "modules").glob("*/*/main.nf"):
        text = module.read_text()
        process, label = re.search(r"^process (\w+)", text, re.M), re.search(r"label '(\w+)'", text)
        assert process
        assert label
        labels[process[1]] = label[1]
    assert documented == labels


def test_the_results_folder_is_that_of_the_blueprint(texts: dict[str, str]) -> None:
    text = texts["docs/output.md"]
    listed = results_paths(text)
    assert listed >= CONTRACT
    # What no contract fixes lies in a folder that it names; headings describe listed files only.
    assert all(path.startswith(FOLDERS) for path in listed - {"report.html"})
    for heading in re.findall(
        r"^### `((?:calls|regions|signal|evaluation|models|pipeline_info)/.*)`", text, re.M
    ):
        assert heading in listed, heading


def test_columns_of_tables_are_those_that_the_code_writes(
    tmp_path: Path, texts: dict[str, str]
) -> None:
    table = tmp_path / "table.tsv"
    no_regions = pd.DataFrame({name: [] for name in ("chrom", "start", "end", "name")}, dtype=str)
    no_scores = RegionScores(np.empty((0, 0)), np.empty(0, np.int64))
    write_scores(table, no_regions, no_scores, ())
    written = {path: column_names(kind) for path, kind in (ROWS | BETWEEN_STEPS).items()}
    written = {path: columns for path, columns in written.items() if path not in IN_WORDS}
    written[f"{CALLS}.regions.tsv"] = tuple(_header(table))
    written[f"{CALLS}.crispr_elements.tsv"] = crispr.PREDICTION_COLUMNS
    for path, columns in written.items():
        assert _documented(texts, path) == list(columns), path


def test_every_table_of_the_results_has_a_class_of_rows_or_free_columns(
    texts: dict[str, str],
) -> None:
    tables = {path for path in results_paths(texts["docs/output.md"]) if path.endswith(".tsv")}
    free = {path for path in tables if path.startswith(FREE_FOLDERS)} | FREE_COLUMNS
    assert tables == ROWS.keys() | free


def _header(table: Path) -> list[str]:
    return table.read_text().splitlines()[0].split("\t")


def _documented(texts: dict[str, str], path: str) -> list[str]:
    """The columns or keys that docs/output.md names below the heading of a file."""
    return first_cells(section(texts["docs/output.md"], f"### `{path}`"))


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a bundle and the evaluation of it."""
    folder = tmp_path_factory.mktemp("evaluated")
    world = write_world(folder, n_members=2)
    (folder / "calls.bed").write_text("chr3\t5000\t7000\tenhancer\t912\t.\t5900\t6100\t230,159,0\n")
    options = {
        "sample": "K562",
        "model": "cnn",
        "bundle": world["bundle"],
        "tensors": world["tensors"],
        "calls": folder / "calls.bed",
        "bootstrap": "40",
        "seed": "1",
        "output": folder / "out",
        "model_card": folder / "model_card.md",
    }
    words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
    for name in ("probabilities", "more_probabilities"):
        words += ["--probabilities", str(world[name])]
    evaluate_model.main(words, standalone_mode=False)
    return folder


def test_every_key_of_metrics_json_is_described(evaluated: Path, texts: dict[str, str]) -> None:
    metrics = json.loads((evaluated / "out/metrics.json").read_text())
    path = "evaluation/<sample>/<model>/metrics.json"
    keys, text = _documented(texts, path), section(texts["docs/output.md"], f"### `{path}`")
    calls = set(first_cells(text[text.index("| key of `natural.calls`") :]))
    assert set(keys) - calls | {"per_class", "map", "intervals"} == set(metrics)
    assert calls == set(metrics["natural"]["calls"])
    classes = set(metrics["classes"])
    for key in set(_keys(metrics)) - classes - set(metrics["reasons"]):
        assert f"`{key}`" in text, key


def _keys(content: Any) -> Iterator[str]:
    """All keys of nested dictionaries."""
    if isinstance(content, dict):
        for key, value in content.items():
            yield key
            yield from _keys(value)


def test_every_key_of_model_json_is_described(evaluated: Path, texts: dict[str, str]) -> None:
    model = json.loads((evaluated / "bundle/model.json").read_text())
    assert _documented(texts, "models/<sample>/<model>/model.json") == list(model)


@pytest.mark.parametrize(
    "name", ["seeds", "pr_curve", "roc_curve", "calibration", "learning_curve"]
)
def test_columns_of_the_evaluation_are_described(
    evaluated: Path, texts: dict[str, str], name: str
) -> None:
    documented = _documented(texts, f"evaluation/<sample>/<model>/{name}.tsv")
    assert documented == _header(evaluated / f"out/{name}.tsv")


def test_an_evaluation_leaves_what_is_listed(evaluated: Path, texts: dict[str, str]) -> None:
    left = {f"evaluation/<sample>/<model>/{path.name}" for path in (evaluated / "out").iterdir()}
    listed = results_paths(texts["docs/output.md"])
    of_evaluation = {path for path in listed if path.startswith("evaluation/<sample>/<model>")}
    assert left == {path for path in of_evaluation if "/explain/" not in path}


def test_colours_are_those_of_the_classes(texts: dict[str, str]) -> None:
    members = {member for members in CLASS_SETS.values() for member in members} - {CLASS_SETS[2][0]}
    rows = re.findall(r"^\| (\w+) \| [\w -]+ \| (\d+,\d+,\d+) \|$", texts["docs/output.md"], re.M)
    assert dict(rows) == {one.name: ",".join(map(str, one.colour)) for one in members}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_relative_links_resolve(repository: Path, texts: dict[str, str], name: str) -> None:
    for target in re.findall(r"\]\((?!\w+:)([^)\s]+)\)", texts[name]):
        path, _, anchor = target.partition("#")
        file = (repository / name).parent / path if path else repository / name
        assert file.exists(), f"{name} links to {target}"
        if anchor:
            assert anchor in _anchors(file.read_text()), f"{name} links to {target}"


def _anchors(text: str) -> set[str]:
    """The anchors that a Markdown viewer makes of headings."""
    headings = re.findall(r"^#+ (.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_tests_that_are_cited_exist(repository: Path, texts: dict[str, str], name: str) -> None:
    for path, test in re.findall(r"(tests/[\w/]+\.py)(?:::(\w+))?", texts[name]):
        assert (repository / path).exists(), f"{name} cites {path}"
        if test:
            source = (repository / path).read_text()
            assert f"def {test}(" in source, f"{name} cites {path}::{test}"


def test_modules_that_methods_names_exist(repository: Path, texts: dict[str, str]) -> None:
    library = repository / "bin/deepregfinder"
    for names in re.findall(r"^\[(`[\w/]+`[^\]]*)\]", texts["docs/methods.md"], re.M):
        for module in re.findall(r"`([\w/]+)`", names):
            assert (library / f"{module}.py").exists() or (library / module).is_dir(), module


def test_every_process_is_on_the_map_of_the_code(repository: Path, texts: dict[str, str]) -> None:
    rows = section(texts["CONTRIBUTING.md"], "## The map")
    modules = (repository / "modules").glob("*/*/main.nf")
    processes = {path.parent.name.upper() for path in modules}
    assert set(re.findall(r"\b[A-Z]{3,}(?:_[A-Z]+)+\b|MULTIQC", rows)) == processes
    folder = repository / "subworkflows"
    subworkflows = {str(path.relative_to(folder)) for path in folder.rglob("*.nf")}
    assert subworkflows <= set(re.findall(r"`([\w/]+\.nf)`", rows))
    steps = [row for row in rows.splitlines() if re.search("[A-Z]{4}", row)]
    named = {name for row in steps for name in re.findall(r"`(\w+/?)`", row)}
    library = list((repository / "bin/deepregfinder").iterdir())
    assert named
    assert named <= {f"{path.name}/" if path.is_dir() else path.stem for path in library}


def test_pictures_are_there_and_those_that_are_drawn(
    repository: Path, texts: dict[str, str]
) -> None:
    shown = re.findall(r"!\[(.+)\]\((images/output/\S+)\)", texts["docs/output.md"])
    folder = repository / "docs/images/output"
    assert {f"images/output/{path.name}" for path in folder.iterdir()} == {one for _, one in shown}
    drawn = (repository / "tools/pictures.py").read_text()
    for _alt, name in shown:
        assert Path(name).stem in drawn
        assert (repository / "docs" / name).stat().st_size <= 60_000


def test_the_version_is_the_same_everywhere(repository: Path, texts: dict[str, str]) -> None:
    for name in ("nextflow.config", "pyproject.toml", "docker/Singularity.def"):
        text = (repository / name).read_text()
        version = re.search(r"\bversion (?:= )?['\"]?(\d+\.\d+\.\d+)", text)
        assert version
        assert version[1] == __version__, name
    for name, text in texts.items():
        named = set(re.findall(r"deepregfinder-nf[-:](\d+\.\d+\.\d+)", text))
        assert named <= {__version__}, name
