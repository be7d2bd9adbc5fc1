"""tagAlign and fragments files count as BAM files of the same reads do, and as plain loops do."""

import gzip
import random
import tracemalloc
from itertools import product

import numpy as np
import pysam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples.text_reads import (
    Read,
    bins_of_fragments,
    bins_of_reads,
    random_reads,
    write_bam_of,
    write_fragments,
    write_pairs,
    write_tag_align,
    write_text,
)

from deepregfinder.counting import text_pieces, text_reads
from deepregfinder.counting.counter import count_reads
from deepregfinder.counting.read_ends import EndSampler
from deepregfinder.counting.rules import BinGrid, CountRules
from deepregfinder.counting.text_format import text_format
from deepregfinder.errors import InputError

SIZES = {"chr1": 3_050, "chr2": 990, "chrM": 700}
MAIN = {"chr1": 3_050, "chr2": 990}
GRID = BinGrid(MAIN, 100)
RULES = CountRules(0, "keep", "fragments", "overlap", 0, 0)
FRAGMENTS = CountRules(0, "keep", "fragments", "overlap", 40, 15)


def counted(path, rules, barcodes=None, threads=1):
    """Counts of the chromosomes, tally and sampled read ends of a file."""
    sampler = EndSampler(MAIN, rules.min_mapq)
    counts = count_reads(path, "native", rules, GRID, None, threads, sampler, barcodes)
    bins = {chrom: part.tolist() for chrom, part in GRID.chromosomes(counts.values)}
    return bins, counts.tally, sampler.ends()


def numbers(tally):
    """What the tally says of any format."""
    return tally.usable, tally.library_size, tally.assigned, tally.mapq, tally.total


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.bam", None),
        ("a.cram", None),
        ("a.tagAlign", "tagAlign"),
        ("a.tagAlign.gz", "tagAlign"),
        ("reads.bed.gz", "tagAlign"),
        ("fragments.tsv.gz", "fragments"),
        ("atac_fragments.tsv", "fragments"),
        ("cells.fragments.bed.gz", "fragments"),
        ("myfragments.bed", "tagAlign"),
    ],
)
def test_the_name_of_a_file_says_its_format(name, kind):
    assert text_format(name) == kind


@pytest.mark.parametrize(
    ("count_at", "shift", "extend"), list(product(("overlap", "midpoint"), (0, 25, -30), (0, 90)))
)
@pytest.mark.parametrize("duplicates", ["keep", "drop"])
def test_reads_count_as_in_a_bam_file_and_as_by_plain_loops(
    count_at, shift, extend, duplicates, tmp_path
):
    reads = random_reads(abs(shift) + extend, 600, SIZES)
    rules = CountRules(10, duplicates, "fragments", count_at, extend, shift)
    text = counted(write_tag_align(tmp_path / "a.tagAlign.gz", reads), rules)
    bam = counted(write_bam_of(tmp_path / "a.bam", reads, SIZES), rules)
    assert text[0] == bam[0]
    on_main = [read for read in reads if read.chrom in MAIN]
    if extend == 0 or count_at == "midpoint":
        # With an extension that crosses the start, featureCounts and native count nowhere.
        assert text[0] == bins_of_reads(on_main, rules, MAIN, 100)
    if duplicates == "keep":
        assert numbers(text[1]) == numbers(bam[1])
    assert text[1].library_size == bam[1].library_size


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(1, 40),
    duplicates=st.sampled_from(["keep", "drop"]),
    count_at=st.sampled_from(["overlap", "midpoint"]),
    shift=st.integers(-300, 300),
    extend=st.integers(0, 300),
    min_mapq=st.sampled_from([0, 10]),
)
def test_any_reads_count_as_in_a_bam_file(
    seed, n, duplicates, count_at, shift, extend, min_mapq, tmp_path_factory
):
    folder = tmp_path_factory.mktemp("reads")
    reads = [Read("chr1", 500, 536), *random_reads(seed, n, SIZES)]
    if not min_mapq:  # every read can mark another one as its duplicate
        reads = [Read(r.chrom, r.start, r.end, r.strand, 60) for r in reads]
    rules = CountRules(min_mapq, duplicates, "fragments", count_at, extend, shift)
    try:
        bam = counted(write_bam_of(folder / "a.bam", reads, SIZES), rules)
    except InputError:
        return  # no read is in a bin
    text = counted(write_tag_align(folder / "a.bed", reads), rules)
    assert text[0] == bam[0]
    assert text[1].assigned == bam[1].assigned


