"""Files that are read late are compared with the reads at once."""

import gzip
import random
from pathlib import Path

import pytest

from deepregfinder.inputs.references import GenomeSequence, unfit_sequence

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
