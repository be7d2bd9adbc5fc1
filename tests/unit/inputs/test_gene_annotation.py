"""TSSs of gene annotations, and annotations that do not fit the reads."""

import json
from pathlib import Path

import pandas as pd
import pytest
from samples.gene_annotations import (
    ACCESSIONS,
    DIALECTS,
    SIZES,
    expected,
    gencode_gff3,
    gencode_gtf,
    named_as,
    random_transcripts,
    refseq_gff3,
)

from deepregfinder.errors import InputError
from deepregfinder.genome.assembly import renamed
from deepregfinder.genome.biotypes import DEFAULT
from deepregfinder.inputs.gene_annotation import (
    AnnotationSummary,
    list_tss,
    read_annotation_summary,
    tss_counts,
    unfit_annotation,
    without_strand,
    write_annotation_summary,
)

ROW = '{}\tx\ttranscript\t{}\t{}\t.\t{}\t.\tgene_id "{}"; transcript_type "{}";\n'
NAMES = {"UCSC": SIZES, "Ensembl": {name[3:]: bp for name, bp in SIZES.items()}}


def listed(
    path: Path, text: str, biotypes: str = DEFAULT
) -> tuple[pd.DataFrame, AnnotationSummary]:
    path.write_text(text)
    return list_tss(path, biotypes)


def rows_of(tss: pd.DataFrame) -> list[tuple[str, int, int, str, str]]:
    return list(tss[["chrom", "start", "end", "gene", "strand"]].itertuples(index=False, name=None))


def plain_tss(text: str) -> set[tuple[str, int, int, str, str]]:
    """The same of a GENCODE GTF file, line by line."""
    found = set()
    for line in text.splitlines():
        if line[0] != "#":
            chrom, _, kind, start, end, _, strand, _, attributes = line.split("\t")
            words = attributes.replace(";", "").split()
            said = {
                key: value.strip('"') for key, value in zip(words[::2], words[1::2], strict=True)
            }
            if kind == "transcript" and said["transcript_type"] in ("protein_coding", "lncRNA"):
                at = int(start) if strand == "+" else int(end)
                found.add((chrom, at - 1, at, said["gene_name"], strand))
    return found


@pytest.mark.parametrize("seed", range(4))
def test_tsss_are_those_of_a_plain_loop(tmp_path, seed):
    text = gencode_gtf(random_transcripts(seed, 200))
    rows = rows_of(listed(tmp_path / "genes.gtf", text)[0])
    assert set(rows) == plain_tss(text)
    assert len(rows) == len(set(rows))
    assert rows == sorted(rows, key=lambda row: ("chr1 chr2 chrX".index(row[0]), row[1]))


@pytest.mark.parametrize("reads", NAMES)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_gives_the_same_tsss_with_the_names_of_the_reads(tmp_path, dialect, reads):
    transcripts = random_transcripts(7)
    tss, summary = listed(tmp_path / "genes", DIALECTS[dialect](transcripts))
    known = expected(dialect, transcripts)
    assert set(rows_of(tss)) == {(named_as(dialect, row[0]), *row[1:]) for row in known}
    problems = list(unfit_annotation(summary, NAMES[reads]))
    named = renamed(tss, NAMES[reads], summary.chromosomes)
    if dialect == "RefSeq GTF":
        assert [f"({', '.join(ACCESSIONS.values())})" in one for one in problems] == [True]
        assert "names sequences by accession numbers" in problems[0]
        assert named.empty
        return
    assert problems == []
    bare = {(row[0].removeprefix("chr"), *row[1:]) for row in known}
    assert {(row[0].removeprefix("chr"), *row[1:]) for row in rows_of(named)} == bare
    assert set(named["chrom"]) == NAMES[reads].keys()


