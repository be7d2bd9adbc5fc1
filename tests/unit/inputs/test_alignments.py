"""An inspection records the properties and problems of a BAM file without failing."""

import dataclasses
import gzip
import shutil
from pathlib import Path

import pysam
import pytest
from fuzz.blocks import packed, write_blocks
from samples.small_bams import record, write_bam

from deepregfinder.errors import InputError
from deepregfinder.inputs.alignments import (
    AlignmentSummary,
    Identity,
    inspect_alignments,
    read_summary,
    write_summary,
)

SIZES = {"chr1": 100_000, "chr2": 50_000, "chrUn_1": 5_000}
READS = [("chr1", start) for start in range(0, 3000, 100)] + [("chr2", 10), (None, -1)]
IDENTITY = Identity("K562.H3K27ac.1", "K562", "H3K27ac", "1", "chip")


def inspected(path: Path, index: Path | None = None) -> AlignmentSummary:
    folder = path.parent / "task"
    folder.mkdir(exist_ok=True)
    return inspect_alignments(path, IDENTITY, folder, index)


def only_problem(path: Path, index: Path | None = None) -> str:
    (problem,) = inspected(path, index).problems
    assert problem.startswith(f"{path.name} (K562, H3K27ac, replicate 1) ")
    return problem


def test_a_sound_file_gives_its_numbers(tmp_path):
    path = write_bam(tmp_path / "a.bam", SIZES, READS, index=True)
    summary = inspected(path, Path(f"{path}.bai"))
    assert summary.problems == ()
    assert summary.sorted
    assert summary.index == "given"
    assert summary.chrom_sizes == SIZES
    assert summary.mapped == {"chr1": 30, "chr2": 1, "chrUn_1": 0}
    assert (summary.n_mapped, summary.n_unmapped) == (31, 1)
    assert not summary.paired_end
    assert not summary.has_nh
    assert summary.median_read_length == 36
    assert not summary.simulated


def test_simulated_reads_are_told_by_the_comment_of_the_header(tmp_path):
    header = pysam.AlignmentHeader.from_dict(
        {"SQ": [{"SN": "chr1", "LN": 1000}], "CO": ["made by hand", "simulated reads"]}
    )
    with pysam.AlignmentFile(str(tmp_path / "a.bam"), "wb", header=header) as bam:
        bam.write(record(header, "chr1", 10))
    assert inspected(tmp_path / "a.bam").simulated


def test_a_missing_index_is_made_in_the_task_folder_and_not_beside_the_file(tmp_path):
    path = write_bam(tmp_path / "a.bam", SIZES, READS)
    summary = inspected(path)
    assert summary.index == "made"
    assert summary.sorted
    assert summary.mapped["chr1"] == 30
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.bam", "task"]
    made = tmp_path / "task" / "K562.H3K27ac.1.bai"
    assert pysam.AlignmentFile(str(path), index_filename=str(made)).count("chr2") == 1


def test_a_long_chromosome_gets_a_csi_index(tmp_path):
    path = write_bam(tmp_path / "a.bam", {"chr1": 700_000_000}, [("chr1", 600_000_000)])
    assert inspected(path).index == "made"
    assert (tmp_path / "task" / "K562.H3K27ac.1.csi").exists()


@pytest.mark.parametrize("kind", ["no index", "of another file", "without numbers"])
def test_an_index_that_does_not_fit_is_made_again(tmp_path, kind):
    path = write_bam(tmp_path / "a.bam", SIZES, READS)
    index = tmp_path / "a.bam.bai"
    if kind == "no index":
        index.write_bytes(b"not an index")
    else:
        many = [("chr1", start) for start in range(90_000)] + [("chr2", 5)] * 9000
        other = write_bam(tmp_path / "b.bam", SIZES, many if kind == "of another file" else [])
        pysam.index(str(other), str(index))
    summary = inspected(path, index)
    assert summary.index == "made"
    assert summary.mapped["chr1"] == 30


