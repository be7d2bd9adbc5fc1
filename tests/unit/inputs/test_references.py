"""Files that are read late are compared with the reads at once."""

import gzip
import random
from pathlib import Path

import pytest

from deepregfinder.evaluation.external.inputs import annotation_list, crispr_list
from deepregfinder.inputs.references import GenomeSequence, unfit_external, unfit_sequence

SIZES = {"chr1": 900, "chr2": 800, "chrX": 500}


def fasta(path: Path, sizes: dict[str, int], compressed: bool = False) -> GenomeSequence:
    rng = random.Random(5)
    text = "".join(f">{name} x\n{''.join(rng.choices('ACGT', k=n))}\n" for name, n in sizes.items())
    path.write_bytes(gzip.compress(text.encode()) if compressed else text.encode())
    return GenomeSequence(path, None)


def bare(sizes: dict[str, int]) -> dict[str, int]:
    return {name.removeprefix("chr"): length for name, length in sizes.items()}


@pytest.mark.parametrize("compressed", [False, True])
def test_the_genome_of_the_reads_fits_whatever_else_it_has(tmp_path, compressed):
    genome = fasta(tmp_path / "a.fa", SIZES | {"chrM": 7, "chrUn_1": 5}, compressed)
    assert list(unfit_sequence(genome, SIZES)) == []


@pytest.mark.parametrize("compressed", [False, True])
def test_every_way_in_which_a_genome_differs_is_told(tmp_path, compressed):
    def said(sizes):
        return list(unfit_sequence(fasta(tmp_path / "a.fa", sizes, compressed), SIZES))

    (names,) = said(bare(SIZES))
    assert f"{tmp_path / 'a.fa'} (--fasta): sequences are named like '1', but" in names
    assert "Rename the sequences: `sed 's/^>/>chr/'`" in names
    (lengths,) = said(SIZES | {"chr2": 801})
    assert "(--fasta): chr2 has 801 bp, but 800 bp in the BAM files" in lengths
    (lacking,) = said({"chr1": 900, "chrM": 9})
    assert "a.fa (--fasta) lacks chr2, chrX, which" in lacking
    names, lengths = said(bare(SIZES | {"chr2": 801}))
    assert "named like '1'" in names
    assert "2 has 801 bp, but 800 bp" in lengths
    lengths, lacking = said({"chr1": 901, "chr2": 800})
    assert "chr1 has 901 bp" in lengths
    assert "lacks chrX" in lacking


@pytest.mark.parametrize("content", [b"", b"chr1\t900\n", b"\x43\x27\x41\x1a\0\0", b"BZh9"])
def test_what_is_no_genome_is_told_once(tmp_path, content):
    (tmp_path / "a.fa").write_bytes(content)
    (said,) = unfit_sequence(GenomeSequence(tmp_path / "a.fa", None), SIZES)
    assert said.startswith(f"{tmp_path / 'a.fa'} ")
    assert list(unfit_sequence(GenomeSequence(tmp_path / "a.fa", None), {})) == [said]


def test_an_index_stands_for_a_genome_that_is_not_here(tmp_path):
    index = tmp_path / "a.fa.fai"
    index.write_text("chr1\t900\t6\t60\t61\nchr2\t799\t930\t60\t61\n")
    lengths, lacking = unfit_sequence(GenomeSequence(None, index), SIZES)
    assert "chr2 has 799 bp" in lengths
    assert "a.fa.fai (--fasta) lacks chrX" in lacking


CLASSES = ("background", "enhancer", "promoter")
OLD = {"chr1": 1000, "chr2": 700, "chrX": 500}
"""The assembly of the lists, which SIZES is not."""


def chain(path: Path, source: dict[str, int], target: dict[str, int]) -> Path:
    """A chain file that maps the begin of each chromosome to itself."""
    blocks = []
    for number, name in enumerate(source):
        n = min(source[name], target[name])
        places = f"{name} {source[name]} + 0 {n} {name} {target[name]} + 0 {n}"
        blocks.append(f"chain 99 {places} {number}\n{n}\n\n")
    path.write_text("".join(blocks))
    return path


def annotation(path: Path, text: str, chain_file: Path | None = None, mapping="*=enhancer"):
    path.write_text(text)
    return annotation_list(path, mapping, chain_file, CLASSES)


def table(path: Path, *rows: str, cells: bool = False, chain_file: Path | None = None):
    header = "chrom\tchromStart\tchromEnd\tRegulated" + ("\tCellType" if cells else "")
    path.write_text("\n".join([header, *(row.replace(" ", "\t") for row in rows), ""]))
    return crispr_list(path, "K562" if cells else None, chain_file)


