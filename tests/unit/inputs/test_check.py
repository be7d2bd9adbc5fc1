"""Input files are compared with each other, and all problems are reported at once."""

import dataclasses
import itertools
import logging
import time
from pathlib import Path

import pytest

from deepregfinder.errors import InputError
from deepregfinder.genome.grid import Geometry
from deepregfinder.genome.splits import SplitChoice
from deepregfinder.inputs.alignments import AlignmentSummary
from deepregfinder.inputs.check import (
    IntervalList,
    Plan,
    check_all_inputs,
    write_groups,
    write_inputs,
)
from deepregfinder.inputs.references import GenomeSequence

SIZES = {"chr1": 90_000, "chr2": 80_000, "chr8": 70_000, "chr20": 60_000, "chrX": 50_000}
PATTERN = "(chr)?([1-9]|1[0-9]|2[0-2]|X|Y)"
SPLIT = SplitChoice.parse("chromosome", "1-7", "8-16", "17-22,X,Y")
PLAN = Plan(PATTERN, Geometry(), SPLIT, "native", "overlap", "fragments", 0)


def summary(name: str = "a", sizes: dict[str, int] = SIZES, **changed) -> AlignmentSummary:
    fields = {
        "mapped": dict.fromkeys(sizes, 100),
        "n_mapped": 100 * len(sizes),
        "median_read_length": 36,
        "sorted": True,
        "index": "given",
    } | changed
    return AlignmentSummary(
        name, "K562", f"H{name}", "1", "chip", f"{name}.bam", chrom_sizes=sizes, **fields
    )


def unprefixed(sizes: dict[str, int] = SIZES) -> dict[str, int]:
    return {name.removeprefix("chr"): length for name, length in sizes.items()}


def problems(summaries, lists=(), plan=PLAN, chrom_sizes=None, sequence=None) -> list[str]:
    with pytest.raises(InputError) as caught:
        check_all_inputs(summaries, lists, plan, chrom_sizes, sequence)
    lines = str(caught.value).splitlines()
    if len(lines) == 1:
        return lines
    assert lines[0] == f"{len(lines) - 1} problems were found:"
    return [line.removeprefix("  - ") for line in lines[1:]]


def bed(path: Path, text: str, option: str = "--labels", **fields) -> IntervalList:
    path.write_text(text)
    return IntervalList(path, option, "peaks", **fields)


def test_sound_inputs_give_the_main_chromosomes_in_natural_order(tmp_path):
    shuffled = dict(sorted(SIZES.items())) | {"chrM": 16_569, "chrUn_1": 5}
    lists = [
        bed(tmp_path / "a.bed", "chr1\t0\t90000\nchrUn_7\t5\t900000\n"),
        bed(tmp_path / "b.bed", "", may_be_empty=True),
    ]
    sizes = check_all_inputs([summary("a", shuffled), summary("b")], lists, PLAN)
    assert list(sizes.items()) == list(SIZES.items())


def test_chromosome_sizes_limit_what_is_used(tmp_path):
    (tmp_path / "sizes").write_text("chr1 90000\nchr8 70000\nchr20 60000\nchrM 5\n")
    sizes = check_all_inputs([summary()], [], PLAN, tmp_path / "sizes")
    assert list(sizes) == ["chr1", "chr8", "chr20"]


def test_the_odd_one_out_is_named_when_names_differ():
    (said,) = problems([summary("a"), summary("b", unprefixed()), summary("c")])
    assert said.startswith("b.bam (K562, Hb, replicate 1): chromosomes are named like '1'")
    assert "like 'chr1' in 2 files (a.bam and 1 more)" in said


def test_the_odd_one_out_is_found_whatever_the_order():
    for place in range(3):
        files = [summary("a"), summary("c")]
        files.insert(place, summary("odd", SIZES | {"chr2": 80_001}))
        (said,) = problems(files)
        assert said.startswith("odd.bam")
        assert "chr2 has 80,001 bp, but 80,000 bp" in said


def test_files_with_the_same_fault_come_in_one_sentence(tmp_path):
    (tmp_path / "sizes").write_text("".join(f"{c}\t{n}\n" for c, n in unprefixed().items()))
    (said,) = problems([summary("a"), summary("b")], chrom_sizes=tmp_path / "sizes")
    assert said.startswith("a.bam (K562, Ha, replicate 1), b.bam (K562, Hb, replicate 1): ")
    assert f"like '1' in {tmp_path / 'sizes'}" in said


