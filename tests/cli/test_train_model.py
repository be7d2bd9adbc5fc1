import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from samples.small_genome import write_genome
from samples.small_models import labelled_windows

import train_model
from deepregfinder.errors import InputError
from deepregfinder.labels.tensors import write_tensors
from deepregfinder.models.bundle import read_bundle
from deepregfinder.models.drf import fit

OPTIONS = {
    "model": "cnn",
    "seed": "2",
    "seeds": "1",
    "epochs": "2",
    "batch_size": "32",
    "learning_rate": "0.01",
    "weight_decay": "1e-4",
    "device": "cpu",
    "threads": "1",
    "output": "K562/cnn",
}


@pytest.fixture
def command(repository, tmp_path):
    write_tensors(tmp_path / "tensors.safetensors", labelled_windows(120))

    def words(**changes):
        options = {"tensors": "tensors.safetensors", **OPTIONS, **changes}
        given = [word for key, value in options.items() for word in (f"--{key}", value)]
        return [sys.executable, str(repository / "bin" / "train_model.py"), *given]

    return words


@pytest.fixture
def train(command, tmp_path):
    def run(**changes):
        return subprocess.run(command(**changes), cwd=tmp_path, capture_output=True, text=True)

    return run


def test_writes_a_bundle_and_a_learning_curve_and_nothing_else(train, tmp_path):
    run = train()
    assert run.returncode == 0, run.stderr
    assert read_bundle(tmp_path / "K562/cnn").seeds == (2,)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["K562", "tensors.safetensors"]
    assert sorted(path.name for path in (tmp_path / "K562/cnn").iterdir()) == [
        "learning_curve.tsv",
        "model.json",
        "model.safetensors",
    ]
    assert "epoch 2 of 2" in run.stderr


def test_divergence_ends_with_one_sentence(train, tmp_path):
    run = train(model="mlp", learning_rate="1e30")
    assert run.returncode == 1
    assert "ERROR: Training of mlp with seed 2 diverged" in run.stderr
    assert "Traceback" not in run.stderr
    assert not (tmp_path / "K562").exists()


def test_a_killed_worker_ends_the_task_as_killed(command, tmp_path):
    """So that Nextflow retries it: the kernel kills a single process when memory is short."""
    words = command(seeds="2", threads="2", epochs="1000")
    with subprocess.Popen(words, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as training:
        while not list(tmp_path.glob("checkpoint.*")):
            assert training.poll() is None
            time.sleep(0.2)
        children = Path(f"/proc/{training.pid}/task/{training.pid}/children").read_text().split()
        workers = [c for c in children if "spawn_main" in Path(f"/proc/{c}/cmdline").read_text()]
        os.kill(int(workers[0]), signal.SIGKILL)
        said = training.communicate(timeout=120)[1]
    assert training.returncode == 137
    # Python may add an error of the pool's own thread.
    assert "\nERROR: a process of this task was killed" in f"\n{said}"
    assert list(tmp_path.glob("checkpoint.*"))


@pytest.mark.parametrize(
    ("given", "has_tss"),
    [({"tss_input": "true"}, True), ({}, False), ({"tss_input": "true", "tss": None}, False)],
)
def test_drf_is_given_tsss_where_that_is_wanted(tmp_path, monkeypatch, given, has_tss):
    monkeypatch.chdir(tmp_path)
    for name, value in (("STRETCH", 160), ("BATCH", 2), ("MIN_STEPS", 2)):
        monkeypatch.setattr(fit, name, value)
    tensors, signals = write_genome(tmp_path)
    Path("tss.bed").write_text("chr1\t4999\t5002\nchr1\t900\t901\nchrUn\t7\t8\n")
    options = {"tensors": tensors, "signal": signals, "tss": "tss.bed", **OPTIONS, "model": "drf"}
    options = {key: value for key, value in (options | given).items() if value is not None}
    words = [str(word) for key, value in options.items() for word in (f"--{key}", value)]
    train_model.train_model.main(words, standalone_mode=False)
    arrays = read_bundle(tmp_path / "K562/cnn").weights[0]
    sites = {key: array.tolist() for key, array in arrays.items() if key.startswith("tss.")}
    assert sites == ({"tss.1": [900, 5000]} if has_tss else {})


def test_tensors_that_are_none_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tensors.safetensors").write_bytes(b"nothing")
    options = {"tensors": "tensors.safetensors", **OPTIONS}
    words = [word for key, value in options.items() for word in (f"--{key}", value)]
    with pytest.raises(InputError, match=r"tensors.safetensors cannot be read"):
        train_model.train_model.main(words, standalone_mode=False)
