"""Whether two files use the same assembly."""

import subprocess

import pandas as pd
import pytest

from deepregfinder.genome.assembly import (
    ambiguous_names,
    assembly_name,
    differences,
    few,
    most_common_sizes,
    other_assembly,
    prefix_mismatch,
    renamed,
    renaming_command,
)

HG38 = {"chr1": 248_956_422, "chr2": 242_193_529, "chrX": 156_040_895}
HG19 = {"chr1": 249_250_621, "chr2": 243_199_373, "chrX": 155_270_560}


def test_the_same_chromosomes_agree_whatever_scaffolds_there_are():
    assert list(differences(HG38 | {"chrUn_1": 5}, HG38, "x")) == []


def test_the_prefix_is_named_as_such():
    bare = {name[3:]: length for name, length in HG38.items()}
    (said,) = differences(bare, HG38, "ref.bam")
    assert "named like '1', but like 'chr1' in ref.bam" in said
    (said,) = differences(HG38, bare, "ref.bam")
    assert "named like 'chr1', but like '1' in ref.bam" in said


def test_another_assembly_is_named_with_both_lengths():
    (said,) = differences(HG19, HG38, "ref.bam")
    assert "chr1 has 249,250,621 bp (hg19), but 248,956,422 bp (hg38) in ref.bam" in said
    assert "3 chromosomes differ in total" in said


def test_missing_and_surplus_chromosomes_are_named():
    some = {"chr1": HG38["chr1"]}
    (said,) = differences(some, HG38, "r.bam")
    assert "the header lacks chr2, chrX, which r.bam has" in said
    (said,) = differences(HG38 | {"chrY": 9}, HG38, "r.bam", ["chrY"])
    assert "the header has chrY, which r.bam lacks" in said


def test_no_difference_hides_another():
    bare = {name[3:]: length for name, length in HG19.items()}
    names, lengths = differences(bare, HG38, "r.bam")
    assert "named like '1'" in names
    assert "1 has 249,250,621 bp (hg19), but 248,956,422 bp (hg38)" in lengths
    other = {"chr1": HG19["chr1"], "chrX": HG38["chrX"], "chrY": 9}
    lengths, lacking, surplus = differences(other, HG38, "r.bam", ["chrY"])
    assert "chr1 has 249,250,621 bp" in lengths
    assert "lacks chr2" in lacking
    assert "has chrY" in surplus


def test_most_files_decide_and_the_first_of_equals():
    assert most_common_sizes([HG19, HG38, HG38]) == HG38
    assert most_common_sizes([HG19, HG38]) == HG19


def test_two_genomes_in_one_file_are_noticed():
    assert ambiguous_names({"chr4": 9, "4": 8, "2L": 7, "chrX": 6}) == [("4", "chr4")]
    assert ambiguous_names(HG38) == []


def test_only_chromosome_1_tells_an_assembly():
    assert assembly_name("1", 249_250_621) == "hg19"
    assert assembly_name("chr11", 249_250_621) is None
    assert assembly_name("chr1", 1000) is None


@pytest.mark.parametrize(("name", "other"), [("1", "chr1"), ("chr1", "1"), ("Chr1", "chr1")])
def test_the_sed_command_renames(name, other):
    assert prefix_mismatch([name, "scaffold"], [other]) == (name, other)
    changed = subprocess.run(
        renaming_command(name, other),
        shell=True,
        input=f"{name}\t5\t9\n",
        capture_output=True,
        text=True,
    )
    assert changed.stdout == f"{other}\t5\t9\n"


@pytest.mark.parametrize(("name", "other"), [("1", "chr1"), ("chr1", "1"), ("Chr1", "chr1")])
def test_the_sed_command_renames_sequences(name, other):
    changed = subprocess.run(
        renaming_command(name, other, ">"),
        shell=True,
        input=f">{name} a\n{name}>\n",
        capture_output=True,
        text=True,
    )
    assert changed.stdout == f">{other} a\n{name}>\n"


def test_equal_and_unrelated_names_are_not_renamed():
    assert prefix_mismatch(["chr1", "chrUn_1"], ["chr1", "chr2"]) is None


def test_long_lists_are_cut():
    assert few("abc") == "a, b, c"
    assert few("abcdefg") == "a, b, c, d, e and 2 more"


MOUSE = {"chr1": 195_471_971, "chr2": 182_113_224, "chrX": 171_031_299}


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        (MOUSE, None),
        ({"1": 195_471_971, "X": 171_031_299}, None),
        ({"chr2": 182_113_224}, None),
        (MOUSE | {"chrUn_1": 7}, None),
        (
            {"1": 195_154_279, "2": 181_755_017, "X": 171_031_299},
            "--genome mm10: 1 has 195,471,971 bp there, but 195,154,279 bp in the reads; "
            "2 chromosomes differ in total. Give the assembly that the reads were aligned to "
            "(mm39).",
        ),
        (
            MOUSE | {"chrX": 5},
            "--genome mm10: chrX has 171,031,299 bp there, but 5 bp in the reads. Give the "
            "assembly that the reads were aligned to.",
        ),
        (
            {"chr2L": 23_513_712},
            "--genome mm10: its chromosomes are chr1, chr2, chrX, but those of the reads chr2L. "
            "Give the assembly that the reads were aligned to.",
        ),
        (
            {"chr2": 5},
            "--genome mm10: chr2 has 182,113,224 bp there, but 5 bp in the reads. Give the "
            "assembly that the reads were aligned to.",
        ),
    ],
)
def test_a_genome_by_name_is_compared_with_that_of_the_reads(sizes, said):
    assert other_assembly(sizes, "mm10", MOUSE) == said


@pytest.mark.parametrize("names", [("1", "chr2"), ("chr1", "2"), ("Chr1", "2")])
def test_intervals_get_the_names_of_the_chromosomes_of_the_run(names):
    intervals = pd.DataFrame({"chrom": ["chr1", "chr3", "2"], "start": [1, 2, 3]})
    assert renamed(intervals, dict.fromkeys(names, 9), {}).to_dict("list") == {
        "chrom": list(names),
        "start": [1, 3],
    }