def test_reads_may_have_accession_numbers_themselves(tmp_path):
    sizes = {ACCESSIONS[chrom]: bp for chrom, bp in SIZES.items()}
    for dialect in ("RefSeq GTF", "RefSeq GFF3"):
        tss, summary = listed(tmp_path / "genes", DIALECTS[dialect](random_transcripts(8)))
        assert list(unfit_annotation(summary, sizes)) == []
        assert rows_of(renamed(tss, sizes, summary.chromosomes)) == rows_of(tss)


def test_a_sequence_with_the_name_of_the_chromosome_counts_before_another_that_it_is_said_to_be():
    tss = pd.DataFrame({"chrom": ["NC_1", "1", "NC_2", "NC_3"], "start": range(4)})
    known = {"NC_1": "1", "NC_2": "2", "NC_3": "3"}
    named = renamed(tss, {"chr1": 9, "chr2": 9}, known)
    assert named.to_dict("list") == {"chrom": ["chr1", "chr2"], "start": [1, 2]}


@pytest.mark.parametrize(
    ("biotypes", "genes"),
    [
        (DEFAULT, ["A", "B", "C", "none"]),
        ("protein_coding", ["A", "none"]),
        ("lncRNA", ["B", "C", "none"]),
        ("snoRNA, lincRNA", ["B", "C", "D", "none"]),
        ("SNORNA", ["D", "none"]),
        ("all", ["A", "B", "C", "D", "none"]),
    ],
)
def test_biotypes_choose_transcripts_by_any_of_their_names(tmp_path, biotypes, genes):
    kinds = {"A": "mRNA", "B": "lincRNA", "C": "antisense", "D": "snoRNA", "none": ""}
    text = "".join(ROW.format("chr1", 100, 900, "+", *pair) for pair in kinds.items())
    tss, summary = listed(tmp_path / "x", text, biotypes)
    assert tss["gene"].tolist() == genes
    assert summary.problems == ()


def test_genes_at_one_position_and_starts_of_one_gene_are_rows_of_their_own(tmp_path):
    places = [(100, 900, "+", "A"), (100, 800, "+", "A"), (100, 900, "+", "B"), (90, 100, "-", "A")]
    text = "".join(ROW.format("chr1", *place, "lncRNA") for place in places)
    assert rows_of(listed(tmp_path / "x", text)[0]) == [
        ("chr1", 99, 100, "A", "+"),
        ("chr1", 99, 100, "B", "+"),
        ("chr1", 99, 100, "A", "-"),
    ]


def test_starts_that_are_called_unconfirmed_give_no_tss(tmp_path):
    row = ROW.format("chr1", 5, 9, "+", "A", "lncRNA")
    text = row + row.replace('"A"', '"B"').replace("\n", ' tag "mRNA_start_NF";\n')
    assert listed(tmp_path / "x", text)[0]["gene"].tolist() == ["A"]


def test_transcripts_without_a_strand_are_left_out_and_counted(tmp_path):
    text = "".join(ROW.format("chr1", 5, 9, strand, strand, "lncRNA") for strand in "+.?-")
    tss, summary = listed(tmp_path / "x", text)
    assert tss["strand"].tolist() == ["+", "-"]
    (said,) = without_strand(summary)
    assert "x (--gtf): 2 of 4 transcripts have no strand" in said.text
    whole = listed(tmp_path / "y", gencode_gtf(random_transcripts(1)))[1]
    assert list(without_strand(whole)) == []


def test_a_summary_is_read_as_it_was_written_and_no_other_file(tmp_path):
    _, summary = listed(tmp_path / "x", refseq_gff3(random_transcripts(2)))
    write_annotation_summary(tmp_path / "x.json", summary)
    assert read_annotation_summary(tmp_path / "x.json") == summary
    fields = json.loads((tmp_path / "x.json").read_text())
    for other in ([], {}, fields | {"sequences": [3]}, fields | {"more": 1}):
        (tmp_path / "x.json").write_text(json.dumps(other))
        with pytest.raises(InputError, match="is not a summary of an annotation"):
            read_annotation_summary(tmp_path / "x.json")


