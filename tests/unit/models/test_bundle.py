import json
from hashlib import sha256

import numpy as np
import pytest
from safetensors.numpy import load_file, save
from samples.small_models import labelled_windows, random_bundle

from deepregfinder.errors import InputError
from deepregfinder.models.bundle import read_bundle, write_bundle
from deepregfinder.signal.scale import normalise_windows


@pytest.fixture
def folder(tmp_path):
    write_bundle(tmp_path / "cnn", random_bundle(n_members=2))
    return tmp_path / "cnn"


@pytest.mark.parametrize("model", ["cnn", "rnn", "mlp"])
def test_reading_gives_back_what_was_written(tmp_path, model):
    written = random_bundle(model, n_members=3, n_classes=5)
    write_bundle(tmp_path, written)
    bundle = read_bundle(tmp_path)
    plain = [key for key in vars(written) if key not in ("normalisation", "weights")]
    assert {key: getattr(bundle, key) for key in plain} == {
        key: getattr(written, key) for key in plain
    }
    assert bundle.normalisation.to_dict() == written.normalisation.to_dict()
    for one, other in zip(bundle.weights, written.weights, strict=True):
        assert one.keys() == other.keys()
        assert all(np.array_equal(one[key], other[key]) for key in one)
    assert bundle.seeds == (0, 1, 2)


def test_chromosomes_keep_their_order(folder):
    assert list(read_bundle(folder).chrom_sizes) == ["chr1", "chr2", "chr3", "chr4"]


def test_equal_bundles_give_equal_bytes(tmp_path):
    for name in ("a", "b"):
        write_bundle(tmp_path / name, random_bundle(n_members=2))
    for file in ("model.json", "model.safetensors"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_nothing_in_it_executes(folder):
    assert sorted(path.name for path in folder.iterdir()) == ["model.json", "model.safetensors"]
    json.loads((folder / "model.json").read_text())
    load_file(folder / "model.safetensors")


def change(folder, **changes):
    """Rewrite keys of model.json; a dotted key reaches inside, None removes it."""
    description = json.loads((folder / "model.json").read_text())
    for key, value in changes.items():
        *parents, last = key.split("__")
        place = description
        for parent in parents:
            place = place[int(parent) if parent.isdigit() else parent]
        if value is None:
            del place[last]
        else:
            place[last] = value
    (folder / "model.json").write_text(json.dumps(description))


def repack(folder, arrays):
    packed = save(arrays)
    (folder / "model.safetensors").write_bytes(packed)
    change(folder, weights_sha256=sha256(packed).hexdigest())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "keras"}, "does not describe a DeepRegFinder model"),
        ({"format_version": 1}, "format version 1"),
        ({"model": "rf"}, "is damaged: member0"),
        ({"model": "drf"}, "is damaged: member0"),
        ({"model": "../../etc/passwd"}, "model: .* not a plain name"),
        ({"model": "transformer"}, "there is no model 'transformer'"),
        ({"sample": "a/b"}, "sample: .* not a plain name"),
        ({"sample": 7}, "sample: expected str"),
        ({"classes": ["background", "enhancer", "silencer"]}, "is not a set of classes"),
        ({"classes": ["enhancer", "background", "promoter"]}, "is not a set of classes"),
        ({"marks": ["H3K27ac", "H3K27ac", "H3K4me1"]}, "marks: expected plain names"),
        ({"marks": ["H3K27ac", "H3K4me1"]}, "has shape"),
        ({"marks": []}, "marks: expected plain names"),
        ({"marks": ["H3K27ac", "H3K4me1", "other"]}, "its marks are not those of the model"),
        ({"bin_size": "100"}, "bin_size: expected int"),
        ({"bin_size": True}, "bin_size: expected int"),
        ({"bin_size": 0}, "bin_size: 0 is not between"),
        ({"window_bins": 10**9}, "window_bins: 1000000000 is not between"),
        ({"chrom_sizes": {"chr1": -5}}, "chrom_sizes: 'chr1': -5 is not a length"),
        ({"chrom_sizes": ["chr1"]}, "chrom_sizes: expected dict"),
        ({"split__split": "lottery"}, "split: 'lottery'"),
        ({"split__train_chroms": None}, "train_chroms: it is missing"),
        ({"split__test_chroms": [1]}, "test_chroms: expected names"),
        ({"temperature": 0}, "temperature: 0 is not between"),
        ({"temperature": float("nan")}, "temperature: nan is not between"),
        ({"temperature": None}, "temperature: it is missing"),
        ({"members": []}, "members: expected between 1 and 1000"),
        ({"members": [1]}, "expected a JSON object"),
        ({"members__0__seed": -1}, "seed: -1 is not between"),
        ({"members__0__validation_map": 1.5}, "validation_map: 1.5"),
        ({"provenance__labels": "p300"}, "provenance: labels: expected a list of sources"),
        ({"provenance__labels": [{"list_": "<b>"}]}, "provenance: labels: expected list_, source"),
        ({"members__0__validation_map": "best"}, "validation_map: expected int or float, found"),
        ({"members__0__best_epoch": None}, "best_epoch: it is missing"),
        ({"normalisation": []}, "normalisation: expected dict"),
        ({"normalisation__mean": None}, "normalisation: 'mean'"),
        ({"normalisation__mean": [1, 2]}, "one mean and sd for each mark"),
        ({"normalisation__sd": [1, 0, 1]}, "not above 0"),
        ({"normalisation__sd": [1, float("inf"), 1]}, "not a number"),
        ({"normalisation__mean": ["a", "b", "c"]}, "normalisation: could not convert"),
        ({"normalisation__transform": "eval"}, "no transform 'eval'"),
        ({"normalisation__control": "eval"}, "unknown control"),
        ({"n_windows__train": {"background": 3}}, "a count for each class in split train"),
        ({"n_windows__test__enhancer": -3}, "are not counts"),
        ({"weights_sha256": "0" * 64}, "does not belong to the model.json"),
        ({"weights_sha256": None}, "weights_sha256: it is missing"),
    ],
)
def test_a_changed_description_is_refused(folder, changes, message):
    change(folder, **changes)
    with pytest.raises(InputError, match=message):
        read_bundle(folder)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b"9" * 5000])
