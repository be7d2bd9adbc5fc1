"""Elements perturbed with CRISPR: counts on a table that is made by hand."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from samples.small_evaluation import PLAN, SIZES, bundle, elements, write_scan
from sklearn.metrics import average_precision_score

from deepregfinder.errors import InputError
from deepregfinder.evaluation.external.crispr import (
    place_elements,
    read_elements,
    validate,
    write_elements,
)
from deepregfinder.evaluation.external.crispr_table import read_table
from deepregfinder.evaluation.metrics import Bootstrap
from deepregfinder.prediction.calling import Calls
from deepregfinder.prediction.probabilities import Probabilities, open_probabilities

COLUMNS = "chrom chromStart chromEnd name Regulated"
# (chrom, start, end, answers of genes): chr1 was trained on, chr3 and chr4 are for testing, chr2 is
# not predicted.
TESTED = [
    ("chr1", 10_000, 10_500, "TRUE"),
    ("chr2", 10_000, 10_500, "TRUE"),
    ("chr3", 20_000, 20_500, "FALSE TRUE FALSE"),
    ("chr3", 30_000, 30_500, "TRUE"),
    ("chr3", 40_000, 40_500, "FALSE FALSE"),
    ("chr4", 50_000, 50_500, "TRUE"),
    ("chr4", 60_000, 60_500, "FALSE"),
    ("chr4", 70_000, 70_500, "FALSE"),
]


def write_tested(path: Path, tested: list[tuple[str, int, int, str]] = TESTED) -> Path:
    rows = [
        f"{chrom}\t{start}\t{end}\tGENE{number}\t{answer}"
        for chrom, start, end, answers in tested
        for number, answer in enumerate(answers.split())
    ]
    text = "\n".join([COLUMNS.replace(" ", "\t"), *rows, ""]).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def calls_of(*rows: tuple[int, int, int]) -> Calls:
    start, end, index = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    return Calls(start, end, index, np.ones(len(start), np.float32), start)


CALLS = {
    "chr1": calls_of((9_000, 10_001, 1)),  # one base of a regulated element
    "chr3": calls_of((19_000, 20_200, 2), (20_200, 21_000, 1), (30_500, 31_000, 1)),
    "chr4": calls_of((49_000, 51_000, 2), (60_100, 60_200, 1)),
}


@pytest.fixture
def scan(tmp_path: Path) -> Probabilities:
    write_scan(tmp_path / "scan.zip", elements(), bundle(), ("chr1", "chr3", "chr4"))
    return open_probabilities([tmp_path / "scan.zip"])


def test_elements_are_counted_by_hand(tmp_path: Path, scan: Probabilities) -> None:
    table = read_table(write_tested(tmp_path / "pairs.tsv.gz"))
    write_elements(tmp_path / "elements.tsv", place_elements(table, None, SIZES, "pairs"))
    placed = read_elements(tmp_path / "elements.tsv")
    assert placed["genes"].tolist() == [1, 1, 3, 1, 2, 1, 1, 1]
    figures, predictions = validate(placed, CALLS, scan, PLAN, Bootstrap(200, 1))
    rows = {(one.scope, one.class_): vars(one) for one in figures}
    counts = {key: tuple(row.values())[2:11] for key, row in rows.items()}
    assert counts == {
        # elements, other cells, not valid, not lifted, not predicted; regulated, called; negatives
        ("all", "any"): (8, 0, 0, 0, 1, 4, 3, 3, 1),
        ("all", "enhancer"): (8, 0, 0, 0, 1, 4, 2, 3, 1),
        ("all", "promoter"): (8, 0, 0, 0, 1, 4, 2, 3, 0),
        ("test", "any"): (6, 0, 0, 0, 0, 3, 2, 3, 1),
        ("test", "enhancer"): (6, 0, 0, 0, 0, 3, 1, 3, 1),
        ("test", "promoter"): (6, 0, 0, 0, 0, 3, 2, 3, 0),
    }
    row = rows["all", "any"]
    assert (row["recall"], row["precision"]) == (0.75, 0.75)
    assert row["negative_rate"] == pytest.approx(1 / 3)
    assert row["recall_low"] <= row["recall"] <= row["recall_high"]
    for one in rows.values():
        assert one["f1"] == pytest.approx(
            2 * one["recall"] * one["precision"] / (one["recall"] + one["precision"])
        )
        assert one["f1_low"] < one["f1"] < one["f1_high"]
    # None of three negatives is called a promoter: Wilson's interval, z^2 / (n + z^2).
    row_of_none = rows["all", "promoter"]
    assert row_of_none["negative_rate_low"] == 0
    assert row_of_none["negative_rate_high"] == pytest.approx(1.96**2 / (3 + 1.96**2), abs=1e-4)
    lines = [dict(zip(predictions[0], line, strict=True)) for line in predictions[1:]]
    assert [line["called"] for line in lines] == [
        *("enhancer", ".", "enhancer;promoter", ".", ".", "promoter", "enhancer", "."),
    ]
    assert [line["test"] for line in lines] == ["false", ".", *["true"] * 6]
    assert [line["status"] for line in lines].count("not_predicted") == 1

    # The best window is looked for one by one; scikit-learn ranks.
    best = []
    for line in lines:
        if line["status"] == "lifted":
            track = 1 - scan.load(str(line["chrom"])).astype(float)[0]
            overlap = [
                track[i]
                for i in range(len(track))
                if i * scan.step < line["end"] and i * scan.step + scan.window > line["start"]
            ]
            best.append(max(overlap))
            assert line["probability_any"] == pytest.approx(max(overlap))
    regulated = [line["regulated_genes"] > 0 for line in lines if line["status"] == "lifted"]
    expected = average_precision_score(regulated, best)
    assert row["average_precision"] == pytest.approx(expected)


def test_a_blank_line_counts_as_a_line(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text(
        "chrom\tchromStart\tchromEnd\tRegulated\nchr1\t5\t9\tTRUE\n\nchr1\t9\t5\tTRUE\n"
    )
    with pytest.raises(InputError, match="line 4: expected chrom, start up to end"):
        read_table(path)


def test_no_element_of_a_predicted_chromosome_leaves_figures_unknown(
    tmp_path: Path, scan: Probabilities
) -> None:
    placed = place_elements(
        read_table(write_tested(tmp_path / "pairs.tsv", TESTED[1:2])), None, SIZES, "pairs"
    )
    figures, predictions = validate(placed, CALLS, scan, PLAN, Bootstrap(200, 1))
    row = vars(figures[0])
    assert (row["elements"], row["not_predicted"], row["regulated"]) == (1, 1, 0)
    assert np.isnan(row["recall"])
    assert np.isnan(row["average_precision"])
    assert len(predictions) == 2


def test_what_cannot_be_lifted_stays_in_the_table(tmp_path: Path, scan: Probabilities) -> None:
    chain = tmp_path / "shift.chain"
    size = SIZES["chr3"]
    chain.write_text(
        f"chain 1 chr3 {size + 9} + 9 35009 chr3 {size} + 0 35000 1\n35000\n\n"
        f"chain 1 chr4 {SIZES['chr4']} + 0 55000 chr4 {SIZES['chr4']} + 0 55000 2\n55000\n\n"
    )
    table = read_table(write_tested(tmp_path / "pairs.tsv", TESTED[2:]))
    placed = place_elements(table, chain, SIZES, "pairs")
    write_elements(tmp_path / "elements.tsv", placed)
    placed = read_elements(tmp_path / "elements.tsv")
    assert placed["status"].tolist() == ["lifted"] * 2 + ["unmapped", "lifted"] + ["unmapped"] * 2
    assert placed["start"].tolist() == [19_991, 29_991, -1, 50_000, -1, -1]
    figures, predictions = validate(placed, CALLS, scan, PLAN, Bootstrap(0, 1))
    assert tuple(vars(figures[0]).values())[2:11] == (6, 0, 0, 3, 0, 3, 2, 0, 0)
    assert [line[6:9] for line in predictions[1:4]][2] == (".", ".", ".")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("chrom\tchromStart\n", "lacks the columns chromEnd, Regulated"),
        (COLUMNS.replace(" ", "\t") + "\n", "has no rows"),
        (COLUMNS.replace(" ", "\t") + "\nchr1\t5\t4\tx\tTRUE\n", "line 2: expected chrom"),
        (COLUMNS.replace(" ", "\t") + "\nchr1\t5\tNA\tx\tTRUE\n", "line 2: expected chrom"),
        (COLUMNS.replace(" ", "\t") + "\nchr1\t5\t9\tx\tNA\n", "no element has a valid pair"),
        (COLUMNS.replace(" ", "\t") + "\nchr1\t5\t9\tx\tmaybe\n", "line 2: .*maybe"),
        (COLUMNS.replace(" ", "\t") + "\nchr1\t5\t1e30\tx\tTRUE\n", "line 2: .*1e30"),
        (COLUMNS.replace(" ", "\t") + "\nchr1\t5\t9\tx\tTRUE\tmore\n", "more fields than"),
    ],
)
def test_a_table_that_is_none_is_told(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "pairs.tsv").write_text(text)
    with pytest.raises(InputError, match=said):
        read_table(tmp_path / "pairs.tsv")


def test_a_quote_in_a_name_swallows_no_row(tmp_path: Path) -> None:
    path = write_tested(tmp_path / "pairs.tsv", [("chr3", 1, 9, "FALSE"), ("chr3", 20, 29, "TRUE")])
    path.write_text(
        path.read_text().replace("GENE0", '"GENE0', 1).replace("29\tGENE0", '29\tGENE0"')
    )
    assert read_table(path)["regulated_genes"].tolist() == [0, 1]


def test_a_damaged_gzip_table_is_told(tmp_path: Path) -> None:
    path = write_tested(tmp_path / "pairs.tsv.gz")
    content = bytearray(path.read_bytes())
    content[10] = 0xFF  # no such kind of deflate block
    path.write_bytes(bytes(content))
    with pytest.raises(InputError, match="gzip data cannot be decompressed"):
        read_table(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\t\t\n"),
        lambda text: text.replace("chromStart\t", '"chromStart"\t').replace("chr3", '"chr3"'),
        lambda text: text.replace("\t20\t", "\t+0020.0\t").replace("TRUE", '"TRUE"'),
    ],
    ids=["mark", "old Mac", "Windows", "trailing tabs", "quotes", "numbers"],
)
@pytest.mark.parametrize("packed", [False, True])
def test_a_table_is_read_alike_whatever_program_saved_it(tmp_path: Path, change, packed) -> None:
    path = write_tested(tmp_path / "pairs.tsv", [("chr3", 1, 9, "FALSE"), ("chr3", 20, 29, "TRUE")])
    content = change(path.read_text()).encode()
    path.write_bytes(gzip.compress(content) if packed else content)
    assert read_table(path).values.tolist() == [
        ["chr3", 1, 9, 1, 0, "tested"],
        ["chr3", 20, 29, 1, 1, "tested"],
    ]


@pytest.mark.parametrize(
    ("place", "said"),
    [(("3", 1, 9, "TRUE"), "this run like chr3"), (("chr3", 1, 10**6, "TRUE"), "another assembly")],
)
def test_a_table_of_another_assembly_is_told(
    tmp_path: Path, place: tuple[str, int, int, str], said: str
) -> None:
    table = read_table(write_tested(tmp_path / "pairs.tsv", [place]))
    with pytest.raises(InputError, match=said):
        place_elements(table, None, SIZES, "pairs")
