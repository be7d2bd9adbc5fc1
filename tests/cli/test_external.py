"""Scripts for external annotations and experiments: their output, and their errors."""

from pathlib import Path

import pytest
from samples.cells import cells
from samples.small_evaluation import SIZES, write_world

from compare_models import compare_models
from deepregfinder.errors import InputError
from evaluate_model import evaluate_model
from lift_crispr import lift_crispr
from score_annotation import score_annotation
from validate_crispr import validate_crispr


def run(command: object, folder: Path, words: str) -> None:
    text = words.replace("@", f"{folder}/")
    command.main(text.split(), standalone_mode=False)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("external")
    write_world(folder)
    (folder / "calls.bed").write_text("chr3\t5000\t7000\tenhancer\t912\t.\t5900\t6100\t230,159,0\n")
    (folder / "chrom.sizes").write_text("".join(f"{c}\t{n}\n" for c, n in SIZES.items()))
    (folder / "pairs.tsv").write_text(
        "chrom\tchromStart\tchromEnd\tRegulated\tCellType\nchr3\t6000\t6500\tTRUE\tK562\n"
        "chr4\t6000\t6500\tFALSE\tK562\nchr4\t9000\t9500\tTRUE\tWTC11\n"
    )
    (folder / "states.bed").write_text("chr3\t5000\t300000\t7_Enh\nchr4\t0\t90000\t1_TssA's\n")
    return folder


SCORE = "--tensors @tensors.safetensors --bootstrap 40 --seed 1 --bed @states.bed --output "


def test_annotations_come_into_one_table_and_plot(world: Path) -> None:
    evaluate = "--sample K562 --model cnn --bundle @bundle --seed 1 --tensors @tensors.safetensors "
    run(evaluate_model, world, evaluate + "--bootstrap 40 --output @cnn --model_card @cnn.md")
    for name, mapping in (("one", "*_Enh=enhancer"), ("two", "1_TssA's=promoter;*=enhancer")):
        words = f"--name {name} --mapping {mapping} {SCORE} @K562.{name}.annotation.tsv"
        run(score_annotation, world, words)
    compare = "--evaluation @cnn --output @c.tsv --plots @{} "
    run(compare_models, world, compare.format("bare") + "--annotations @nothing.tsv")
    assert not (world / "nothing.tsv").exists()
    words = "--annotation @K562.one.annotation.tsv --annotation @K562.two.annotation.tsv "
    run(compare_models, world, compare.format("full") + words + "--annotations @all.tsv")
    keys = [(row["annotation"], row["setting"], row["class"]) for row in cells(world / "all.tsv")]
    settings = ("test_centre", "test_any_base", "calls")
    of_each = [(setting, c) for setting in settings for c in ("enhancer", "promoter")]
    assert keys == [(name, *rest) for name in ("one", "two") for rest in of_each]
    assert (world / "full_pr.png").read_bytes() != (world / "bare_pr.png").read_bytes()
    assert not (world / "bare_natural_pr.png").exists(), "the genome was not predicted"


def test_elements_of_an_experiment_go_through_both_scripts(world: Path) -> None:
    lift = "--table @pairs.tsv --chrom_sizes @chrom.sizes --output @elements.tsv --cell_type "
    with pytest.raises(InputError, match="no pair was tested in HepG2"):
        run(lift_crispr, world, lift + "HepG2")
    run(lift_crispr, world, lift + "K562")
    run(
        validate_crispr,
        world,
        "--bundle @bundle --elements @elements.tsv --calls @calls.bed --bootstrap 40 --seed 1 "
        "--probabilities @1.zip --probabilities @2.zip --output @f.tsv --element_table @e.tsv",
    )
    assert [row["called"] for row in cells(world / "e.tsv")] == ["enhancer", ".", "."]
    row = cells(world / "f.tsv")[0]
    assert (row["recall"], row["f1"], row["other_cells"]) == ("1.000000", "1.000000", "1")


@pytest.mark.parametrize(
    ("bed", "said"),
    [
        ("3\t0\t900\t7_Enh\n", "this run like chr3"),
        ("chr3\t0\t9000000\t7_Enh\n", "another assembly"),
        ("chr3\t0\t900\n", "no label is mapped to an element class"),
        ("", "has no interval"),
    ],
)
def test_an_annotation_that_does_not_fit_is_one_sentence(world: Path, bed: str, said: str) -> None:
    (world / "states.bed").write_text(bed)
    with pytest.raises(InputError, match=said):
        run(score_annotation, world, f"--name x --mapping *Enh=enhancer {SCORE} @never.tsv")
    assert not (world / "never.tsv").exists()