def test_a_description_that_is_no_object_is_refused(folder, content):
    (folder / "model.json").write_bytes(content)
    with pytest.raises(InputError, match=r"model.json"):
        read_bundle(folder)


def test_every_missing_key_is_named(folder):
    whole = (folder / "model.json").read_text()
    for key in json.loads(whole):
        if key in ("format", "format_version"):
            continue
        change(folder, **{key: None})
        with pytest.raises(InputError, match=f"{key}: it is missing"):
            read_bundle(folder)
        (folder / "model.json").write_text(whole)


def test_missing_files_are_named(tmp_path, folder):
    with pytest.raises(InputError, match=r"expected a folder with model.json"):
        read_bundle(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"it has no model.json"):
        read_bundle(tmp_path)
    (folder / "model.safetensors").unlink()
    with pytest.raises(InputError, match=r"it has no model.safetensors"):
        read_bundle(folder)


def test_damaged_weights_are_refused(folder):
    path = folder / "model.safetensors"
    whole = path.read_bytes()
    for content in (b"", whole[:-10], whole[:500], whole[:-1] + bytes([whole[-1] ^ 1])):
        path.write_bytes(content)
        with pytest.raises(InputError, match="Copy both again"):
            read_bundle(folder)


def test_weights_that_are_no_safetensors_are_refused(folder):
    content = b"\x80\x04K\x01."  # a pickle
    (folder / "model.safetensors").write_bytes(content)
    change(folder, weights_sha256=sha256(content).hexdigest())
    with pytest.raises(InputError, match=r"model.safetensors is damaged"):
        read_bundle(folder)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("member1.block1.conv.weight", None, "member1.block1.conv.weight is missing"),
        ("member0.block1.conv.weight", np.zeros((32, 3, 5), np.float32), "has shape"),
        ("member0.output.weight", np.full((3, 64, 1), np.nan, np.float32), "holds no weights"),
        ("member0.output.weight", np.zeros((3, 64, 1), np.float64), "holds no weights"),
        ("member2.output.weight", np.zeros((3, 64, 1), np.float32), "arrays of something else"),
        ("normalisation.quantiles", None, "quantiles are missing"),
        ("normalisation.quantiles", np.zeros((2, 101), np.float32), "quantiles are missing"),
        ("normalisation.quantiles", -np.ones((3, 101), np.float32), "quantiles do not rise"),
    ],
)
def test_weights_of_another_shape_are_refused(folder, key, value, message):
    arrays = load_file(folder / "model.safetensors")
    if value is None:
        del arrays[key]
    else:
        arrays[key] = value
    repack(folder, arrays)
    with pytest.raises(InputError, match=message):
        read_bundle(folder)


def test_windows_are_normalised_mark_by_mark():
    tensors = labelled_windows(12)
    normalised = normalise_windows(tensors.normalisation, tensors.x)
    mean, sd = tensors.normalisation.mean, tensors.normalisation.sd
    for window in range(12):
        for mark in range(3):
            expected = (np.log2(tensors.x[window, mark] + 1) - mean[mark]) / sd[mark]
            np.testing.assert_allclose(normalised[window, mark], expected, rtol=1e-5, atol=1e-6)
    assert normalised.flags.c_contiguous
