import dataclasses

import numpy as np
import pysam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples.alignment_samples import MAIN, SIZES, bam_of, brute_force, random_bam

from deepregfinder.counting.native import count_native
from deepregfinder.counting.rules import BinCounts, BinGrid, CountRules
from deepregfinder.errors import InputError
from deepregfinder.inputs.alignments import Identity, inspect_alignments

OVERLAP = CountRules(0, "keep", "reads", "overlap", 0, 0)
MIDPOINT = dataclasses.replace(OVERLAP, count_at="midpoint")
FRAGMENTS = dataclasses.replace(OVERLAP, paired_end="fragments")
GRID = BinGrid(MAIN, 100)


def line(position: int, cigar: str = "36M", flag: int = 0, **fields) -> str:
    """A SAM line; `position` is 0-based."""
    given = {"chrom": "chr10", "mapq": 60, "mate": "*", "mate_position": -1, "tlen": 0, "tags": ""}
    given |= fields
    start = f"r\t{flag}\t{given['chrom']}\t{position + 1}\t{given['mapq']}\t{cigar}"
    end = f"{given['mate']}\t{given['mate_position'] + 1}\t{given['tlen']}\t*\t*"
    return f"{start}\t{end}" + (f"\t{given['tags']}" if given["tags"] else "")


def count(tmp_path, lines: list[str], rules: CountRules = OVERLAP) -> BinCounts:
    return count_native(bam_of(tmp_path / "reads.bam", lines), rules, GRID, threads=1)


def bins_hit(counts: BinCounts, chrom: str = "chr10") -> dict[int, int]:
    values = counts.grid.of_chromosome(counts.values, chrom)
    return {int(index): int(values[index]) for index in np.flatnonzero(values)}


@pytest.mark.parametrize(
    ("cigar", "start", "expected"),
    [
        ("36M", 1_000, {10: 1}),
        ("36M", 1_082, {10: 1, 11: 1}),  # 18 bases on either side
        ("36M", 1_083, {11: 1}),
        ("35M", 1_083, {11: 1}),  # 17 of 35 are less than half
        ("10S26M10S", 1_090, {}),  # clipped bases are part of the length: 16 of 46 are in bin 11
        ("20M10D20M", 1_085, {11: 1}),  # deleted ones are not: 15 and 15 + 20
        ("10M10I10M", 1_050, {10: 1}),
        ("10M12I10M", 1_090, {}),  # inserted ones are: 10 of 32 on either side
        ("18M300N18M", 1_050, {10: 1, 13: 1}),
        ("200M", 1_000, {10: 1, 11: 1}),
        ("201M", 1_000, {}),
    ],
)
def test_a_read_counts_where_half_of_it_lies(cigar, start, expected, tmp_path):
    counts = count(tmp_path, [line(start, cigar)])
    assert bins_hit(counts) == expected
    assert counts.tally.usable == 1
    assert counts.tally.assigned == bool(expected)


@settings(max_examples=40, deadline=None)
@given(
    reads=st.lists(
        st.tuples(
            st.integers(0, 989),
            st.lists(st.tuples(st.integers(1, 60), st.sampled_from("MIDNS=X")), max_size=6),
            st.booleans(),
        ),
        min_size=1,
        max_size=30,
    ),
    extend=st.integers(0, 300),
    shift=st.integers(-300, 300),
    bin_size=st.sampled_from([10, 73, 100]),
)
def test_reads_near_both_ends_of_a_chromosome_count_as_by_brute_force(
    reads, extend, shift, bin_size, tmp_path_factory
):
    lines = [
        line(start, "".join(f"{n}{kind}" for n, kind in pieces) or "*", 16 * reverse, chrom="chrX")
        for start, pieces, reverse in reads
    ]
    bam = bam_of(tmp_path_factory.mktemp("ends") / "reads.bam", lines)
    rules = dataclasses.replace(OVERLAP, extend=extend, shift=shift)
    counts = count_native(bam, rules, BinGrid(MAIN, bin_size), threads=1)
    expected = brute_force(bam, rules, bin_size)
    assert counts.grid.of_chromosome(counts.values, "chrX").tolist() == expected.bins["chrX"]
    assert counts.tally.assigned == expected.assigned


