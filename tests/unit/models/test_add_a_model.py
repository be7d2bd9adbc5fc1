"""A model that does not exist is added, in the places that docs/contributing.md names, and runs.

The library and the driver of a copy are used, in processes of their own.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from samples.documents import section
from samples.driver_answers import answers
from samples.small_models import labelled_windows

from deepregfinder.labels.tensors import write_tensors

CENTROID = '''"""The class whose mean training window is nearest."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from deepregfinder.models.calibration import mean_average_precision, negative_log_likelihood
from deepregfinder.models.device import Hardware
from deepregfinder.models.fitted import calibrated
from deepregfinder.models.protocol import (
    Arrays,
    EpochRecord,
    Fitted,
    Size,
    Trained,
    TrainedMember,
    TrainingGenome,
    TrainingOptions,
)
from deepregfinder.models.window_scorer import WindowScorer


class CentroidModel:
    def fit(
        self, training: TrainingGenome, options: TrainingOptions, hardware: Hardware, folder: Path
    ) -> Fitted:
        windows, seed = training.windows, options.seed
        means = np.stack([windows.x_train[windows.y_train == k].mean(axis=0) for k in range(3)])
        p, y = near(means, windows.x_validation), windows.y_validation
        loss, score = negative_log_likelihood(p, y), mean_average_precision(y, p)
        curve = (EpochRecord(seed, 1, loss, loss, score, 0.0),)
        member = TrainedMember(seed, 1, score, 0, 0.0, {"means": means}, curve, p)
        return calibrated("centroid", [member], y, {"distance": "Euclidean"})

    def check(self, arrays: Arrays, size: Size) -> None:
        if arrays["means"].shape != (size.n_classes, size.n_marks, size.window_bins):
            raise ValueError("means have another shape")

    def scorer(self, trained: Trained, hardware: Hardware) -> "CentroidScorer":
        return CentroidScorer(trained, torch.device("cpu"), hardware.threads)


class CentroidScorer(WindowScorer):
    def __call__(self, windows: Tensor) -> Tensor:
        members = [near(arrays["means"], windows.numpy()) for arrays in self.trained.members]
        return torch.from_numpy(np.stack(members))


def near(means: np.ndarray, x: np.ndarray) -> np.ndarray:
    distance = np.stack([((x - mean) ** 2).mean(axis=(1, 2)) for mean in means], axis=1)
    weight = np.exp(distance.min(axis=1, keepdims=True) - distance)
    return (weight / weight.sum(axis=1, keepdims=True)).astype(np.float32)
'''

ENTRY = {
    "summary": "nearest mean window",
    "methods": "the class whose mean training window is nearest",
    "reference": None,
    "signal": "reads per million{transformed}, standardised by mark on the training chromosomes",
    "training": "averaged over the labelled windows",
    "sees": "window",
    "calibrated": "labelled",
    "needs": [],
    "heeds": ["accessibility", "transform"],
    "runs_on": "cpu",
    "progress": "fit",
    "traits": [],
}

CASE = """        case "centroid":
            from deepregfinder.models.centroid import CentroidModel

            return CentroidModel()
"""


@pytest.fixture(scope="module")
def extended(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the pipeline in which three files have been added to."""
    copy = tmp_path_factory.mktemp("extended")
    for name in ("bin", "functions", "assets", "conf", "tests/bad_inputs", "tools"):
        ignored = shutil.ignore_patterns("__pycache__", "*.nbi", "*.nbc")
        shutil.copytree(repository / name, copy / name, ignore=ignored)
    for name in ("nextflow.config", "nextflow_schema.json", "main.nf"):
        shutil.copy(repository / name, copy / name)
    (copy / ".tools").symlink_to((repository / ".tools").resolve())
    models = copy / "bin/deepregfinder/models"
    (models / "centroid.py").write_text(CENTROID)
    catalogue = json.loads((models / "catalogue.json").read_text())
    catalogue["models"]["centroid"] = ENTRY
    (models / "catalogue.json").write_text(json.dumps(catalogue))
    registry = (models / "registry.py").read_text()
    last = '        case "ccre":\n'
    assert registry.count(last) == 1
    (models / "registry.py").write_text(registry.replace(last, CASE + last))
    return copy


def run(copy: Path, folder: Path, script: str, **options: object) -> str:
    words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
    command = [sys.executable, copy / "bin" / script, *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_scripts_train_it_and_its_card_describes_it(extended: Path, tmp_path: Path) -> None:
    write_tensors(tmp_path / "tensors.safetensors", labelled_windows(120))
    run(
        extended, tmp_path, "train_model.py", tensors="tensors.safetensors", model="centroid",
        seed=1, seeds=1, epochs=1, batch_size=32, learning_rate=0.01, weight_decay=0,
        device="cpu", threads=1, output="bundle",
    )  # fmt: skip
    run(
        extended, tmp_path, "evaluate_model.py", sample="K562", model="centroid", bundle="bundle",
        tensors="tensors.safetensors", bootstrap=0, seed=1, output="evaluation",
        model_card="card.md",
    )  # fmt: skip
    metrics = json.loads((tmp_path / "evaluation/metrics.json").read_text())
    assert metrics["map"] > 0.5
    card = (tmp_path / "card.md").read_text()
    assert "nearest mean window" in card
    assert "distance Euclidean" in card
    assert "standardised by mark" in card


def test_the_driver_takes_it(extended: Path, tmp_path: Path) -> None:
    (tmp_path / "sheet.csv").write_text("sample,mark,replicate,bam\nK,H3K27ac,1,a.bam\n")
    (tmp_path / "labels.csv").write_text(
        "sample,dhs,enhancers,promoter_marks\nK,x.bed,x.bed,x.bed\n"
    )
    for name in ("a.bam", "x.bed", "tss.bed"):
        (tmp_path / name).touch()
    given = {"input": "sheet.csv", "labels": "labels.csv", "tss": "tss.bed"}
    cases = {"known": {"models": "centroid,cnn"}, "unknown": {"models": "centroids"}}
    said = answers(tmp_path, {name: given | case for name, case in cases.items()}, extended)
    assert said["known"] == ""
    assert "there is no such model; choose among" in said["unknown"]
    assert "centroid" in said["unknown"].partition("choose among")[2]


def test_the_document_names_these_places(repository: Path) -> None:
    steps = section((repository / "docs/contributing.md").read_text(), "## Add a model")
    for place in (
        "bin/deepregfinder/models/<name>.py", "catalogue.json", "registry.py", "docs/methods.md",
        "tests/oracle",
    ):  # fmt: skip
        assert place in steps
    assert len(re.findall(r"^\d\. ", steps, re.MULTILINE)) == 5
