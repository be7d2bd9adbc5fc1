"""docs/output.md lists exactly what a run leaves."""

import re
from pathlib import Path

import pytest
from samples.documents import results_paths
from samples.tables import COMPARED, ROWS

from deepregfinder.storage.tables import read_rows, write_rows

pytestmark = pytest.mark.pipeline

# With 3 classes, each sample with a cnn and lists of its own; without --gtf, --genome, --regions,
# --annotations, --crispr, --folds, --depths, --fasta, --multiqc.
NOT_HERE = {
    "calls/<sample>/<sample>.<model>.<class>.fa",
    "regions/<sample>/states.tsv",
    "regions/tss.bed",
    "regions/<sample>/<mark>.sites.narrowPeak",
    "multiqc/multiqc_report.html",
    *(f"evaluation/<sample>/<model>/explain/states.{kind}" for kind in ("png", "svg", "tsv")),
    *(
        f"evaluation/<sample>/{name}"
        for name in (
            *("annotations.tsv", "folds.tsv", "folds_summary.tsv", "depths.tsv"),
            *("comparison_folds.png", "comparison_folds.svg"),
            *("comparison_depths.png", "comparison_depths.svg"),
        )
    ),
    *(
        f"calls/<sample>/<sample>.<model>.{name}.tsv"
        for name in ("regions", "crispr", "crispr_elements")
    ),
}


def general(path: Path) -> str:
    """A path of the results folder with <sample>, <model>, <class> and <mark> instead of names."""
    *folders, name = path.parts
    if folders and folders[0] in ("hub", "igv"):
        return f"{folders[0]}/"
    if len(folders) > 1 and folders[0] == "signal":
        return f"signal/<sample>/<mark>{path.suffix}"
    if len(folders) > 1:
        name = name.replace(f"{folders[1]}.cnn.", "<sample>.<model>.")
        name = re.sub(r"[.](enhancer|promoter)[.]", ".<class>.", name)
    if folders[1:] == ["across"]:
        return f"evaluation/across/<model>{path.suffix}"
    general = ("<sample>", "<model>")[: len(folders[1:])]
    return "/".join([*folders[:1], *general, *folders[3:], name])


def test_every_file_that_a_run_leaves_is_listed_and_the_other_way_round(first_run, repository):
    listed = results_paths((repository / "docs/output.md").read_text())
    files = {path for path in first_run.results.rglob("*") if path.is_file()}
    left = {general(path.relative_to(first_run.results)) for path in files}
    assert left == {path for path in listed - NOT_HERE if not path.startswith(COMPARED)}


def test_rows_that_are_read_back_are_written_with_the_same_bytes(first_run, tmp_path):
    written = {
        path: kind
        for path in first_run.results.rglob("*.tsv")
        if (kind := ROWS.get(general(path.relative_to(first_run.results))))
    }
    assert len(written) > 20
    for path, kind in written.items():
        write_rows(tmp_path / "table.tsv", kind, read_rows(path, kind))
        assert (tmp_path / "table.tsv").read_bytes() == path.read_bytes(), path
