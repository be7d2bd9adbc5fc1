"""Transcripts of gene annotations: the dialects, and files that are none."""

import gzip
from pathlib import Path

import pybedtools
import pytest
from samples.gene_annotations import (
    ACCESSIONS,
    DIALECTS,
    SIZES,
    named_as,
    random_transcripts,
)

from deepregfinder.genome.transcripts import GeneAnnotation, scan_annotation

ROW = "chr1\tx\ttranscript\t100\t200\t.\t+\t.\t{}\n"
ONE = ROW.format('gene_id "G1"; transcript_id "T1";')


def read(path: Path, text: str | bytes) -> GeneAnnotation:
    """The annotation in a file with this content, which has no fault."""
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    annotation, problems = scan_annotation(path)
    assert problems == []
    return annotation


def faults(path: Path, content: str | bytes) -> list[str]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return scan_annotation(path)[1]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("seed", [1, 2])
def test_every_transcript_is_read_with_its_gene_in_every_dialect(tmp_path, dialect, seed):
    transcripts = random_transcripts(seed)
    table = read(tmp_path / "genes", DIALECTS[dialect](transcripts)).transcripts
    columns = ["chrom", "start", "end", "strand", "gene"]
    assert sorted(table[columns].itertuples(index=False, name=None)) == sorted(
        (named_as(dialect, one.chrom), one.start - 1, one.end, one.strand, one.name)
        for one in transcripts
    )
    n_fragments = sum(one.biotype == "retained_intron" for one in transcripts)
    known = 0 if dialect.startswith("RefSeq") else n_fragments
    assert (table["biotype"] == "retained_intron").sum() == known
    assert n_fragments > 3
    assert table["confirmed"].all()


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_compression_and_line_ends_change_nothing(tmp_path, dialect, ends):
    text = DIALECTS[dialect](random_transcripts(3, 9))
    plain = read(tmp_path / "plain.gtf", text).transcripts
    packed = gzip.compress(b"\xef\xbb\xbf" + text.replace("\n", ends).encode())
    assert read(tmp_path / "misnamed.gtf", packed).transcripts.equals(plain)


def test_lengths_are_those_that_a_file_states_of_whole_sequences(tmp_path):
    transcripts = random_transcripts(4, 9)
    stated = {name: read(tmp_path / "x", DIALECTS[name](transcripts)).lengths for name in DIALECTS}
    assert stated["GENCODE GTF"] == stated["Ensembl GTF"] == stated["RefSeq GTF"] == {}
    assert stated["GENCODE GFF3"] == SIZES
    assert stated["Ensembl GFF3"] == {name[3:]: bp for name, bp in SIZES.items()}
    assert stated["RefSeq GFF3"] == {ACCESSIONS[c]: n for c, n in SIZES.items()} | {
        "NT_187361.1": 9000
    }


def test_rows_of_regions_name_the_chromosome_of_an_accession_number(tmp_path):
    text = DIALECTS["RefSeq GFF3"](random_transcripts(5, 9))
    named = read(tmp_path / "x", text).chromosomes
    assert named == {number: chrom[3:] for chrom, number in ACCESSIONS.items()}


def test_a_start_that_the_annotation_calls_unconfirmed_is_marked(tmp_path):
    text = ONE + ROW.format('gene_id "G"; tag "cds_start_NF"; tag "mRNA_start_NF";')
    text += ROW.format("ID=T;Parent=G;tag=basic,mRNA_start_NF")
    assert read(tmp_path / "x", text).transcripts["confirmed"].tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("attributes", "gene", "biotype"),
    [
        ('gene_id "G1"; transcript_id "T1";', "G1", ""),
        ('transcript_id "T1"', ".", ""),
        ('gene_id "G1"; gene_name ""; ref_gene_id "R"', "G1", ""),
        ("gene_id G1; level 2", "G1", ""),
        ("ID=mRNA1;Parent=gene:G1", "G1", ""),
        ("ID=mRNA1;Parent=gene-A%2CB,gene-C", "A,B", ""),
        ("ID=t;geneID=XLOC;gene_name=ABC", "ABC", ""),
        ("ID=t;gene_name=A%0AB%09C D\x01", "A_B_C_D_", ""),
        ('gene_id "G1"; gene_name "HLA-A"; gene_type "protein_coding"', "HLA-A", ""),
    ],
)
def test_names_without_a_row_of_the_gene(tmp_path, attributes, gene, biotype):
    (row,) = read(tmp_path / "x", ROW.format(attributes)).transcripts.to_dict("records")
    assert (row["gene"], row["biotype"]) == (gene, biotype)


def test_genes_may_follow_their_transcripts(tmp_path):
    gene = 'chr1\tx\tgene\t1\t2\t.\t+\t.\tgene_id "G1"; gene_name "A"; gene_biotype "lncRNA"\n'
    for text in (ONE + gene, gene + ONE):
        (row,) = read(tmp_path / "x", text).transcripts.to_dict("records")
        assert (row["gene"], row["biotype"]) == ("A", "lncRNA")


