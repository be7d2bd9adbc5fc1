"""compare_samples.py on two small samples predicted by one model."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from samples.cells import cells

from compare_samples import compare_samples
from deepregfinder.errors import InputError
from deepregfinder.prediction.probabilities import (
    ProbabilityAttributes,
    scaled,
    write_probabilities,
)
from deepregfinder.storage.zarr_zip import write_arrays

SIZE, WINDOW, STEP, BIN = 900_000, 2000, 200, 100
PLACES = np.arange(5000, SIZE - 5000, 5000)  # of elements; every tenth is lost in B
LOST = np.arange(len(PLACES)) % 10 == 0
COLOUR = "230,159,0"


def write_sample(
    folder: Path, sample: str, lost: bool, replicates: int = 2, trained_on: str = "A", seed: int = 0
) -> None:
    """Calls, probabilities and counts of one mark; where `lost`, every tenth element is gone."""
    rng = np.random.default_rng([seed, *sample.encode()])
    there = PLACES[~LOST] if lost else PLACES
    (folder / f"{sample}.bed").write_text(
        "".join(
            f"chr1\t{p}\t{p + WINDOW}\tenhancer\t900\t.\t{p + 900}\t{p + 1100}\t{COLOUR}\n"
            for p in there
        )
    )
    track = np.tile([[0.9], [0.1], [0.0]], (SIZE - WINDOW) // STEP + 1)
    track[:, there // STEP] = [[0.1], [0.9], [0.0]]
    attributes = ProbabilityAttributes(
        sample=sample, model="cnn", trained_on=trained_on,
        classes=("background", "enhancer", "promoter"), step=STEP, window=WINDOW, seeds=(1,),
        temperature=1.0, thresholds=(0.5, 0.5), natural=None, quantile_map=False,
        chrom_sizes={"chr1": SIZE},
    )  # fmt: skip
    write_probabilities(folder / f"{sample}.zip", [("chr1", scaled(track), None)], attributes)
    for replicate in map(str, range(1, replicates + 1)):
        mean = np.full(SIZE // BIN, 0.5)
        mean[np.add.outer(there // BIN, np.arange(20))] = 5
        key = f"{sample}.H3K27ac.{replicate}"
        facts = {
            **{"format": "counts", "id": key, "sample": sample, "mark": "H3K27ac"},
            **{"replicate": replicate, "bin_size": BIN, "chrom_sizes": {"chr1": SIZE}},
            "library_size": 1_000_000,
        }
        counts = rng.poisson(mean).astype(np.uint16)
        write_arrays(folder / f"{key}.counts.zip", [("chr1", counts)], facts)


def run(folder: Path) -> Result:
    words = ["--name", "A_vs_B.cnn_from_A", "--fdr", "0.05", "--output", str(folder / "out")]
    for side, sample in (("a", "A"), ("b", "B")):
        words += [f"--calls_{side}", str(folder / f"{sample}.bed")]
        words += [f"--probabilities_{side}", str(folder / f"{sample}.zip")]
    for path in sorted(folder.glob("*.counts.zip")):
        words += ["--counts", str(path)]
    return CliRunner().invoke(compare_samples, words, catch_exceptions=False)


def rows(folder: Path, ending: str = "tsv") -> list[dict[str, str]]:
    return cells(folder / f"out/A_vs_B.cnn_from_A.{ending}")


def test_lost_elements_are_differential_and_few_others(tmp_path: Path) -> None:
    write_sample(tmp_path, "A", lost=False)
    write_sample(tmp_path, "B", lost=True)
    run(tmp_path)
    elements = rows(tmp_path)
    assert len(elements) == len(PLACES)
    assert {int(row["start"]) for row in elements if row["status"] == "differential"} == set(
        PLACES[LOST].tolist()
    )
    assert {row["transition"] for row in elements if row["status"] == "differential"} == {
        "enhancer->none"
    }
    assert all(float(row["log2fc.H3K27ac"]) < -1 for row in elements if row["class_b"] == "none")
    bed = (tmp_path / "out/A_vs_B.cnn_from_A.bed").read_text().splitlines()
    assert [line.split("\t")[8] for line in bed] == ["150,150,150"] * LOST.sum()
    cells = {(r["class_a"], r["class_b"]): r for r in rows(tmp_path, "transitions.tsv")}
    assert cells["enhancer", "none"]["differential"] == str(LOST.sum())
    assert cells["enhancer", "enhancer"]["unchanged"] == str((~LOST).sum())
    assert rows(tmp_path, "marks.tsv")[0]["tested"] == "true"
    assert (tmp_path / "out/A_vs_B.cnn_from_A.transitions.png").stat().st_size > 1000


def test_samples_with_the_same_calls_have_no_differential_element(tmp_path: Path) -> None:
    write_sample(tmp_path, "A", lost=False)
    write_sample(tmp_path, "B", lost=False)
    run(tmp_path)
    assert {row["status"] for row in rows(tmp_path)} == {"unchanged"}
    assert (tmp_path / "out/A_vs_B.cnn_from_A.bed").read_text() == ""


@pytest.mark.parametrize("replicates", [(1, 1), (2, 1)])
def test_without_replicates_nothing_claims_significance(
    tmp_path: Path, replicates: tuple[int, int]
) -> None:
    write_sample(tmp_path, "A", lost=False, replicates=replicates[0])
    write_sample(tmp_path, "B", lost=True, replicates=replicates[1])
    run(tmp_path)
    elements = rows(tmp_path)
    assert {row["status"] for row in elements} == {"unchanged", "untested"}
    assert {(row["p"], row["fdr"], row["tested_marks"]) for row in elements} == {
        (".", ".", "no replicates")
    }
    assert all(float(row["log2fc.H3K27ac"]) < -1 for row in elements if row["class_b"] == "none")


def test_samples_of_different_models_are_refused(tmp_path: Path) -> None:
    write_sample(tmp_path, "A", lost=False)
    write_sample(tmp_path, "B", lost=True, trained_on="B")
    with pytest.raises(InputError, match=r"same model in the same way \(trained_on differ\)"):
        run(tmp_path)
    assert not (tmp_path / "out").exists()


def test_samples_without_any_call_give_empty_tables(tmp_path: Path) -> None:
    for sample in "AB":
        write_sample(tmp_path, sample, lost=True)
        (tmp_path / f"{sample}.bed").write_text("")
    run(tmp_path)
    assert rows(tmp_path) == []
    assert {row["elements"] for row in rows(tmp_path, "transitions.tsv")} == {"0"}
