"""Labels of an annotation are found in their column; windows are called by two rules."""

import gzip
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from samples.small_evaluation import elements

from deepregfinder.errors import InputError
from deepregfinder.evaluation.external.annotations import by_class, score
from deepregfinder.evaluation.external.labels import parse_mapping, read_annotation
from deepregfinder.evaluation.metrics import NO_BOOTSTRAP
from deepregfinder.genome.grid import Geometry

CLASSES = ("background", "promoter", "enhancer")
MAPPING = parse_mapping("*ELS*=enhancer;PLS*=promoter", CLASSES)
LISTS = {
    "column 4": "chr1\t{}\t{}\t{}\n",
    "SCREEN": "chr1\t{}\t{}\tEH38D4327497\tEH38E2776516\t{}\n",
    "UCSC": "chr1\t{0}\t{1}\tEH38E2776516\t320\t.\t{0}\t{1}\t255,205,0\t{2}\t3.2\tenhP\n",
    "quotes": 'chr1\t{}\t{}\t"{}"\n',
    "trailing tabs": "chr1\t{}\t{}\tEH38D\tEH38E\t{}\t\t\n",
}
ROWS = [(100, 300, "pELS,CTCF-bound"), (500, 700, "PLS"), (900, 950, "CA-H3K4me3")]


@pytest.mark.parametrize("source", LISTS)
@pytest.mark.parametrize("end", ["\n", "\r"])
@pytest.mark.parametrize("packed", [False, True])
def test_labels_are_found_in_their_column(tmp_path, source, end, packed) -> None:
    text = "# a comment\n" + "".join(LISTS[source].format(*row) for row in ROWS)
    content = text.replace("\n", end).encode()
    path = tmp_path / "list.bed"
    path.write_bytes(gzip.compress(content) if packed else content)
    _, promoters, enhancers = by_class(
        read_annotation(path, MAPPING, CLASSES), MAPPING, CLASSES, "list"
    )
    assert promoters[["chrom", "start", "end"]].values.tolist() == [["chr1", 500, 700]]
    assert enhancers[["chrom", "start", "end"]].values.tolist() == [["chr1", 100, 300]]


def test_column_4_is_used_if_it_fits_whatever_follows(tmp_path) -> None:
    path = tmp_path / "list.bed"
    path.write_text("chr1\t1\t9\tPLS\t0\tdELS\nchr1\t20\t29\tnone\t0\tdELS\n")
    assert read_annotation(path, MAPPING, CLASSES)["name"].tolist() == ["PLS", "none"]


def test_a_list_without_labels_takes_the_mapping_of_any_text(tmp_path) -> None:
    (tmp_path / "list.bed").write_text("chr1\t1\t9\nchr1\t20\t29\n")
    everything = parse_mapping("*=enhancer", CLASSES)
    annotation = read_annotation(tmp_path / "list.bed", everything, CLASSES)
    assert len(by_class(annotation, everything, CLASSES, "list")[2]) == 2


def test_labels_that_fit_nowhere_are_those_of_column_4_in_the_message(tmp_path) -> None:
    (tmp_path / "list.bed").write_text("chr1\t1\t9\tEH1\tEH2\tother\n")
    annotation = read_annotation(tmp_path / "list.bed", MAPPING, CLASSES)
    with pytest.raises(InputError, match="examples of its labels are EH1"):
        by_class(annotation, MAPPING, CLASSES, "list")


def test_windows_are_called_by_their_centre_and_by_any_base_with_values_counted_by_hand() -> None:
    """Six windows of 2 kb, at 10, 20, ... 60 kb of chr3, and an annotation of six intervals."""
    background, enhancer, promoter = range(3)
    labels = [enhancer, enhancer, promoter, background, background, promoter]
    windows = replace(
        elements(),
        geometry=Geometry(bin_size=100, window_bins=20),
        x=np.zeros((6, 3, 20), np.float32),
        y=np.array(labels, np.uint8),
        split=np.full(6, 2, np.uint8),
        chrom=np.full(6, 2, np.int16),
        start=np.arange(10_000, 70_000, 10_000),
    )
    intervals = [
        (11_999, 12_500, "enhancer"),  # the last base of window 1
        (22_000, 23_000, "enhancer"),  # begins where window 2 ends
        (30_900, 31_100, "enhancer"),  # 200 bases of the centre of window 3, a promoter
        (30_000, 30_001, "promoter"),  # the first base of window 3
        (39_000, 40_001, "promoter"),  # the first base of window 4, background
        (60_950, 61_050, "promoter"),  # 100 bases of the centre of window 6
    ]
    table = pd.DataFrame(intervals, columns=["start", "end", "name"]).assign(chrom="chr3")
    mapping = parse_mapping("enhancer=enhancer;promoter=promoter", windows.classes)
    scores = score("x", by_class(table, mapping, windows.classes, "x.bed"), windows, NO_BOOTSTRAP)
    found = {
        (one.setting, one.class_): (
            *(one.calls, one.right, one.labelled, one.found),
            *(pytest.approx(value) for value in (one.precision, one.recall, one.f1)),
        )
        for one in scores
        if one.setting != "calls"
    }
    assert found == {
        ("test_centre", "enhancer"): (1, 0, 2, 0, 0, 0, 0),
        ("test_centre", "promoter"): (1, 1, 2, 1, 1, 1 / 2, 2 / 3),
        ("test_any_base", "enhancer"): (2, 1, 2, 1, 1 / 2, 1 / 2, 1 / 2),
        ("test_any_base", "promoter"): (3, 2, 2, 2, 2 / 3, 1, 4 / 5),
    }