def test_main_chromosomes_must_agree_scaffolds_need_not():
    scaffold = summary("b", SIZES | {"chrUn_1": 9})
    assert check_all_inputs([summary("a"), scaffold], [], PLAN)
    lacking = {name: length for name, length in SIZES.items() if name != "chr8"}
    (said,) = problems([summary("a"), summary("b", lacking), summary("c")])
    assert "b.bam" in said
    assert "lacks chr8" in said
    (said,) = problems([summary("a"), summary("b", SIZES | {"chrY": 9}), summary("c")])
    assert "b.bam" in said
    assert "has chrY" in said


def test_two_genomes_in_one_header_are_refused():
    (said,) = problems([summary("a", SIZES | {"4": 7000, "X": 9000})])
    assert said.startswith("a.bam: both X and chrX are main chromosomes")
    assert "--chromosomes 'chr(" in said


@pytest.mark.parametrize("name", ["#chr1", "track", "browser|1"])
def test_a_name_that_makes_a_line_of_bed_a_comment_is_refused(name):
    (said,) = problems(
        [summary("a", SIZES | {name: 9000})], plan=dataclasses.replace(PLAN, chromosomes=".*")
    )
    assert said.startswith(f"a.bam: a line of BED that begins with {name} is a comment")


def test_problems_of_all_kinds_of_files_are_told_whatever_others_there_are(tmp_path):
    """Any two faults of different files give both sentences."""
    sizes = tmp_path / "sizes"
    longer = "".join(f"{chrom}\t{n + (chrom == 'chr8')}\n" for chrom, n in SIZES.items())
    faults = {
        "bam": ({"summaries": [summary("a", SIZES | {"chr2": 80_001})]}, "chr2 has 80,001 bp"),
        "damaged": (
            {"summaries": [dataclasses.replace(summary("d", {}, n_mapped=0), problems=("D.",))]},
            "D.",
        ),
        "no reads": ({"summaries": [summary("n", mapped={"chrM": 9})]}, "none on a main"),
        "line": ({"lists": [bed(tmp_path / "l.bed", "chr1\t5\n")]}, "l.bed, line 1"),
        "two of a list": (
            {"lists": [bed(tmp_path / "w.bed", "1\t5\t9\nx\n")]},
            "w.bed (--labels): chromosomes are named like '1'",
        ),
        "beyond": ({"lists": [bed(tmp_path / "b.bed", "chr1\tx\t9\nchr1\t5\t90001\n")]}, "beyond"),
        "empty": ({"lists": [bed(tmp_path / "e.bed", "")]}, "e.bed (--labels) has no intervals"),
        "table": ({"chrom_sizes": "chr1\t90000\nchr2\n"}, "line 2: expected a name and a length"),
        "other table": ({"chrom_sizes": longer}, "chr8 has 70,000 bp, but 70,001 bp"),
        "genome": ({"sequence": b"not a genome"}, "begins with 'not'"),
        "other genome": ({"sequence": b">chr1\n" + b"A" * 90_000 + b"\n"}, "(--fasta) lacks chr2"),
    }  # fmt: skip
    for (one, (inputs, said)), (other, (more, also)) in itertools.combinations(faults.items(), 2):
        merged = {"summaries": [summary("s"), summary("t"), summary("u")], "lists": []}
        for given in (inputs, more):
            for name, value in given.items():
                merged[name] = merged[name] + value if isinstance(value, list) else value
        if (text := merged.pop("chrom_sizes", None)) is not None:
            sizes.write_text(text)
            merged["chrom_sizes"] = sizes
        if (content := merged.pop("sequence", None)) is not None:
            (tmp_path / "g.fa").write_bytes(content)
            merged["sequence"] = GenomeSequence(tmp_path / "g.fa", None)
        if len(inputs.keys() & more.keys() & {"chrom_sizes", "sequence"}) == 0:
            lines = problems(plan=PLAN, **merged)
            assert any(said in line for line in lines), (one, other, lines)
            assert any(also in line for line in lines), (one, other, lines)


def test_a_second_genome_hides_no_other_problem(tmp_path):
    both = SIZES | {"4": 7000, "X": 9000}
    beyond = bed(tmp_path / "b.bed", "chr1\t5\t90001\n")
    said = problems([summary("a", both), summary("b", both)], [beyond])
    assert len(said) == 2
    assert "two genomes" in said[0]
    assert "b.bed (--labels), line 1" in said[1]


def test_no_main_chromosome_at_all_is_said_once():
    said = problems([summary(sizes={"scaffold_1": 9}), summary("b", {"scaffold_1": 9})])
    assert len(said) == 1
    assert "No chromosome name matches --chromosomes" in said[0]


