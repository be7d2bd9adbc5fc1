from dataclasses import replace
from pathlib import Path

import pytest
from samples.cells import cells
from samples.small_evaluation import SIZES, bundle, elements
from samples.small_models import write_random_signal

from deepregfinder.errors import InputError
from deepregfinder.labels.tensors import write_tensors
from deepregfinder.models.bundle import write_bundle
from evaluate_across import evaluate_across

SAMPLES = ("K562", "GM12878")


@pytest.fixture
def world(tmp_path: Path) -> Path:
    for seed, sample in enumerate(SAMPLES):
        write_bundle(tmp_path / sample, replace(bundle(), sample=sample))
        write_tensors(
            tmp_path / f"{sample}.tensors.safetensors", replace(elements(seed=seed), sample=sample)
        )
        write_random_signal(tmp_path / f"{sample}.signal.zip", sample=sample, chrom_sizes=SIZES)
    return tmp_path


def run(world: Path, signals: tuple[str, ...]) -> None:
    words = "--model cnn --bootstrap 20 --seed 1 --output @across.cnn.tsv --plot @across.cnn.png"
    for sample, signal in zip(SAMPLES, signals, strict=True):
        words += f" --bundle @{sample} --tensors @{sample}.tensors.safetensors"
        words += f" --signal @{signal}.signal.zip"
    text = words.replace("@", f"{world}/")
    evaluate_across.main(text.split(), standalone_mode=False)


def test_every_model_meets_every_sample(world: Path) -> None:
    run(world, SAMPLES)
    rows = cells(world / "across.cnn.tsv")
    met = {(row["trained_on"], row["tested_on"], row["quantile_map"]) for row in rows}
    assert met == {
        (one, other, mapped)
        for one in SAMPLES
        for other in SAMPLES
        for mapped in ("false", "true")
        if one != other or mapped == "false"
    }
    assert {row["class"] for row in rows} == {"enhancer", "promoter", "mean"}
    assert all(float(row["low"]) <= float(row["high"]) for row in rows)
    assert (world / "across.cnn.png").read_bytes().startswith(b"\x89PNG")


def test_signal_of_another_sample_is_refused(world: Path) -> None:
    with pytest.raises(InputError, match="--tensors is of K562, but its --signal is of GM12878"):
        run(world, SAMPLES[::-1])
    assert not (world / "across.cnn.tsv").exists()
