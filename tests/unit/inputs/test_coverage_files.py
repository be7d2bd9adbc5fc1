"""bigWig files among the inputs: what they show, and chromosomes that they do not list."""

import dataclasses
import logging

import pytest
from samples.coverage_files import coverage_of, random_library, write_coverage

from deepregfinder.errors import InputError
from deepregfinder.genome.grid import Geometry
from deepregfinder.inputs.alignments import (
    AlignmentSummary,
    Identity,
    inspect_alignments,
    read_summary,
    write_summary,
)
from deepregfinder.inputs.check import Plan, check_all_inputs
from deepregfinder.inputs.left_out import find_left_out

SIZES = {"chr1": 90_000, "chr2": 80_000}
LISTED = {**SIZES, "chrM": 16_000}
PLAN = Plan("(chr)?[12Y]", Geometry(), None, "native", "overlap", "fragments", 0)
IDENTITY = Identity("T.ATAC.1", "T", "ATAC", "1", "chip")
NUMBERS = {"chr1": 400, "chr2": 300, "chrM": 10}
COVERAGE = coverage_of(random_library(3, NUMBERS, LISTED, 40, peaks=0.05), LISTED)


def inspected(path, reads=None) -> AlignmentSummary:
    """The summary of a file, written and read again."""
    written = path.with_suffix(".json")
    write_summary(written, inspect_alignments(path, IDENTITY, path.parent, reads=reads))
    return read_summary(written)


def of(path, names) -> AlignmentSummary:
    """The summary of a file that lists only these chromosomes."""
    return inspected(write_coverage(path, {name: COVERAGE[name] for name in names}))


def bam(sizes) -> AlignmentSummary:
    return AlignmentSummary(
        *("b", "T", "H3K4me1", "1", "chip", "b.bam"),
        **{"chrom_sizes": sizes, "mapped": dict.fromkeys(sizes, 9), "n_mapped": 9 * len(sizes)},
    )


def test_a_file_is_described_by_its_coverage(tmp_path):
    summary = inspected(write_coverage(tmp_path / "a.bw", COVERAGE, 0.25))
    assert summary.problems == ()
    assert summary.chrom_sizes == LISTED
    assert summary.n_mapped == sum(summary.mapped.values()) == pytest.approx(710, rel=0.02)
    assert summary.mapped["chr2"] == pytest.approx(300, abs=10)
    assert (summary.depth, summary.step) == ("estimated", pytest.approx(0.25))
    assert summary.median_read_length == pytest.approx(40, abs=1)
    assert (summary.paired_end, summary.index, summary.text_format) == (False, "none", None)


def test_a_given_number_of_reads_is_taken(tmp_path):
    summary = inspected(write_coverage(tmp_path / "a.bw", COVERAGE), 720)
    assert (summary.n_mapped, summary.depth) == (720, "given")
    assert sum(summary.mapped.values()) == 720


def test_chromosomes_that_a_file_does_not_list_have_no_coverage(tmp_path):
    part = of(tmp_path / "a.bw", ["chr1"])
    assert check_all_inputs([part, bam(SIZES)], [], PLAN) == SIZES
    other = dataclasses.replace(of(tmp_path / "b.bw", ["chr2"]), id="other")
    assert check_all_inputs([part, other], [], PLAN) == SIZES
    table = tmp_path / "sizes"
    table.write_text("chr1 90000\nchr2 80000\n")
    assert check_all_inputs([part], [], PLAN, table) == SIZES


def test_a_bam_file_that_lacks_a_chromosome_is_still_refused(tmp_path):
    both = of(tmp_path / "a.bw", ["chr1", "chr2"])
    with pytest.raises(InputError, match="the header has chr2, which"):
        check_all_inputs([both, bam({"chr1": 90_000})], [], PLAN)


def test_no_long_read_and_no_tag_is_missed_in_coverage(tmp_path, caplog):
    """Neither the length of extended reads nor NH tags matter."""
    long = coverage_of(random_library(3, {"chr1": 150, "chr2": 150}, SIZES, 250, peaks=0), SIZES)
    summary = inspected(write_coverage(tmp_path / "a.bw", long), 300)
    with caplog.at_level(logging.INFO):
        assert check_all_inputs([summary], [], PLAN) == SIZES
    assert "NH tags" not in caplog.text


def test_what_is_not_known_is_told_once(tmp_path):
    known = dataclasses.replace(inspected(write_coverage(tmp_path / "a.bw", COVERAGE), 710), id="a")
    ratio = {chrom: (values + 0.7) / (values + 3.1) for chrom, values in COVERAGE.items()}
    ratio = inspected(write_coverage(tmp_path / "ratio.bw", ratio), 5_000)
    rows = find_left_out([known, ratio, known], [], SIZES)
    notes = [row.text for row in rows if row.kind == "coverage"]
    assert len(notes) == 2
    assert "Numbers of reads: a.bw 710 (given), ratio.bw 5,000 (given)." in notes[0]
    assert notes[1].startswith("No single reads were found in ratio.bw:")
    assert not any(row.kind == "coverage" for row in find_left_out([bam(SIZES)], [], SIZES))


def test_reads_elsewhere_are_told_by_their_coverage(tmp_path):
    numbers = {"chr1": 400, "chr2": 300, "chrM": 100}
    made = coverage_of(random_library(3, numbers, LISTED, 40, peaks=0.05), LISTED)
    summary = inspected(write_coverage(tmp_path / "a.bw", made), 800)
    row = next(row for row in find_left_out([summary], [], SIZES) if row.kind == "reads")
    assert "chrM (12." in row.text