def test_paired_reads_nh_tags_and_spliced_lengths_are_seen(tmp_path):
    path = tmp_path / "a.bam"
    header = pysam.AlignmentHeader.from_references(["chr1"], [100_000])
    with pysam.AlignmentFile(str(path), "wb", header=header) as bam:
        read = pysam.AlignedSegment(header)
        read.query_name, read.flag, read.reference_id, read.reference_start = "r", 1 | 64, 0, 5
        read.cigarstring = "5S20M1000N10M3I2D15=4X2H"
        read.set_tag("NH", 1)
        bam.write(read)
    summary = inspected(path)
    assert summary.paired_end
    assert summary.has_nh
    assert summary.median_read_length == 5 + 20 + 10 + 3 + 15 + 4


def test_secondary_and_supplementary_alignments_do_not_shape_the_median(tmp_path):
    reads = [("chr1", 0, "50M", 0)] + [("chr1", 1, "9M", flag) for flag in (256, 2048, 256)]
    assert inspected(write_bam(tmp_path / "a.bam", SIZES, reads)).median_read_length == 50


def test_unsorted_reads_are_refused_with_the_place(tmp_path):
    path = write_bam(tmp_path / "a.bam", SIZES, [("chr1", 500), ("chr1", 900), ("chr1", 100)])
    problem = only_problem(path)
    assert "not sorted by coordinate: record 3 (chr1:101)" in problem
    assert "samtools sort -o sorted.bam a.bam" in problem
    assert not inspected(path).sorted


def test_unplaced_reads_in_the_middle_are_refused(tmp_path):
    path = write_bam(tmp_path / "a.bam", SIZES, [("chr1", 500), (None, -1), ("chr1", 900)])
    assert "record 3" in only_problem(path)


def test_a_header_that_claims_no_order_is_not_believed(tmp_path):
    path = write_bam(tmp_path / "a.bam", SIZES, READS)
    assert "SO" not in pysam.AlignmentFile(str(path)).header.to_dict().get("HD", {})
    assert inspected(path).sorted


def test_header_only_and_unmapped_only_files_are_refused(tmp_path):
    assert "no mapped read (0 unmapped)" in only_problem(write_bam(tmp_path / "a.bam", SIZES))
    unmapped = write_bam(tmp_path / "b.bam", SIZES, [(None, -1)] * 3)
    assert "no mapped read (3 unmapped)" in only_problem(unmapped)


def test_unaligned_files_are_refused(tmp_path):
    assert "its reads were not aligned" in only_problem(
        write_bam(tmp_path / "a.bam", {}, [(None, -1)])
    )


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.99])
def test_truncated_files_are_refused(tmp_path, keep):
    whole = write_bam(tmp_path / "whole.bam", SIZES, READS * 1).read_bytes()
    cut = tmp_path / "a.bam"
    cut.write_bytes(whole[: int(len(whole) * keep)])
    assert "cut short" in only_problem(cut)


def test_damage_inside_is_found_when_the_index_is_made(tmp_path):
    reads = [("chr1", start, f"{20 + start % 17}M") for start in range(90_000)]
    path = write_bam(tmp_path / "a.bam", SIZES, reads)
    content = bytearray(path.read_bytes())
    at = int(len(content) * 0.8)
    content[at : at + 40] = bytes(40)
    path.write_bytes(content)
    assert "damaged" in only_problem(path)
    assert not list((tmp_path / "task").iterdir()), "no half-written index stays"


def test_damaged_blocks_never_reach_the_threads_of_htslib(tmp_path, monkeypatch):
    """These threads can deadlock (found by `make fuzz`)."""
    path = write_bam(tmp_path / "a.bam", SIZES, [("chr1", start) for start in range(9_000)])
    content = bytearray(path.read_bytes())
    content[-40] ^= 0xFF
    path.write_bytes(content)
    monkeypatch.setattr("pysam.index", lambda *_: pytest.fail("it was to be indexed"))
    assert "damaged" in only_problem(path)


