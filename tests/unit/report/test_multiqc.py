"""Tables for MultiQC have a head that is YAML, and the numbers of the run."""

import json
from pathlib import Path
from typing import Any

import pytest
from samples.report_samples import Plan, made_up

from deepregfinder.report.multiqc import write_multiqc


def table(path: Path) -> tuple[dict[str, Any], list[list[str]]]:
    """Head and rows, the first with the columns."""
    lines = path.read_text().splitlines()
    head = [line.removeprefix("# ").split(": ", 1) for line in lines if line.startswith("# ")]
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    return {key: json.loads(value) for key, value in head}, rows


def test_all_tables_are_written_with_their_numbers(tmp_path: Path) -> None:
    write_multiqc(tmp_path / "multiqc", made_up(tmp_path, Plan(samples=("A", "B"))))
    assert sorted(path.name for path in (tmp_path / "multiqc").iterdir()) == [
        f"deepregfinder_{name}_mqc.tsv" for name in ("accuracy", "libraries", "records")
    ]
    head, rows = table(tmp_path / "multiqc/deepregfinder_records_mqc.tsv")
    assert head["plot_type"] == "bargraph"
    assert rows[:2] == [
        ["Sample", "usable", "unmapped", "low mapping quality", "duplicate"],
        ["A.H3K27ac.1", "700", "100", "50", "150"],
    ]
    head, rows = table(tmp_path / "multiqc/deepregfinder_libraries_mqc.tsv")
    assert set(head["headers"]) == set(rows[0][1:])
    assert dict(zip(*rows[:2], strict=True)) == {
        **{
            "Sample": "A.H3K27ac.1",
            "library_size": "700",
            "duplicates": "0.0625",
            "elsewhere": "0.0",
        },
        **{"fragment_length": "181", "nsc": "", "in_promoters": "0.125", "in_enhancers": ""},
        **{"tss_enrichment": "", "in_sites": ""},
    }
    _, rows = table(tmp_path / "multiqc/deepregfinder_accuracy_mqc.tsv")
    assert [row[0] for row in rows[1:]] == [
        f"{sample} cnn {name}" for sample in "AB" for name in ("enhancer", "promoter")
    ]


@pytest.mark.parametrize("plan", [Plan(labels=False), Plan(predicted=False, natural=False)])
def test_what_a_run_did_not_do_is_an_empty_cell(tmp_path: Path, plan: Plan) -> None:
    write_multiqc(tmp_path / "multiqc", made_up(tmp_path, plan))
    _, rows = table(tmp_path / "multiqc/deepregfinder_accuracy_mqc.tsv")
    assert "" in rows[1]
    assert "None" not in rows[1]