@pytest.mark.parametrize(
    ("read", "rules", "expected"),
    [
        (line(1_000, "36M"), MIDPOINT, {10: 1}),
        (line(1_000, "1000M"), MIDPOINT, {15: 1}),
        (line(1_000, "20S1000M500S"), MIDPOINT, {15: 1}),
        (line(1_082, "36M"), MIDPOINT, {11: 1}),
        (line(1_081, "37M"), MIDPOINT, {10: 1}),
        (line(1_000, "50M400N50M"), MIDPOINT, {12: 1}),
        (line(1_000, "1M1I" * 400 + "100M"), MIDPOINT, {12: 1}),
        (line(1_000, "36M"), dataclasses.replace(MIDPOINT, extend=164), {11: 1}),
        (line(1_000, "36M", 16), dataclasses.replace(MIDPOINT, extend=164), {9: 1}),
        (line(1_000, "36M"), dataclasses.replace(MIDPOINT, shift=100), {11: 1}),
        (line(1_000, "36M", 16), dataclasses.replace(MIDPOINT, shift=100), {9: 1}),
        (line(10, "36M", 16), dataclasses.replace(MIDPOINT, shift=100, extend=500), {0: 1}),
        (line(4_990, "36M"), dataclasses.replace(MIDPOINT, extend=500), {49: 1}),
    ],
)
def test_a_read_counts_once_at_its_midpoint(read, rules, expected, tmp_path):
    counts = count(tmp_path, [read], rules)
    assert bins_hit(counts) == expected
    assert counts.tally.assigned == counts.tally.usable == 1


def pair(start: int, tlen: int, flags: tuple[int, int] = (99, 147), **fields) -> list[str]:
    """Two mates of 36 bp, the second at the far end."""
    far = start + tlen - 36
    given = {"mate": "=", **fields}
    return [
        line(start, flag=flags[0], mate_position=far, tlen=tlen, **given),
        line(far, flag=flags[1], mate_position=start, tlen=-tlen, **given),
    ]


def test_a_proper_pair_counts_once_at_its_midpoint(tmp_path):
    lines = [*pair(1_000, 500), *pair(2_000, 30), *pair(3_000, 201, (163, 83))]
    counts = count(tmp_path, lines, FRAGMENTS)
    assert bins_hit(counts) == {12: 1, 20: 1, 31: 1}
    tally = counts.tally
    assert (tally.total, tally.usable, tally.assigned, tally.second_mates) == (6, 3, 3, 3)
    assert tally.paired_end


def test_mates_count_one_by_one_when_reads_are_asked_for(tmp_path):
    counts = count(tmp_path, pair(1_000, 500), OVERLAP)
    assert bins_hit(counts) == {10: 1, 14: 1}
    assert counts.tally.usable == 2


def test_pairs_from_which_no_fragment_can_be_told_are_left_out(tmp_path):
    lines = [
        *pair(1_000, 500, (65, 129)),  # not proper
        *pair(1_000, 500, (99, 147), mate="chr2"),  # mate elsewhere, but flagged as proper
        line(1_000, flag=1 | 2 | 8 | 64, mate="=", mate_position=1_000, tlen=36),  # mate unmapped
        line(1_000, flag=99 | 0x100, mate="=", mate_position=1_464, tlen=500),  # secondary
        line(1_000, flag=99 | 0x800, mate="=", mate_position=1_464, tlen=500),  # supplementary
    ]
    counts = count(tmp_path, lines, FRAGMENTS)
    assert not counts.values.any()
    assert (counts.tally.improper_pair, counts.tally.secondary, counts.tally.usable) == (5, 2, 0)


def test_extension_and_shift_leave_fragments_alone(tmp_path):
    rules = dataclasses.replace(FRAGMENTS, extend=300, shift=200, count_at="midpoint")
    assert bins_hit(count(tmp_path, pair(1_000, 500), rules)) == {12: 1}


def test_single_reads_among_pairs_follow_the_rule_for_single_reads(tmp_path):
    counts = count(tmp_path, [*pair(1_000, 500), line(1_082)], FRAGMENTS)
    assert bins_hit(counts) == {10: 1, 11: 1, 12: 1}


def test_every_record_is_accounted_for_once(tmp_path):
    bam = random_bam(tmp_path / "reads.bam", seed=1, n_records=2_000, share_paired=0.6)
    for rules in (FRAGMENTS, OVERLAP, dataclasses.replace(FRAGMENTS, count_at="midpoint")):
        filtered = dataclasses.replace(rules, min_mapq=10, duplicates="drop")
        tally = dataclasses.asdict(count_native(bam, filtered, GRID, threads=1).tally)
        assert tally.pop("paired_end")
        del tally["lone_first"], tally["lone_second"], tally["secondary_without_nh"]
        assigned, library_size = tally.pop("assigned"), tally.pop("library_size")
        assert 0 < assigned <= library_size < tally["usable"]
        assert tally.pop("total") == sum(tally.values()) == 2_000


