"""The contract of a model, for each of the catalogue. That none sees a test chromosome is shown in
tests/oracle/test_leakage.py."""

import ast
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from samples.any_model import OPTIONS, bytes_of, genome_of, shorten_training, train, windows_for
from samples.documents import section

from deepregfinder.models import registry
from deepregfinder.models.bundle import Bundle
from deepregfinder.models.catalogue import MODEL_NAMES, baseline, facts, is_given_tss
from deepregfinder.models.device import Hardware
from deepregfinder.models.protocol import Arrays, Size, TrainingOptions
from deepregfinder.models.train import Learner, train_bundle
from deepregfinder.models.window_scorer import WindowScorer
from deepregfinder.prediction.scorers import load_scorer, predict_windows, probabilities_at
from deepregfinder.report import references

CHANGED = TrainingOptions(
    seed=1,
    seeds=2,
    epochs=3,
    batch_size=16,
    learning_rate=0.02,
    weight_decay=0.01,
    portable=True,
)
OF_OPTIONS = [name for name in asdict(OPTIONS) if name != "seed"]


@pytest.fixture(params=MODEL_NAMES)
def model(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    shorten_training(monkeypatch)
    return str(request.param)


@pytest.fixture
def bundle(tmp_path: Path, model: str) -> Bundle:
    return train(tmp_path / "first", windows_for(model), model)


def test_the_same_seed_gives_the_same_bytes_on_any_number_of_threads(tmp_path, model, bundle):
    train(tmp_path / "again", windows_for(model), model, threads=2)
    assert bytes_of(tmp_path / "again") == bytes_of(tmp_path / "first")


def test_what_it_heeds_changes_it_and_what_it_does_not_changes_nothing(tmp_path, model, bundle):
    heeded = [name for name in OF_OPTIONS if name in facts(model).heeds]
    for name in OF_OPTIONS:
        options = replace(OPTIONS, **{name: getattr(CHANGED, name)})
        other = train(tmp_path / name, windows_for(model), model, options)
        same = same_arrays(bundle, other) and curve(tmp_path / name) == curve(tmp_path / "first")
        assert same == (name not in heeded), name
    tensors = windows_for(model)
    assert tensors.normalisation.transform == "log2"
    scale = replace(tensors.normalisation, transform="none")
    other = train(tmp_path / "none", replace(tensors, normalisation=scale), model)
    assert same_arrays(bundle, other) == ("transform" not in facts(model).heeds)


def curve(folder: Path) -> bytes:
    return bytes_of(folder)["learning_curve.tsv"]


def same_arrays(one: Bundle, other: Bundle) -> bool:
    return len(one.weights) == len(other.weights) and all(
        a.keys() == b.keys() and all(np.array_equal(a[key], b[key]) for key in a)
        for a, b in zip(one.weights, other.weights, strict=True)
    )


def test_its_bundle_records_what_it_heeds(model, bundle):
    recorded = {name: value for name, value in bundle.training.items() if name in OF_OPTIONS}
    heeded = {name: getattr(OPTIONS, name) for name in OF_OPTIONS if name in facts(model).heeds}
    # Models with settings of their own under the same name, such as the learning rate of drf.
    assert heeded.items() <= recorded.items()
    assert ("temperature_fitted_on" in bundle.training) == (facts(model).calibrated != "rule")


def test_its_probabilities_can_be_brought_to_natural_prevalence(tmp_path, model, bundle):
    tensors = windows_for(model)
    assert bundle.natural is not None
    for of_class in bundle.natural.anywhere:
        table = of_class.table()
        assert (np.diff(table) >= 0).all()
        assert 0 < of_class.prior < 0.5
    enhancer, promoter = bundle.natural.at_tss
    assert enhancer is None
    assert promoter is not None
    alone = replace(genome_of(tensors), known_tss=None)
    learner = Learner(model, True, "all", OPTIONS)
    without, _ = train_bundle(alone, learner, Hardware(torch.device("cpu"), 1), tmp_path)
    assert without.natural == replace(bundle.natural, at_tss=(None, None))


def test_damaged_arrays_are_refused(model, bundle):
    size, arrays = bundle.trained.size, dict(bundle.weights[0])
    check = registry.load(model).check
    check(arrays, size)
    for damage, damaged in damages(arrays):
        assert refused(check, damaged, size), damage
    for other in (replace(size, n_marks=1), replace(size, n_classes=5)):
        assert refused(check, arrays, other), other


def refused(check: Callable[[Arrays, Size], None], arrays: Arrays, size: Size) -> bool:
    try:
        check(arrays, size)
    except ValueError as error:
        return bool(str(error))
    return False


def damages(arrays: Arrays) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    yield "a foreign array", {**arrays, "foreign": np.zeros(3, np.float32)}
    for name, array in arrays.items():
        if name.startswith("tss."):  # any number of chromosomes may be there
            continue
        yield f"no {name}", {key: value for key, value in arrays.items() if key != name}
        yield f"{name} longer", {**arrays, name: np.concatenate([np.atleast_1d(array)] * 2)}
        if array.dtype.kind == "f":
            holed = np.array(array, order="C")
            holed.reshape(-1)[-1] = np.nan
            yield f"{name} with NaN", {**arrays, name: holed}


def test_it_sees_what_the_catalogue_says(model, bundle):
    tensors = windows_for(model)
    signal = genome_of(tensors).load(tensors.chroms[0])
    starts = np.array([3, 40, 41, 200])
    scorer = load_scorer(bundle)
    p = probabilities_at(scorer, signal, starts)
    assert p.shape == (4, len(bundle.classes))
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-6)
    assert (p >= 0).all()
    assert isinstance(scorer.scorer, WindowScorer) == (facts(model).sees == "window")
    assert probabilities_at(scorer, signal, starts[:0]).shape == (0, len(bundle.classes))
    if facts(model).sees == "window":
        windows = np.stack([signal.rpm[:, first : first + bundle.window_bins] for first in starts])
        mean = predict_windows(bundle, windows).mean(axis=0, dtype=float)
        assert (mean.argmax(axis=1) == p.argmax(axis=1)).all()


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_its_entry_is_sound(repository, name):
    entry = facts(name)
    schema = json.loads((repository / "nextflow_schema.json").read_text())
    parameters = {key for group in schema["$defs"].values() for key in group["properties"]}
    assert set(entry.heeds) <= parameters
    assert is_given_tss(name, True) == ("tss" in entry.needs or "tss_input" in entry.heeds)
    assert is_given_tss(name, False) == ("tss" in entry.needs)
    assert entry.reference is None or hasattr(references, entry.reference)
    assert ("{transformed}" in entry.signal) == ("transform" in entry.heeds)
    assert entry.progress != "tree" or entry.runs_on == "cpu"
    assert set(entry.traits) <= {"baseline", "gradients", "hidden_marks", "states", "together"}
    assert all(
        re.fullmatch(r"labels|accessibility|tss|H\w+|max_\w+:\d+", need) for need in entry.needs
    )