def test_faults_of_single_files_are_all_listed_with_everything_else(tmp_path):
    broken = dataclasses.replace(
        summary("a", {}), problems=("a.bam (K562, Ha, replicate 1) is empty.",), n_mapped=0
    )
    elsewhere = summary("c", SIZES | {"chrM": 9}, mapped={"chrM": 50}, n_mapped=50)
    lists = [bed(tmp_path / "x.bed", "chr1\t5\n"), bed(tmp_path / "y.bed", "")]
    said = problems([broken, summary("b"), elsewhere], lists)
    assert len(said) == 4
    assert said[0].endswith("is empty.")
    assert "none on a main chromosome; they are on chrM" in said[1]
    assert "x.bed, line 1" in said[2]
    assert "y.bed (--labels) has no intervals" in said[3]


@pytest.mark.parametrize(
    ("split", "without"),
    [("train", ["chr1", "chr2"]), ("validation", ["chr8"]), ("test", ["chr20", "chrX"])],
)
def test_a_split_without_reads_is_refused_when_a_model_is_trained(split, without):
    file = summary(mapped={name: 0 if name in without else 9 for name in SIZES})
    (said,) = problems([file])
    assert f"no read on any {split} chromosome ({', '.join(without)})" in said
    assert f"--{split}_chroms" in said
    assert check_all_inputs([file], [], dataclasses.replace(PLAN, split=None))


def test_single_chromosomes_without_reads_are_logged_but_not_chromosome_y(caplog):
    sizes = SIZES | {"chrY": 40_000}
    caplog.set_level(logging.WARNING)
    check_all_inputs([summary("a", sizes, mapped=dict.fromkeys(SIZES, 5))], [], PLAN)
    assert not caplog.messages
    check_all_inputs([summary("a", sizes, mapped=dict.fromkeys(list(SIZES)[1:], 5))], [], PLAN)
    assert caplog.messages == ["a.bam (K562, Ha, replicate 1) has no read on chr1, chrY"]


def test_a_split_without_chromosomes_is_refused():
    sizes = {"chr1": 90_000, "chr2": 80_000}
    said = problems([summary(sizes=sizes)])
    assert len(said) == 2
    assert "belongs to --validation_chroms (8, 9, 10" in said[0]
    assert "belongs to --test_chroms" in said[1]


def test_too_few_chromosomes_to_choose_among_are_refused():
    choice = SplitChoice.parse("chromosome", None, None, None)
    sizes = {"chr1": 90_000, "chr2": 80_000, "chrX": 70_000}
    file = summary(sizes=sizes, mapped=dict.fromkeys(sizes, 5))
    plan = dataclasses.replace(PLAN, split=choice)
    with pytest.raises(InputError) as error:
        check_all_inputs([file], [], plan)
    assert str(error.value) == (
        "There are too few main chromosomes (chr1, chr2, chrX) to choose --train_chroms, "
        "--validation_chroms among them. Use --split random."
    )


def test_chromosomes_of_no_split_are_logged(caplog):
    caplog.set_level(logging.WARNING)
    split = SplitChoice.parse("chromosome", "1", "8", "20")
    check_all_inputs([summary()], [], dataclasses.replace(PLAN, split=split))
    assert caplog.messages == ["chr2, chrX: in no split, so predicted but not used for training"]


@pytest.mark.parametrize(
    ("length", "paired", "count_at", "paired_end", "refused"),
    [
        (200, False, "overlap", "fragments", False),
        (201, False, "overlap", "fragments", True),
        (201, False, "midpoint", "fragments", False),
        (201, True, "overlap", "fragments", False),
        (201, True, "overlap", "reads", True),
    ],
)
def test_reads_too_long_for_the_bin_rule_are_refused(length, paired, count_at, paired_end, refused):
    plan = Plan(PATTERN, Geometry(), SPLIT, "native", count_at, paired_end, 0)
    file = summary(median_read_length=length, paired_end=paired)
    if refused:
        (said,) = problems([file], plan=plan)
        assert "--count_at midpoint" in said
    else:
        assert check_all_inputs([file], [], plan)


@pytest.mark.parametrize(
    ("paired", "paired_end", "refused"),
    [(True, "fragments", True), (True, "reads", False), (False, "fragments", False)],
)
def test_feature_counts_is_refused_what_it_cannot_count(paired, paired_end, refused):
    plan = dataclasses.replace(PLAN, counter="featurecounts", paired_end=paired_end)
    file = summary(paired_end=paired)
    if refused:
        assert "--counter native" in problems([file], plan=plan)[0]
    else:
        assert check_all_inputs([file], [], plan)


def test_feature_counts_is_refused_cram_files():
    plan = dataclasses.replace(PLAN, counter="featurecounts")
    (said,) = problems([dataclasses.replace(summary(), file="a.cram")], plan=plan)
    assert said.startswith("a.cram (K562, Ha, replicate 1) is a CRAM file")
    assert "--counter native" in said


