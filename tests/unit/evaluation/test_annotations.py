"""Labels of an annotation are found in the column in which its source puts them."""

import gzip

import pytest

from deepregfinder.errors import InputError
from deepregfinder.evaluation.external.annotations import (
    by_class,
)
from deepregfinder.evaluation.external.labels import parse_mapping, read_annotation

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
