"""The published K562 CRISPR table and Roadmap segmentation of GM12878."""

import csv
import gzip
import re
from pathlib import Path

import numpy as np
import pytest
from samples.region_samples import GEOMETRY, rules
from samples.small_evaluation import elements

from deepregfinder.evaluation.external.annotations import by_class, classify
from deepregfinder.evaluation.external.crispr import place_elements
from deepregfinder.evaluation.external.crispr_table import read_table
from deepregfinder.evaluation.external.labels import parse_mapping
from deepregfinder.genome.grid import read_chrom_sizes
from deepregfinder.genome.intervals import read_intervals
from deepregfinder.labels.background import free_windows
from deepregfinder.labels.elements import enhancers, promoters
from deepregfinder.labels.rules import Evidence

pytestmark = pytest.mark.real_data

TWO = ("chr19", "chr22")


@pytest.fixture(scope="module")
def sizes(shared_data: Path) -> dict[str, int]:
    return read_chrom_sizes(shared_data / "annotation_hg19" / "hg19.chrom.sizes")


def test_lifted_elements_lie_where_the_experiments_had_them(
    shared_data: Path, sizes: dict[str, int]
) -> None:
    """Names hold the places in hg19 of two studies; the third, Schraivogel, had worked in hg38."""
    folder = shared_data / "crispr"
    path = folder / "EPCrisprBenchmark_combined_data.training_K562.GRCh38.tsv.gz"
    table = read_table(path, "K562")
    assert table["use"].eq("tested").all()
    assert (len(table), (table["regulated_genes"] > 0).sum()) == (3_941, 419)
    placed = place_elements(table, folder / "hg38ToHg19.over.chain.gz", sizes, path.name)
    assert placed["status"].value_counts().to_dict() == {"lifted": 3_940, "unmapped": 1}
    studied = {}
    with gzip.open(path, "rt") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            named = re.search(r"\|(chr\w+):(\d+)-(\d+)", row["name"])
            if named and row["Dataset"] != "Schraivogel2020":
                key = row["chrom"], int(row["chromStart"]), int(row["chromEnd"])
                studied[key] = named[1], int(named[2]), int(named[3])
    keys = zip(placed["source_chrom"], placed["source_start"], placed["source_end"], strict=True)
    places = zip(placed["chrom"], placed["start"], placed["end"], strict=True)
    same = [
        studied[key] == place for key, place in zip(keys, places, strict=True) if key in studied
    ]
    # One end differs by an insertion of 4 bp, and one element is the unmapped one.
    assert (len(same), sum(same)) == (3_223, 3_221)


def test_the_roadmap_segmentation_knows_most_promoters_and_little_background(
    shared_data: Path, sizes: dict[str, int]
) -> None:
    folder, lists = shared_data / "annotation_hg19", shared_data / "encode_hg19" / "GM12878"
    evidence = Evidence.read(
        tss=folder / "RefSeqTSS.hg19.bed.gz",
        dhs=lists / "wgEncodeAwgDnaseUwdukeGm12878UniPk.narrowPeak.gz",
        enhancers=[lists / "wgEncodeAwgTfbsSydhGm12878P300bUniPk.narrowPeak.gz"],
        promoter_marks=[lists / "wgEncodeBroadHistoneGm12878H3k04me3StdPkV2.broadPeak.gz"],
        tfbs=[lists / "wgEncodeAwgTfbsBroadGm12878CtcfUniPk.narrowPeak.gz"],
        blacklist=folder / "hg19-blacklist.v2.bed",
    )
    two, strong = {chrom: sizes[chrom] for chrom in TWO}, rules(promoter_marks_min_signal=7)
    windows = [
        free_windows(evidence, strong, GEOMETRY, two)[0],
        enhancers(evidence, strong, GEOMETRY, two).intervals,
        promoters(evidence, strong, GEOMETRY, two).intervals,
    ]
    classes = elements().classes
    mapping = parse_mapping("1_TssA=promoter;*_Prom*=promoter;*_Enh*=enhancer", classes)
    bed = read_intervals(folder / "GM12878_E116_25state_imputed12marks.bed.gz")
    annotation = by_class(bed, mapping, classes, "E116")
    said = []
    for table in windows:
        middle = (table["start"] + table["end"]).to_numpy() // 2
        said.append(
            np.bincount(classify(annotation, table["chrom"].to_numpy(), middle), minlength=3)
        )
    background, enhancer, promoter = (counts / counts.sum() for counts in said)
    assert background[0] > 0.95
    assert enhancer[1] > 0.55
    assert promoter[2] > 0.7