@pytest.mark.parametrize(
    "change",
    [(b"@SQ\tSN:chr1", b"?SQ\tSN:chr1"), (b"\tLN:", b"\tLX:"), (b"\5\0\0\0chr1", b"\xff" * 8)],
)
def test_a_header_that_contradicts_itself_is_refused_without_a_traceback(change, tmp_path, capfd):
    whole = write_bam(tmp_path / "whole.bam", SIZES, READS)
    content = gzip.decompress(whole.read_bytes())
    path = tmp_path / "a.bam"
    write_blocks(path, [packed(content.replace(*change, 1))])
    assert "header cannot be read" in only_problem(path)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (packed(b"BAM\1").replace(b"BC\2\0", b"BC\3\0"), "with plain gzip, not in blocks"),
        (b"CRAM\3\0" + bytes(50), "is damaged or cut short"),
        (b"@HD\tVN:1.6\n@SQ\tSN:chr1\tLN:9\n", "SAM file (text)"),
        (b"chr1\t1\t2\n", "not a BAM file: it starts with b'chr1"),
        (gzip.compress(b"chr1\t1\t2\n", mtime=0), "not a BAM file: it starts with b'chr1"),
        (gzip.compress(gzip.compress(b"x", mtime=0), mtime=0), "second time"),
        (gzip.compress(b"BAM\1" + bytes(100), mtime=0), "with plain gzip, not in blocks"),
        (b"\x1f\x8b\x08\x04garbage that is no block at all", "damaged"),
    ],
)
def test_files_that_are_no_bam_are_called_by_their_name(tmp_path, content, said):
    path = tmp_path / "a.bam"
    path.write_bytes(content)
    assert said in only_problem(path)


def cram_of(bam: Path) -> Path:
    path = bam.with_suffix(".cram")
    options = ["--output-fmt-option", "no_ref"]
    pysam.view("-C", *options, "-o", str(path), str(bam), catch_stdout=False)
    return path


def test_a_cram_file_shows_what_the_bam_file_of_the_same_reads_shows(tmp_path):
    bam = write_bam(tmp_path / "a.bam", SIZES, [*READS[:-1], ("chr2", 900, "30M", 16), (None, -1)])
    expected = inspected(bam)
    shutil.rmtree(tmp_path / "task")
    summary = inspected(cram_of(bam))
    assert summary.n_unmapped == 1
    assert summary == dataclasses.replace(expected, file="a.cram", index="none", sorted=False)
    assert not list((tmp_path / "task").iterdir())


def test_a_cram_file_that_is_cut_is_refused(tmp_path):
    whole = cram_of(write_bam(tmp_path / "b.bam", SIZES, READS))
    whole.write_bytes(whole.read_bytes()[:-38])
    said = only_problem(whole)
    assert said.startswith("b.cram (K562, H3K27ac, replicate 1) is damaged or cut short: ")
    assert said.endswith(". Copy it again.")


def test_a_missing_file_is_a_problem(tmp_path):
    assert "No such file" in only_problem(tmp_path / "no.bam")


def test_a_summary_survives_its_json_and_equal_ones_give_equal_bytes(tmp_path):
    summary = inspected(write_bam(tmp_path / "a.bam", SIZES, READS))
    for name in ("one.json", "two.json"):
        write_summary(tmp_path / name, summary)
    assert read_summary(tmp_path / "one.json") == summary
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"problems": []}', "nonsense"])
def test_other_json_is_refused(tmp_path, content):
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(InputError, match=r"inspect_bam\.py"):
        read_summary(tmp_path / "x.json")


@pytest.mark.real_data
def test_the_real_gro_seq_file_is_not_sorted(shared_data):
    path = shared_data / "groseq_hg19" / "S0mR1.bam"
    summary = inspect_alignments(path, IDENTITY, Path("/nonexistent"))
    assert "not sorted" in summary.problems[0]


@pytest.mark.real_data
def test_the_real_gro_seq_file_sorted_agrees_with_samtools(shared_data, tmp_path):
    path = tmp_path / "a.bam"
    pysam.sort("-o", str(path), str(shared_data / "groseq_hg19" / "S0mR1.bam"))
    summary = inspected(path)
    counted = pysam.view("-c", str(path))
    assert summary.mapped == {"chr7": int(counted)} == {"chr7": 210_615}