@pytest.mark.parametrize("seed", range(5))
def test_fragments_count_as_pairs_of_a_bam_file_and_as_by_plain_loops(seed, tmp_path):
    fragments = random_reads(seed, 400, SIZES, longest=600)
    text = counted(write_fragments(tmp_path / "fragments.tsv.gz", fragments), FRAGMENTS)
    bam = counted(write_pairs(tmp_path / "a.bam", fragments, SIZES), FRAGMENTS)
    assert text[0] == bam[0] == bins_of_fragments(fragments, MAIN, 100)
    assert (text[1].usable, text[1].library_size) == (bam[1].usable, bam[1].library_size)
    assert text[1].assigned == bam[1].assigned
    assert text[1].total == len(fragments)
    assert text[1].paired_end


def test_barcodes_divide_a_file_of_fragments(tmp_path):
    fragments = random_reads(1, 300, SIZES, longest=600)
    cells = [f"{letters}-1" for letters in ("AAAC", "AAAG", "AAAT", "AACA")]
    path = write_fragments(tmp_path / "fragments.tsv.gz", fragments, cells)
    parts = []
    for group in (cells[:1], cells[1:]):
        barcodes = write_text(tmp_path / f"{len(group)}.txt.gz", [*group, "", "unmet-1"])
        parts.append(counted(path, FRAGMENTS, barcodes))
    of_first = [one for k, one in enumerate(fragments) if k % 4 == 0]
    assert parts[0][0] == bins_of_fragments(of_first, MAIN, 100)
    assert parts[0][1].total == len(of_first)
    both = {c: (np.array(parts[0][0][c]) + np.array(parts[1][0][c])).tolist() for c in MAIN}
    assert both == counted(path, FRAGMENTS)[0]


def test_a_score_is_a_mapping_quality_where_it_can_be_one(tmp_path):
    """255 and below are, ENCODE's 1000 and a dot are not, nor zeros in a file without others."""
    scores = {"0": 0, "9": 0, "10": 1, "255": 1, "256": 1, "1000": 1, ".": 1}
    rules = CountRules(10, "keep", "fragments", "overlap", 0, 0)
    for score, counts in scores.items():
        lines = [f"chr1\t100\t136\tN\t{score}\t+", "chr1\t500\t536\tN\t60\t+"]
        bins, tally, _ = counted(write_text(tmp_path / "a.bed", lines), rules)
        assert (bins["chr1"][1], tally.mapq) == (counts, 1 - counts)
    lines = [f"chr1\t{start}\t{start + 36}\tN\t0\t+" for start in range(100, 900, 4)]
    bins, tally, ends = counted(write_text(tmp_path / "a.bed", lines), rules)
    assert (tally.mapq, tally.assigned, ends.number) == (0, len(lines), len(lines))


def test_quality_of_reads_is_that_of_a_sorted_bam_file(tmp_path, monkeypatch):
    """The first reads along the chromosome are sampled, whatever the order of the lines."""
    monkeypatch.setattr("deepregfinder.counting.read_ends.READS", 300)
    monkeypatch.setattr("deepregfinder.counting.read_ends._MOST_ROWS", 400)
    monkeypatch.setattr(text_reads, "_ROWS", 64)
    rng = random.Random(2)
    starts = rng.sample(range(2_900), 700)
    reads = [Read("chr1", s, s + 36, rng.choice("+-")) for s in starts] * 2
    write_bam_of(tmp_path / "unsorted.bam", reads, SIZES)
    pysam.sort("-o", str(tmp_path / "a.bam"), str(tmp_path / "unsorted.bam"))
    bam = counted(tmp_path / "a.bam", RULES)[2]
    text = counted(write_tag_align(tmp_path / "a.bed", reads), RULES)[2]
    assert text.number == bam.number == 300
    for name in ("forward", "reverse"):
        assert getattr(text, name).tolist() == getattr(bam, name).tolist()
    assert (text.read_length, text.copies) == (bam.read_length, bam.copies) == (36, 150)
    assert text.marked is None


def test_quality_of_fragments_has_what_the_format_can_show(tmp_path):
    fragments = [Read("chr1", s, s + 180 + s % 3) for s in range(0, 2_000, 7)]
    ends = counted(write_fragments(tmp_path / "fragments.tsv", fragments), FRAGMENTS)[2]
    assert ends.forward.tolist() == [one.start for one in fragments]
    assert ends.reverse.tolist() == sorted(one.end - 1 for one in fragments)
    assert int(np.median(ends.fragments)) == 181
    assert (ends.copies, ends.marked, ends.read_length) == (None, None, None)


