"""Inputs of public threads that went wrong: the folder `cases` beside the real data.

The tests of docs/reliability.md make inputs of their own; these show the files that were found.
"""

from pathlib import Path

import pysam
import pytest
from click.testing import CliRunner
from samples.driver_answers import answers

from count_bins import count_bins
from deepregfinder.counting.store import RecordCounts
from deepregfinder.genome.grid import read_chrom_sizes
from deepregfinder.genome.intervals import read_intervals
from deepregfinder.storage.tables import read_rows

pytestmark = pytest.mark.real_data


@pytest.fixture
def cases(shared_data: Path) -> Path:
    """The folder of the cases."""
    return shared_data.parent / "cases"


def records_of(bam: Path, sizes: Path, folder: Path, secondary: str = "drop") -> RecordCounts:
    """How the records of a file are counted, by the default rules."""
    options = {
        **{"bam": bam, "chrom_sizes": sizes, "id": "x", "sample": "K", "mark": "ATAC"},
        **{"replicate": "1", "bin_size": 100, "counter": "native", "min_mapq": 0},
        **{"duplicates": "keep", "paired_end": "fragments", "count_at": "overlap", "extend": 0},
        **{"shift": 0, "secondary": secondary, "threads": 1, "output": folder / "c.zip"},
        **{"summary": folder / "c.tsv", "quality": folder / "q.tsv", "ends": folder / "e.zip"},
    }
    words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
    assert CliRunner().invoke(count_bins, words, catch_exceptions=False).exit_code == 0
    [row] = read_rows(folder / "c.tsv", RecordCounts)
    return row


@pytest.mark.parametrize(
    ("bam", "sizes", "secondary", "usable"),
    [
        ("01_bowtie2_tlen/atac_old_bowtie2.bam", "sizes", "drop", 9_000),
        ("01_bowtie2_tlen/atac_new_bowtie2.bam", "sizes", "drop", 9_000),
        ("01_bowtie2_tlen/real_bowtie2.bam", "real.sizes", "drop", 3),
        ("02_cram_multiref/reads.bam", "sizes", "drop", 36_120),
        ("02_cram_multiref/reads.cram", "sizes", "drop", 36_120),
        ("13_secondary_without_NH/k1.bam", "sizes", "drop", 6_000),
        ("13_secondary_without_NH/k10.bam", "sizes", "drop", 6_000),
        ("13_secondary_without_NH/k10.bam", "sizes", "drop_reads", 5_186),
    ],
)
def test_reads_are_counted_whatever_wrote_them(cases, tmp_path, bam, sizes, secondary, usable):
    path = cases / bam
    assert records_of(path, path.parent / sizes, tmp_path, secondary).usable == usable


@pytest.mark.parametrize("mark", ["H2AZ", "H3K27ac", "H3K4me1", "H3K4me3"])
def test_mitochondria_do_not_change_the_library_size(cases, tmp_path, mark):
    folder = cases / "15_chrM_in_library_size"
    sizes = tmp_path / "sizes"
    sizes.write_text("".join(f"{chrom}\t{bp}\n" for chrom, bp in nuclear(folder).items()))
    clean, mito = (
        records_of(folder / f"{sample}.{mark}.bam", sizes, tmp_path) for sample in ("clean", "mito")
    )
    assert clean.library_size == mito.library_size > 0
    assert mito.elsewhere > clean.elsewhere


def nuclear(folder: Path) -> dict[str, int]:
    """Chromosomes of the samples but chrM."""
    with pysam.AlignmentFile(str(folder / "mito.H3K27ac.bam")) as bam:
        lengths = dict(zip(bam.references, bam.lengths, strict=True))
    return {chrom: bp for chrom, bp in lengths.items() if chrom != "chrM"}


def test_tables_saved_in_other_ways_are_read(cases):
    assert next(iter(read_chrom_sizes(cases / "05_chrom_sizes_bom/chrom.sizes"))) == "chr1"
    assert len(read_intervals(cases / "06_old_mac_blacklist/blacklist.bed"))
    assert len(read_intervals(cases / "12_leading_zeros/tss.bed"))
    quoted = cases / "18_quoted_names/regions.bed"
    names = [line.split("\t")[3] for line in quoted.read_text().splitlines()]
    assert read_intervals(quoted)["name"].tolist() == names


def test_a_sheet_without_enhancers_says_what_takes_their_place(cases, tmp_path):
    given = {"input": "none.csv", "labels": str(cases / "32_no_p300/l_nop300.csv"), "tss": "x"}
    said = answers(tmp_path, {"32": given})["32"]
    assert "row 2: the column enhancers is empty, where --enhancer_labels factors expects" in said
    assert "--enhancer_labels h3k27ac takes accessible sites with H3K27ac" in said
    assert "--pretrained" in said
