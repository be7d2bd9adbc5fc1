"""Names, lengths and sequences of a FASTA file are those that samtools finds in it."""

import gzip
import random
from pathlib import Path

import pysam
import pytest

from deepregfinder.errors import InputError
from deepregfinder.genome import fasta
from deepregfinder.genome.fasta import fasta_sequences, fasta_sizes


def genome(seed: int, names: int = 6) -> dict[str, str]:
    rng = random.Random(seed)
    return {
        f"chr{number}.{seed}": "".join(
            rng.choices("ACGTNacgtn", k=rng.choice([1, 59, 60, 61, 997]))
        )
        for number in range(names)
    }


def text_of(sequences: dict[str, str], width: int = 60, end: str = "\n", more: str = "") -> str:
    lines = []
    for name, bases in sequences.items():
        lines += [f">{name}{more}"]
        lines += [bases[at : at + width] for at in range(0, len(bases), width)]
    return end.join([*lines, ""])


def bgzipped(path: Path, text: str) -> None:
    with pysam.BGZFile(str(path), "wb") as out:
        out.write(text.encode())


def read(path: Path, names: list[str]) -> dict[str, str]:
    return {name: bases.decode() for name, bases in fasta_sequences(path, names)}


@pytest.mark.parametrize("block", [1, 7, 64, 1 << 22])
@pytest.mark.parametrize("seed", range(3))
def test_plain_and_bgzipped_files_are_read_as_by_samtools(block, seed, tmp_path, monkeypatch):
    monkeypatch.setattr(fasta, "_BLOCK", block)
    text = text_of(genome(seed), width=13 + seed, more=" dna>A->B:1\tx" if seed else "")
    (tmp_path / "plain.fa").write_text(text)
    bgzipped(tmp_path / "blocks.fa.gz", text)
    for path in (tmp_path / "plain.fa", tmp_path / "blocks.fa.gz"):
        with pysam.FastaFile(str(path)) as other:
            sizes = dict(zip(other.references, other.lengths, strict=True))
            assert fasta_sizes(path) == sizes
            assert read(path, list(sizes)) == {name: other.fetch(name) for name in sizes}
            some = list(sizes)[1:4:2]
            assert list(read(path, some)) == some


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff", "\n\n"])
@pytest.mark.parametrize("compressed", [False, True])
def test_what_samtools_cannot_index_is_read_as_well(end, mark, compressed, tmp_path, monkeypatch):
    monkeypatch.setattr(fasta, "_BLOCK", 50)
    wanted = genome(9)
    content = (mark + text_of(wanted, end=end).rstrip(end)).encode()
    path = tmp_path / "genome.fa"
    path.write_bytes(gzip.compress(content) if compressed else content)
    assert fasta_sizes(path) == {name: len(bases) for name, bases in wanted.items()}
    assert read(path, list(wanted)) == wanted


def test_uneven_lines_and_blank_lines_are_read(tmp_path):
    (tmp_path / "a.fa").write_text(">a\nACG\n\nA C\nGGGGGGGG\n>b\n>c x\nT")
    assert fasta_sizes(tmp_path / "a.fa") == {"a": 13, "b": 0, "c": 1}
    assert read(tmp_path / "a.fa", ["a", "b", "c"]) == {"a": "ACGACGGGGGGGG", "b": "", "c": "T"}


def test_a_file_is_read_no_further_than_needed(tmp_path, monkeypatch):
    monkeypatch.setattr(fasta, "_BLOCK", 16)
    content = text_of({"a": "ACGT" * 20, "b": "ACGT" * 9000}).encode()
    (tmp_path / "a.fa.gz").write_bytes(gzip.compress(content)[:-9])
    assert read(tmp_path / "a.fa.gz", ["a"]) == {"a": "ACGT" * 20}
    with pytest.raises(InputError, match="is damaged or cut short"):
        read(tmp_path / "a.fa.gz", ["b"])