def test_windows_wider_than_every_chromosome_are_refused():
    plan = dataclasses.replace(PLAN, geometry=Geometry(10_000, 20))
    assert any(
        "as long as a window of 200,000 bp" in said for said in problems([summary()], plan=plan)
    )


def test_names_of_lists_are_held_against_the_genome(tmp_path):
    lists = [
        bed(tmp_path / "bare.bed", "1\t0\t10\n2\t5\t9\n"),
        bed(tmp_path / "mixed.bed", "chr1\t0\t10\n2\t5\t9\n"),
        bed(tmp_path / "mouse.bed", "scaffold_1\t0\t10\n"),
        bed(tmp_path / "blacklist.bed", "8\t0\t10\n", "--blacklist", may_be_empty=True),
    ]
    said = problems([summary()], lists)
    assert len(said) == 4
    assert "bare.bed (--labels): chromosomes are named like '1', but like 'chr1'" in said[0]
    assert "`sed 's/^/chr/'`" in said[0]
    assert "mixed.bed (--labels): chromosomes are named like '2', but like 'chr2'" in said[1]
    assert "mouse.bed (--labels): no interval is on a main chromosome" in said[2]
    assert "blacklist.bed (--blacklist)" in said[3]


def test_intervals_beyond_the_end_are_named_with_their_line(tmp_path):
    text = "# x\nchr1\t0\t90000\nchr1\t89999\t90001\nchr2\t80000\t80005\nchrUn_3\t1\t999999\n"
    (said,) = problems([summary()], [bed(tmp_path / "a.bed", text)])
    assert "a.bed (--labels), line 3: chr1:89,999-90,001 extends beyond the end of chr1" in said
    assert "(90,000 bp); 2 intervals in total do so" in said


def test_the_table_of_inputs_is_sorted_and_counts_main_reads(tmp_path):
    files = [summary("b"), summary("a", SIZES | {"chrM": 5}, n_unmapped=7, paired_end=True)]
    for name, order in (("one", files), ("two", files[::-1])):
        write_inputs(tmp_path / name, order, SIZES)
    assert (tmp_path / "one").read_text() == (tmp_path / "two").read_text()
    header, first, second = (line.split("\t") for line in (tmp_path / "one").open())
    row = dict(
        zip([name.strip() for name in header], [cell.strip() for cell in first], strict=True)
    )
    assert row == {
        **{"id": "a", "sample": "K562", "mark": "Ha", "replicate": "1", "role": "chip"},
        **{"file": "a.bam", "reads": "607", "mapped": "600", "main_chrom_reads": "500"},
        **{"paired_end": "true", "median_read_length": "36", "index": "given"},
        "simulated": "false",
        "assay": "chip",
        "rules": ".",
    }
    assert second[0] == "b"


def test_groups_are_numbered_from_one(tmp_path):
    write_groups(tmp_path / "groups", [["chr1"], ["chr2", "chr8"]])
    assert (tmp_path / "groups").read_text() == "1\tchr1\n2\tchr2\n2\tchr8\n"


@pytest.mark.real_data
def test_real_lists_fit_hg19_and_are_checked_in_seconds(shared_data):
    from deepregfinder.genome.grid import read_chrom_sizes

    hg19 = read_chrom_sizes(shared_data / "annotation_hg19" / "hg19.chrom.sizes")
    lists = [
        IntervalList(path, "--labels", "peaks")
        for path in sorted((shared_data / "encode_hg19" / "K562").glob("*.gz"))
    ]
    lists.append(IntervalList(shared_data / "annotation_hg19" / "RefSeqTSS.hg19.bed.gz", "--tss"))
    lists.append(
        IntervalList(shared_data / "annotation_hg19" / "hg19-blacklist.v2.bed", "--blacklist")
    )
    started = time.process_time()
    assert len(check_all_inputs([summary(sizes=hg19)], lists, PLAN)) == 24
    assert time.process_time() - started < 10
    short = hg19 | {"chr1": 248_956_422}
    said = problems([summary(sizes=short)], lists)
    assert any("chr1:249," in line and "in hg38" in line for line in said)


@pytest.mark.parametrize(
    "line",
    ["chr8\t0069990\t0070010", "chr8\t+69990\t+70010", '"chr8"\t69990\t70010', "chr8 69990  70010"],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_beyond_the_end_is_named_however_its_numbers_are_written(tmp_path, line, end):
    before = line.replace("69990", "100").replace("70010", "200")
    text = "\ufeff# a comment\n" + "\n".join([before, line, ""])
    table = tmp_path / "a.bed"
    table.write_bytes(text.replace("\n", end).encode())
    (said,) = problems([summary()], [IntervalList(table, "--tss", "bed")])
    assert "line 3: chr8:69,990-70,010 extends beyond the end of chr8 (70,000 bp)" in said
