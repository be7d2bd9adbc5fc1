"""Chromosomes, reads and intervals that a run leaves out are told, with what to type."""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from deepregfinder.genome.grid import main_chromosomes
from deepregfinder.inputs.alignments import AlignmentSummary
from deepregfinder.inputs.check import IntervalList
from deepregfinder.inputs.left_out import find_left_out
from deepregfinder.inputs.tables import LeftOut

HUMAN_DEFAULT = "(chr)?([1-9]|1[0-9]|2[0-2]|X|Y)"
ROMAN = [
    "I",
    "II",
    "III",
    "IV",
    "V",
    "VI",
    "VII",
    "VIII",
    "IX",
    "X",
    "XI",
    "XII",
    "XIII",
    "XIV",
    "XV",
    "XVI",
]


def numbered(n: int, *more: str, prefix: str = "chr") -> list[str]:
    return [f"{prefix}{name}" for name in (*range(1, n + 1), *more)]


# Chromosomes, sequences besides them, and the shortest and the longest chromosome in Mbp.
GENOMES: dict[str, tuple[list[str], dict[str, float], float, float]] = {
    "zebrafish": (numbered(25), {"chrM": 0.0166, "chrUn_KN149696v2": 0.37}, 37, 78),
    "cow": (numbered(29, "X"), {"chrM": 0.0163, "chrUn_NW_1": 0.5}, 42, 158),
    "cow of Ensembl": (numbered(29, "X", prefix=""), {"MT": 0.0163, "NKLS02000031.1": 2}, 42, 158),
    "dog": (numbered(38, "X"), {"chrM": 0.0167, "chrUn_JH373233": 3}, 23, 123),
    "chicken": (numbered(33, "W", "Z"), {"chrM": 0.0168, "chrUn_NW_9": 0.1}, 0.7, 197),
    "fly": (
        [f"chr{arm}" for arm in ("2L", "2R", "3L", "3R", "4", "X", "Y")],
        {"chrM": 0.0195, "chrUn_CP007071v1": 0.02},
        1.3,
        32,
    ),
    "yeast": ([f"chr{name}" for name in ROMAN], {"chrM": 0.0858}, 0.23, 1.5),
    "worm": ([f"chr{name}" for name in (*ROMAN[:5], "X")], {"chrM": 0.0138}, 13, 21),
    "a genome of PanSN names": (
        numbered(24, prefix="HG002#1#chr"),
        {"HG002#1#chrM": 0.0166, "HG002#1#utg7": 0.3},
        45,
        248,
    ),
}


def lengths(genome: str) -> tuple[dict[str, int], list[str]]:
    """Names and lengths (bp) of all sequences, and the names of the chromosomes."""
    names, others, least, most = GENOMES[genome]
    spread = np.linspace(most, least, len(names)).tolist()
    sizes = {name: int(1e6 * mbp) for name, mbp in zip(names, spread, strict=True)}
    return sizes | {name: int(1e6 * mbp) for name, mbp in others.items()}, names