def test_tsss_are_counted_by_the_names_of_the_run(tmp_path):
    text = gencode_gtf(random_transcripts(2)) + ROW.format("chrUn_1", 5, 9, "+", "A", "lncRNA")
    tss, summary = listed(tmp_path / "x", text)
    counts = tss_counts(summary, NAMES["Ensembl"])
    assert counts.description == f"{tmp_path / 'x'} (--gtf)"
    numbers = tss["chrom"].replace({name: name[3:] for name in SIZES}).value_counts()
    assert dict(counts.numbers) == numbers.to_dict()


UNFIT = {
    "another species": (
        ROW.format("2L", 5, 9, "+", "A", "lncRNA"),
        "no TSS is on a main chromosome. It has 2L; the main chromosomes are chr1, chr2, chrX",
    ),
    "accession numbers": (
        ROW.format("NC_000001.11", 5, 9, "+", "A", "lncRNA"),
        "names sequences by accession numbers (NC_000001.11) and does not say which",
    ),
    "GenBank's numbers": (
        ROW.format("CM000663.2", 5, 9, "+", "A", "lncRNA"),
        "names sequences by accession numbers (CM000663.2)",
    ),
    "an end beyond the chromosome": (
        ROW.format("2", 5, 9, "+", "A", "lncRNA") + ROW.format("2", 5, 700_001, "+", "A", "lncRNA"),
        "x, line 2: a transcript ends at 2:700,001, beyond the end of chr2 (700,000 bp). Give",
    ),
    "ends beyond two chromosomes": (
        "".join(ROW.format(name, 5, 10**6, "+", "A", "lncRNA") for name in SIZES),
        "beyond the end of chr1 (900,000 bp), and so do transcripts of 2 more chromosomes. Give",
    ),
    "another length": (
        "##sequence-region chr2 1 700001\n" + gencode_gtf(random_transcripts(1)),
        "chr2 has 700,001 bp, but 700,000 bp in the BAM files or chromosome sizes. Give the annot",
    ),
    "another length in RefSeq": (
        refseq_gff3(random_transcripts(1)).replace("700000", "699999"),
        "chr2 has 699,999 bp, but 700,000 bp",
    ),
    "no promoter": (
        ROW.format("chr1", 5, 9, "+", "A", "tRNA"),
        "has no transcript of the biotypes protein_coding,lncRNA. It has tRNA (1). Choose",
    ),
    "no strand": (ROW.format("chr1", 5, 9, ".", "A", "lncRNA"), "no transcript has a strand"),
}


@pytest.mark.parametrize("case", UNFIT)
def test_an_annotation_that_does_not_fit_is_told_in_one_sentence(tmp_path, case):
    text, said = UNFIT[case]
    (problem,) = unfit_annotation(listed(tmp_path / "x", text)[1], SIZES)
    assert said in problem


def test_a_biotype_that_no_transcript_has_is_told(tmp_path):
    text = gencode_gtf(random_transcripts(1))
    (problem,) = listed(tmp_path / "x", text, "protien_coding,lncRNA,miRNA")[1].problems
    assert "has the biotype protien_coding. It has protein_coding (" in problem


def test_without_chromosomes_only_the_file_itself_is_judged(tmp_path):
    _, summary = listed(tmp_path / "x", UNFIT["another species"][0])
    assert list(unfit_annotation(summary, {})) == []
    _, broken = listed(tmp_path / "x", "chr1\t5\n")
    assert list(unfit_annotation(broken, {})) == list(broken.problems) != []


def test_stated_lengths_that_agree_are_no_problem(tmp_path):
    _, summary = listed(tmp_path / "x", gencode_gff3(random_transcripts(1)))
    assert {one.name: one.length for one in summary.sequences} == SIZES
    assert list(unfit_annotation(summary, NAMES["Ensembl"])) == []
