"""Tables of tested pairs as studies and the ENCODE benchmark write them, merged to elements."""

import csv
import gzip
import logging
import random
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples.small_evaluation import PLAN, SIZES, bundle, elements, write_scan

from deepregfinder.errors import InputError
from deepregfinder.evaluation.external.crispr import (
    place_elements,
    read_elements,
    validate,
    write_elements,
)
from deepregfinder.evaluation.external.crispr_table import read_table
from deepregfinder.evaluation.metrics import Bootstrap
from deepregfinder.prediction.calling import read_calls
from deepregfinder.prediction.probabilities import open_probabilities

CELLS = ("K562", "GM12878", "HCT116", "CD34+", "CD34-")
CONNECTIONS = ("TRUE", "TRUE", "overlaps potential promoter", "PromoterElement", "FALSE")
Pair = dict[str, str]


def pair(chrom: str, start: int, end: int, **others: str) -> Pair:
    place = {"chrom": chrom, "chromStart": str(start), "chromEnd": str(end)}
    return {**place, "Regulated": "TRUE", "CellType": "K562", **others}


def write_pairs(path: Path, pairs: list[Pair], header: list[str] | None = None) -> Path:
    """The pairs as a table, with the columns in the order of `header`."""
    names = header or list(pairs[0])
    lines = ["\t".join(names), *("\t".join(one[name] for name in names) for one in pairs)]
    text = "\n".join([*lines, ""]).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


pairs_of_a_table = st.lists(
    st.builds(
        lambda chrom, start, width, cell, valid, regulated, gene: pair(
            chrom,
            100 * start,
            100 * start + width,
            CellType=cell,
            ValidConnection=valid,
            Regulated=regulated,
            measuredGeneSymbol=gene,
        ),
        *(st.sampled_from(("chr1", "chrX")), st.integers(0, 3), st.sampled_from((0, 1, 500))),
        *(st.sampled_from(CELLS), st.sampled_from(CONNECTIONS)),
        *(st.sampled_from(("TRUE", "FALSE", "NA")), st.sampled_from(("GATA1", "MYC", "NA"))),
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=150, deadline=None)
@given(pairs_of_a_table, st.randoms(use_true_random=False), st.sampled_from(CELLS))
def test_elements_are_those_that_a_loop_over_the_rows_finds(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[Pair], order: random.Random, cell: str
) -> None:
    header = [*pairs[0], "EffectSize"]
    order.shuffle(header)
    for number, one in enumerate(pairs):
        one["EffectSize"] = str(-number)
    path = write_pairs(tmp_path_factory.mktemp("table") / "pairs.tsv.gz", pairs, header)
    found: dict[tuple[str, int, int], dict[str, set[str]]] = {}
    with gzip.open(path, "rt") as lines:
        for number, row in enumerate(csv.DictReader(lines, delimiter="\t")):
            place = row["chrom"], int(row["chromStart"]), int(row["chromEnd"])
            of_place = found.setdefault(place, {"cells": set(), "genes": set(), "regulated": set()})
            of_place["cells"].add(row["CellType"])
            known = row["Regulated"] != "NA" and row["ValidConnection"] == "TRUE"
            if row["CellType"] == cell and known:
                gene = row["measuredGeneSymbol"]
                gene = f"{gene}{number}" if gene == "NA" else gene
                of_place["genes"].add(gene)
                if row["Regulated"] == "TRUE":
                    of_place["regulated"].add(gene)
    if not any(of_place["genes"] for of_place in found.values()):
        with pytest.raises(InputError, match=r"no pair was tested in|no element has a valid pair"):
            read_table(path, cell)
        return
    expected = [
        [
            *(*place, len(of_place["genes"]), len(of_place["regulated"])),
            "tested"
            if of_place["genes"]
            else ("not_valid" if cell in of_place["cells"] else "other_cell"),
        ]
        for place, of_place in sorted(found.items())
    ]
    assert read_table(path, cell).values.tolist() == expected


def test_elements_of_other_cells_are_left_out_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    pairs = [
        pair("chr3", 20_000, 20_500),
        pair("chr3", 20_000, 20_500, CellType="WTC11"),  # tested in both
        pair("chr3", 30_000, 30_500, CellType="WTC11"),
        pair("chr4", 40_000, 40_500, CellType="HCT116", Regulated="FALSE"),
        pair("chr4", 50_000, 50_500, Regulated="FALSE"),
        pair("chr4", 60_000, 60_500, Regulated="NA"),
    ]
    table = read_table(write_pairs(tmp_path / "pairs.tsv", pairs), "k562")
    assert "pairs.tsv: 2 of 5 elements are left out: tested in other cell types" in caplog.text
    assert "pairs.tsv: 1 of 5 elements are left out: without a valid pair" in caplog.text
    write_elements(tmp_path / "elements.tsv", place_elements(table, None, SIZES, "pairs"))
    placed = read_elements(tmp_path / "elements.tsv")
    assert placed["status"].tolist() == [
        *("lifted", "other_cell", "other_cell", "lifted", "not_valid")
    ]
    write_scan(tmp_path / "scan.zip", elements(), bundle(), ("chr3", "chr4"))
    figures, rows = validate(
        placed, {}, open_probabilities([tmp_path / "scan.zip"]), PLAN, Bootstrap(0, 1)
    )
    one = figures[0]
    assert (one.elements, one.other_cells, one.not_valid, one.not_lifted) == (5, 2, 1, 0)
    assert (one.regulated, one.negatives) == (1, 1)
    assert [line[6:11] for line in rows[1:] if line[5] != "lifted"] == [(".",) * 5] * 3


@pytest.mark.parametrize(
    ("cells", "wanted", "said"),
    [
        (("GM12878", "GM12878", "WTC11"), "K562", r"has GM12878 \(2 pairs\), WTC11 \(1 pairs\)"),
        (
            ("CD34+", "CD34+"),
            "CD34-",
            r"tested in CD34-; .* CD34\+ \(2 pairs\).*--crispr_cell_type",
        ),
        (("K562", "K562"), "K562_rep1", "tested in K562_rep1"),
        (("K562", "NA"), "NA", "tested in NA; column CellType has K562"),
    ],
)
def test_a_cell_type_without_pairs_is_told_with_those_that_have_some(
    tmp_path: Path, cells: tuple[str, ...], wanted: str, said: str
) -> None:
    pairs = [pair("chr3", 100 * n, 100 * n + 50, CellType=cell) for n, cell in enumerate(cells)]
    with pytest.raises(InputError, match=said):
        read_table(write_pairs(tmp_path / "pairs.tsv", pairs), wanted)


@pytest.mark.parametrize("cells", [None, "", "NA"])
def test_a_table_that_names_no_cells_is_used_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, cells: str | None
) -> None:
    one = pair("chr3", 5, 9, CellType=cells or "")
    if cells is None:
        del one["CellType"]
    table = read_table(write_pairs(tmp_path / "pairs.tsv", [one]), "K562")
    assert table["use"].tolist() == ["tested"]
    assert "does not name cell types" in caplog.text


