"""tagAlign and fragments files among the inputs: what they show, and where lengths come from."""

import logging

import pytest
from samples.text_reads import Read, write_fragments, write_tag_align, write_text

from deepregfinder.errors import InputError
from deepregfinder.genome.grid import Geometry
from deepregfinder.inputs.alignments import (
    AlignmentSummary,
    Identity,
    inspect_alignments,
    read_summary,
    write_summary,
)
from deepregfinder.inputs.check import NamedGenome, Plan, check_all_inputs
from deepregfinder.inputs.left_out import find_left_out

SIZES = {"chr1": 90_000, "chr2": 80_000}
PLAN = Plan("(chr)?[12]", Geometry(), None, "native", "overlap", "fragments", 0)
IDENTITY = Identity("T.ATAC.1", "T", "ATAC", "1", "chip")
READS = [Read(chrom, 100 * k, 100 * k + 50) for chrom in SIZES for k in range(5)]
GENOME = NamedGenome("tiny", SIZES)


def inspected(path, barcodes=None) -> AlignmentSummary:
    """The summary of a file, written and read again."""
    written = path.with_suffix(".json")
    write_summary(written, inspect_alignments(path, IDENTITY, path.parent, barcodes=barcodes))
    return read_summary(written)


def renamed(reads, old="chr", new=""):
    return [Read(one.chrom.replace(old, new), one.start, one.end) for one in reads]


def test_a_file_is_described_by_its_lines(tmp_path):
    reads = [*READS, Read("chrM", 40, 90), Read("chrM", 0, 50)]
    summary = inspected(write_tag_align(tmp_path / "a.tagAlign.gz", reads))
    assert summary.problems == ()
    assert summary.mapped == {"chr1": 5, "chr2": 5, "chrM": 2}
    assert (summary.n_mapped, summary.n_unmapped) == (12, 0)
    assert (summary.paired_end, summary.median_read_length, summary.index) == (False, 50, "none")
    last = summary.furthest["chrM"]
    assert (last.start, last.end, last.line) == (40, 90, 11)
    assert summary.text_format == "tagAlign"
    assert not summary.readable


def test_fragments_have_no_length_of_reads_and_belong_to_barcodes(tmp_path):
    path = write_fragments(tmp_path / "fragments.tsv.gz", READS, ["AC-1", "AG-1"])
    barcodes = write_text(tmp_path / "T.txt", ["AG-1", "TT-1"])
    summary = inspected(path, barcodes)
    assert summary.problems == ()
    assert (summary.n_mapped, summary.paired_end, summary.unmet_barcodes) == (5, True, 1)
    assert summary.median_read_length is None


def test_lengths_come_from_a_table_from_other_files_or_from_the_assembly(tmp_path):
    text = inspected(write_tag_align(tmp_path / "a.bed", READS))
    bam = AlignmentSummary(
        *("b", "T", "H3K4me1", "1", "chip", "b.bam"),
        **{"chrom_sizes": SIZES, "mapped": {"chr1": 9, "chr2": 9}, "n_mapped": 18},
    )
    table = tmp_path / "sizes"
    table.write_text("chr1 90000\nchr2 80000\n")
    assert check_all_inputs([text], [], PLAN, table) == SIZES
    assert check_all_inputs([text, bam], [], PLAN) == SIZES
    assert check_all_inputs([text], [], PLAN, genome=GENOME) == SIZES
    with pytest.raises(InputError, match=r"a\.bed: the lengths of the chromosomes are not known"):
        check_all_inputs([text], [], PLAN)


def test_chromosomes_of_the_assembly_get_the_names_of_the_reads(tmp_path):
    text = inspected(write_tag_align(tmp_path / "a.bed", renamed(READS)))
    assert check_all_inputs([text], [], PLAN, genome=GENOME) == {"1": 90_000, "2": 80_000}
    other = inspected(write_tag_align(tmp_path / "b.bed", READS))
    with pytest.raises(InputError, match=r"chromosomes are named like 'chr1', but like '1' in"):
        check_all_inputs([text, other], [], PLAN, genome=GENOME)


def test_a_read_beyond_the_assembly_is_named_with_its_line(tmp_path):
    reads = [*READS, Read("chr2", 79_990, 80_026), Read("chr2", 80_000, 80_036)]
    text = inspected(write_tag_align(tmp_path / "a.bed", reads))
    with pytest.raises(InputError) as error:
        check_all_inputs([text], [], PLAN, genome=GENOME)
    assert str(error.value).startswith(
        "a.bed (T, ATAC, replicate 1): line 12 (chr2:80,000-80,036) is beyond the end of chr2 "
        "(80,000 bp, from --genome tiny)."
    )


def test_barcodes_that_no_fragment_has_are_told(tmp_path, caplog):
    path = write_fragments(tmp_path / "fragments.tsv", READS, ["AC-1"])
    barcodes = write_text(tmp_path / "T.txt", ["AC-1", "TT-1", "TG-1"])
    with caplog.at_level(logging.WARNING):
        check_all_inputs([inspected(path, barcodes)], [], PLAN, genome=GENOME)
    (said,) = (line for line in caplog.messages if "barcodes" in line)
    assert "has no fragment with 2 of the listed barcodes" in said


def test_reads_elsewhere_are_told_without_their_lengths(tmp_path):
    reads = [*READS, *(Read("chrM", k, k + 50) for k in range(20))]
    text = inspected(write_tag_align(tmp_path / "a.bed", reads))
    (row,) = find_left_out([text], [], SIZES)
    assert (row.kind, "chrM (66.7% of a.bed)" in row.text) == ("reads", True)
