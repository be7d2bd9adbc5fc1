"""BAM and CRAM files that are damaged or of another format, before and during counting."""

import gzip
from pathlib import Path

import pysam
import pytest
from samples.refusals import READS, SIZES, check_refuses, count_refuses
from samples.small_bams import record, write_bam

from deepregfinder.inputs.alignments import Identity, inspect_alignments, write_summary

DAMAGED = {
    "empty": lambda good: b"",
    "text": lambda good: b"chr1\t1\t2\n",
    "gzip of text": lambda good: gzip.compress(b"hello"),
    "wrong magic": lambda good: gzip.compress(b"BAX\1" + bytes(30)),
    "magic only": lambda good: gzip.compress(b"BAM\1"),
    "a header that promises more": lambda good: gzip.compress(b"BAM\1\xff\xff\xff\x7f"),
    "a negative header": lambda good: gzip.compress(b"BAM\1\xff\xff\xff\xff"),
    "zeros": lambda good: bytes(5000),
    "cut to 10 bytes": lambda good: good[:10],
    "cut to half": lambda good: good[: len(good) // 2],
    "end marker missing": lambda good: good[:-28],
    "cut in the end marker": lambda good: good[:-5],
    "a web page": lambda good: b"<!DOCTYPE html><p>404",
}
SUMMARIES = {
    "empty": b"",
    "no JSON": b"{",
    "a list": b"[]",
    "null": b"null",
    "other fields": b'{"problems": [], "__class__": "x"}',
    "a number": b"7",
    "no text": b"\xff\xfe",
    "very deep": b"[" * 100_000,
}

ALL = tuple(SIZES)
OTHER = {name.removeprefix("chr"): size for name, size in SIZES.items()}
LONGER = {name: size + 1 for name, size in SIZES.items()}
MORE = {"chrM": 9_000, "scaffold_1": 9_000}
# What the header says, the reads, and parameters of check_inputs.py; beside it lies a good file.
UNFIT = {
    "a header only": (SIZES, [], {}, "has no mapped read (0 unmapped)"),
    "unmapped reads only": (SIZES, [(None, 0)] * 3, {}, "has no mapped read (3 unmapped)"),
    "reads that were never aligned": ({}, [(None, 0)], {}, "has no chromosome in its header"),
    "names without chr": (OTHER, [(chrom, 100) for chrom in OTHER], {}, "like '1', but like"),
    "another assembly": (LONGER, READS, {}, "chr1 has 50,001 bp"),
    "two genomes in one file": (
        SIZES | OTHER,
        [*READS, ("1", 100)],
        {"bam_info": ()},
        "two genomes in one file?",
    ),
    "another species": (MORE, [("scaffold_1", 5)], {}, "bad.bam"),
    "reads on scaffolds only": (
        SIZES | MORE,
        [("scaffold_1", 5), ("chrM", 5)],
        {},
        "has 2 mapped reads, but none on a main chromosome",
    ),
    "no read to train on": (
        SIZES,
        [("chr10", 100), ("chr20", 100)],
        {},
        "has no read on any train chromosome (chr1, chr2)",
    ),
    "no read to validate with": (
        SIZES,
        [("chr1", 100), ("chr20", 100)],
        {},
        "has no read on any validation chromosome (chr10)",
    ),
    "no read to test on": (
        SIZES,
        [("chr1", 100), ("chr10", 100)],
        {},
        "has no read on any test chromosome (chr20)",
    ),
    "reads in no order": (
        SIZES,
        [("chr2", 100), ("chr1", 100), ("chr2", 200)],
        {},
        "is not sorted by coordinate: record 2 (chr1:101)",
    ),
    "reads in no order within": (SIZES, [("chr1", 900), ("chr1", 100)], {}, "(chr1:101) comes"),
    "unplaced reads between": (SIZES, [(None, 0), ("chr1", 100)], {}, "is not sorted by"),
    "reads longer than two bins": (
        SIZES,
        [(chrom, 100, "201M") for chrom in ALL],
        {},
        "the median read has 201 bp, more than two bins of 100 bp",
    ),
    "pairs for featureCounts": (
        SIZES,
        [(chrom, 100, "36M", 1 | 2 | 64) for chrom in ALL],
        {"counter": "featurecounts"},
        "featureCounts cannot count fragments",
    ),
}
# The reads, their mapping quality and tags, and parameters of count_bins.py.
UNCOUNTABLE = {
    "duplicates only": (
        [(chrom, 100, "36M", 0x400) for chrom in ALL],
        (60, ()),
        {"duplicates": "drop"},
        "none of its 4 records can be counted: 4 are marked as duplicates",
    ),
    "doubtful places only": (READS, (9, ()), {"min_mapq": 10}, "4 are below mapping quality"),
    "several places only": (READS, (60, (("NH", 2),)), {}, "4 are multi-mapping (NH)"),
    "improper pairs only": (
        [(chrom, 100, "36M", 1 | 64) for chrom in ALL],
        (60, ()),
        {"paired_end": "fragments"},
        "4 are not in a proper pair",
    ),
    "places beyond the ends": (
        [(chrom, 60_000) for chrom in ALL],
        (60, ()),
        {},
        "record 1 starts beyond the end of its chromosome",
    ),
    "one place beyond the end": (
        [*((chrom, 100) for chrom in ALL), (ALL[-1], SIZES[ALL[-1]])],
        (60, ()),
        {},
        "record 5 starts beyond the end of its chromosome",
    ),
    "reads of no length": ([(chrom, 100, "0M") for chrom in ALL], (60, ()), {}, "none is in a bin"),
    "reads without a CIGAR": (
        [(chrom, 100, None) for chrom in ALL],
        (60, ()),
        {},
        "none is in a bin",
    ),
    "clipped bases only": (
        [(chrom, 100, "36S") for chrom in ALL],
        (60, ()),
        {},
        "none is in a bin",
    ),
    "deleted bases only": (
        [(chrom, 100, "36D") for chrom in ALL],
        (60, ()),
        {},
        "none is in a bin",
    ),
    "skipped bases only": (
        [(chrom, 100, "36N") for chrom in ALL],
        (60, ()),
        {},
        "none is in a bin",
    ),
    "reads of another genome": ([("chrM", 5)], (60, ()), {}, "none is in a bin"),
    "reads of two bins and more": (
        [(chrom, 100, "201M") for chrom in ALL],
        (60, ()),
        {},
        "bad.bam",
    ),
}


def inspected(folder: Path, bam: Path) -> Path:
    path = folder / f"{bam.name}.json"
    write_summary(path, inspect_alignments(bam, Identity(bam.stem, "K", "M", "1", "chip"), folder))
    return path


@pytest.mark.parametrize("case", SUMMARIES)
def test_a_foreign_summary_is_check_refuses(case, tmp_path):
    path = tmp_path / "bam.json"
    path.write_bytes(SUMMARIES[case])
    check_refuses(tmp_path, path, "bam.json is not a summary of a BAM file")


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_file_is_a_problem_of_the_inputs(case, tmp_path):
    good = write_bam(tmp_path / "good.bam", SIZES, READS).read_bytes()
    bad = tmp_path / "bad.bam"
    bad.write_bytes(DAMAGED[case](good))
    check_refuses(tmp_path, inspected(tmp_path, bad), "bad.bam (K, M, replicate 1)")


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_file_is_not_counted(case, tmp_path):
    good = write_bam(tmp_path / "good.bam", SIZES, READS).read_bytes()
    (tmp_path / "bad.bam").write_bytes(DAMAGED[case](good))
    count_refuses(tmp_path, tmp_path / "bad.bam", "bad.bam")


@pytest.mark.parametrize("case", UNFIT)
def test_a_file_that_does_not_fit_is_a_problem_of_the_inputs(case, summary, tmp_path):
    sizes, reads, changed, said = UNFIT[case]
    bad = inspected(tmp_path, write_bam(tmp_path / "bad.bam", sizes, reads))
    given = {"bam_info": (summary, summary, bad), **changed}
    given["bam_info"] = given["bam_info"] or bad
    check_refuses(tmp_path, given.pop("bam_info"), said, **given)


@pytest.mark.parametrize("case", UNCOUNTABLE)
def test_a_file_without_a_read_that_counts_is_refused(case, tmp_path):
    reads, (quality, tags), changed, said = UNCOUNTABLE[case]
    sizes = SIZES | MORE
    header = pysam.AlignmentHeader.from_references(list(sizes), list(sizes.values()))
    bad = tmp_path / "bad.bam"
    with pysam.AlignmentFile(str(bad), "wb", header=header) as bam:
        for read in reads:
            made = record(header, *read)
            made.mapping_quality = quality
            made.set_tags(tags)
            bam.write(made)
    count_refuses(tmp_path, bad, said, **changed)


def test_featurecounts_is_not_given_a_cram_file(summary, tmp_path):
    text = summary.read_text().replace("good.bam", "good.cram")
    (tmp_path / "cram.json").write_text(text)
    said = "good.cram (K, M, replicate 1) is a CRAM file, which featureCounts cannot read"
    check_refuses(tmp_path, tmp_path / "cram.json", said, counter="featurecounts")