def test_one_model_is_the_baseline():
    assert baseline(MODEL_NAMES) == "cnn"
    assert baseline(["drf", "cnn_from_K562"]) == "cnn_from_K562"
    assert baseline(["drf", "rf"]) is None


def test_the_schema_takes_the_models_of_the_catalogue(repository):
    schema = json.loads((repository / "nextflow_schema.json").read_text())
    models = schema["$defs"]["run"]["properties"]["models"]
    assert re.fullmatch(models["pattern"], ", ".join(MODEL_NAMES))
    assert set(re.split(r", *", models["default"])) <= set(MODEL_NAMES)
    texts = [
        rule.get(key, "")
        for group in schema["$defs"].values()
        for rule in group["properties"].values()
        for key in ("description", "help_text")
    ]
    example = "results/models/K562/cnn"
    for name in MODEL_NAMES:
        named = [text for text in texts if re.search(rf"\b{name}\b", text.replace(example, ""))]
        assert named == [], "the catalogue lists the models, and what each heeds"


def test_the_documents_list_the_models_of_the_catalogue(repository):
    rows = section((repository / "docs/usage.md").read_text(), "### Several models")
    first = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", rows, re.MULTILINE)
    assert sorted(re.findall(r"\w+", " ".join(first))) == sorted(MODEL_NAMES)
    methods = (repository / "docs/methods.md").read_text()
    for name in MODEL_NAMES:
        assert re.search(rf"^#+ {name}$|\*\*{name}\*\*|`{name}`", methods, re.MULTILINE), name


def names_in(value: ast.expr) -> set[str]:
    """Names of models that stand as text in an expression."""
    constants = {node.value for node in ast.walk(value) if isinstance(node, ast.Constant)}
    return {name for name in MODEL_NAMES if name in constants}


def comparisons(tree: ast.Module) -> Iterator[tuple[int, set[str]]]:
    """Lines of a Python source that compare something with the name of a model, and the names."""
    for node in ast.walk(tree):
        compared: list[ast.expr] = []
        match node:
            case ast.Compare():
                compared = [node.left, *node.comparators]
            case ast.MatchValue():
                compared = [node.value]
            case ast.Dict():
                compared = [key for key in node.keys if key is not None]
            case ast.Assign(targets=[ast.Name(id=constant)]) if constant.isupper():
                compared = [node.value]
        if names := {name for value in compared for name in names_in(value)}:
            yield getattr(node, "lineno", 0), names


def test_no_code_outside_of_models_compares_the_name_of_a_model(repository):
    lines = []
    for path in sorted((repository / "bin").rglob("*.py")):
        relative = path.relative_to(repository)
        if not relative.is_relative_to("bin/deepregfinder/models"):
            tree = ast.parse(path.read_text())
            lines += [f"{relative}:{line}: {names}" for line, names in comparisons(tree)]
    quoted = re.compile(rf"""['"/]({"|".join(MODEL_NAMES)})['"/]""")
    sources = [repository / "main.nf", repository / "nextflow.config"]
    for folder in ("functions", "modules", "subworkflows", "conf"):
        sources += sorted(path for path in (repository / folder).rglob("*") if path.is_file())
    for path in sources:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            # A default of the schema, and a path in a sentence, compare nothing.
            if (name := quoted.search(line)) and "results/models" not in line:
                lines.append(f"{path.relative_to(repository)}:{number}: {name[1]}")
    assert lines == []


@pytest.mark.parametrize(
    "source",
    ['x == "drf"', '"ccre" in names', 'x in ("cnn", "rnn")', 'TREES = ("rf", "gbm")',
     'match x:\n    case "ehmm":\n        pass', 'words = {"drf": 1}'],
)  # fmt: skip
def test_a_comparison_is_found(source):
    assert list(comparisons(ast.parse(source)))
