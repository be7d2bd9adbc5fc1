"""Foreign or malicious model bundles are refused, before the first task or by a task."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save
from samples.driver_answers import answers
from samples.refusals import refuses
from samples.small_models import CHROM_SIZES, MARKS, random_bundle, write_random_signal

from deepregfinder.models.bundle import write_bundle
from predict_genome import predict_genome

# Of the description, keys that are set anew; "-" removes one, and dots lead inside.
FOREIGN = {
    "another format": ({"format": "keras"}, "does not describe a DeepRegFinder"),
    "no format": ({"format": "-"}, "does not describe a DeepRegFinder"),
    "a version to come": ({"format_version": 99}, "has format version 99"),
    "weights of another model": ({"model": "rf"}, "is damaged: member0"),
    "an unknown model": ({"model": "transformer"}, "there is no model 'transformer'"),
    "a way up for a model": ({"model": "../../x"}, "is not a plain name"),
    "classes of others": ({"classes": ["background", "silencer"]}, "is not a set of classes"),
    "classes in another order": (
        {"classes": ["enhancer", "background", "promoter"]},
        "is not a set of classes",
    ),
    "one class": ({"classes": ["background"]}, "is not a set of classes"),
    "a mark twice": ({"marks": ["H3K27ac"] * 3}, "marks: expected plain names, each once"),
    "a mark less": ({"marks": list(MARKS[:2])}, "has shape"),
    "marks of others": ({"marks": ["A", "B", "C"]}, "its marks are not those of the model"),
    "no bins": ({"bin_size": 0}, "bin_size: 0 is not between"),
    "bins as text": ({"bin_size": "100"}, "bin_size: expected int"),
    "endless windows": ({"window_bins": 10**9}, "window_bins: 1000000000 is not between"),
    "a negative length": ({"chrom_sizes": {"chr1": -1}}, "'chr1': -1 is not a length"),
    "a length past all memory": ({"chrom_sizes": {"chr1": 1 << 62}}, "is not a length"),
    "no temperature": ({"temperature": "-"}, "temperature: it is missing"),
    "a cold temperature": ({"temperature": 0}, "temperature: 0 is not between"),
    "a temperature that is no number": ({"temperature": float("nan")}, "temperature: nan"),
    "an endless temperature": ({"temperature": float("inf")}, "temperature: inf"),
    "a threshold above 1": ({"thresholds": [0.5, 2]}, "thresholds: expected 2 numbers"),
    "a threshold less": ({"thresholds": [0.5]}, "thresholds: expected 2 numbers"),
    "a bias as text": ({"labelled_bias": ["a", 0, 0]}, "labelled_bias: expected 3 numbers"),
    "no member": ({"members": []}, "members: expected between 1 and 1000"),
    "members without end": ({"members": [{}] * 1001}, "seed: it is missing"),
    "another normalisation": ({"normalisation.transform": "eval"}, "no transform 'eval'"),
    "another control": ({"normalisation.control": "eval"}, "unknown control"),
    "a spread of zero": ({"normalisation.sd": [1, 0, 1]}, "an sd is not above 0"),
    "a mean that is no number": ({"normalisation.mean": [float("nan"), 0, 0]}, "is not a number"),
    "an unknown assay": (
        {"provenance": {"counting": {"assays": {"H3K27ac": "hichip"}}}},
        "this version has no assay 'hichip' (H3K27ac)",
    ),
    "assays as text": (
        {"provenance": {"counting": {"assays": "cuttag"}}},
        "assays: expected dict",
    ),
    "another digest": ({"weights_sha256": "0" * 64}, "does not belong to the model.json"),
}


def weights(change: Callable[[dict[str, np.ndarray]], Any]) -> Callable[[Path], None]:
    """A change of the arrays, with the digest of what comes out: a well-made forgery."""

    def forge(folder: Path) -> None:
        arrays = load_file(folder / "model.safetensors")
        packed = save(change(arrays) or arrays)
        (folder / "model.safetensors").write_bytes(packed)
        describe(folder, {"weights_sha256": hashlib.sha256(packed).hexdigest()})

    return forge


def content(name: str, data: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(data)


def describe(folder: Path, changes: dict[str, object]) -> None:
    description = json.loads((folder / "model.json").read_text())
    for key, value in changes.items():
        *parents, last = key.split(".")
        place = description
        for parent in parents:
            place = place[parent]
        if value == "-":
            del place[last]
        else:
            place[last] = value
    (folder / "model.json").write_text(json.dumps(description))


def first(arrays: dict[str, np.ndarray]) -> str:
    return next(name for name in sorted(arrays) if name.endswith("weight"))


HOSTILE = {
    "no JSON": (content("model.json", b"{"), "model.json is damaged"),
    "nothing": (content("model.json", b""), "model.json is damaged"),
    "a list": (content("model.json", b"[]"), "model.json is damaged"),
    "no text": (content("model.json", b"\xff\xfe\0"), "model.json is damaged"),
    "a number without end": (content("model.json", b"9" * 5000), "model.json is damaged"),
    "brackets without end": (content("model.json", b"[" * 100_000), "model.json is damaged"),
    "a pickle": (content("model.safetensors", b"\x80\4cos\nsystem\n"), "is damaged, or does not"),
    "weights that are cut": (
        lambda folder: content(
            "model.safetensors", (folder / "model.safetensors").read_bytes()[:-9]
        )(folder),
        "is damaged, or does not belong",
    ),
    "no weights": (lambda folder: (folder / "model.safetensors").unlink(), "has no model.safeten"),
    "no description": (lambda folder: (folder / "model.json").unlink(), "has no model.json"),
    "an array less": (weights(lambda a: a.pop(first(a)) is None), "is missing"),
    "an array more": (weights(lambda a: a.update(x=np.zeros(3))), "holds arrays of something else"),
    "an array of another shape": (
        weights(lambda a: a.update({first(a): np.zeros((2, 2), np.float32)})),
        "has shape (2, 2)",
    ),
    "an array of text": (
        weights(lambda a: a.update({first(a): a[first(a)].astype(np.float64)})),
        "holds no weights",
    ),
    "a weight that is no number": (
        weights(lambda a: a.update({first(a): a[first(a)] * np.float32("nan")})),
        "holds no weights",
    ),
    "quantiles that fall": (
        weights(lambda a: a.update({"normalisation.quantiles": -a["normalisation.quantiles"]})),
        "quantiles do not rise from 0",
    ),
}
UNLIKE = {
    "a mark less": ({"marks": MARKS[:2]}, "GM12878 lacks H3K4me3, which the model was trained on"),
    "a mark of another spelling": (
        {"marks": ("H3K27ac", "h3k4-me1", "H3K4me3")},
        "Is h3k4-me1 meant by H3K4me1?",
    ),
    "other bins": ({"bin_size": 200}, "200"),
    "other controls": ({"control": "subtract"}, "control"),
    "another assembly": ({"chrom_sizes": dict(CHROM_SIZES, chr1=30_999)}, "chr1"),
}
# What the driver reads of a description; None for no file, a path for a link to it.
DRIVER = {
    "no folder": (None, "there is no model.json in this folder"),
    "no JSON": ('{"format": ', "model.json is damaged (not JSON)"),
    "a list": ("[]", "does not describe a DeepRegFinder bundle"),
    "brackets without end": ("[" * 100_000, "model.json is damaged (not JSON)"),
    "lists in lists": ("[" * 100_000 + "]" * 100_000, "does not describe a DeepRegFinder bundle"),
    "objects in objects": (
        '{"a":' * 100_000 + "{}" + "}" * 100_000,
        "does not describe a DeepRegFinder bundle",
    ),
    "a text of 33 MB": ({"note": "x" * 33_000_000}, "model.json has 33 MB, and that of a bundle"),
    "an open string": ('{"sample": "K\\"}', "model.json is damaged (not JSON)"),
    "closed before opened": ("]" * 9 + "[" * 9, "model.json is damaged (not JSON)"),
    "a device": (Path("/dev/zero"), "there is no model.json in this folder"),
    "a folder": (Path("/"), "there is no model.json in this folder"),
    "another format": ({"format": "keras"}, "does not describe a DeepRegFinder bundle"),
    "a shell command for a sample": ({"sample": "K;touch hit"}, "does not describe"),
    "a way up for a sample": ({"sample": "../K"}, "does not describe"),
    "a shell command for a model": ({"model": "$(touch hit)"}, "does not describe"),
    "an option for a model": ({"model": "--help"}, "does not describe"),
    "an unknown model": ({"model": "resnet"}, "this version has no model 'resnet' (it has cnn,"),
    "a shell command for a mark": ({"marks": ["`touch hit`"]}, "does not describe"),
    "a number for a sample": ({"sample": 7}, "does not describe"),
    "a fraction of a bin": ({"bin_size": 0.5}, "does not describe"),
    "marks that are no list": ({"marks": "H3K27ac"}, "does not describe"),
    "no classes": ({"classes": None}, "does not describe"),
    "other marks": ({"marks": ["H3K9me3"]}, "sample 'K' lacks H3K9me3"),
    "other bins": ({"bin_size": 50}, "--bin_size 200: the bundle of --pretrained was trained"),
    "controls that are not there": ({"normalisation": {"control": "subtract"}}, "needs a control"),
    "a control that is none": ({"normalisation": {"control": "$(id)"}}, "does not describe"),
    "classes of others": ({"classes": ["background", "a;b"]}, "does not describe"),
    "four classes": ({"classes": ["a", "b", "c", "d"]}, "does not describe"),
    "negative bins": ({"bin_size": -100}, "does not describe"),
}


@pytest.fixture
def bundle(tmp_path):
    write_bundle(tmp_path / "cnn", random_bundle())
    return tmp_path / "cnn"


def prediction_refuses(folder: Path, bundle: Path, said: str, **signal: Any) -> None:
    write_random_signal(folder / "signal.zip", **signal)
    (folder / "chroms.txt").write_text("chr1\n")
    chroms = folder / "chroms.txt"
    options = {
        **{"bundle": bundle, "signal": folder / "signal.zip", "chroms": chroms, "step": 200},
        **{"quantile_map": "false", "device": "cpu", "threads": 1, "output": folder / "p.zip"},
    }
    refuses(predict_genome, options, said, folder)


@pytest.mark.parametrize("case", FOREIGN)
def test_a_description_of_something_else_is_refused(case, bundle, tmp_path):
    changes, said = FOREIGN[case]
    describe(bundle, changes)
    prediction_refuses(tmp_path, bundle, said)


@pytest.mark.parametrize("case", HOSTILE)
def test_a_damaged_or_hostile_bundle_is_refused(case, bundle, tmp_path):
    harm, said = HOSTILE[case]
    harm(bundle)
    prediction_refuses(tmp_path, bundle, said)


@pytest.mark.parametrize("case", UNLIKE)
def test_signal_that_the_model_does_not_know_is_refused(case, bundle, tmp_path):
    signal, said = UNLIKE[case]
    prediction_refuses(tmp_path, bundle, said, **signal)


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles")
    (folder / "a.bam").touch()
    (folder / "in.csv").write_text("sample,mark,replicate,bam\nK,H3K27ac,1,a.bam\n")
    good = {
        **{"format": "deepregfinder-bundle", "sample": "K", "model": "cnn", "bin_size": 100},
        **{"classes": ["background", "enhancer", "promoter"], "marks": ["H3K27ac"]},
        **{"window_bins": 20, "normalisation": {"control": "ignore"}},
    }
    given = {}
    for number, (case, (change, _)) in enumerate(DRIVER.items()):
        place = folder / str(number)
        given[case] = {"input": "in.csv", "pretrained": str(place)}
        if case == "other bins":
            given[case] |= {"bin_size": 200}
        if isinstance(change, Path):
            place.mkdir()
            (place / "model.json").symlink_to(change)
        elif change is not None:
            place.mkdir()
            text = json.dumps(good | change) if isinstance(change, dict) else change
            (place / "model.json").write_text(text)
    brackets = {"note": '[{"\\' * 1000}  # in a text
    for name, more in {"as it should be": {}, "with brackets in a text": brackets}.items():
        (folder / name).mkdir()
        (folder / name / "model.json").write_text(json.dumps(good | more))
        given[name] = {"input": "in.csv", "pretrained": str(folder / name)}
    return answers(folder, given)


def test_what_is_changed_in_each_case_is_good_without(said):
    assert said["as it should be"] == said["with brackets in a text"] == ""


@pytest.mark.parametrize("case", DRIVER)
def test_the_driver_refuses_a_bundle(case, said):
    assert DRIVER[case][1] in said[case]