def file(sizes: Mapping[str, int], **mapped: int) -> AlignmentSummary:
    """One read for each 10 kb, and as many as said on some sequences."""
    reads = {name: bp // 10_000 for name, bp in sizes.items()} | mapped
    return AlignmentSummary(
        "a", "S", "M", "1", "chip", "a.bam",
        chrom_sizes=dict(sizes), mapped=reads, n_mapped=sum(reads.values()),
    )  # fmt: skip


def intervals(path: Path, sizes: Mapping[str, int], every: int = 100_000) -> IntervalList:
    lines = (
        f"{name}\t{at}\t{at + 1}\n" for name, bp in sizes.items() for at in range(0, bp, every)
    )
    path.write_text("".join(lines))
    return IntervalList(path, "--tss", "bed")


def of_kind(found: list[LeftOut], kind: str) -> list[str]:
    return [one.text for one in found if one.kind == kind]


def expression(text: str) -> str:
    (pattern,) = re.findall("--chromosomes '([^']+)'", text)
    return str(pattern)


@pytest.mark.parametrize("genome", GENOMES)
def test_chromosomes_that_are_lost_are_told_with_what_to_type(genome: str, tmp_path: Path) -> None:
    sizes, names = lengths(genome)
    used = HUMAN_DEFAULT if "PanSN" not in genome else "HG002#1#chr[1-9]"
    expected = main_chromosomes(sizes, used)
    lost = {name: sizes[name] for name in names if name not in expected}
    sheet = [intervals(tmp_path / "tss.bed", sizes)]
    summaries = [file(sizes), file(sizes)]
    found = find_left_out(summaries, sheet, expected)
    (said,) = of_kind(found, "chromosomes")
    assert said.startswith(f"{len(lost)} sequences")
    share = sum(lost.values()) / sum(sizes[name] for name in names)
    reads = sum(bp // 10_000 for bp in lost.values()) / sum(bp // 10_000 for bp in sizes.values())
    assert f"({sum(lost.values()):,} bp, {share:.1%} of the genome, with {reads:.1%} of" in said
    pattern = expression(said)
    assert [name for name in sizes if re.fullmatch(pattern, name)] == names
    n_lost = sum(len(range(0, sizes[name], 100_000)) for name in sizes if name not in expected)
    total = sum(len(range(0, bp, 100_000)) for bp in sizes.values())
    (of_list,) = of_kind(found, "list")
    assert f"{n_lost:,} of {total:,} intervals ({n_lost / total:.1%})" in of_list
    assert expression(of_list) == pattern
    # With what was typed, no chromosome is left out.
    again = find_left_out(summaries, sheet, main_chromosomes(sizes, pattern))
    assert not of_kind(again, "chromosomes")
    assert not of_kind(again, "list")


HUMAN = {
    **{f"chr{n}": int(1e6 * mbp) for n, mbp in enumerate(np.linspace(249, 46.7, 22).tolist(), 1)},
    **{"chrX": 155_270_560, "chrY": 59_373_566, "chrM": 16_571, "chrEBV": 171_823},
    **{"chr6_GL000256v2_alt": 4_929_269, "chrUn_KI270742v1": 186_739, "hs37d5": 35_477_943},
    **{f"HLA-A*01:01:01:{n:02}": 3_000 for n in range(99)},
}
EXPECTED = main_chromosomes(HUMAN, HUMAN_DEFAULT)
NO_READS = dict.fromkeys(set(HUMAN) - set(EXPECTED), 0)


def test_of_human_nothing_is_said(tmp_path: Path) -> None:
    # A woman, whose lists have nothing on Y, and alternate sequences with a few genes.
    genes = {name: bp for name, bp in EXPECTED.items() if name != "chrY"}
    sheet = [intervals(tmp_path / "tss.bed", genes | {"chr6_GL000256v2_alt": 4_929_269})]
    few = dict.fromkeys(NO_READS, 9)
    assert find_left_out([file(HUMAN, **few)], sheet, EXPECTED) == []


@pytest.mark.parametrize(
    ("name", "share", "typed"),
    [
        ("chrM", 0.6, False),
        ("chrM", 0.011, False),
        ("chrEBV", 0.3, False),
        ("hs37d5", 0.05, False),
        ("chrUn_KI270742v1", 0.02, True),
        ("HLA-A*01:01:01:07", 0.5, True),
    ],
)
def test_reads_on_an_unused_sequence_are_told(name: str, share: float, typed: bool) -> None:
    others = sum(HUMAN[chrom] // 10_000 for chrom in EXPECTED)
    reads = NO_READS | {name: round(others * share / (1 - share))}
    files = [file(HUMAN, **NO_READS), file(HUMAN, **reads)]
    (said,) = of_kind(find_left_out(files, [], EXPECTED), "reads")
    assert f"{name} ({share:.1%} of a.bam)" in said
    if typed:
        matched = {chrom for chrom in HUMAN if re.fullmatch(expression(said), chrom)}
        assert matched == {*EXPECTED, name}
    else:
        assert "--chromosomes '" not in said


def test_reads_on_many_small_sequences_are_told_together() -> None:
    small = {name: 500 for name in HUMAN if name.startswith("HLA")}
    (one,) = find_left_out([file(HUMAN, **(NO_READS | small))], [], EXPECTED)
    total = sum(HUMAN[chrom] // 10_000 for chrom in EXPECTED) + 99 * 500
    assert f"hold {99 * 500 / total:.1%} of the mapped reads of a.bam together" in one.text


def test_a_list_that_ends_early_is_told(tmp_path: Path) -> None:
    there = {name: bp for name, bp in EXPECTED.items() if name not in ("chr8", "chr9", "chrX")}
    reads = [file(HUMAN, **NO_READS)]
    (one,) = find_left_out(reads, [intervals(tmp_path / "a.bed", there)], EXPECTED)
    assert "a.bed (--tss) has no interval on chr8, chr9, chrX, where" in one.text
    # Of a dozen intervals, none need be on every chromosome.
    rare = intervals(tmp_path / "b.bed", there, every=200_000_000)
    assert find_left_out(reads, [rare], EXPECTED) == []


def test_a_list_of_other_names_is_told_even_if_some_agree(tmp_path: Path) -> None:
    mixed = EXPECTED | {"KI270728.1": 900_000_000}
    sheet = [intervals(tmp_path / "a.bed", mixed)]
    (one,) = find_left_out([file(HUMAN, **NO_READS)], sheet, EXPECTED)
    assert "9,000 of" in one.text
    assert "KI270728.1 (9,000)" in one.text


@pytest.mark.parametrize("name", ["chrM", "NC_012920.1", "MT", "pUC19"])
@pytest.mark.parametrize("share", [0.0, 0.03, 0.6])
def test_mitochondria_that_are_used_are_told(name: str, share: float) -> None:
    """By their names, or by their reads: 16 kb with 3 % of them are no chromosome."""
    sizes = EXPECTED | {name: 16_571}
    others = sum(bp // 10_000 for bp in EXPECTED.values())
    reads = file(sizes, **{name: round(others * share / (1 - share))})
    found = find_left_out([file(sizes), reads], [], sizes)
    if share:
        (one,) = found
        assert (one.kind, f"{name} ({share:.1%} of a.bam)" in one.text) == ("crowded", True)
        matched = {chrom for chrom in sizes if re.fullmatch(expression(one.text), chrom)}
        assert matched == set(EXPECTED)
    else:
        assert found == []


def test_a_genome_that_is_amplified_or_small_is_not_crowded() -> None:
    twice = file(EXPECTED, chr8=5 * HUMAN["chr8"] // 10_000)
    assert find_left_out([twice], [], EXPECTED) == []
    single = {"chr1": 50_000}
    assert find_left_out([file(single)], [], single) == []