@pytest.mark.parametrize("form", ["plain", "gzip", "members", "bgzip"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_the_form_of_a_file_and_the_size_of_pieces_do_not_matter(
    form, line_end, tmp_path, monkeypatch
):
    reads = random_reads(5, 500, SIZES)
    lines = write_tag_align(tmp_path / "whole.bed", reads).read_text().splitlines()
    expected = counted(tmp_path / "whole.bed", RULES)
    lines = ["track name=x", "browser position chr1", "# note", "", *lines]
    text = line_end.join(lines).encode()  # without a line end at the end
    monkeypatch.setattr(text_pieces, "_PIECE", 37)
    monkeypatch.setattr(text_reads, "_ROWS", 7)
    path = tmp_path / "a.bed.gz"
    if form == "plain":
        path.write_bytes(text)
    elif form == "gzip":
        path.write_bytes(gzip.compress(text))
    elif form == "members":
        path.write_bytes(gzip.compress(text[:1_000]) + gzip.compress(text[1_000:]))
    else:
        (tmp_path / "text").write_bytes(text)
        pysam.tabix_compress(str(tmp_path / "text"), str(path), force=True)
    found = counted(path, RULES, threads=2)
    assert found[0] == expected[0]
    assert found[1] == expected[1]


def test_many_names_of_chromosomes_are_known(tmp_path):
    names = [f"scaffold_{k}" for k in range(3_000)]
    lines = [f"{name}\t0\t50\tN\t60\t+" for name in names] * 2
    _, tally, _ = counted(write_text(tmp_path / "a.bed", [*lines, "chr1\t0\t9\tN\t9\t+"]), RULES)
    assert (tally.usable, tally.library_size) == (6_001, 1)


FAULTS = {
    "chr1\t5\t9\tN\t60": "line 2 ('chr1\\t5\\t9\\tN\\t60'). A tagAlign file has 6 columns",
    "chr1 5 9 N 60 +": "A tagAlign file has 6 columns, separated by tabs",
    "chr1\t5\t9\tN\t60\t+\tx": "faulty line 2",
    "chr1\tx\t9\tN\t60\t+": "start or end is not a whole number",
    "chr1\t1e3\t2e3\tN\t60\t+": "start or end is not a whole number",
    "chr1\t\t9\tN\t60\t+": "start or end is not a whole number",
    "chr1\t5\t99999999999999\tN\t60\t+": "start or end is not a whole number",
    "chr1\t-5\t9\tN\t60\t+": "start or end is below 0",
    "chr1\t9\t5\tN\t60\t+": "end is not above start",
    "chr1\t9\t9\tN\t60\t+": "end is not above start",
    "chrM\t0\t10000001\tN\t60\t+": "no read or fragment is longer than 10,000,000 bp",
    "chr1\t3000\t3051\tN\t60\t+": "the chromosome ends before",
    "chr1\t5\t9\tN\t6.5\t+": "the score is neither a whole number nor '.'",
    "chr1\t5\t9\tN\t60\t.": "the strand is neither + nor -",
    "chr1\t5\t9\tN\t60\t++": "the strand is neither + nor -",
    "chr1\t5\t9\tN\t60\t": "the strand is neither + nor -",
}


@pytest.mark.parametrize("line", FAULTS)
def test_a_faulty_line_is_named(line, tmp_path):
    path = write_text(tmp_path / "a.bed", ["chr1\t5\t9\tN\t60\t+", line, "chr1\t5\t9\tN\t60\t-"])
    with pytest.raises(InputError) as error:
        counted(path, RULES)
    (problem,) = error.value.problems
    assert problem.startswith(f"{path} has a faulty line 2 (")
    assert FAULTS[line] in problem


def test_all_faults_are_told_at_once_with_their_numbers(tmp_path):
    path = write_text(tmp_path / "a.bed", ["chr1\t5\t9\tN\t60\t+", *FAULTS])
    with pytest.raises(InputError) as error:
        counted(path, RULES)
    assert len(error.value.problems) == 8  # three of them of the number of columns
    assert "; 3 such lines" in error.value.problems[0]


def parsed(text: str, kind: str) -> list[Read] | None:
    """The lines of a file by a plain parser; None if any is faulty."""
    reads = []
    for line in text.split("\n")[: None if not text.endswith("\n") else -1]:
        line = line.removesuffix("\r")
        if not line or line.startswith("#") or line.split("\t")[0].split(" ")[0] in HEADERS:
            continue
        fields = line.split("\t")
        whole = [field.isascii() and field.isdecimal() and len(field) < 13 for field in fields]
        if len(fields) != (5 if kind == "fragments" else 6) or not (whole[1] and whole[2]):
            return None
        start, end = int(fields[1]), int(fields[2])
        if not start < end <= MAIN.get(fields[0], start + 10_000_000) or end - start > 10_000_000:
            return None
        if kind == "fragments" and not (whole[4] and int(fields[4]) > 0):
            return None
        if kind == "tagAlign" and not (whole[4] or fields[4] == "."):
            return None
        if kind == "tagAlign" and fields[5] not in ("+", "-"):
            return None
        reads.append(Read(fields[0], start, end, fields[-1]))
    return reads


HEADERS = ("track", "browser")


@settings(max_examples=300, deadline=None)
@given(data=st.data(), kind=st.sampled_from(["tagAlign", "fragments"]))
def test_changed_bytes_are_read_as_a_plain_parser_reads_them_or_refused(
    data, kind, tmp_path_factory
):
    folder = tmp_path_factory.mktemp("changed")
    lines = ["#", "track", "chr1\t7\t60\tN\t8\t+", "chr2\t0\t9\tN\t.\t-\r", "chrM\t5\t7\tN\t0\t+"]
    if kind == "fragments":
        lines = ["# x", "chr1\t7\t60\tAC-1\t8", "chr2\t0\t9\tAC-1\t1\r", "chrM\t5\t7\tAC-1\t1"]
    text = "\n".join(lines) + "\n"
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        new = data.draw(st.sampled_from(["", "\t", "\n", "\r", "-", "9", "0", "+", "#", "x", " "]))
        text = text[:at] + new + text[at + data.draw(st.integers(0, 2)) :]
    path = folder / ("fragments.tsv" if kind == "fragments" else "a.bed")
    path.write_bytes(text.encode())
    expected = parsed(text, kind)
    rules = CountRules(0, "keep", "fragments", "midpoint", 0, 0)
    on_main = [read for read in expected or () if read.chrom in MAIN]
    if not on_main:
        with pytest.raises(InputError):
            counted(path, rules)
        return
    bins, tally, _ = counted(path, rules)
    assert bins == bins_of_fragments(on_main, MAIN, 100)
    assert tally.total == len(expected)


def test_a_byte_order_mark_is_not_part_of_a_name(tmp_path):
    path = tmp_path / "a.bed"
    path.write_bytes("\ufeffchr1\t5\t90\tN\t60\t+\n".encode())
    assert counted(path, RULES)[1].library_size == 1


@pytest.mark.parametrize("count", ["0", "-1", "x", ""])
def test_a_fragment_has_a_count(count, tmp_path):
    path = write_text(tmp_path / "fragments.tsv", [f"chr1\t5\t9\tAAAC-1\t{count}"])
    with pytest.raises(InputError, match="the count is not a whole number above 0"):
        counted(path, RULES)


def test_a_format_under_the_name_of_the_other_is_told(tmp_path):
    path = write_text(tmp_path / "a.bed", ["chr1\t5\t9\tAAAC-1\t1"])
    with pytest.raises(InputError, match=r"If it is a fragments file, its name must end in"):
        counted(path, RULES)
    path = write_text(tmp_path / "fragments.tsv", ["chr1\t5\t9\tN\t60\t+"])
    with pytest.raises(InputError, match=r"If it is a tagAlign file, its name must end in"):
        counted(path, RULES)


def test_fragments_have_no_reads_to_count(tmp_path):
    path = write_fragments(tmp_path / "fragments.tsv", [Read("chr1", 5, 200)])
    with pytest.raises(InputError, match="whose reads are not known"):
        counted(path, CountRules(0, "keep", "reads", "overlap", 0, 0))


def test_memory_does_not_grow_with_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(text_pieces, "_PIECE", 1 << 16)
    monkeypatch.setattr("deepregfinder.counting.read_ends._MOST_ROWS", 20_000)
    monkeypatch.setattr("deepregfinder.counting.read_ends.READS", 5_000)
    path = tmp_path / "a.bed"
    peaks = []
    for n in (100_000, 400_000):
        rows = (f"chr1\t{k % 2_900}\t{k % 2_900 + 50}\tN\t60\t+" for k in range(n))
        path.write_text("\n".join(rows) + "\n")
        tracemalloc.start()
        counted(path, RULES)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]