def test_the_index_of_a_plain_file_saves_reading_it(tmp_path, monkeypatch):
    path = tmp_path / "a.fa"
    path.write_text(text_of(genome(3), more=" text"))
    pysam.faidx(str(path))
    whole = fasta_sizes(path)
    monkeypatch.setattr(fasta, "_pieces", None)
    assert fasta_sizes(path, Path(f"{path}.fai")) == whole


@pytest.mark.parametrize(
    "later",
    [
        text_of(genome(4)),
        text_of({**genome(3), "more": "ACGT"}),
        text_of(dict(list(genome(3).items())[:-1])),
        text_of({name: bases + "A" for name, bases in genome(3).items()}),
        text_of(dict(reversed(genome(3).items()))),
        text_of(genome(3), width=50),
        text_of(genome(3), end="\r\n"),
        gzip.compress(text_of(genome(3)).encode()),
    ],
)
def test_an_index_of_another_file_is_not_believed(later, tmp_path):
    path = tmp_path / "a.fa"
    path.write_text(text_of(genome(3)))
    pysam.faidx(str(path))
    path.write_bytes(later if isinstance(later, bytes) else later.encode())
    (tmp_path / "same.fa").write_bytes(path.read_bytes())
    assert fasta_sizes(path, Path(f"{path}.fai")) == fasta_sizes(tmp_path / "same.fa")


@pytest.mark.parametrize(
    "index", ["", "chr1\t5\n", "chr1\t5\tx\t1\t2\n", "chr1\t5\t6\t0\t0\n", "\0"]
)
def test_a_damaged_index_is_not_believed(index, tmp_path):
    (tmp_path / "a.fa").write_text(">chr1\nACGTA\n")
    (tmp_path / "a.fa.fai").write_text(index)
    assert fasta_sizes(tmp_path / "a.fa", tmp_path / "a.fa.fai") == {"chr1": 5}


REFUSED = {
    "nothing": (b"", "has no sequence"),
    "blanks": (b"\n \n", "has no sequence"),
    "2bit": (b"\x43\x27\x41\x1a\0\0\0\0", "is a 2bit file (convert it to FASTA with `twoBitToFa`)"),
    "2bit of the other byte order": (b"\x1a\x41\x27\x43\0\0", "is a 2bit file"),
    "a BAM file": (b"BAM\1\0\0\0\0", "is a BAM file"),
    "zip": (b"PK\3\4\0\0", "is a zip archive"),
    "zstd": (b"\x28\xb5\x2f\xfd\0\0", "is compressed with zstd"),
    "bzip2": (b"BZh9\0\0", "is compressed with bzip2"),
    "a web page": (b"<!DOCTYPE html>", "is a web page"),
    "a table of sizes": (b"chr1\t248956422\n", "begins with 'chr1'"),
    "an index": (b"chr1\t5\t6\t60\t61\n", "begins with 'chr1'"),
    "FASTQ": (b"@read\nACGT\n+\nIIII\n", "begins with '@read'"),
    "GenBank": (b"LOCUS       NC_1\n", "begins with 'LOCUS'"),
    "UTF-16": (">chr1\nA\n".encode("utf-16"), "begins with"),
    "no name": (b">chr1\nA\n>\nA\n", "has a sequence without a name"),
    "a blank before the name": (b"> chr1\nA\n", "has a sequence without a name"),
    "a name twice": (b">chr1\nA\n>chr1 again\nA\n", "has two sequences named chr1"),
    "cut short": (gzip.compress(b">chr1\n" + b"ACGT" * 99)[:-9], "is damaged or cut short"),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("compressed", [False, True])
def test_other_files_are_refused_by_name(case, compressed, tmp_path):
    content, said = REFUSED[case]
    if compressed and case == "cut short":
        content = content[: len(content) // 2]
    elif compressed:
        content = gzip.compress(content)
    (tmp_path / "a.fa").write_bytes(content)
    with pytest.raises(InputError) as refused:
        fasta_sizes(tmp_path / "a.fa")
    assert f"{tmp_path / 'a.fa'} " in str(refused.value)
    assert said in str(refused.value)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        fasta_sizes(tmp_path / "gone.fa")
