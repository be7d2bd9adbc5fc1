"""Names of TSSs from a list of genes, by hand."""

from pathlib import Path

import pandas as pd
import pytest

COLUMNS = ["chrom", "start", "end", "name", "strand"]
GENES = [
    ("chr1", 5_000, 9_000, "A", "+"),
    ("chr1", 8_000, 12_000, "B", "+"),
    ("chr1", 8_000, 12_000, "MINUS", "-"),
    ("chr2", 0, 100, "LAST", "+"),
]
WANTED = {
    ("chr1", 3_999, "+"): ".",
    ("chr1", 4_000, "+"): "A",
    ("chr1", 6_400, "+"): "A",
    ("chr1", 8_100, "+"): "B",
    ("chr1", 12_999, "-"): "MINUS",
    ("chr1", 13_000, "-"): ".",
    ("chr2", 50, "-"): ".",
    ("chr3", 50, "+"): ".",
}


def test_a_tss_is_named_after_the_gene_on_its_strand_that_begins_nearest(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(repository / "tools"))
    from name_tss import named

    tss = pd.DataFrame([(c, at, at + 1, ".", s) for c, at, s in WANTED], columns=COLUMNS)
    names = named(tss, pd.DataFrame(GENES, columns=COLUMNS))
    assert dict(zip(WANTED, names, strict=True)) == WANTED
