"""bigWig files that are damaged, of another kind or genome, or do not hold coverage."""

import numpy as np
import pybigtools
import pyBigWig
import pytest
from samples.coverage_files import coverage_of, random_library, write_coverage
from samples.refusals import READS, SIZES, check_refuses, count_refuses
from samples.small_bams import write_bam

from deepregfinder.inputs.alignments import Identity, inspect_alignments, write_summary

IDENTITY = Identity("bad", "K", "M", "1", "chip")
NUMBERS = {chrom: size // 250 for chrom, size in SIZES.items()}
LIBRARY = random_library(1, NUMBERS, SIZES, 36, peaks=0.05)
COVERAGE = coverage_of(LIBRARY, SIZES)


def good(folder):
    return write_coverage(folder / "good.bw", COVERAGE).read_bytes()


def with_values(folder, values, header=SIZES):
    """A file with a value at each 100 bp of chr1."""
    path = folder / "values.bw"
    with pyBigWig.open(str(path), "w") as file:
        file.addHeader(list(header.items()))
        starts = [100 * k for k in range(len(values))]
        ends = [start + 36 for start in starts]
        if values:
            file.addEntries(["chr1"] * len(values), starts, ends=ends, values=values)
    return path.read_bytes()


def without_index(folder):
    content = good(folder)
    return content[: int.from_bytes(content[24:32], "little")]


def cut_in_its_data(folder):
    content = bytearray(good(folder))
    data = int.from_bytes(content[16:24], "little")
    content[data + 40 : data + 200] = bytes(160)
    return bytes(content)


def with_more_in_its_summary(folder):
    """Its header counts one base more than its index reaches."""
    content = bytearray(good(folder))
    at = int.from_bytes(content[44:52], "little")
    covered = int.from_bytes(content[at : at + 8], "little")
    content[at : at + 8] = (covered + 1).to_bytes(8, "little")
    return bytes(content)


def bigbed(folder):
    path = folder / "a.bb"
    pybigtools.open(str(path), "w").write({"chr1": 50_000}, [("chr1", 1, 9, "a")])
    return path.read_bytes()


# A file, and what is said of it; each is refused by the check of all inputs and by the count.
DAMAGED = {
    "empty": (lambda _: b"", "is empty"),
    "text": (lambda _: b"chr1\t0\t9\t1\n" * 99, "is not a bigWig file: it starts with"),
    "a web page": (lambda _: b"<!DOCTYPE html>" * 9, "is not a bigWig file: it starts with"),
    "a BAM file": (
        lambda folder: write_bam(folder / "good.bam", SIZES, READS).read_bytes(),
        "is not a bigWig file: it starts with",
    ),
    "a bigBed file": (bigbed, "is a bigBed file"),
    "a part of the header": (lambda folder: good(folder)[:40], "is damaged or cut short"),
    "cut before its index": (without_index, "is damaged or cut short"),
    "cut in half": (lambda folder: good(folder)[: len(good(folder)) // 2], "is damaged or cut"),
    "changed": (cut_in_its_data, "is damaged or cut short"),
    "a part that its index lacks": (with_more_in_its_summary, "is damaged: its header says that"),
    "a broken name": (
        lambda folder: good(folder).replace(b"chr20", b"ch\x0020", 1),
        "is damaged: a chromosome has no valid name",
    ),
    "another tree of names": (
        lambda folder: good(folder).replace(b"\x91\x8c\xcax", b"\x91\x8c\xcay", 1),
        "is damaged or cut short: its header does not fit it",
    ),
    "no value": (lambda folder: with_values(folder, [0.0] * 9), "has no coverage"),
    "not a number": (
        lambda folder: with_values(folder, [1.0, 2.0, float("nan"), 1.0]),
        "has values that are not numbers (chr1:200-236 has nan; 1 there)",
    ),
    "infinite": (
        lambda folder: with_values(folder, [1.0, float("inf"), 2.0]),
        "has values that are not numbers (chr1:100-136 has inf; 1 there)",
    ),
    "negative": (
        lambda folder: with_values(folder, [1.0, -0.5, -2.0]),
        "has negative values (chr1:100-136 has -0.5; 2 there)",
    ),
    "ratios": (
        lambda folder: with_values(folder, np.random.default_rng(0).random(400).tolist()),
        "its values are not whole multiples of the value of one read",
    ),
    "few reads": (
        lambda folder: with_values(folder, [1.0, 2.0, 1.0, 3.0]),
        "too few of its reads overlap no other one",
    ),
}


def written(folder, case):
    path = folder / "bad.bw"
    path.write_bytes(DAMAGED[case][0](folder))
    return path


def summary_of(folder, path, reads=None):
    made = folder / f"{path.name}.json"
    write_summary(made, inspect_alignments(path, IDENTITY, folder, reads=reads))
    return made


@pytest.mark.parametrize("case", DAMAGED)
def test_a_faulty_file_is_a_problem_of_the_inputs(case, summary, tmp_path):
    path = written(tmp_path, case)
    found = (summary, summary_of(tmp_path, path))
    check_refuses(tmp_path, found, DAMAGED[case][1])
    check_refuses(tmp_path, found, "bad.bw (K, M, replicate 1) ")


@pytest.mark.parametrize("case", DAMAGED)
def test_a_faulty_file_is_not_counted(case, tmp_path):
    count_refuses(tmp_path, written(tmp_path, case), DAMAGED[case][1])


def test_a_control_without_single_reads_is_refused(summary, tmp_path):
    """Its number of reads cannot be given."""
    path = tmp_path / "input.bw"
    path.write_bytes(DAMAGED["ratios"][0](tmp_path))
    identity = Identity("control.input", "control", "control", "1", "control")
    write_summary(tmp_path / "input.json", inspect_alignments(path, identity, tmp_path))
    said = "input.bw (control) does not say how many reads it was made of"
    check_refuses(tmp_path, (summary, tmp_path / "input.json"), said)


def test_a_number_in_millions_is_refused(summary, tmp_path):
    path = write_coverage(tmp_path / "a.bw", COVERAGE)
    said = "but the column reads says 12. Give the number of mapped reads, not of millions"
    check_refuses(tmp_path, (summary, summary_of(tmp_path, path, 12)), said)
    count_refuses(tmp_path, path, said, reads="12")


# Coverage and its header, parameters of check_inputs.py, what it says; beside it is good.bam.
RENAMED = {chrom.removeprefix("chr"): values for chrom, values in COVERAGE.items()}
UNFIT = {
    "names without chr": (RENAMED, None, {}, "like '1', but like 'chr1' in good.bam"),
    "another assembly": (
        COVERAGE,
        SIZES | {"chr2": 45_001},
        {},
        "All files must use one assembly",
    ),
    "another species": (
        {f"scaffold_{name}": values for name, values in RENAMED.items()},
        None,
        {},
        "the header lacks chr1, chr2, chr10, ",
    ),
    "no read to test on": (
        {chrom: values for chrom, values in COVERAGE.items() if chrom != "chr20"},
        None,
        {},
        "has no read on any test chromosome (chr20)",
    ),
    "featureCounts": (
        COVERAGE,
        None,
        {"counter": "featurecounts"},
        "is a bigWig file, which featureCounts cannot read. Use --counter native.",
    ),
}


@pytest.mark.parametrize("case", UNFIT)
def test_a_file_that_does_not_fit_is_a_problem_of_the_inputs(case, summary, tmp_path):
    coverage, header, changed, said = UNFIT[case]
    path = write_coverage(tmp_path / "bad.bigWig", coverage, sizes=header)
    check_refuses(tmp_path, (summary, summary_of(tmp_path, path)), said, **changed)


def test_feature_counts_is_not_started(tmp_path):
    path = write_coverage(tmp_path / "a.bw", COVERAGE)
    said = "a.bw is a bigWig file, which featureCounts cannot read. Use --counter native."
    count_refuses(tmp_path, path, said, counter="featurecounts")


def test_a_number_of_reads_is_for_coverage_only(tmp_path):
    bam = write_bam(tmp_path / "a.bam", SIZES, READS)
    count_refuses(tmp_path, bam, "is not a bigWig file, so that --reads has no", reads="400")