@pytest.mark.parametrize("name", ["cell_type", "Cell.Type", "celltype", '"CellType"', "CELL TYPE"])
def test_columns_are_found_however_their_names_are_spelt(tmp_path: Path, name: str) -> None:
    pairs = [pair("chr3", 5, 9), pair("chr3", 50, 90, CellType="WTC11")]
    path = write_pairs(tmp_path / "pairs.tsv", pairs)
    path.write_text(path.read_text().replace("CellType", name).replace("chrom\t", "#chrom\t"))
    assert read_table(path, "K562")["use"].tolist() == ["tested", "other_cell"]


def test_places_between_two_bases_are_called_as_bedtools_says(tmp_path: Path) -> None:
    ends = [0, 1, 4999, 5000, 5001, 6000, 6999, 7000, 7001, 8000, SIZES["chr3"]]
    path = write_pairs(tmp_path / "pairs.tsv", [pair("chr3", at, at) for at in ends])
    calls = [(0, 800), (5000, 7000), (SIZES["chr3"] - 850, SIZES["chr3"])]
    bed = "".join(
        f"chr3\t{start}\t{end}\tenhancer\t900\t.\t{start}\t{end}\t0,0,0\n" for start, end in calls
    )
    (tmp_path / "calls.bed").write_text(bed)
    (tmp_path / "places.bed").write_text("".join(f"chr3\t{at}\t{at}\n" for at in ends))
    found = subprocess.run(
        ["bedtools", "intersect", "-c", "-a", "places.bed", "-b", "calls.bed"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    write_elements(tmp_path / "e.tsv", place_elements(read_table(path), None, SIZES, "pairs"))
    placed = read_elements(tmp_path / "e.tsv")
    assert placed["source_start"].tolist() == placed["source_end"].tolist() == ends
    write_scan(tmp_path / "scan.zip", elements(), bundle(), ("chr3",))
    scan = open_probabilities([tmp_path / "scan.zip"])
    _, rows = validate(
        placed, read_calls(tmp_path / "calls.bed", scan.classes), scan, PLAN, Bootstrap(0, 1)
    )
    assert [line[10] == "enhancer" for line in rows[1:]] == [
        line.split("\t")[3] != "0" for line in found
    ]
    assert {line[10] for line in rows[1:]} == {"enhancer", "."}


def test_a_place_between_two_bases_is_lifted_with_both(tmp_path: Path) -> None:
    chain = tmp_path / "shift.chain"
    size = SIZES["chr3"]
    # 9 bases before the run's assembly, then 35,000 that both have.
    chain.write_text(f"chain 1 chr3 {size + 9} + 9 35009 chr3 {size} + 0 35000 1\n35000\n\n")
    places = [(20_000, 20_000), (9, 9), (35_009, 35_009), (size + 9, size + 9)]
    path = write_pairs(tmp_path / "pairs.tsv", [pair("chr3", *place) for place in places])
    placed = place_elements(read_table(path), chain, SIZES, "pairs").set_index("source_start")
    assert placed.loc[20_000, ["status", "start", "end"]].tolist() == ["lifted", 19_990, 19_992]
    assert (
        placed["status"] == "lifted"
    ).sum() == 1  # one of the two bases of the others is in none


def test_a_place_beyond_its_chromosome_is_of_another_assembly(tmp_path: Path) -> None:
    at = SIZES["chr3"] + 1
    path = write_pairs(tmp_path / "pairs.tsv", [pair("chr3", at, at)])
    with pytest.raises(InputError, match="another assembly"):
        place_elements(read_table(path), None, SIZES, "pairs")


def test_a_gene_that_several_studies_tested_counts_once(tmp_path: Path) -> None:
    studies = [("Gasperini2019", "FALSE"), ("Nasser2021", "TRUE"), ("Schraivogel2020", "FALSE")]
    pairs = [
        pair("chr3", 5, 9, Dataset=dataset, Regulated=answer, measuredGeneSymbol="MYC")
        for dataset, answer in studies
    ]
    table = read_table(write_pairs(tmp_path / "pairs.tsv", pairs), "K562")
    assert isinstance(table, pd.DataFrame)
    assert table[["genes", "regulated_genes"]].values.tolist() == [[1, 1]]
