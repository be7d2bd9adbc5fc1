"""Gene annotations that are damaged, of another genome, or none: check_inputs.py says so."""

import gzip
from pathlib import Path

import pytest
from samples.gene_annotations import gencode_gtf, random_transcripts, refseq_gtf
from samples.refusals import check_refuses

from list_tss import list_tss

GOOD = 'chr1\tx\ttranscript\t100\t900\t.\t+\t.\tgene_id "G1"; transcript_type "mRNA";\n'
WHOLE = gencode_gtf(random_transcripts(1)).encode()
ANNOTATIONS = {
    "nothing": (b"", "has no rows; expected a gene annotation"),
    "BED": (b"chr1\t5\t6\tG1\t0\t+\n", "is not in GTF or GFF3: line 1 is"),
    "a sheet": (b"sample,dhs\nK,x.bed\n", "is not in GTF or GFF3: line 1 is 'sample,dhs'"),
    "no row of a transcript": (
        GOOD.replace("transcript\t", "exon\t").encode(),
        "has no row of a transcript: its rows are of the types exon",
    ),
    "no strand": (GOOD.replace("+", ".").encode(), "no transcript has a strand"),
    "no such strand": (GOOD.replace("+", "plus").encode(), "line 1: expected the strand, + or -"),
    "attributes that are none": (
        GOOD.replace('gene_id "G1"; transcript_type "mRNA";', "g1.t1").encode(),
        "line 1: expected attributes in column 9",
    ),
    "no position": (GOOD.encode() + GOOD.replace("900", "x").encode(), "line 2: expected whole"),
    "eight columns": (GOOD.encode() + GOOD.replace("\t.\t+", "\t+").encode(), "line 2: expected 9"),
    "an end beyond the chromosome": (
        GOOD.encode() + GOOD.replace("900", "50001").encode(),
        "line 2: a transcript ends at chr1:50,001, beyond the end of chr1 (50,000 bp)",
    ),
    "a length of another assembly": (
        b"##sequence-region chr1 1 60000\n" + GOOD.encode(),
        "(--gtf): chr1 has 60,000 bp, but 50,000 bp in the BAM files",
    ),
    "another species": (GOOD.replace("chr1", "2L").encode(), "no TSS is on a main chromosome"),
    "chromosomes by accession": (
        refseq_gtf(random_transcripts(1)).encode(),
        "names sequences by accession numbers (NC_000001.11, NC_000002.12, NC_000023.11)",
    ),
    "genes without a promoter": (GOOD.replace("mRNA", "tRNA").encode(), "It has tRNA (1)"),
    "gzip that is cut": (gzip.compress(WHOLE)[:-9], "damaged or cut short"),
    "text that is cut": (WHOLE[: WHOLE.rindex(b"\texon\t") + 3], "expected 9 columns with tabs"),
    "UTF-16": (GOOD.encode("utf-16"), "is not text in UTF-8"),
    "a BAM file": (gzip.compress(b"BAM\1" + bytes(20)), "is a BAM file"),
    "a web page": (b"<!DOCTYPE html><p>404", "is a web page"),
}
BIOTYPES = {
    "a typing error": ("protien_coding", "no transcript of", "has the biotype protien_coding"),
    "commas only": (",", "no transcript of the biotypes ,"),
}
INFOS = {
    "empty": b"",
    "a list": b"[]",
    "other fields": b'{"file": "x", "problems": []}',
    "no text": b"\xff\xfe",
    "very deep": b"[" * 100_000,
}


def described(folder: Path, content: bytes, *more: str) -> Path:
    """What list_tss.py says of an annotation with this content."""
    (folder / "genes.gtf").write_bytes(content)
    info = folder / "genes.json"
    given = ("--gtf", folder / "genes.gtf", "--output", folder / "genes.bed", "--info", info)
    list_tss.main([*map(str, given), *more], standalone_mode=False)
    return info


@pytest.mark.parametrize("case", ANNOTATIONS)
def test_a_bad_annotation_is_a_problem_of_the_inputs(case, summary, tmp_path):
    content, said = ANNOTATIONS[case]
    check_refuses(tmp_path, summary, said, annotation_info=described(tmp_path, content))


@pytest.mark.parametrize("case", BIOTYPES)
def test_biotypes_that_are_not_there_are_a_problem_of_the_inputs(case, summary, tmp_path):
    value, *said = BIOTYPES[case]
    info = described(tmp_path, GOOD.encode(), "--gtf_biotypes", value)
    for words in said:
        check_refuses(tmp_path, summary, words, annotation_info=info)


@pytest.mark.parametrize("case", INFOS)
def test_a_foreign_description_is_refused(case, summary, tmp_path):
    (tmp_path / "info.json").write_bytes(INFOS[case])
    said = "is not a summary of an annotation"
    check_refuses(tmp_path, summary, said, annotation_info=tmp_path / "info.json")


def test_its_problems_are_told_with_those_of_other_files(summary, tmp_path):
    (tmp_path / "blacklist.bed").write_text("chr1\t5\t4\n")
    info = described(tmp_path, WHOLE + b"chr1\tx\n")
    for said in ("2 problems were found", "blacklist.bed, line 1: ends at 4", "genes.gtf, line "):
        given = {"annotation_info": info, "blacklist": tmp_path / "blacklist.bed"}
        check_refuses(tmp_path, summary, said, **given)
