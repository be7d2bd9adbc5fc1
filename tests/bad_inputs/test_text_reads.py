"""tagAlign and fragments files that are damaged, of another format or genome, or do not count."""

import dataclasses
import gzip

import pytest
from samples.refusals import READS, SIZES, check_refuses, count_refuses
from samples.small_bams import write_bam

from deepregfinder.inputs.alignments import Identity, inspect_alignments, write_summary

IDENTITY = Identity("bad", "K", "M", "1", "chip")
LINES = [f"{chrom}\t{100 * k}\t{100 * k + 36}\tN\t60\t+" for chrom in SIZES for k in range(20)]
FRAGMENTS = [
    f"{chrom}\t{100 * k}\t{100 * k + 180}\tAC-{k % 2}\t1" for chrom in SIZES for k in range(20)
]
GOOD = "\n".join(LINES).encode() + b"\n"


def with_line(line: str) -> bytes:
    return GOOD + f"{line}\n".encode()


# The name of a file and its bytes; each is refused by the check of all inputs and by the count.
DAMAGED = {
    "empty": ("a.bed", b"", "is empty"),
    "gzip of nothing": ("a.bed.gz", gzip.compress(b""), "has no read"),
    "comments only": ("a.bed", b"# a\ntrack b\n\n", "has no read"),
    "gzip that is cut": ("a.tagAlign.gz", gzip.compress(GOOD)[:-20], "is damaged or cut short"),
    "gzip that is changed": (
        "a.tagAlign.gz",
        gzip.compress(GOOD)[:60] + b"abc" + gzip.compress(GOOD)[63:],
        "is damaged or cut short",
    ),
    "gzip twice": ("a.bed.gz", gzip.compress(gzip.compress(GOOD)), "was compressed a second time"),
    "zeros": ("a.bed", bytes(5_000), "is not text"),
    "a web page": ("a.bed", b"<!DOCTYPE html><p>404", "is a web page"),
    "one long line": ("a.bed", b"x" * 5_000_000, "more than 1,048,576 characters"),
    "a BAM file": ("a.bed.gz", None, "is a BAM file, but the ending of its name is that of text"),
    "a peak list": ("a.bed", with_line("chr1\t5\t90\tp\t7\t.\t1.5\t2\t3\t10"), "faulty line 81 ("),
    "BED with blanks": ("a.bed", with_line("chr1 5 9 N 60 +"), "separated by tabs"),
    "three columns": ("a.bed", b"chr1\t5\t9\n", "has 6 columns"),
    "a fragments file": ("a.bed", b"chr1\t5\t9\tA-1\t2\n", "If it is a fragments file, its name"),
    "a tagAlign file": ("fragments.tsv", GOOD, "If it is a tagAlign file, its name must end in"),
    "a negative start": ("a.bed", with_line("chr1\t-5\t9\tN\t60\t+"), "start or end is below 0"),
    "an end before its start": ("a.bed", with_line("chr1\t9\t5\tN\t60\t+"), "end is not above"),
    "no number": ("a.bed", with_line("chr1\tstart\tend\tN\t60\t+"), "is not a whole number"),
    "no strand": ("a.bed", with_line("chr1\t5\t9\tN\t60\t."), "the strand is neither + nor -"),
    "no score": ("a.bed", with_line("chr1\t5\t9\tN\thigh\t+"), "the score is neither"),
    "no count": ("fragments.tsv", b"chr1\t5\t9\tA-1\t0\n", "the count is not a whole number above"),
    "faults, and a cut": (
        "a.bed.gz",
        gzip.compress(b"chr1\t5\t9\tN\t60\t*\n" * 50_000 + GOOD)[:-9],
        "is damaged or cut short",
    ),
    "several faults": (
        "a.bed",
        with_line("chr1\t9\t5\tN\t60\t+") + b"chr1\t5\t9\tN\t60\t*\n",
        "2 problems were found",
    ),
}


def written(folder, case):
    name, content, _ = DAMAGED[case]
    path = folder / name
    bam = write_bam(folder / "good.bam", SIZES, READS).read_bytes()
    path.write_bytes(bam if content is None else content)
    return path


def summary_of(folder, path, barcodes=None):
    made = folder / f"{path.name}.json"
    write_summary(made, inspect_alignments(path, IDENTITY, folder, barcodes=barcodes))
    return made


@pytest.mark.parametrize("case", DAMAGED)
def test_a_faulty_file_is_a_problem_of_the_inputs(case, summary, tmp_path):
    path = written(tmp_path, case)
    said = DAMAGED[case][2]
    check_refuses(tmp_path, (summary, summary_of(tmp_path, path)), said)
    check_refuses(
        tmp_path, (summary, summary_of(tmp_path, path)), f"{path.name} (K, M, replicate 1)"
    )


@pytest.mark.parametrize("case", DAMAGED)
def test_a_faulty_file_is_not_counted(case, tmp_path):
    path = written(tmp_path, case)
    count_refuses(tmp_path, path, DAMAGED[case][2], paired_end="fragments")


def other(lines, old, new):
    return [line.replace(old, new) for line in lines]


