"""Library size: usable reads on main chromosomes; reads elsewhere change nothing.

The numbers are those of samtools; the libraries are equal but for their reads on other sequences.
"""

import random
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pysam
import pytest
from click.testing import CliRunner
from samples.cells import cells

from build_signal import build_signal
from count_bins import count_bins
from deepregfinder.counting.counter import count_reads
from deepregfinder.counting.rules import BinGrid, CountRules
from deepregfinder.counting.store import open_counts
from deepregfinder.differential.compare import change_of_mark
from deepregfinder.signal.store import mark_depths, open_signal

MAIN = {"chr1": 60_000, "chr2": 50_000, "chrX": 30_000}
OTHERS = {
    "mitochondria": {"chrM": 16_569},
    "a virus": {"chrEBV": 17_000},
    "another genome": {"dm6_chr2L": 40_000, "dm6_chrX": 35_000},
    "scaffolds": {f"chrUn_{i:03}": 900 + i for i in range(200)},
    "a chromosome in two parts": {"chr3": 45_000, "chr3_random": 5_000},
}
LOOSE = CountRules(0, "keep", "fragments", "overlap", 0, 0)
STRICT = CountRules(20, "drop", "fragments", "overlap", 30, 10)
MATES = CountRules(20, "keep", "reads", "overlap", 0, 0)


def write_library(
    path: Path, others: Mapping[str, int], n_others: int, paired: bool, seed: int = 1
) -> Path:
    """4,000 reads or pairs on main chromosomes, the same for a seed, and n_others elsewhere."""
    sizes = {**dict(list(others.items())[:1]), **MAIN, **dict(list(others.items())[1:])}
    header = pysam.AlignmentHeader.from_dict(
        {
            "HD": {"VN": "1.6", "SO": "coordinate"},
            "SQ": [{"SN": name, "LN": size} for name, size in sizes.items()],
        }
    )
    reads = []
    for names, number, rng in (
        (MAIN, 4_000, random.Random(seed)),
        (others, n_others, random.Random(seed + 1)),
    ):
        for _ in range(number if names else 0):
            fragment = f"r{len(reads)}"
            name = rng.choice(list(names))
            start = rng.randrange(names[name] - 300)
            flag = rng.choice([0, 0, 0, 0x400, 0x200])
            quality = rng.choice([0, 10, 20, 40])
            hits = rng.choice([1, 1, 1, 1, 2, None])
            if paired:
                proper = rng.choice([0x2, 0x2, 0x2, 0])
                ends = [(0x63, start, start + 164, 200), (0x93, start + 164, start, -200)]
                for side, place, mate, length in ends:
                    side = (side & ~0x2) | proper | flag
                    reads.append((name, place, side, quality, hits, length, mate, fragment))
            else:
                side = rng.choice([0, 16]) | flag
                reads.append((name, start, side, quality, hits, 0, -1, fragment))
    order = {name: number for number, name in enumerate(sizes)}
    reads.sort(key=lambda read: (order[read[0]], read[1]))
    with pysam.AlignmentFile(str(path), "wb", header=header) as bam:
        for name, start, flag, quality, hits, length, mate, fragment in reads:
            read = pysam.AlignedSegment(header)
            read.query_name = fragment
            read.flag, read.reference_name, read.reference_start = flag, name, start
            read.mapping_quality, read.cigarstring = quality, "36M"
            if length:
                read.next_reference_name = name
                read.next_reference_start, read.template_length = mate, length
            if hits is not None:
                read.set_tag("NH", hits)
            bam.write(read)
        unmapped = pysam.AlignedSegment(header)
        unmapped.query_name, unmapped.flag = "unmapped", 4
        bam.write(unmapped)
    pysam.index(str(path))
    return path


def by_samtools(path: Path, rules: CountRules, paired: bool) -> int:
    """Usable reads, or fragments by their leftmost mate, on the main chromosomes."""
    words = ["-c", "-q", str(rules.min_mapq), "-F", "0x4"]
    if rules.duplicates == "drop":
        words[-1] = "0x404"
    words += ["-e", "!([NH] > 1)" + (" && tlen > 0" if paired else "")]
    if paired:
        words += ["-f", "0x2"]
    return int(pysam.view(*words, str(path), *MAIN))


@pytest.mark.parametrize("others", OTHERS)
@pytest.mark.parametrize("rules", [LOOSE, STRICT, MATES])
@pytest.mark.parametrize("paired", [False, True])
def test_the_library_size_is_that_of_samtools_on_main_chromosomes(others, rules, paired, tmp_path):
    bam = write_library(tmp_path / "a.bam", OTHERS[others], 6_000, paired)
    fragments = paired and rules.paired_end == "fragments"
    expected = by_samtools(bam, rules, fragments)
    grid = BinGrid(MAIN, 100)
    for counter in ("native",) if fragments else ("native", "featurecounts"):
        tally = count_reads(bam, counter, rules, grid, None, threads=2).tally
        assert tally.library_size == expected, counter
        assert tally.usable > 2 * expected
    small = BinGrid({"chr2": MAIN["chr2"]}, 100)
    words = pysam.view("-c", str(bam), "chr2")
    assert 0 < count_reads(bam, "native", rules, small, None, 1).tally.library_size < int(words)