@pytest.mark.parametrize(
    ("read", "reason"),
    [
        (line(1_000, flag=4), "unmapped"),
        (line(1_000, mapq=29), "mapq"),
        (line(1_000, flag=1024), "duplicate"),
        (line(1_000, tags="NH:i:2"), "multimapping"),
        (line(1_000, tags="XA:Z:NH\tNH:i:300"), "multimapping"),
    ],
)
def test_a_record_is_left_out_for_the_reason_that_is_given(read, reason, tmp_path):
    rules = dataclasses.replace(OVERLAP, min_mapq=30, duplicates="drop")
    counts = count(tmp_path, [read], rules)
    assert getattr(counts.tally, reason) == 1
    assert counts.tally.usable == 0
    assert not counts.values.any()


@pytest.mark.parametrize("flag", [0x100, 0x800, 0x200])
def test_secondary_supplementary_and_failed_records_count_as_in_featurecounts(flag, tmp_path):
    kept = dataclasses.replace(OVERLAP, secondary="keep")
    assert bins_hit(count(tmp_path, [line(1_000, flag=flag)], kept)) == {10: 1}


READS_OF_AN_ALIGNER = {
    # name: records as (flag, position, tags), the primary ones at 1,000 or 2,000
    "unique": [(0, 1_000, "")],
    "bowtie2 -k": [(0, 2_000, ""), (256, 3_000, ""), (272, 4_000, "")],
    "bwa mem -a": [(256, 500, "XA:Z:x"), (16, 1_000, ""), (256, 4_500, "")],
    "split": [(0, 1_000, ""), (2048, 4_000, "")],
    "split, bwa mem -M": [(0, 1_000, ""), (256, 4_000, "")],
    "hisat2": [(0, 1_000, "NH:i:2"), (256, 3_000, "NH:i:2")],
    "one of two places": [(0, 1_000, "NH:i:1"), (256, 3_000, "NH:i:1")],
}


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize(
    ("rule", "positions", "excluded"),
    [
        ("drop", {"unique", "bowtie2 -k", "bwa mem -a", "split", "split, bwa mem -M",
                  "one of two places"}, (0, 1)),
        ("drop_reads", {"unique", "split"}, (4, 1)),
    ],
)  # fmt: skip
def test_a_read_with_several_records_counts_once_or_not_at_all(
    rule, positions, excluded, threads, tmp_path, monkeypatch
):
    monkeypatch.setattr("deepregfinder.counting.stretches.SMALLEST", 100)
    lines = [
        line(at, flag=flag, mapq=255, tags=tags).replace("r\t", f"{name}\t", 1)
        for name, read in READS_OF_AN_ALIGNER.items()
        for flag, at, tags in read
    ]
    rules = dataclasses.replace(OVERLAP, secondary=rule, min_mapq=30)
    for ordered in (lines, lines[::-1]):
        bam = bam_of(tmp_path / "reads.bam", ordered)
        counts = count_native(bam, rules, GRID, threads)
        assert counts.tally.usable == len(positions)
        assert counts.tally.secondary == 8
        assert counts.tally.secondary_without_nh == 6
        assert counts.tally.multimapping == sum(excluded)
        bins = bins_hit(counts)
        assert bins[10] == len(positions - {"bowtie2 -k"})
        assert bins.get(20, 0) == ("bowtie2 -k" in positions)


def test_a_pair_with_a_secondary_record_is_excluded_by_its_name(tmp_path):
    lines = [
        *(text.replace("r\t", "one\t", 1) for text in pair(1_000, 500)),
        *(text.replace("r\t", "two\t", 1) for text in pair(2_000, 500)),
        line(4_000, flag=163 | 256, mate="=", mate_position=4_200, tlen=236).replace("r", "two", 1),
    ]
    rules = dataclasses.replace(FRAGMENTS, secondary="drop_reads")
    counts = count(tmp_path, lines, rules)
    assert bins_hit(counts) == {12: 1}
    assert (counts.tally.usable, counts.tally.multimapping, counts.tally.secondary) == (1, 1, 1)
    as_reads = dataclasses.replace(rules, paired_end="reads")
    counts = count(tmp_path, lines, as_reads)
    # Mate 1 of the second pair has no secondary record.
    assert (counts.tally.usable, counts.tally.multimapping, counts.tally.secondary) == (3, 1, 1)


def test_reads_on_other_chromosomes_belong_to_the_library(tmp_path):
    counts = count(tmp_path, [line(1_000), line(100, chrom="GL1.1"), line(100, chrom="chrM")])
    assert (counts.tally.usable, counts.tally.assigned) == (3, 1)