# Lines, parameters of check_inputs.py, what it says; beside it lies a good BAM file.
UNFIT = {
    "names without chr": (other(LINES, "chr", ""), {}, "like '1', but like 'chr1' in good.bam"),
    "another species": (other(LINES, "chr", "scaffold_"), {}, "but none on a main chromosome"),
    "a read beyond the end": (
        [*LINES, "chr2\t44990\t45026\tN\t60\t+"],
        {},
        "line 81 (chr2:44,990-45,026) is beyond the end of chr2 (45,000 bp, from good.bam)",
    ),
    "no read to test on": (
        [line for line in LINES if not line.startswith("chr20")],
        {},
        "has no read on any test chromosome (chr20)",
    ),
    "reads longer than two bins": (
        [f"{chrom}\t100\t301\tN\t60\t+" for chrom in SIZES],
        {},
        "the median read has 201 bp, more than two bins of 100 bp",
    ),
    "featureCounts": (
        LINES,
        {"counter": "featurecounts"},
        "is a tagAlign file, which featureCounts",
    ),
}


@pytest.mark.parametrize("case", UNFIT)
def test_a_file_that_does_not_fit_is_a_problem_of_the_inputs(case, summary, tmp_path):
    lines, changed, said = UNFIT[case]
    path = tmp_path / "bad.tagAlign"
    path.write_text("\n".join(lines) + "\n")
    check_refuses(tmp_path, (summary, summary_of(tmp_path, path)), said, **changed)


def test_lengths_of_chromosomes_have_to_come_from_somewhere(tmp_path):
    (tmp_path / "reads.bed").write_bytes(GOOD)
    said = "reads.bed: the lengths of the chromosomes are not known"
    check_refuses(tmp_path, summary_of(tmp_path, tmp_path / "reads.bed"), said)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"paired_end": "reads"}, "holds fragments, whose reads are not known"),
        (
            {"paired_end": "fragments", "counter": "featurecounts"},
            "is a fragments file, which featur",
        ),
    ],
)
def test_fragments_are_counted_as_fragments_by_the_native_counter(changed, said, summary, tmp_path):
    path = tmp_path / "fragments.tsv"
    path.write_text("\n".join(FRAGMENTS) + "\n")
    check_refuses(tmp_path, (summary, summary_of(tmp_path, path)), said, **changed)
    count_refuses(tmp_path, path, said, **changed)


BARCODES = {
    "none": ("\n\n", "has no barcode"),
    "a table": ("AC-0,1\n", "barcodes.txt, line 1: expected one barcode"),
    "names of cells": ("AC-0\nmy cell\n", "barcodes.txt, line 2: expected one barcode"),
    "no text": ("\0", "is not text in UTF-8; expected one barcode per line"),
    "barcodes of another file": ("AG-0\nAG-1\n", "has no fragment with a barcode of barcodes.txt"),
    "barcodes without -1": (
        "AC\n",
        "its barcodes are like 'AC-0', and those of the list like 'AC'",
    ),
}


@pytest.mark.parametrize("case", BARCODES)
def test_barcodes_have_to_be_those_of_the_file(case, summary, tmp_path):
    text, said = BARCODES[case]
    path, barcodes = tmp_path / "fragments.tsv", tmp_path / "barcodes.txt"
    path.write_text("\n".join(FRAGMENTS) + "\n")
    barcodes.write_text(text)
    check_refuses(tmp_path, (summary, summary_of(tmp_path, path, barcodes)), said)
    count_refuses(tmp_path, path, said, paired_end="fragments", barcodes=barcodes)


def test_barcodes_are_for_fragments_only(tmp_path):
    (tmp_path / "a.bed").write_bytes(GOOD)
    (tmp_path / "barcodes.txt").write_text("AC-0\n")
    said = "a.bed is not a fragments file"
    count_refuses(tmp_path, tmp_path / "a.bed", said, barcodes=tmp_path / "barcodes.txt")


def test_a_list_that_is_wrong_for_several_rows_is_told_once(tmp_path):
    path, barcodes = tmp_path / "fragments.tsv", tmp_path / "barcodes.txt"
    path.write_text("\n".join(FRAGMENTS) + "\n")
    barcodes.write_text("")
    one = inspect_alignments(path, IDENTITY, tmp_path, barcodes=barcodes)
    for name in "ab":
        write_summary(tmp_path / f"{name}.json", dataclasses.replace(one, sample=name))
    found = (tmp_path / "a.json", tmp_path / "b.json")
    (tmp_path / "sizes").write_text("".join(f"{name}\t{n}\n" for name, n in SIZES.items()))
    said = f"ERROR: {barcodes} has no barcode"
    check_refuses(tmp_path, found, said, chrom_sizes=tmp_path / "sizes")


def test_low_scores_are_low_mapping_qualities(tmp_path):
    (tmp_path / "a.bed").write_text("\n".join(other(LINES, "\t60\t", "\t9\t")) + "\n")
    said = "80 are below mapping quality 10"
    count_refuses(tmp_path, tmp_path / "a.bed", said, min_mapq=10)


def test_only_what_can_be_known_of_a_file_that_is_cut_is_told(summary, tmp_path):
    """Its reads on the last chromosomes may be lost: that there are none is no second problem."""
    lines = [f"chr1\t{k % 49_000}\t{k % 49_000 + 36}\tN\t60\t+" for k in range(200_000)]
    content = gzip.compress("\n".join([*lines, *LINES, "chr1\t9\t5\tN\t60\t+"]).encode())
    path = tmp_path / "bad.bed.gz"
    path.write_bytes(content[: len(content) // 2])
    said = "ERROR: bad.bed.gz (K, M, replicate 1) is damaged or cut short"
    check_refuses(tmp_path, (summary, summary_of(tmp_path, path)), said)
