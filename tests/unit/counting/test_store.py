import dataclasses

import numpy as np
import pytest

from deepregfinder.counting.rules import BinCounts, BinGrid, CountRules, ReadTally
from deepregfinder.counting.store import Library, open_counts, write_counts, write_summary
from deepregfinder.errors import InputError
from deepregfinder.storage.zarr_zip import open_arrays, write_arrays

LIBRARY = Library("K562_H3K27ac_1", "K562", "H3K27ac", "1")
RULES = CountRules(10, "drop", "fragments", "overlap", 0, -5)
GRID = BinGrid({"chr1": 1_010, "chr2": 300, "chr10": 99}, 100)
TALLY = ReadTally(100, 1, 2, 3, 4, 5, 6, 7, 72, 64, 60, True)


def counts_of(values) -> BinCounts:
    return BinCounts(GRID, np.asarray(values, np.uint32), TALLY)


def test_the_grid_lays_chromosomes_one_behind_the_other():
    assert GRID.n_bins == 11 + 3 + 1
    assert dict(GRID.first_bin) == {"chr1": 0, "chr2": 11, "chr10": 14}
    parts = {chrom: part.tolist() for chrom, part in GRID.chromosomes(np.arange(15))}
    assert parts == {"chr1": list(range(11)), "chr2": [11, 12, 13], "chr10": [14]}


def test_counts_come_back_with_their_library_and_counting_rules(tmp_path):
    path = tmp_path / "a.counts.zip"
    write_counts(path, LIBRARY, counts_of(range(15)), RULES, blacklist="a1b2")
    stored = open_counts(path)
    assert stored.library_size == 64
    assert stored.load("chr2").tolist() == [11, 12, 13]
    assert stored.load("chr2").dtype == np.uint32
    assert stored.attributes == {
        "format": "counts",
        **{"id": "K562_H3K27ac_1", "sample": "K562", "mark": "H3K27ac", "replicate": "1"},
        "bin_size": 100,
        "chrom_sizes": {"chr1": 1_010, "chr2": 300, "chr10": 99},
        "library_size": 64,
        "usable": 72,
        "assigned": 60,
        "counting": {
            **dataclasses.asdict(RULES),
            "blacklist": "a1b2",
            "library_size": "main chromosomes",
        },
        "paired_end": True,
        "assay": "chip",
        "row_rules": {},
    }
    assert list(stored.attributes["chrom_sizes"]) == ["chr1", "chr2", "chr10"]


@pytest.mark.parametrize(("highest", "dtype"), [(65_535, np.uint16), (65_536, np.uint32)])
def test_one_dtype_that_holds_the_highest_count_serves_all_chromosomes(highest, dtype, tmp_path):
    path = tmp_path / "a.counts.zip"
    write_counts(path, LIBRARY, counts_of([0] * 11 + [highest] + [1] * 3), RULES, blacklist=None)
    stored = open_arrays(path, "counts")
    assert {stored[chrom].dtype for chrom in GRID.chrom_sizes} == {np.dtype(dtype)}
    assert open_counts(path).load("chr2").tolist() == [highest, 1, 1]


def test_a_chromosome_that_was_not_counted_is_named(tmp_path):
    path = tmp_path / "a.counts.zip"
    write_counts(path, LIBRARY, counts_of(range(15)), RULES, blacklist=None)
    with pytest.raises(InputError, match="K562_H3K27ac_1 have no chromosome chrY"):
        open_counts(path).load("chrY")


def test_a_file_of_something_else_is_refused(tmp_path):
    path = tmp_path / "a.zip"
    write_arrays(path, [("chr1", np.zeros(3))], {"format": "signal"})
    with pytest.raises(InputError, match="contains signal, not counts"):
        open_counts(path)


def test_the_summary_accounts_for_all_records(tmp_path):
    path = tmp_path / "a.counts.tsv"
    write_summary(path, LIBRARY, "native", counts_of(range(15)))
    names, values = (line.split("\t") for line in path.read_text().splitlines())
    row = dict(zip(names, values, strict=True))
    assert (row["id"], row["counter"], row["paired_end"]) == ("K562_H3K27ac_1", "native", "true")
    assert (row["usable"], row["library_size"], row["elsewhere"]) == ("72", "64", "8")
    assert (row["assigned"], row["assigned_fraction"]) == ("60", "0.9375")
    parts = ["usable", "second_mates", *(name for name in names if name.startswith("excluded_"))]
    assert sum(int(row[name]) for name in parts) == int(row["total_records"]) == 100