def test_sequences_at_the_end_are_not_read(tmp_path):
    text = "##gff-version 3\n" + ROW.format("ID=T1") + "##FASTA\n>chr1\nACGT\n"
    assert len(read(tmp_path / "x", text).transcripts) == 1


def test_the_transcripts_of_flybase_are_those_of_a_plain_loop(tmp_path):
    """Five million bp of fly, as FlyBase published them; pybedtools has the file."""
    path = Path(pybedtools.example_filename("dm3-chr2L-5M.gff.gz"))
    text = gzip.decompress(path.read_bytes()).decode()
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    kinds = {"mRNA", "ncRNA", "tRNA", "snRNA", "snoRNA", "pre_miRNA", "miRNA"}
    names, transcripts = {}, []
    for row in rows:
        pairs = dict(pair.split("=", 1) for pair in row[8].strip().split(";") if pair)
        if row[2] == "gene":
            names[pairs["ID"]] = pairs["Name"]
        elif row[2] in kinds:
            transcripts.append((row, pairs))
    wanted = sorted(
        (row[0], int(row[3]) - 1, int(row[4]), row[6], names[pairs["Parent"]], row[2])
        for row, pairs in transcripts
        if pairs.get("Parent") in names  # mature miRNAs are derived from others
    )
    table = read(tmp_path / "x", path.read_bytes()).transcripts
    columns = ["chrom", "start", "end", "strand", "gene", "biotype"]
    assert sorted(table[columns].itertuples(index=False, name=None)) == wanted
    assert len(wanted) > 970


FAULTS = {
    "nothing": ("", "has no rows; expected a gene annotation in GTF or GFF3"),
    "comments only": ("##gff-version 3\n\n", "has no rows"),
    "BED": ("chr1\t5\t6\tGENE\t0\t+\n", r"is not in GTF or GFF3: line 1 is 'chr1\t5\t6"),
    "FASTA": ("#x\n>chr1\nACGT\n", "is not in GTF or GFF3: line 2 is '>chr1'"),
    "a table": ("gene,chrom,start\nA,chr1,5\n", "is not in GTF or GFF3: line 1"),
    "exons only": (
        ONE.replace("transcript\t", "exon\t") + ONE.replace("transcript\t", "CDS\t"),
        "has no row of a transcript: its rows are of the types CDS, exon",
    ),
    "no strand column": (ONE + ONE.replace("+", ""), "line 2: expected the strand, + or -"),
    "a strand of numbers": (ONE + ONE.replace("+", "1"), "in column 7, found '1'"),
    "no attributes": (ONE + ROW.format("."), "line 2: expected attributes in column 9"),
    "the name alone": (ONE + ROW.format("g1.t1"), "(GFF3), found 'g1.t1'"),
    "start 0": (ONE + ONE.replace("100", "0"), "line 2: expected whole numbers from 1 on"),
    "negative": (ONE + ONE.replace("100", "-7"), "found '-7' and '200'"),
    "reversed": (ONE + ONE.replace("100", "300"), "found '300' and '200'"),
    "exponents": (ONE + ONE.replace("100", "1e2"), "found '1e2' and '200'"),
    "thousands of digits": (ONE + ONE.replace("200", "9" * 5_000), "line 2: expected whole"),
    "eight columns": (ONE + ONE.rpartition("\t")[0] + "\n", "line 2: expected 9 columns"),
    "blanks for tabs": (ONE + ONE.replace("\t", " "), "line 2: expected 9 columns with tabs"),
    "no sequence": (ONE + ONE.replace("chr1", ""), "line 2: expected the name of a sequence"),
    "cut in a row": (ONE + "chr1\tx\tex", "line 2: expected 9 columns with tabs"),
    "cut in an exon": (ONE + "chr1\tx\texon\t100\t2", "line 2: expected 9 columns"),
    "cut gzip": (gzip.compress((ONE * 99).encode())[:-9], "is damaged or cut short"),
    "UTF-16": (ONE.encode("utf-16"), "is not text in UTF-8"),
    "latin letters": (ONE.encode() + b"chr1\t\xe9\n", "is not text in UTF-8"),
    "a BAM file": (gzip.compress(b"BAM\1" + bytes(20)), "is a BAM file; expected a gene annot"),
    "a web page": (b"<!DOCTYPE html><p>404", "is a web page"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_one_sentence(tmp_path, case):
    content, said = FAULTS[case]
    (fault,) = faults(tmp_path / "genes.gtf", content)
    assert said in fault
    assert str(tmp_path / "genes.gtf") in fault


def test_the_first_five_invalid_lines_are_named(tmp_path):
    said = faults(tmp_path / "x", ONE + ONE.replace("100", "x") * 7)
    assert [f"line {number}" in one for number, one in enumerate(said[:5], 2)] == [True] * 5
    assert said[5:] == [f"{tmp_path / 'x'}: 2 more lines are not valid rows of GTF or GFF3."]