def test_a_cram_file_counts_like_the_bam_file_without_any_reference(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REF_PATH", str(tmp_path))
    reference = tmp_path / "genome.fa"
    reference.write_text("".join(f">{chrom}\n{'A' * size}\n" for chrom, size in SIZES.items()))
    lines = [*pair(1_000, 500), *pair(2_000, 300), line(4_000, "20M5D16M"), line(4_500, flag=16)]
    lines.append(line(500, tags="NH:i:3"))
    bam = bam_of(tmp_path / "reads.bam", sorted(lines, key=lambda text: int(text.split("\t")[3])))
    cram = tmp_path / "reads.cram"
    pysam.view("-C", "-T", str(reference), "-o", str(cram), str(bam), catch_stdout=False)
    for made in tmp_path.glob("genome.fa*"):
        made.unlink()
    for rules in (FRAGMENTS, OVERLAP):
        expected = count_native(bam, rules, GRID, threads=1)
        counts = count_native(cram, rules, GRID, threads=1)
        np.testing.assert_array_equal(counts.values, expected.values)
        assert counts.tally == expected.tally
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "reads.bam",
        "reads.cram",
        "reads.sam",
    ]


CRAM_KINDS = {
    "several chromosomes in a slice": ["multi_seq_per_slice=1"],
    "CRAM 2.1": ["version=2.1"],
    "CRAM 3.1": ["version=3.1"],
    "embedded reference": ["embed_ref=1"],
    "no reference": ["no_ref=1"],
    "names of the program": ["lossy_names=1"],
    "small slices": ["seqs_per_slice=7"],
}


@pytest.mark.parametrize("options", CRAM_KINDS.values(), ids=CRAM_KINDS.keys())
def test_no_kind_of_cram_needs_its_reference(options, tmp_path, monkeypatch):
    """Small chromosomes share a slice; the genome is no longer where it was."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REF_PATH", str(tmp_path))
    monkeypatch.setenv("REF_CACHE", str(tmp_path))
    sizes = {**SIZES, **{f"chrUn_{k}": 500 for k in range(6)}}
    reference = tmp_path / "genome.fa"
    reference.write_text("".join(f">{chrom}\n{'ACGT' * size}"[: size + len(chrom) + 2] + "\n"
                                 for chrom, size in sizes.items()))  # fmt: skip
    header = pysam.AlignmentHeader.from_references(list(sizes), list(sizes.values()))
    with pysam.AlignmentFile("reads.bam", "wb", header=header) as bam:
        for number, chrom in enumerate(sizes):
            for k in range(20):
                read = pysam.AlignedSegment(header)
                read.query_name, read.reference_id, read.reference_start = f"{chrom}.{k}", number, k
                read.flag, read.mapping_quality, read.cigarstring = 16 * (k % 2), 60, "4S36M"
                read.query_sequence, read.query_qualities = "ACGT" * 10, [30] * 40
                bam.write(read)
    words = [word for option in options for word in ("--output-fmt-option", option)]
    pysam.view("-C", "-T", str(reference), *words, "-o", "reads.cram", "reads.bam",
               catch_stdout=False)  # fmt: skip
    for made in tmp_path.glob("genome.fa*"):
        made.unlink()
    expected = count_native(tmp_path / "reads.bam", OVERLAP, GRID, threads=1)
    counts = count_native(tmp_path / "reads.cram", OVERLAP, GRID, threads=1)
    np.testing.assert_array_equal(counts.values, expected.values)
    assert counts.tally == expected.tally
    identity = Identity("a", "K562", "H3K27ac", "1", "chip")
    summary = inspect_alignments(tmp_path / "reads.cram", identity, tmp_path)
    assert summary.problems == ()
    assert summary.n_mapped == 20 * len(sizes)


def test_a_damaged_or_cut_cram_file_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bam = bam_of(tmp_path / "reads.bam", [line(1_000 + k) for k in range(50)])
    cram = tmp_path / "reads.cram"
    pysam.view("-C", "--output-fmt-option", "no_ref", "-o", str(cram), str(bam), catch_stdout=False)
    whole = cram.read_bytes()
    assert count_native(cram, OVERLAP, GRID, threads=1).tally.usable == 50
    for content in (whole[:-38], whole[:300], b"CRAM\x03\x00" + bytes(500)):
        cram.write_bytes(content)
        with pytest.raises(InputError, match=r"reads\.cram is damaged or cut short"):
            count_native(cram, OVERLAP, GRID, threads=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "reads.bam",
        "reads.cram",
        "reads.sam",
    ]
