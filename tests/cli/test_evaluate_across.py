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
from summarise_across import summarise_across

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


def run(world: Path, sample: str, signal: str) -> Path:
    words = f"--model cnn --bootstrap 20 --seed 1 --output @{sample}.cnn.across.tsv"
    words += f" --tensors @{sample}.tensors.safetensors --signal @{signal}.signal.zip"
    words += "".join(f" --bundle @{one}" for one in SAMPLES)
    evaluate_across.main(words.replace("@", f"{world}/").split(), standalone_mode=False)
    return world / f"{sample}.cnn.across.tsv"


def test_every_model_meets_every_sample(world: Path) -> None:
    words = f"--output {world}/cnn.across.tsv --plot {world}/cnn.across.png"
    words += "".join(f" --tested {run(world, sample, sample)}" for sample in SAMPLES)
    summarise_across.main(words.split(), standalone_mode=False)
    rows = cells(world / "cnn.across.tsv")
    met = [(row["trained_on"], row["tested_on"], row["quantile_map"]) for row in rows]
    assert set(met) == {
        (one, other, mapped)
        for one in SAMPLES
        for other in SAMPLES
        for mapped in ("false", "true")
        if one != other or mapped == "false"
    }
    assert met == sorted(met)
    assert [row["class"] for row in rows] == ["enhancer", "promoter", "mean"] * 6
    assert all(float(row["low"]) <= float(row["high"]) for row in rows)
    assert (world / "cnn.across.png").read_bytes().startswith(b"\x89PNG")


def test_signal_of_another_sample_is_refused(world: Path) -> None:
    with pytest.raises(InputError, match="--tensors is of K562, but its --signal is of GM12878"):
        run(world, *SAMPLES)
    assert not (world / "K562.cnn.across.tsv").exists()