@pytest.fixture
def counted(tmp_path: Path) -> Callable[..., Path]:
    """Counts a library with count_bins.py, and returns its file of counts."""
    table = tmp_path / "chrom.sizes"
    table.write_text("".join(f"{name}\t{size}\n" for name, size in MAIN.items()))

    def count(bam: Path, id_: str, sample: str, mark: str, counter: str = "native") -> Path:
        folder = bam.parent
        options = {
            **{"bam": bam, "id": id_, "sample": sample, "mark": mark, "replicate": "1"},
            **{"chrom_sizes": table, "bin_size": 100, "counter": counter, "min_mapq": 10},
            **{"duplicates": "keep", "paired_end": "fragments", "count_at": "overlap"},
            **{"extend": 0, "shift": 0, "threads": 1, "output": folder / f"{id_}.counts.zip"},
            **{"summary": folder / f"{id_}.counts.tsv", "quality": folder / f"{id_}.quality.tsv"},
        }
        words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
        assert CliRunner().invoke(count_bins, words, catch_exceptions=False).exit_code == 0
        return folder / f"{id_}.counts.zip"

    return count


@pytest.mark.parametrize("others", OTHERS)
@pytest.mark.parametrize(
    ("control", "counter"),
    [("ignore", "featurecounts"), ("subtract", "native"), ("channel", "native")],
)
def test_reads_elsewhere_change_neither_marks_nor_controls(
    others, control, counter, counted, tmp_path
):
    signals = {}
    for case, n_others in (("few", 0), ("many", 6_000)):
        folder = tmp_path / case
        folder.mkdir()
        words = ["--sample", "K", "--control", control]
        for number, mark in enumerate(("H3K27ac", "H3K4me1", "control")):
            # The control, too, has reads elsewhere, and the second mark has none in either case.
            n = 0 if number == 1 else n_others
            bam = write_library(folder / f"{mark}.bam", OTHERS[others], n, False, seed=number)
            of = "control" if mark == "control" else "K"
            path = counted(bam, f"{of}.{mark}.1", of, mark, counter)
            if control != "ignore" or mark != "control":
                words += ["--counts", str(path)]
            if control != "ignore" and mark != "control":
                words += ["--controls", f"K.{mark}.1=control.control.1"]
        words += ["--output", str(folder / "K.zip"), "--summary", str(folder / "K.tsv")]
        assert CliRunner().invoke(build_signal, words, catch_exceptions=False).exit_code == 0
        signals[case] = open_signal(folder / "K.zip")
    few, many = signals["few"], signals["many"]
    for chrom in MAIN:
        np.testing.assert_array_equal(few.load(chrom), many.load(chrom))
        assert few.load(chrom).any()
    assert few.library_sizes == many.library_sizes
    assert mark_depths(few).tolist() == mark_depths(many).tolist()
    assert (tmp_path / "few/K.tsv").read_text() == (tmp_path / "many/K.tsv").read_text()
    (row,) = cells(tmp_path / "many/K.H3K27ac.1.counts.tsv")
    assert int(row["elsewhere"]) > 1.2 * int(row["library_size"])
    assert int(row["usable"]) == int(row["elsewhere"]) + int(row["library_size"])


def test_reads_elsewhere_change_no_test_and_no_depth(counted, tmp_path):
    """Samples are compared by their library sizes where fewer than 50 elements have reads."""
    measured = []
    for case, n_others in (("few", 0), ("many", 6_000)):
        (tmp_path / case).mkdir()
        libraries = []
        for sample in "AB":
            n = n_others if sample == "A" else 0
            bam = write_library(
                tmp_path / case / f"{sample}.bam", OTHERS["mitochondria"], n, False, ord(sample)
            )
            libraries.append(open_counts(counted(bam, f"{sample}.M.1", sample, "M")))
        sizes = [np.array([one.library_size], float) for one in libraries]
        reads = [np.array([[one.load("chr1")[:300].sum()]], float) for one in libraries]
        thin = [one.thinned(0.25, 1) for one in libraries]
        change = change_of_mark("M", (reads[0], reads[1]), (sizes[0], sizes[1]))
        measured.append(
            (
                change.log2fc.tolist(),
                change.factors.tolist(),
                [one.library_size for one in thin],
                [one.load("chr2").tolist() for one in thin],
            )
        )
    assert measured[0] == measured[1]