def test_lists_on_the_assembly_of_the_reads_fit_with_and_without_a_chain(tmp_path):
    to_new = chain(tmp_path / "x.chain", OLD, SIZES)
    lists = [
        annotation(tmp_path / "a.bed", "chr1\t0\t900\tE\nchrUn\t5\t99999\tE\n"),
        annotation(tmp_path / "b.bed", "chr1\t0\t800\tE\nchr1\t901\t1000\tE\n", to_new),
        table(tmp_path / "c.tsv", "chr1 880 900 TRUE", "chr2 800 800 FALSE"),
        table(tmp_path / "d.tsv", "chr1 10 20 TRUE K562", "chr1 5000 9000 TRUE WTC11", cells=True),
        table(tmp_path / "e.tsv", "chr1 10 20 TRUE", chain_file=to_new),
    ]
    assert [list(unfit_external(one, SIZES)) for one in lists] == [[]] * len(lists)


def test_lists_of_another_assembly_are_told_with_their_place(tmp_path):
    lists = [
        annotation(tmp_path / "a.bed", "chr1\t0\t901\tE\n"),
        table(tmp_path / "b.tsv", "chr1 10 20 TRUE", "chr2 790 801 FALSE"),
        annotation(tmp_path / "c.bed", "1\t0\t9\tE\n"),
        table(tmp_path / "d.tsv", "2 10 20 TRUE"),
    ]
    ends, also, names, others = (list(unfit_external(one, SIZES)) for one in lists)
    assert f"{tmp_path / 'a.bed'} (--annotations) has an interval that ends at chr1:901" in ends[0]
    assert f"{tmp_path / 'b.tsv'} (--crispr) has an interval that ends at chr2:801" in also[0]
    assert "named like 1, but this run like chr1" in names[0]
    assert "named like 2, but this run like chr2" in others[0]
    assert [len(said) for said in (ends, also, names, others)] == [1, 1, 1, 1]


def test_a_chain_of_other_assemblies_is_told_and_its_direction(tmp_path):
    text = "chr1\t0\t50\tE\n"

    def said(*sizes, bed=text):
        chain_file = chain(tmp_path / "x.chain", *sizes)
        return list(unfit_external(annotation(tmp_path / "a.bed", bed, chain_file), SIZES))

    third = {"chr1": 1234, "chr2": 1235, "chrX": 1236}
    (swapped,) = said(SIZES, OLD)
    assert f"{tmp_path / 'x.chain'} lifts from the assembly of the run (chr1 has 900 bp)" in swapped
    assert "of the other direction" in swapped
    (other,) = said(OLD, third)
    assert "lifts to an assembly in which chr1 has 1,234 bp, but the run has 900 bp" in other
    (source,) = said(OLD, SIZES, bed="chr1\t990\t1001\tE\n")
    assert "a.bed (--annotations) has an interval that ends at chr1:1,001, but its chain" in source
    (nothing,) = said(OLD, SIZES, bed="chr1\t950\t960\tE\n")
    assert "has no interval on the assembly of this run" in nothing


def test_two_problems_of_a_list_and_its_chain_are_both_told(tmp_path):
    (tmp_path / "x.chain").write_text("no chain\n")
    for content, words in (("chr1\t5\n", "a.bed, line 1"), ("chr1\t0\t5\tQ\n", "no label is")):
        one = annotation(tmp_path / "a.bed", content, tmp_path / "x.chain", "E*=enhancer")
        first, second = unfit_external(one, SIZES)
        assert words in first
        assert "x.chain" in second
    labels, place = unfit_external(
        annotation(tmp_path / "a.bed", "chr1\t0\t5000\tQ\n", mapping="E*=enhancer"), SIZES
    )
    assert "no label is mapped to an element class; examples of its labels are Q" in labels
    assert "ends at chr1:5,000" in place


def test_what_is_no_table_of_pairs_is_told(tmp_path):
    (tmp_path / "a.tsv").write_text("chrom\tstart\n")
    (said,) = unfit_external(crispr_list(tmp_path / "a.tsv", None, None), SIZES)
    assert "lacks the columns" in said
    one = table(tmp_path / "b.tsv", "chr1 1 9 TRUE WTC11", cells=True)
    (said,) = unfit_external(one, SIZES)
    assert "no pair was tested in K562" in said
